"""Cells of the same kind: what labels say of one of them speaks of the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING
from modelwright.clean.detectors.told import Told
from modelwright.clean.evidence import DEPENDENCIES, Evidence
from modelwright.clean.lessons import Lessons

__all__ = ["kinds_of_cells", "rates"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_OWN = 2.0
_PARENT = 1.0


def kinds_of_cells(evidence: Evidence, column: int, told: tuple[Told, ...]) -> Ints:
    """Sort the cells of a column into kinds, in several ways.

    Parameters
    ----------
    evidence : Evidence
        The table.
    column : int
        The column.
    told : tuple of Told
        What detectors say of it.

    Returns
    -------
    int array of shape (rows, 7)
        By value; by exact, fine and coarse shape; by kinds of letters; by what other rows of the
        thing hold; by how suspect detectors find the cell.
    """
    coded = evidence.coded
    codes = coded.codes[:, column].astype(np.int64)
    ways = [codes]
    for shape in evidence.shapes(column).all:
        number = shape.hash(seed=0).to_numpy().view(np.int64)
        ways.append(np.append(number, 0)[codes])
    gone = codes == MISSING
    others = told[DEPENDENCIES].measures  # share, top share, how many others, whether it is the top
    asked = others[:, 2] > 0
    ways.append(np.where(gone, 3, np.where(asked, np.where(others[:, 3] > 0, 1, 2), 0)))
    most = np.max([one.chance for one in told], axis=0)
    ways.append(np.digitize(most, [0.05, 0.2, 0.4, 0.6, 0.8]) + 10 * gone)
    dense = [np.unique(way, return_inverse=True)[1].ravel() for way in ways]
    return np.column_stack(dense).astype(np.int64)


def rates(kinds: Ints, lessons: Lessons, usual: float, rows: Ints | None = None) -> Floats:
    """Give for cells how often labelled cells of their kinds are wrong.

    Parameters
    ----------
    kinds : int array of shape (rows, ways)
        What `kinds_of_cells` gives.
    lessons : Lessons
        About this column.
    usual : float
        How often any cell is wrong.
    rows : int array, optional
        The cells that are asked about; None for all.

    Returns
    -------
    float array of shape (cells asked about, 2 * ways + 2)
        For the column and each way, the share that is wrong, drawn to that of the column, and the
        logarithm of how many labels speak.

    Examples
    --------
    >>> kinds = np.array([[0], [0], [1], [1]])
    >>> ones = np.ones(2)
    >>> two = Lessons(np.array([0, 2]), np.zeros(2, int), np.array([True, False]), ones, ones)
    >>> rates(kinds, two, 0.5)[:, 2].round(2).tolist()
    [0.75, 0.75, 0.25, 0.25]
    """
    asked = kinds if rows is None else kinds[rows]
    weight, wrong = lessons.weight, lessons.weight * lessons.wrong
    whole = (float(wrong.sum()) + _OWN * usual) / (float(weight.sum()) + _OWN)
    found = np.empty((len(asked), 2 * kinds.shape[1] + 2), np.float32)
    found[:, 0], found[:, 1] = whole, np.log1p(weight.sum())
    for way in range(kinds.shape[1]):
        size = int(kinds[:, way].max(initial=0)) + 1
        mine = kinds[lessons.row, way]
        seen = np.bincount(mine, weight, minlength=size)
        bad = np.bincount(mine, wrong, minlength=size)
        rate = (bad + _PARENT * whole) / (seen + _PARENT)
        found[:, 2 * way + 2] = rate[asked[:, way]]
        found[:, 2 * way + 3] = np.log1p(seen)[asked[:, way]]
    return found
