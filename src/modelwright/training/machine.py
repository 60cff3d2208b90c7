"""What the machine does best: threads, precision, memory format and pieces, found by trying.

On one machine 16 bits and channels last make a small convolutional net 3.6 times as fast; on
another there are no instructions for 16 bits, and they make it slower; narrow nets lose by them
everywhere. Threads that wait for each other beside busy neighbours cost a factor of 15 (docs: log).
None of this can be known from a list, so a few steps are timed.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass

from modelwright.nets.library import nn, reproducible, torch
from modelwright.training.batches import Examples, Source
from modelwright.training.losses import Loss

__all__ = ["Machine", "Yielding", "calibrate", "measure"]

# Rows of the first trial; few, so that eight of them fit into the time.
_ROWS = 64
# A setting has to be so much better: what is only chance shall not decide.
_CLEAR = 1.05
_TRIALS = 2
# A step that takes so many times the shortest, so often running, is held up by neighbours; one
# thread goes on alone for so many seconds then.
_SLOW, _PATIENCE, _ALONE = 3.0, 3, 10.0


@dataclass(frozen=True)
class Machine:
    """How a net is computed here.

    Parameters
    ----------
    threads : int
        Of one operation.
    bfloat16 : bool
        Whether matrices and filters are multiplied in 16 bits.
    channels_last : bool
        Whether the channels of a pixel lie side by side.
    rows_a_second : float
        That a training step came to, on the rows tried.
    plain : float
        The same in 32 bits, channels first, with all threads.
    seconds : float
        What finding out took.

    Examples
    --------
    >>> print(Machine(2, True, True, 960.0, 269.0, 0.7))
    2 threads, bfloat16, channels last: 960 rows/s, 3.6 times the plain setting (0.7 s to find out)
    """

    threads: int
    bfloat16: bool = False
    channels_last: bool = False
    rows_a_second: float = 0.0
    plain: float = 0.0
    seconds: float = 0.0

    def __str__(self) -> str:
        threads = f"{self.threads} thread{'' if self.threads == 1 else 's'}"
        precision = "bfloat16" if self.bfloat16 else "float32"
        layout = "channels last" if self.channels_last else "channels first"
        gain = self.rows_a_second / self.plain if self.plain else 1.0
        than = "as fast as" if round(gain, 1) == 1.0 else f"{gain:.1f} times"
        return (
            f"{threads}, {precision}, {layout}: {self.rows_a_second:,.0f} rows/s, {than} the plain "
            f"setting ({self.seconds:.1f} s to find out)"
        )

    def suit(self, net: nn.Module) -> None:
        """Bring the weights of a net into the memory format."""
        if self.channels_last:
            net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def calibrate(
    net: nn.Module,
    rows: Source,
    loss: Loss,
    *,
    threads: int,
    seconds: float = 0.8,
    clock: Callable[[], float] = time.perf_counter,
) -> Machine:
    """Time a few steps in each setting, the likeliest first, and give the fastest.

    Load counts: what busy neighbours leave of the machine is what is measured.

    Parameters
    ----------
    net : nn.Module
        Copied; left as it is.
    rows : Source
        Of which a few are used.
    loss : Loss
        Gives one loss a row.
    threads : int
        The most.
    seconds : float
        How long it may take; settings that there is no time for are not tried.
    clock : callable
        Gives seconds.

    Returns
    -------
    Machine

    Examples
    --------
    >>> data = Examples((torch.ones(64, 4),), torch.zeros(64))
    >>> from modelwright.training.losses import squared_error
    >>> found = calibrate(nn.Linear(4, 1), data, squared_error, threads=1, seconds=0.1)
    >>> found.threads
    1
    """
    with reproducible(0, threads):
        batch = rows.at(torch.arange(min(_ROWS, len(rows))))
        trial = _Trial(net, batch, loss, clock)
        trial.speed(threads, False, False)  # libraries find their memory and their kernels
        began = clock()
        plain = best = Machine(threads, rows_a_second=trial.speed(threads, False, False))
        filters = any(parameter.ndim == 4 for parameter in net.parameters())
        for setting in _settings(threads, filters):
            if clock() - began > seconds * 0.75:
                break
            speed = trial.speed(*setting)
            if speed > _CLEAR * best.rows_a_second:
                best = Machine(*setting, rows_a_second=speed)
    return Machine(
        best.threads,
        best.bfloat16,
        best.channels_last,
        best.rows_a_second,
        plain.rows_a_second,
        clock() - began,
    )


def _settings(threads: int, filters: bool) -> list[tuple[int, bool, bool]]:
    """List settings beside the plain one, the likeliest to win first."""
    layouts = (True, False) if filters else (False,)
    each = (threads, 1) if threads > 1 else (1,)  # one thread waits for nobody
    settings = [
        (count, short, last) for short in (True, False) for last in layouts for count in each
    ]
    return [setting for setting in settings if setting != (threads, False, False)]


class _Trial:
    """A net and a batch that are timed, forward and back."""

    def __init__(
        self, net: nn.Module, batch: Examples, loss: Loss, clock: Callable[[], float]
    ) -> None:
        self._net, self._batch, self._loss, self._clock = net, batch, loss, clock

    def speed(self, threads: int, short: bool, last: bool) -> float:
        """Give rows a second; the better of two, after one that finds its memory."""
        torch.set_num_threads(threads)
        net = copy.deepcopy(self._net).train()
        Machine(threads, short, last).suit(net)
        self._step(net, short)
        seconds = min(self._step(net, short) for _ in range(_TRIALS))
        return len(self._batch) / max(seconds, 1e-9)

    def _step(self, net: nn.Module, short: bool) -> float:
        began = self._clock()
        with torch.autocast("cpu", torch.bfloat16, enabled=short):
            answers = net(*self._batch.inputs)
        torch.autograd.backward(self._loss(answers.float(), self._batch.targets).mean())
        for parameter in net.parameters():
            parameter.grad = None
        return self._clock() - began


def measure(
    net: nn.Module,
    rows: Source,
    loss: Loss,
    machine: Machine,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Time a step of another net in a setting that was found: rows a second.

    Examples
    --------
    >>> data = Examples((torch.ones(64, 4),), torch.zeros(64))
    >>> from modelwright.training.losses import squared_error
    >>> measure(nn.Linear(4, 1), data, squared_error, Machine(1)) > 0
    True
    """
    with reproducible(0, machine.threads):
        batch = rows.at(torch.arange(min(_ROWS, len(rows))))
        trial = _Trial(net, batch, loss, clock)
        return trial.speed(machine.threads, machine.bfloat16, machine.channels_last)


