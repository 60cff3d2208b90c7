"""Decision trees as plain arrays, and the predictor that walks them.

All rows (or all trees, when rows are few) go down one level at a time, so that NumPy does the work
in a handful of calls a level (the layout follows the "flat" trees of scikit-learn and the level-
synchronous walk of Lucchese et al. 2015 in spirit).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.protocols import State
from modelwright.engine import thread_count
from modelwright.models.unpack import array, unsound

__all__ = ["FlatTrees", "Tree", "round_down"]

_LEAF = -1
_MOST = np.finfo(np.float32).max
_CHUNK = 65_536
"""Rows times trees that go down together: small enough for the cache."""
_FEW = 16
"""Rows up to which trees are added up in one call: to call for each would take longer."""
_WORTH_THREADS = 2_000_000
"""Rows times trees from which threads win more than starting them costs."""


@dataclass(frozen=True)
class Tree:
    """One tree as a library gives it: nodes in any order, the root first.

    Parameters
    ----------
    feature : ndarray of int, shape (n_nodes,)
        The column that a node asks; below 0 for a leaf.
    threshold : ndarray of float64, shape (n_nodes,)
        A row goes left when its value, as float32, is at most this.
    left, right : ndarray of int, shape (n_nodes,)
        The children.
    missing_left : ndarray of bool, shape (n_nodes,)
        Whether NaN goes left.
    value : ndarray of shape (n_nodes, n_values)
        What a leaf says.
    """

    feature: NDArray[np.integer]
    threshold: NDArray[np.float64]
    left: NDArray[np.integer]
    right: NDArray[np.integer]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.floating]

    @classmethod
    def grown(cls, model: Any, value: NDArray[np.floating]) -> Tree:
        """Take over a tree of scikit-learn, with what its nodes say: shape (n_nodes, n_values)."""
        nodes = model.tree_
        return cls(
            nodes.feature,
            nodes.threshold,
            nodes.children_left,
            nodes.children_right,
            nodes.missing_go_to_left.astype(bool),
            value,
        )


def round_down(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """Give the largest float32 that is at most each threshold.

    Comparing a float32 value with it gives the same answer as with the float64 threshold.

    Examples
    --------
    >>> bool(round_down(np.array([0.1]))[0] <= 0.1)
    True
    """
    near = threshold.astype(np.float32)
    below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near.astype(np.float64) > threshold, below, near)


@dataclass(frozen=True)
class _Walk:
    """The nodes again, with each leaf leading to itself: a walk down needs no mask."""

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    missing_left: NDArray[np.bool_]


@dataclass(frozen=True)
class FlatTrees:
    """All trees of a model, one after another.

    Parameters
    ----------
    feature : ndarray of int32, shape (n_nodes,)
        The column that a node asks; -1 for a leaf.
    threshold : ndarray of float32, shape (n_nodes,)
        A row goes left when its value is at most this.
    child : ndarray of int32, shape (n_nodes,)
        The left child, counted within the whole array; the right child comes next. For a leaf:
        its row of `values`.
    missing_left : ndarray of bool, shape (n_nodes,)
        Whether NaN goes left.
    values : ndarray of float32, shape (n_leaves, n_values)
        What leaves say.
    roots : ndarray of int64, shape (n_trees + 1,)
        Where each tree begins, and where the last one ends.

    Examples
    --------
    >>> stump = Tree(np.array([0, -1, -1]), np.array([0.5, 0, 0]), np.array([1, -1, -1]),
    ...              np.array([2, -1, -1]), np.zeros(3, bool), np.array([[0.0], [1.0], [2.0]]))
    >>> trees = FlatTrees.pack([stump])
    >>> trees.total(np.array([[0.5], [0.6], [np.nan]], np.float32))[:, 0]
    array([1., 2., 2.])
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    child: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    values: NDArray[np.float32]
    roots: NDArray[np.int64]

    @cached_property
    def _walk(self) -> _Walk:
        leaf = self.feature == _LEAF
        own = np.arange(len(leaf), dtype=np.int32)
        bar = np.where(leaf, np.float32(np.inf), self.threshold)
        return _Walk(
            np.where(leaf, 0, self.feature), bar, np.where(leaf, own, self.child),
            self.missing_left | leaf,
        )  # fmt: skip

    @classmethod
    def pack(cls, trees: Sequence[Tree]) -> FlatTrees:
        """Put trees one after another, each renumbered level by level."""
        feature, threshold, child, missing, values, roots = [], [], [], [], [], [0]
        nodes = leaves = 0
        for tree in trees:
            order = _by_level(tree)
            place = np.empty(len(order), np.int64)
            place[order] = np.arange(len(order))
            leaf = tree.feature[order] < 0
            left = nodes + place[np.where(leaf, 0, tree.left[order])]
            rank = leaves + np.cumsum(leaf) - 1
            feature.append(np.where(leaf, _LEAF, tree.feature[order]).astype(np.int32))
            bar = np.clip(round_down(tree.threshold[order]), -_MOST, _MOST)
            threshold.append(np.where(leaf, 0, bar).astype(np.float32))
            child.append(np.where(leaf, rank, left).astype(np.int32))
            missing.append(tree.missing_left[order].astype(bool) & ~leaf)
            values.append(tree.value[order][leaf].astype(np.float32))
            nodes, leaves = nodes + len(order), leaves + int(leaf.sum())
            roots.append(nodes)
        return cls(
            np.concatenate(feature),
            np.concatenate(threshold),
            np.concatenate(child),
            np.concatenate(missing),
            np.concatenate(values),
            np.array(roots, np.int64),
        )

    def __len__(self) -> int:
        return len(self.roots) - 1

    def first(self, trees: int) -> FlatTrees:
        """Give the first so many trees."""
        trees = min(trees, len(self))
        end = int(self.roots[trees])
        leaves = int((self.feature[:end] == _LEAF).sum())
        return FlatTrees(
            self.feature[:end],
            self.threshold[:end],
            self.child[:end],
            self.missing_left[:end],
            self.values[:leaves],
            self.roots[: trees + 1],
        )

    def total(
        self, X: NDArray[np.float32], cycle: int = 1, start: int = 0, stop: int | None = None
    ) -> NDArray[np.float64]:
        """Add up what trees say.

        Parameters
        ----------
        X : ndarray of float32, shape (n_rows, n_features)
            NaN is missing.
        cycle : int
            Tree t adds to the t-th group of columns, modulo this: the classes of a boosted model.
        start, stop : int
            Which trees, by default all.

        Returns
        -------
        ndarray of float64, shape (n_rows, cycle * n_values)
        """
        stop = len(self) if stop is None else min(stop, len(self))
        width = self.values.shape[1]
        out = np.zeros((len(X), cycle, width))
        X = np.ascontiguousarray(X, np.float32)
        missing = bool(np.isnan(X).any())
        trees = range(start, stop)
        threads = thread_count() if len(X) * len(trees) >= _WORTH_THREADS else 1
        rows = min(max(-(-len(X) // threads), 1), _CHUNK)

        def add(begin: int) -> None:
            part = slice(begin, begin + rows)
            self._add(out[part], X[part], trees, missing)

        begins = range(0, len(X), rows)
        if threads == 1:
            for begin in begins:
                add(begin)
        else:  # NumPy lets other threads work meanwhile; each row is summed by one
            with ThreadPoolExecutor(threads) as pool:
                deque(pool.map(add, begins), maxlen=0)
        return out.reshape(len(X), cycle * width)

    def _add(
        self, out: NDArray[np.float64], X: NDArray[np.float32], trees: range, missing: bool
    ) -> None:
        """Add what some trees say of some rows to ``out``, (n_rows, cycle, n_values)."""
        together = max(1, min(len(trees), _CHUNK // max(len(X), 1)))
        for first in range(trees.start, trees.stop, together):
            group = np.arange(first, min(first + together, trees.stop))
            leaves = self._leaves(X, group, missing)
            if len(X) <= _FEW:
                _add_up(out, self.values[leaves], first)
                continue
            for t, found in zip(group, leaves, strict=True):
                out[:, t % out.shape[1]] += self.values[found]

    def each(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Say what each tree says: shape (n_trees, n_rows, n_values).

        Parameters
        ----------
        X : ndarray of float32, shape (n_rows, n_features)
            NaN is missing.
        """
        X = np.ascontiguousarray(X, np.float32)
        out = np.empty((len(self), len(X), self.values.shape[1]))
        missing = bool(np.isnan(X).any())
        for begin in range(0, len(X), _CHUNK):
            part = X[begin : begin + _CHUNK]
            together = max(1, _CHUNK // len(part))
            for tree in range(0, len(self), together):
                group = np.arange(tree, min(tree + together, len(self)))
                out[group, begin : begin + len(part)] = self.values[
                    self._leaves(part, group, missing)
                ]
        return out

    def _leaves(
        self, X: NDArray[np.float32], trees: NDArray[np.int64], missing: bool
    ) -> NDArray[np.int32]:
        """Find the leaf of each row in each tree: shape (n_trees, n_rows) of rows of `values`."""
        flat, columns = X.reshape(-1), X.shape[1]
        nodes = np.repeat(self.roots[trees].astype(np.int32), len(X))
        if columns == 0:
            return self.child[nodes].reshape(len(trees), len(X))
        walk = self._walk
        offset = np.tile(np.arange(len(X), dtype=np.int64) * columns, len(trees))
        active, at = np.arange(len(nodes)), nodes
        while len(active):
            for _ in range(4):
                seen = flat.take(offset + walk.feature.take(at))
                right = ~(seen <= walk.threshold.take(at))
                if missing:
                    right &= ~(np.isnan(seen) & walk.missing_left.take(at))
                at = walk.left.take(at) + right
            nodes[active] = at
            going = self.feature.take(at) != _LEAF
            active, at, offset = active[going], at[going], offset[going]
        return self.child[nodes].reshape(len(trees), len(X))

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Give the arrays that `of_state` reads."""
        return {
            "feature": self.feature,
            "threshold": self.threshold,
            "child": self.child,
            "missing_left": self.missing_left,
            "values": self.values,
            "roots": self.roots,
        }

    @classmethod
    def of_state(cls, state: State, features: int, width: int) -> FlatTrees:
        """Read what `to_arrays` gave.

        Parameters
        ----------
        state : State
            What a file held.
        features : int
            How many columns a row has.
        width : int
            How many values a leaf has.

        Raises
        ------
        ModelFileError
            When a walk down these arrays could leave them, or never end.
        """
        trees = cls(
            array(state, "feature", np.int32, 1),
            array(state, "threshold", np.float32, 1),
            array(state, "child", np.int32, 1),
            array(state, "missing_left", np.bool_, 1),
            array(state, "values", np.float32, 2),
            array(state, "roots", np.int64, 1),
        )
        trees._check(features, width)
        return trees

    def _check(self, features: int, width: int) -> None:
        nodes, roots = len(self.feature), self.roots
        if not nodes == len(self.threshold) == len(self.child) == len(self.missing_left):
            raise unsound("tree arrays of one length", "several")
        framed = len(roots) > 1 and roots[0] == 0 and roots[-1] == nodes
        if not framed or (np.diff(roots) < 1).any():
            raise unsound("trees one after another", "others")
        if ((self.feature < _LEAF) | (self.feature >= features)).any():
            raise unsound(f"features below {features}", "others")
        leaf = self.feature == _LEAF
        inner = np.flatnonzero(~leaf)
        end = np.repeat(roots[1:], np.diff(roots))[inner]
        child = self.child[inner].astype(np.int64)
        # children after their parent: no cycle, so that every walk ends
        if ((child <= inner) | (child + 1 >= end)).any():
            raise unsound("children after their parent, in the same tree", "others")
        count = int(leaf.sum())
        if self.values.shape != (count, width) or not count:
            raise unsound(f"{count} leaves of {width} values", f"{self.values.shape}")
        if not np.array_equal(self.child[leaf], np.arange(count)):
            raise unsound("leaves numbered in order", "others")


def _by_level(tree: Tree) -> NDArray[np.int64]:
    """Order the nodes level by level, so that siblings are neighbours."""
    level, levels = np.zeros(1, np.int64), []
    while len(level):
        levels.append(level)
        inner = level[tree.feature[level] >= 0]
        level = np.column_stack([tree.left[inner], tree.right[inner]]).reshape(-1).astype(np.int64)
    return np.concatenate(levels)


def _add_up(out: NDArray[np.float64], said: NDArray[np.float32], first: int) -> None:
    """Add what trees from `first` on say, (n_trees, n_rows, n_values), one after the other."""
    cycle = out.shape[1]
    for t in range(first, min(first + cycle, first + len(said))):
        mine = said[t - first :: cycle].astype(np.float64)
        mine[0] += out[:, t % cycle]
        # the same order as tree by tree, and so the same rounding
        out[:, t % cycle] = np.add.accumulate(mine)[-1]
