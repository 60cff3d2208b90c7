"""A learner of few features: they are chosen anew in every fit, and so inside every fold.

Choosing on all rows and validating afterwards is the classic error (Ambroise and McLachlan 2002:
genes chosen so "predict" labels that were drawn at random). Here it cannot happen: what chooses is
a part of what is validated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import OptionError, did_you_mean
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Fitted, Learner, Stages, State
from modelwright.core.seed import Seed
from modelwright.core.task import Target
from modelwright.features.selection import by_filter, by_model, by_wrapper, fewest
from modelwright.models.boosting import FittedLightGBM, LightGBMLearner
from modelwright.models.histogram import FittedHistogram
from modelwright.models.linear import FittedLinear, LinearLearner
from modelwright.models.options import at_least
from modelwright.models.unpack import array, integer, unsound

__all__ = ["FittedSelected", "SelectedLearner"]

_LEARNERS: Mapping[str, Learner] = MappingProxyType(
    {"linear": LinearLearner(), "lightgbm": LightGBMLearner(learning_rate=0.1, max_rounds=200)}
)
_FITTED: Mapping[str, type[Any]] = MappingProxyType(
    {"linear": FittedLinear, "lightgbm": FittedLightGBM, "histogram-boosting": FittedHistogram}
)
_WAYS = ("filter", "model", "wrapper")
_ROWS = 5_000
"""Rows that are looked at to choose."""
_CELLS = 10_000_000
"""Rows times features times answers of these at most."""
_LEAST = 30
"""With fewer rows every feature stays: nothing can be told apart."""
_TRIED = 12
"""Features, the best by filter, among which a wrapper chooses."""
_INNER = "inner-"


@dataclass(frozen=True)
class FittedSelected:
    """A model, and the columns of the matrix that it looks at.

    Parameters
    ----------
    kept : ndarray of int64, shape (n_kept,)
        Positions, ascending, counted through the numbers and then the codes.
    width : int
        Columns of the whole matrix.
    inner : Fitted
        The model of those that are kept.
    """

    kept: NDArray[np.int64]
    width: int
    inner: Fitted

    @property
    def units(self) -> int:
        """Those of the model."""
        return self.inner.units

    @property
    def stages(self) -> Stages | None:
        """Those of the model."""
        return self.inner.stages

    @property
    def out_of_bag(self) -> None:
        """None: which columns are kept was chosen on all rows."""
        return None

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict: shape (n_rows, n_outputs)."""
        return self.inner.predict(X.some(self.kept))

    def at(self, units: int) -> FittedSelected:
        """Give the model cut back to so many units, of the same columns."""
        return replace(self, inner=self.inner.at(units))

    def export(self) -> State:
        """Give the whole state."""
        state = self.inner.export()
        name = next(name for name, kind in _FITTED.items() if type(self.inner) is kind)
        config = {"inner": name, "width": self.width, "config": dict(state.config)}
        arrays = {_INNER + name: values for name, values in state.arrays.items()}
        return State(config, {"kept": self.kept, **arrays}, state.blobs)

    @classmethod
    def restore(cls, state: State) -> FittedSelected:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        kept, width = array(state, "kept", np.int64, 1), integer(state, "width", 0)
        if len(kept) and (kept[0] < 0 or kept[-1] >= width or (np.diff(kept) <= 0).any()):
            raise unsound("ascending positions of columns", "others")
        name, config = state.config.get("inner"), state.config.get("config")
        if not isinstance(name, str) or name not in _FITTED or not isinstance(config, dict):
            raise unsound("a model of the columns that are kept", repr(name)[:40])
        arrays = {
            key.removeprefix(_INNER): values
            for key, values in state.arrays.items()
            if key.startswith(_INNER)
        }
        return cls(kept, width, _FITTED[name].restore(State(config, arrays, state.blobs)))


