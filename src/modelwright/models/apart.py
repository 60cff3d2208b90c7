"""What each column adds to what a model of trees says: shares of probabilities, or of numbers.

Trees add up to scores, and scores to a number, or through a softmax to probabilities. What one unit
of a score is worth beside a background row is the mean slope on the straight way between the two
rows (Aumann and Shapley 1974); of two classes that is the difference of the probabilities over that
of the scores. So shares add up to the difference of the predictions exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Fitted
from modelwright.models.boosting import FittedLightGBM
from modelwright.models.columns import Ranks
from modelwright.models.forest import FittedForest
from modelwright.models.grown import Grown
from modelwright.models.histogram import FittedHistogram
from modelwright.models.lightgbm_text import ModelText
from modelwright.models.sample import Classes, softmax
from modelwright.models.selected import FittedSelected
from modelwright.models.tree_shares import Games, tree_shares

__all__ = ["Apart", "apart", "slopes"]

Floats = NDArray[np.float64]

_STEPS = 24
_MISSED = 0.5
_MOST = 20_000


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

    def shares(self, X: Matrix, player: NDArray[np.int64], players: int, output: int) -> Floats:
        """Give the share of each player in a prediction.

        Parameters
        ----------
        X : Matrix
            The row first, then the background rows.
        player : ndarray of int64, shape (n_columns,)
            Who each column of the matrix belongs to, through the numbers and then the codes.
        players : int
            How many there are.
        output : int
            The class, or 0 for a number.

        Returns
        -------
        ndarray of float64, shape (n_players,)
            Their sum is the prediction less the mean prediction of the background rows.
        """
        if self.kept is not None:
            X, player = X.some(self.kept), player[self.kept]
        table = self.ranks.table(X)
        place = self._place(output)
        if place < 0 or not table.shape[1]:
            return np.zeros(players)  # a class that was never seen has its floor
        column = place if self.linear and self.classes.count else 0
        score = np.where(self.linear, 0, self.grown.tree % self.scores)
        games = Games(self.grown, player, players, self.grown.values[:, column], score)
        worth = self._worth(table, place) * self.scale * self._spread
        return tree_shares(games, table[0], table[1:], worth) / (len(table) - 1)

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

    def _worth(self, table: NDArray[np.float32], place: int) -> Floats:
        """Say what one unit of each score is worth beside each background row."""
        if self.linear or not self.classes.count:
            return np.ones((1, len(table) - 1))
        own, others = self.grown.total(table[:1]), self.grown.total(table[1:])
        said = np.concatenate([own, others], axis=1)[:, :, 0]
        scores = np.stack([said[k :: self.scores].sum(axis=0) for k in range(self.scores)], axis=1)
        scores = scores * self.scale + self.base
        if self.scores == 1:
            scores = np.hstack([np.zeros_like(scores), scores])
        return slopes(scores[0], scores[1:], place)[:, -self.scores :].T


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
    nodes, weights = np.polynomial.legendre.leggauss(_STEPS)
    found = np.zeros(behind.shape)
    hot = np.eye(len(row))[place]
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        p = softmax(behind + node * (row - behind))
        found += weight * p[:, [place]] * (hot - p)
    # what the quadrature missed: of scores that lie far apart
    walked = (found * (row - behind)).sum(axis=1)
    gained = softmax(row[None])[0, place] - softmax(behind)[:, place]
    sure = np.abs(gained - walked) < _MISSED * np.abs(walked)
    found[sure] *= (gained[sure] / walked[sure])[:, None]
    return found


def apart(fitted: Fitted) -> Apart | None:
    """Make a fitted model ready to be taken apart; None for one that is no sum of some trees.

    Of more than 20,000 leaves, as a forest has, most lead somewhere beside some background row:
    to ask about drawn coalitions is quicker then.

    Parameters
    ----------
    fitted : Fitted
        Any fitted model.
    """
    if isinstance(fitted, FittedSelected):
        inner = apart(fitted.inner)
        return None if inner is None else replace(inner, kept=fitted.kept)
    if isinstance(fitted, FittedForest | FittedHistogram) and len(fitted.trees.values) > _MOST:
        return None
    if isinstance(fitted, FittedForest):
        grown = Grown.of_flat(fitted.trees)
        base, scale = np.array([fitted.offset]), 1 / len(fitted.trees)
        return Apart(grown, fitted.ranks, fitted.classes, 1, scale, base, True)
    if isinstance(fitted, FittedHistogram):
        grown = Grown.of_flat(fitted.trees)
    elif isinstance(fitted, FittedLightGBM) and fitted.text:
        found = ModelText.parse(fitted.text).grown()
        if found is None or (found.feature < 0).sum() > _MOST:
            return None
        grown = found
    else:
        return None
    scores = len(fitted.base)
    return Apart(grown, fitted.ranks, fitted.classes, scores, fitted.scale, fitted.base, False)
