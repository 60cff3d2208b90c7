"""Histogram boosting by scikit-learn, for a machine on which LightGBM cannot be loaded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.deferred import Deferred
from modelwright.core.errors import FitError, OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Stages, State
from modelwright.core.task import Target
from modelwright.models.columns import Ranks
from modelwright.models.growth import Growth
from modelwright.models.options import at_least, between
from modelwright.models.sample import Classes, Sample, loss
from modelwright.models.trees import FlatTrees, Tree
from modelwright.models.unpack import array, integer, unsound

__all__ = ["FittedHistogram", "HistogramBoosting"]

ensemble = Deferred("sklearn.ensemble")
threadpoolctl = Deferred("threadpoolctl")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FittedHistogram:
    """Boosted trees as plain arrays, whether scikit-learn, XGBoost or CatBoost grew them.

    Parameters
    ----------
    trees : FlatTrees
        One tree a round and output.
    ranks : Ranks
        How a matrix becomes a table.
    classes : Classes
        The classes of the task, or none.
    base : ndarray of float64, shape (k,)
        Added to what the trees say.
    scale : float
        What one unit of a tree's output is worth in the units of the target.
    units : int
        Rounds.
    """

    trees: FlatTrees
    ranks: Ranks
    classes: Classes
    base: Floats
    scale: float
    units: int
    stages: Stages | None = field(default=None, compare=False)

    @property
    def out_of_bag(self) -> None:
        """None: it does not bag."""
        return None

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict: shape (n_rows, n_outputs)."""
        raw = self.trees.total(self.ranks.table(X), cycle=len(self.base))
        return self.classes.answers(raw * self.scale + self.base)

    def at(self, units: int) -> FittedHistogram:
        """Give the model of the first so many rounds."""
        if units < 1:
            raise OptionError("at least 1 unit", str(units))
        units = min(units, self.units)
        return replace(
            self, trees=self.trees.first(units * len(self.base)), units=units, stages=None
        )

    @classmethod
    def constant(
        cls, ranks: Ranks, sample: Sample, units: int, valid: Matrix | None
    ) -> FittedHistogram:
        """Give the model that predicts the prior of a sample, after so many rounds of nothing."""
        none = np.array([-1])
        leaf = Tree(none, np.zeros(1), none, none, np.zeros(1, bool), np.zeros((1, 1)))
        base, scale = sample.start()
        trees = FlatTrees.pack([leaf] * len(base))
        fitted = cls(trees, ranks, sample.classes, base, scale, units)
        if valid is None:
            return fitted
        stages = Stages(np.array([units], np.int64), fitted.predict(valid)[None])
        return replace(fitted, stages=stages)

    def export(self) -> State:
        """Give the whole state."""
        arrays = {
            "moments": np.array([self.scale, *self.base]),
            **self.trees.to_arrays(),
            **self.ranks.to_arrays(),
            **self.classes.to_arrays(),
        }
        return State({**self.classes.to_config(), "units": self.units}, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedHistogram:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        classes, ranks = Classes.of_state(state), Ranks.of_state(state)
        trees = FlatTrees.of_state(state, ranks.width, 1)
        moments = array(state, "moments", np.float64, 1)
        learned = classes.scored
        if len(moments) != 1 + learned:
            raise unsound(f"{1 + learned} moments", str(len(moments)))
        units = integer(state, "units", 1)
        return cls(trees, ranks, classes, moments[1:], float(moments[0]), units)


@dataclass(frozen=True)
class HistogramBoosting:
    """Gradient boosting of histogram trees by scikit-learn, predicted by our own code.

    It stands in for LightGBM, and grows the same way: a unit is a round, and validation rows give
    `Stages` and an early stop. Categories are ranks by frequency.

    Parameters
    ----------
    learning_rate : float
        How much each tree counts.
    leaves : int
        Leaves of a tree at most.
    min_rows_leaf : int
        Rows in a leaf at least (at most a twentieth of all).
    column_share : float
        Share of the columns that each split sees.
    l2 : float
        Ridge penalty on leaf values.
    max_rounds : int
        Rounds after which to stop in any case.
    threads : int
        Threads of a fit.
    max_bin : int
        Bins of a number, at most 255.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.arange(200, dtype=np.float32)[:, None], ["x"])
    >>> y = Target(np.arange(200) ** 2.0)
    >>> fitted = HistogramBoosting().fit(X, y, budget=Budget(units=60), seed=0)
    >>> bool(fitted.predict(X)[190, 0] > 30_000)
    True
    """

    name: ClassVar[str] = "histogram-boosting"
    bags: ClassVar[bool] = False

    learning_rate: float = 0.05
    leaves: int = 31
    min_rows_leaf: int = 10
    column_share: float = 0.8
    l2: float = 1.0
    max_rounds: int = 1_000
    threads: int = 1
    max_bin: int = 255

    def __post_init__(self) -> None:
        between("learning_rate", self.learning_rate, 0, 1)
        at_least("leaves", self.leaves, 2)
        at_least("min_rows_leaf", self.min_rows_leaf, 1)
        between("column_share", self.column_share, 0, 1)
        at_least("l2", self.l2, 0)
        at_least("max_rounds", self.max_rounds, 1)
        at_least("threads", self.threads, 1)
        between("max_bin", self.max_bin, 1, 255)

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
    ) -> FittedHistogram:
        """Fit rounds until the budget, the patience or `max_rounds` ends."""
        sample = Sample.of(X, y, weight, budget)
        most = self.max_rounds
        if valid is None:
            most = min(most, max(1, round(6 / self.learning_rate)))
        growth = Growth(most, budget)
        fit = _Fit(self, sample, valid, valid_y, growth)
        if fit.hopeless:
            return FittedHistogram.constant(fit.ranks, sample, budget.units or 1, valid)
        with threadpoolctl.threadpool_limits(self.threads, "openmp"):
            return fit.run(seed)

    def estimator(self, sample: Sample, seed: int) -> Any:
        """Give scikit-learn's estimator of these settings, unfitted."""
        classes = sample.classes.count
        kind = ensemble.HistGradientBoostingClassifier if classes else None
        return (kind or ensemble.HistGradientBoostingRegressor)(
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=min(self.min_rows_leaf, max(1, sample.rows // 20)),
            max_features=self.column_share,
            l2_regularization=self.l2,
            max_bins=max(self.max_bin, 2),
            early_stopping=False,
            warm_start=True,
            random_state=seed,
        )


@dataclass
class _Fit:
    """One fit: scikit-learn grows a few rounds at a time, and its trees are taken over."""

    learner: HistogramBoosting
    sample: Sample
    valid: Matrix | None
    valid_y: Target | None
    growth: Growth

    def __post_init__(self) -> None:
        self.ranks = Ranks.fit(self.sample.X)
        self.base, self.scale = self.sample.start()

    @property
    def hopeless(self) -> bool:
        """Whether there is nothing to learn: no column, or one answer."""
        return not self.ranks.width or self.sample.settled

    def run(self, seed: int) -> FittedHistogram:
        """Grow by about 30 % at a time: each start of scikit-learn begins with what is there."""
        classes = self.sample.classes
        labels = self.sample.values
        if not classes.count:
            labels = (labels - self.base[0]) / self.scale
        table = self.ranks.table(self.sample.X)
        # scikit-learn cannot bin a column without a value; no tree asks for a constant one
        table[:, np.isnan(table).all(axis=0)] = 0.0
        watch = None if self.valid is None else self.ranks.table(self.valid)
        estimator, trees = self.learner.estimator(self.sample, seed), list[Tree]()
        raw = np.zeros((0 if watch is None else len(watch), len(self.base)))
        base, done, going = self.base, 0, True
        while going:
            step = max(10, done * 30 // 100)
            whole = (
                self.growth.rounds if watch is None and self.growth.budget.deadline is None else 0
            )
            estimator.max_iter = min(max(done + step, whole), self.growth.rounds)
            try:
                estimator.fit(table, labels, sample_weight=self.sample.weight)
            except ValueError as error:
                raise FitError(f"scikit-learn: {error}") from error
            new = [_tree(p) for group in estimator._predictors[done:] for p in group]
            base = np.asarray(estimator._baseline_prediction, np.float64).reshape(-1)
            trees, done = trees + new, int(estimator.n_iter_)
            judged = None
            if watch is not None:
                raw += FlatTrees.pack(new).total(watch, cycle=len(self.base))
                judged = self._record(done, raw, base)
            going = self.growth.goes_on(done, judged)
        return self._fitted(trees, done, base)

    def _record(self, done: int, raw: Floats, base: Floats) -> float | None:
        scores = raw * self.scale + self._moved(base)
        predictions = self.sample.classes.answers(scores)
        self.growth.record(done, predictions)
        return None if self.valid_y is None else loss(predictions, self.valid_y)

    def _moved(self, base: Floats) -> Floats:
        """Give the base in the units of the target."""
        return base if self.sample.classes.count else self.base + self.scale * base

    def _fitted(self, trees: list[Tree], done: int, base: Floats) -> FittedHistogram:
        return FittedHistogram(
            FlatTrees.pack(trees), self.ranks, self.sample.classes, self._moved(base), self.scale,
            done, self.growth.stages(),
        )  # fmt: skip


def _tree(predictor: Any) -> Tree:
    """Take over a tree of scikit-learn, whose nodes are records."""
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        np.where(leaf, -1, nodes["feature_idx"]),
        nodes["num_threshold"],
        nodes["left"].astype(np.int64),
        nodes["right"].astype(np.int64),
        nodes["missing_go_to_left"].astype(bool),
        nodes["value"][:, None],
    )
