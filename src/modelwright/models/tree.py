"""One decision tree, grown by scikit-learn and pruned by cost and complexity (Breiman et al. 1984).

A large tree is grown, and its weakest link collapsed again and again: the inner node whose subtree
saves the least impurity a leaf. The trees that this leaves behind are nested. How many leaves to
keep is chosen on rows that the tree did not see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.deferred import Deferred
from modelwright.core.errors import OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Stages, State
from modelwright.core.task import Target
from modelwright.models.columns import Ranks
from modelwright.models.options import at_least
from modelwright.models.sample import Classes, Sample
from modelwright.models.trees import FlatTrees, Tree, round_down
from modelwright.models.unpack import array, integer, unsound

__all__ = ["FittedTree", "TreeLearner"]

tree_library = Deferred("sklearn.tree")

Floats = NDArray[np.float64]

_STAGES = 40
_BYTES = 64_000_000
_FOLDS = 5
_MOST = np.finfo(np.float32).max


@dataclass(frozen=True)
class FittedTree:
    """A tree as plain arrays, level by level: siblings are neighbours, and the root is first.

    Unit: a leaf. `at` gives the best tree of the pruning path with at most so many.

    Parameters
    ----------
    feature : ndarray of int32, shape (n_nodes,)
        The column that a node asks; -1 for a leaf. The n-th inner node has the children
        ``1 + 2 n`` (left) and ``2 + 2 n``.
    threshold : ndarray of float32, shape (n_nodes,)
        A row goes left when its value is at most this.
    missing_left : ndarray of bool, shape (n_nodes,)
        Whether a missing value goes left.
    value : ndarray of float64, shape (n_nodes, n_values)
        What the node would say as a leaf: shares of the seen classes, or a mean.
    rows : ndarray of int64, shape (n_nodes,)
        How many training rows came to it.
    least : ndarray of int32, shape (n_nodes,)
        With fewer leaves than this the node is a leaf.
    holes : ndarray of bool, shape (n_columns,)
        Whether training rows lacked a value of each column.
    ranks : Ranks
        How a matrix becomes a table.
    classes : Classes
        The classes of the task, or none.
    units : int
        Leaves at most.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    missing_left: NDArray[np.bool_]
    value: Floats
    rows: NDArray[np.int64]
    least: NDArray[np.int32]
    holes: NDArray[np.bool_]
    ranks: Ranks
    classes: Classes
    units: int
    stages: Stages | None = field(default=None, compare=False)

    @property
    def out_of_bag(self) -> None:
        """None: it does not bag."""
        return None

    @property
    def leaves(self) -> int:
        """How many leaves it has."""
        return int((self.feature < 0).sum())

    @cached_property
    def left(self) -> NDArray[np.int64]:
        """The left child of each inner node, -1 for a leaf; the right one comes next."""
        inner = self.feature >= 0
        return np.where(inner, 2 * np.cumsum(inner) - 1, -1)

    @cached_property
    def _flat(self) -> FlatTrees:
        # leaves are float32: a far-off mean would lose its digits
        value = self.value - self._offset
        bars = self.threshold.astype(np.float64)
        tree = Tree(self.feature, bars, self.left, self.left + 1, self.missing_left, value)
        return FlatTrees.pack([tree])

    @property
    def _offset(self) -> float:
        return 0.0 if self.classes.count else float(self.value[0, 0])

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict: shape (n_rows, n_outputs)."""
        return self._answers(self.ranks.table(X))

    def _answers(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        return self.classes.spread(self._raw(table))

    def _raw(self, table: NDArray[np.float32]) -> Floats:
        """Give means, or the shares of the seen classes."""
        said = self._flat.total(table) + self._offset
        return said / said.sum(axis=1, keepdims=True) if self.classes.count else said

    def sizes(self) -> list[int]:
        """List the numbers of leaves of the trees on the pruning path, the smallest first."""
        return [1, *np.unique(self.least[self.feature >= 0]).tolist()]

    def at(self, units: int) -> FittedTree:
        """Give the tree of at most so many leaves."""
        if units < 1:
            raise OptionError("at least 1 unit", str(units))
        units = min(units, self.units)
        inner = (self.feature >= 0) & (self.least <= units)
        kept = np.concatenate([*_levels(inner, self.left)])
        return replace(
            self,
            feature=np.where(inner, self.feature, -1)[kept].astype(np.int32),
            threshold=self.threshold[kept],
            missing_left=self.missing_left[kept],
            value=self.value[kept],
            rows=self.rows[kept],
            least=self.least[kept],
            units=units,
            stages=None,
        )

    def export(self) -> State:
        """Give the whole state."""
        arrays = {
            "feature": self.feature,
            "threshold": self.threshold,
            "missing_left": self.missing_left,
            "value": self.value,
            "rows": self.rows,
            "least": self.least,
            "holes": self.holes,
            **self.ranks.to_arrays(),
            **self.classes.to_arrays(),
        }
        return State({**self.classes.to_config(), "units": self.units}, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedTree:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        classes, ranks = Classes.of_state(state), Ranks.of_state(state)
        fitted = cls(
            array(state, "feature", np.int32, 1),
            array(state, "threshold", np.float32, 1),
            array(state, "missing_left", np.bool_, 1),
            array(state, "value", np.float64, 2),
            array(state, "rows", np.int64, 1),
            array(state, "least", np.int32, 1),
            array(state, "holes", np.bool_, 1),
            ranks,
            classes,
            integer(state, "units", 1),
        )
        fitted._check()
        return fitted

    def _check(self) -> None:
        nodes, inner = len(self.feature), self.feature >= 0
        arrays = (self.threshold, self.missing_left, self.value, self.rows, self.least)
        if any(len(other) != nodes for other in arrays):
            raise unsound("tree arrays of one length", "several")
        if ((self.feature < -1) | (self.feature >= self.ranks.width)).any():
            raise unsound(f"features below {self.ranks.width}", "others")
        # children after their parent: every walk ends
        if nodes != 1 + 2 * int(inner.sum()) or (self.left[inner] <= np.flatnonzero(inner)).any():
            raise unsound("nodes level by level", "others")
        if len(self.holes) != self.ranks.width:
            raise unsound(f"{self.ranks.width} columns", f"{len(self.holes)}")
        if self.value.shape[1] != self.classes.learned or (self.rows < 0).any():
            raise unsound(f"{self.classes.learned} values a node", f"{self.value.shape}")
        if self.classes.count and ((self.value < 0).any() or (self.value.sum(axis=1) <= 0).any()):
            raise unsound("shares of classes", "others")


def _levels(inner: NDArray[np.bool_], left: NDArray[np.integer]) -> Iterator[NDArray[np.int64]]:
    """Walk from the root, level by level."""
    level = np.zeros(1, np.int64)
    while len(level):
        yield level
        down = left[level[inner[level]]]
        level = np.column_stack([down, down + 1]).reshape(-1).astype(np.int64)


@dataclass(frozen=True)
class TreeLearner:
    """One decision tree, pruned: the model that can be read (`tree_rules.write_rules`).

    Unit: a leaf. With validation rows it records a `Stages` for trees along the pruning path.
    Without, and when the budget does not say how many leaves, they are chosen by cross-validation
    of the penalty for each leaf.

    Parameters
    ----------
    leaves : int
        Leaves of the tree before pruning, at most.
    min_rows_leaf : int
        Rows in a leaf at least.
    one_standard_error : bool
        Whether its own cross-validation takes the smallest tree that is within one standard
        error of the best, instead of the best.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.arange(100, dtype=np.float32)[:, None], ["x"])
    >>> y = Target((np.arange(100) >= 50).astype(np.int64), classes=2)
    >>> fitted = TreeLearner().fit(X, y, budget=Budget(), seed=0)
    >>> fitted.leaves, fitted.threshold[:1]
    (2, array([49.5], dtype=float32))
    """

    name: ClassVar[str] = "tree"
    bags: ClassVar[bool] = False

    leaves: int = 500
    min_rows_leaf: int = 5
    one_standard_error: bool = True

    def __post_init__(self) -> None:
        at_least("leaves", self.leaves, 2)
        at_least("min_rows_leaf", self.min_rows_leaf, 1)

    def fit(
        self,
        X: Matrix,
        y: Target,
        *,
        weight: NDArray[np.float64] | None = None,
        valid: Matrix | None = None,
        valid_y: Target | None = None,
        budget: Budget,
        seed: int,
    ) -> FittedTree:
        """Grow a tree, find its pruning path, and cut it back as told or as validated."""
        sample = Sample.of(X, y, weight, budget)
        grower = _Grower(self, sample, seed)
        grown, path = grower.grow(np.arange(sample.rows))
        if budget.units is not None:
            units = max(budget.units, 1)
            grown = replace(grown, units=max(grown.units, units)).at(units)
        elif valid is None and sample.rows >= 2 * _FOLDS:
            return grown.at(grower.validated(path, budget))
        return grown if valid is None else replace(grown, stages=_stages(grown, valid))


@dataclass(frozen=True)
class _Path:
    """The nested trees of a pruning path, the largest first.

    Parameters
    ----------
    sizes : ndarray of int64
        Their leaves.
    prices : ndarray of float64
        The price of a leaf from which each is the best tree.
    """

    sizes: NDArray[np.int64]
    prices: Floats

    def at(self, price: float) -> int:
        """Give the leaves of the best tree at this price of a leaf."""
        return int(self.sizes[np.searchsorted(self.prices, price, side="right") - 1])


class _Grower:
    """Grows trees on some rows of a sample."""

    def __init__(self, learner: TreeLearner, sample: Sample, seed: int) -> None:
        self._learner, self._sample, self._seed = learner, sample, seed
        values, learned = sample.values, sample.classes.learned
        prior = sample.prior()
        self._answers = np.eye(learned)[values] if sample.classes.count else values[:, None]
        self._prior, self._scale = prior, 1.0
        if not sample.classes.count:
            self._scale = float(np.sqrt(np.mean((values - prior[0]) ** 2))) or 1.0
        ones = np.ones(sample.rows)
        self._weight = ones if sample.weight is None else sample.weight

    def grow(self, rows: NDArray[np.int64]) -> tuple[FittedTree, _Path]:
        """Grow a tree as large as allowed, and find its weakest links."""
        X, classes = self._sample.X.rows(rows), self._sample.classes
        ranks = Ranks.by_answer(X, self._answers[rows])
        table = ranks.table(X)
        tree, risk, count = self._tree(table, rows)
        order = np.concatenate([*_levels(tree.feature >= 0, tree.left)])
        inner = tree.feature[order] >= 0
        least, path = _weakest_links(np.where(inner, 2 * np.cumsum(inner) - 1, -1), risk[order])
        fitted = FittedTree(
            np.where(inner, tree.feature[order], -1).astype(np.int32),
            # an infinite threshold parts what is missing from what is not
            np.where(inner, round_down(tree.threshold[order]), 0).clip(-_MOST, _MOST),
            tree.missing_left[order] & inner,
            tree.value[order].astype(np.float64),
            count[order].astype(np.int64),
            least,
            np.asarray(np.isnan(table).any(axis=0)),
            ranks,
            classes,
            max(int((~inner).sum()), 1),
        )
        return fitted, path

    def _tree(
        self, table: NDArray[np.float32], rows: NDArray[np.int64]
    ) -> tuple[Tree, Floats, NDArray[np.integer]]:
        """Give the tree, and the risk and the rows of each node."""
        none, weight = np.array([-1]), self._weight[rows]
        if not table.shape[1] or not weight.any():
            root = Tree(none, np.zeros(1), none, none, np.zeros(1, bool), self._prior[None])
            return root, np.zeros(1), np.array([len(rows)])
        classes = self._sample.classes
        kind = tree_library.DecisionTreeRegressor
        labels = (self._sample.values[rows] - self._prior[0]) / self._scale
        if classes.count:
            kind, labels = tree_library.DecisionTreeClassifier, self._sample.values[rows]
        model = kind(
            max_leaf_nodes=self._learner.leaves,
            min_samples_leaf=min(self._learner.min_rows_leaf, max(1, len(rows) // 10)),
            random_state=self._seed,
        )
        model.fit(table, labels, sample_weight=weight)
        grown = model.tree_
        count = grown.n_node_samples
        value = self._values(grown.value[:, 0, :], count, getattr(model, "classes_", none))
        tree = Tree.grown(model, value)
        return tree, grown.impurity * grown.weighted_n_node_samples / weight.sum(), count

    def _values(
        self, said: Floats, count: NDArray[np.integer], seen: NDArray[np.integer]
    ) -> Floats:
        """Give means, or shares to which one row like the average of all is added."""
        if not self._sample.classes.count:
            return said * self._scale + self._prior
        shares = np.zeros((len(said), len(self._prior)))
        shares[:, seen] = said
        smooth: Floats = (shares * count[:, None] + self._prior) / (count[:, None] + 1.0)
        return smooth

    def validated(self, path: _Path, budget: Budget) -> int:
        """Choose the number of leaves by cross-validating the price of a leaf."""
        # the price in the middle of the range in which a tree of the path is the best
        middles = np.append(np.sqrt(path.prices[:-1] * path.prices[1:]), np.inf)
        errors = np.full((self._sample.rows, len(middles)), np.nan)
        folds = np.random.default_rng(self._seed).permutation(self._sample.rows) % _FOLDS
        for fold in range(_FOLDS):
            if budget.expired:
                break
            held = np.flatnonzero(folds == fold)
            tree, links = self.grow(np.flatnonzero(folds != fold))
            X, before, error = self._sample.X.rows(held), 0, np.zeros(len(held))
            for place, price in enumerate(middles):
                size = links.at(price)
                if size != before:
                    before, error = size, self._errors(tree.at(size), X, held)
                errors[held, place] = error
        known = ~np.isnan(errors[:, 0])
        if not known.any():
            return int(path.sizes[-1])
        weight = self._weight[known] / self._weight[known].sum()
        mean = weight @ errors[known]
        best = len(mean) - 1 - int(np.argmin(mean[::-1]))
        if self._learner.one_standard_error:
            spread = np.sqrt(weight**2 @ (errors[known] - mean) ** 2)
            best = int(np.flatnonzero(mean <= mean[best] + spread[best])[-1])
        return int(path.sizes[best])

    def _errors(self, tree: FittedTree, X: Matrix, rows: NDArray[np.int64]) -> Floats:
        said = tree._raw(tree.ranks.table(X))
        wrong: Floats = ((said - self._answers[rows]) ** 2).sum(axis=1)
        return wrong


def _weakest_links(left: NDArray[np.int64], risk: Floats) -> tuple[NDArray[np.int32], _Path]:
    """Collapse the inner node whose subtree saves the least risk a leaf, until none is left.

    Parameters
    ----------
    left : ndarray of int64, shape (n_nodes,)
        The left child, below 0 for a leaf; the right one comes next, both after their parent.
    risk : ndarray of float64, shape (n_nodes,)
        The impurity of each node, times its share of the weight.

    Returns
    -------
    least : ndarray of int32, shape (n_nodes,)
        The leaves of the smallest tree in which each node is no leaf; 0 for a leaf of them all.
    path : _Path
        The trees.
    """
    parent = np.full(len(left), -1)
    inner = np.flatnonzero(left >= 0)
    parent[left[inner]] = parent[left[inner] + 1] = inner
    below, leaves = risk.copy(), np.ones(len(left))
    for node in inner[::-1]:
        pair = slice(left[node], left[node] + 2)
        below[node], leaves[node] = below[pair].sum(), leaves[pair].sum()
    least = np.zeros(len(left), np.int32)
    sizes, prices = [int(leaves[0])], [0.0]
    while leaves[0] > 1:
        open_ = inner[leaves[inner] > 1]
        saved = (risk[open_] - below[open_]) / (leaves[open_] - 1)
        node = open_[int(np.argmin(saved))]
        price = max(float(saved.min()), prices[-1])
        size = int(leaves[0])
        gone, lost = leaves[node] - 1, below[node] - risk[node]
        _close(node, left, leaves, least, size)
        while node >= 0:
            leaves[node] -= gone
            below[node] -= lost
            node = parent[node]
        if price > prices[-1] * (1 + 1e-12) + 1e-15:
            sizes.append(int(leaves[0]))
            prices.append(price)
        else:
            sizes[-1] = int(leaves[0])
    return least, _Path(np.array(sizes), np.array(prices))


def _close(
    node: int, left: NDArray[np.int64], leaves: Floats, least: NDArray[np.int32], size: int
) -> None:
    """Mark the open inner nodes of a subtree as needing a tree of so many leaves."""
    waiting = [node]
    while waiting:
        at = waiting.pop()
        least[at] = size
        children = (int(left[at]), int(left[at]) + 1)
        waiting += [child for child in children if leaves[child] > 1]
        for child in children:
            leaves[child] = 1


def _stages(grown: FittedTree, valid: Matrix) -> Stages:
    """Record what trees along the path say; some 40 sizes, ever wider apart."""
    table = grown.ranks.table(valid)
    width = max(len(table) * grown.classes.outputs * 4, 1)
    most = int(min(_STAGES, max(_BYTES // width, 1)))
    sizes = np.unique([*grown.sizes(), grown.units])
    wanted = np.geomspace(1, sizes[-1], most)
    chosen = np.unique(sizes[np.searchsorted(sizes, wanted - 1e-9).clip(max=len(sizes) - 1)])
    said = [grown.at(int(size))._answers(table) for size in chosen]
    return Stages(chosen.astype(np.int64), np.stack(said))
