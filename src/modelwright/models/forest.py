"""Random forests (Breiman 2001) and extremely randomised trees (Geurts, Ernst and Wehenkel 2006).

Both are fitted by scikit-learn and differ in one thing: at each split, a random forest searches the
best threshold of some columns drawn at random, extra trees draw the thresholds too.

Every tree is fitted alone, on a bootstrap drawn from a seed of its own. So the n-th tree is the
same whatever the number of trees, the threads or the clock, and the rows that a tree did not draw
give honest out-of-bag predictions: one fit instead of one a fold.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.deferred import Deferred
from modelwright.core.errors import OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.seed import Seed
from modelwright.core.task import Target
from modelwright.models.columns import Ranks
from modelwright.models.options import at_least, between
from modelwright.models.sample import Classes, Sample
from modelwright.models.trees import FlatTrees, Tree
from modelwright.models.unpack import array, unsound

__all__ = ["BaggedTreesLearner", "ExtraTreesLearner", "FittedForest", "RandomForestLearner"]

tree_library = Deferred("sklearn.tree")

_LEAVES = 1_000_000
"""Leaves of a whole forest at most, so that its arrays stay within some 30 MB."""


@dataclass(frozen=True)
class FittedForest:
    """Averaged trees as plain arrays.

    Parameters
    ----------
    trees : FlatTrees
        The trees; a leaf holds the shares of the seen classes, or a mean.
    ranks : Ranks
        How a matrix becomes a table.
    classes : Classes
        The classes of the task, or none.
    offset : float
        Added to a regression: the mean of the training answers, so that float32 leaves are exact
        enough for a far-off target.
    out_of_bag : ndarray of float32 or None
        Predictions of the training rows by the trees that did not draw them.
    """

    trees: FlatTrees
    ranks: Ranks
    classes: Classes
    offset: float = 0.0
    out_of_bag: NDArray[np.float32] | None = field(default=None, compare=False)

    @property
    def units(self) -> int:
        """How many trees it has."""
        return len(self.trees)

    @property
    def stages(self) -> None:
        """None: more trees never hurt, so there is nothing to choose."""
        return None

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict: shape (n_rows, n_outputs)."""
        mean = self.trees.total(self.ranks.table(X)) / len(self.trees)
        return _answers(mean, self.offset, self.classes)

    def at(self, units: int) -> FittedForest:
        """Give the forest of the first so many trees."""
        if units < 1:
            raise OptionError("at least 1 unit", str(units))
        return replace(self, trees=self.trees.first(units), out_of_bag=None)

    def export(self) -> State:
        """Give the whole state."""
        arrays = {
            "offset": np.array([self.offset]),
            **self.trees.to_arrays(),
            **self.ranks.to_arrays(),
            **self.classes.to_arrays(),
        }
        return State(self.classes.to_config(), arrays)

    @classmethod
    def restore(cls, state: State) -> FittedForest:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        classes, ranks = Classes.of_state(state), Ranks.of_state(state)
        trees = FlatTrees.of_state(state, ranks.width, classes.learned)
        offset = array(state, "offset", np.float64, 1)
        if len(offset) != 1:
            raise unsound("one offset", str(len(offset)))
        return cls(trees, ranks, classes, float(offset[0]))


def _answers(mean: NDArray[np.float64], offset: float, classes: Classes) -> NDArray[np.float32]:
    if not classes.count:
        return classes.spread(mean + offset)
    return classes.spread(mean / mean.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class _Forest:
    """What both learners are; they differ in how a split finds its threshold."""

    name: ClassVar[str]
    bags: ClassVar[bool] = True
    splitter: ClassVar[str]

    trees: int = 200
    min_rows_leaf: int = 2
    column_share: float = 0.0
    leaves: int = 15_000
    threads: int = 1

    def __post_init__(self) -> None:
        at_least("trees", self.trees, 1)
        at_least("min_rows_leaf", self.min_rows_leaf, 1)
        between("column_share", self.column_share, -1e-9, 1)
        at_least("leaves", self.leaves, 2)
        at_least("threads", self.threads, 1)

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
    ) -> FittedForest:
        """Fit tree by tree until there are enough, or the time is over."""
        return _grow(self, X, Sample.of(X, y, weight, budget), budget, Seed(seed))


@dataclass(frozen=True)
class ExtraTreesLearner(_Forest):
    """Extremely randomised trees on bootstraps, with out-of-bag predictions.

    Unit: a tree. Validation rows are not used: a forest does not overfit by growing.

    Parameters
    ----------
    trees : int
        How many, unless the budget says or ends sooner; fewer for many rows.
    min_rows_leaf : int
        Rows in a leaf at least.
    column_share : float
        Share of the columns that each split tries; 0 means their square root for classes, and
        half of them for numbers.
    leaves : int
        Leaves of a tree at most.
    threads : int
        Trees that are fitted at once; never taken from the machine.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.arange(100, dtype=np.float32)[:, None], ["x"])
    >>> y = Target((np.arange(100) >= 50).astype(np.int64), classes=2)
    >>> fitted = ExtraTreesLearner(trees=30).fit(X, y, budget=Budget(), seed=0)
    >>> fitted.units, fitted.out_of_bag.argmax(axis=1)[[0, 99]]
    (30, array([0, 1]))
    """

    name: ClassVar[str] = "extra-trees"
    splitter: ClassVar[str] = "random"


