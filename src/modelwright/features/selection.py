"""Which features to keep, seen from three sides (Guyon and Elisseeff 2003, JMLR 3).

A *filter* looks at features and answers alone, and is quick. A *model* says what it would miss if
a feature said nothing. A *wrapper* fits a model on sets of features, and adds whichever helps most;
it sees what features say together, and costs a fit for every set it looks at.

All three give an order, the best first. How many to keep is for `fewest` to say: the fewest that
are not clearly worse than the best number (the rule of one standard error: Breiman et al. 1984).
None of it knows which rows will be scored: call it on training rows alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.features.answers import answer_columns
from modelwright.features.screening import binned

__all__ = ["by_filter", "by_model", "by_wrapper", "fewest"]

_CAUTION = 5.0  # rows with the mean answer that are added to each bin
_NOTHING_LEFT = 1e-9  # of the square of a feature, when others say the same
_PROJECTED = 200  # features whose say is taken out of all others: each costs a look at every one

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def by_filter(X: Matrix, y: Target) -> Places:
    """Order features by what each says of the answers that the earlier ones do not.

    What a feature says is the mean answer of each of its bins. The one that explains most comes
    first; what it says is taken out of the answers and of all other features, and so on: the
    ranking by orthogonal projections of Stoppiglia, Dreyfus, Dubois and Oussar (2003, JMLR 3).
    After 200 features the others follow by what they say beyond those.

    Parameters
    ----------
    X : Matrix
        Training rows.
    y : Target
        Their answers.

    Returns
    -------
    ndarray of int64, shape (n_columns,)
        Positions, counted through the numbers and then the codes; the best first.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.normal(size=(2, 500))
    >>> X = Matrix.of_numbers(np.c_[rng.normal(size=500), a, 1.1 * a, b].astype("f"), "nacb")
    >>> [X.number_names[j] for j in by_filter(X, Target(2 * a + b))][:2]
    ['a', 'b']
    """
    answers = answer_columns(y)
    rest = (answers - answers.mean(axis=0)).ravel(order="F")
    said = _said(X, answers - answers.mean(axis=0))
    length = (said**2).sum(axis=0)
    gone = np.maximum(length * _NOTHING_LEFT, np.finfo(float).tiny)
    chosen: list[int] = []
    waiting = np.ones(X.shape[1], bool)
    while waiting.any():
        left = np.where(length > gone, length, np.inf)
        worth = np.where(waiting, (rest @ said) ** 2 / left, -1.0)
        if len(chosen) == _PROJECTED:  # of so many, what the others say beyond them is little
            others = np.argsort(-worth, kind="stable")[: int(waiting.sum())]
            return np.array([*chosen, *others], np.int64)
        best = int(worth.argmax())
        chosen.append(best)
        waiting[best] = False
        if np.isfinite(left[best]):
            direction = said[:, best] / np.sqrt(length[best])
            rest = rest - direction * (direction @ rest)
            said -= np.outer(direction, direction @ said)
            length = (said**2).sum(axis=0)
    return np.array(chosen, np.int64)


def _said(X: Matrix, centred: Floats) -> Floats:
    """Give the mean answers of the bins of each feature, those of few rows drawn towards all."""
    said = np.empty((centred.size, X.shape[1]))
    for j in range(X.shape[1]):
        keys = _keys(X, j)
        counts = (np.bincount(keys) + _CAUTION)[keys]
        said[:, j] = np.concatenate([np.bincount(keys, c)[keys] / counts for c in centred.T])
    return said


def _keys(X: Matrix, j: int) -> Places:
    numbers = len(X.number_names)
    if j < numbers:
        return binned(X.numbers[:, j])
    return X.codes[:, j - numbers].astype(np.int64) + 2  # a gap and an unknown level are levels


def by_model(X: Matrix, loss: Callable[[Matrix], float], seed: int) -> Places:
    """Order features by how much worse a model gets when a feature is shuffled.

    Parameters
    ----------
    X : Matrix
        Rows that the model was not fitted on.
    loss : callable
        How bad the model is on such a matrix, against the answers of these rows.
    seed : int
        How rows are shuffled.

    Returns
    -------
    ndarray of int64, shape (n_columns,)
        As for `by_filter`.

    Notes
    -----
    Permutation importance (Breiman 2001). Features that say the same share their importance.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.eye(3, dtype="f"), "abc")
    >>> by_model(X, lambda m: float(np.abs(m.numbers[:, 1] - X.numbers[:, 1]).sum()), 0).tolist()
    [1, 0, 2]
    """
    order = np.random.default_rng(seed).permutation(X.shape[0])
    base, numbers = loss(X), len(X.number_names)
    missed = np.empty(X.shape[1])
    for j in range(X.shape[1]):
        block, k = (X.numbers, j) if j < numbers else (X.codes, j - numbers)
        kept = block[:, k].copy()
        shuffled = _with(X, block, k, kept[order])
        missed[j] = loss(shuffled) - base
    return np.argsort(-missed, kind="stable").astype(np.int64)


def _with(X: Matrix, block: NDArray[np.generic], k: int, column: NDArray[np.generic]) -> Matrix:
    changed = block.copy()
    changed[:, k] = column
    numbers, codes = (changed, X.codes) if block is X.numbers else (X.numbers, changed)
    return Matrix(numbers, codes, X.number_names, X.code_names, X.levels)  # type: ignore[arg-type]


def by_wrapper(
    candidates: Sequence[int], loss: Callable[[Places], float], most: int
) -> tuple[Places, Floats]:
    """Add the feature that helps most, again and again: forward selection (Kohavi and John 1997).

    Parameters
    ----------
    candidates : sequence of int
        The features to choose among.
    loss : callable
        How bad a model of these features is, on rows that it was not fitted on.
    most : int
        After how many features to stop at the latest.

    Returns
    -------
    order : ndarray of int64, shape (n_chosen,)
        As for `by_filter`; ends where no feature makes the model better.
    losses : ndarray of float64, shape (n_chosen,)
        After each of them.

    Examples
    --------
    >>> worth = {0: 0.1, 1: 0.5, 2: 0.0}
    >>> order, losses = by_wrapper([0, 1, 2], lambda s: 1 - sum(worth[int(j)] for j in s), 3)
    >>> order.tolist(), losses.tolist()
    ([1, 0], [0.5, 0.4])
    """
    chosen: list[int] = []
    losses: list[float] = []
    left = [int(j) for j in candidates]
    while left and len(chosen) < most:
        tried = [loss(np.array([*chosen, j], np.int64)) for j in left]
        best = int(np.argmin(tried))
        if losses and not tried[best] < losses[-1]:
            break
        chosen.append(left.pop(best))
        losses.append(tried[best])
    return np.array(chosen, np.int64), np.array(losses)


def fewest(losses: Sequence[Floats]) -> int:
    """Say which of several numbers of features is the least that is not clearly worse.

    Parameters
    ----------
    losses : sequence of ndarray, shape (n_rows,)
        Of each number of features, fewest first: the loss of each row.

    Returns
    -------
    int
        A position in `losses`: the first whose mean loss is within one standard error of the
        best; of the error of the difference, row by row.

    Examples
    --------
    >>> best = np.array([1.0, 0.0, 1.0, 0.0])
    >>> fewest([best + 1, best + np.array([0.1, -0.1, 0.1, -0.1]), best])
    1
    """
    best = min(range(len(losses)), key=lambda k: float(losses[k].mean()))
    for k in range(best):
        gap = losses[k] - losses[best]
        error = float(gap.std(ddof=1)) / np.sqrt(len(gap)) if len(gap) > 1 else 0.0
        if gap.mean() <= error:
            return k
    return best
