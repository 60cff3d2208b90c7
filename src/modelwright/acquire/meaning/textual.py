"""What columns of text mean, from numbers in disguise to free text."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from modelwright.acquire.meaning.casting import cast_column
from modelwright.acquire.meaning.cells import find_list, find_place
from modelwright.acquire.meaning.clocks import DURATION, find_clock
from modelwright.acquire.meaning.currencies import tell_currencies
from modelwright.acquire.meaning.dates import BETWEEN, find_formats, find_mixed, parse_dates
from modelwright.acquire.meaning.guess import Guess, allowed
from modelwright.acquire.meaning.hints import says_any_code, says_code, says_date
from modelwright.acquire.meaning.identifiers import address_id, code_id, entity_id
from modelwright.acquire.meaning.numeric import judge_numbers
from modelwright.acquire.meaning.quantities import (
    BOUND,
    bounded,
    find_written,
    is_currency,
    parse_numbers,
)
from modelwright.acquire.meaning.scales import find_levels
from modelwright.acquire.meaning.sentinels import find_unknown
from modelwright.acquire.meaning.spellings import find_spellings, folded
from modelwright.acquire.meaning.units import tell_units
from modelwright.acquire.meaning.words import clean, condense, true_word
from modelwright.core.schema import Column, Kind

__all__ = ["judge_labels", "judge_text"]

_SOME = 10_000
_FEW = 1000
_TEXT_FROM = 20
_TEXT_WORDS = 4
_TEXT_LETTERS = 30
_LONG_WORDS = 8
_MOSTLY = 0.5
_MOST_LEVELS = 60
# A word such as "varies" among numbers: how many such words, how often, beside how many numbers.
_WORDS, _WORDS_SHARE, _WORDS_NUMBERS = 2, 0.9, 10
# Other cells among numbers: what share of all, beside how many different numbers.
_STRAYS_SHARE, _STRAYS_NUMBERS = 0.05, 20
# An address that stands in so many rows on average tells of its entity, and does not only name.
_AGAIN = 2
_EDGE_DAYS = r"^(?:9999|000[01])[-/.]|\d[-/.](?:9999|000[01])(?:\D|$)"


def judge_text(values: pl.Series, sample: pl.Series) -> Guess:
    """Say what a column of text means.

    Parameters
    ----------
    values : polars.Series of String
        As found.
    sample : polars.Series of String
        Some of them; what it says is verified on all.

    Returns
    -------
    Guess

    Examples
    --------
    >>> prices = pl.Series("price", ["$1,200", "$35"])
    >>> guess = judge_text(prices, prices)
    >>> guess.kind.value, guess.format
    ('number', '$1,234.5')
    """
    if clean(sample, Kind.NUMBER).is_null().all():  # what the others mean is not yet known
        sample = values
    words = clean(sample, Kind.CATEGORY).drop_nulls()
    if words.is_empty():
        return Guess(Kind.CATEGORY, "empty", ignored=True)
    distinct = words.unique(maintain_order=True)
    once = condense(values, sample)
    return (
        _as_padded(values, distinct)
        or _as_number(values, sample, words)
        or _as_boolean(once, distinct)
        or _as_datetime(values, once, distinct)
        or _as_place(values, distinct)
        or _as_written(values, once, sample, distinct)
        or _as_words(values, once, sample)
    )


def _as_padded(values: pl.Series, distinct: pl.Series) -> Guess | None:
    """Take digits with zeros in front as codes: nobody counts so."""
    if not distinct.str.contains(r"^\s*0\d").any():
        return None
    known = clean(distinct, Kind.NUMBER).drop_nulls()
    if not known.str.contains(r"^\d+$").all() or says_date(values.name):
        return None
    if known.n_unique() == 1 or (known.str.len_chars().n_unique() > 1 and not (
        says_code(values.name) or says_any_code(values.name)
    )):  # fmt: skip
        return None
    texts = clean(values, Kind.ID).drop_nulls()
    reason = code_id(values.name, texts) if not says_any_code(values.name) else ""
    if reason:
        return Guess(Kind.ID, reason, ignored=True)
    return Guess(Kind.CATEGORY, "digits with zeros in front")


def _as_number(values: pl.Series, sample: pl.Series, words: pl.Series) -> Guess | None:
    known = clean(words, Kind.NUMBER).drop_nulls()
    failed = known.cast(pl.Float64, strict=False).null_count()
    if known.is_empty() or failed > max(allowed(len(known)), _WORDS_SHARE * len(known)):
        return None
    numbers, lost = cast_column(values, Column(values.name, Kind.NUMBER))
    filled = len(numbers) - numbers.null_count() + len(lost)
    guess = Guess(Kind.NUMBER, "all values are numbers")
    if len(lost) > allowed(filled):
        if bounded(lost).all():
            return None  # read by `_as_written`
        found = _with_words(values.name, numbers, lost) or _with_strays(values.name, numbers, lost)
        if found is None:
            return None
        guess = found
    elif len(lost):
        evidence = f"numbers but for {len(lost)} of {filled:,} values, such as {lost[0]!r}"
        guess = Guess(Kind.NUMBER, evidence)
    return judge_numbers(values, sample, numbers, guess)


def _with_words(
    name: str, typed: pl.Series, lost: pl.Series, kind: Kind = Kind.NUMBER, format: str = ""
) -> Guess | None:
    """Read one or two words as missing that come again among many different numbers or dates."""
    counts = lost.value_counts(sort=True, name="rows")
    words = counts[lost.name]
    share = len(lost) / max(1, len(typed) - typed.null_count() + len(lost))
    if (
        len(words) > _WORDS
        or counts["rows"].min() == 1
        or share > _WORDS_SHARE
        or words.str.contains(r"\d").any()
    ):
        return None
    if not words.str.contains(r"[A-Za-z]").all() or typed.n_unique() <= _WORDS_NUMBERS:
        return None
    what = "numbers" if kind is Kind.NUMBER else "dates"
    said = " and ".join(repr(word) for word in words)
    return Guess(
        kind,
        f"{what} but for {said}, read as missing",
        format,
        missing=tuple(words),
        note=f"{said} in {name!r} ({share:.1%} of it) became missing: the other values are {what}.",
    )


def _with_strays(name: str, typed: pl.Series, lost: pl.Series) -> Guess | None:
    """Read a few cells as missing among many different numbers that are measured or counted.

    Codes are often digits with a letter here and there: whole numbers beside cells with digits
    stay as they are written.
    """
    numbers = typed.drop_nulls()
    filled = len(numbers) + len(lost)
    if len(lost) > _STRAYS_SHARE * filled or numbers.n_unique() <= _STRAYS_NUMBERS:
        return None
    measured = int((numbers % 1 != 0).sum()) >= _MOSTLY * len(numbers)
    coded = says_code(name) or says_any_code(name) or lost.str.contains(r"\d").any()
    if coded and not measured:
        return None
    cells = "cell" if len(lost) == 1 else "cells"
    return Guess(
        Kind.NUMBER,
        f"numbers but for {len(lost)} of {filled:,} values, such as {lost[0]!r}",
        note=f"{len(lost)} {cells} of {name!r} became missing, such as {lost[0]!r}: the other "
        f"{len(numbers):,} values are numbers.",
    )


def _as_boolean(values: pl.Series, distinct: pl.Series) -> Guess | None:
    distinct = clean(distinct, Kind.BOOLEAN).drop_nulls()
    if len(distinct) > 12:
        return None
    folded = set(distinct.str.to_lowercase().unique().to_list())
    if len(folded) > 6 or (len(folded) > 1 and not true_word(folded)):
        return None
    folded = set(clean(values, Kind.BOOLEAN).drop_nulls().str.to_lowercase().unique().to_list())
    true = true_word(folded)
    if true:
        return Guess(Kind.BOOLEAN, "two words for true and false", true)
    if len(folded) == 1 and folded <= {"true", "false", "yes", "no"}:
        true = "true" if folded <= {"true", "false"} else "yes"
        return Guess(Kind.BOOLEAN, "constant", true)
    return None


def _as_datetime(values: pl.Series, once: pl.Series, distinct: pl.Series) -> Guess | None:
    """Take text for dates; `once` has the values without what repeats, or all of them."""
    known = clean(distinct, Kind.DATETIME).drop_nulls().head(_FEW)
    dated = known.filter(known.str.contains(r"\d"))
    if dated.is_empty() or len(known) - len(dated) > _WORDS:
        return None
    usual = dated.filter(~dated.str.contains(_EDGE_DAYS))
    found = find_formats(usual.to_list()) or (BETWEEN.join(find_mixed(usual)),)
    if not found[0]:
        return None
    present = clean(once, Kind.DATETIME).drop_nulls()
    present = (
        present.filter(~present.str.contains(_EDGE_DAYS)) if len(usual) < len(dated) else present
    )
    parsed = {format: parse_dates(present, format) for format in found}
    missed = {format: dates.null_count() for format, dates in parsed.items()}
    best = min(found, key=missed.__getitem__)
    evidence = "all values are dates"
    if BETWEEN in best:
        evidence = f"dates in {best.count(BETWEEN) + 1} formats"
    if missed[best] and once is not values:  # rows have to be counted
        return _as_datetime(values, values, distinct)
    if missed[best] > allowed(len(present)):
        lost = present.filter(parsed[best].is_null())
        if len(known) == len(dated):
            return None
        return _with_words(values.name, parsed[best], lost, Kind.DATETIME, best)
    if missed[best]:
        evidence = f"dates but for {missed[best]} of {len(present):,} values"
    if _swappable(best, [format for format in found if missed[format] == missed[best]]):
        evidence += "; day and month could be swapped"
    return Guess(Kind.DATETIME, evidence, best)


def _swappable(best: str, others: list[str]) -> bool:
    return any(other.find("%d") > other.find("%m") for other in others) and any(
        -1 < other.find("%d") < other.find("%m") for other in others
    )


def _as_place(values: pl.Series, distinct: pl.Series) -> Guess | None:
    some = distinct.head(_FEW)
    if not some.str.contains(r"\d\D+\d").any():
        return None
    format, evidence = find_place(clean(some, Kind.GEO).drop_nulls())
    return Guess(Kind.GEO, evidence, format) if format else None


def _as_written(
    values: pl.Series, once: pl.Series, sample: pl.Series, distinct: pl.Series
) -> Guess | None:
    """Take numbers with currency, unit or separators, and times of day, for numbers."""
    known = clean(distinct, Kind.NUMBER).drop_nulls()
    if known.is_empty() or not known.head(_FEW).str.contains(r"\d").mean() >= 0.5:  # type: ignore[operator]
        return None
    clock = find_clock(known.head(_FEW))
    written, unsure = find_written(known)
    if written is not None and written.before == BOUND and not _mostly_measured(known):
        written = None
    if not clock and written is None:
        guess = _as_words(values, once, sample)
        return _of_several(values, once, guess, unsure) if unsure else guess
    format = clock or (written.example() if written else "")
    present = clean(once, Kind.NUMBER).drop_nulls()
    numbers = parse_numbers(present, format)
    lost = present.filter(numbers.is_null())
    if len(lost) and once is not values:  # rows have to be counted
        return _as_written(values, values, sample, distinct)
    if len(lost) > allowed(len(present)):
        return _with_words(values.name, numbers, lost, Kind.NUMBER, format)
    evidence = _how_written(format)
    if unsure:
        evidence += f"; {unsure}"
    if len(lost):
        evidence += f"; but for {len(lost)} of {len(present):,} values, such as {lost[0]!r}"
    apart = written is not None and is_currency(written.before) and is_currency(written.after)
    note = tell_currencies(values, are_numbers=True) if apart else _tell_bounds(values, format)
    return Guess(Kind.NUMBER, evidence, format, note=note)


def _tell_bounds(values: pl.Series, format: str) -> str:
    bounds = values.filter(bounded(values)) if format.startswith(BOUND) else values.head(0)
    if bounds.is_empty():
        return ""
    cells = "1 cell" if len(bounds) == 1 else f"{len(bounds):,} cells"
    return f"{cells} of {values.name!r} are bounds, such as {bounds[0]!r}, and read as the bound."


def _how_written(format: str) -> str:
    if format.startswith("%"):
        durations = format == DURATION
        what = "durations, as seconds" if durations else "times of day, as seconds since midnight"
        return f"{what} ({format})"
    if format.startswith(BOUND):
        return "numbers, some of them bounds of what was not measured, read as the bound"
    return f"numbers written as {format!r}"


def _mostly_measured(known: pl.Series) -> bool:
    """Tell whether most distinct texts are plain numbers, beside bounds: <5 and 5-9 are groups."""
    bounds = bounded(known)
    return len(known) - int(bounds.sum()) > max(_STRAYS_NUMBERS, _MOSTLY * len(known))


def _of_several(values: pl.Series, once: pl.Series, guess: Guess, unsure: str) -> Guess:
    """Say of amounts in several currencies or units what they are, and what to do."""
    mixed = tell_currencies(values, are_numbers=False) or tell_units(values)
    if mixed and guess.kind is Kind.ID:  # amounts name nothing, though each may stand once
        guess = judge_labels(once)
    return replace(guess, evidence=f"{guess.evidence}; {unsure}", note=guess.note or mixed)


def _as_words(values: pl.Series, once: pl.Series, sample: pl.Series) -> Guess:
    texts, some = clean(once, Kind.TEXT), clean(sample, Kind.TEXT).drop_nulls().head(_SOME)
    filled = len(values) - _rows_of(values, once.filter(texts.is_null()))
    texts = texts.drop_nulls()
    distinct = texts.n_unique()
    words = clean(sample, Kind.CATEGORY).drop_nulls()
    first = words.unique(maintain_order=True).head(_FEW)
    addresses = address_id(values.name, clean(first, Kind.ID).drop_nulls())
    if addresses and _AGAIN * distinct <= filled:
        return Guess(Kind.ID, f"{addresses} that come again")
    reason = f"{addresses}, which only name" if addresses else ""
    if not reason and once is values:
        reason = code_id(values.name, texts)
    if reason:
        return Guess(Kind.ID, reason, ignored=True)
    if not some.head(_FEW).str.contains(r"\s").any():
        reason = entity_id(values.name, distinct, filled)
    if reason:
        return Guess(Kind.ID, reason)
    labels = judge_labels(once)
    if labels.levels:
        return labels
    format, evidence = find_list(clean(words, Kind.LIST).drop_nulls())
    if format:
        return Guess(Kind.LIST, evidence, format)
    return _as_text(some, distinct, filled) or labels


def _rows_of(values: pl.Series, some: pl.Series) -> int:
    """Count the rows that have one of some values, or none."""
    others = some.drop_nulls().unique()
    found = int(values.is_in(others.implode()).sum()) if len(others) else 0
    return found + values.null_count()


def _as_text(some: pl.Series, distinct: int, filled: int) -> Guess | None:
    if filled < _TEXT_FROM:
        return None
    words = float(some.str.count_matches(r"\S+").mean() or 0)  # type: ignore[arg-type]
    letters = float(some.str.len_chars().mean() or 0)  # type: ignore[arg-type]
    share = distinct / filled
    if (
        (share > 0.5 and (words >= _TEXT_WORDS or letters >= _TEXT_LETTERS))
        or (share > _MOSTLY and words >= 2)
        or (share > 0.2 and words >= _LONG_WORDS)
    ):
        often = "mostly distinct" if share > 0.5 else "long"
        return Guess(Kind.TEXT, f"{often} texts of {words:.0f} words on average")
    return None


def judge_labels(values: pl.Series, *, apart: bool = False) -> Guess:
    """Describe a category column, and find the order of its labels if they have one.

    Parameters
    ----------
    values : polars.Series
        As found.
    apart : bool
        Keep labels apart that differ only by case or blanks.

    Returns
    -------
    Guess

    Examples
    --------
    >>> judge_labels(pl.Series("risk", ["low", "high", "low"])).levels
    ('low', 'high')
    """
    each = values.unique()
    labels = cast_column(each, Column(values.name, Kind.CATEGORY))[0].drop_nulls().unique()
    format, note = ("", "") if apart else find_spellings(values.name, labels)
    if format:
        labels = folded(labels).unique()
    evidence = f"words, {len(labels):,} distinct" + (" in any case" if format else "")
    if len(labels) > _MOST_LEVELS:
        return Guess(Kind.CATEGORY, evidence, format, note=note)
    known = labels.sort().to_list()
    levels, why = find_levels(values.name, known)
    if levels:
        evidence = f"{len(labels):,} labels in order: {why}"
    unknown = find_unknown(known)
    if unknown:
        evidence += f"; {unknown!r} may mean missing"
    return Guess(Kind.CATEGORY, evidence, format, levels=levels, note=note)
