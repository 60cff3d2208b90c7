"""The training loop: epochs over rows, in an order of its own each time.

A batch is one gather from tensors that lie in memory. A loader with worker processes takes twelve
times as long for rows of a table (docs: log).
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError, OptionError
from modelwright.nets.library import nn, reproducible, torch
from modelwright.training.averaging import Averaged
from modelwright.training.batches import Examples, Source
from modelwright.training.course import Course
from modelwright.training.joint_norms import joint_norms
from modelwright.training.losses import Loss
from modelwright.training.optimiser import Optimiser
from modelwright.training.pace import Pace, Pacer
from modelwright.training.schedules import SCHEDULES
from modelwright.training.together import Together
from modelwright.training.trouble import is_out_of_memory, why_no_number

__all__ = ["Epoch", "Training", "train"]

# Steps from which the seconds of an epoch are told.
_MEASURED = 8


@dataclass(frozen=True)
class Epoch:
    """What is known after an epoch.

    Parameters
    ----------
    done, total : int
        Epochs so far, and in all; a part of one counts as one.
    loss : float
        The mean loss of its batches.
    """

    done: int
    total: int
    loss: float


def train(
    net: nn.Module,
    rows: Source,
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
    rows : Source
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
        When there is no time, no memory, or the loss is no longer a number.

    Examples
    --------
    >>> x = torch.linspace(-1, 1, 64)[:, None]
    >>> net = nn.Linear(1, 1)
    >>> course = Course(epochs=60, batch=16, rate=0.1, schedule="cosine")
    >>> from modelwright.training.batches import Examples
    >>> from modelwright.training.losses import squared_error
    >>> train(net, Examples((x,), 3 * x[:, 0]), squared_error, course, budget=Budget(), seed=0)
    60
    >>> round(net.weight.item(), 2)
    3.0
    """
    pace = Pace(math.ceil(course.epochs), budget)
    training = Training(net, rows, loss, course, seed=seed, threads=threads)
    if pace.timed:
        pace.plan(training.epoch_seconds())
    return training.run(pace, watch)


