"""A Gaussian process: rows that are alike have answers alike, and how alike is learned.

Rasmussen and Williams (2006), *Gaussian Processes for Machine Learning*: regression in chapter 2,
the Matérn kernel in 4.2, classes by regression on their indicators in 6.5. For small tables: the
work grows with the cube of the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError, OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Stages, State
from modelwright.core.task import Target
from modelwright.models.design import Design
from modelwright.models.neighbours import relevance
from modelwright.models.options import at_least
from modelwright.models.sample import Classes, Sample
from modelwright.models.unpack import array, unsound

__all__ = ["FittedGaussianProcess", "GaussianProcessLearner", "matern"]

Floats = NDArray[np.float64]

_POSITIONS = 12
"""Shares of noise, from much (a nearly constant answer) to little (nearly every answer is met)."""
_LENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Lengths that are tried, in median distances between rows."""
_POWERS = (0.0, 1.0)
"""Whether columns that tell little about the answer count as much as the others."""
_LEAST_NOISE = 1e-6
_JUDGED = 500
"""Rows that choose the kernel."""
_FOLDS = 5
_BLOCK = 1_000_000
"""Kernel values held at a time."""


@dataclass(frozen=True)
class FittedGaussianProcess:
    """Training rows, and how strongly each pulls its surroundings.

    Unit: a step from much noise to little. The mean of the process is all that is kept.

    Parameters
    ----------
    design : Design
        How a matrix becomes standardised numbers and one-hot categories.
    stretch : ndarray of float64, shape (n_columns,)
        By what these columns are multiplied: rows at a distance of 1 are alike by about a half.
    points : ndarray of float32, shape (n_rows, n_columns)
        The training rows.
    positions : ndarray of int64, shape (n_positions,)
        The units that are kept, ascending.
    pull : ndarray of float64, shape (n_positions, n_rows, n_outputs)
        The weight of each row's kernel.
    centre, scale : ndarray of float64, shape (n_outputs,)
        The mean and the standard deviation of the answers, or of the classes' indicators.
    sharpness : ndarray of float64, shape (n_positions,)
        Of classes: how many log odds a standard deviation of the process is worth.
    classes : Classes
        The classes of the task, or none.
    """

    design: Design
    stretch: Floats
    points: NDArray[np.float32]
    positions: NDArray[np.int64]
    pull: Floats
    centre: Floats
    scale: Floats
    sharpness: Floats
    classes: Classes
    stages: Stages | None = field(default=None, compare=False)

    @property
    def out_of_bag(self) -> None:
        """None: it does not bag."""
        return None

    @property
    def units(self) -> int:
        """The step that answers: the last one that is kept."""
        return int(self.positions[-1])

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict: shape (n_rows, n_outputs)."""
        said: NDArray[np.float32] = self._said(X)[-1]
        return said

    def _said(self, X: Matrix) -> NDArray[np.float32]:
        """Predict with every position: (n_positions, n_rows, n_outputs)."""
        outputs = self.classes.outputs
        said = np.empty((len(self.positions), X.shape[0], outputs), np.float32)
        points = self.points.astype(np.float64)
        step = max(_BLOCK // max(len(points), 1), 1)
        for start in range(0, X.shape[0], step):
            rows = slice(start, start + step)
            kernel = matern(self.design(X.rows(rows)).to_dense() * self.stretch, points)
            for place, pull in enumerate(self.pull):
                said[place, rows] = self._answered(kernel @ pull, place)
        return said

    def _answered(self, standard: Floats, place: int) -> NDArray[np.float32]:
        if not self.classes.count:
            return self.classes.spread(self.centre + self.scale * standard)
        scores = np.log(self.centre) + self.sharpness[place] * standard
        return self.classes.answers(
            scores[:, 1:] - scores[:, :1] if scores.shape[1] == 2 else scores
        )

    def at(self, units: int) -> FittedGaussianProcess:
        """Give the process with the last position that is kept up to this one, or the first."""
        if units < 1:
            raise OptionError("at least 1 unit", str(units))
        place = max(int(np.searchsorted(self.positions, units, side="right")) - 1, 0)
        one = slice(place, place + 1)
        return replace(
            self,
            positions=self.positions[one],
            pull=self.pull[one],
            sharpness=self.sharpness[one],
            stages=None,
        )

    def export(self) -> State:
        """Give the whole state."""
        arrays: dict[str, NDArray[Any]] = {
            "stretch": self.stretch,
            "points": self.points,
            "positions": self.positions,
            "pull": self.pull,
            "centre": self.centre,
            "spread": self.scale,
            "sharpness": self.sharpness,
            **self.design.to_arrays(),
            **self.classes.to_arrays(),
        }
        return State(self.classes.to_config(), arrays)

    @classmethod
    def restore(cls, state: State) -> FittedGaussianProcess:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        design, classes = Design.of_state(state), Classes.of_state(state)
        stretch, centre, scale, sharpness = (
            array(state, name, np.float64, 1)
            for name in ("stretch", "centre", "spread", "sharpness")
        )
        points, pull = array(state, "points", np.float32, 2), array(state, "pull", np.float64, 3)
        positions = array(state, "positions", np.int64, 1)
        steps = len(positions)
        if len(stretch) != design.columns or points.shape[1] != design.columns:
            raise unsound(f"points of {design.columns} columns", f"{points.shape}")
        if not steps or positions[0] < 1 or (np.diff(positions) <= 0).any():
            raise unsound("ascending positions from 1", "others")
        learned = classes.learned
        if pull.shape != (steps, len(points), learned) or len(sharpness) != steps:
            raise unsound(f"{steps} pulls of {len(points)} rows", f"{pull.shape}")
        if len(centre) != learned or len(scale) != learned or (scale <= 0).any():
            raise unsound(f"{learned} means and deviations above zero", "others")
        if classes.count and ((centre <= 0).any() or (sharpness < 0).any()):
            raise unsound("shares of classes above zero", "others")
        return cls(design, stretch, points, positions, pull, centre, scale, sharpness, classes)


@dataclass(frozen=True)
class GaussianProcessLearner:
    """The mean of a Gaussian process with a Matérn kernel, for small tables.

    Numbers are standardised (a missing one lies in the middle, and its absence counts as a column),
    categories differ or do not. Cross-validation inside the training rows chooses how far rows look
    for rows that are like them, and whether columns that tell little count less. Unit: a step from
    much noise to little; with validation rows a `Stages` is recorded for all 12, without, and when
    the budget does not say which, the same cross-validation chooses. Classes are learned as
    indicators, and how sure the process is of them from the rows it was not fitted on.

    Parameters
    ----------
    rows : int
        Training rows kept at most, drawn at random.

    Examples
    --------
    >>> x = np.linspace(0, 6, 40, dtype=np.float32)
    >>> X = Matrix.of_numbers(x[:, None], ["x"])
    >>> fitted = GaussianProcessLearner().fit(X, Target(np.sin(x)), budget=Budget(), seed=0)
    >>> bool(np.abs(fitted.predict(X)[:, 0] - np.sin(x)).max() < 0.02)
    True
    """

    name: ClassVar[str] = "gaussian-process"
    bags: ClassVar[bool] = False

    rows: int = 2_000

    def __post_init__(self) -> None:
        at_least("rows", self.rows, 1)

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
    ) -> FittedGaussianProcess:
        """Find the kernel, and solve for the pull of each row.

        Raises
        ------
        FitError
            When no time is left.
        """
        sample = Sample.of(X, y, weight, budget)
        weights = np.ones(sample.rows) if sample.weight is None else sample.weight
        kept = np.random.default_rng(seed).permutation(sample.rows)[: self.rows]
        design = Design.fit(sample.X, sample.weight, knots=0, min_count=5, max_onehot=100)
        answers = sample.values.astype(np.float64)[:, None]
        if sample.classes.count:
            answers = np.eye(sample.classes.learned)[sample.values]
        rows = _Rows.of(design(sample.X.rows(kept)).to_dense(), answers[kept], weights[kept])
        if sample.classes.count:  # among few rows that are kept a class may be missing
            rows = replace(rows, centre=np.maximum(rows.centre, sample.classes.floor))
        kernel, position, sharpness = _chosen(rows, sample.classes, budget)
        told = budget.units if budget.units is not None else position
        positions = [*range(1, _POSITIONS + 1)] if valid is not None else [told]
        if budget.units is not None:
            positions = [p for p in positions if p < told] + [told]
        stretch = kernel.stretch(rows)
        pulls = _pulls(rows, stretch, positions)
        sharp = sharpness[[min(p, _POSITIONS) - 1 for p in positions]]
        points = (rows.points * stretch).astype(np.float32)
        fitted = FittedGaussianProcess(
            design, stretch, points, np.array(positions, np.int64), pulls, rows.centre, rows.scale,
            sharp, sample.classes,
        )  # fmt: skip
        if valid is None:
            return fitted
        return replace(fitted, stages=Stages(fitted.positions, fitted._said(valid)))


@dataclass(frozen=True)
class _Rows:
    """Training rows in the columns of the design, their standardised answers and their weights."""

    points: Floats
    answers: Floats
    weight: Floats
    centre: Floats
    scale: Floats

    @classmethod
    def of(cls, points: Floats, answers: Floats, weight: Floats) -> _Rows:
        """Standardise the answers; a constant one has the deviation 1."""
        centre = weight @ answers / weight.sum()
        scale = np.sqrt(weight @ (answers - centre) ** 2 / weight.sum())
        # what rounding leaves of a constant is no deviation
        scale[scale <= 1e-12 * np.maximum(np.abs(centre), 1e-300)] = 1.0
        return cls(points, (answers - centre) / scale, weight / weight.mean(), centre, scale)

    def some(self, rows: NDArray[np.int64]) -> _Rows:
        """Give some of the rows, with the same standard."""
        return replace(
            self, points=self.points[rows], answers=self.answers[rows], weight=self.weight[rows]
        )


@dataclass(frozen=True)
class _Kernel:
    """How distances are measured: see `_POWERS` and `_LENGTHS`."""

    power: float
    length: float

    def stretch(self, rows: _Rows) -> Floats:
        """Give by what each column is multiplied, so that rows at a distance of 1 are alike."""
        told = relevance(rows.points, rows.answers, rows.weight) ** (self.power / 2)
        return told / (self.length * _median_distance(rows.points * told))


def _chosen(rows: _Rows, classes: Classes, budget: Budget) -> tuple[_Kernel, int, Floats]:
    """Choose the kernel, the best position, and how sharp classes are at each position."""
    judged = rows.some(np.arange(min(len(rows.points), _JUDGED)))
    kernels = [_Kernel(power, length) for power in _POWERS for length in _LENGTHS]
    best, least, said = kernels[1], np.inf, None
    for kernel in kernels if len(judged.points) > 1 and rows.points.shape[1] else ():
        if budget.expired:
            raise FitError("no time is left for this fit")
        found = _crossed(judged, kernel)
        wrong = float(_errors(judged, found).min())
        if wrong < least:
            best, least, said = kernel, wrong, found
    if said is None:
        return best, 1, np.zeros(_POSITIONS)
    position = 1 + int(_errors(judged, said).argmin())
    if not classes.count:
        return best, position, np.zeros(_POSITIONS)
    return best, position, np.array([_sharpness(judged, part) for part in said])


def _crossed(rows: _Rows, kernel: _Kernel) -> Floats:
    """Predict each row by the others, fold by fold: shape (n_positions, n_rows, n_outputs).

    Columns are weighed anew without the rows of each fold: whoever has seen an answer finds that
    columns which fit it by chance tell much.
    """
    size = len(rows.points)
    said = np.empty((_POSITIONS, *rows.answers.shape))
    for fold in np.array_split(np.arange(size), min(_FOLDS, size)):
        others = rows.some(np.delete(np.arange(size), fold))
        stretch = kernel.stretch(others)
        pulls = _pulls(others, stretch, range(1, _POSITIONS + 1))
        alike = matern(rows.points[fold] * stretch, others.points * stretch)
        said[:, fold] = alike @ pulls
    return said


def _errors(rows: _Rows, said: Floats) -> Floats:
    """Give the weighted squared error at each position."""
    errors: Floats = ((said - rows.answers) ** 2).sum(axis=2) @ rows.weight
    return errors


def _pulls(rows: _Rows, stretch: Floats, positions: Sequence[int]) -> Floats:
    """Solve for the pull of each row: shape (n_positions, n_rows, n_outputs).

    A row of weight 2 has half the noise, as if it were there twice.
    """
    points, root = rows.points * stretch, np.sqrt(rows.weight)[:, None]
    kernel = matern(points, points) * root * root.T
    diagonal = kernel.diagonal().copy()
    pulls = np.empty((len(positions), *rows.answers.shape))
    for place, position in enumerate(positions):
        noise = max(10.0 ** (2.0 - position / 2), _LEAST_NOISE)
        np.fill_diagonal(kernel, diagonal + noise)
        pulls[place] = root * np.linalg.solve(kernel, root * rows.answers)
    return pulls


def matern(some: Floats, others: Floats) -> Floats:
    """Say how alike rows are: the Matérn kernel of smoothness 5/2, of length 1.

    Parameters
    ----------
    some, others : ndarray of shape (n, n_columns) and (m, n_columns)
        Rows.

    Returns
    -------
    ndarray of shape (n, m)
        From 1, of equal rows, down to 0.
    """
    squared = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2.0 * some @ others.T
    far = np.sqrt(5.0 * np.maximum(squared, 0.0))
    alike: Floats = (1.0 + far + far**2 / 3.0) * np.exp(-far)
    return alike


def _median_distance(points: Floats) -> float:
    """Give the median distance between rows that differ, from some of them."""
    some = points[:200]
    squared = (some**2).sum(axis=1)[:, None] + (some**2).sum(axis=1) - 2.0 * some @ some.T
    apart = squared[squared > 1e-9]
    return float(np.sqrt(np.median(apart))) if len(apart) else 1.0


def _sharpness(rows: _Rows, said: Floats) -> float:
    """Find what a standard deviation is worth in log odds: the least log loss (it is convex).

    Platt (1999), with the shares of the classes as what is known before.
    """
    right = (rows.answers * rows.scale + rows.centre).argmax(axis=1)
    prior, every = np.log(np.maximum(rows.centre, 1e-12)), np.arange(len(said))

    def slope(sharp: float) -> float:
        scores = prior + sharp * said
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return float(rows.weight @ ((shares * said).sum(axis=1) - said[every, right]))

    low, high = 0.0, 50.0
    if slope(low) >= 0:
        return 0.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return low
