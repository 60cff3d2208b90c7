"""Gradient-boosted trees by XGBoost (Chen and Guestrin 2016); the one door to the library.

XGBoost grows the trees; they are taken over as plain arrays, so that a model file holds nothing of
the library, and a prediction needs none of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.deferred import Deferred
from modelwright.core.errors import FitError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Stages
from modelwright.core.task import Target
from modelwright.models.columns import Ranks
from modelwright.models.growth import Growth
from modelwright.models.histogram import FittedHistogram
from modelwright.models.options import at_least, between
from modelwright.models.sample import Sample
from modelwright.models.trees import FlatTrees, Tree

__all__ = ["XGBoostLearner"]

xgboost = Deferred("xgboost")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class XGBoostLearner:
    """Gradient boosting of trees that grow level by level, by XGBoost on histograms.

    Unit: a boosting round. With validation rows it records `Stages`, and stops when their loss no
    longer falls; without, it fits ``6 / learning_rate`` rounds. Categories are ranks by frequency.

    Parameters
    ----------
    learning_rate : float
        How much each tree counts.
    depth : int
        Questions on the way to a leaf, at most.
    min_weight_leaf : float
        Summed curvature of the loss in a leaf at least; for numbers this is its rows.
    column_share : float
        Share of the columns that each level of a tree sees.
    row_share : float
        Share of the rows that each tree sees.
    l2 : float
        Ridge penalty on leaf values.
    max_rounds : int
        Rounds after which to stop in any case.
    threads : int
        Threads of a fit; never taken from the machine.
    max_bin : int
        Bins of a number.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.arange(200, dtype=np.float32)[:, None], ["x"])
    >>> y = Target((np.arange(200) >= 100).astype(np.int64), classes=2)
    >>> fitted = XGBoostLearner().fit(X, y, budget=Budget(units=50), seed=0)
    >>> fitted.predict(X).argmax(axis=1)[[0, 199]]
    array([0, 1])
    """

    name: ClassVar[str] = "xgboost"
    bags: ClassVar[bool] = False

    learning_rate: float = 0.06
    depth: int = 6
    min_weight_leaf: float = 1.0
    column_share: float = 0.8
    row_share: float = 0.7
    l2: float = 1.0
    max_rounds: int = 3_000
    threads: int = 1
    max_bin: int = 256

    def __post_init__(self) -> None:
        between("learning_rate", self.learning_rate, 0, 1)
        at_least("depth", self.depth, 1)
        at_least("min_weight_leaf", self.min_weight_leaf, 0)
        between("column_share", self.column_share, 0, 1)
        between("row_share", self.row_share, 0, 1)
        at_least("l2", self.l2, 0)
        at_least("max_rounds", self.max_rounds, 1)
        at_least("threads", self.threads, 1)
        between("max_bin", self.max_bin, 1, 65_535)

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
        """Fit rounds until the budget, the patience or `max_rounds` ends.

        Raises
        ------
        FitError
            When XGBoost cannot fit this data.
        MissingExtraError
            When XGBoost is not installed.
        """
        fit = _Fit(self, Sample.of(X, y, weight, budget), valid, valid_y, budget)
        if fit.hopeless:
            return FittedHistogram.constant(fit.ranks, fit.sample, budget.units or 1, valid)
        return fit.run(seed)

    def parameters(self, outputs: int, seed: int) -> dict[str, Any]:
        """Give XGBoost's own names for these settings.

        Parameters
        ----------
        outputs : int
            Classes that are learned; 1 for regression.
        seed : int
            From which XGBoost draws rows and columns.

        Returns
        -------
        dict
        """
        objective = {1: "reg:squarederror", 2: "binary:logistic"}.get(outputs, "multi:softprob")
        metric = {1: "rmse", 2: "logloss"}.get(outputs, "mlogloss")
        classes = {"num_class": outputs} if outputs > 2 else {}
        return {
            "objective": objective,
            "eval_metric": metric,
            "tree_method": "hist",
            "eta": self.learning_rate,
            "max_depth": self.depth,
            "min_child_weight": self.min_weight_leaf,
            "colsample_bylevel": self.column_share,
            "subsample": self.row_share,
            "lambda": self.l2,
            "max_bin": max(self.max_bin, 2),
            "nthread": self.threads,
            "seed": seed,
            "verbosity": 0,
            **classes,
        }


@dataclass
class _Fit:
    """One fit: the data, the loop over rounds, and what was seen on the way."""

    learner: XGBoostLearner
    sample: Sample
    valid: Matrix | None
    valid_y: Target | None
    budget: Budget

    def __post_init__(self) -> None:
        self.ranks = Ranks.fit(self.sample.X)
        self.base, self.scale = self.sample.start()

    @property
    def hopeless(self) -> bool:
        """Whether there is nothing to learn: no column, or one answer."""
        return not self.ranks.width or self.sample.settled

    def run(self, seed: int) -> FittedHistogram:
        """Fit round by round."""
        most = self.learner.max_rounds
        if self.valid is None:
            most = min(most, max(1, round(6 / self.learner.learning_rate)))
        growth = Growth(most, self.budget)
        xgboost.load()
        try:
            booster, done = self._grow(seed, growth)
            model = json.loads(bytes(booster.save_raw("json")))
        except xgboost.core.XGBoostError as error:
            raise FitError(f"XGBoost: {str(error).splitlines()[0]}") from error
        return self._fitted(list(_trees(model)), done, growth.stages())

    def _grow(self, seed: int, growth: Growth) -> tuple[Any, int]:
        parameters = self.learner.parameters(self.sample.classes.learned, seed)
        labels, weight = self.sample.values, self.sample.weight
        if not self.sample.classes.count:
            labels = (labels - self.base[0]) / self.scale
        train = self._data(self.sample.X)
        train.set_info(label=labels, weight=weight)
        booster = xgboost.Booster(parameters, [train])
        watch = None if self.valid is None else self._data(self.valid)
        judged = self._judged()
        raw = np.zeros((0 if self.valid is None else self.valid.shape[0], len(self.base)))
        done, seen, going = 0, 0, True
        while going:
            booster.update(train, done)
            done += 1
            going = growth.goes_on(done, None if judged is None else _loss(booster, judged))
            if watch is not None and len(raw) and (growth.due(done) or not going):
                part = booster.predict(watch, output_margin=True, iteration_range=(seen, done))
                raw += part.reshape(len(raw), -1) - self._margin(1)
                seen = done
                scores = raw * self.scale + self.base
                growth.record(done, self.sample.classes.answers(scores))
        return booster, done

    def _margin(self, rows: int) -> Floats:
        """Give what every row starts from, on XGBoost's scale."""
        base = self.base if self.sample.classes.count else np.zeros(1)
        return np.tile(base, (rows, 1))

    def _data(self, X: Matrix) -> Any:
        data = xgboost.DMatrix(self.ranks.table(X), nthread=self.learner.threads)
        data.set_base_margin(
            np.squeeze(self._margin(X.shape[0]), axis=1)
            if len(self.base) == 1
            else self._margin(X.shape[0])
        )
        return data

    def _judged(self) -> Any | None:
        """Give the validation rows with known answers, on the scale of training."""
        if self.valid is None or self.valid_y is None or self.budget.units is not None:
            return None
        rows, labels = self.sample.scaled(self.valid_y)
        if not len(rows):
            return None
        data = self._data(self.valid.rows(rows))
        data.set_label(labels)
        return data

    def _fitted(self, trees: list[Tree], done: int, stages: Stages | None) -> FittedHistogram:
        return FittedHistogram(
            FlatTrees.pack(trees), self.ranks, self.sample.classes, self.base, self.scale, done,
            stages,
        )  # fmt: skip


def _loss(booster: Any, judged: Any) -> float:
    return float(booster.eval(judged).rpartition(":")[2])


def _trees(model: dict[str, Any]) -> Iterator[Tree]:
    """Take over the trees of XGBoost's JSON."""
    for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
        left = np.array(tree["left_children"], np.int64)
        bars = np.array(tree["split_conditions"], np.float32)
        leaf = left < 0
        # XGBoost goes left below a threshold, we go left up to it
        below = np.nextafter(bars, np.float32(-np.inf)).astype(np.float64)
        yield Tree(
            np.where(leaf, -1, np.array(tree["split_indices"], np.int64)),
            np.where(leaf, 0.0, below),
            left,
            np.array(tree["right_children"], np.int64),
            np.array(tree["default_left"], bool),
            np.where(leaf, bars, 0.0)[:, None],
        )
