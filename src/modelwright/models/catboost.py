"""Boosted symmetric trees by CatBoost (Prokhorenkova et al. 2018); the one door to the library.

CatBoost grows the trees; they are taken over as plain arrays. Its own file format is not used: an
altered file can crash the process that opens it. So a prediction needs no CatBoost, and the idea
that made it known, ordered target statistics for categories, is computed here.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.deferred import Deferred
from modelwright.core.errors import FitError
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.models.columns import Ranks
from modelwright.models.growth import Growth
from modelwright.models.histogram import FittedHistogram
from modelwright.models.options import at_least, between
from modelwright.models.sample import Sample
from modelwright.models.trees import FlatTrees, Tree

__all__ = ["CatBoostLearner"]

catboost = Deferred("catboost", extra="boost")

Floats = NDArray[np.float64]

_NODES = 3_000_000
"""Nodes of a whole model at most: a tree of many classes counts once a class."""
_FAR = 3.4e38


@dataclass(frozen=True)
class CatBoostLearner:
    """Gradient boosting of symmetric trees: each level asks one question of all rows.

    Unit: a boosting round. With validation rows it records `Stages`, and stops when their loss no
    longer falls; without, it fits ``6 / learning_rate`` rounds. A category is the mean answer of
    the rows of its level that come before, in a random order; for new rows, of all of them.

    Parameters
    ----------
    learning_rate : float
        How much each tree counts.
    depth : int
        Questions on the way to a leaf, at most 10.
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
    >>> CatBoostLearner(depth=4).depth
    4
    """

    name: ClassVar[str] = "catboost"
    bags: ClassVar[bool] = False

    learning_rate: float = 0.06
    depth: int = 6
    column_share: float = 1.0
    row_share: float = 0.8
    l2: float = 3.0
    max_rounds: int = 2_000
    threads: int = 1
    max_bin: int = 128

    def __post_init__(self) -> None:
        between("learning_rate", self.learning_rate, 0, 1)
        between("depth", self.depth, 0, 10)
        between("column_share", self.column_share, 0, 1)
        between("row_share", self.row_share, 0, 1)
        at_least("l2", self.l2, 0)
        at_least("max_rounds", self.max_rounds, 1)
        at_least("threads", self.threads, 1)
        between("max_bin", self.max_bin, 1, 254)

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
            When CatBoost cannot fit this data.
        MissingExtraError
            When CatBoost is not installed.
        """
        catboost.load()
        fit = _Fit(self, Sample.of(X, y, weight, budget), valid, valid_y, budget)
        return fit.run(seed)

    def parameters(self, outputs: int, rounds: int, seed: int) -> dict[str, Any]:
        """Give CatBoost's own names for these settings.

        Parameters
        ----------
        outputs : int
            Classes that are learned; 1 for regression.
        rounds : int
            Rounds at most.
        seed : int
            From which CatBoost draws.

        Returns
        -------
        dict
        """
        return {
            "loss_function": {1: "RMSE", 2: "Logloss"}.get(outputs, "MultiClass"),
            "iterations": rounds,
            "learning_rate": self.learning_rate,
            "depth": self.depth,
            "rsm": self.column_share,
            "bootstrap_type": "Bernoulli",
            "subsample": self.row_share,
            "l2_leaf_reg": self.l2,
            "border_count": self.max_bin,
            "thread_count": self.threads,
            "random_seed": seed,
            "boost_from_average": False,
            "use_best_model": False,
            "allow_writing_files": False,
            "logging_level": "Silent",
        }


class _Watch:
    """CatBoost asks it after each round whether to go on."""

    def __init__(self, growth: Growth) -> None:
        self._growth = growth

    def after_iteration(self, info: Any) -> bool:
        """Say whether to fit another round."""
        judged = (info.metrics or {}).get("validation")
        loss = None if judged is None else float(next(iter(judged.values()))[-1])
        return self._growth.goes_on(info.iteration, loss)


