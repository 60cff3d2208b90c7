"""Rows whose numbers go together as in no other row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.coded import Coded
from modelwright.clean.detectors.outliers import by_deviation
from modelwright.clean.detectors.told import Told, silent
from modelwright.clean.library import ensembles, nearest
from modelwright.clean.numbers import Numbers

__all__ = [
    "Joint",
    "apart_from_neighbours",
    "isolated",
    "joint_numbers",
    "odd_together",
    "standing",
]

Floats = NDArray[np.float64]

MEASURES = 3
_TREES = 100
_RARE = 0.002
_APART = 5
_LOOKED = 20_000
_NEIGHBOURS = 10
_COLUMNS = 30
_FEWEST_ROWS = 20
_FEWEST_VALUES = 3
_NAMES = 0.95


def standing(amounts: Floats) -> Floats:
    """Scale columns of numbers so that they can be compared; what is missing counts as usual.

    Parameters
    ----------
    amounts : float array of shape (rows, columns)
        Numbers; NaN for none.

    Returns
    -------
    float array of shape (rows, columns)
        Deviations from the median, none further out than 30.

    Examples
    --------
    >>> standing(np.array([[1.0], [2.0], [3.0], [np.nan]])).round(2).ravel().tolist()
    [-0.67, 0.0, 0.67, 0.0]
    """
    scaled = [np.clip(by_deviation(column), -30, 30) for column in amounts.T]
    return np.column_stack(scaled) if scaled else np.zeros((len(amounts), 0))


def isolated(amounts: Floats, seed: int) -> Floats:
    """Score rows by how few random cuts set them apart (Liu, Ting and Zhou 2008).

    Parameters
    ----------
    amounts : float array of shape (rows, columns)
        Numbers; NaN for none.
    seed : int
        Of the cuts.

    Returns
    -------
    float array of shape (rows,)
        From about .4 for a usual row to 1.

    Examples
    --------
    >>> rows = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, -9.0]]])
    >>> int(isolated(rows, 0).argmax())
    200
    """
    points = standing(amounts)
    if not points.size:
        return np.zeros(len(amounts))
    forest = ensembles.IsolationForest(n_estimators=_TREES, random_state=seed)
    forest.fit(_some(points, seed))
    parts = np.array_split(points, -(-len(points) // 100_000))
    return np.concatenate([-forest.score_samples(part) for part in parts])


def apart_from_neighbours(amounts: Floats, seed: int) -> Floats:
    """Score rows by the distance to their tenth neighbour (Ramaswamy, Rastogi and Shim 2000).

    Parameters
    ----------
    amounts : float array of shape (rows, columns)
        Numbers; NaN for none.
    seed : int
        Of the rows that are asked, when there are more than 20,000.

    Returns
    -------
    float array of shape (rows,)
        In units of the median of all rows.

    Examples
    --------
    >>> rows = np.vstack([np.random.default_rng(0).normal(size=(200, 2)), [[9.0, -9.0]]])
    >>> int(apart_from_neighbours(rows, 0).argmax())
    200
    """
    points = standing(amounts)
    if not points.size or len(points) <= _NEIGHBOURS:
        return np.zeros(len(amounts))
    asked = nearest.NearestNeighbors(n_neighbors=_NEIGHBOURS + 1)
    asked.fit(_some(points, seed))
    parts = np.array_split(points, -(-len(points) // 100_000))
    far = np.concatenate([asked.kneighbors(part)[0][:, -1] for part in parts])
    usual = float(np.median(far)) or float(far.mean())
    return far / usual if usual else far


def _some(points: Floats, seed: int) -> Floats:
    if len(points) <= _LOOKED:
        return points
    chosen = np.random.default_rng(seed).choice(len(points), _LOOKED, replace=False)
    return points[np.sort(chosen)]


@dataclass(frozen=True)
class Joint:
    """How odd the numbers of each row are together.

    Parameters
    ----------
    apart : float array of shape (rows,)
        What `apart_from_neighbours` says.
    rank : float array of shape (rows, 2)
        The share of the rows that are less isolated, and less far from their neighbours.
    """

    apart: Floats
    rank: Floats

    @classmethod
    def of(cls, amounts: Floats, seed: int) -> Joint:
        """Look at columns of numbers, shape (rows, columns); NaN for none."""
        apart = apart_from_neighbours(amounts, seed)
        scores = np.column_stack([isolated(amounts, seed), apart])
        order = scores.argsort(axis=0, kind="stable")
        return cls(apart, order.argsort(axis=0) / max(len(scores) - 1, 1))


def joint_numbers(coded: Coded, numbers: tuple[Numbers | None, ...], seed: int) -> Joint | None:
    """Score the rows of a table by their numbers taken together.

    Parameters
    ----------
    coded : Coded
        The table.
    numbers : tuple of Numbers or None
        What `numbers_of` gives of each column; the first 30 columns of numbers that are no mere
        numbering of the rows are looked at.
    seed : int
        Of what is drawn.

    Returns
    -------
    Joint or None
        None where there are too few rows or columns of numbers.
    """
    amounts = [
        np.append(each.amount, np.nan)[coded.codes[:, column]]
        for column, each in enumerate(numbers)
        if each is not None and _FEWEST_VALUES <= len(each.amount) < _NAMES * coded.height
    ]
    if len(amounts) < 2 or coded.height < _FEWEST_ROWS:
        return None
    return Joint.of(np.column_stack(amounts[:_COLUMNS]), seed)


def odd_together(coded: Coded, column: int, numbers: Numbers | None, joint: Joint | None) -> Told:
    """Judge the numbers of rows that stand apart, each by how far out it is itself.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.
    numbers : Numbers or None
        What `numbers_of` gives.
    joint : Joint or None
        What `joint_numbers` says of the rows.

    Returns
    -------
    Told
    """
    if numbers is None or joint is None:
        return silent(coded.height, MEASURES)
    amount = np.append(numbers.amount, np.nan)[coded.codes[:, column]]
    own = np.abs(standing(amount[:, None])[:, 0])
    rank = joint.rank
    first = (rank > 1 - _RARE).all(axis=1) & (joint.apart > _APART)
    chance = np.where(first, 0.4 * np.clip((own - 4) / 6, 0, 1), 0.0).astype(np.float32)
    measures = np.column_stack([rank, np.log1p(own) * rank[:, 0]]).astype(np.float32)
    reason = f"the numbers of its row go together as in no other, {coded.columns[column]!r} most"
    return Told(reason, chance, measures)
