"""Regularised linear and logistic regression: the first model of a run, and an honest baseline."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError, OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Stages, State
from modelwright.core.task import Target
from modelwright.models.design import Design, Features
from modelwright.models.options import at_least
from modelwright.models.sample import Classes, Sample, loss
from modelwright.models.solvers import LinearProblem
from modelwright.models.unpack import array, unsound

__all__ = ["FittedLinear", "LinearLearner"]

Floats = NDArray[np.float64]

_PATIENCE = 3
"""Path positions without a better validation loss after which the path ends."""


@dataclass(frozen=True)
class FittedLinear:
    """Coefficients at some positions of a path of penalties; predicts from the last.

    Parameters
    ----------
    design : Design
        How a matrix becomes columns.
    classes : Classes
        The classes of the task, or none.
    path : ndarray of int64, shape (n_positions,)
        The positions held, ascending; unit u is the u-th penalty from the largest.
    coefficients : ndarray of float64, shape (n_positions, n_columns, k)
        k is 1 for regression and two classes.
    intercepts : ndarray of float64, shape (n_positions, k)
        One row a position.
    bounds : ndarray of float64, shape (2,)
        Where regression predictions are clipped: the range of the training answers, wider by
        half its width at either end.
    """

    design: Design
    classes: Classes
    path: NDArray[np.int64]
    coefficients: Floats
    intercepts: Floats
    bounds: Floats
    stages: Stages | None = field(default=None, compare=False)

    @property
    def units(self) -> int:
        """The position on the path that it predicts from."""
        return int(self.path[-1])

    @property
    def out_of_bag(self) -> None:
        """None: it does not bag."""
        return None

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict: shape (n_rows, n_outputs)."""
        out = np.empty((X.shape[0], self.classes.outputs), np.float32)
        for start in range(0, len(out), 8192):
            rows = slice(start, start + 8192)
            features = self.design(X.rows(rows))
            out[rows] = self._answers(features, len(self.path) - 1)
        return out

    def _answers(self, features: Features, index: int) -> NDArray[np.float32]:
        scores = features.times(self.coefficients[index]) + self.intercepts[index]
        if not self.classes.count:
            scores = np.clip(scores, *self.bounds)
        return self.classes.answers(scores)

    def at(self, units: int) -> FittedLinear:
        """Give the model at an earlier position of its path: the last held up to `units`.

        Where all that is held lies after, it is the first: folds of one trial may hold other
        positions than the one chosen for all of them.

        Raises
        ------
        OptionError
            When that is no position.
        """
        if units < 1:
            raise OptionError("at least 1 unit", str(units))
        held = max(int(np.searchsorted(self.path, units, side="right")), 1)
        return replace(
            self,
            path=self.path[:held],
            coefficients=self.coefficients[:held],
            intercepts=self.intercepts[:held],
            stages=None,
        )

    def export(self) -> State:
        """Give the whole state."""
        arrays = {
            "path": self.path,
            "coefficients": self.coefficients,
            "intercepts": self.intercepts,
            "bounds": self.bounds,
        }
        return State(
            self.classes.to_config(),
            {**arrays, **self.design.to_arrays(), **self.classes.to_arrays()},
        )

    @classmethod
    def restore(cls, state: State) -> FittedLinear:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        design, classes = Design.of_state(state), Classes.of_state(state)
        path = array(state, "path", np.int64, 1)
        coefficients = array(state, "coefficients", np.float64, 3)
        intercepts = array(state, "intercepts", np.float64, 2)
        bounds = array(state, "bounds", np.float64, 1)
        outputs = classes.scored
        shape = (len(path), design.columns, outputs)
        if coefficients.shape != shape or intercepts.shape != (len(path), outputs):
            raise unsound(f"coefficients of shape {shape}", f"{coefficients.shape}")
        if not len(path) or path[0] < 1 or (np.diff(path) <= 0).any():
            raise unsound("ascending positions of a path", "others")
        if len(bounds) != 2 or bounds[0] > bounds[1]:
            raise unsound("a lower and an upper bound", f"{len(bounds)} numbers")
        return cls(design, classes, path, coefficients, intercepts, bounds)


