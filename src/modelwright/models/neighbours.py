"""The nearest neighbours of a row answer for it (Fix and Hodges 1951)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError, OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Stages, State
from modelwright.core.task import Target
from modelwright.models.design import Design
from modelwright.models.options import at_least, between
from modelwright.models.sample import Classes, Sample
from modelwright.models.unpack import array, integer, number, unsound

__all__ = ["FittedNeighbours", "NeighboursLearner", "relevance"]

Floats = NDArray[np.float64]

_GRID = (1, 2, 3, 5, 8, 12, 18, 27, 40, 60, 90, 130)
_CELLS = 4_000_000
"""Numbers kept of the training rows at most: 16 MB."""
_BLOCK = 4_000_000
"""Distances held at a time."""
_ASKED = 1_000
"""Rows that choose k when there are no validation rows."""
_FOLDS = 5
_TIE = 1e-11
"""Rounding makes equal distances differ by less: among them the order of rows decides."""
_BINS = 10


@dataclass(frozen=True)
class FittedNeighbours:
    """Training rows and their answers. Unit: a neighbour that is asked.

    Parameters
    ----------
    design : Design
        How a matrix becomes standardised numbers and one-hot categories.
    stretch : ndarray of float64, shape (n_columns,)
        How much each of these columns counts in a distance.
    points : ndarray of float32, shape (n_rows, n_columns)
        The training rows, in random order.
    answers : ndarray of float64, shape (n_rows, n_learned)
        Numbers, or 1 for the class of the row.
    weight : ndarray of float64, shape (n_rows,)
        How much each row counts, on average 1.
    classes : Classes
        The classes of the task, or none.
    nearness : float
        How much more near neighbours count than far ones.
    units : int
        How many neighbours are asked.
    """

    design: Design
    stretch: Floats
    points: NDArray[np.float32]
    answers: Floats
    weight: Floats
    classes: Classes
    nearness: float
    units: int
    stages: Stages | None = field(default=None, compare=False)

    @property
    def out_of_bag(self) -> None:
        """None: it does not bag."""
        return None

    @cached_property
    def _wide(self) -> tuple[Floats, Floats]:
        """Give the points as float64, and what is added to a distance for each."""
        points = self.points.astype(np.float64)
        return points, (points**2).sum(axis=1) + _TIE * np.arange(len(points))

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict: shape (n_rows, n_outputs)."""
        said: NDArray[np.float32] = self._said(X, [self.units])[0]
        return said

    def _said(self, X: Matrix, counts: Sequence[int]) -> NDArray[np.float32]:
        """Predict for several numbers of neighbours: (n_counts, n_rows, n_outputs)."""
        out = np.empty((len(counts), X.shape[0], self.classes.outputs), np.float32)
        for rows, distance in self._distances(X):
            near, sorted_ = self._nearest(distance, max(counts))
            for place, count in enumerate(counts):
                out[place, rows] = self._vote(near, sorted_, count)
        return out

    def _located(self, X: Matrix) -> Floats:
        located: Floats = self.design(X).to_dense() * self.stretch
        return located

    def _distances(self, X: Matrix) -> Iterator[tuple[slice, Floats]]:
        """Give squared distances to all points, a block of rows at a time."""
        points, own = self._wide
        step = max(_BLOCK // len(points), 1)
        for start in range(0, X.shape[0], step):
            rows = slice(start, start + step)
            asked = self._located(X.rows(rows))
            distance = asked @ points.T
            distance *= -2.0
            distance += own
            distance += (asked**2).sum(axis=1)[:, None]
            yield rows, distance

    def _nearest(self, distance: Floats, count: int) -> tuple[NDArray[np.int64], Floats]:
        """Give the nearest points of each row, the nearest first, and their squared distances."""
        count = min(count, len(self.points))
        near = np.argpartition(distance, count - 1, axis=1)[:, :count]
        far = np.take_along_axis(distance, near, axis=1)
        order = np.argsort(far, axis=1)
        return np.take_along_axis(near, order, axis=1), np.take_along_axis(far, order, axis=1)

    def _vote(self, near: NDArray[np.int64], distance: Floats, count: int) -> NDArray[np.float32]:
        """Average the answers of the first so many neighbours, and of one row like the average."""
        if not self.points.shape[1]:
            count = len(self.points)
            near = np.tile(np.arange(count), (len(near), 1))
            distance = np.zeros(near.shape)
        near, size = near[:, :count], np.sqrt(np.maximum(distance[:, :count], 0.0))
        farthest = size[:, -1:]
        share = np.divide(size, farthest, out=np.zeros_like(size), where=farthest > 1e-6)
        loud = self.weight[near] / (0.1 + share) ** self.nearness
        said = np.einsum("rk,rko->ro", loud, self.answers[near])
        total = loud.sum(axis=1, keepdims=True)
        if not self.classes.count:
            return self.classes.spread(said / total)
        prior = self.weight @ self.answers / self.weight.sum()
        one = total / loud.shape[1]
        return self.classes.spread((said + one * prior) / (total + one))

    def at(self, units: int) -> FittedNeighbours:
        """Give the same rows, asking fewer neighbours."""
        if units < 1:
            raise OptionError("at least 1 unit", str(units))
        return replace(self, units=min(units, self.units), stages=None)

    def export(self) -> State:
        """Give the whole state."""
        arrays: dict[str, NDArray[Any]] = {
            "stretch": self.stretch,
            "points": self.points,
            "answers": self.answers,
            "weight": self.weight,
            **self.design.to_arrays(),
            **self.classes.to_arrays(),
        }
        config = {**self.classes.to_config(), "units": self.units, "nearness": self.nearness}
        return State(config, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedNeighbours:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        design, classes = Design.of_state(state), Classes.of_state(state)
        stretch, weight = (array(state, name, np.float64, 1) for name in ("stretch", "weight"))
        points, answers = (
            array(state, "points", np.float32, 2),
            array(state, "answers", np.float64, 2),
        )
        rows = len(points)
        if points.shape[1] != design.columns or len(stretch) != design.columns or not rows:
            raise unsound(f"points of {design.columns} columns", f"{points.shape}")
        if answers.shape != (rows, classes.learned) or weight.shape != (rows,):
            raise unsound(f"answers of {rows} rows", f"{answers.shape}")
        if (weight <= 0).any() or (classes.count and (answers < 0).any()):
            raise unsound("weights above zero", "others")
        nearness, units = number(state, "nearness"), integer(state, "units", 1)
        return cls(design, stretch, points, answers, weight, classes, nearness, units)


@dataclass(frozen=True)
class NeighboursLearner:
    """The mean answer of the nearest training rows, near ones counting more.

    Numbers are standardised (a missing one lies in the middle, and its absence counts as a column),
    categories differ or do not, and columns that tell little about the answer count less. Unit: a
    neighbour. With validation rows a `Stages` is recorded for numbers of neighbours from 1 to 130;
    without, and when the budget does not say how many, cross-validation chooses.

    Parameters
    ----------
    rows : int
        Training rows kept at most, drawn at random.
    nearness : float
        How much more near neighbours count; 0: all alike.
    relevance : float
        How much less a column counts that tells little about the answer; 0: all alike.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.arange(20, dtype=np.float32)[:, None], ["x"])
    >>> fitted = NeighboursLearner().fit(X, Target(np.arange(20.0)), budget=Budget(units=3), seed=0)
    >>> fitted.predict(X)[10, 0]
    np.float32(10.0)
    """

    name: ClassVar[str] = "nearest-neighbours"
    bags: ClassVar[bool] = False

    rows: int = 20_000
    nearness: float = 1.0
    relevance: float = 1.0

    def __post_init__(self) -> None:
        at_least("rows", self.rows, 1)
        between("nearness", self.nearness, -1e-9, 10)
        between("relevance", self.relevance, -1e-9, 10)

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
    ) -> FittedNeighbours:
        """Keep the rows, and find how many neighbours are asked.

        Raises
        ------
        FitError
            When the distances to all validation rows would take longer than there is time.
        """
        sample = Sample.of(X, y, weight, budget)
        weights = np.ones(sample.rows) if sample.weight is None else sample.weight
        learned = sample.classes.learned
        answers = sample.values.astype(np.float64)[:, None]
        if sample.classes.count:
            answers = np.eye(learned)[sample.values]
        design = Design.fit(sample.X, sample.weight, knots=0, min_count=5, max_onehot=100)
        most = max(min(self.rows, sample.rows, _CELLS // max(design.columns, 1)), 1)
        kept = np.random.default_rng(seed).permutation(sample.rows)[:most]
        rows = _Rows(
            design, design(sample.X.rows(kept)).to_dense(), answers[kept], weights[kept],
            sample.classes,
        )  # fmt: skip
        fitted = rows.fitted(self, budget.units or _GRID[-1])
        if budget.units is not None and valid is None:
            return fitted
        if valid is None:
            return fitted.at(_validated(self, rows, sample.X.rows(kept[:_ASKED])))
        return _watched(fitted, valid, budget)


@dataclass(frozen=True)
class _Rows:
    """Training rows before columns are weighed: shapes as in `FittedNeighbours`."""

    design: Design
    points: Floats
    answers: Floats
    weight: Floats
    classes: Classes

    def without(self, rows: NDArray[np.int64]) -> _Rows:
        """Leave some rows out."""
        points, answers, weight = (
            np.delete(part, rows, axis=0) for part in (self.points, self.answers, self.weight)
        )
        return replace(self, points=points, answers=answers, weight=weight)

    def fitted(self, learner: NeighboursLearner, units: int) -> FittedNeighbours:
        """Weigh the columns by what they tell about the answers of these rows."""
        weight = self.weight / self.weight.mean()
        stretch = relevance(self.points, self.answers, weight) ** (learner.relevance / 2)
        # two levels lie one apart: each has a column of its own
        stretch[self.design.columns - self.design.width :] *= np.sqrt(0.5)
        return FittedNeighbours(
            self.design, stretch, (self.points * stretch).astype(np.float32), self.answers,
            weight, self.classes, learner.nearness, units,
        )  # fmt: skip


def relevance(points: Floats, answers: Floats, weight: Floats) -> Floats:
    """Give the share of the answers' variance between tenths of each column, the largest as 1."""
    centred = answers - weight @ answers / weight.sum()
    total = weight @ (centred**2).sum(axis=1)
    shares = np.zeros(points.shape[1])
    for j, column in enumerate(points.T):
        edges = np.unique(np.quantile(column, np.linspace(0, 1, _BINS + 1)[1:-1]))
        place = np.searchsorted(edges, column, side="left")
        counts = np.bincount(place, weight, _BINS)
        sums = np.stack([np.bincount(place, weight * part, _BINS) for part in centred.T])
        between_ = (sums[:, counts > 0] ** 2 / counts[counts > 0]).sum()
        # so much is there by chance alone
        chance = (np.count_nonzero(counts) - 1) * total / max(len(points), 1)
        shares[j] = max(between_ - chance, 0.02 * between_)
    most = shares.max(initial=0.0)
    return np.maximum(shares / most, 0.01) if most > 0 else np.ones(len(shares))


def _watched(fitted: FittedNeighbours, valid: Matrix, budget: Budget) -> FittedNeighbours:
    """Record what so and so many neighbours say of the validation rows."""
    counts = [count for count in _GRID if count <= len(fitted.points)] or [1]
    if budget.units is not None:
        counts = [*(count for count in counts if count < budget.units), budget.units]
    rows, probe = valid.shape[0], slice(0, 200)
    began = time.monotonic()
    fitted._said(valid.rows(probe), counts)
    if (time.monotonic() - began) * max(rows / 200 - 1, 0) > budget.left:
        raise FitError("there is no time for the distances between all rows")
    stages = Stages(np.array(counts, np.int64), fitted._said(valid, counts))
    return replace(fitted, units=counts[-1], stages=stages)


def _validated(learner: NeighboursLearner, rows: _Rows, asked: Matrix) -> int:
    """Choose how many neighbours are asked: fold by fold, some first rows are judged by others.

    Columns are weighed anew without the rows of each fold: who has seen an answer finds that few
    neighbours know it best.
    """
    size = asked.shape[0]
    folds = np.array_split(np.arange(size), min(_FOLDS, size))
    counts = [count for count in _GRID if count <= len(rows.points) - len(folds[0])]
    if not counts or not rows.points.shape[1]:
        return 1
    wrong = np.zeros(len(counts))
    for fold in folds:
        fitted = rows.without(fold).fitted(learner, counts[-1])
        for place, said in enumerate(fitted._said(asked.rows(fold), counts)):
            wrong[place] += rows.weight[fold] @ _errors(rows, fold, said)
    return counts[int(np.argmin(wrong))]


def _errors(rows: _Rows, fold: NDArray[np.int64], said: NDArray[np.float32]) -> Floats:
    """Give the log loss or the squared error of each row."""
    if not rows.classes.count:
        squared: Floats = (said[:, 0] - rows.answers[fold, 0]) ** 2
        return squared
    right = said[np.arange(len(fold)), rows.classes.seen[rows.answers[fold].argmax(axis=1)]]
    lost: Floats = -np.log(np.maximum(right, rows.classes.floor), dtype=np.float64)
    return lost
