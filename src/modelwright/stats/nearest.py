"""A quick model without fitting: each row asks the rows nearest to it, among those allowed.

Nearest neighbours (Fix and Hodges 1951; weighted by distance, Dudani 1976) suit questions about
the structure of rows: which rows may be asked is a mask, so that any split costs one look at the
distances, and a row whose twin may be asked shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target
from modelwright.stats.cells import Cells
from modelwright.stats.orders import explained

__all__ = ["Asked", "ask_nearest", "place_rows", "scaled_answers"]

Floats = NDArray[np.float32]
Asked = Callable[[NDArray[np.int64]], NDArray[np.bool_]]
"""For some positions, which rows they may not ask: shape (n_asking, n_rows)."""

_NEIGHBOURS = 6
_CHUNK = 512
_CLASSES = 8
_COLUMNS = 40
_WIDTH = 6
_BINS = 16
# What a column counts that tells nothing alone: it may still tell twins apart.
_LEAST = 0.02
_SOFT = 0.05


def scaled_answers(y: Target) -> Floats:
    """Give answers as numbers with a total variance of 1, in which squares can be added.

    Parameters
    ----------
    y : Target
        Numbers become ranks, so that no wild answer decides; classes one column of 0 and 1 each,
        the rare ones beyond eight none.

    Returns
    -------
    ndarray of float32, shape (n_rows, n_outputs)

    Examples
    --------
    >>> answers = scaled_answers(Target(np.array([3.0, 1.0, 900.0])))
    >>> answers.ravel().round(2).tolist()
    [0.0, -1.22, 1.22]
    """
    if y.classes:
        counts = np.bincount(y.values, minlength=y.classes)
        common = np.argsort(-counts, kind="stable")[:_CLASSES]
        values = np.asarray(y.values[:, None] == common, np.float64)
    else:
        _, place, counts = np.unique(y.values, return_inverse=True, return_counts=True)
        values = (np.cumsum(counts) - counts / 2)[place][:, None]
    centred = values - values.mean(axis=0)
    spread = float(np.sqrt((centred**2).mean(axis=0).sum()))
    return np.asarray(centred / (spread or 1.0), np.float32)


def place_rows(cells: Cells, answers: Floats, seed: int) -> Floats:
    """Place rows in a space where columns that go with the answers count more.

    Ranks of an ordered column become one coordinate; each level of another column becomes a
    random point, so that different levels are about as far apart as two rows drawn at random.

    Parameters
    ----------
    cells : Cells
        The columns.
    answers : ndarray of float32, shape (n_rows, n_outputs)
        What `scaled_answers` gives.
    seed : int
        Of the random points.

    Returns
    -------
    ndarray of float32, shape (n_rows, n_coordinates)

    Examples
    --------
    >>> cells = Cells(("size",), np.arange(1, 41, dtype=np.int32)[:, None], np.ones(1, bool))
    >>> place_rows(cells, np.zeros((40, 1), np.float32), 0).shape
    (40, 1)
    """
    shares = np.array([_tells(cells, i, answers) for i in range(len(cells.names))])
    kept = np.argsort(-shares, kind="stable")[:_COLUMNS]
    most = max(float(shares.max(initial=0.0)), 1e-9)
    rng = np.random.default_rng(seed)
    blocks = [np.zeros((len(cells), 1), np.float32)] if not len(kept) else []
    for i in sorted(kept.tolist()):
        codes, levels = cells.codes[:, i], int(cells.codes[:, i].max(initial=0)) + 1
        if cells.ordered[i]:
            _, place = np.unique(codes, return_inverse=True)
            block = (place[:, None] - place.mean()) / (place.std() or 1.0)
            block[codes == 0] = 0.0
        else:
            block = rng.normal(size=(levels, _WIDTH))[codes] / np.sqrt(_WIDTH)
        scale = np.sqrt(max(shares[i], 0.0) / most + _LEAST)
        blocks.append(np.asarray(block * scale, np.float32))
    return np.hstack(blocks)


def _tells(cells: Cells, i: int, answers: Floats) -> float:
    """Say which share of the answers' variation a column explains alone."""
    codes = cells.codes[:, i]
    if cells.ordered[i]:
        _, place = np.unique(codes, return_inverse=True)
        cut = np.sort(place)[np.arange(1, _BINS) * len(codes) // _BINS]
        part = np.searchsorted(cut, place, side="right")
    else:
        counts = np.bincount(codes)
        rank = np.empty(len(counts), np.int64)
        rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
        part = np.minimum(rank[codes], _BINS)
    return explained(answers.astype(np.float64), part)[0]


@dataclass(frozen=True)
class _Space:
    """Rows as points, with what each answers."""

    points: Floats
    squares: Floats
    answers: Floats

    def asked(self, asking: NDArray[np.int64], forbidden: NDArray[np.bool_]) -> Floats:
        """Average the answers of the nearest rows that are not forbidden."""
        mine = self.points[asking]
        far = self.squares[asking][:, None] + self.squares - 2 * (mine @ self.points.T)
        far = np.where(forbidden, np.float32(np.inf), np.maximum(far, 0))
        count = min(_NEIGHBOURS, far.shape[1] - 1)
        near = np.argpartition(far, count, axis=1)[:, :count]
        distance = np.take_along_axis(far, near, axis=1)
        known = distance[np.isfinite(distance)]
        usual = float(np.median(known)) if len(known) else 1.0
        loud = 1 / (distance + _SOFT * max(usual, 1e-6))
        total = loud.sum(axis=1)
        said = (loud[:, :, None] * self.answers[near]).sum(axis=1)
        return np.asarray(said / np.maximum(total, 1e-30)[:, None], np.float32)


def ask_nearest(
    points: Floats, answers: Floats, asking: NDArray[np.int64], forbidden: Asked
) -> Floats:
    """Predict rows from the rows nearest to them.

    Parameters
    ----------
    points : ndarray of float32, shape (n_rows, n_coordinates)
        What `place_rows` gives.
    answers : ndarray of float32, shape (n_rows, n_outputs)
        Their answers.
    asking : ndarray of int64, shape (n_asking,)
        The rows to predict.
    forbidden : callable
        Which rows may not be asked; a row should not ask itself.

    Returns
    -------
    ndarray of float32, shape (n_asking, n_outputs)
        Zero, the mean of all, for a row that may ask nobody.

    Examples
    --------
    >>> x = np.linspace(0, 1, 200, dtype=np.float32)[:, None]
    >>> said = ask_nearest(x, 2 * x, np.array([100]), lambda rows: rows[:, None] == np.arange(200))
    >>> bool(abs(said[0, 0] - 2 * x[100, 0]) < 0.01)
    True
    """
    space = _Space(points, np.asarray((points**2).sum(axis=1)), answers)
    parts = [
        space.asked(chunk, forbidden(chunk))
        for chunk in np.array_split(asking, max(1, -(-len(asking) // _CHUNK)))
    ]
    return np.concatenate(parts)
