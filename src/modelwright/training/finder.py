"""The learning-rate finder: one short run through all rates, thrown away afterwards."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

from modelwright.core.errors import FitError, OptionError
from modelwright.nets.library import nn, reproducible, torch
from modelwright.training.batches import Source
from modelwright.training.course import Course
from modelwright.training.loop import Training
from modelwright.training.losses import Loss

__all__ = ["Found", "find_rate"]

# How much of the smoothed loss is the past, and how far above its least value it ends the run.
_PAST = 0.9
_BURST = 4.0
# Steps to either side over which a fall is measured: a batch alone says little.
_WINDOW = 5


@dataclass(frozen=True)
class Found:
    """The loss along growing rates.

    Parameters
    ----------
    rates : tuple of float
        Ascending; one a step.
    losses : tuple of float
        Smoothed over the last ten steps.
    rate : float
        Where the loss falls fastest: a good largest rate for a schedule that ends near zero.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    rate: float


def find_rate(
    net: nn.Module,
    rows: Source,
    loss: Loss,
    course: Course,
    *,
    seed: int = 0,
    steps: int = 100,
    between: tuple[float, float] = (1e-5, 10.0),
) -> Found:
    """Train a copy of a net with a rate that grows at every step (Smith 2017).

    Parameters
    ----------
    net : nn.Module
        Left as it is.
    rows, loss, course
        As in `modelwright.training.train`; the rate and the schedule of the course do not count.
    seed : int
        Of the order of the rows.
    steps : int
        At most; it ends when the loss bursts.
    between : tuple of float
        The first rate and the last.

    Returns
    -------
    Found

    Raises
    ------
    FitError
        When the loss is no number at the lowest rates already.
    OptionError
        When the first rate is not the lower one.

    Examples
    --------
    >>> from modelwright.training.batches import Examples
    >>> from modelwright.training.losses import squared_error
    >>> x = torch.linspace(-1, 1, 64)[:, None]
    >>> data = Examples((x,), 3 * x[:, 0])
    >>> found = find_rate(nn.Linear(1, 1), data, squared_error, Course(epochs=1, batch=16, rate=1))
    >>> 0.001 < found.rate < 1
    True
    """
    low, high = between
    if not 0 < low < high:
        raise OptionError("rates between a lower and a higher one, above 0", f"{between}")
    bare = replace(course, rate=1.0, schedule="constant", averaging=0.0)
    trial = Training(copy.deepcopy(net), rows, loss, bare, seed=seed)
    growth = (high / low) ** (1 / max(steps - 1, 1))
    rates: list[float] = []
    losses: list[float] = []
    past = 0.0
    with reproducible(seed, torch.get_num_threads()):
        trial.net.train()
        batches: list[torch.Tensor] = []
        while len(rates) < steps:
            if not batches:
                batches = [*trial.rows.order().tensor_split(trial.steps)]
            rate = low * growth ** len(rates)
            trial.course = replace(bare, rate=rate)
            try:
                told = trial.step(batches.pop(), 0.0)
            except FitError:
                if not rates:
                    raise
                break
            past = _PAST * past + (1 - _PAST) * told
            rates.append(rate)
            losses.append(past / (1 - _PAST ** len(rates)))
            if losses[-1] > _BURST * min(losses):
                break
    return Found(tuple(rates), tuple(losses), _steepest(rates, losses))


def _steepest(rates: list[float], losses: list[float]) -> float:
    """Find where the loss falls fastest before it is least."""
    end = losses.index(min(losses))
    places = range(3 * _WINDOW, end - _WINDOW + 1)  # the first steps smooth too little
    if not places:
        return rates[end]
    return rates[max(places, key=lambda i: losses[i - _WINDOW] - losses[i + _WINDOW])]
