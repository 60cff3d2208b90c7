"""Dates and times, taken apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import polars as pl

from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.numbers import varies
from modelwright.features.reading import columns_of, read, sound_state, texts

__all__ = ["Dates", "FittedDates"]


def _hour(date: pl.Expr) -> pl.Expr:
    return date.dt.hour() + date.dt.minute() / 60 + date.dt.second() / 3600


def _turn(share: pl.Expr) -> pl.Expr:
    return share * (2 * math.pi)


def _season(date: pl.Expr) -> pl.Expr:
    return _turn(date.dt.ordinal_day() / 365.25)


def _weekday(date: pl.Expr) -> pl.Expr:
    return _turn(date.dt.weekday() / 7)


def _clock(date: pl.Expr) -> pl.Expr:
    return _turn(_hour(date) / 24)


# Days are whole, because float32 holds no seconds of our century; the hour has its own part.
_PARTS: Mapping[str, Callable[[pl.Expr], pl.Expr]] = MappingProxyType(
    {
        "days": lambda date: date.dt.date().to_physical(),
        "year": lambda date: date.dt.year(),
        "month": lambda date: date.dt.month(),
        "day": lambda date: date.dt.day(),
        "day of week": lambda date: date.dt.weekday(),
        "day of year": lambda date: date.dt.ordinal_day(),
        "hour": _hour,
        "season, sine": lambda date: _season(date).sin(),
        "season, cosine": lambda date: _season(date).cos(),
        "week, sine": lambda date: _weekday(date).sin(),
        "week, cosine": lambda date: _weekday(date).cos(),
        "clock, sine": lambda date: _clock(date).sin(),
        "clock, cosine": lambda date: _clock(date).cos(),
    }
)
_CYCLES = tuple(part for part in _PARTS if "," in part)


def _features(parts: Sequence[tuple[str, str]]) -> list[pl.Expr]:
    return [
        # not pl.col, to which a column called "*" is all of them
        _PARTS[part](pl.selectors.by_name(column)).cast(pl.Float32).alias(f"{column}: {part}")
        for column, part in parts
    ]


@dataclass(frozen=True)
class FittedDates:
    """The parts of dates that vary in the training rows.

    Parameters
    ----------
    parts : tuple of (str, str)
        Input column and part, one a feature.

    Examples
    --------
    >>> FittedDates((("sold", "year"), ("sold", "month"))).number_names
    ('sold: year', 'sold: month')
    """

    name: ClassVar[str] = "dates"

    parts: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns."""
        return tuple(dict.fromkeys(column for column, _ in self.parts))

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return tuple(f"{column}: {part}" for column, part in self.parts)

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    @cached_property
    def _features(self) -> list[pl.Expr]:
        return _features(self.parts)

    def transform(self, table: Table) -> Matrix:
        """Make one float32 feature a part; raises `ColumnError` for an absent column."""
        frame = pl.DataFrame(read(table, self.columns, [Kind.DATETIME] * len(self.columns)))
        numbers = frame.select(self._features).to_numpy(order="c")
        return Matrix.of_numbers(numbers.astype(np.float32, copy=False), self.number_names)

    def export(self) -> State:
        """Give the whole state."""
        return State(
            config={
                "columns": [column for column, _ in self.parts],
                "parts": [part for _, part in self.parts],
            }
        )

    @classmethod
    def restore(cls, state: State) -> FittedDates:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            parts = texts(state.config, "parts")
            if not set(parts) <= set(_PARTS):
                raise ValueError("a part of a date is unknown")
            return cls(tuple(zip(texts(state.config, "columns"), parts, strict=True)))


@dataclass(frozen=True)
class Dates:
    """Take dates apart into days since 1970, year, month, day, day of week and year, and hour.

    The day of the week counts from Monday = 1; the hour has its minutes as a fraction. Where
    December lies beside January, Sunday beside Monday and 23:59 beside midnight, two more numbers
    say so: the sine and cosine of the season, of the week and of the clock. Parts that are constant
    in the training rows are dropped, so that plain dates have no hour.

    Parameters
    ----------
    cycles : bool
        Whether there are sines and cosines.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> from modelwright.core.schema import Column, Schema
    >>> frame = pl.DataFrame({"sold": [datetime(2024, 2, 29), datetime(2024, 3, 1)]})
    >>> table = Table(frame, Schema((Column("sold", Kind.DATETIME),)))
    >>> fitted = Dates(cycles=False).fit(table, Target(np.zeros(2)), seed=0)
    >>> fitted.number_names
    ('sold: days', 'sold: month', 'sold: day', 'sold: day of week', 'sold: day of year')
    >>> fitted.transform(table).numbers[0].tolist()
    [19782.0, 2.0, 29.0, 4.0, 60.0]
    """

    uses_target: ClassVar[bool] = False

    cycles: bool = True

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedDates | None:
        """Note the parts that vary; None when there are none."""
        names = columns_of(table, Kind.DATETIME)
        frame = pl.DataFrame(read(table, names, [Kind.DATETIME] * len(names)))
        parts = [part for part in _PARTS if self.cycles or part not in _CYCLES]
        every = tuple((name, part) for name in names for part in parts)
        features = frame.select(_features(every))
        # That a date is missing is said once, by its days.
        kept = tuple(
            (column, part)
            for (column, part), feature in zip(every, features, strict=True)
            if varies((feature if part == "days" else feature.drop_nulls()).to_numpy())
        )
        return FittedDates(kept) if kept else None
