"""AdaBoost: each tree is fitted on the rows that those before it got wrong.

Classes by SAMME (Freund and Schapire 1997; Zhu, Zou, Rosset and Hastie 2009): a tree m with the
weighted error e counts alpha = rate * (log((1 - e) / e) + log(K - 1)), and the weight of each row
that it got wrong grows by exp(alpha). Numbers by AdaBoost.R2 (Drucker 1997), with weighted rows
where the paper draws them by weight; with the mean loss L, rows are worth beta ** (1 - loss) of
what they were, beta = L / (1 - L), and the answer is the median of the trees, weighted by
rate * log(1 / beta).

Votes are no probabilities: they say which class, and are far too sure of it. So a temperature is
found on a fifth of the rows that a first ensemble did not see (Niculescu-Mizil and Caruana 2005,
"Obtaining calibrated probabilities from boosting"); then one is fitted on all rows.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.deferred import Deferred
from modelwright.core.errors import OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.seed import Seed
from modelwright.core.task import Target
from modelwright.evaluate.calibration import fit_temperature
from modelwright.models.columns import Ranks
from modelwright.models.options import at_least, between
from modelwright.models.sample import Classes, Sample, held_out, softmax
from modelwright.models.trees import FlatTrees, Tree
from modelwright.models.unpack import array, number, unsound

__all__ = ["AdaBoostLearner", "FittedAdaBoost", "r2_step", "samme_step", "weighted_median"]

tree_library = Deferred("sklearn.tree")

Floats = NDArray[np.float64]

_CELLS = 4_000_000
"""Answers of single trees held at a time."""


def samme_step(
    weight: Floats, wrong: NDArray[np.bool_], classes: int, rate: float
) -> tuple[float, Floats]:
    """Give what a classifier counts, and the weights of rows for the next one.

    Parameters
    ----------
    weight : ndarray of float64, shape (n_rows,)
        How much each row counted.
    wrong : ndarray of bool, shape (n_rows,)
        Whether the classifier got it wrong.
    classes : int
        How many classes there are.
    rate : float
        The learning rate.

    Returns
    -------
    alpha : float
        1 for a classifier without an error; 0 for one that is no better than chance.
    weight : ndarray of float64, shape (n_rows,)
        They sum to one.

    Examples
    --------
    >>> alpha, weight = samme_step(np.full(4, 0.25), np.array([1, 0, 0, 0], bool), 2, 1.0)
    >>> round(alpha, 3), weight.round(3).tolist()
    (1.099, [0.5, 0.167, 0.167, 0.167])
    """
    error = float(np.average(wrong, weights=weight))
    if error <= 0:
        return 1.0, weight / weight.sum()
    if error >= 1 - 1 / classes:
        return 0.0, weight / weight.sum()
    alpha = rate * (np.log((1 - error) / error) + np.log(classes - 1.0))
    grown = weight * np.exp(alpha * wrong)
    return float(alpha), grown / grown.sum()


def r2_step(weight: Floats, miss: Floats, rate: float) -> tuple[float, Floats]:
    """Give what a regression model counts, and the weights of rows for the next one.

    Parameters
    ----------
    weight : ndarray of float64, shape (n_rows,)
        How much each row counted; they sum to one.
    miss : ndarray of float64, shape (n_rows,)
        By how much the model misses each answer; above or equal zero.
    rate : float
        The learning rate.

    Returns
    -------
    say : float
        1 for a model that misses nothing; 0 for one whose mean loss is half of its worst or more.
    weight : ndarray of float64, shape (n_rows,)
        They sum to one.

    Examples
    --------
    >>> say, weight = r2_step(np.full(4, 0.25), np.array([4.0, 0, 0, 0]), 1.0)
    >>> round(say, 3), weight.round(3).tolist()
    (1.099, [0.5, 0.167, 0.167, 0.167])
    """
    worst = miss[weight > 0].max()
    loss = miss / worst if worst > 0 else miss
    mean = float(weight @ loss)
    if mean <= 0:
        return 1.0, weight
    if mean >= 0.5:
        return 0.0, weight
    beta = mean / (1 - mean)
    shrunk = weight * beta ** ((1 - loss) * rate)
    return float(rate * np.log(1 / beta)), shrunk / shrunk.sum()


def weighted_median(said: Floats, say: Floats) -> Floats:
    """Give the weighted median of each row.

    Parameters
    ----------
    said : ndarray of float64, shape (n_rows, n_models)
        What each model says.
    say : ndarray of float64, shape (n_models,)
        How much each counts.

    Examples
    --------
    >>> weighted_median(np.array([[1.0, 5.0, 9.0]]), np.array([1.0, 1.0, 3.0]))
    array([9.])
    """
    order = np.argsort(said, axis=1)
    sums = np.cumsum(say[order], axis=1)
    middle = (sums >= 0.5 * sums[:, -1:]).argmax(axis=1)
    rows = np.arange(len(said))
    found: Floats = said[rows, order[rows, middle]]
    return found


@dataclass(frozen=True)
class FittedAdaBoost:
    """Trees, and how much each counts. Unit: a tree.

    Parameters
    ----------
    trees : FlatTrees
        A leaf holds 1 for the class that it votes for, or a number.
    say : ndarray of float64, shape (n_trees,)
        How much each tree counts; 0 for rounds that found nothing.
    ranks : Ranks
        How a matrix becomes a table.
    classes : Classes
        The classes of the task, or none.
    offset : float
        Added to a regression.
    scale : float
        One unit of a leaf in units of the target; for classes, how sharp the vote is.
    """

    trees: FlatTrees
    say: Floats
    ranks: Ranks
    classes: Classes
    offset: float
    scale: float
    stages: None = field(default=None, compare=False)

    @property
    def units(self) -> int:
        """How many trees it has."""
        return len(self.trees)

    @property
    def out_of_bag(self) -> None:
        """None: it does not bag."""
        return None

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict: shape (n_rows, n_outputs)."""
        table = self.ranks.table(X)
        step = max(_CELLS // (len(self.trees) * self.classes.learned), 1)
        parts = [self._answers(table[i : i + step]) for i in range(0, max(len(table), 1), step)]
        return np.concatenate(parts)

    def _answers(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        said = self.trees.each(table)
        if not self.classes.count:
            found = weighted_median(said[:, :, 0].T, self.say)
            return self.classes.spread(self.offset + self.scale * found[:, None])
        return self.classes.spread(softmax(self.scale * self._shares(said)))

    def _shares(self, said: Floats) -> Floats:
        """Give the share of the votes that each class gets."""
        shares: Floats = np.einsum("t,trk->rk", self.say, said) / self.say.sum()
        return shares

    def at(self, units: int) -> FittedAdaBoost:
        """Give the ensemble of the first so many trees."""
        if units < 1:
            raise OptionError("at least 1 unit", str(units))
        return replace(self, trees=self.trees.first(units), say=self.say[:units])

    def export(self) -> State:
        """Give the whole state."""
        config = {**self.classes.to_config(), "offset": self.offset, "scale": self.scale}
        arrays = {
            "say": self.say,
            **self.trees.to_arrays(),
            **self.ranks.to_arrays(),
            **self.classes.to_arrays(),
        }
        return State(config, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedAdaBoost:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        classes, ranks = Classes.of_state(state), Ranks.of_state(state)
        trees = FlatTrees.of_state(state, ranks.width, classes.learned)
        say = array(state, "say", np.float64, 1)
        if len(say) != len(trees) or (say < 0).any() or not say[:1].sum() > 0:
            raise unsound("a say of each tree, of the first above zero", "others")
        return cls(trees, say, ranks, classes, number(state, "offset"), number(state, "scale"))


@dataclass(frozen=True)
class AdaBoostLearner:
    """Reweighting boosting of small trees: SAMME for classes, AdaBoost.R2 for numbers.

    Unit: a tree. It records no `Stages`: more rounds seldom hurt the votes (Schapire et al. 1998).

    Parameters
    ----------
    rounds : int
        Trees at most, unless the budget says how many.
    depth : int
        Of each tree that votes for a class, 1: stumps; trees of numbers are three levels deeper.
    learning_rate : float
        How much each tree counts.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.arange(100, dtype=np.float32)[:, None], ["x"])
    >>> y = Target((np.arange(100) % 50 >= 25).astype(np.int64), classes=2)
    >>> fitted = AdaBoostLearner(depth=1).fit(X, y, budget=Budget(units=20), seed=0)
    >>> fitted.predict(X).argmax(axis=1)[[0, 30, 60, 90]]
    array([0, 1, 0, 1])
    """

    name: ClassVar[str] = "adaboost"
    bags: ClassVar[bool] = False

    rounds: int = 100
    depth: int = 3
    learning_rate: float = 0.5

    def __post_init__(self) -> None:
        at_least("rounds", self.rounds, 1)
        at_least("depth", self.depth, 1)
        between("learning_rate", self.learning_rate, 0, 10)

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
    ) -> FittedAdaBoost:
        """Fit tree after tree until there are enough, or the time is over."""
        sample = Sample.of(X, y, weight, budget)
        if not sample.X.shape[1] or sample.settled:
            return _constant(sample, max(budget.units or 1, 1))
        fit = _Fit(self, sample, seed)
        everything = np.arange(sample.rows)
        parts = held_out(sample.rows, seed) if sample.classes.count else None
        if parts is None:
            return fit.run(everything, budget, 1.0)
        held, rest = parts
        left = min(budget.left / 2.5, 1e9)
        first = fit.run(rest, Budget.seconds(left, budget.units), 1.0)
        return fit.run(everything, budget, fit.sharpness(first, held))


class _Fit:
    """Fits an ensemble on some rows of a sample."""

    def __init__(self, learner: AdaBoostLearner, sample: Sample, seed: int) -> None:
        self._learner, self._sample, self._seed = learner, sample, Seed(seed)
        base, self._scale = sample.start()
        learned = sample.classes.learned
        answers = np.eye(learned)[sample.values] if sample.classes.count else sample.values[:, None]
        self._ranks = Ranks.by_answer(sample.X, answers)
        self._table = self._ranks.table(sample.X)
        self._offset = 0.0 if sample.classes.count else float(base[0])
        ones = np.ones(sample.rows)
        self._weight = ones if sample.weight is None else sample.weight

    def run(self, rows: NDArray[np.int64], budget: Budget, sharpness: float) -> FittedAdaBoost:
        """Fit on these rows."""
        weight = self._weight[rows] / self._weight[rows].sum()
        trees, say = list[Tree](), list[float]()
        rounds = max(budget.units or self._learner.rounds, 1)
        grow = self._voter if self._sample.classes.count else self._estimate
        while len(trees) < rounds:
            began = time.monotonic()
            tree, alpha, new = grow(rows, weight, len(trees))
            # the first tree counts whatever it is worth: there has to be an answer
            trees.append(tree)
            say.append(alpha if alpha > 0 or len(say) else 1.0)
            stuck = np.array_equal(new, weight)
            weight = new
            if stuck and budget.units is not None:  # told how many: rounds that find nothing
                trees += [trees[0]] * (rounds - len(trees))
                say += [0.0] * (rounds - len(say))
            if stuck or budget.left <= time.monotonic() - began:
                break
        scale = sharpness if self._sample.classes.count else self._scale
        return FittedAdaBoost(
            FlatTrees.pack(trees), np.array(say), self._ranks, self._sample.classes,
            self._offset, scale,
        )  # fmt: skip

    def _voter(
        self, rows: NDArray[np.int64], weight: Floats, index: int
    ) -> tuple[Tree, float, Floats]:
        """Fit a classifier on weighted rows."""
        learned, labels = self._sample.classes.learned, self._sample.values[rows]
        model = tree_library.DecisionTreeClassifier(
            max_depth=self._learner.depth, random_state=self._seed.derive("tree", index)
        )
        model.fit(self._table[rows], labels, sample_weight=weight)
        shares = np.zeros((model.tree_.node_count, learned))
        shares[:, model.classes_] = model.tree_.value[:, 0, :]
        votes = np.eye(learned)[shares.argmax(axis=1)]
        wrong = votes[model.apply(self._table[rows])].argmax(axis=1) != labels
        alpha, new = samme_step(weight, wrong, learned, self._learner.learning_rate)
        return Tree.grown(model, votes), alpha, new

    def _estimate(
        self, rows: NDArray[np.int64], weight: Floats, index: int
    ) -> tuple[Tree, float, Floats]:
        """Fit a regression tree on weighted rows."""
        labels = (self._sample.values - self._offset) / self._scale
        model = tree_library.DecisionTreeRegressor(
            max_depth=self._learner.depth + 3, random_state=self._seed.derive("tree", index)
        )
        model.fit(self._table[rows], labels[rows], sample_weight=weight)
        miss = np.abs(model.predict(self._table[rows]) - labels[rows])
        say, new = r2_step(weight, miss, self._learner.learning_rate)
        return Tree.grown(model, model.tree_.value[:, 0, :]), say, new

    def sharpness(self, first: FittedAdaBoost, held: NDArray[np.int64]) -> float:
        """Find what turns shares of votes into probabilities, on rows that were not fitted on."""
        shares = first._shares(first.trees.each(self._table[held]))
        learned = self._sample.classes.learned
        # a temperature between .1 and 10 around this: votes are seldom surer than e to the 8
        sure = 8.0
        y = Target(self._sample.values[held], learned)
        return sure / fit_temperature(softmax(sure * shares), y, self._weight[held]).value


def _constant(sample: Sample, units: int) -> FittedAdaBoost:
    """Give the ensemble of a sample that has nothing to learn from: it says the prior."""
    prior, none = sample.prior(), np.array([-1])
    count = sample.classes.count
    value = np.log(prior) if count else np.zeros(1)
    leaf = Tree(none, np.zeros(1), none, none, np.zeros(1, bool), value[None])
    offset = 0.0 if count else float(prior[0])
    return FittedAdaBoost(
        FlatTrees.pack([leaf] * units), np.ones(units), Ranks.fit(sample.X), sample.classes,
        offset, 1.0,
    )  # fmt: skip
