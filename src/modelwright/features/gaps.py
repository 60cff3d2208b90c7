"""How many cells of a row are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.reading import columns_of, read, sound_state, texts

__all__ = ["FittedGaps", "Gaps"]

_LEAST = 2  # columns with gaps: of one column alone the learners know already


@dataclass(frozen=True)
class FittedGaps:
    """The columns in which something was missing.

    Parameters
    ----------
    columns : tuple of str
        The input columns.
    kinds : tuple of Kind
        What each of them is.

    Examples
    --------
    >>> FittedGaps(("area", "rooms"), (Kind.NUMBER, Kind.NUMBER)).number_names
    ('missing cells',)
    """

    name: ClassVar[str] = "gaps"

    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]

    number_names: ClassVar[tuple[str, ...]] = ("missing cells",)
    code_names: ClassVar[tuple[str, ...]] = ()

    def transform(self, table: Table) -> Matrix:
        """Count the missing cells; raises `ColumnError` for an absent column."""
        frame = read(table, self.columns, self.kinds)
        counts = frame.select(pl.sum_horizontal(pl.all().is_null().cast(pl.Float32)))
        return Matrix.of_numbers(counts.to_numpy().astype(np.float32), self.number_names)

    def export(self) -> State:
        """Give the whole state."""
        return State({"columns": list(self.columns), "kinds": [k.value for k in self.kinds]})

    @classmethod
    def restore(cls, state: State) -> FittedGaps:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            columns = texts(state.config, "columns")
            kinds = tuple(Kind(word) for word in texts(state.config, "kinds"))
            if len(columns) != len(kinds) or not columns:
                raise ValueError("one kind a column is needed")
            return cls(columns, kinds)


@dataclass(frozen=True)
class Gaps:
    """Count the missing cells of each row, over the columns that had any in training.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("area", Kind.NUMBER), Column("town", Kind.CATEGORY)))
    >>> frame = pl.DataFrame({"area": [1.0, None, None], "town": ["Rome", "Bonn", None]})
    >>> table = Table(frame, schema)
    >>> Gaps().fit(table, Target(np.zeros(3)), seed=0).transform(table).numbers.ravel().tolist()
    [0.0, 1.0, 2.0]
    """

    uses_target: ClassVar[bool] = False

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedGaps | None:
        """Note the columns with gaps; None when there are fewer than two, or no row differs."""
        names = columns_of(table, *Kind)
        kinds = {name: table.schema[name].kind for name in names}
        frame = read(table, names, list(kinds.values()))
        gappy = tuple(series.name for series in frame if 0 < series.null_count() < table.height)
        if len(gappy) < _LEAST:
            return None
        fitted = FittedGaps(gappy, tuple(kinds[name] for name in gappy))
        counts = fitted.transform(table).numbers
        return fitted if counts.min() < counts.max() else None
