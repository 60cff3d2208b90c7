"""A linear model that learns row by row, and goes on when more rows arrive.

Classes by the averaged perceptron of several classes, numbers by normalised least mean squares; the
formulas and sources are in `modelwright.nets.classic`. Scores of a perceptron are no probabilities,
and a line that was learned row by row overdoes it: so they are multiplied by one factor, found on a
fifth of the rows which a first model did not see, and added to what is known without any column.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError, OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.seed import Seed
from modelwright.core.task import Target
from modelwright.models.design import Design
from modelwright.models.options import at_least, between
from modelwright.models.sample import Classes, Sample, held_out, softmax
from modelwright.models.unpack import array, number, unsound
from modelwright.nets.classic.adaline import AdaptiveLine
from modelwright.nets.classic.perceptron import MultiPerceptron

__all__ = ["FittedPerceptron", "PerceptronLearner"]

Floats = NDArray[np.float64]

_BLOCK = 512
"""Rows between two looks at the clock."""
_FACTORS = np.concatenate([[0.0], np.geomspace(1e-3, 1e2, 81)])
"""What may multiply scores of standard deviation 1; 0: they say nothing."""


@dataclass(frozen=True)
class FittedPerceptron:
    """Weights, and where learning stands. Unit: a pass over the rows.

    Parameters
    ----------
    design : Design
        How a matrix becomes standardised numbers and one-hot categories.
    classes : Classes
        The classes of the task, or none.
    base : ndarray of float64, shape (n_learned,)
        Logarithms of the frequencies of classes; or the mean of numbers.
    factor : float
        What scores are multiplied by before they are added to the base.
    unit : float
        The standard deviation of numbers; 1 for classes.
    means : ndarray of float64, shape (n_passes, n_learned, n_columns + 1)
        The mean weights after each pass; the last ones answer.
    weight : ndarray of float64, shape (n_learned, n_columns + 1)
        The weights that the next row finds.
    seen : float
        How many rows the mean is of; older ones count less where `fading` is below 1.
    fading : float
        What a row further back counts for in the mean.
    """

    design: Design
    classes: Classes
    base: Floats
    factor: float
    unit: float
    means: Floats
    weight: Floats
    seen: float
    fading: float
    stages: None = field(default=None, compare=False)

    @property
    def units(self) -> int:
        """How many passes it has."""
        return len(self.means)

    @property
    def out_of_bag(self) -> None:
        """None: it does not bag."""
        return None

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict: shape (n_rows, n_outputs)."""
        rows = self.design(X).to_dense()
        scores = np.column_stack([rows, np.ones(len(rows))]) @ self.means[-1].T
        answers = self.base + self.factor * scores
        return self.classes.spread(softmax(answers) if self.classes.count else answers)

    def partial_fit(
        self, X: Matrix, y: Target, weight: NDArray[np.float64] | None = None
    ) -> FittedPerceptron:
        """Learn from rows that have arrived, once, in their order.

        What was learned stays; scales of columns, frequencies of classes and the factor are those
        of the fit. With a fading below 1 the new rows soon count for more than the old ones.

        Parameters
        ----------
        X : Matrix
            With the columns of the fit.
        y : Target
            Their answers, of classes that the fit has seen.
        weight : ndarray of shape (n_rows,), optional
            How much each row counts; 1: as a row of the fit.

        Returns
        -------
        FittedPerceptron
            A new one; this one is as it was.

        Raises
        ------
        FitError
            When a class is new, or an answer or a weight is no number.
        """
        values: NDArray[Any] = y.values
        if self.classes.count:
            values = self.classes.position(y.values)
        if self.classes.count and len(values) and values.min() < 0:
            raise FitError("rows have arrived of a class that the fit has not seen: fit again")
        loud = np.ones(len(y)) if weight is None else np.asarray(weight, np.float64)
        if not (np.isfinite(loud).all() and (loud >= 0).all() and np.isfinite(values).all()):
            raise FitError("an answer or a weight is no number, or a weight is negative")
        if not self.classes.count:
            values = (values - self.base[0]) / self.unit
        model = _model(self.classes.learned, self.design.columns, self.fading, self.classes)
        model.weight, model.mean, model.seen = self.weight.copy(), self.means[-1].copy(), self.seen
        model.learn(self.design(X).to_dense(), values, loud)
        means = np.concatenate([self.means[:-1], model.mean[None]])
        return replace(self, means=means, weight=model.weight, seen=model.seen)

    def at(self, units: int) -> FittedPerceptron:
        """Give the model after so many passes."""
        if units < 1:
            raise OptionError("at least 1 unit", str(units))
        return replace(self, means=self.means[:units])

    def export(self) -> State:
        """Give the whole state."""
        config = {
            **self.classes.to_config(),
            "factor": self.factor,
            "unit": self.unit,
            "seen": self.seen,
            "fading": self.fading,
        }
        arrays: dict[str, NDArray[Any]] = {
            "base": self.base,
            "means": self.means,
            "weight": self.weight,
            **self.design.to_arrays(),
            **self.classes.to_arrays(),
        }
        return State(config, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedPerceptron:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        design, classes = Design.of_state(state), Classes.of_state(state)
        base, weight = array(state, "base", np.float64, 1), array(state, "weight", np.float64, 2)
        means = array(state, "means", np.float64, 3)
        shape = (classes.learned, design.columns + 1)
        if weight.shape != shape or means.shape[1:] != shape or not len(means):
            raise unsound(f"weights of shape {shape}", f"{weight.shape}, {means.shape}")
        factor, unit, seen, fading = (
            number(state, name) for name in ("factor", "unit", "seen", "fading")
        )
        if base.shape != (classes.learned,) or min(unit, fading) <= 0 or seen < 0 or fading > 1:
            raise unsound("a base of each class, and a unit above zero", "others")
        return cls(design, classes, base, factor, unit, means, weight, seen, fading)


@dataclass(frozen=True)
class PerceptronLearner:
    """The averaged perceptron for classes, adaptive least mean squares for numbers.

    It learns row by row, so that a fitted one goes on with rows that arrive later
    (`FittedPerceptron.partial_fit`). Unit: a pass over the rows. It records no `Stages`: the mean
    of all weights on the way hardly changes any more.

    Parameters
    ----------
    passes : int
        Over the rows, each in an order of its own, unless the budget says how many.
    fading : float
        What a row further back counts for in the mean weights; below 1 it follows a change, and
        0.999 means about the last thousand rows.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.arange(100, dtype=np.float32)[:, None], ["x"])
    >>> y = Target((np.arange(100) >= 50).astype(np.int64), classes=2)
    >>> fitted = PerceptronLearner().fit(X, y, budget=Budget(), seed=0)
    >>> fitted.predict(X).argmax(axis=1)[[0, 30, 70, 99]]
    array([0, 0, 1, 1])
    >>> fitted.partial_fit(X.rows(slice(60, 80)), y.rows(np.arange(60, 80))).units
    10
    """

    name: ClassVar[str] = "perceptron"
    bags: ClassVar[bool] = False

    passes: int = 10
    fading: float = 1.0

    def __post_init__(self) -> None:
        at_least("passes", self.passes, 1)
        between("fading", self.fading, 0, 1)

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
    ) -> FittedPerceptron:
        """Go over the rows until there are enough passes, or the time is over."""
        sample = Sample.of(X, y, weight, budget)
        design = Design.fit(sample.X, sample.weight, knots=0, min_count=5, max_onehot=100)
        fit = _Fit(self, sample, design, seed)
        everything = np.arange(sample.rows)
        parts = held_out(sample.rows, seed)
        if parts is None:
            fitted = fit.run(everything, budget)
            return replace(fitted, factor=fit.factor(fitted, everything) / 2)
        held, rest = parts
        first = fit.run(rest, Budget.seconds(min(budget.left / 2.5, 1e9), budget.units))
        return replace(fit.run(everything, budget), factor=fit.factor(first, held))


