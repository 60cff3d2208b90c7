"""A rising curve for each class, from what was said to what came true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target

__all__ = ["Isotonic", "fit_isotonic"]

Array = NDArray[np.float64]

# Rows are put into so many bins of equal weight before the curve is fitted.
BINS = 1_000
_TINY = 1e-7


@dataclass(frozen=True)
class Isotonic:
    """One rising curve a class; rows are scaled to sum to one.

    Parameters
    ----------
    said : tuple of ndarray of float64
        For each class (of two, for the second one alone): probabilities, rising from 0 to 1.
    came : tuple of ndarray of float64
        What to say instead, rising as well.

    Examples
    --------
    >>> curve = Isotonic((np.array([0.0, 1.0]),), (np.array([0.2, 0.6]),))
    >>> curve.apply(np.array([[0.5, 0.5]])).round(3).tolist()
    [[0.6000000238418579, 0.4000000059604645]]
    """

    said: tuple[Array, ...]
    came: tuple[Array, ...]

    def apply(self, p: NDArray[Any]) -> NDArray[np.float32]:
        """Give calibrated probabilities: shape (n_rows, n_classes), rows sum to 1."""
        found = np.asarray(p, np.float64)
        if found.shape[1] == 2:
            second = np.interp(found[:, 1], self.said[0], self.came[0])
            return np.column_stack([1 - second, second]).astype(np.float32)
        each = [
            np.interp(found[:, k], said, came)
            for k, (said, came) in enumerate(zip(self.said, self.came, strict=True))
        ]
        moved = np.maximum(np.column_stack(each), _TINY)
        shares: NDArray[np.float32] = (moved / moved.sum(axis=1, keepdims=True)).astype(np.float32)
        return shares

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        said, came = ([one.tolist() for one in curves] for curves in (self.said, self.came))
        return {"method": "isotonic", "said": said, "came": came}

    def __str__(self) -> str:
        return "isotonic regression"


def fit_isotonic(p: NDArray[Any], y: Target, weight: Array | None = None) -> Isotonic:
    """Fit the curves.

    Zadrozny and Elkan 2002, "Transforming classifier scores into accurate multiclass probability
    estimates". Steps are joined through their centres, so that rows keep their order (centred
    isotonic regression: Oron and Flournoy 2017).

    Parameters
    ----------
    p : ndarray of shape (n_rows, n_classes)
        Probabilities for rows that the model did not see in training.
    y : Target
        Their classes.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.

    Returns
    -------
    Isotonic

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> true = rng.random(20_000)
    >>> y = Target((rng.random(20_000) < true).astype(np.int64), 2)
    >>> said = true**2  # too low
    >>> fit = fit_isotonic(np.column_stack([1 - said, said]), y)
    >>> float(abs(fit.apply(np.array([[0.75, 0.25]]))[0, 1] - 0.5)) < 0.05
    True
    """
    loud = np.ones(len(y)) if weight is None else np.asarray(weight, np.float64)
    which = [1] if y.classes == 2 else range(y.classes)
    curves = [_curve(np.asarray(p[:, k], np.float64), y.values == k, loud) for k in which]
    return Isotonic(tuple(said for said, _ in curves), tuple(came for _, came in curves))


def _curve(p: Array, true: NDArray[np.bool_], weight: Array) -> tuple[Array, Array]:
    kept = weight > 0
    order = np.argsort(p[kept], kind="stable")
    x, hit, mass = p[kept][order], true[kept][order].astype(np.float64), weight[kept][order]
    place = ((np.cumsum(mass) - mass / 2) / mass.sum() * BINS).astype(np.int64)
    # Rows of which the same was said stay together.
    place = place[np.searchsorted(x, x)]
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    total = np.add.reduceat(mass, starts)
    blocks: list[tuple[float, float, float, int]] = []  # weight, sum of p, sum of hits, rows
    counts = np.diff(np.append(starts, len(x)))
    sums = zip(
        total.tolist(),
        np.add.reduceat(mass * x, starts).tolist(),
        np.add.reduceat(mass * hit, starts).tolist(),
        counts.tolist(),
        strict=True,
    )
    for block in sums:  # pool adjacent violators
        while blocks and blocks[-1][2] * block[0] >= block[2] * blocks[-1][0]:
            last = blocks.pop()
            block = (last[0] + block[0], last[1] + block[1], last[2] + block[2], last[3] + block[3])
        blocks.append(block)
    found = np.array(blocks)
    said, came = found[:, 1] / found[:, 0], found[:, 2] / found[:, 0]
    # Not even a block of nothing but hits is certain: half a row of doubt.
    doubt = 0.5 / (found[:, 3] + 1)
    came = np.maximum.accumulate(np.clip(came, doubt, 1 - doubt))
    inner = (said > _TINY) & (said < 1 - _TINY)
    said, came = said[inner], came[inner]
    if not len(said):
        return np.array([0.0, 1.0]), np.array([_TINY, 1 - _TINY])
    low, high = came[0] / 2, 1 - (1 - came[-1]) / 2
    return np.concatenate([[0.0], said, [1.0]]), np.concatenate([[low], came, [high]])
