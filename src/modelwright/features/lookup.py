"""Strings that are known, and the place of each: how steps find levels, labels and words again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.matrix import MISSING, UNSEEN
from modelwright.core.table import FEW

__all__ = ["Cells", "Lookup"]

# So many strings are looked up one by one: for more it takes less to prepare Polars.
_ONE_BY_ONE = 1_000


@dataclass(frozen=True)
class Lookup:
    """Known strings in their order.

    Parameters
    ----------
    known : tuple of str
        No two are equal.

    Examples
    --------
    >>> Lookup(("Rome", "Bonn")).places(pl.Series(["Bonn", "Oslo", None, "Rome"])).tolist()
    [1, -1, -2, 0]
    """

    known: tuple[str, ...]

    @cached_property
    def _place(self) -> dict[str | None, int]:
        return {None: MISSING, **{word: place for place, word in enumerate(self.known)}}

    @cached_property
    def _enum(self) -> pl.Enum:
        return pl.Enum(self.known)

    def places(self, strings: pl.Series) -> NDArray[np.int64]:
        """Give the place of each string from 0 on: -1 for an unknown one, -2 for a missing one.

        Parameters
        ----------
        strings : polars.Series of String, shape (n_rows,)
            Any.
        """
        if len(strings) <= _ONE_BY_ONE:
            place = self._place
            return np.array([place.get(word, UNSEEN) for word in strings.to_list()], np.int64)
        physical = strings.cast(self._enum, strict=False).to_physical().cast(pl.Int64)
        found = physical.fill_null(UNSEEN).to_numpy(writable=True)
        if strings.null_count():
            found[strings.is_null().to_numpy()] = MISSING
        return found


class Cells(NamedTuple):
    """What the cells of a column list, below each other.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_strings,)
        The cell that each string is in.
    words : polars.Series of String, shape (n_strings,)
        The strings.
    missing : ndarray of bool, shape (n_rows,)
        Which cells are missing.

    Examples
    --------
    >>> cells = Cells.of(pl.Series([["a", "b"], None, [], ["c"]]))
    >>> cells.rows.tolist(), cells.words.to_list(), cells.missing.tolist()
    ([0, 0, 3], ['a', 'b', 'c'], [False, True, False, False])
    """

    rows: NDArray[np.int64]
    words: pl.Series
    missing: NDArray[np.bool_]

    @classmethod
    def of(cls, lists: pl.Series) -> Cells:
        """Take lists apart.

        Parameters
        ----------
        lists : polars.Series of List(String), shape (n_rows,)
            A missing list has no strings.
        """
        if len(lists) <= FEW:
            cells = lists.to_list()
            missing = np.array([cell is None for cell in cells], np.bool_)
            sizes = np.array([len(cell or ()) for cell in cells], np.int64)
            words = pl.Series([word for cell in cells for word in cell or ()], dtype=pl.String)
        else:
            missing = lists.is_null().to_numpy()
            sizes = lists.list.len().fill_null(0).to_numpy()
            words = lists.explode(empty_as_null=False, keep_nulls=False)
        return cls(np.repeat(np.arange(len(lists)), sizes), words, missing)

    def mark(self, lookup: Lookup, out: NDArray[np.float32]) -> None:
        """Write 1 where a cell has a known string, else 0: shape (n_rows, n_known)."""
        places = lookup.places(self.words)
        met = places >= 0
        out[:] = 0
        out[self.rows[met], places[met]] = 1
