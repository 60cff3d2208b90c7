"""What the columns mean, judged by their values: first on a sample, then on every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from modelwright.acquire.casting import cast_column, check_parsed
from modelwright.acquire.dates import find_formats, find_packed_format, parse_dates
from modelwright.acquire.frames import plain
from modelwright.acquire.identifiers import code_id, number_id
from modelwright.acquire.words import clean, true_word
from modelwright.core.errors import ColumnError, did_you_mean
from modelwright.core.schema import Column, Kind, Role, Schema

__all__ = ["infer_schema"]

_SAMPLE = 10_000
_STRAYS_FROM = 1000  # from so many values on, one in a thousand may be a typing error
_TEXT_FROM = 20
_TEXT_WORDS = 4
_TEXT_LETTERS = 30


@dataclass(frozen=True)
class _Guess:
    kind: Kind
    evidence: str
    format: str = ""
    ignored: bool = False


def infer_schema(raw: pl.DataFrame, types: Mapping[str, Kind] | None = None) -> Schema:
    """Decide what each column means.

    Parameters
    ----------
    raw : polars.DataFrame, shape (n_rows, n_columns)
        From `read_raw`.
    types : mapping of str to Kind, optional
        Kinds that the user knows better.

    Returns
    -------
    Schema
        Features, except identifiers, constants and empty columns, which are ignored. Each
        column's evidence says why.

    Raises
    ------
    ColumnError
        When `types` names a column that is absent, or numbers, dates or booleans where there
        are none.

    Examples
    --------
    >>> import polars as pl
    >>> raw = pl.DataFrame({"size": ["1.5", "?", "2"], "sold": ["yes", "no", "no"]})
    >>> for column in infer_schema(raw):
    ...     print(column.name, column.kind, column.format, "|", column.evidence)
    size number  | all values are numbers
    sold boolean yes | two words for true and false
    """
    chosen = dict(types or {})
    for name in chosen:
        if name not in raw.columns:
            raise ColumnError(
                "types for columns of the table", repr(name), did_you_mean(name, raw.columns)
            )
    index = np.linspace(0, raw.height - 1, min(raw.height, _SAMPLE)).astype(np.int64)
    columns = []
    for values in raw:
        sample = values if raw.height <= _SAMPLE else values.gather(index)
        kind = chosen.get(values.name)
        columns.append(
            _inferred(values, sample) if kind is None else _overridden(values, sample, kind)
        )
    return Schema(tuple(columns))


def _inferred(raw: pl.Series, raw_sample: pl.Series) -> Column:
    values, sample = plain(raw), plain(raw_sample)
    if isinstance(raw.dtype, pl.Categorical | pl.Enum):
        guess = _Guess(Kind.CATEGORY, "stored as categories")
    elif values.dtype == pl.String:
        guess = _from_text(values, sample)
    elif values.dtype == pl.Boolean:
        guess = _Guess(Kind.BOOLEAN, "stored as true and false")
    elif isinstance(values.dtype, pl.Datetime):
        guess = _Guess(Kind.DATETIME, "stored as dates")
    else:
        guess = _from_numbers(values, sample, values.cast(pl.Float64), "stored as numbers")
    role, evidence = _role(values, sample, guess)
    return Column(raw.name, guess.kind, role, guess.format, evidence)


def _overridden(raw: pl.Series, sample: pl.Series, kind: Kind) -> Column:
    format = ""
    words = clean(plain(sample).cast(pl.String), kind).drop_nulls()
    text = plain(raw).dtype == pl.String
    if kind is Kind.DATETIME and not isinstance(plain(raw).dtype, pl.Datetime):
        found = find_formats(words.unique(maintain_order=True).head(1000).to_list())
        format = found[0] if found else find_packed_format(words) or ""
    elif kind is Kind.BOOLEAN and text:
        folded = set(words.str.to_lowercase().unique().to_list())
        format = true_word(folded) or max(folded, default="")
    column = Column(raw.name, kind, Role.FEATURE, format, "given by the user")
    typed, lost = cast_column(raw, column)
    check_parsed(typed, lost, column)
    if kind is Kind.ID or typed.drop_nulls().n_unique() < 2:
        return Column(raw.name, kind, Role.IGNORED, format, column.evidence)
    return column


def _role(values: pl.Series, sample: pl.Series, guess: _Guess) -> tuple[Role, str]:
    if guess.ignored:
        return Role.IGNORED, guess.evidence
    if _is_constant(sample, guess.kind) and _is_constant(values, guess.kind):
        return Role.IGNORED, "constant" if values.null_count() < len(values) else "empty"
    return Role.FEATURE, guess.evidence


def _is_constant(values: pl.Series, kind: Kind) -> bool:
    present = clean(values, kind) if values.dtype == pl.String else values
    return present.drop_nulls().n_unique() < 2


def _from_text(values: pl.Series, sample: pl.Series) -> _Guess:
    if clean(sample, Kind.NUMBER).is_null().all():  # what the others mean is not yet known
        sample = values
    words = clean(sample, Kind.CATEGORY).drop_nulls()
    if words.is_empty():
        return _Guess(Kind.CATEGORY, "empty", ignored=True)
    return (
        _as_number(values, sample, words)
        or _as_boolean(values, words)
        or _as_datetime(values, words)
        or _as_words(values)
    )


def _as_number(values: pl.Series, sample: pl.Series, words: pl.Series) -> _Guess | None:
    known = clean(words, Kind.NUMBER).drop_nulls()
    failed = known.cast(pl.Float64, strict=False).null_count()
    if known.is_empty() or failed > _allowed(len(known)):
        return None
    numbers, lost = cast_column(values, Column(values.name, Kind.NUMBER))
    filled = len(numbers) - numbers.null_count() + len(lost)
    if len(lost) > _allowed(filled):
        return None
    evidence = "all values are numbers"
    if len(lost):
        evidence = f"numbers but for {len(lost)} of {filled:,} values, such as {lost[0]!r}"
    return _from_numbers(values, sample, numbers, evidence)


def _allowed(count: int) -> int:
    return count // 1000 if count >= _STRAYS_FROM else 0


def _from_numbers(
    values: pl.Series, sample: pl.Series, numbers: pl.Series, evidence: str
) -> _Guess:
    name = values.name
    if "date" in name.lower():
        present = sample.drop_nulls().unique(maintain_order=True)
        if present.dtype == pl.String:
            present = clean(present, Kind.DATETIME).drop_nulls()
        packed = find_packed_format(present)
        if packed and not cast_column(values, Column(name, Kind.DATETIME, format=packed))[1].len():
            return _Guess(Kind.DATETIME, "dates written as 8 digits", packed)
    filled = len(sample) - sample.null_count()
    # What repeats in the sample repeats in the whole, so most columns are counted in part only.
    if sample.n_unique() >= 0.9 * filled:
        reason = number_id(name, values, numbers)
        if reason:
            return _Guess(Kind.ID, reason, ignored=True)
    return _Guess(Kind.NUMBER, evidence)


def _as_boolean(values: pl.Series, words: pl.Series) -> _Guess | None:
    words = clean(words, Kind.BOOLEAN).drop_nulls()
    if len(words.head(100).unique()) > 4:
        return None
    folded = set(words.str.to_lowercase().unique().to_list())
    if len(folded) > 2:
        return None
    folded = set(clean(values, Kind.BOOLEAN).drop_nulls().str.to_lowercase().unique().to_list())
    true = true_word(folded)
    if true:
        return _Guess(Kind.BOOLEAN, "two words for true and false", true)
    if len(folded) == 1 and folded <= {"true", "false", "yes", "no"}:
        true = "true" if folded <= {"true", "false"} else "yes"
        return _Guess(Kind.BOOLEAN, "constant", true)
    return None


def _as_datetime(values: pl.Series, words: pl.Series) -> _Guess | None:
    known = clean(words, Kind.DATETIME).drop_nulls()
    first = known.unique(maintain_order=True).head(1000).to_list()
    found = find_formats(first)
    if not found:
        return None
    present = clean(values, Kind.DATETIME).drop_nulls()
    missed = {format: parse_dates(present, format).null_count() for format in found}
    best = min(found, key=missed.__getitem__)
    if missed[best] > _allowed(len(present)):
        return None
    evidence = "all values are dates"
    if missed[best]:
        evidence = f"dates but for {missed[best]} of {len(present):,} values"
    if _swappable(best, [format for format in found if missed[format] == missed[best]]):
        evidence += "; day and month could be swapped"
    return _Guess(Kind.DATETIME, evidence, best)


def _swappable(best: str, others: list[str]) -> bool:
    return any(other.find("%d") > other.find("%m") for other in others) and any(
        -1 < other.find("%d") < other.find("%m") for other in others
    )


def _as_words(values: pl.Series) -> _Guess:
    texts = clean(values, Kind.TEXT).drop_nulls()
    reason = code_id(values.name, texts)
    if reason:
        return _Guess(Kind.ID, reason, ignored=True)
    if len(texts) >= _TEXT_FROM and texts.n_unique() > 0.5 * len(texts):
        some = texts.head(_SAMPLE)
        words = float(some.str.count_matches(r"\S+").mean() or 0)  # type: ignore[arg-type]
        letters = float(some.str.len_chars().mean() or 0)  # type: ignore[arg-type]
        if words >= _TEXT_WORDS or letters >= _TEXT_LETTERS:
            return _Guess(Kind.TEXT, f"mostly distinct texts of {words:.0f} words on average")
    distinct = clean(values, Kind.CATEGORY).drop_nulls().n_unique()
    return _Guess(Kind.CATEGORY, f"words, {distinct:,} distinct")
