"""An ensemble of perceptrons inside one net: TabM (Gorishniy, Kotelnikov and Babenko 2025)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.models.intake import quantile_bins
from modelwright.models.nets import FittedNet, NetFit, Task, epochs_of
from modelwright.models.options import at_least, between, share
from modelwright.models.sample import Sample

if TYPE_CHECKING:
    from modelwright.nets.tabular import TabM
    from modelwright.training.course import Course

__all__ = ["TabMLearner"]

_ONEHOT = 9
_CODE_WIDTH = 8
# Up to so many rows, so many rows a step; the paper takes 32 and 64 below 4,500 rows, whose steps
# cost a CPU as much.
_BATCHES = ((6_400, 128), (32_000, 256), (108_000, 512))
_LARGEST_BATCH = 1_024
# Steps at most: many rows are seen less often.
_STEPS = 10_000


@dataclass(frozen=True)
class TabMLearner:
    """Perceptrons that share their weights, on piecewise-linear embeddings of numbers.

    Smaller than in the paper, so that it trains on a CPU: the paper has 32 members of 512 units.
    Unit: an epoch. With validation rows it records `Stages` where its learning rate has come down
    to zero. It needs PyTorch (extra ``deep``) to fit, and not to predict.

    Parameters
    ----------
    members : int
        Perceptrons.
    width, depth : int
        Units of a hidden layer, and hidden layers.
    bins : int
        Pieces of the embedding of a number, at its quantiles; 0: numbers as they are.
    embedding : int
        Outputs of the embedding of a number.
    dropout : float
        Share of units that are dropped in training.
    rate : float
        The learning rate.
    decay : float
        The weight decay.
    epochs : int
        How often it sees the rows, at most.
    threads : int
        Threads of a fit; never taken from the machine.

    Examples
    --------
    >>> TabMLearner(members=4).depth
    2
    """

    name: ClassVar[str] = "tabm"
    bags: ClassVar[bool] = False

    members: int = 8
    width: int = 128
    depth: int = 2
    bins: int = 16
    embedding: int = 8
    dropout: float = 0.1
    rate: float = 0.002
    decay: float = 0.0003
    epochs: int = 72
    threads: int = 1

    def __post_init__(self) -> None:
        at_least("members", self.members, 1)
        at_least("width", self.width, 1)
        between("depth", self.depth, 0, 16)
        at_least("bins", self.bins, 0)
        at_least("embedding", self.embedding, 1)
        share("dropout", self.dropout)
        between("rate", self.rate, 0, 1)
        at_least("decay", self.decay, 0)
        at_least("epochs", self.epochs, 1)
        at_least("threads", self.threads, 1)

    def planned(self, rows: int) -> int:
        """Say how often it sees so many rows when no clock says otherwise."""
        return epochs_of(self.epochs, _STEPS, _batch(rows), rows)

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
    ) -> FittedNet:
        """Fit so many epochs that the schedule ends within the budget."""
        embedding = "piecewise" if self.bins else "none"
        fit = NetFit("relu", embedding, _ONEHOT, 0.0, self.threads, seed)
        sample = Sample.of(X, y, weight, budget)
        return fit.run(sample, valid, budget, self._net, self._course)

    def _net(self, task: Task) -> TabM:
        from modelwright.nets.tabular import Front, Inputs, TabM

        intake = task.intake
        bins = None
        if self.bins and intake.numbers:
            bins = quantile_bins(task.dense[:, : intake.numbers], self.bins)
        inputs = Inputs(
            intake.numbers, intake.others, intake.columns, intake.rows, intake.shared, bins
        )
        front = Front(inputs, "piecewise" if self.bins else "none", self.embedding, _CODE_WIDTH)
        return TabM(front, self.members, self.width, self.depth, task.outputs)

    def _course(self, task: Task) -> Course:
        from modelwright.training.course import Course

        return Course(
            epochs=self.planned(task.rows),
            batch=_batch(task.rows),
            rate=self.rate,
            decay=self.decay,
            dropout=self.dropout,
            clip=1.0,
            schedule="coslog4",
        )


def _batch(rows: int) -> int:
    return next((size for most, size in _BATCHES if rows < most), _LARGEST_BATCH)
