"""Boosted trees that guess one column from the others: grown by scikit-learn, kept as arrays."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.library import ensembles
from modelwright.core.deferred import Deferred

__all__ = ["Trees", "grow"]

Floats = NDArray[np.float64]

threadpoolctl = Deferred("threadpoolctl")

_ROUNDS = 60
_RATE = 0.1
_LEAVES = 15
_ROWS_LEAF = 10
_MOST_ROWS = 20_000
_FIELDS = ("feature", "threshold", "left", "right", "missing_left", "value", "roots", "base")


@dataclass(frozen=True)
class Trees:
    """Boosted trees, one node after another; children are counted within the whole.

    Parameters
    ----------
    feature : ndarray of int64, shape (n_nodes,)
        The column that a node asks; -1 for a leaf.
    threshold : ndarray of float64, shape (n_nodes,)
        A row goes left when its value is at most this.
    left, right : ndarray of int64, shape (n_nodes,)
        The children; of a leaf, itself.
    missing_left : ndarray of bool, shape (n_nodes,)
        Whether NaN goes left.
    value : ndarray of float64, shape (n_nodes,)
        What a leaf says.
    roots : ndarray of int64, shape (n_trees,)
        Where each tree begins; those of the outputs take turns.
    base : ndarray of float64, shape (n_outputs,)
        What is said without trees.
    classes : tuple of int
        The place of the level that each class is; none for a number.
    """

    feature: NDArray[np.int64]
    threshold: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    value: Floats
    roots: NDArray[np.int64]
    base: Floats
    classes: tuple[int, ...]

    def guess(self, X: Floats) -> Floats:
        """Give a number, or the place of the most likely level, for each row."""
        raw = np.tile(self.base, (len(X), 1))
        row = np.arange(len(X))
        for turn, root in enumerate(self.roots.tolist()):
            node = np.full(len(X), root)
            while (self.feature[node] >= 0).any():
                asked = X[row, np.maximum(self.feature[node], 0)]
                goes = np.where(
                    np.isnan(asked), self.missing_left[node], asked <= self.threshold[node]
                )
                node = np.where(goes, self.left[node], self.right[node])
            raw[:, turn % raw.shape[1]] += self.value[node]
        if not self.classes:
            return raw[:, 0]
        best = raw[:, 0] > 0 if raw.shape[1] == 1 else raw.argmax(axis=1)
        return np.asarray(self.classes, np.float64)[best.astype(np.int64)]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Give its arrays by name."""
        found = {name: getattr(self, name) for name in _FIELDS}
        return {**found, "classes": np.array(self.classes, np.int64)}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]], width: int, levels: int) -> Trees:
        """Read what `to_arrays` gave, for a table of so many columns and levels."""
        feature, left, right, roots = (
            np.asarray(arrays[name], np.int64) for name in ("feature", "left", "right", "roots")
        )
        threshold, value, base = (
            np.asarray(arrays[name], np.float64) for name in ("threshold", "value", "base")
        )
        missing = np.asarray(arrays["missing_left"], np.bool_)
        classes = tuple(int(one) for one in arrays["classes"])
        if {len(one) for one in (left, right, threshold, value, missing)} != {len(feature)}:
            raise ValueError("nodes do not fit")
        _check_walk(feature, left, right, roots)
        if (feature >= width).any() or any(not 0 <= one < levels for one in classes):
            raise ValueError("trees ask for columns or levels that are not there")
        if base.shape != ({0: 1, 2: 1}.get(len(classes), len(classes)),):
            raise ValueError("trees do not fit their classes")
        return cls(feature, threshold, left, right, missing, value, roots, base, classes)


def _check_walk(
    feature: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    roots: NDArray[np.int64],
) -> None:
    """Make sure that every walk ends: children come after their parents, a leaf leads to itself."""
    leaf, places = feature < 0, np.arange(len(feature))
    for child in (left, right):
        if not np.where(leaf, child == places, child > places).all():
            raise ValueError("a walk would not end")
    inside = [(one >= 0) & (one < len(feature)) for one in (left, right, roots)]
    if not all(one.all() for one in inside):
        raise ValueError("a walk would lead outside")


def grow(X: Floats, y: Floats, *, is_level: bool, seed: int) -> Trees:
    """Grow 60 rounds of small trees on one thread.

    Parameters
    ----------
    X : ndarray of float64, shape (n_rows, n_columns)
        NaN is missing, and goes to the side where it does best.
    y : ndarray of float64, shape (n_rows,)
        Numbers, or places of levels; of more than 20,000 rows a sample is learned from.
    is_level : bool
        Whether `y` holds places of levels.
    seed : int
        The only source of randomness.

    Returns
    -------
    Trees

    Examples
    --------
    >>> X = np.linspace(0, 1, 200)[:, None]
    >>> found = grow(X, (X[:, 0] > 0.5).astype(float), is_level=True, seed=0)
    >>> found.guess(np.array([[0.1], [0.9]]))
    array([0., 1.])
    """
    if len(y) > _MOST_ROWS:
        drawn = np.sort(np.random.default_rng(seed).choice(len(y), _MOST_ROWS, replace=False))
        X, y = X[drawn], y[drawn]
    classes = tuple(int(one) for one in np.unique(y)) if is_level else ()
    if len(y) < 2 or (y == y[0]).all():
        return _constant(float(y[0]) if len(y) else 0.0, is_level)
    table = np.where(np.isnan(X).all(axis=0), 0.0, X)  # a column without a value cannot be binned
    kind = (
        ensembles.HistGradientBoostingClassifier
        if is_level
        else ensembles.HistGradientBoostingRegressor
    )
    model = kind(
        learning_rate=_RATE,
        max_iter=_ROUNDS,
        max_leaf_nodes=_LEAVES,
        min_samples_leaf=max(1, min(_ROWS_LEAF, len(y) // 20)),
        early_stopping=False,
        random_state=seed,
    )
    with threadpoolctl.threadpool_limits(1, "openmp"), warnings.catch_warnings():
        # a column of many levels is known to be one of levels
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        model.fit(table, y.astype(np.int64) if is_level else y)
    predictors = [one for group in model._predictors for one in group]
    base = np.asarray(model._baseline_prediction, np.float64).reshape(-1)
    return _packed([one.nodes for one in predictors], base, classes)


def _constant(value: float, is_level: bool) -> Trees:
    """Give a tree without a question, which always says the same."""
    base = 1.0 if is_level else value
    classes = (int(value), int(value)) if is_level else ()
    leaf, zero = np.array([-1]), np.zeros(1)
    own = np.zeros(1, np.int64)
    return Trees(leaf, zero, own, own, own.astype(np.bool_), zero, own, np.array([base]), classes)


def _packed(trees: list[Any], base: Floats, classes: tuple[int, ...]) -> Trees:
    sizes = np.array([len(nodes) for nodes in trees])
    starts = np.cumsum(sizes) - sizes
    nodes = np.concatenate(trees)
    shift, own = np.repeat(starts, sizes), np.arange(len(nodes))
    leaf = nodes["is_leaf"].astype(np.bool_)
    return Trees(
        np.where(leaf, -1, nodes["feature_idx"]).astype(np.int64),
        np.asarray(nodes["num_threshold"], np.float64),
        np.where(leaf, own, nodes["left"].astype(np.int64) + shift),
        np.where(leaf, own, nodes["right"].astype(np.int64) + shift),
        nodes["missing_go_to_left"].astype(np.bool_),
        np.asarray(nodes["value"], np.float64),
        starts.astype(np.int64),
        base,
        classes,
    )