@dataclass(frozen=True)
class LinearLearner:
    """Linear regression (squared error) or multinomial logistic regression, with a ridge penalty.

    Unit u is the u-th position on a geometric grid of falling penalties. With validation rows it
    walks the path and records `Stages`; without, it ends at the penalty that suits as many
    columns as there are.

    Parameters
    ----------
    positions : int
        How many penalties the path has.
    largest, smallest : float
        The first and last penalty, for each unit of summed weight.
    knots : int
        Hinges a number, at its quantiles: a smooth curve instead of a line.
    min_count : int
        Levels in fewer rows than this share one column.
    max_onehot : int
        One-hot columns in all; the most frequent levels come first.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.arange(20, dtype=np.float32)[:, None], ["x"])
    >>> y = Target(2.0 * np.arange(20))
    >>> fitted = LinearLearner().fit(X, y, budget=Budget(units=16), seed=0)
    >>> round(float(fitted.predict(X)[3, 0]), 3)
    6.0
    """

    name: ClassVar[str] = "linear"
    bags: ClassVar[bool] = False

    positions: int = 16
    largest: float = 10.0
    smallest: float = 1e-6
    knots: int = 0
    min_count: int = 5
    max_onehot: int = 1_000

    def __post_init__(self) -> None:
        at_least("positions", self.positions, 1)
        at_least("smallest", self.smallest, 1e-12)
        at_least("largest", self.largest, self.smallest)
        at_least("knots", self.knots, 0)
        at_least("min_count", self.min_count, 1)
        at_least("max_onehot", self.max_onehot, 0)

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
    ) -> FittedLinear:
        """Fit along the path; `seed` is not used, as nothing here is random."""
        sample = Sample.of(X, y, weight, budget)
        design = Design.fit(
            sample.X,
            sample.weight,
            knots=self.knots,
            min_count=self.min_count,
            max_onehot=self.max_onehot,
        )
        wide = sample.rows * design.columns > 25_000_000
        features = design(sample.X, np.float32 if wide else np.float64)
        weights = np.ones(sample.rows) if sample.weight is None else sample.weight
        walk = _Walk(self, sample, LinearProblem(features, weights))
        watch = None if valid is None else (design(valid), valid_y)
        return walk.go(design, watch, budget)

    def penalties(self) -> Floats:
        """Give the path: falling penalties for each unit of summed weight."""
        grid: Floats = np.geomspace(self.largest, self.smallest, self.positions)
        return grid


@dataclass(frozen=True)
class _Walk:
    """One walk along the path."""

    learner: LinearLearner
    sample: Sample
    problem: LinearProblem

    def go(
        self, design: Design, watch: tuple[Features, Target | None] | None, budget: Budget
    ) -> FittedLinear:
        """Fit each position in turn, and watch the validation loss if there is one."""
        held: list[tuple[int, Floats, Floats]] = []
        predictions: list[NDArray[np.float32]] = []
        losses: list[float] = []
        theta: Floats | None = None
        y = None if watch is None or watch[1] is None or not len(watch[1]) else watch[1]
        for unit in self._plan(budget, whole=y is not None):
            if held and budget.expired:
                break
            theta, (B, intercept) = self._solve(unit, theta)
            held.append((unit, B, intercept))
            if watch is None:
                continue
            predictions.append(self._fitted(design, held[-1:], None)._answers(watch[0], 0))
            if y is not None:
                losses.append(loss(predictions[-1], y))
                if len(losses) - 1 - int(np.argmin(losses)) >= _PATIENCE:
                    break
        units = np.array([unit for unit, *_ in held], np.int64)
        stages = Stages(units, np.stack(predictions)) if predictions else None
        return self._fitted(design, held, stages)

    def _plan(self, budget: Budget, *, whole: bool) -> range:
        """Give the positions to visit: all that are watched, else the one told or the default."""
        last = self.learner.positions
        if budget.units is not None:
            end = min(max(budget.units, 1), last)
            return range(1 if whole else end, end + 1)
        if whole:
            return range(1, last + 1)
        columns = max(self.problem.features.shape[1], 1)
        wanted = columns / self.sample.rows / (4.0 if self.sample.classes.count else 1.0)
        return range(1, 2 + int(np.argmin(np.abs(np.log(self.learner.penalties() / wanted)))))

    def _solve(
        self, unit: int, theta: Floats | None
    ) -> tuple[Floats | None, tuple[Floats, Floats]]:
        weight, classes = self.problem.weight, self.sample.classes
        penalty = float(self.learner.penalties()[unit - 1] * weight.sum())
        if not classes.count:
            found = self.problem.ridge(self.sample.values, penalty)
            state = None
        elif classes.learned == 1:
            return None, (np.zeros((self.problem.columns, 1)), np.zeros(1))
        else:
            state, found = self.problem.logistic(
                self.sample.values, classes.learned, penalty, theta
            )
        if not all(np.isfinite(part).all() for part in found):
            raise FitError("the linear equations have no finite solution")
        return state, found

    def _fitted(
        self, design: Design, held: list[tuple[int, Floats, Floats]], stages: Stages | None
    ) -> FittedLinear:
        values: NDArray[Any] = self.sample.values
        low, high = float(values.min()), float(values.max())
        margin = (high - low) / 2
        return FittedLinear(
            design,
            self.sample.classes,
            np.array([unit for unit, *_ in held], np.int64),
            np.stack([B for _, B, _ in held]),
            np.stack([intercept for *_, intercept in held]),
            np.array([low - margin, high + margin]),
            stages,
        )
