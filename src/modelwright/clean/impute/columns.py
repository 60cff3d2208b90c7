"""The columns of a table as one array of numbers, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import ColumnError, did_you_mean
from modelwright.core.schema import Kind, Role
from modelwright.core.table import PHYSICAL, Table

__all__ = ["IMPUTED", "Encoder", "imputable", "modes"]

Floats = NDArray[np.float64]

IMPUTED = (Kind.NUMBER, Kind.DATETIME, Kind.BOOLEAN, Kind.CATEGORY)
"""Kinds of columns whose missing values can be guessed."""

_TRUTH = ("false", "true")


def imputable(table: Table) -> tuple[str, ...]:
    """List the features whose missing values can be guessed: they have a kind for it, and a value.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.TEXT)))
    >>> imputable(Table(pl.DataFrame({"a": [1.0, None], "b": ["x", None]}), schema))
    ('a',)
    """
    features = table.schema.names(Role.FEATURE)
    wanted = (name for name in features if table.schema[name].kind in IMPUTED)
    return tuple(name for name in wanted if table.frame[name].null_count() < table.height)


@dataclass(frozen=True)
class Encoder:
    """How columns become numbers: centred and scaled, or the place of a level.

    Parameters
    ----------
    names : tuple of str
        The columns.
    kinds : tuple of Kind
        What each of them is.
    levels : tuple of tuple of str
        The levels of each column, the most frequent first; none for numbers and dates.
    centre, scale : ndarray of float64, shape (n_columns,)
        The mean and the standard deviation of the known values of numbers and dates; 0 and 1 of
        levels.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.CATEGORY)))
    >>> frame = pl.DataFrame({"a": [1.0, 3.0, None], "b": ["x", "y", "x"]})
    >>> encoder = Encoder.fit(Table(frame, schema), ("a", "b"))
    >>> encoder.encode(Table(frame, schema)).tolist()
    [[-1.0, 0.0], [1.0, 1.0], [nan, 0.0]]
    """

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    levels: tuple[tuple[str, ...], ...]
    centre: Floats
    scale: Floats

    @classmethod
    def fit(cls, table: Table, names: Sequence[str]) -> Encoder:
        """Learn the levels, means and deviations of some columns."""
        kinds = tuple(table.schema[name].kind for name in names)
        levels, centre, scale = [], np.zeros(len(names)), np.ones(len(names))
        for j, (name, kind) in enumerate(zip(names, kinds, strict=True)):
            if kind in (Kind.BOOLEAN, Kind.CATEGORY):
                levels.append(_TRUTH if kind is Kind.BOOLEAN else _levels(table.frame[name]))
                continue
            levels.append(())
            known = _numbers(table.frame[name])
            known = known[~np.isnan(known)]
            if len(known):
                centre[j] = known.mean()
                scale[j] = known.std() or 1.0
        return cls(tuple(names), kinds, tuple(levels), centre, scale)

    @property
    def is_level(self) -> NDArray[np.bool_]:
        """Which columns hold places of levels."""
        return np.array([bool(levels) for levels in self.levels], np.bool_)

    def encode(self, table: Table) -> Floats:
        """Give the cells of a table as numbers: shape (n_rows, n_columns).

        NaN is a missing value, and a level that fit did not see.

        Raises
        ------
        ColumnError
            When a column is absent or stored as something else.
        """
        cells = np.full((table.height, len(self.names)), np.nan)
        for j, (name, kind) in enumerate(zip(self.names, self.kinds, strict=True)):
            if name not in table.frame.columns:
                cure = did_you_mean(name, table.frame.columns)
                raise ColumnError(f"a column {name!r}", "a table without it", cure)
            series = table.frame[name]
            if series.dtype not in (PHYSICAL[kind], pl.Null()):
                raise ColumnError(f"the column {name!r} to be a {kind.value}, as it was at fit",
                                  f"values stored as {series.dtype}")  # fmt: skip
            if self.levels[j]:
                words = series.cast(pl.String).cast(pl.Enum(self.levels[j]), strict=False)
                cells[:, j] = words.to_physical().cast(pl.Float64).fill_null(np.nan).to_numpy()
            else:
                cells[:, j] = (_numbers(series) - self.centre[j]) / self.scale[j]
        return cells

    def decode(self, j: int, values: Floats) -> pl.Series:
        """Give the values of one column as the table stores them; NaN is missing."""
        name, kind = self.names[j], self.kinds[j]
        known = pl.Series(name, values).fill_nan(None)
        if not self.levels[j]:
            numbers = known.to_frame().select(pl.col(name) * self.scale[j] + self.centre[j])
            series = numbers.to_series()
            return (
                series
                if kind is Kind.NUMBER
                else series.round().cast(pl.Int64).cast(PHYSICAL[kind])
            )
        place = known.cast(pl.Int64)
        if kind is Kind.BOOLEAN:
            return place.cast(pl.Boolean)
        return pl.Series(name, self.levels[j], dtype=pl.String).gather(place)

    def check(self, cells: Floats) -> None:
        """Make sure that numbers of a file are places of levels where levels are meant.

        Raises
        ------
        ValueError
            When they are not.
        """
        for j, levels in enumerate(self.levels):
            known = cells[:, j][~np.isnan(cells[:, j])]
            if levels and not np.isin(known, np.arange(len(levels))).all():
                raise ValueError("places of levels that are not there")

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "names": list(self.names),
            "kinds": [kind.value for kind in self.kinds],
            "levels": [list(levels) for levels in self.levels],
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Encoder:
        """Read what `to_json` gave; raises ValueError, TypeError or KeyError when it is unsound."""
        names = tuple(str(name) for name in data["names"])
        kinds = tuple(Kind(kind) for kind in data["kinds"])
        levels = tuple(tuple(str(one) for one in some) for some in data["levels"])
        centre = np.asarray(data["centre"], np.float64)
        scale = np.asarray(data["scale"], np.float64)
        if not len(names) == len(kinds) == len(levels) == len(centre) == len(scale):
            raise ValueError("columns do not fit")
        if any(len(set(some)) != len(some) for some in levels) or not (scale > 0).all():
            raise ValueError("levels or scales are unsound")
        return cls(names, kinds, levels, centre, scale)


def _levels(series: pl.Series) -> tuple[str, ...]:
    counts = series.drop_nulls().alias("level").value_counts(name="rows")
    return tuple(counts.sort("rows", "level", descending=[True, False])["level"])


def _numbers(series: pl.Series) -> Floats:
    if series.dtype.is_temporal():
        series = series.to_physical()
    numbers = series.cast(pl.Float64).to_numpy()
    return np.where(np.isfinite(numbers), numbers, np.nan)


def modes(cells: Floats, is_level: NDArray[np.bool_]) -> Floats:
    """Give the mean of each column of numbers, the most frequent place of each of levels.

    Examples
    --------
    >>> modes(np.array([[1.0, 0.0], [np.nan, 1.0], [2.0, 1.0]]), np.array([False, True]))
    array([1.5, 1. ])
    """
    found = np.zeros(cells.shape[1])
    for j, column in enumerate(cells.T):
        known = column[~np.isnan(column)]
        if len(known):
            counted = is_level[j]
            found[j] = np.bincount(known.astype(np.int64)).argmax() if counted else known.mean()
    return found
