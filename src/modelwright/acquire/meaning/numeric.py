"""What numbers mean: quantities, codes, identifiers, dates, or yes and no."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from modelwright.acquire.meaning.advice import say_so
from modelwright.acquire.meaning.casting import cast_column
from modelwright.acquire.meaning.dates import find_packed_format
from modelwright.acquire.meaning.epochs import find_epoch
from modelwright.acquire.meaning.guess import Guess
from modelwright.acquire.meaning.hints import (
    says_any_code,
    says_code,
    says_count,
    says_date,
    says_entity,
    says_event,
    says_id,
    says_phone,
)
from modelwright.acquire.meaning.identifiers import are_whole, entity_id, number_id
from modelwright.acquire.meaning.sentinels import SENTINELS, find_sentinel
from modelwright.acquire.meaning.words import clean
from modelwright.core.schema import Column, Kind

__all__ = ["judge_numbers"]

_MOST_CODES = 200
_DAY = "%Y%m%d"
_DAYS = 10  # so many different numbers are not valid days by chance


def judge_numbers(values: pl.Series, sample: pl.Series, numbers: pl.Series, guess: Guess) -> Guess:
    """Say what a column of numbers means.

    Parameters
    ----------
    values : polars.Series
        As found; its name counts.
    sample : polars.Series
        Some of them.
    numbers : polars.Series of Float64 or integers
        All of them as numbers.
    guess : Guess
        That they are numbers, and why.

    Returns
    -------
    Guess

    Examples
    --------
    >>> some = pl.Series("plot", [1, 2, 7, 7, 2, 1])
    >>> judge_numbers(some, some, some.cast(pl.Float64), Guess(Kind.NUMBER, "")).kind.value
    'category'
    """
    name = values.name
    low, high = numbers.min(), numbers.max()
    if low == 0 and high == 1 and _are_whole_units(numbers) and not says_count(name):
        return Guess(Kind.BOOLEAN, "nothing but 0 and 1", missing=guess.missing)
    if says_date(name):
        dates = _as_dates(values, sample, numbers)
        if dates is not None:
            return replace(dates, missing=guess.missing)
    filled = len(sample) - sample.null_count()
    if says_event(name) and not says_date(name):
        dates = _as_days(values, sample)
        if dates is not None:
            return replace(dates, missing=guess.missing)
    # What repeats in the sample repeats in the whole, so most columns are counted in part only.
    if sample.n_unique() >= 0.9 * filled:
        reason = number_id(name, values, numbers) or _telephones(name, numbers)
        if reason:
            return Guess(Kind.ID, reason, ignored=True)
    if says_code(name) or says_any_code(name) or says_id(name) or says_entity(name):
        codes = _as_codes(name, numbers)
        if codes is not None:
            return replace(codes, missing=guess.missing)
    return _with_sentinel(name, numbers, guess) if {low, high} & SENTINELS else guess


def _are_whole_units(numbers: pl.Series) -> bool:
    """Tell whether numbers between 0 and 1 are either."""
    return numbers.dtype.is_integer() or bool(((numbers == 0) | (numbers == 1)).all())


def _telephones(name: str, numbers: pl.Series) -> str:
    if not says_phone(name) or not numbers.is_between(1e6, 1e15).all():
        return ""
    return "telephone numbers, as the name says" if are_whole(numbers) else ""


def _as_dates(values: pl.Series, sample: pl.Series, numbers: pl.Series) -> Guess | None:
    packed = find_packed_format(_known(sample))
    if packed:
        lost = cast_column(values, Column(values.name, Kind.DATETIME, format=packed))[1]
        if lost.is_empty():
            return Guess(Kind.DATETIME, "dates written as digits, as the name says", packed)
    epoch = find_epoch(numbers.drop_nulls())
    if not epoch or not are_whole(numbers):
        return None
    if epoch.startswith("days") and (numbers.n_unique() < 3 or "dat" not in values.name.lower()):
        return None
    return Guess(Kind.DATETIME, f"{epoch}, as the name says", epoch)


def _as_days(values: pl.Series, sample: pl.Series) -> Guess | None:
    """Take numbers such as 19981203 for days, when there are enough of them."""
    present = _known(sample)
    if len(present) < _DAYS or find_packed_format(present) != _DAY:
        return None
    if len(cast_column(values, Column(values.name, Kind.DATETIME, format=_DAY))[1]):
        return None
    return Guess(Kind.DATETIME, "days written as eight digits, as the name says", _DAY)


def _known(sample: pl.Series) -> pl.Series:
    present = sample.drop_nulls().unique(maintain_order=True)
    if present.dtype != pl.String:
        return present
    return clean(present, Kind.DATETIME).drop_nulls()


def _as_codes(name: str, numbers: pl.Series) -> Guess | None:
    present = numbers.drop_nulls()
    if present.is_empty() or not are_whole(present):
        return None
    distinct, filled = present.n_unique(), len(present)
    reason = entity_id(name, distinct, filled)
    if reason:
        return Guess(Kind.ID, reason)
    if distinct < 2 or distinct == filled:
        return None
    if not (says_code(name) or says_any_code(name) or says_entity(name)):
        return None
    if says_any_code(name):
        return Guess(Kind.CATEGORY, "whole numbers under a name for codes")
    if (present < 0).any() or distinct > max(_MOST_CODES, 0.05 * filled):
        return None
    if distinct * 2 > filled and filled >= 20:
        return None
    return Guess(Kind.CATEGORY, f"{distinct:,} whole numbers under a name for labels")


def _with_sentinel(name: str, numbers: pl.Series, guess: Guess) -> Guess:
    found = find_sentinel(numbers)
    if found is None:
        return guess
    value, share, least, most = found
    text = f"{value:g}"
    clause = f"{text} may mean missing"
    note = (
        f"{text} stands for {share:.1%} of {name!r}, far outside the other values ({least:g} to "
        f"{most:g}): if it means missing, {say_so({name: {'missing': [text]}})}"
    )
    return replace(guess, evidence=f"{guess.evidence}; {clause}", note=guess.note or note)
