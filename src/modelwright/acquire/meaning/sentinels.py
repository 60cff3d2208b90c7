"""Values that may stand for "missing" without saying so: proposed, never applied."""

from __future__ import annotations

import re

import polars as pl

__all__ = ["SENTINELS", "find_sentinel", "find_unknown"]

SENTINELS = frozenset([-1.0, -9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0])
_LEAST = 3
_LOOKED = 1000
_LEAST_SHARE = 0.002
_UNKNOWN = re.compile(
    r"(?i)^(unknown|unk|don'?t know|not known|not stated|not specified|unspecified|undetermined)$"
)


def find_sentinel(numbers: pl.Series) -> tuple[float, float, float, float] | None:
    """Find a number that lies far outside the others and comes again and again.

    Parameters
    ----------
    numbers : polars.Series of Float64

    Returns
    -------
    tuple of float or None
        The number, its share of the values, and the least and the greatest of the others.

    Examples
    --------
    >>> find_sentinel(pl.Series([999.0] * 6 + [3.0, 4.0, 7.0, 3.0]))
    (999.0, 0.6, 3.0, 7.0)
    >>> find_sentinel(pl.Series([97.0, 98.0, 99.0, 99.0, 99.0])) is None
    True
    """
    filled = len(numbers) - numbers.null_count()
    ends = {float(end) for end in (numbers.min(), numbers.max()) if end is not None}  # type: ignore[arg-type]
    for value in ends & SENTINELS:
        count = int((numbers == value).sum())
        if count < max(_LEAST, _LEAST_SHARE * filled):
            continue
        others = numbers.filter(numbers != value)
        if others.head(_LOOKED).n_unique() < 3:
            continue
        least, most = float(others.min()), float(others.max())  # type: ignore[arg-type]
        wide = most - least
        below = value < 0 <= least and (value == -1 or least - value > wide / 4)
        if below or value - most > max(wide, 0.5 * abs(most)):
            return value, count / filled, least, most
    return None


def find_unknown(labels: list[str]) -> str:
    """Find a label that says that the value is unknown; empty when there is none.

    Examples
    --------
    >>> find_unknown(["red", "Unknown"])
    'Unknown'
    """
    return next((label for label in labels if _UNKNOWN.match(label)), "")
