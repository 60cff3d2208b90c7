"""Schedules: what share of its full size a rate has after a share `t` of the training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

__all__ = ["SCHEDULES", "constant", "cosine", "coslog4", "cycle_ends", "flat_cos"]


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


SCHEDULES: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {kind.__name__: kind for kind in (constant, cosine, flat_cos, coslog4)}
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
