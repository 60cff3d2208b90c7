"""What each column adds to what a model of trees says: shares of probabilities, or of numbers.

Trees add up to scores, and scores to a number, or through a softmax to probabilities. What one unit
of a score is worth beside a background row is the mean slope on the straight way between the two
rows (Aumann and Shapley 1974); of two classes that is the difference of the probabilities over that
of the scores. So shares add up to the difference of the predictions exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Fitted
from modelwright.models.boosting import FittedLightGBM
from modelwright.models.columns import Ranks
from modelwright.models.forest import FittedForest
from modelwright.models.grown import Grown, Turns
from modelwright.models.histogram import FittedHistogram
from modelwright.models.lightgbm_text import ModelText
from modelwright.models.sample import Classes, softmax
from modelwright.models.selected import FittedSelected
from modelwright.models.tree_shares import Games, Ways

__all__ = ["Apart", "apart", "slopes"]

Floats = NDArray[np.float64]

_STEPS = 24  # points at which a softmax is looked at on its way
_MISSED = 0.5  # what the quadrature may miss, as a share, and still be scaled up
_MOST = 20_000  # leaves
_FARTHEST = 1_000_000  # questions on the ways to all leaves


@dataclass(frozen=True)
class Apart:
    """A fitted model of trees, ready to be taken apart.

    Parameters
    ----------
    grown : Grown
        Its trees.
    ranks : Ranks
        How a matrix becomes a table.
    classes : Classes
        The classes of the task, or none.
    scores : int
        How many scores the trees add up to; tree t adds to score t, modulo this.
    scale : float
        One unit of a leaf, in units of a score.
    base : ndarray of float64, shape (n_scores,)
        Added to the scores.
    linear : bool
        Whether leaves hold shares of the classes, which need no softmax.
    kept : ndarray of int64, optional
        The columns of the matrix that it looks at; None: all.
    """

    grown: Grown
    ranks: Ranks
    classes: Classes
    scores: int
    scale: float
    base: Floats
    linear: bool
    kept: NDArray[np.int64] | None = None

    def ways(self, player: NDArray[np.int64], players: int) -> Ways:
        """Say who is asked on the way to each leaf: the same for all rows.

        Parameters
        ----------
        player : ndarray of int64, shape (n_columns,)
            Who each column of the matrix belongs to, through the numbers and then the codes.
        players : int
            How many there are.
        """
        return Ways.of(self.grown, player if self.kept is None else player[self.kept], players)

    def shares(
        self, rows: Matrix, behind: Matrix, ways: Ways, outputs: NDArray[np.int64]
    ) -> Floats:
        """Give the share of each player in predictions.

        Parameters
        ----------
        rows : Matrix
            At most 64 rows.
        behind : Matrix
            The background rows.
        ways : Ways
            Who is asked.
        outputs : ndarray of int64, shape (n_rows,)
            The class that is explained of each row, or 0 for a number.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_players)
            The sum of a row is its prediction less the mean prediction of the background rows.
        """
        found = np.zeros((rows.shape[0], ways.players))
        own, others = self._turns(rows), self._turns(behind)
        if not len(ways.leaf) or not own:
            return found
        games = Games.between(ways, own[0], others)
        score = np.where(self.linear, 0, self.grown.tree % self.scores)
        soft = not self.linear and self.classes.count > 0
        scores = (self._scores(own), self._scores(others)) if soft else None
        worth = np.ones((1, behind.shape[0]))
        for i, output in enumerate(outputs):
            place = self._place(int(output))
            if place < 0:
                continue  # a class that was never seen has its floor
            column = place if self.linear and self.classes.count else 0
            if scores is not None:
                worth = slopes(scores[0][i], scores[1], place).T[-self.scores :]
            found[i] = games.shares(i, self.grown.values[:, column], score, worth)
        return found * (self.scale * self._spread / behind.shape[0])

    def _turns(self, X: Matrix) -> tuple[Turns, ...]:
        return self.grown.turns(self.ranks.table(X if self.kept is None else X.some(self.kept)))

    def _place(self, output: int) -> int:
        """Say where a class stands among those that were learned."""
        if not self.classes.count:
            return 0
        return int(self.classes.position(np.array([output]))[0])

    @property
    def _spread(self) -> float:
        """What the classes that were not seen leave of a probability."""
        if not self.classes.count:
            return 1.0
        return 1.0 - self.classes.floor * (self.classes.count - self.classes.learned)

    def _scores(self, turns: tuple[Turns, ...]) -> Floats:
        """Add up the scores of rows, as a softmax takes them: shape (n_rows, n_classes)."""
        said = self.grown.total(turns)[:, :, 0]
        scores = np.stack([said[k :: self.scores].sum(axis=0) for k in range(self.scores)], axis=1)
        scores = scores * self.scale + self.base
        return np.hstack([np.zeros_like(scores), scores]) if self.scores == 1 else scores


def slopes(row: Floats, behind: Floats, place: int) -> Floats:
    """Give the mean slopes of a softmax on the straight ways from background rows to a row.

    Parameters
    ----------
    row : ndarray of float64, shape (n_scores,)
        The scores of the row.
    behind : ndarray of float64, shape (n_rows, n_scores)
        Those of the background rows.
    place : int
        Of which probability.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_scores)
        ``slopes @ (row - behind)``, row by row, is the difference of the probabilities.

    Examples
    --------
    >>> row, behind = np.array([0.0, 2.0]), np.array([[0.0, -1.0]])
    >>> gained = slopes(row, behind, 1)[0] @ (row - behind[0])
    >>> bool(abs(gained - (1 / (1 + np.exp(-2)) - 1 / (1 + np.exp(1)))) < 1e-12)
    True
    """
    nodes, weights = _quadrature()
    way = row - behind
    on_the_way = behind + nodes[:, None, None] * way
    p = softmax(on_the_way.reshape(-1, len(row))).reshape(on_the_way.shape)
    slope = p[:, :, [place]] * (np.eye(len(row))[place] - p)
    found = np.asarray(np.tensordot(weights, slope, axes=1), np.float64)
    # what the quadrature missed: of scores that lie far apart
    walked = (found * way).sum(axis=1)
    gained = softmax(row[None])[0, place] - softmax(behind)[:, place]
    sure = np.abs(gained - walked) < _MISSED * np.abs(walked)
    found[sure] *= (gained[sure] / walked[sure])[:, None]
    return found


@cache
def _quadrature() -> tuple[Floats, Floats]:
    """Give the points between 0 and 1 of a Gauss-Legendre quadrature, and their weights."""
    nodes, weights = np.polynomial.legendre.leggauss(_STEPS)
    return (nodes + 1) / 2, weights / 2


def apart(fitted: Fitted) -> Apart | None:
    """Make a fitted model ready to be taken apart; None for one that is no sum of some trees.

    Of more than 20,000 leaves, as a forest has, most lead somewhere beside some background row:
    to ask about drawn coalitions is quicker then. Trees like chains, with a million questions on
    their ways, are left alone as well.

    Parameters
    ----------
    fitted : Fitted
        Any fitted model.
    """
    if isinstance(fitted, FittedSelected):
        inner = apart(fitted.inner)
        if inner is None:
            return None
        kept = fitted.kept if inner.kept is None else fitted.kept[inner.kept]
        return replace(inner, kept=kept)
    found = _opened(fitted)
    return None if found is None or found.grown.steps > _FARTHEST else found


def _opened(fitted: Fitted) -> Apart | None:
    if isinstance(fitted, FittedForest | FittedHistogram):
        if len(fitted.trees.values) > _MOST:
            return None
        grown = Grown.of_flat(fitted.trees)
        if isinstance(fitted, FittedForest):
            base, scale = np.array([fitted.offset]), 1 / len(fitted.trees)
            return Apart(grown, fitted.ranks, fitted.classes, 1, scale, base, True)
    elif isinstance(fitted, FittedLightGBM) and fitted.text:
        found = ModelText.parse(fitted.text).grown()
        if found is None or found.leaves > _MOST:
            return None
        grown = found
    else:
        return None
    scores = len(fitted.base)
    return Apart(grown, fitted.ranks, fitted.classes, scores, fitted.scale, fitted.base, False)