@dataclass(frozen=True)
class RandomForestLearner(_Forest):
    """Trees on bootstraps, the best threshold of randomly drawn columns at each split.

    The parameters are those of `ExtraTreesLearner`.

    Examples
    --------
    >>> RandomForestLearner(trees=30).trees
    30
    """

    name: ClassVar[str] = "random-forest"
    splitter: ClassVar[str] = "best"


@dataclass(frozen=True)
class BaggedTreesLearner(_Forest):
    """Bagging (Breiman 1996): trees on bootstraps, each split free to take any column.

    What a random forest is compared with: its trees differ by their rows alone. The parameters are
    those of `ExtraTreesLearner`; `column_share` is 1.

    Examples
    --------
    >>> BaggedTreesLearner(trees=30).column_share
    1.0
    """

    name: ClassVar[str] = "bagged-trees"
    splitter: ClassVar[str] = "best"

    column_share: float = 1.0


def _grow(learner: _Forest, X: Matrix, sample: Sample, budget: Budget, seed: Seed) -> FittedForest:
    ranks = Ranks.fit(sample.X)
    grower = _Grower(learner, sample, ranks.table(sample.X), seed)
    count = _count(learner, sample, budget)
    fitted: list[Tree] = []
    bag = _OutOfBag(ranks.table(X), sample)
    with ThreadPoolExecutor(learner.threads) as pool:
        while len(fitted) < count:
            began = time.monotonic()
            batch = range(len(fitted), min(len(fitted) + learner.threads, count))
            for tree, drawn in pool.map(grower, batch):
                fitted.append(tree)
                bag.add(tree, drawn)
            # the next batch takes about as long as this one, and must end in time
            if budget.left <= time.monotonic() - began:
                break
    offset = grower.offset
    return FittedForest(FlatTrees.pack(fitted), ranks, sample.classes, offset, bag.answers(offset))


def _count(learner: _Forest, sample: Sample, budget: Budget) -> int:
    """Give how many trees: as told, or fewer when each has many leaves."""
    if budget.units is not None:
        return max(budget.units, 1)
    leaves = max(min(learner.leaves, sample.rows // (2 * learner.min_rows_leaf)), 1)
    return min(learner.trees, max(_LEAVES // leaves, 30))


class _Grower:
    """Fits one tree from its number."""

    def __init__(
        self, learner: _Forest, sample: Sample, table: NDArray[np.float32], seed: Seed
    ) -> None:
        self._learner, self._sample, self._table, self._seed = learner, sample, table, seed
        self.offset = 0.0 if sample.classes.count else float(sample.prior()[0])
        self._labels = sample.values - self.offset if not sample.classes.count else sample.values
        weight = sample.weight
        self._weight = np.ones(sample.rows) if weight is None else weight

    def __call__(self, index: int) -> tuple[Tree, NDArray[np.bool_]]:
        """Give the tree, and which of the rows that count it has drawn."""
        seed = self._seed.derive("tree", index)
        rows = self._sample.rows
        draws = np.random.default_rng(seed).integers(0, rows, rows)
        counts = np.bincount(draws, minlength=rows)
        if not self._table.shape[1]:
            return self._stump(counts), counts > 0
        learner, classes = self._learner, self._sample.classes.count
        kind = (
            tree_library.DecisionTreeClassifier if classes else tree_library.DecisionTreeRegressor
        )
        model = kind(
            splitter=learner.splitter,
            min_samples_leaf=learner.min_rows_leaf,
            max_features=learner.column_share or ("sqrt" if classes else 0.5),
            max_leaf_nodes=learner.leaves if rows > learner.leaves else None,
            random_state=seed,
        )
        model.fit(self._table, self._labels, sample_weight=counts * self._weight)
        return self._taken_over(model), counts > 0

    def _taken_over(self, model: Any) -> Tree:
        said: NDArray[np.float64] = model.tree_.value[:, 0, :]
        value = said
        if self._sample.classes.count:
            # a bootstrap may lack a class that the training rows have
            value = np.zeros((len(said), self._sample.classes.learned))
            value[:, model.classes_] = said
        return Tree.grown(model, value)

    def _stump(self, counts: NDArray[np.integer]) -> Tree:
        """Give the tree of a table without columns: one leaf."""
        weight = counts * self._weight
        if self._sample.classes.count:
            value = np.bincount(self._labels, weight, self._sample.classes.learned).astype(float)
            value /= value.sum()
        else:
            value = np.array([np.average(self._labels, weights=weight)])
        none = np.array([-1])
        return Tree(none, np.zeros(1), none, none, np.zeros(1, bool), value[None])


class _OutOfBag:
    """Adds up, for every training row, what the trees say that did not draw it."""

    def __init__(self, table: NDArray[np.float32], sample: Sample) -> None:
        self._table, self._sample = table, sample
        self._sum = np.zeros((len(table), sample.classes.learned))
        self._count = np.zeros(len(table), np.int64)

    def add(self, tree: Tree, drawn: NDArray[np.bool_]) -> None:
        """Count a tree for the rows that it did not draw."""
        out = np.ones(len(self._table), bool)
        kept = self._sample.kept
        out[slice(None) if kept is None else kept] = ~drawn
        rows = np.flatnonzero(out)
        self._sum[rows] += FlatTrees.pack([tree]).total(self._table[rows])
        self._count[rows] += 1

    def answers(self, offset: float) -> NDArray[np.float32]:
        """Give the mean over the trees of each row; NaN for a row that every tree drew."""
        out = np.full((len(self._table), self._sample.classes.outputs), np.nan, np.float32)
        rows = np.flatnonzero(self._count)
        mean = self._sum[rows] / self._count[rows, None]
        out[rows] = _answers(mean, offset, self._sample.classes)
        return out
