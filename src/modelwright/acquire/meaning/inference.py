"""What the columns mean, judged by their values: first on a sample, then on every row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import polars as pl

from modelwright.acquire.frames import plain
from modelwright.acquire.images.columns import judge_pictures
from modelwright.acquire.meaning.casting import cast_column, check_parsed, finite
from modelwright.acquire.meaning.cells import find_list, find_place
from modelwright.acquire.meaning.clocks import find_clock
from modelwright.acquire.meaning.currencies import tell_currencies
from modelwright.acquire.meaning.dates import BETWEEN, find_formats, find_mixed, find_packed_format
from modelwright.acquire.meaning.epochs import find_epoch
from modelwright.acquire.meaning.guess import Guess
from modelwright.acquire.meaning.numeric import judge_numbers
from modelwright.acquire.meaning.quantities import find_written
from modelwright.acquire.meaning.spellings import ANY_CASE
from modelwright.acquire.meaning.textual import judge_labels, judge_text
from modelwright.acquire.meaning.types_file import Given
from modelwright.acquire.meaning.units import tell_units
from modelwright.acquire.meaning.words import PARTS, clean, hide, true_word
from modelwright.core.errors import ColumnError, did_you_mean
from modelwright.core.picture_folder import PictureFolder
from modelwright.core.schema import Column, Kind, Role, Schema

__all__ = ["infer", "infer_schema"]

_SAMPLE = 10_000
_FEW = 1000
# So many values that stand outside the given levels are named.
_STRANGE = 5
_MEND = "mend the kind or the format of the column in the types file (--types)"
_AT_ONCE = 4  # more would need more memory
_MARKERS = 100  # more than there are markers for missing values


def infer_schema(raw: pl.DataFrame, types: Mapping[str, Kind | Given] | None = None) -> Schema:
    """Decide what each column means.

    Parameters
    ----------
    raw : polars.DataFrame, shape (n_rows, n_columns)
        From `read_raw`.
    types : mapping of str to Kind or Given, optional
        What the user knows better.

    Returns
    -------
    Schema
        Features, except identifiers, constants and empty columns, which are ignored. Each
        column's evidence says why.

    Raises
    ------
    ColumnError
        When `types` names a column that is absent, or numbers, dates or booleans where there
        are none; or a column is called ``*``, or such as ``^a$``.

    Examples
    --------
    >>> import polars as pl
    >>> raw = pl.DataFrame({"size": ["1.5", "?", "2"], "sold": ["yes", "no", "no"]})
    >>> for column in infer_schema(raw):
    ...     print(column.name, column.kind, column.format, "|", column.evidence)
    size number  | all values are numbers
    sold boolean yes | two words for true and false
    """
    return infer(raw, types)[0]


def infer(
    raw: pl.DataFrame,
    types: Mapping[str, Kind | Given] | None = None,
    target: str = "",
    pictures: PictureFolder | None = None,
) -> tuple[Schema, tuple[str, ...]]:
    """Decide what each column means, and say what needs an eye.

    Parameters
    ----------
    raw, types
        As for `infer_schema`.
    target : str
        The column that is to be predicted: its labels stay as they are written.
    pictures : PictureFolder, optional
        Where images are that cells may name.

    Returns
    -------
    schema : Schema
    notes : tuple of str
        Sentences for the user: values that may stand for "missing", words read as missing.

    Examples
    --------
    >>> import polars as pl
    >>> raw = pl.DataFrame({"days": [3, 5, 7, 5, 999, 999, 999, 999]})
    >>> print(infer(raw)[1][0])
    999 stands for 50.0% of 'days', far outside the other values (3 to 7): if it means missing, \
