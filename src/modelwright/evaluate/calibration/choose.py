"""Which calibration helps, by rows that had no say in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target
from modelwright.evaluate.calibration.dirichlet import Dirichlet, fit_dirichlet
from modelwright.evaluate.calibration.isotonic import Isotonic, fit_isotonic
from modelwright.evaluate.calibration.temperature import Temperature, fit_temperature

__all__ = ["Calibration", "choose_calibration", "restore_calibration"]

Array = NDArray[np.float64]

# Curves and maps of many numbers are not tried with fewer rows, or with more classes.
FEWEST = 1_000
FEWEST_OF_CLASS = 20
MOST_CLASSES = 20
# So many rows decide, in so many parts.
ROWS = 6_000
PARTS = 3
# A map of many numbers must lower the log loss by so many standard errors of the difference.
SURE = 2.0
# More points are in no file of ours.
MOST_POINTS = 2_000


class Calibration(Protocol):
    """What makes probabilities of probabilities."""

    def apply(self, p: NDArray[Any]) -> NDArray[np.float32]:
        """Give calibrated probabilities: shape (n_rows, n_classes), rows sum to 1."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON, for `restore_calibration`."""
        ...


Fit = Callable[[NDArray[Any], Target, Array | None], Calibration]


def choose_calibration(
    p: NDArray[Any],
    y: Target,
    weight: Array | None = None,
    fold: NDArray[np.int64] | None = None,
) -> Calibration:
    """Find the calibration that makes the log loss lowest on rows that had no say in it.

    A temperature is tried first, and kept if it helps. Isotonic regression and Dirichlet
    calibration have many more numbers to get wrong: they must be better than it by two standard
    errors, and are tried from 1,000 rows on.

    Parameters
    ----------
    p : ndarray of shape (n_rows, n_classes)
        Probabilities for rows that the model did not see in training.
    y : Target
        Their classes.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    fold : ndarray of int64, shape (n_rows,), optional
        Rows of one fold are judged together, by calibrations of the other folds; None: drawn.

    Returns
    -------
    Calibration
        ``Temperature(1.0)`` when nothing helps.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> true = rng.random(6000)
    >>> y = Target((rng.random(6000) < true).astype(np.int64), 2)
    >>> said = np.where(true < 0.5, 0.2 * true, true)  # no single number mends that
    >>> print(choose_calibration(np.column_stack([1 - said, said]), y))
    isotonic regression
    """
    usual = fit_temperature(p, y, weight)
    fits = _worth_trying(p, y, weight)
    if not fits:
        return usual
    index = np.arange(len(y))
    if len(y) > ROWS:
        index = np.sort(np.random.default_rng(0).choice(len(y), ROWS, replace=False))
    part = _parts(index, fold)
    if part.min() == part.max():
        return usual
    loud = np.ones(len(index)) if weight is None else np.asarray(weight, np.float64)[index]
    before = _judged(fit_temperature, p[index], y.rows(index), loud, part)
    best: Calibration = usual
    least = 0.0
    for fit in fits:
        change = _judged(fit, p[index], y.rows(index), loud, part) - before
        mean = float(np.average(change, weights=loud))
        error = float(np.sqrt(np.average((change - mean) ** 2, weights=loud)) * _noise(loud))
        if mean < min(least, -SURE * error):
            best, least = fit(p, y, weight), mean
    return best


def _worth_trying(p: NDArray[Any], y: Target, weight: Array | None) -> tuple[Fit, ...]:
    counts = np.bincount(y.values if weight is None else y.values[weight > 0], minlength=y.classes)
    enough = counts.sum() >= FEWEST and counts.min() >= FEWEST_OF_CLASS
    if not enough or y.classes > MOST_CLASSES or not np.isfinite(p).all():
        return ()
    return (fit_isotonic, fit_dirichlet)


def _parts(index: NDArray[np.int64], fold: NDArray[np.int64] | None) -> NDArray[np.int64]:
    if fold is None:
        return np.random.default_rng(0).permutation(len(index)) % PARTS
    codes = np.unique(fold[index], return_inverse=True)[1]
    return np.asarray(codes % PARTS, np.int64)


def _judged(fit: Fit, p: NDArray[Any], y: Target, weight: Array, part: NDArray[np.int64]) -> Array:
    """Give the log loss of each row, calibrated by the other parts."""
    losses = np.empty(len(y))
    for number in np.unique(part):
        held = part == number
        if not weight[~held].sum() > 0:
            losses[held] = 0.0
            continue
        made = fit(p[~held], y.rows(np.flatnonzero(~held)), weight[~held])
        said = made.apply(p[held])[np.arange(int(held.sum())), y.values[held]]
        losses[held] = -np.log(np.clip(said.astype(np.float64), 1e-15, None))
    return losses


def _noise(weight: Array) -> float:
    """Give the standard error of a mean, as a share of the standard deviation."""
    return float(np.sqrt((weight**2).sum()) / weight.sum())


def restore_calibration(data: Mapping[str, Any], classes: int) -> Calibration:
    """Rebuild what `to_json` gave.

    Raises
    ------
    LookupError, TypeError, ValueError or OptionError
        When it is unsound.

    Examples
    --------
    >>> restore_calibration({"method": "temperature", "value": 2.0}, 3)
    Temperature(value=2.0)
    """
    method = data["method"]
    if method == "temperature":
        return Temperature(float(data["value"]))
    if method == "dirichlet":
        weights, bias = (np.array(data[name], np.float64) for name in ("weights", "bias"))
        sound = weights.shape == (classes, classes) and bias.shape == (classes,)
        if not sound or not (np.isfinite(weights).all() and np.isfinite(bias).all()):
            raise ValueError(f"a calibration of other than {classes} classes")
        return Dirichlet(weights, bias)
    if method != "isotonic":
        raise ValueError(f"no calibration {method!r:.40}")
    said, came = (
        tuple(np.array(one, np.float64) for one in data[name]) for name in ("said", "came")
    )
    if len(said) != len(came) or len(said) != (1 if classes == 2 else classes):
        raise ValueError(f"curves of other than {classes} classes")
    for xs, ys in zip(said, came, strict=True):
        fits = xs.ndim == 1 and xs.shape == ys.shape and 2 <= len(xs) <= MOST_POINTS
        if not fits or not np.isfinite(xs).all() or not ((ys >= 0) & (ys <= 1)).all():
            raise ValueError("a curve of other than probabilities")
        if (np.diff(xs) < 0).any() or (np.diff(ys) < 0).any():
            raise ValueError("a curve that falls")
    return Isotonic(said, came)