@dataclass(frozen=True)
class SelectedLearner:
    """Choose features by a filter, a model or a wrapper, and fit a model of those alone.

    At most 5,000 training rows are looked at (of very wide ones fewer): two in three to fit, the
    third to judge. The fewest
    features are kept that are not clearly worse than the best number of them. Rows are drawn at
    random: relatives of a judged row may be among the fitted ones, which makes the choice less
    good, and the score of the model, which is found elsewhere, no less honest.

    Parameters
    ----------
    by : str
        ``"filter"``, ``"model"`` or ``"wrapper"``.
    inner : str
        ``"linear"`` or ``"lightgbm"``.
    most : int
        Features kept by a wrapper at most.

    Raises
    ------
    OptionError
        When there is no such way, or no such model.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = Matrix.of_numbers(rng.normal(size=(300, 20)).astype("f"), [f"x{j}" for j in range(20)])
    >>> y = Target(X.numbers[:, 3] - 2.0 * X.numbers[:, 11] + 0.3 * rng.normal(size=300))
    >>> SelectedLearner(by="wrapper").fit(X, y, budget=Budget(), seed=0).kept
    array([ 3, 11])
    """

    name: ClassVar[str] = "selected"
    bags: ClassVar[bool] = False

    by: str = "filter"
    inner: str = "linear"
    most: int = 8

    def __post_init__(self) -> None:
        if self.by not in _WAYS:
            raise OptionError(
                "by to be a way to choose", repr(self.by), did_you_mean(self.by, _WAYS)
            )
        if self.inner not in _LEARNERS:
            near = did_you_mean(self.inner, _LEARNERS)
            raise OptionError("inner to be a model", repr(self.inner), near)
        at_least("most", self.most, 1)

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
    ) -> FittedSelected:
        """Choose, then fit on all rows."""
        kept = np.arange(X.shape[1])
        counted = np.arange(X.shape[0]) if weight is None else np.flatnonzero(weight > 0)
        if len(counted) >= _LEAST and len(kept) > 1:
            most = min(_ROWS, max(_CELLS // (len(kept) * y.outputs), _LEAST))
            drawn = np.random.default_rng(Seed(seed).derive("drawn")).permutation(counted)[:most]
            chooser = _Chooser(_LEARNERS[self.inner], X.rows(drawn), y.rows(drawn), seed)
            kept = np.sort(chooser.chosen(self.by, self.most))
        fitted = _LEARNERS[self.inner].fit(
            X.some(kept),
            y,
            weight=weight,
            valid=None if valid is None else valid.some(kept),
            valid_y=valid_y,
            budget=budget,
            seed=seed,
        )
        return FittedSelected(kept, X.shape[1], fitted)


class _Chooser:
    """Judges sets of features by a model, fitted on two rows in three and judged on the third."""

    def __init__(self, learner: Learner, X: Matrix, y: Target, seed: int) -> None:
        self._learner, self._seed = learner, seed
        judged = np.arange(X.shape[0]) % 3 == 2
        self._fit, self._fit_y = X.rows(np.flatnonzero(~judged)), y.rows(np.flatnonzero(~judged))
        self._judge, self._judge_y = X.rows(np.flatnonzero(judged)), y.rows(np.flatnonzero(judged))

    def chosen(self, by: str, most: int) -> NDArray[np.int64]:
        """Give the columns to keep."""
        ranked = self._by_model() if by == "model" else by_filter(self._fit, self._fit_y)
        if by == "wrapper":
            found, _ = by_wrapper(ranked[:_TRIED].tolist(), self._mean_loss, most)
            return self._shortened(found, range(1, len(found) + 1))
        return self._shortened(ranked, _halved(len(ranked)))

    def _shortened(self, ranked: NDArray[np.int64], sizes: Sequence[int]) -> NDArray[np.int64]:
        """Keep as many of the first as it takes not to be clearly worse."""
        return ranked[: sizes[fewest([self._losses(ranked[:size]) for size in sizes])]]

    def _by_model(self) -> NDArray[np.int64]:
        fitted = self._fitted(self._fit, self._judge)

        def loss(X: Matrix) -> float:
            return float(_row_losses(fitted.predict(X), self._judge_y).mean())

        return by_model(self._judge, loss, self._seed)

    def _mean_loss(self, columns: NDArray[np.int64]) -> float:
        return float(self._losses(columns).mean())

    def _losses(self, columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give the loss of each judged row by a model of these columns."""
        ascending = np.sort(columns)
        judge = self._judge.some(ascending)
        fitted = self._fitted(self._fit.some(ascending), judge)
        return _row_losses(fitted.predict(judge), self._judge_y)

    def _fitted(self, X: Matrix, judge: Matrix) -> Fitted:
        """Fit, and cut back to the stage that is best on the judged rows."""
        fitted = self._learner.fit(
            X, self._fit_y, valid=judge, valid_y=self._judge_y, budget=Budget(), seed=self._seed
        )
        stages = fitted.stages
        if stages is None:
            return fitted
        means = [_row_losses(said, self._judge_y).mean() for said in stages.predictions]
        return fitted.at(int(stages.units[int(np.argmin(means))]))


def _halved(width: int) -> list[int]:
    """List the numbers of features that are tried, ascending: all, half of them, a quarter..."""
    sizes = {width}
    while min(sizes) > 1:
        sizes.add(max(min(sizes) // 2, 1))
    return sorted(sizes)


def _row_losses(said: NDArray[np.float32], y: Target) -> NDArray[np.float64]:
    """Give the squared error, or the log loss, of each row."""
    if not y.classes:
        return np.asarray((said[:, 0] - y.values) ** 2, np.float64)
    chosen = said[np.arange(len(y)), y.values].astype(np.float64)
    return np.asarray(-np.log(np.maximum(chosen, 1e-15)))
