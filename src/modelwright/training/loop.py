"""The training loop: epochs over rows in memory, in an order of its own each time.

A batch is one gather from tensors that lie in memory. A loader with worker processes takes twelve
times as long for rows of a table (docs: log).
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError
from modelwright.nets.library import nn, reproducible, torch
from modelwright.training.losses import Loss
from modelwright.training.optimiser import Optimiser
from modelwright.training.pace import Pace
from modelwright.training.schedules import SCHEDULES

__all__ = ["Course", "Epoch", "Examples", "train"]

# Steps from which the seconds of an epoch are told.
_MEASURED = 8


@dataclass(frozen=True)
class Course:
    """How a net is trained.

    Parameters
    ----------
    epochs : int
        How often it sees every row, when no clock says otherwise.
    batch : int
        Rows a step, at most: batches of one epoch are of equal size, to a row.
    rate : float
        The largest learning rate.
    betas : tuple of float
        Of AdamW.
    decay : float
        The largest weight decay.
    dropout : float
        The largest share of units that are dropped.
    clip : float
        The greatest norm of the gradients; 0: any.
    schedule : str
        Of the rate: a key of `SCHEDULES`.
    fading : str
        The schedule of decay and dropout.
    bfloat16 : bool
        Multiply matrices in 16 bits; weights stay in 32.
    """

    epochs: int
    batch: int
    rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    decay: float = 0.0
    dropout: float = 0.0
    clip: float = 0.0
    schedule: str = "constant"
    fading: str = "constant"
    bfloat16: bool = False


@dataclass(frozen=True)
class Examples:
    """Rows in memory.

    Parameters
    ----------
    inputs : tuple of Tensor
        What the net is called with; the first dimension of each counts rows.
    targets : Tensor
        The answers.
    weight : Tensor of float32, optional
        How much each row counts; 1 on average.

    Examples
    --------
    >>> rows = Examples((torch.arange(4.0)[:, None],), torch.zeros(4))
    >>> rows.at(torch.tensor([2, 0])).inputs[0].flatten().tolist()
    [2.0, 0.0]
    """

    inputs: tuple[torch.Tensor, ...]
    targets: torch.Tensor
    weight: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def at(self, index: torch.Tensor) -> Examples:
        """Give the rows at these positions."""
        weight = None if self.weight is None else self.weight[index]
        inputs = tuple(part.index_select(0, index) for part in self.inputs)
        return Examples(inputs, self.targets.index_select(0, index), weight)


@dataclass(frozen=True)
class Epoch:
    """What is known after an epoch.

    Parameters
    ----------
    done, total : int
        Epochs so far, and in all.
    loss : float
        The mean loss of its batches.
    """

    done: int
    total: int
    loss: float


def train(
    net: nn.Module,
    rows: Examples,
    loss: Loss,
    course: Course,
    *,
    budget: Budget,
    seed: int,
    threads: int = 1,
    watch: Callable[[Epoch], bool] | None = None,
) -> int:
    """Train a net in place.

    With a deadline the epochs are as many as fit into the time, and the schedule is stretched over
    these: it always comes to its end. With `Budget.units` they are exactly so many, and the same
    seed and threads give the same bits.

    Parameters
    ----------
    net : nn.Module
        Is called with the inputs of a batch.
    rows : Examples
        What it learns from.
    loss : Loss
        Gives one loss a row.
    course : Course
        How it learns.
    budget : Budget
        The clock, or how many epochs; a unit is an epoch.
    seed : int
        Of the order of rows and of dropout.
    threads : int
        Threads of an operation.
    watch : callable, optional
        Called after each epoch, with the net in evaluation mode; False ends the training.

    Returns
    -------
    int
        The epochs done.

    Raises
    ------
    FitError
        When there is no time, or the loss is no longer a number.

    Examples
    --------
    >>> x = torch.linspace(-1, 1, 64)[:, None]
    >>> net = nn.Linear(1, 1)
    >>> course = Course(epochs=60, batch=16, rate=0.1, schedule="cosine")
    >>> from modelwright.training.losses import squared_error
    >>> train(net, Examples((x,), 3 * x[:, 0]), squared_error, course, budget=Budget(), seed=0)
    60
    >>> round(net.weight.item(), 2)
    3.0
    """
    pace = Pace(course.epochs, budget)
    run = _Run(net, rows, loss, course)
    if pace.timed:
        with reproducible(seed, threads):
            pace.plan(run.epoch_seconds())
    with reproducible(seed, threads):
        done = 0
        while pace.goes_on(done):
            mean = run.epoch(done, pace.total)
            done += 1
            if not math.isfinite(mean):
                raise FitError(f"the loss of a net was no number in epoch {done}")
            net.eval()
            if watch is not None and not watch(Epoch(done, pace.total, mean)):
                break
    return done


class _Run:
    """A net, its rows, and the state of its optimiser."""

    def __init__(self, net: nn.Module, rows: Examples, loss: Loss, course: Course) -> None:
        self.net, self.rows, self.loss, self.course = net, rows, loss, course
        self.steps = max(1, math.ceil(len(rows) / course.batch))
        self.optimiser = Optimiser(net, course.betas, course.clip)
        self.drops = [module for module in net.modules() if isinstance(module, nn.Dropout)]

    def epoch_seconds(self) -> float:
        """Measure a few steps on a copy, which is thrown away."""
        trial = _Run(copy.deepcopy(self.net), self.rows, self.loss, self.course)
        trial.net.train()
        batches = trial._batches()
        trial.step(batches[0], 0.5)  # the first one finds its memory
        began = time.monotonic()
        count = min(self.steps, _MEASURED)
        for i in range(count):
            trial.step(batches[i], 0.5)
        return (time.monotonic() - began) / count * self.steps

    def _batches(self) -> tuple[torch.Tensor, ...]:
        return torch.randperm(len(self.rows)).tensor_split(self.steps)

    def epoch(self, done: int, total: int) -> float:
        """See every row once; gives the mean loss."""
        self.net.train()
        losses = [
            self.step(index, (done + i / self.steps) / total)
            for i, index in enumerate(self._batches())
        ]
        return float(torch.stack(losses).mean())

    def step(self, index: torch.Tensor, t: float) -> torch.Tensor:
        """Learn from one batch, after a share `t` of the training."""
        course, batch = self.course, self.rows.at(index)
        fading = SCHEDULES[course.fading](t)
        for drop in self.drops:
            drop.p = course.dropout * fading
        short = torch.autocast("cpu", torch.bfloat16) if course.bfloat16 else nullcontext()
        with short:
            answers = self.net(*batch.inputs)
        each = self.loss(answers.float(), batch.targets)
        mean = each.mean() if batch.weight is None else (each * batch.weight).mean()
        torch.autograd.backward(mean)
        self.optimiser.step(course.rate * SCHEDULES[course.schedule](t), course.decay * fading)
        return mean.detach()
