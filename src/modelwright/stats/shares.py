"""How far a share of rows could be off."""

from __future__ import annotations

import math

__all__ = ["wilson_ends"]

Z = 1.959964


def wilson_ends(share: float, rows: float) -> tuple[float, float]:
    """Give the 95 % interval of a share that was observed in so many rows (Wilson 1927).

    Parameters
    ----------
    share : float
        From 0 to 1.
    rows : float
        How many rows; NaN ends for none.

    Examples
    --------
    >>> low, high = wilson_ends(0.5, 100)
    >>> round(low, 3), round(high, 3)
    (0.404, 0.596)
    """
    if not rows > 0 or not math.isfinite(share):
        return math.nan, math.nan
    centre = (share + Z * Z / (2 * rows)) / (1 + Z * Z / rows)
    half = Z / (1 + Z * Z / rows) * math.sqrt(share * (1 - share) / rows + (Z / (2 * rows)) ** 2)
    return max(min(centre - half, share), 0.0), min(max(centre + half, share), 1.0)