class Yielding:
    """Steps back to one thread while neighbours make threads wait for each other.

    Threads of one operation meet at its end, and spin until the last has come. Where a neighbour
    has taken a core, that one comes late every time: a step takes 15 times as long, on one thread
    only twice. Called after each step.

    Parameters
    ----------
    threads : int
        Of an operation on a quiet machine.
    set_threads : callable
        Sets them.
    clock : callable
        Gives seconds.

    Examples
    --------
    >>> steps = iter([0.0, 1.0, 2.0, 12.0, 22.0, 32.0])
    >>> told = []
    >>> guard = Yielding(2, told.append, clock=lambda: next(steps))
    >>> for _ in range(5):
    ...     guard()
    >>> told, guard.times
    ([1], 1)
    """

    def __init__(
        self,
        threads: int,
        set_threads: Callable[[int], None] = torch.set_num_threads,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._threads, self._set, self._clock = threads, set_threads, clock
        self._last, self._best = clock(), float("inf")
        self._slow, self._alone_until = 0, 0.0
        self.times = 0

    def __call__(self) -> None:
        """Look at what the step took."""
        now = self._clock()
        took, self._last = now - self._last, now
        if self._threads < 2:
            return
        if self._alone_until:
            if now >= self._alone_until:
                self._alone_until, self._slow = 0.0, 0
                self._set(self._threads)
            return
        self._best = min(self._best, took)
        self._slow = self._slow + 1 if took > _SLOW * self._best else 0
        if self._slow >= _PATIENCE:
            self.times += 1
            self._alone_until = now + _ALONE
            self._set(1)
