"""Schedules: what share of its full size a rate has after a share `t` of the training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

__all__ = [
    "SCHEDULES",
    "constant",
    "cosine",
    "coslog4",
    "cycle_ends",
    "flat_cos",
    "linear",
    "one_cycle",
    "triangle",
    "warm_cosine",
]

# The shares of the training over which rates rise from nearly nothing.
_WARM = 0.05
_RISE = 0.3
_TRIANGLE = 0.23
# Where its rise begins.
_START = 0.04


def constant(t: float) -> float:
    """Give 1 at all times.

    Examples
    --------
    >>> constant(0.7)
    1.0
    """
    return 1.0


def cosine(t: float) -> float:
    """Give ``(1 + cos(pi t)) / 2``: from 1 down to 0 (Loshchilov and Hutter 2017).

    Examples
    --------
    >>> [round(cosine(t), 3) for t in (0.0, 0.5, 1.0)]
    [1.0, 0.5, 0.0]
    """
    return 0.5 * (1.0 + math.cos(math.pi * t))


def flat_cos(t: float) -> float:
    """Give 1 for the first half, then a cosine down to 0.

    Examples
    --------
    >>> [round(flat_cos(t), 3) for t in (0.0, 0.5, 0.75, 1.0)]
    [1.0, 1.0, 0.5, 0.0]
    """
    return 1.0 if t < 0.5 else cosine(2.0 * t - 1.0)


def coslog4(t: float) -> float:
    """Give ``(1 - cos(2 pi log2(1 + 15 t))) / 2``: four waves, each twice as long as the last.

    The rate rises from 0 and falls back to 0 four times; where it is 0 the net is annealed, and as
    good as it gets so far (Holzmüller, Grinsztajn and Steinwart 2024).

    Examples
    --------
    >>> [round(coslog4(t), 3) for t in (0.0, 1 / 15, 3 / 15, 7 / 15, 1.0)]
    [0.0, 0.0, 0.0, 0.0, 0.0]
    >>> round(max(coslog4(i / 100) for i in range(100)), 3)
    1.0
    """
    return 0.5 * (1.0 - math.cos(2.0 * math.pi * math.log2(1.0 + 15.0 * t)))


def linear(t: float) -> float:
    """Give ``1 - t``: down to 0 at an even pace.

    Examples
    --------
    >>> [linear(t) for t in (0.0, 0.25, 1.0)]
    [1.0, 0.75, 0.0]
    """
    return 1.0 - t


def triangle(t: float) -> float:
    """Give a rise from 0.2 to 1 over the first 23 %, then an even fall to 0.

    The shape with which small nets learn CIFAR-10 in a few epochs (Jordan 2024,
    arXiv:2404.00498).

    Examples
    --------
    >>> [round(triangle(t), 3) for t in (0.0, 0.23, 0.615, 1.0)]
    [0.2, 1.0, 0.5, 0.0]
    """
    if t < _TRIANGLE:
        return 0.2 + 0.8 * t / _TRIANGLE
    return max(1.0 - t, 0.0) / (1.0 - _TRIANGLE)


def one_cycle(t: float) -> float:
    """Give a cosine up from 1/25 to 1 over the first 30 %, then one down to 0.

    Super-convergence (Smith and Topin 2019), in the form that fastai made usual.

    Examples
    --------
    >>> [round(one_cycle(t), 3) for t in (0.0, 0.15, 0.3, 0.65, 1.0)]
    [0.04, 0.52, 1.0, 0.5, 0.0]
    """
    if t < _RISE:
        return _START + (1.0 - _START) * cosine(1.0 - t / _RISE)
    return cosine((t - _RISE) / (1.0 - _RISE))


def warm_cosine(t: float) -> float:
    """Give an even rise from 0 over the first 5 %, then a cosine down to 0.

    A net whose weights are still random has gradients that point anywhere: small steps at first
    (warm-up, Goyal et al. 2017).

    Examples
    --------
    >>> [round(warm_cosine(t), 3) for t in (0.0, 0.025, 0.05, 0.525, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    return t / _WARM if t < _WARM else cosine((t - _WARM) / (1.0 - _WARM))


SCHEDULES: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {
        kind.__name__: kind
        for kind in (
            constant,
            cosine,
            flat_cos,
            coslog4,
            linear,
            triangle,
            one_cycle,
            warm_cosine,
        )
    }
)
"""Every schedule by its name."""


def cycle_ends(schedule: str, epochs: int) -> tuple[int, ...]:
    """Give the epochs after which a schedule has come down to 0: the last one, at least.

    Examples
    --------
    >>> cycle_ends("coslog4", 256)
    (17, 51, 119, 256)
    >>> cycle_ends("cosine", 30)
    (30,)
    """
    shares = (1 / 15, 3 / 15, 7 / 15, 1.0) if schedule == "coslog4" else (1.0,)
    ends = {round(share * epochs) for share in shares}
    return tuple(sorted(end for end in ends if end >= 1))
