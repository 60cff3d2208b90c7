"""What an ensemble is worth on rows that had no say in it.

Trials are ranked, weighed and calibrated by their out-of-fold predictions. Scored on the same rows,
the best of many looks better than it is: some of its lead is luck, and the more trials there are
and the fewer rows, the more. Here everything is chosen again for each part of the rows, on the
other parts only, and the part is predicted by that choice: no row's answer has a say in its own
prediction. The base models are not fitted again; their predictions are out of fold already.

Sources: Varma and Simon, Bias in error estimation when using cross-validation for model selection,
2006; Tsamardinos, Greasidou and Borboudakis, Bootstrapping the out-of-sample predictions for
efficient and accurate cross-validation, 2018 (the same aim by drawing rows: there a choice is made
hundreds of times, here a few times, on more of the rows).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target
from modelwright.ensemble.greedy import Allowed, select_members
from modelwright.evaluate.calibration import choose_calibration
from modelwright.plan.judge import Judge

__all__ = ["PARTS", "nested_predictions", "parts_of"]

Predictions = NDArray[np.float32]
# Positions of trials, and how much each counts.
Shares = Sequence[tuple[int, np.float32]]

# Folds are put together into so many parts: a choice for each is made on the others.
PARTS = 5
# A choice looks at so many predictions of each trial at most, and at so many rows at least.
CELLS = 8_000
FEWEST_ROWS = 1_000


def parts_of(fold: NDArray[np.int64], most: int = PARTS) -> NDArray[np.int64]:
    """Put folds together into a few parts, numbered from 0.

    Examples
    --------
    >>> parts_of(np.array([7, 7, 2, 2, 9]), most=2).tolist()
    [1, 1, 0, 0, 0]
    """
    return np.unique(fold, return_inverse=True)[1].astype(np.int64) % most


def nested_predictions(
    judge: Judge, oofs: Sequence[Predictions], *, offered: int, allowed: Allowed | None = None
) -> Predictions | None:
    """Predict each part of the rows by an ensemble that was chosen on the other parts.

    Parameters
    ----------
    judge : Judge
        Knows the answers and the folds of the n_scored rows.
    oofs : sequence of ndarray of float32, each of shape (n_scored, n_outputs)
        Out-of-fold predictions of every trial.
    offered : int
        How many of the best trials each ensemble may be made of.
    allowed : callable, optional
        Says whether the trials at some positions may answer together.

    Returns
    -------
    ndarray of float32, shape (n_scored, n_outputs), or None
        None when all rows are in one part.
    """
    part = parts_of(judge.fold)
    if not len(part) or part.min() == part.max():
        return None
    found = np.empty_like(oofs[0])
    for number in range(int(part.max()) + 1):
        own = part == number
        rows = _some(np.flatnonzero(~own), oofs)
        chosen = _chosen_on(judge, oofs, rows, offered, allowed)
        found[own] = _said(judge, oofs, rows, chosen, own)
    return found


def _some(rows: NDArray[np.int64], oofs: Sequence[Predictions]) -> NDArray[np.int64]:
    """Draw as many rows as a choice may look at."""
    most = max(CELLS // oofs[0].shape[1], FEWEST_ROWS)
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False))


def _chosen_on(
    judge: Judge,
    oofs: Sequence[Predictions],
    rows: NDArray[np.int64],
    offered: int,
    allowed: Allowed | None,
) -> Shares:
    """Rank and weigh on some rows."""
    loss = judge.loss_on(rows)
    losses = np.array([loss(oof[rows]) for oof in oofs])
    best = np.argsort(np.where(np.isfinite(losses), losses, np.inf), kind="stable")[:offered]
    selection = select_members(
        [oofs[i][rows] for i in best],
        loss,
        allowed=None if allowed is None else lambda chosen: allowed([int(best[i]) for i in chosen]),
    )
    return [(int(best[i]), np.float32(selection.weights[i])) for i in selection.members]


def _said(
    judge: Judge,
    oofs: Sequence[Predictions],
    rows: NDArray[np.int64],
    shares: Shares,
    own: NDArray[np.bool_],
) -> Predictions:
    """Calibrate an ensemble on some rows, and predict the rows `own`."""
    blended: Predictions = np.sum([oofs[i][own] * share for i, share in shares], axis=0)
    if not judge.y.classes:
        return blended
    seen: Predictions = np.sum([oofs[i][rows] * share for i, share in shares], axis=0)
    y = Target(judge.y.values[rows], judge.y.classes)
    weight = None if judge.weight is None else judge.weight[rows]
    return choose_calibration(seen, y, weight, judge.fold[rows]).apply(blended)