say so: --types types.json, a file that holds {"days": {"missing": ["999"]}}, or \
Settings(types={"days": {"missing": ["999"]}})
    """
    chosen = {
        name: Given(item) if isinstance(item, Kind) else item
        for name, item in (types or {}).items()
    }
    _check_names(raw.columns, chosen)
    index = np.linspace(0, raw.height - 1, min(raw.height, _SAMPLE)).astype(np.int64)

    def judge(values: pl.Series) -> tuple[Column, str]:
        sample = values if raw.height <= _SAMPLE else values.gather(index)
        given = chosen.get(values.name)
        folder = pictures if values.name != target else None
        column, note = _column(values, sample, given, folder)
        if given is not None and given.levels and column.kind is Kind.CATEGORY:
            note = " ".join(word for word in (note, _beside(values, column)) if word)
        if values.name == target and column.kind is Kind.CATEGORY:
            mixed = " of different " in column.evidence or " in different " in column.evidence
            if not mixed:
                return replace(column, format=""), ""
            note = tell_currencies(values, are_numbers=False) or tell_units(values)
            return replace(column, format=""), note
        return column, note

    each = [judge(values) for values in raw] if raw.height <= _SAMPLE else _at_once(judge, raw)
    return Schema(tuple(column for column, _ in each)), tuple(note for _, note in each if note)


def _check_names(names: Sequence[str], chosen: Collection[str]) -> None:
    present = set(names)
    for name in names:
        # Polars takes these for patterns, and so for other columns or none
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            wanted = "names of columns other than * and those from ^ to $"
            raise ColumnError(wanted, repr(name), "rename the column")
    for name in chosen:
        if name not in present:
            raise ColumnError(
                "types for columns of the table", repr(name), did_you_mean(name, names)
            )


def _at_once(
    judge: Callable[[pl.Series], tuple[Column, str]], raw: pl.DataFrame
) -> list[tuple[Column, str]]:
    """Judge columns side by side: Polars works outside the interpreter's lock."""
    # Text takes longest, so it comes first: no thread is left alone with it at the end.
    slowest_first = sorted(raw, key=lambda values: values.dtype != pl.String)
    with ThreadPoolExecutor(min(_AT_ONCE, pl.thread_pool_size())) as pool:
        judged = dict(
            zip((v.name for v in slowest_first), pool.map(judge, slowest_first), strict=True)
        )
    return [judged[name] for name in raw.columns]


def _column(
    raw: pl.Series, sample: pl.Series, given: Given | None, pictures: PictureFolder | None
) -> tuple[Column, str]:
    if given is not None and given.kind is not None:
        return _overridden(raw, sample, given, given.kind), ""
    missing = given.missing if given else ()
    if missing:
        raw, sample = hide(plain(raw), missing), hide(plain(sample), missing)
    column, note = _inferred(raw, sample, pictures)
    if given is None:
        return column, note
    levels = column.levels if given.levels is None else given.levels
    format = column.format if given.format is None else given.format
    if format != column.format and column.kind is Kind.CATEGORY and given.levels is None:
        levels = judge_labels(plain(raw), apart=format != ANY_CASE).levels
    if given.format is not None and column.kind is Kind.CATEGORY:
        note = ""  # the user has seen it
    changed = replace(
        column, format=format, levels=levels, missing=tuple(dict.fromkeys(column.missing + missing))
    )
    return (replace(changed, role=given.role) if given.role else changed), note


def _beside(raw: pl.Series, column: Column) -> str:
    """Say which values of an ordered category stand outside the levels that the user gave."""
    found = cast_column(raw, column)[0].drop_nulls().cast(pl.String).unique().sort()
    strange = found.filter(~found.is_in(list(column.levels))).to_list()
    if not strange:
        return ""
    shown = ", ".join(repr(value) for value in strange[:_STRANGE])
    more = f" and {len(strange) - _STRANGE} more" if len(strange) > _STRANGE else ""
    levels = ", ".join(column.levels)
    return (
        f"{column.name!r} holds {shown}{more} beside its given levels ({levels}): "
        "these have no place in the order; name all levels in the types file, the lowest first."
    )