@dataclass
class _Fit:
    """One fit: the data, CatBoost's own loop, and the trees taken over."""

    learner: CatBoostLearner
    sample: Sample
    valid: Matrix | None
    valid_y: Target | None
    budget: Budget

    def __post_init__(self) -> None:
        self.base, self.scale = self.sample.start()
        classes = self.sample.classes
        labels = self.sample.values
        if not classes.count:
            labels = (labels - self.base[0]) / self.scale
        self.labels = labels

    def run(self, seed: int) -> FittedHistogram:
        """Fit all rounds."""
        ranks, table = _statistics(self.sample, seed)
        varies = [bool((column[1:] != column[:-1]).any()) for column in table.T]
        if not any(varies) or self.sample.settled:
            return FittedHistogram.constant(ranks, self.sample, self.budget.units or 1, self.valid)
        if self.sample.classes.count:  # CatBoost starts from 0
            self.base = np.zeros(len(self.base))
        most = self.learner.max_rounds
        if self.valid is None:
            most = min(most, max(1, round(6 / self.learner.learning_rate)))
        each = len(self.base) * 2 ** (self.learner.depth + 1)
        growth = Growth(max(min(most, _NODES // each), 1), self.budget)
        outputs = self.sample.classes.learned
        parameters = self.learner.parameters(outputs, growth.rounds, seed)
        pool = catboost.Pool(table, self.labels, weight=self.sample.weight)
        model = catboost.CatBoost(parameters)
        try:
            model.fit(pool, eval_set=self._judged(ranks), callbacks=[_Watch(growth)])
            trees, done = list(_trees(_json(model))), int(model.tree_count_)
        except catboost.CatBoostError as error:
            raise FitError(f"CatBoost: {str(error).splitlines()[0]}") from error
        fitted = self._fitted(FlatTrees.pack(trees), ranks, done)
        if self.valid is None or not self.valid.shape[0]:
            return fitted
        self._record(model, fitted, growth)
        return replace(fitted, stages=growth.stages())

    def _judged(self, ranks: Ranks) -> Any | None:
        """Give the validation rows with known answers, on the scale of training."""
        if self.valid is None or self.valid_y is None or self.budget.units is not None:
            return None
        rows, labels = self.sample.scaled(self.valid_y)
        if not len(rows):
            return None
        return catboost.Pool(ranks.table(self.valid.rows(rows)), labels)

    def _record(self, model: Any, fitted: FittedHistogram, growth: Growth) -> None:
        """Record what the model said of the validation rows on the way."""
        assert self.valid is not None
        pool = catboost.Pool(fitted.ranks.table(self.valid))
        staged = model.staged_predict(
            pool, prediction_type="RawFormulaVal", thread_count=self.learner.threads
        )
        for done, raw in enumerate(staged, 1):
            if growth.due(done) or done == fitted.units:
                scores = np.asarray(raw, np.float64).reshape(self.valid.shape[0], -1)
                growth.record(done, fitted.classes.answers(scores * self.scale + self.base))

    def _fitted(self, trees: FlatTrees, ranks: Ranks, done: int) -> FittedHistogram:
        return FittedHistogram(trees, ranks, self.sample.classes, self.base, self.scale, done)


def _statistics(sample: Sample, seed: int) -> tuple[Ranks, NDArray[np.float32]]:
    """Give each level its weighted mean answer, and each training row that of the rows before it.

    The answer of a row must not be in its own feature: what looked like a strong column in
    training would be weak afterwards. Each mean counts one row like the average besides.
    """
    counted = Ranks.fit(sample.X)
    table, values = counted.table(sample.X), counted.ranks.copy()
    if not sample.X.levels:
        return counted, table
    answers = sample.values.astype(np.float64)
    if sample.classes.learned > 2:
        # more classes: by their frequency, the most frequent against the rest
        answers = answers == int(np.argmax(sample.prior()))
    low, high = float(answers.min()), float(answers.max())
    answers = (answers - low) / ((high - low) or 1.0)
    weight = np.ones(sample.rows) if sample.weight is None else sample.weight
    order = np.random.default_rng(seed).permutation(sample.rows)
    mean = float(np.average(answers, weights=weight))
    for j, levels in enumerate(sample.X.levels):
        code = sample.X.codes[:, j]
        known = (code >= 0) & (code < levels)
        sums = np.bincount(code[known], (weight * answers)[known], levels)
        counts = np.bincount(code[known], weight[known], levels)
        own = slice(counted.starts[j], counted.starts[j + 1])
        values[own] = np.where(counts > 0, (sums + mean) / (counts + 1.0), -1)
        walked = order[known[order]]
        table[walked, counted.numbers + j] = _before(
            code[walked], answers[walked], weight[walked], mean
        )
    return replace(counted, ranks=values), table


def _before(
    code: NDArray[np.integer], answers: Floats, weight: Floats, mean: float
) -> NDArray[np.float32]:
    """Give each row the smoothed mean answer of the rows of its level that come before it."""
    by_level = np.argsort(code, kind="stable")
    if not len(code):
        return np.empty(0, np.float32)
    first = np.flatnonzero(np.r_[True, np.diff(code[by_level]) != 0])
    lengths = np.diff(np.r_[first, len(code)]).astype(np.int64)
    total, seen = (_up_to(part[by_level], first, lengths) for part in (weight * answers, weight))
    out = np.empty(len(code), np.float32)
    out[by_level] = (total + mean) / (seen + 1.0)
    return out


def _up_to(values: Floats, first: NDArray[np.int64], lengths: NDArray[np.int64]) -> Floats:
    """Add up what comes before each value in its run."""
    total = np.cumsum(values) - values
    up_to: Floats = np.maximum(total - np.repeat(total[first], lengths), 0.0)
    return up_to


def _json(model: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        read: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return read


def _trees(model: dict[str, Any]) -> Iterator[Tree]:
    """Take over symmetric trees: each becomes a full tree, one for each output."""
    for tree in model["oblivious_trees"]:
        splits = tree["splits"] or []
        depth = len(splits)
        level = np.repeat(np.arange(depth), 2 ** np.arange(depth))
        inner, leaves = len(level), 2**depth
        feature, bar = np.full(inner + leaves, -1), np.zeros(inner + leaves)
        feature[:inner] = np.array([s["float_feature_index"] for s in splits], np.int64)[level]
        borders = np.array([s["border"] for s in splits], np.float64)
        # the lowest border of all parts what is missing from what is not
        bar[:inner] = borders.clip(-_FAR, _FAR)[level]
        left = np.where(feature >= 0, 2 * np.arange(inner + leaves) + 1, -1)
        # the first question is the lowest bit of a leaf's number
        bits = (np.arange(leaves)[:, None] >> np.arange(depth)[::-1]) & 1
        said = np.array(tree["leaf_values"], np.float64).reshape(leaves, -1)
        said = said[(bits << np.arange(depth)).sum(axis=1)]
        for column in said.T:
            value = np.concatenate([np.zeros(inner), column])[:, None]
            yield Tree(feature, bar, left, left + 1, feature >= 0, value)