class Training:
    """A training that can be left after any step, and gone on with to the same bits.

    Everything that the next step depends on is an attribute of it: the net, what its optimiser
    remembers, the average of the weights, the place in the order of the rows, and the state of the
    generator of random numbers (`modelwright.training.checkpoints` keeps it in a file).

    Parameters
    ----------
    net, rows, loss, course, seed, threads
        As in `train`.
    together : Together, optional
        The processes that learn it with this one.

    Attributes
    ----------
    done, at : int
        Whole epochs, and steps of the epoch that runs; one that the clock ended counts as whole.
    skipped : float
        Epochs that were not seen, of those in `done`: the rest of what the clock ended.
    curve : list of Epoch
        One for each epoch.
    pieces : int
        Parts in which a batch is computed, whose gradients are added up; batch norm sees one of
        them. More where memory ran out.
    least : float
        Epochs that `StepPace` shall grant whatever the clock says.
    notes : list of str
        What the user should know.
    best : float
        The least validation loss that `judge` was told.

    Examples
    --------
    >>> x = torch.linspace(-1, 1, 64)[:, None]
    >>> from modelwright.training.batches import Examples
    >>> from modelwright.training.losses import squared_error
    >>> course = Course(epochs=3, batch=16, rate=0.1)
    >>> training = Training(nn.Linear(1, 1), Examples((x,), x[:, 0]), squared_error, course)
    >>> training.run(Pace(3, Budget())), training.steps, len(training.curve)
    (3, 4, 3)
    """

    def __init__(
        self,
        net: nn.Module,
        rows: Source,
        loss: Loss,
        course: Course,
        *,
        seed: int = 0,
        threads: int = 1,
        together: Together | None = None,
    ) -> None:
        self.net, self.rows, self.loss, self.course = net, rows, loss, course
        self.together = together
        if together is not None:
            together.begin_alike(net)
        self.seed, self.threads = seed, threads
        self.steps = max(1, math.ceil(len(rows) / course.batch))
        self.optimiser = Optimiser(
            net,
            course.betas,
            course.clip,
            course.optimiser,
            course.momentum,
            course.penalties,
            short=course.bfloat16,
        )
        self.averaged = Averaged(net, course.averaging) if course.averaging else None
        layers = net.modules() if course.dropout else ()
        self.drops = [layer for layer in layers if isinstance(layer, nn.Dropout)]
        self.done, self.at, self.pieces = 0, 0, 1
        self.skipped, self.least = 0.0, 0.0
        self.curve: list[Epoch] = []
        self.losses: list[float] = []
        self.notes: list[str] = []
        self.best, self.waited = math.inf, 0
        self.best_state: dict[str, torch.Tensor] | None = None
        # The generator before the order of the running epoch was drawn, and after the last step.
        self.opened: torch.Tensor | None = None
        self.drawn: torch.Tensor | None = None
        self._order: tuple[torch.Tensor, ...] = ()

    @property
    def position(self) -> float:
        """Epochs so far, with the share of the one that runs."""
        return self.done + self.at / self.steps

    @property
    def seen(self) -> float:
        """How often the rows were learned from: an epoch that the clock ended is a part of one."""
        return self.position - self.skipped

    def run(
        self,
        pace: Pacer,
        watch: Callable[[Epoch], bool] | None = None,
        each: Callable[[Training], None] | None = None,
    ) -> int:
        """Go on to the end.

        Parameters
        ----------
        pace : Pacer
            How far that is.
        watch : callable, optional
            Called after each epoch, with the net in evaluation mode; False ends the training.
        each : callable, optional
            Called after each step, with this training: to keep it, or to tell how far it is.

        Returns
        -------
        int
            The epochs done.

        Raises
        ------
        FitError
            When the loss is no longer a number, or memory is too small for single rows.
        """
        joint = nullcontext() if self.together is None else joint_norms(self.net, self.together)
        with reproducible(self.seed, self.threads), joint:
            self._take_up()
            while self.at or pace.goes_on(self.done):
                mean = self._epoch(pace, each)
                self.net.eval()
                epoch = Epoch(self.done, math.ceil(pace.total), mean)
                self.curve.append(epoch)
                if watch is not None and not watch(epoch):
                    break
                self._draw_on()
        self._settle()
        return self.done

    def epoch_seconds(self) -> float:
        """Measure a few steps on a copy, which is thrown away."""
        with reproducible(self.seed, self.threads):
            net, seed = copy.deepcopy(self.net), self.seed
            trial = Training(net, self.rows, self.loss, self.course, seed=seed)
            trial.net.train()
            batches = trial._batches()
            trial.step(batches[0], 0.5)  # the first one finds its memory
            began = time.monotonic()
            count = min(self.steps, _MEASURED)
            for i in range(count):
                trial.step(batches[i], 0.5)
            return (time.monotonic() - began) / count * self.steps

    def judge(self, loss: float) -> bool:
        """Note the validation loss of an epoch; False when `patience` is at its end."""
        if loss < self.best:
            self.best, self.waited = loss, 0
            if self.course.patience:
                own = self.net.state_dict() if self.averaged is None else self.averaged.state
                self.best_state = copy.deepcopy(own)
        else:
            self.waited += 1
        return not self.course.patience or self.waited < self.course.patience

    @contextmanager
    def at_its_best(self) -> Iterator[nn.Module]:
        """Give the net in evaluation mode, with averaged weights where there are any."""
        training = self.net.training
        self.net.eval()
        try:
            with nullcontext() if self.averaged is None else self.averaged.applied():
                yield self.net
        finally:
            self.net.train(training)

    def _settle(self) -> None:
        """Leave the net with the weights that count."""
        if self.best_state is not None:
            self.net.load_state_dict(self.best_state)
        elif self.averaged is not None:
            self.net.load_state_dict(self.averaged.state)

    def _take_up(self) -> None:
        """Set the generator, and draw the order of an interrupted epoch as it was drawn."""
        if self.opened is None:
            return
        torch.set_rng_state(self.opened)
        self._order = self._batches() if self.at else ()
        self._draw_on()

    def _draw_on(self) -> None:
        """Go on from the last step, whatever was drawn since."""
        assert self.drawn is not None  # there was one
        torch.set_rng_state(self.drawn)

    def _batches(self) -> tuple[torch.Tensor, ...]:
        return self.rows.order(self.done).tensor_split(self.steps)

    def _epoch(self, pace: Pacer, each: Callable[[Training], None] | None) -> float:
        """See every row once, or those that there is time for; gives the mean loss."""
        self.net.train()
        if not self.at:
            self._open()
        while self.at < self.steps:
            if pace.by_step and self.losses and not pace.goes_on(self.position):
                break
            share = min(self.position / pace.total, 1.0)  # a pace may have been shortened to less
            self.losses.append(self.step(self._order[self.at], share))
            self.at += 1
            if each is not None:
                self.drawn = torch.get_rng_state()
                each(self)
                self._draw_on()
        self.drawn = torch.get_rng_state()
        if self.together is not None:
            self.together.average_buffers(self.net)
        self.skipped += 1 - self.at / self.steps
        self.done, self.at = self.done + 1, 0
        return float(torch.tensor(self.losses).mean())

    def _open(self) -> None:
        """Draw the order of an epoch: one for all processes."""
        if self.together is not None:
            self.together.draw_alike()
        self.opened = torch.get_rng_state()
        self._order, self.losses = self._batches(), []

    def step(self, index: torch.Tensor, t: float) -> float:
        """Learn from one batch, after a share `t` of the training; gives its loss."""
        course = self.course
        fading = SCHEDULES[course.fading](t)
        for drop in self.drops:
            drop.p = course.dropout * fading
        rate = course.rate * SCHEDULES[course.schedule](t)
        while True:
            try:
                mean = self._descend(index, t)
                break
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if self.together is not None:  # the others have gone on
                    raise _too_little(self.together, len(index)) from error
                if 2 * self.pieces > len(index):
                    rows = math.ceil(len(index) / self.pieces)
                    told = f"no memory to learn from {rows} row{'s' * (rows > 1)} at a time"
                    raise FitError(told) from error
            self._halve(len(index))
        if not math.isfinite(mean):
            learned = self.done + self.at > 0
            why = why_no_number(self.net, self.rows, index, rate, learned=learned)
            raise FitError(
                f"the loss of a net was no number in epoch {self.done + 1}, "
                f"step {self.at + 1} of {self.steps}: {why}"
            )
        self.optimiser.step(rate, course.decay * fading)
        if self.averaged is not None:
            self.averaged.update()
        return mean

    def _halve(self, rows: int) -> None:
        self.optimiser.forget()
        self.pieces *= 2
        self.notes.append(
            f"memory ran out in epoch {self.done + 1}, step {self.at + 1}: batches of {rows:,} "
            f"rows are computed in {self.pieces} pieces from there on"
        )

    def sized(self, inputs: tuple[torch.Tensor, ...], t: float) -> tuple[torch.Tensor, ...]:
        """Give inputs of the size that the net learns from after a share `t` of the training."""
        growing = self.course.growing
        return inputs if growing is None else tuple(growing.small(x, t) for x in inputs)

    def cost(self, t: float) -> float:
        """Say how much work a step is after a share `t` of the training, whole inputs being 1."""
        growing = self.course.growing
        return 1.0 if growing is None else growing.cost(t)

    def _descend(self, index: torch.Tensor, t: float) -> float:
        """Find the gradients of a batch, piece by piece; gives its mean loss."""
        total = 0.0
        for batch in self._taken(index):
            inputs = self.sized(batch.inputs, t)
            short = torch.autocast("cpu", torch.bfloat16) if self.course.bfloat16 else nullcontext()
            with short:
                answers = self.net(*inputs)
            each = self.loss(answers.float(), batch.targets)
            mean = each.mean() if batch.weight is None else (each * batch.weight).mean()
            if len(batch) < len(index):
                mean = mean * (len(batch) / len(index))
            torch.autograd.backward(mean)
            total += float(mean.detach())
        return total if self.together is None else self.together.add_up(self.net, total)

    def _taken(self, index: torch.Tensor) -> Iterator[Examples]:
        """Give the rows of a batch that are for this process, in as many pieces as memory wants."""
        if self.together is None:
            for piece in index.tensor_split(min(self.pieces, len(index))):
                yield self.rows.at(piece)
            return
        self.together.draw_alike()  # rows are changed, and mixed, as one process would do it
        whole = self.rows.at(index)
        self.together.draw_apart()
        own = self.together.share(len(index))
        pieces = min(self.pieces, len(index) // self.together.size)  # in all processes as many
        for piece in torch.arange(own.start, own.stop).tensor_split(pieces):
            yield _between(whole, int(piece[0]), int(piece[-1]) + 1)


def _between(rows: Examples, start: int, stop: int) -> Examples:
    weight = None if rows.weight is None else rows.weight[start:stop]
    return Examples(
        tuple(part[start:stop] for part in rows.inputs), rows.targets[start:stop], weight
    )


def _too_little(together: Together, rows: int) -> OptionError:
    """Make the error for memory that ran out where several processes learn: none can go back."""
    each = math.ceil(rows / together.size)
    cure = "start fewer of them: one alone computes a batch in pieces where memory is short"
    return OptionError(f"memory to learn from {each} rows in each process", "too little", cure)
