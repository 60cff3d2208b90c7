"""A perceptron with tuned defaults: RealMLP (Holzmüller, Grinsztajn and Steinwart 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.models.nets import FittedNet, NetFit, Task, epochs_of
from modelwright.models.options import at_least, between, share
from modelwright.models.sample import Sample

if TYPE_CHECKING:
    from modelwright.nets.tabular import RealMLP
    from modelwright.training.course import Course

__all__ = ["RealMLPLearner"]

_ONEHOT = 9
_CODE_WIDTH = 8
_NUMBER_WIDTH = 4
# Rows to which the first weights of the full form are suited.
_SUITED = 4_096


@dataclass(frozen=True)
class RealMLPLearner:
    """A perceptron of three layers with the tuned defaults of RealMLP.

    Unit: an epoch. With validation rows it records `Stages` where its learning rate has come down
    to zero, the last three times. It needs PyTorch (extra ``deep``) to fit, and not to predict.

    Parameters
    ----------
    form : str
        ``"full"`` (TD): periodic embeddings, learned activations, dropout, weight decay, first
        weights that suit the rows; ``"small"`` (TD-S): none of these, in two thirds of the time,
        and worse (docs: log).
    epochs : int
        How often it sees the rows; few rows are seen more often, up to eight times as often. The
        paper has 256; beyond 32 nothing was gained (docs: log).
    steps : int
        Steps at most: many rows are seen less often.
    batch : int
        Rows a step.
    width, depth : int
        Units of a hidden layer, and hidden layers.
    rate : float
        The learning rate; 0: the paper's for the form and the task.
    smoothing : float
        The share of a label that is spread over all classes: better for accuracy, worse for ranks
        and probabilities.
    threads : int
        Threads of a fit; never taken from the machine.

    Examples
    --------
    >>> RealMLPLearner(epochs=256).form
    'full'
    """

    name: ClassVar[str] = "realmlp"
    bags: ClassVar[bool] = False

    form: str = "full"
    epochs: int = 32
    steps: int = 6_000
    batch: int = 256
    width: int = 256
    depth: int = 3
    rate: float = 0.0
    smoothing: float = 0.0
    threads: int = 1

    def __post_init__(self) -> None:
        if self.form not in ("small", "full"):
            raise OptionError("form to be 'small' or 'full'", repr(self.form))
        at_least("epochs", self.epochs, 1)
        at_least("steps", self.steps, 1)
        at_least("batch", self.batch, 1)
        at_least("width", self.width, 1)
        between("depth", self.depth, 0, 16)
        at_least("rate", self.rate, 0)
        share("smoothing", self.smoothing)
        at_least("threads", self.threads, 1)

    def planned(self, rows: int) -> int:
        """Say how often it sees so many rows when no clock says otherwise."""
        return epochs_of(self.epochs, self.steps, self.batch, rows)

    @property
    def full(self) -> bool:
        """Whether this is the form TD."""
        return self.form == "full"

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
        activation, embedding = "selu" if y.classes else "mish", "periodic" if self.full else "none"
        fit = NetFit(activation, embedding, _ONEHOT, self.smoothing, self.threads, seed)
        sample = Sample.of(X, y, weight, budget)
        return fit.run(sample, valid, budget, self._net, self._course)

    def _net(self, task: Task) -> RealMLP:
        from modelwright.nets.library import torch
        from modelwright.nets.tabular import Front, Inputs, RealMLP

        intake = task.intake
        inputs = Inputs(intake.numbers, intake.others, intake.columns, intake.rows, intake.shared)
        embedding = "periodic" if self.full else "none"
        net = RealMLP(
            Front(inputs, embedding, _NUMBER_WIDTH, _CODE_WIDTH),
            self.width,
            self.depth,
            task.outputs,
            "selu" if task.classes else "mish",
            full=self.full,
        )
        if self.full:
            some = slice(None, None, 1 + task.rows // _SUITED)
            net.suit(torch.from_numpy(task.dense[some]), torch.from_numpy(task.codes[some]))
        return net

    def _course(self, task: Task) -> Course:
        from modelwright.training.course import Course

        usual = 0.04 if task.classes else (0.2 if self.full else 0.07)
        return Course(
            epochs=self.planned(task.rows),
            batch=self.batch,
            rate=self.rate or usual,
            betas=(0.9, 0.95),
            decay=0.02 if self.full else 0.0,
            dropout=0.15 if self.full else 0.0,
            schedule="coslog4",
            fading="flat_cos",
        )
