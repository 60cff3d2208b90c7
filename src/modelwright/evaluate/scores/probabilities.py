"""Whether probabilities mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.core.errors import OptionError
from modelwright.evaluate.scores.basics import NAN, TINY, Array, mean, ratio

__all__ = ["BrierParts", "brier", "brier_parts", "calibration_error", "log_loss"]


def log_loss(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the mean negative log of the probability of the true class, in nats.

    Rows are scaled to sum to 1; a probability below 1e-15 counts as 1e-15.

    Examples
    --------
    >>> round(log_loss(np.array([1]), np.array([[0.5, 0.5]])), 4)
    0.6931
    """
    true = np.take_along_axis(p, y[:, None], axis=1)[:, 0].astype(np.float64)
    total = p.sum(axis=1, dtype=np.float64)
    share = true / np.where(total > 0, total, 1)
    return -mean(np.log(np.clip(share, TINY, 1)), weight)


def brier(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the mean squared error of probabilities (Brier 1950).

    Of two classes: of the positive one, so between 0 and 1. Of more: summed over the classes, so
    between 0 and 2.

    Examples
    --------
    >>> round(brier(np.array([1]), np.array([[0.4, 0.6]])), 4)
    0.16
    """
    if p.shape[1] == 2:
        return mean(np.square(p[:, 1] - (y == 1)), weight)
    true = y[:, None] == np.arange(p.shape[1])
    return mean(np.square(p - true).sum(axis=1), weight)


def _said(y: Array, p: Array) -> tuple[Array, Array]:
    """Give how sure the model was, and whether it came true.

    Of two classes: of the positive one. Of more: of the most probable one.
    """
    if p.shape[1] == 2:
        return p[:, 1].astype(np.float64), (y == 1).astype(np.float64)
    return p.max(axis=1).astype(np.float64), (p.argmax(axis=1) == y).astype(np.float64)


def _bins(said: Array, weight: Array, bins: int, mass: bool) -> Array:
    """Put rows into bins: of equal width, closed above, or of equal weight, ties together."""
    if not mass:
        wide: Array = np.clip(np.ceil(said * bins).astype(np.int64) - 1, 0, bins - 1)
        return wide
    values, place = np.unique(said, return_inverse=True)
    at = np.bincount(place, weight, len(values))
    middle = np.cumsum(at) - at / 2
    share = middle / at.sum() if at.sum() > 0 else middle
    found: Array = np.clip((share * bins).astype(np.int64), 0, bins - 1)[place]
    return found


def calibration_error(
    y: Array, p: Array, weight: Array | None = None, bins: int = 15, *, mass: bool = False
) -> float:
    """Give the mean distance between what was said and how often it came true, over bins.

    Naeini, Cooper and Hauskrecht (2015); bins of equal weight: Nguyen and O'Connor (2015).

    Parameters
    ----------
    y : ndarray of int, shape (n_rows,)
        Class codes.
    p : ndarray of shape (n_rows, n_classes)
        Probabilities. Of two classes the positive one is judged, of more the most probable one.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    bins : int
        How many bins, at least 1.
    mass : bool
        Whether bins hold equal weight instead of being equally wide.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    OptionError
        When `bins` is below 1.

    Examples
    --------
    >>> p = np.tile([[0.2, 0.8]], (10, 1))
    >>> round(calibration_error(np.array([0] * 4 + [1] * 6), p), 3)
    0.2
    """
    if bins < 1:
        raise OptionError("bins to be at least 1", str(bins))
    said, came = _said(y, p)
    own = np.ones(len(said)) if weight is None else weight.astype(np.float64)
    place = _bins(said, own, bins, mass)
    gaps = np.bincount(place, own * (came - said), bins)
    whole = float(own.sum())
    return float(np.abs(gaps).sum()) / whole if whole > 0 else NAN


@dataclass(frozen=True)
class BrierParts:
    """The Brier score, taken apart: reliability - resolution + uncertainty + within.

    Parameters
    ----------
    reliability : float
        How far probabilities are from what came true; 0 is calibrated.
    resolution : float
        How far what came true differs between bins; the greater the better.
    uncertainty : float
        What the data leave open: share times (1 - share) of the positives.
    within : float
        What the spread of probabilities inside the bins adds.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within: float

    @property
    def total(self) -> float:
        """The Brier score."""
        return self.reliability - self.resolution + self.uncertainty + self.within


def brier_parts(y: Array, p: Array, weight: Array | None = None, bins: int = 10) -> BrierParts:
    """Take the Brier score of two classes apart.

    Murphy (1973); the part within bins: Stephenson, Coelho and Jolliffe (2008).

    Parameters
    ----------
    y : ndarray of int, shape (n_rows,)
        1 is positive.
    p : ndarray of shape (n_rows, 2)
        Probabilities.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    bins : int
        How many bins of equal width.

    Returns
    -------
    BrierParts

    Examples
    --------
    >>> y, p = np.array([0, 0, 1, 1]), np.array([[0.75, 0.25]] * 2 + [[0.25, 0.75]] * 2)
    >>> parts = brier_parts(y, p)
    >>> parts.reliability, parts.resolution, parts.uncertainty, parts.total
    (0.0625, 0.25, 0.25, 0.0625)
    """
    said, came = p[:, 1].astype(np.float64), (y == 1).astype(np.float64)
    own = np.ones(len(said)) if weight is None else weight.astype(np.float64)
    whole = own.sum()
    if not whole > 0:
        return BrierParts(NAN, NAN, NAN, NAN)
    place = _bins(said, own, bins, mass=False)
    share = np.bincount(place, own, bins) / whole
    mean_said = ratio(np.bincount(place, own * said, bins) / whole, share, 0.0)
    mean_came = ratio(np.bincount(place, own * came, bins) / whole, share, 0.0)
    overall = float(own @ came / whole)
    reliability = float(share @ np.square(mean_said - mean_came))
    resolution = float(share @ np.square(mean_came - overall))
    uncertainty = overall * (1 - overall)
    spread = said - mean_said[place]
    within = float(own @ (spread**2 - 2 * spread * (came - mean_came[place])) / whole)
    return BrierParts(reliability, resolution, uncertainty, within)
