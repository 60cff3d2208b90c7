"""Numbers that are far off what the model says, in units of what is usual there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["OddNumbers", "odd_numbers"]

Floats = NDArray[np.float64]

# Errors are compared with those of so many rows of about the same prediction.
NEIGHBOURS = 100
# The tail of usual errors is read between these shares of rows, and goes on like a power beyond.
_FROM, _TO = 0.8, 0.95
# A standard deviation of a normal, in median absolute deviations.
_NORMAL = 1.4826
# Errors come rounded: no spread is less than this part of the usual one.
_LEAST = 0.05


@dataclass(frozen=True)
class OddNumbers:
    """How far each number is off.

    Parameters
    ----------
    times : ndarray of float64, shape (n_rows,)
        The error, in robust standard deviations of rows of about the same prediction.
    wrong : ndarray of float64, shape (n_rows,)
        The share, of errors so large, that is beyond what the tail of usual errors explains.
    usual_most : float
        The error (in the same units) that one of twenty rows exceeds.
    """

    times: Floats
    wrong: Floats
    usual_most: float


def odd_numbers(predicted: Floats, given: Floats) -> OddNumbers:
    """Compare each error with those of rows of about the same prediction.

    Parameters
    ----------
    predicted : ndarray of float64, shape (n_rows,)
        For rows that the model has not seen.
    given : ndarray of float64, shape (n_rows,)
        The answers.

    Returns
    -------
    OddNumbers

    Notes
    -----
    The tail of usual errors is taken to go on as a power law beyond the 95 % quantile, as it goes
    between 80 % and 95 %: heavier than that of most errors, so that little is called wrong. More
    than about one wrong number in twenty hides the tail.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> given = rng.normal(size=1000)
    >>> given[:5] += 50
    >>> found = odd_numbers(np.zeros(1000), given)
    >>> np.flatnonzero(found.wrong > 0.5).tolist()
    [0, 1, 2, 3, 4]
    """
    missed = given - predicted
    order = np.argsort(predicted, kind="stable")
    times = np.empty(len(missed))
    overall = _spread(missed)
    for rows in np.array_split(order, max(len(order) // NEIGHBOURS, 1)):
        middle = np.median(missed[rows])
        spread = max(_spread(missed[rows]), _LEAST * overall)
        times[rows] = np.abs(missed[rows] - middle) / spread if spread > 0 else 0.0
    return _beyond_the_tail(times)


def _spread(missed: Floats) -> float:
    return float(_NORMAL * np.median(np.abs(missed - np.median(missed))))


def _beyond_the_tail(times: Floats) -> OddNumbers:
    start, end = (float(q) for q in np.quantile(times, [_FROM, _TO]))
    wrong = np.zeros(len(times))
    if end > start > 0:
        power = np.log((1 - _FROM) / (1 - _TO)) / np.log(end / start)
        far = times > end
        expected = (1 - _TO) * (times[far] / end) ** -power
        rank = np.searchsorted(np.sort(times), times[far], side="left")
        observed = 1 - rank / len(times)
        wrong[far] = np.clip(1 - expected / observed, 0.0, 1.0)
    return OddNumbers(times, wrong, end)
