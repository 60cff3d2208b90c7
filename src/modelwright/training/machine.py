"""What the machine does best: threads, precision and memory format, found by trying.

On one machine 16 bits and channels last make a small convolutional net 3.6 times as fast; on
another there are no instructions for 16 bits, and they make it slower; narrow nets lose by them
everywhere. Threads that wait for each other beside busy neighbours cost a factor of 15 (docs: log).
None of this can be known from a list, so a few steps are timed.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from modelwright.core.errors import FitError
from modelwright.nets.library import nn, reproducible, torch
from modelwright.training.batches import Source
from modelwright.training.losses import Loss
from modelwright.training.trouble import is_out_of_memory

__all__ = ["Machine", "calibrate", "measure", "multiplies_short"]

Setting = tuple[int, bool, bool]
"""Threads, whether in 16 bits, whether channels last."""

# Rows of a step; where so many steps would not fit into the time, as few as these.
_ROWS, _FEWEST = 64, 16
_STEPS = 40
# A setting has to be so much better: what is only chance shall not decide.
_CLEAR = 1.05
# How often each is looked at, at most, and where there is time; how near is near the fastest.
_TURNS, _SURE, _NEAR = 32, 3, 1.5
# Within so many times the fastest, the other precision is tried with all rows too.
_DOUBTFUL = 1.25
# When the settings in 16 bits, and when the others have to be done, as shares of the time; the rest
# is for the speed with all rows.
_SHORT, _RACING = 0.4, 0.8
_TRIALS = 2


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
        The same in 32 bits, channels first, with all threads; 0: there was no time for it.
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
        said = f"{threads}, {precision}, {layout}"
        if not self.rows_a_second:
            return said
        beside = ""
        if self.plain:
            gain = self.rows_a_second / self.plain
            than = "as fast as" if round(gain, 1) == 1.0 else f"{gain:.1f} times"
            beside = f", {than} the plain setting"
        speed = f"{self.rows_a_second:,.0f} rows/s"
        return f"{said}: {speed}{beside} ({self.seconds:.1f} s to find out)"

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
    batch: int = _ROWS,
    seconds: float = 0.6,
    clock: Callable[[], float] = time.perf_counter,
) -> Machine:
    """Time single steps in all settings, in turns, and give the fastest.

    A neighbour that takes a core for a moment slows whatever runs then, by up to 15 times where
    threads wait for each other. So every setting is looked at several times, with the others in
    between, and the shortest step of each counts. Load that stays counts: what busy neighbours
    leave of the machine is what is measured.

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
    batch : int
        Rows of a step, where they fit into the time: wide layers gain by 16 bits only with many.
    seconds : float
        How long it may take, but for a step that is held up; settings that there is no time for
        are not tried.
    clock : callable
        Gives seconds.

    Returns
    -------
    Machine

    Raises
    ------
    FitError
        When memory is too small for a single row.

    Examples
    --------
    >>> from modelwright.training.batches import Examples
    >>> from modelwright.training.losses import squared_error
    >>> data = Examples((torch.ones(64, 4),), torch.zeros(64))
    >>> found = calibrate(nn.Linear(4, 1), data, squared_error, threads=1, seconds=0.1)
    >>> found.threads
    1
    """
    plain = (threads, False, False)
    # one thread beside neighbours waits for its turn: how much it does tells more than the clock
    timer = clock if threads > 1 else time.process_time
    filters = any(parameter.ndim == 4 for parameter in net.parameters())
    with reproducible(0, threads):
        trial = _Trial(net, rows, loss, timer, batch)
        # libraries find their memory and their kernels, on a thread that waits for nobody
        trial.shorten(trial.step((1, False, False)), seconds / _STEPS)
        began, worked = clock(), timer()
        found: dict[Setting, float] = {}
        for short, share in ((True, _SHORT), (False, _RACING)):
            settings = [one for one in _settings(threads, filters) if one[1] == short]
            found |= _race(settings, trial.step, began + share * seconds, clock)
        chosen, speed = _fastest(found, plain, trial.speed)
        speed *= min((timer() - worked) / max(clock() - began, 1e-9), 1.0)
    usual = speed * found[chosen] / found[plain] if plain in found else 0.0
    return Machine(*chosen, speed, usual, clock() - began)


def _fastest(
    found: Mapping[Setting, float], plain: Setting, speed: Callable[[Setting, float], float]
) -> tuple[Setting, float]:
    """Give the fastest setting, and its speed with all rows: few rows hide what 16 bits gain."""
    best = dict[bool, Setting]()
    for short in {one[1] for one in found}:
        same = [one for one in found if one[1] == short]
        best[short] = min(same, key=lambda one: found[one])
        if plain in same and found[plain] <= _CLEAR * found[best[short]]:
            best[short] = plain
    first = min(best.values(), key=lambda one: found[one])
    asked = [one for one in best.values() if found[one] <= _DOUBTFUL * found[first]]
    speeds = {one: speed(one, found[one]) for one in asked}
    # of equals one in 32 bits
    chosen = max(speeds, key=lambda one: speeds[one] / (_CLEAR if one[1] else 1.0))
    return chosen, speeds[chosen]


def _settings(threads: int, filters: bool) -> list[Setting]:
    """List all settings, the likeliest to win first."""
    layouts = (True, False) if filters else (False,)
    each = (1, threads) if threads > 1 else (1,)  # one thread waits for nobody: it is quick to try
    widths = (True, False) if multiplies_short() else (False,)
    return [(count, short, last) for short in widths for last in layouts for count in each]


def multiplies_short() -> bool:
    """Whether there are instructions for 16 bits: without them a step may take seconds.

    Examples
    --------
    >>> multiplies_short() in (True, False)
    True
    """
    there: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return there and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _race(
    settings: Sequence[Setting],
    step: Callable[[Setting], float],
    until: float,
    clock: Callable[[], float],
) -> dict[Setting, float]:
    """Give the shortest step of each setting that there was time for; the first one always.

    All have three turns, and before the first one a step that finds their memory, which is no
    measure of them; then those that are near the fastest go on, until the time is up.
    """
    found: dict[Setting, float] = {}
    for turn in range(_TURNS):
        near = math.inf if turn < _SURE else _NEAR * min(found.values(), default=0.0)
        for setting in sorted(settings, key=lambda one: found.get(one, 0.0)):
            known = found.get(setting, math.inf)
            expected = found.get(setting, min(found.values(), default=0.0))
            if known > near or (found and clock() + expected >= until):
                continue
            took = step(setting)
            if setting not in found and clock() + took < until:
                took = step(setting)
            found[setting] = min(known, took)
    return {setting: found[setting] for setting in settings if setting in found}


class _Trial:
    """A net and a few rows that are timed, forward and back."""

    def __init__(
        self,
        net: nn.Module,
        rows: Source,
        loss: Loss,
        clock: Callable[[], float],
        batch: int = _ROWS,
    ) -> None:
        self._loss, self._clock = loss, clock
        self._shortened = False
        self._whole = self._batch = rows.at(torch.arange(min(batch, len(rows))))
        self._nets = {last: copy.deepcopy(net).train() for last in (False, True)}
        for last, copied in self._nets.items():
            Machine(1, channels_last=last).suit(copied)

    def shorten(self, took: float, wanted: float) -> None:
        """Take fewer rows from now on, where a step with all of them takes longer than wanted."""
        count = min(
            max(int(len(self._whole) * wanted / max(took, 1e-9)), _FEWEST), len(self._whole)
        )
        self._shortened = count < len(self._whole)
        self._batch = self._whole.at(torch.arange(count))

    def speed(self, setting: Setting, took: float) -> float:
        """Give rows a second, with all rows; `took` is what a step took with those of now."""
        if self._shortened:
            self._batch = self._whole
            took = min(self.step(setting) for _ in range(_TRIALS))
        return len(self._batch) / max(took, 1e-9)

    def step(self, setting: Setting) -> float:
        """Give the seconds of a step, with half the rows wherever memory runs out."""
        while True:
            try:
                return self._timed(setting)
            except (MemoryError, RuntimeError) as error:
                rows = len(self._batch)
                if not is_out_of_memory(error):
                    raise
                if rows < 2:
                    raise FitError("no memory to learn from 1 row at a time") from error
            self._whole = self._batch = self._batch.at(torch.arange(rows // 2))

    def _timed(self, setting: Setting) -> float:
        threads, short, last = setting
        net = self._nets[last]
        torch.set_num_threads(threads)
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
    >>> from modelwright.training.batches import Examples
    >>> from modelwright.training.losses import squared_error
    >>> data = Examples((torch.ones(64, 4),), torch.zeros(64))
    >>> measure(nn.Linear(4, 1), data, squared_error, Machine(1)) > 0
    True
    """
    setting = (machine.threads, machine.bfloat16, machine.channels_last)
    with reproducible(0, machine.threads):
        trial = _Trial(net, rows, loss, clock)
        trial.step(setting)  # it finds its memory
        return trial.speed(setting, min(trial.step(setting) for _ in range(_TRIALS)))
