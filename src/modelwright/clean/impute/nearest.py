"""Gaps filled by the rows nearest to theirs (k nearest neighbours, Troyanskaya et al. 2001)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.impute.columns import Encoder, imputable, modes
from modelwright.core.errors import OptionError
from modelwright.core.protocols import State
from modelwright.core.table import Table

__all__ = ["FittedNeighbours", "Neighbours"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

_CHUNK = 256
_PAIRS = 2_000_000  # of rows that are compared at a time, at most


@dataclass(frozen=True)
class FittedNeighbours:
    """Rows to ask.

    Parameters
    ----------
    columns : tuple of str
        The columns that it fills.
    encoder : Encoder
        How all columns become numbers.
    rows : ndarray of float64, shape (n_rows, n_columns)
        The rows that are asked, encoded.
    usual : ndarray of float64, shape (n_columns,)
        What fills a gap where no row can be asked.
    k : int
        How many rows are asked.
    gaps : str
        How missing values count in distances.
    """

    name: ClassVar[str] = "neighbours"

    columns: tuple[str, ...]
    encoder: Encoder
    rows: Floats
    usual: Floats
    k: int
    gaps: str

    def fill(self, table: Table) -> pl.DataFrame:
        """Give its columns without gaps."""
        cells = self.encoder.encode(table)
        wanted = [self.encoder.names.index(name) for name in self.columns]
        gaps = np.column_stack([table.frame[name].is_null().to_numpy() for name in self.columns])
        guess = np.full((table.height, len(wanted)), np.nan)
        asking = np.flatnonzero(gaps.any(axis=1))
        chunk = max(1, min(_CHUNK, _PAIRS // len(self.rows)))
        for rows in np.array_split(asking, max(1, -(-len(asking) // chunk))):
            distance = self._distance(cells[rows])
            for at, j in enumerate(wanted):
                mine = gaps[rows, at]
                if mine.any():
                    guess[rows[mine], at] = self._guess(distance[mine], j)
        columns = []
        for at, j in enumerate(wanted):
            series = table.frame[self.columns[at]]
            found = self.encoder.decode(j, guess[:, at])
            columns.append(series.cast(found.dtype).zip_with(~pl.Series(gaps[:, at]), found))
        return pl.DataFrame(columns)

    def _distance(self, cells: Floats) -> Floats:
        """Give squared distances to the rows that are kept; inf where no column is shared."""
        is_level = self.encoder.is_level
        ours, theirs = ~np.isnan(cells), ~np.isnan(self.rows)
        shared = ours.astype(np.float64) @ theirs.T.astype(np.float64)
        a = np.where(ours, cells, 0.0)[:, ~is_level]
        b = np.where(theirs, self.rows, 0.0)[:, ~is_level]
        known_a, known_b = ours[:, ~is_level] * 1.0, theirs[:, ~is_level] * 1.0
        squares = (a**2) @ known_b.T + known_a @ (b**2).T - 2 * (a @ b.T)
        squares = np.maximum(squares, 0.0)
        for j in np.flatnonzero(is_level):
            both = ours[:, j, None] & theirs[:, j]
            squares += both & (cells[:, j, None] != self.rows[:, j])
        if self.gaps == "scaled":
            out = np.full(squares.shape, np.inf)
            np.divide(squares * cells.shape[1], shared, out=out, where=shared > 0)
            return out
        # scaled numbers have mean 0 and variance 1: x differs from an unknown one by x^2 + 1
        squares += (a**2 + known_a) @ (1 - known_b).T + (1 - known_a) @ (b**2 + known_b).T
        squares += 2 * ((1 - known_a) @ (1 - known_b).T)
        for j in np.flatnonzero(is_level):
            squares += self._unknown(cells[:, j], self.rows[:, j])
        return np.where(shared > 0, squares, np.inf)

    def _unknown(self, one: Floats, other: Floats) -> Floats:
        """Say how likely levels differ where one of them, or both, is missing; else 0."""
        known = other[~np.isnan(other)].astype(np.int64)
        share = np.bincount(known, minlength=1) / max(len(known), 1)
        alike = float((share**2).sum())

        def differs(places: Floats) -> Floats:
            at = np.nan_to_num(places, nan=-1).astype(np.int64)
            mine = np.where(at < len(share), share[np.clip(at, 0, len(share) - 1)], 0.0)
            apart: Floats = np.where(at < 0, 1 - alike, 1 - mine)
            return apart

        gap_a, gap_b = np.isnan(one)[:, None], np.isnan(other)
        found = np.where(gap_b, differs(one)[:, None], differs(other))
        unknown: Floats = np.where(gap_a & gap_b, 1 - alike, found) * (gap_a | gap_b)
        return unknown

    def _guess(self, distance: Floats, j: int) -> Floats:
        donors = np.flatnonzero(~np.isnan(self.rows[:, j]))
        if not len(donors):
            return np.full(len(distance), self.usual[j])
        far, k = distance[:, donors], min(self.k, len(donors))
        near = np.argsort(far, axis=1, kind="stable")[:, :k]
        there = np.isfinite(np.take_along_axis(far, near, axis=1))
        values = self.rows[donors, j][near]
        if self.encoder.is_level[j]:
            votes = np.zeros((len(distance), len(self.encoder.levels[j])))
            row = np.repeat(np.arange(len(distance)), k)
            np.add.at(votes, (row, values.ravel().astype(np.int64)), there.ravel())
            found = votes.argmax(axis=1).astype(np.float64)
        else:
            found = (values * there).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
        guess: Floats = np.where(there.any(axis=1), found, self.usual[j])
        return guess

    def export(self) -> State:
        """Give the whole state."""
        config: dict[str, Any] = {"columns": list(self.columns), "encoder": self.encoder.to_json()}
        config |= {"k": self.k, "gaps": self.gaps}
        return State(config, {"rows": self.rows, "usual": self.usual})

    @classmethod
    def restore(cls, state: State) -> FittedNeighbours:
        """Rebuild from an exported state."""
        encoder = Encoder.from_json(state.config["encoder"])
        rows = np.asarray(state.arrays["rows"], np.float64)
        usual = np.asarray(state.arrays["usual"], np.float64)
        columns = tuple(str(name) for name in state.config["columns"])
        width = len(encoder.names)
        if rows.ndim != 2 or not len(rows) or rows.shape[1] != width or usual.shape != (width,):
            raise ValueError("rows do not fit their columns")
        encoder.check(np.vstack([rows, usual]))
        if not set(columns) <= set(encoder.names) or int(state.config["k"]) < 1:
            raise ValueError("columns or neighbours are unsound")
        k, gaps = int(state.config["k"]), str(state.config["gaps"])
        return cls(columns, encoder, rows, usual, k, gaps)


@dataclass(frozen=True)
class Neighbours:
    """Fill gaps by the rows that are nearest in the other columns.

    Numbers are scaled to a standard deviation of 1; a different level counts 1, as much as two
    numbers one standard deviation apart. Where a value is missing its expected distance counts, so
    that rows which share little do not look near. Numbers take the mean of the neighbours, levels
    the most frequent one.

    Parameters
    ----------
    k : int
        How many rows are asked.
    rows : int
        How many rows are kept to be asked at most; of more a sample is drawn.
    gaps : str
        ``"expected"``, as above; ``"scaled"``: distances are taken over the columns that both rows
        have, and scaled up to all of them, as scikit-learn's KNNImputer does.

    Raises
    ------
    OptionError
        When a number is below 1, or the word is another.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    >>> frame = pl.DataFrame({"a": [1.0, 1.1, 9.0, 9.1], "b": [5.0, None, 7.0, 8.0]})
    >>> table = Table(frame, schema)
    >>> Neighbours(k=1).fit(table, ("b",), seed=0).fill(table)["b"].to_list()
    [5.0, 5.0, 7.0, 8.0]
    """

    k: int = 5
    rows: int = 5_000
    gaps: Literal["expected", "scaled"] = "expected"
    name: ClassVar[str] = "neighbours"

    def __post_init__(self) -> None:
        if min(self.k, self.rows) < 1:
            raise OptionError("at least 1 neighbour, and rows to ask", f"{self.k} of {self.rows}")
        if self.gaps not in ("expected", "scaled"):
            raise OptionError("gaps that are expected or scaled", repr(self.gaps))

    def fit(self, table: Table, columns: Sequence[str], *, seed: int) -> FittedNeighbours:
        """Keep rows to ask."""
        encoder = Encoder.fit(table, imputable(table))
        cells = encoder.encode(table)
        usual = modes(cells, encoder.is_level)
        if len(cells) > self.rows:
            drawn = np.random.default_rng(seed).choice(len(cells), self.rows, replace=False)
            cells = cells[np.sort(drawn)]
        kept = tuple(name for name in columns if name in encoder.names)
        return FittedNeighbours(kept, encoder, cells, usual, self.k, self.gaps)
