"""Number and boolean columns, as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.reading import columns_of, read, sound_state, texts

__all__ = ["FittedNumbers", "Numbers", "varies"]

_LARGEST = float(np.finfo(np.float32).max)


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


def _narrow(series: pl.Series) -> NDArray[np.float32]:
    """Give float32: clipped to its range, and NaN where the value is not finite."""
    wide = series.cast(pl.Float64).to_numpy()
    with np.errstate(over="ignore"):
        values = wide.astype(np.float32)
    if not np.isfinite(values).all():
        values[~np.isfinite(wide)] = np.nan
        np.clip(values, -_LARGEST, _LARGEST, out=values)
    return values


def _block(frame: pl.DataFrame) -> NDArray[np.float32]:
    block = np.empty(frame.shape, np.float32)
    for j, series in enumerate(frame):
        block[:, j] = _narrow(series)
    return block


@dataclass(frozen=True)
class FittedNumbers:
    """Number and boolean columns that vary in the training rows.

    Parameters
    ----------
    columns : tuple of str
        Input columns, which are the feature names too.
    kinds : tuple of Kind
        What each of them is: a number or a boolean.

    Examples
    --------
    >>> FittedNumbers(("area",), (Kind.NUMBER,)).number_names
    ('area',)
    """

    name: ClassVar[str] = "numbers"

    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return self.columns

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def transform(self, table: Table) -> Matrix:
        """Make one float32 feature a column; raises `ColumnError` for an absent column."""
        return Matrix.of_numbers(_block(read(table, self.columns, self.kinds)), self.columns)

    def export(self) -> State:
        """Give the whole state."""
        kinds = [kind.value for kind in self.kinds]
        return State(config={"columns": list(self.columns), "kinds": kinds})

    @classmethod
    def restore(cls, state: State) -> FittedNumbers:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            columns = texts(state.config, "columns")
            kinds = tuple(Kind(word) for word in texts(state.config, "kinds"))
            if len(columns) != len(kinds):
                raise ValueError("one kind a column is needed")
            return cls(columns, kinds)


@dataclass(frozen=True)
class Numbers:
    """Take number columns as float32, and booleans as 0 and 1.

    Values beyond the range of float32 are clipped to it; what is not finite is missing (NaN).
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
        frame = read(table, names, list(kinds.values()))
        kept = tuple(series.name for series in frame if varies(_narrow(series)))
        return FittedNumbers(kept, tuple(kinds[name] for name in kept)) if kept else None
