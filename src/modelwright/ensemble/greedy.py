"""Greedy ensemble selection from out-of-fold predictions.

Members are added one at a time, with replacement, each time the one that lowers the loss of the
average most; the weights are how often each was chosen. Bagging and sorted initialisation as in
the paper are left out: a round of the search is cheap and the library is small.

Source: Caruana, Niculescu-Mizil, Crew, Ksikes, "Ensemble selection from libraries of models",
ICML 2004.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Allowed", "Selection", "select_members"]

# Losses that differ by a smaller share are equal.
EQUAL = 1e-7

Loss = Callable[[NDArray[np.float32]], float]
Allowed = Callable[[Sequence[int]], bool]


@dataclass(frozen=True)
class Selection:
    """Which members were chosen, and how much each counts.

    Parameters
    ----------
    weights : ndarray of float64, shape (n_candidates,)
        Above or equal zero; their sum is one.
    loss : float
        The loss of the weighted average.
    """

    weights: NDArray[np.float64]
    loss: float

    @property
    def members(self) -> tuple[int, ...]:
        """Positions of the candidates that count, the heaviest first."""
        order = np.argsort(-self.weights, kind="stable")
        return tuple(int(i) for i in order if self.weights[i] > 0)


def select_members(
    predictions: Sequence[NDArray[np.float32]],
    loss: Loss,
    *,
    rounds: int = 25,
    most: int = 6,
    allowed: Allowed | None = None,
) -> Selection:
    """Choose members greedily, starting from the best single one.

    Parameters
    ----------
    predictions : sequence of ndarray, each of shape (n_rows, n_outputs)
        Out-of-fold predictions of every candidate for the same rows.
    loss : callable
        Scores a prediction; lower is better. NaN counts as worst.
    rounds : int
        How many times a member is added.
    most : int
        How many different members there may be: each one costs time at prediction.
    allowed : callable, optional
        Says whether the candidates at some positions may answer together (they may be too slow,
        or too large). Each candidate alone may.

    Returns
    -------
    Selection
        The best prefix of the rounds. Ties go to the member already chosen.

    Raises
    ------
    ValueError
        Without candidates.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[1.0], [2.0]], dtype=np.float32)
    >>> low, high = y - 1, y + 1
    >>> chosen = select_members([low, high], lambda p: float(np.square(p - y).mean()))
    >>> chosen.weights.tolist(), chosen.loss
    ([0.5, 0.5], 0.0)
    """
    if not predictions:
        raise ValueError("no candidates to choose from")
    alone = [_finite(loss(p)) for p in predictions]
    counts = np.zeros(len(predictions), dtype=np.int64)
    first = int(np.argmin(alone))
    counts[first] = 1
    total = predictions[first].astype(np.float32, copy=True)
    best = Selection(counts / 1.0, alone[first])
    for size in range(2, rounds + 1) if len(predictions) > 1 else ():
        open_to = _admissible(counts, most, allowed)
        losses = [_finite(loss((total + predictions[i]) / np.float32(size))) for i in open_to]
        least = min(losses)
        ties = [i for i, v in zip(open_to, losses, strict=True) if v <= least + EQUAL * abs(least)]
        chosen = max(ties, key=lambda i: (counts[i], -i))
        counts[chosen] += 1
        total += predictions[chosen]
        if least < best.loss - EQUAL * abs(best.loss):
            best = Selection(counts / size, least)
    return best


def _admissible(counts: NDArray[np.int64], most: int, allowed: Allowed | None) -> list[int]:
    members = np.flatnonzero(counts).tolist()
    if len(members) >= most:
        return members
    new = [i for i in range(len(counts)) if not counts[i]]
    if allowed is not None:
        new = [i for i in new if allowed([*members, i])]
    return sorted([*members, *new])


def _finite(loss: float) -> float:
    return loss if np.isfinite(loss) else np.inf
