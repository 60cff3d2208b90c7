"""Gradient boosting to be read: `gradients.py` behind the interface of a learner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import OptionError, did_you_mean
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.models.columns import Ranks
from modelwright.models.gradients import LOSSES, Descent, Log, Multinomial, Round
from modelwright.models.growth import Growth
from modelwright.models.histogram import FittedHistogram
from modelwright.models.options import at_least, between
from modelwright.models.sample import Sample, loss
from modelwright.models.trees import FlatTrees, Tree

__all__ = ["GradientBoostingLearner"]


@dataclass(frozen=True)
class GradientBoostingLearner:
    """Each tree fits the negative gradient of the loss, and is shrunk (Friedman 2001).

    The reference beside the fast ones: exact splits, one tree after the other. Unit: a round;
    validation rows give `Stages` and an early stop. Categories are ranks by frequency.

    Parameters
    ----------
    loss : str
        Of numbers: ``squared``, ``absolute`` or ``huber``. Classes have the log loss.
    learning_rate : float
        The shrinkage of each tree.
    depth : int
        Of each tree at most.
    min_rows_leaf : int
        Rows in a leaf at least (at most a twentieth of all).
    row_share : float
        Share of the rows that each round sees.
    column_share : float
        Share of the columns that each split tries.
    max_rounds : int
        Rounds after which to stop in any case.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.arange(200, dtype=np.float32)[:, None], ["x"])
    >>> y = Target(np.arange(200) ** 2.0)
    >>> fitted = GradientBoostingLearner().fit(X, y, budget=Budget(units=100), seed=0)
    >>> bool(abs(fitted.predict(X)[190, 0] - 190**2) < 1_000)
    True
    """

    name: ClassVar[str] = "gradient-boosting"
    bags: ClassVar[bool] = False

    loss: str = "squared"
    learning_rate: float = 0.1
    depth: int = 3
    min_rows_leaf: int = 5
    row_share: float = 0.8
    column_share: float = 1.0
    max_rounds: int = 1_000

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            near = did_you_mean(self.loss, LOSSES)
            raise OptionError("a known loss of gradient-boosting", repr(self.loss), near)
        between("learning_rate", self.learning_rate, 0, 1)
        at_least("depth", self.depth, 1)
        at_least("min_rows_leaf", self.min_rows_leaf, 1)
        between("row_share", self.row_share, 0, 1)
        between("column_share", self.column_share, 0, 1)
        at_least("max_rounds", self.max_rounds, 1)

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
        ranks = Ranks.fit(sample.X)
        if not ranks.width or sample.settled:
            return FittedHistogram.constant(ranks, sample, budget.units or 1, valid)
        most = self.max_rounds
        if valid is None:
            most = min(most, max(1, round(10 / self.learning_rate)))
        return _run(self, sample, ranks, (valid, valid_y), Growth(most, budget), seed)

    def descent(self, classes: int) -> Descent:
        """Give the loss for so many learned classes; 0: for numbers."""
        if not classes:
            return LOSSES[self.loss]
        return Log() if classes == 2 else Multinomial(classes)

    def round(self, rows: int) -> Round:
        """Give how the trees of a round are grown from so many rows."""
        least = min(self.min_rows_leaf, max(1, rows // 20))
        return Round(self.learning_rate, self.depth, least, self.row_share, self.column_share)


def _run(
    learner: GradientBoostingLearner,
    sample: Sample,
    ranks: Ranks,
    valid: tuple[Matrix | None, Target | None],
    growth: Growth,
    seed: int,
) -> FittedHistogram:
    classes, (mean, scale) = sample.classes, sample.start()
    labels = sample.values if classes.count else (sample.values - mean[0]) / scale
    weight = np.ones(sample.rows) if sample.weight is None else sample.weight
    descent = learner.descent(classes.learned if classes.count else 0)
    start = descent.start(labels, weight)
    base = start if classes.count else mean + scale * start
    table, grow = ranks.table(sample.X), learner.round(sample.rows)
    watch = None if valid[0] is None else ranks.table(valid[0])
    raw = np.tile(start, (sample.rows, 1))
    seen = np.zeros((0 if watch is None else len(watch), len(start)))
    random = np.random.RandomState(seed)
    trees, done, going = list[Tree](), 0, True
    while going:
        new = grow(descent, table, labels, raw, weight, random)
        trees += new
        done, judged = done + 1, None
        if watch is not None:
            seen += FlatTrees.pack(new).total(watch, cycle=len(base))
            said = classes.answers(seen * scale + base)
            judged = None if valid[1] is None else loss(said, valid[1])
            if growth.due(done):
                growth.record(done, said)
        going = growth.goes_on(done, judged)
    if watch is not None:
        growth.record(done, classes.answers(seen * scale + base))
    return FittedHistogram(
        FlatTrees.pack(trees), ranks, classes, base, scale, done, growth.stages()
    )
