"""How far ahead the answer lies: what is not known yet is not learned from."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta

import polars as pl

from modelwright.core.errors import OptionError
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table

__all__ = ["Horizon", "keep_horizon", "known_until", "parse_horizon"]

_SECOND = 1_000_000  # dates are stored in microseconds
_FIXED = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_CALENDAR = {"month": 1, "quarter": 3, "year": 12}
_WORDS = {
    **{word: unit for unit in (*_FIXED, *_CALENDAR) for word in (unit, f"{unit}s")},
    **{"s": "second", "sec": "second", "min": "minute", "h": "hour", "hr": "hour", "d": "day"},
    **{"w": "week", "mo": "month", "y": "year", "yr": "year"},
}
_CURE = "write it like 7 days, 24 h, 3 months, or 0"
# No question reaches further, in seconds; a typing error may.
_FURTHEST = 1_000 * 366 * 86_400
# A fold that is left with fewer training rows teaches nothing.
_FEWEST = 10


@dataclass(frozen=True)
class Horizon:
    """How much later than what is known an answer lies.

    Parameters
    ----------
    amount : float
        How many, above zero.
    unit : str
        ``"second"``, ``"minute"``, ``"hour"``, ``"day"``, ``"week"``, ``"month"``, ``"quarter"``,
        ``"year"``; empty: in units of a column of numbers.

    Examples
    --------
    >>> str(Horizon(7, "day")), str(Horizon(1, "month")), str(Horizon(2.5, ""))
    ('7 days', '1 month', '2.5')
    """

    amount: float
    unit: str

    def __str__(self) -> str:
        many = "s" if self.unit and self.amount != 1 else ""
        return f"{self.amount:g} {self.unit}{many}".strip()


def parse_horizon(text: str | float) -> Horizon | None:
    """Read how far ahead an answer lies.

    Parameters
    ----------
    text : str or float
        Such as ``"7 days"``, ``"24h"``, ``"1 month"``; a bare number counts in units of a column of
        numbers; ``"0"`` or ``"none"``: the answer belongs to the moment of the row itself.

    Returns
    -------
    Horizon or None

    Raises
    ------
    OptionError
        When it is none of these, or below zero.

    Examples
    --------
    >>> parse_horizon("24h"), parse_horizon(0)
    (Horizon(amount=24.0, unit='hour'), None)
    """
    word = " ".join(str(text).lower().split())
    if word in ("", "none"):
        return None
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?) ?([a-z]*)", word)
    if found is None or (found[2] and found[2] not in _WORDS):
        cure = "write min or months for m" if found is not None and found[2] == "m" else _CURE
        raise OptionError("a horizon", repr(str(text)[:60]), cure)
    amount, unit = float(found[1]), _WORDS.get(found[2], "")
    if amount == 0:
        return None
    if unit in _CALENDAR and not amount.is_integer():
        raise OptionError(f"a whole number of {unit}s as horizon", repr(str(text)[:60]), _CURE)
    seconds = amount * (_FIXED.get(unit) or _CALENDAR.get(unit, 0) * 31 * 86_400)
    if seconds > _FURTHEST:
        raise OptionError("a horizon of at most 1,000 years", repr(str(text)[:60]), _CURE)
    return Horizon(amount, unit)


def known_until(times: pl.Series, horizon: Horizon | None) -> pl.Series:
    """Say for each moment up to which moment answers are known.

    Parameters
    ----------
    times : polars.Series of Datetime or Float64, shape (n_rows,)
        When each prediction is made.
    horizon : Horizon, optional
        None: up to the moment itself.

    Returns
    -------
    polars.Series, shape (n_rows,)
        Of the same type.

    Raises
    ------
    OptionError
        When the unit does not fit the column.

    Examples
    --------
    >>> known_until(pl.Series("year", [2010.0, 2011.0]), Horizon(2, "")).to_list()
    [2008.0, 2009.0]
    """
    if horizon is None:
        return times
    if isinstance(times.dtype, pl.Datetime):
        if not horizon.unit:
            got = f"{horizon} without a unit, where {times.name!r} holds dates"
            raise OptionError("a horizon with a unit", got, _CURE)
        if horizon.unit in _CALENDAR:
            return times.dt.offset_by(f"-{int(horizon.amount) * _CALENDAR[horizon.unit]}mo")
        span = round(horizon.amount * _FIXED[horizon.unit] * _SECOND)
        return times - timedelta(microseconds=span)
    if horizon.unit or not times.dtype.is_numeric():
        what = "numbers" if times.dtype.is_numeric() else "words"
        cure = "write a bare number, in units of that column" if what == "numbers" else "write 0"
        raise OptionError(
            "a horizon that fits the order column",
            f"{str(horizon)!r}, where {times.name!r} holds {what}",
            cure,
        )
    return times - horizon.amount


def keep_horizon(
    splits: Splits, table: Table, order: str | None, horizon: Horizon | None
) -> Splits:
    """Leave out of each fold the training rows whose answers are not known when it is scored.

    Parameters
    ----------
    splits : Splits
        A plan in the order of time.
    table : Table
        The rows.
    order : str, optional
        The column of time.
    horizon : Horizon, optional
        How far ahead answers lie; None leaves the plan as it is.

    Returns
    -------
    Splits
        Training rows lie at least the horizon before the first row that is scored. A fold that
        keeps fewer than 10 training rows is left out.

    Raises
    ------
    OptionError
        When the horizon has no order column or no fitting unit, or no fold is left.

    Examples
    --------
    >>> import numpy as np
    >>> from modelwright.core.schema import Column, Kind, Role, Schema
    >>> schema = Schema((Column("day", Kind.NUMBER, Role.ORDER),))
    >>> table = Table(pl.DataFrame({"day": [float(i) for i in range(30)]}), schema)
    >>> fold = Fold(np.arange(20), np.arange(20, 30))
    >>> splits = Splits((fold,), 30, "time-ordered", "An example.")
    >>> keep_horizon(splits, table, "day", Horizon(3, "")).folds[0].train[-1]
    np.int64(17)
    """
    if horizon is None:
        return splits
    if order is None:
        raise OptionError(
            "an order column beside a horizon", "none", "name the column that says when"
        )
    times = table.frame[order]
    until = known_until(times, horizon)
    cut, thin = [], set()
    size = len(splits) // splits.times
    for place, fold in enumerate(splits.folds):
        limit = until.gather(fold.valid).min()
        known = (times.gather(fold.train) <= limit).fill_null(False).to_numpy()
        cut.append(Fold(fold.train[known], fold.valid))
        if known.sum() < _FEWEST:
            thin.add(place % size)  # in every draw, so that all keep as many folds
    folds = [fold for place, fold in enumerate(cut) if place % size not in thin]
    if not folds:
        raise OptionError(
            f"a horizon that leaves rows to learn from in {order!r}",
            f"{str(horizon)!r}, where it reaches from {times.min()!s} to {times.max()!s}",
            "write a shorter one, or bring rows of a longer time",
        )
    lost = len(splits) - len(folds)
    which = f"; {lost} of {len(splits)} folds had too few rows before that" if lost else ""
    reason = (
        f"{splits.reason.rstrip('.')}. Answers lie {horizon} ahead: rows less than that before a "
        f"fold's first scored row are not fitted on{which}."
    )
    return replace(splits, folds=tuple(folds), reason=reason)
