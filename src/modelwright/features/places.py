"""Positions on the globe: latitude and longitude."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from modelwright.core.matrix import Matrix
from modelwright.core.places import PLACE_FORMATS, parse_places
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.numbers import varies
from modelwright.features.reading import columns_of, read, sound_state, texts

__all__ = ["FittedPlaces", "Places"]

_PARTS = ("latitude", "longitude")


@dataclass(frozen=True)
class FittedPlaces:
    """Columns of positions that vary in the training rows.

    Parameters
    ----------
    columns : tuple of str
        The input columns.
    formats : tuple of str
        How each of them is written: a key of `PLACE_FORMATS`.

    Examples
    --------
    >>> FittedPlaces(("home",), ("lat, lon",)).number_names
    ('home: latitude', 'home: longitude')
    """

    name: ClassVar[str] = "places"

    columns: tuple[str, ...]
    formats: tuple[str, ...]

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return tuple(f"{column}: {part}" for column in self.columns for part in _PARTS)

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def transform(self, table: Table) -> Matrix:
        """Make two float32 features a column, in degrees; NaN where there is no position.

        Raises
        ------
        ColumnError
            When a column is absent.
        """
        columns = read(table, self.columns, [Kind.GEO] * len(self.columns))
        numbers = np.empty((table.height, len(self.number_names)), np.float32)
        for i, (series, format) in enumerate(zip(columns, self.formats, strict=True)):
            numbers[:, 2 * i : 2 * i + 2] = _degrees(series, format)
        return Matrix.of_numbers(numbers, self.number_names)

    def export(self) -> State:
        """Give the whole state."""
        return State(config={"columns": list(self.columns), "formats": list(self.formats)})

    @classmethod
    def restore(cls, state: State) -> FittedPlaces:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            columns, formats = texts(state.config, "columns"), texts(state.config, "formats")
            if len(columns) != len(formats) or not set(formats) <= set(PLACE_FORMATS):
                raise ValueError("one known format a column is needed")
            return cls(columns, formats)


def _degrees(series: pl.Series, format: str) -> np.ndarray:
    return parse_places(series, format).cast(pl.Float32).to_numpy()


@dataclass(frozen=True)
class Places:
    """Take positions apart into latitude and longitude.

    A column whose format is none of `PLACE_FORMATS` is passed over.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("home", Kind.GEO, format="lat, lon"),))
    >>> table = Table(pl.DataFrame({"home": ["40.5, -73.75", "41.00, 2.25", None]}), schema)
    >>> fitted = Places().fit(table, Target(np.zeros(3)), seed=0)
    >>> fitted.transform(table).numbers[:2].tolist()
    [[40.5, -73.75], [41.0, 2.25]]
    """

    uses_target: ClassVar[bool] = False

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedPlaces | None:
        """Note the columns whose positions vary; None when there are none."""
        names = columns_of(table, Kind.GEO)
        columns = read(table, names, [Kind.GEO] * len(names))
        kept = []
        for series in columns:
            format = table.schema[series.name].format
            if format in PLACE_FORMATS and any(varies(c) for c in _degrees(series, format).T):
                kept.append((series.name, format))
        if not kept:
            return None
        return FittedPlaces(tuple(name for name, _ in kept), tuple(format for _, format in kept))
