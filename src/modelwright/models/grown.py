"""Trees as questions and leaves in plain arrays, whoever grew them.

What explains a model needs to know how each question of a tree is answered, not only where a row
ends. `FlatTrees` and the text of LightGBM, whose questions may be sets of levels, both come here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from modelwright.models.trees import FlatTrees

__all__ = ["ROWS_A_WORD", "Grown", "Turns"]

Words = NDArray[np.uint64]

ROWS_A_WORD = 64
"""Rows that go down the trees as the bits of one word."""
_BLOCK = 100_000
"""Nodes that are asked at once."""


@dataclass(frozen=True)
class Turns:
    """How some rows answer every question, wherever it stands.

    Parameters
    ----------
    words : ndarray of uint64, shape (n_nodes,)
        Bit i says whether row i would go left.
    rows : int
        How many rows there are, at most 64.
    """

    words: Words
    rows: int

    @property
    def every(self) -> np.uint64:
        """The word of all rows."""
        return np.uint64(2**self.rows - 1)


@dataclass(frozen=True)
class Grown:
    """All nodes of all trees; a parent comes before its children.

    Parameters
    ----------
    feature : ndarray of int64, shape (n_nodes,)
        The column that a node asks; -1 for a leaf.
    threshold : ndarray of float64, shape (n_nodes,)
        A row goes left when its value is at most this.
    missing_left : ndarray of bool, shape (n_nodes,)
        Whether NaN goes left.
    left, right : ndarray of int64, shape (n_nodes,)
        The children; -1 for a leaf.
    tree : ndarray of int64, shape (n_nodes,)
        The tree of each node.
    values : ndarray of float64, shape (n_nodes, n_values)
        What leaves say; 0 for other nodes.
    chosen : ndarray of int64, shape (n_nodes,)
        Which row of `sets` a node asks in place of its threshold; -1 for none.
    sets : ndarray of bool, shape (n_sets, n_levels)
        Which levels go left.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    tree: NDArray[np.int64]
    values: NDArray[np.float64]
    chosen: NDArray[np.int64]
    sets: NDArray[np.bool_]

    @classmethod
    def of_flat(cls, trees: FlatTrees) -> Grown:
        """Take flat trees as they are."""
        leaf = trees.feature < 0
        child = trees.child.astype(np.int64)
        values = np.zeros((len(leaf), trees.values.shape[1]))
        values[leaf] = trees.values[child[leaf]]
        sizes = np.diff(trees.roots)
        return cls(
            trees.feature.astype(np.int64),
            trees.threshold.astype(np.float64),
            trees.missing_left,
            np.where(leaf, -1, child),
            np.where(leaf, -1, child + 1),
            np.repeat(np.arange(len(sizes)), sizes),
            values,
            np.full(len(leaf), -1),
            np.zeros((0, 1), np.bool_),
        )

    @cached_property
    def roots(self) -> NDArray[np.int64]:
        """The first node of each tree, shape (n_trees,)."""
        return np.flatnonzero(np.r_[True, np.diff(self.tree) != 0])

    @cached_property
    def parent(self) -> NDArray[np.int64]:
        """The parent of each node, -1 for a root, shape (n_nodes,)."""
        found = np.full(len(self.feature), -1)
        inner = np.flatnonzero(self.feature >= 0)
        found[self.left[inner]] = inner
        found[self.right[inner]] = inner
        return found

    @property
    def leaves(self) -> int:
        """How many leaves there are."""
        return int((self.feature < 0).sum())

    @cached_property
    def steps(self) -> int:
        """How many questions lie on the ways to all leaves together."""
        total, here, deep = 0, self.roots, 0
        while len(here):
            asking = self.feature[here] >= 0
            total += deep * int((~asking).sum())
            here = np.concatenate([self.left[here[asking]], self.right[here[asking]]])
            deep += 1
        return total

    def turns(self, table: NDArray[np.float32]) -> tuple[Turns, ...]:
        """Ask rows every question, 64 rows at a time.

        Parameters
        ----------
        table : ndarray of float32, shape (n_rows, n_columns)
            The rows.
        """
        starts = range(0, len(table), ROWS_A_WORD)
        parts = [table[start : start + ROWS_A_WORD] for start in starts]
        return tuple(Turns(self._words(part), len(part)) for part in parts)

    def _words(self, table: NDArray[np.float32]) -> Words:
        found = np.zeros(len(self.feature), np.uint64)
        if not table.shape[1]:
            return found
        for part, turns in self._lefts(table):
            packed = np.zeros((len(turns), 8), np.uint8)
            bits = np.packbits(turns, axis=1, bitorder="little")
            packed[:, : bits.shape[1]] = bits
            found[part] = packed.view("<u8")[:, 0]
        return found

    def _lefts(self, table: NDArray[np.float32]) -> Iterator[tuple[slice, NDArray[np.bool_]]]:
        """Say, for blocks of nodes, which rows go left: shape (n_block, n_rows)."""
        for start in range(0, len(self.feature), _BLOCK):
            part = slice(start, start + _BLOCK)
            seen = table.T[np.maximum(self.feature[part], 0)]
            missing = np.isnan(seen)
            turns = np.where(
                missing, self.missing_left[part, None], seen <= self.threshold[part, None]
            )
            asked = np.flatnonzero(self.chosen[part] >= 0)
            if len(asked):
                level = np.where(missing[asked], -1, seen[asked]).astype(np.int64)
                known = (level >= 0) & (level < self.sets.shape[1])
                told = self.sets[self.chosen[part][asked, None], np.where(known, level, 0)]
                turns[asked] = told & known
            yield part, turns

    def total(self, turns: tuple[Turns, ...]) -> NDArray[np.float64]:
        """Say where rows end: what each tree says, shape (n_trees, n_rows, n_values)."""
        ends = [np.zeros((len(self.roots), 0), np.int64)]
        for part in turns:
            row = np.arange(part.rows, dtype=np.uint64)
            at = np.repeat(self.roots[:, None], part.rows, axis=1)
            while (going := self.feature[at] >= 0).any():
                lefts = (part.words[at] >> row) & np.uint64(1) == 1
                at = np.where(going, np.where(lefts, self.left[at], self.right[at]), at)
            ends.append(at)
        return np.asarray(self.values[np.concatenate(ends, axis=1)])
