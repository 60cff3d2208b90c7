"""Distances between predicted and true numbers.

Predictions `p` have the shape (n_rows,) or (n_rows, 1).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelwright.core.errors import OptionError
from modelwright.evaluate.scores.basics import NAN, Array, mean, median, total

__all__ = [
    "d2_absolute",
    "d2_pinball",
    "d2_tweedie",
    "explained_variance",
    "mae",
    "mape",
    "max_error",
    "median_absolute_error",
    "r2",
    "rmse",
    "rmsle",
    "smape",
    "tweedie_deviance",
    "wape",
]

# A prediction that has to be above zero is at least this share of the mean answer.
_LEAST = 1e-6


def _flat(p: Array) -> Array:
    flat: Array = p.reshape(len(p)).astype(np.float64)
    return flat


def _errors(y: Array, p: Array) -> Array:
    return np.asarray(y - _flat(p))


def rmse(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the root of the mean squared error, in units of the target.

    Examples
    --------
    >>> rmse(np.array([1.0, 2.0]), np.array([[4.0], [5.0]]))
    3.0
    """
    return float(np.sqrt(mean(np.square(_errors(y, p)), weight)))


def mae(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the mean absolute error, in units of the target.

    Examples
    --------
    >>> mae(np.array([1.0, 2.0]), np.array([[4.0], [1.0]]))
    2.0
    """
    return mean(np.abs(_errors(y, p)), weight)


def r2(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the share of variance explained; NaN when all answers are equal.

    Examples
    --------
    >>> r2(np.array([1.0, 3.0]), np.array([[1.0], [2.0]]))
    0.5
    """
    spread = mean(np.square(y - mean(y, weight)), weight)
    return 1 - mean(np.square(_errors(y, p)), weight) / spread if spread > 0 else NAN


def explained_variance(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the share of variance explained when a constant error is forgiven.

    NaN when all answers are equal.

    Examples
    --------
    >>> explained_variance(np.array([1.0, 3.0]), np.array([[2.0], [4.0]]))
    1.0
    """
    spread = mean(np.square(y - mean(y, weight)), weight)
    missed = _errors(y, p)
    left = mean(np.square(missed - mean(missed, weight)), weight)
    return 1 - left / spread if spread > 0 else NAN


def rmsle(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the root of the mean squared error of log(1 + value).

    Predictions below 0 count as 0; NaN when an answer is below 0.

    Examples
    --------
    >>> rmsle(np.array([0.0]), np.array([[-5.0]]))
    0.0
    """
    if (y < 0).any():
        return NAN
    logs = np.log1p(np.clip(p.astype(np.float64), 0, None))
    return rmse(np.log1p(y), logs, weight)


def mape(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the mean absolute error as a share of the answer; NaN when an answer is 0.

    Examples
    --------
    >>> mape(np.array([10.0, 20.0]), np.array([[11.0], [18.0]]))
    0.1
    """
    if (y == 0).any():
        return NAN
    return mean(np.abs(_errors(y, p) / y), weight)


def smape(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the mean absolute error as a share of the mean size of answer and prediction.

    Armstrong (1985). Between 0 and 2; where both are 0 the error is 0.

    Examples
    --------
    >>> smape(np.array([1.0, 0.0]), np.array([[3.0], [0.0]]))
    0.5
    """
    size = np.abs(y) + np.abs(_flat(p))
    return mean(2 * np.abs(_errors(y, p)) / np.where(size > 0, size, 1), weight)


def wape(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the sum of absolute errors as a share of the sum of absolute answers.

    NaN when all answers are 0.

    Examples
    --------
    >>> wape(np.array([10.0, 30.0]), np.array([[12.0], [28.0]]))
    0.1
    """
    size = total(np.abs(y), weight)
    return total(np.abs(_errors(y, p)), weight) / size if size > 0 else NAN


def median_absolute_error(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the median of the absolute errors, which a few wild rows do not move.

    Examples
    --------
    >>> median_absolute_error(np.array([1.0, 2.0, 3.0]), np.array([[1.5], [2.0], [90.0]]))
    0.5
    """
    return median(np.abs(_errors(y, p)), weight)


def max_error(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the largest absolute error of a row that counts.

    Examples
    --------
    >>> max_error(np.array([1.0, 2.0]), np.array([[1.5], [9.0]]))
    7.0
    """
    missed = np.abs(_errors(y, p))
    counted = missed if weight is None else missed[weight > 0]
    return float(counted.max()) if counted.size else NAN


def _deviances(y: Array, p: Array, power: float) -> Array:
    """Give the unit deviance of each row."""
    if power == 0:
        return np.asarray(np.square(y - p))
    if power == 1:
        return np.asarray(2 * (np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / p), 0) - y + p))
    if power == 2:
        return np.asarray(2 * (np.log(p / y) + y / p - 1))
    one, two = 1 - power, 2 - power
    grown = np.power(y, two) / (one * two)
    return np.asarray(2 * (grown - y * np.power(p, one) / one + np.power(p, two) / two))


def tweedie_deviance(y: Array, p: Array, weight: Array | None = None, power: float = 1.5) -> float:
    """Give the mean Tweedie deviance (Jorgensen 1987).

    Power 0 is the squared error, 1 the Poisson deviance, 2 the gamma deviance; between 1 and 2 lie
    sums that are often 0. A prediction below a millionth of the mean answer counts as that much,
    except for power 0.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Answers: from 0 on for powers from 1 on, above 0 from 2 on.
    p : ndarray of shape (n_rows,) or (n_rows, 1)
        Predictions.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    power : float
        0, or at least 1.

    Returns
    -------
    float
        NaN when an answer is outside.

    Raises
    ------
    OptionError
        When `power` is neither 0 nor at least 1.

    Examples
    --------
    >>> round(tweedie_deviance(np.array([1.0, 0.0]), np.array([1.0, 0.5]), power=1), 4)
    0.5
    """
    if power != 0 and not 1 <= power < np.inf:
        raise OptionError("a power of 0, or at least 1", f"{power:g}")
    if power and ((y < 0).any() or (power >= 2 and (y <= 0).any())):
        return NAN
    said = _flat(p)
    if power:
        centre = mean(y, weight)
        if not centre > 0:
            return NAN
        said = np.maximum(said, _LEAST * centre)
    return mean(_deviances(y, said, power), weight)


def _d2(loss: Callable[[Array], float], same: float, rows: int, own: float) -> float:
    """Give the share of a loss that predictions save against one constant."""
    base = loss(np.full(rows, same))
    return 1 - own / base if base > 0 else NAN


def d2_tweedie(y: Array, p: Array, weight: Array | None = None, power: float = 1.5) -> float:
    """Give the share of the Tweedie deviance explained; parameters as for `tweedie_deviance`.

    Hastie, Tibshirani and Wainwright (2015), equation 3.11. NaN when all answers are equal.

    Examples
    --------
    >>> d2_tweedie(np.array([1.0, 3.0]), np.array([1.0, 3.0]), power=1)
    1.0
    """
    own = tweedie_deviance(y, p, weight, power)
    return _d2(lambda same: tweedie_deviance(y, same, weight, power), mean(y, weight), len(y), own)


def d2_pinball(y: Array, p: Array, weight: Array | None = None, quantile: float = 0.5) -> float:
    """Give the share of the pinball loss saved against always saying the quantile.

    Koenker and Machado (1999). NaN when that constant is perfect.

    Examples
    --------
    >>> d2_pinball(np.array([1.0, 3.0, 5.0]), np.array([1.0, 3.0, 5.0]), quantile=0.9)
    1.0
    """

    def loss(said: Array) -> float:
        missed = y - said
        return mean(np.where(missed > 0, quantile * missed, (quantile - 1) * missed), weight)

    return _d2(loss, median(y, weight, quantile), len(y), loss(_flat(p)))


def d2_absolute(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the share of the absolute error saved against always saying the median.

    Examples
    --------
    >>> d2_absolute(np.array([1.0, 3.0]), np.array([1.0, 2.0]))
    0.5
    """
    return d2_pinball(y, p, weight, 0.5)
