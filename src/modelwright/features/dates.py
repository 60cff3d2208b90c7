"""Dates and times, taken apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
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

_DAY = 86_400  # seconds
_PAIRED = 6  # columns of dates whose distances are measured


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
# What only rises: later rows lie beyond all that training rows have.
_RISING = ("days", "year")


def _expand(frame: pl.DataFrame, parts: Sequence[tuple[str, str]]) -> pl.DataFrame:
    return frame.select(
        _PARTS[part](pl.col(column)).cast(pl.Float32).alias(f"{column}: {part}")
        for column, part in parts
    )


def _spans(frame: pl.DataFrame, pairs: Sequence[tuple[str, str]]) -> pl.DataFrame:
    return frame.select(
        ((pl.col(late) - pl.col(early)).dt.total_seconds() / _DAY).cast(pl.Float32).alias(
            f"days from {early} to {late}"
        )
        for early, late in pairs
    )


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
    spans: tuple[tuple[str, str], ...] = ()
    latest: tuple[float, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns."""
        own = (column for column, _ in self.parts)
        return tuple(dict.fromkeys((*own, *(column for pair in self.spans for column in pair))))

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        parts = tuple(f"{column}: {part}" for column, part in self.parts)
        return parts + tuple(f"days from {early} to {late}" for early, late in self.spans)

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def transform(self, table: Table) -> Matrix:
        """Make one float32 feature a part; raises `ColumnError` for an absent column."""
        frame = read(table, self.columns, [Kind.DATETIME] * len(self.columns))
        numbers = np.empty((frame.height, len(self.number_names)), np.float32)
        for j, feature in enumerate((*_expand(frame, self.parts), *_spans(frame, self.spans))):
            numbers[:, j] = feature.to_numpy()
        if self.latest:
            np.minimum(numbers, np.array(self.latest, np.float32), out=numbers)
        return Matrix.of_numbers(numbers, self.number_names)

    def export(self) -> State:
        """Give the whole state."""
        return State(
            config={
                "columns": [column for column, _ in self.parts],
                "parts": [part for _, part in self.parts],
                "spans": [list(pair) for pair in self.spans],
                "latest": list(self.latest),
            }
        )

    @classmethod
    def restore(cls, state: State) -> FittedDates:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            parts = texts(state.config, "parts")
            if not set(parts) <= set(_PARTS):
                raise ValueError("a part of a date is unknown")
            spans = tuple((str(a), str(b)) for a, b in state.config.get("spans", ()))
            latest = tuple(float(value) for value in state.config.get("latest", ()))
            if latest and len(latest) != len(parts) + len(spans):
                raise ValueError("one latest value a feature is needed")
            pairs = tuple(zip(texts(state.config, "columns"), parts, strict=True))
            return cls(pairs, spans, latest)


@dataclass(frozen=True)
class Dates:
    """Take dates apart into days since 1970, year, month, day, day of week and year, and hour.

    The day of the week counts from Monday = 1; the hour has its minutes as a fraction. Parts that
    are constant in the training rows are dropped, so that plain dates have no hour.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> from modelwright.core.schema import Column, Schema
    >>> frame = pl.DataFrame({"sold": [datetime(2024, 2, 29), datetime(2024, 3, 1)]})
    >>> table = Table(frame, Schema((Column("sold", Kind.DATETIME),)))
    >>> fitted = Dates().fit(table, Target(np.zeros(2)), seed=0)
    >>> fitted.number_names
    ('sold: days', 'sold: month', 'sold: day', 'sold: day of week', 'sold: day of year')
    >>> fitted.transform(table).numbers[0].tolist()
    [19782.0, 2.0, 29.0, 4.0, 60.0]
    """

    uses_target: ClassVar[bool] = False

    cycles: bool = False
    spans: bool = False
    held: bool = False

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedDates | None:
        """Note the parts that vary; None when there are none."""
        names = columns_of(table, Kind.DATETIME)
        frame = read(table, names, [Kind.DATETIME] * len(names))
        parts = [part for part in _PARTS if self.cycles or part not in _CYCLES]
        every = tuple((name, part) for name in names for part in parts)
        features = _expand(frame, every)
        # That a date is missing is said once, by its days.
        kept = tuple(
            (column, part)
            for (column, part), feature in zip(every, features, strict=True)
            if varies((feature if part == "days" else feature.drop_nulls()).to_numpy())
        )
        pairs = list(combinations(names[:_PAIRED], 2)) if self.spans else []
        spans = tuple(
            pair
            for pair, feature in zip(pairs, _spans(frame, pairs), strict=True)
            if varies(feature.drop_nulls().to_numpy())
        )
        if not kept and not spans:
            return None
        fitted = FittedDates(kept, spans)
        if not self.held:
            return fitted
        most = fitted.transform(table).numbers
        return replace(fitted, latest=tuple(
            float(np.nanmax(most[:, j])) if j < len(kept) and kept[j][1] in _RISING else 1e30
            for j in range(most.shape[1])
        ))