def _model(
    learned: int, columns: int, fading: float, classes: Classes
) -> MultiPerceptron | AdaptiveLine:
    if classes.count:
        return MultiPerceptron(learned, columns, fading)
    return AdaptiveLine(columns, fading=fading)


class _Fit:
    """Rows as dense numbers, and passes over some of them."""

    def __init__(
        self, learner: PerceptronLearner, sample: Sample, design: Design, seed: int
    ) -> None:
        self._learner, self._sample, self._design, self._seed = learner, sample, design, Seed(seed)
        self._rows = design(sample.X).to_dense()
        prior = sample.prior()
        spread = np.average((sample.values - prior[0]) ** 2, weights=sample.weight)
        counted = bool(sample.classes.count)
        self._base = np.log(prior) if counted else prior
        self._unit = 1.0 if counted else float(np.sqrt(spread)) or 1.0
        scaled = (sample.values - prior[0]) / self._unit
        self._answers = sample.values if counted else scaled
        self._loud = np.ones(sample.rows) if sample.weight is None else sample.weight

    def run(self, rows: NDArray[np.int64], budget: Budget) -> FittedPerceptron:
        """Pass over these rows."""
        sample, learner = self._sample, self._learner
        model = _model(sample.classes.learned, self._design.columns, learner.fading, sample.classes)
        rng = np.random.default_rng(self._seed.derive("order"))
        means = list[Floats]()
        for _ in range(max(budget.units or learner.passes, 1)):
            order = rng.permutation(rows)
            for start in range(0, len(order), _BLOCK):
                part = order[start : start + _BLOCK]
                model.learn(self._rows[part], self._answers[part], self._loud[part])
                if budget.expired:
                    break
            means.append(model.mean.copy())
            if budget.expired:
                break
        return FittedPerceptron(
            self._design, sample.classes, self._base, 1.0, self._unit, np.stack(means),
            model.weight, model.seen, learner.fading,
        )  # fmt: skip

    def factor(self, fitted: FittedPerceptron, rows: NDArray[np.int64]) -> float:
        """Find what scores are to be multiplied by, on these rows."""
        wide = np.column_stack([self._rows[rows], np.ones(len(rows))])
        scores, loud = wide @ fitted.means[-1].T, self._loud[rows]
        if not self._sample.classes.count:
            size = float(loud @ scores[:, 0] ** 2)
            along = float(loud @ (scores[:, 0] * self._answers[rows]))
            return self._unit * float(np.clip(along / size, 0.0, 1.5)) if size > 0 else 0.0
        spread = float(scores.std())
        if not spread > 0:
            return 0.0
        places = np.arange(len(rows))
        losses = []
        for factor in _FACTORS / spread:
            said = softmax(self._base + factor * scores)[places, self._answers[rows]]
            losses.append(-float(loud @ np.log(np.maximum(said, 1e-12))))
        return float(_FACTORS[int(np.argmin(losses))] / spread)