def _inferred(
    raw: pl.Series, raw_sample: pl.Series, pictures: PictureFolder | None
) -> tuple[Column, str]:
    values, sample = plain(raw), plain(raw_sample)
    if values.null_count() == len(values):
        guess = Guess(Kind.CATEGORY, "empty", ignored=True)
    elif isinstance(raw.dtype, pl.Categorical | pl.Enum):
        guess = replace(judge_labels(raw, apart=True), evidence="stored as categories")
    elif values.dtype == pl.String:
        guess = judge_pictures(sample, pictures) or judge_text(values, sample)
    elif values.dtype == pl.Boolean:
        guess = Guess(Kind.BOOLEAN, "stored as true and false")
    elif isinstance(values.dtype, pl.Datetime):
        guess = Guess(Kind.DATETIME, "stored as dates")
    else:
        stored = Guess(Kind.NUMBER, "all values are numbers")
        numbers = values if values.dtype.is_integer() else finite(values)
        guess = judge_numbers(values, sample, numbers, stored)
    role, evidence = _role(values, sample, guess)
    note = guess.note if role is not Role.IGNORED else ""
    return (
        Column(raw.name, guess.kind, role, guess.format, evidence, guess.levels, guess.missing),
        note,
    )


def _overridden(raw: pl.Series, sample: pl.Series, given: Given, kind: Kind) -> Column:
    values = hide(plain(raw), given.missing)
    some = hide(plain(sample), given.missing)
    words = clean(some.cast(pl.String), kind).drop_nulls()
    format = _format(raw, words, kind) if given.format is None else given.format
    levels = given.levels or ()
    if given.levels is None and kind is Kind.CATEGORY:
        levels = judge_labels(values, apart=format != ANY_CASE).levels
    evidence = "given by the user"
    column = Column(raw.name, kind, Role.FEATURE, format, evidence, levels, given.missing)
    typed, lost = cast_column(raw, column)
    check_parsed(typed, lost, replace(column, format=given.format or ""), _MEND)
    if given.role is not None:
        return replace(column, role=given.role)
    if kind is Kind.ID or typed.drop_nulls().n_unique() < 2:
        return replace(column, role=Role.IGNORED)
    return column


def _format(raw: pl.Series, words: pl.Series, kind: Kind) -> str:
    """Find how a column is written whose kind the user gave."""
    distinct = words.unique(maintain_order=True)
    if kind is Kind.DATETIME and not isinstance(plain(raw).dtype, pl.Datetime):
        first = distinct.head(1000)
        found = find_formats(first.to_list()) or (BETWEEN.join(find_mixed(first)),)
        numbers = first.cast(pl.Float64, strict=False)
        epoch = "" if numbers.null_count() else find_epoch(numbers)
        return found[0] or find_packed_format(words) or epoch
    if kind is Kind.BOOLEAN and plain(raw).dtype != pl.Boolean:
        folded = set(distinct.str.strip_suffix(".0").str.to_lowercase().to_list())
        pair = PARTS.join(sorted(folded, reverse=True)) if len(folded) == 2 else ""
        known = folded <= {"0", "1"}
        return true_word(folded) or ("" if known else pair or max(folded, default=""))
    if kind is Kind.NUMBER and distinct.cast(pl.Float64, strict=False).null_count():
        clock = find_clock(distinct)
        written = None if clock else find_written(distinct)[0]
        return clock or (written.example() if written else "")
    if kind is Kind.LIST:
        return find_list(words)[0] or _between(words)
    return find_place(distinct)[0] if kind is Kind.GEO else ""


def _between(words: pl.Series) -> str:
    """Take the mark that most cells have for what stands between labels."""
    marks = ("|", ";", ",", "/", "+", "&", " ")
    return max(marks, key=lambda mark: words.str.contains(mark, literal=True).sum())


def _role(values: pl.Series, sample: pl.Series, guess: Guess) -> tuple[Role, str]:
    if guess.ignored:
        return Role.IGNORED, guess.evidence
    if _is_constant(sample, guess.kind) and _is_constant(values, guess.kind):
        return Role.IGNORED, "constant" if values.null_count() < len(values) else "empty"
    return Role.FEATURE, guess.evidence


def _is_constant(values: pl.Series, kind: Kind) -> bool:
    if values.head(_FEW).n_unique() > _MARKERS:
        return False
    present = clean(values, kind) if values.dtype == pl.String else values
    return present.drop_nulls().n_unique() < 2
