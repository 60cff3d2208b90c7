"""Numbers that lie far from the others of their column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.coded import Coded
from modelwright.clean.detectors.told import Told, silent
from modelwright.clean.numbers import Numbers

__all__ = ["beyond_fences", "by_deviation", "by_score", "far_numbers"]

Floats = NDArray[np.float64]

MEASURES = 3
_FAR = 6.0
_RARE = 0.01
_FEW = 3


def by_deviation(amount: Floats) -> Floats:
    """Measure how far numbers lie from the median, in median absolute deviations (MAD).

    Parameters
    ----------
    amount : float array of shape (n,)
        Numbers; NaN for none.

    Returns
    -------
    float array of shape (n,)
        In units of the standard deviation of a normal distribution (Hampel 1974); 0 for NaN. Where
        more than half of the numbers are equal, in units of the mean deviation.

    Examples
    --------
    >>> by_deviation(np.array([1.0, 2.0, 3.0, 4.0, 100.0])).round(1).tolist()
    [-1.3, -0.7, 0.0, 0.7, 65.4]
    """
    known = amount[np.isfinite(amount)]
    if not len(known):
        return np.zeros(len(amount))
    with np.errstate(over="ignore", invalid="ignore"):  # numbers of any size
        centre = 2 * float(np.median(known / 2))
        off = np.abs(known - centre)
        scale = 1.4826 * float(np.median(off)) or 1.2533 * float(off.mean())
        return np.nan_to_num((amount - centre) / scale) if scale else np.zeros(len(amount))


def by_score(amount: Floats) -> Floats:
    """Measure how far numbers lie from the mean of the inner nine tenths, in their deviations.

    Examples
    --------
    >>> by_score(np.array([1.0, 2.0, 3.0, 4.0, 5.0] * 5 + [100.0])).round(1).tolist()[-1]
    68.6
    """
    known = amount[np.isfinite(amount)]
    if not len(known):
        return np.zeros(len(amount))
    low, high = 2 * np.quantile(known / 2, [0.05, 0.95])
    inner = known[(known >= low) & (known <= high)]
    with np.errstate(over="ignore", invalid="ignore"):
        scale = float(inner.std())
        return np.nan_to_num((amount - inner.mean()) / scale) if scale else np.zeros(len(amount))


def beyond_fences(amount: Floats, reach: float = 1.5) -> Floats:
    """Measure how far numbers lie beyond the fences of a box plot, in interquartile ranges.

    Parameters
    ----------
    amount : float array of shape (n,)
        Numbers; NaN for none.
    reach : float
        How many ranges beyond the quartiles the fences stand (Tukey 1977).

    Returns
    -------
    float array of shape (n,)
        0 between the fences.

    Examples
    --------
    >>> beyond_fences(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 30.0])).round(1).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 8.6]
    """
    known = amount[np.isfinite(amount)]
    if not len(known):
        return np.zeros(len(amount))
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = 2 * np.quantile(known / 2, [0.25, 0.75])
        width = high - low
        if not width:
            return np.zeros(len(amount))
        above = (amount - high) / width - reach
        below = (low - amount) / width - reach
        return np.asarray(np.nan_to_num(np.maximum(np.maximum(above, below), 0.0)), np.float64)


def far_numbers(coded: Coded, column: int, numbers: Numbers | None) -> Told:
    """Judge the numbers of a column by their distance from the others.

    A number counts as far out when it is so on its own scale and on a logarithmic one, so that
    skewed amounts are not mistaken for errors; and when few are.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.
    numbers : Numbers or None
        What `numbers_of` gives.

    Returns
    -------
    Told
    """
    if numbers is None:
        return silent(coded.height, MEASURES)
    codes = coded.codes[:, column]
    amount = np.append(numbers.amount, np.nan)[codes]
    folded = np.sign(amount) * np.log1p(np.abs(amount))
    plain, log = np.abs(by_deviation(amount)), np.abs(by_deviation(folded))
    fences = beyond_fences(amount)
    far = np.minimum(plain, log)
    chance = np.clip((far - _FAR) / (2 * _FAR), 0.0, 0.9)
    if (far > _FAR).sum() > max(_RARE * len(far), _FEW):
        chance = 0.3 * chance
    measures = np.column_stack([np.log1p(plain), np.log1p(log), np.log1p(fences)])
    reason = f"a number far from the others of {coded.columns[column]!r}"
    return Told(reason, chance.astype(np.float32), measures.astype(np.float32))
