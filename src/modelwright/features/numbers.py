"""Number and boolean columns, as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import FEW, Table
from modelwright.core.task import Target
from modelwright.features.reading import columns_of, read, sound_state, texts

__all__ = ["FittedNumbers", "Numbers", "varies"]

_LARGEST = float(np.finfo(np.float32).max)
# Values that lie so close together, as a share of their size: float32 tells under 4,096 apart.
_CLOSE = 2.0**-11


def varies(values: NDArray[np.float32]) -> bool:
    """Tell whether a feature can separate any two training rows.

    Parameters
    ----------
    values : ndarray of float32, shape (n_rows,)
        NaN is missing, and differs from every number.

    Returns
    -------
    bool
        False for no rows, one value in every row, or nothing but missing values.

    Examples
    --------
    >>> varies(np.array([1, 1], np.float32)), varies(np.array([1, np.nan], np.float32))
    (False, True)
    """
    known = values[~np.isnan(values)]
    if known.size == 0:
        return False
    return known.size < values.size or bool(known.min() < known.max())


def _from_origin(series: pl.Series, origin: float) -> NDArray[np.float64]:
    wide = series.cast(pl.Float64).to_numpy()
    return wide - origin if origin else wide


def _narrow(wide: NDArray[np.float64]) -> NDArray[np.float32]:
    """Give float32: clipped to its range, and NaN where the value is not finite."""
    with np.errstate(over="ignore"):
        values = wide.astype(np.float32)
    if not np.isfinite(values).all():
        values[~np.isfinite(wide)] = np.nan
        np.clip(values, -_LARGEST, _LARGEST, out=values)
    return values


def _origin(series: pl.Series) -> float:
    """Give a round number to count from, where float32 would merge values; 0 elsewhere.

    Examples
    --------
    >>> _origin(pl.Series([1_700_000_000_123, 1_700_000_900_456])), _origin(pl.Series([1990, 2024]))
    (1700000000000.0, 0.0)
    """
    if series.dtype == pl.Boolean:
        return 0.0
    wide = series.cast(pl.Float64)
    known = wide.filter(wide.is_finite())
    if not len(known):
        return 0.0
    least, most = float(known.min()), float(known.max())  # type: ignore[arg-type]
    spread, size = most - least, max(abs(least), abs(most))
    if not 0 < spread < size * _CLOSE:
        return 0.0
    digits = math.ceil(math.log10(size / spread))
    return float(f"{least:.{digits - 1}e}")


@dataclass(frozen=True)
class FittedNumbers:
    """Number and boolean columns that vary in the training rows.

    Parameters
    ----------
    columns : tuple of str
        Input columns.
    kinds : tuple of Kind
        What each of them is: a number or a boolean.
    origins : tuple of float
        What is taken away from each, so that large numbers that lie close together stay apart
        in float32.

    Examples
    --------
    >>> FittedNumbers(("area", "time"), (Kind.NUMBER, Kind.NUMBER), (0.0, 1.7e12)).number_names
    ('area', 'time - 1700000000000')
    """

    name: ClassVar[str] = "numbers"

    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]
    origins: tuple[float, ...]

    @cached_property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        pairs = zip(self.columns, self.origins, strict=True)
        return tuple(f"{name} - {origin:.15g}" if origin else name for name, origin in pairs)

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def transform(self, table: Table) -> Matrix:
        """Make one float32 feature a column; raises `ColumnError` for an absent column."""
        columns = read(table, self.columns, self.kinds)
        if table.height <= FEW:
            wide = np.array([series.to_list() for series in columns], np.float64)
            wide = np.ascontiguousarray(wide.reshape(len(columns), -1).T) - np.array(self.origins)
            return Matrix.of_numbers(_narrow(wide), self.number_names)
        block = np.empty((table.height, len(columns)), np.float32)
        for j, (series, origin) in enumerate(zip(columns, self.origins, strict=True)):
            block[:, j] = _narrow(_from_origin(series, origin))
        return Matrix.of_numbers(block, self.number_names)

    def export(self) -> State:
        """Give the whole state."""
        kinds = [kind.value for kind in self.kinds]
        origins = list(self.origins)
        return State({"columns": list(self.columns), "kinds": kinds, "origins": origins})

    @classmethod
    def restore(cls, state: State) -> FittedNumbers:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            columns = texts(state.config, "columns")
            kinds = tuple(Kind(word) for word in texts(state.config, "kinds"))
            # older files know no origins
            origins = tuple(map(float, state.config.get("origins", [0.0] * len(columns))))
            if not len(columns) == len(kinds) == len(origins) or not np.isfinite(origins).all():
                raise ValueError("one kind and one finite origin a column are needed")
            return cls(columns, kinds, origins)


@dataclass(frozen=True)
class Numbers:
    """Take number columns as float32, and booleans as 0 and 1.

    Values beyond the range of float32 are clipped to it; what is not finite is missing (NaN).
    Large numbers that lie close together, such as milliseconds since 1970, are counted from a
    round number near them, which their feature then names.
    Columns that are constant, or all missing, in the training rows are dropped.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("area", Kind.NUMBER), Column("lift", Kind.BOOLEAN)))
    >>> table = Table(pl.DataFrame({"area": [50.0, None], "lift": [True, False]}), schema)
    >>> fitted = Numbers().fit(table, Target(np.array([1.0, 2.0])), seed=0)
    >>> fitted.transform(table).numbers
    array([[50.,  1.],
           [nan,  0.]], dtype=float32)
    """

    uses_target: ClassVar[bool] = False

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedNumbers | None:
        """Note the columns that vary; None when there are none."""
        names = columns_of(table, Kind.NUMBER, Kind.BOOLEAN)
        kinds = {name: table.schema[name].kind for name in names}
        columns = read(table, names, list(kinds.values()))
        origins = {series.name: _origin(series) for series in columns}
        kept = tuple(s.name for s in columns if varies(_narrow(_from_origin(s, origins[s.name]))))
        if not kept:
            return None
        return FittedNumbers(
            kept, tuple(kinds[name] for name in kept), tuple(origins[name] for name in kept)
        )
