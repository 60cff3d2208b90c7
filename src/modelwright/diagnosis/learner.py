"""A learner of ours behind `fit` and `predict`, for what takes any estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from modelwright.acquire import cast, infer, read_raw
from modelwright.core.budget import Budget
from modelwright.core.errors import OptionError, did_you_mean
from modelwright.core.schema import Schema
from modelwright.core.seed import Seed
from modelwright.core.table import Table
from modelwright.core.task import Target, TaskKind
from modelwright.diagnosis.answers import Answers
from modelwright.features import default_recipe
from modelwright.models import LEARNERS, make_learner

__all__ = ["LearnerEstimator", "estimator_of"]

# So many rows, or a fifth of them, say when a growing model stops.
_HELD_OUT = 0.2
_FEWEST = 40


class LearnerEstimator:
    """A learner with its features, fitted as an estimator is.

    A model that grows, such as boosted trees, is fitted twice: once with a fifth of the rows held
    out, to learn when to stop, and then on all rows for as long.

    Parameters
    ----------
    learner : str
        Its name, as ``--models`` takes it: ``"linear"``, ``"lightgbm"``...
    config : mapping, optional
        Its hyper-parameters; None: as they are.
    task : str, optional
        ``"binary"``, ``"multiclass"`` or ``"regression"``; None: as `y` says.
    columns : list of mappings, optional
        A schema as plain JSON; None: types are inferred when it is fitted.
    random_state : int, optional
        The only source of randomness; None is 0.

    Examples
    --------
    >>> X = np.linspace(0, 1, 100)[:, None]
    >>> found = LearnerEstimator("linear").fit(X, 3 * X[:, 0])
    >>> found.predict(np.array([[0.5]])).round(2).tolist()
    [1.5]
    """

    def __init__(
        self,
        learner: str,
        config: Mapping[str, Any] | None = None,
        task: str | None = None,
        columns: Sequence[Mapping[str, Any]] | None = None,
        random_state: int | None = None,
    ) -> None:
        self.learner = learner
        self.config = config
        self.task = task
        self.columns = columns
        self.random_state = random_state

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Give what it was made with; nothing lies deeper."""
        names = ("learner", "config", "task", "columns", "random_state")
        return {name: getattr(self, name) for name in names}

    def set_params(self, *, random_state: int | None) -> Self:
        """Set the seed."""
        self.random_state = random_state
        return self

    def with_config(self, config: Mapping[str, Any]) -> LearnerEstimator:
        """Give the same with other hyper-parameters, those that are named."""
        whole = {**(self.config or {}), **config}
        make_learner(self.learner, whole)  # raises when there is no such one
        return LearnerEstimator(self.learner, whole, self.task, self.columns, self.random_state)

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Fit on rows and their answers."""
        answers = Answers.of(y, self)
        frame = _frame(X)
        kinds = infer(frame)[0] if self.columns is None else Schema.from_json(self.columns)
        self.schema_ = kinds
        self.classes_ = answers.classes
        table, target = self._table(frame), Target(answers.values, len(answers.classes))
        seed = Seed(self.random_state or 0)
        self.recipe_ = default_recipe().fit(table, target, seed=seed.derive("recipe"))
        self.fitted_ = self._grown(table, target, seed)
        return self

    def _grown(self, table: Table, y: Target, seed: Seed) -> Any:
        learner = make_learner(self.learner, dict(self.config or {}))
        matrix = self.recipe_.transform(table)
        order = np.random.default_rng(seed.derive("held out")).permutation(len(y))
        count = int(_HELD_OUT * len(order))
        units = None
        if len(order) >= _FEWEST:
            out, rest = np.sort(order[:count]), np.sort(order[count:])
            first = learner.fit(
                matrix.rows(rest),
                y.rows(rest),
                valid=matrix.rows(out),
                valid_y=y.rows(out),
                budget=Budget(),
                seed=seed.derive("fit"),
            )
            if first.stages is None:
                units = first.units if first.units > 1 else None
            else:
                losses = [_loss(p, y.rows(out)) for p in first.stages.predictions]
                units = int(first.stages.units[int(np.argmin(losses))])
        fitted = learner.fit(matrix, y, budget=Budget(units=units), seed=seed.derive("fit"))
        return fitted if units is None else fitted.at(min(units, fitted.units))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Give the probability of each class."""
        matrix = self.recipe_.transform(self._table(_frame(X)))
        found: NDArray[np.float64] = self.fitted_.predict(matrix).astype(np.float64)
        return found

    def predict(self, X: Any) -> NDArray[Any]:
        """Give labels or numbers."""
        found = self.predict_proba(X)
        answers: NDArray[Any] = (
            self.classes_[found.argmax(axis=1)] if len(self.classes_) else found[:, 0]
        )
        return answers

    def _table(self, frame: pl.DataFrame) -> Table:
        return cast(frame, self.schema_)


def _loss(p: NDArray[np.float32], y: Target) -> float:
    """Judge a stage by log loss, or by squared error."""
    if not y.classes:
        return float(np.square(p[:, 0] - y.values).mean())
    own = np.take_along_axis(p.astype(np.float64), y.values[:, None], axis=1)
    return float(-np.log(np.clip(own, 1e-15, None)).mean())


def _frame(X: Any) -> pl.DataFrame:
    if isinstance(X, np.ndarray) and X.ndim == 2:
        X = {f"x{i}": X[:, i] for i in range(X.shape[1])}
    return read_raw(X).frame


def estimator_of(estimator: Any, X: Any, y: ArrayLike) -> Any:
    """Give the estimator for the name of a learner; any other one is given back.

    Raises
    ------
    OptionError
        When there is no such learner.
    """
    if not isinstance(estimator, str):
        if not hasattr(estimator, "fit") or not hasattr(estimator, "predict"):
            raise OptionError(
                "an estimator with fit and predict, or the name of a learner",
                f"a {type(estimator).__name__}",
            )
        return estimator
    if estimator not in LEARNERS:
        raise OptionError("a known learner", repr(estimator), did_you_mean(estimator, LEARNERS))
    kind = Answers.of(y, None).kind
    columns = infer(_frame(X))[0].to_json()
    return LearnerEstimator(estimator, None, TaskKind(kind).value, columns)
