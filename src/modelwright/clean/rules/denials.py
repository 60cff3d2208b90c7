"""Rows, and pairs of rows, that do what no row or pair may do."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.comparable import compared, sides
from modelwright.clean.dependencies import group_codes
from modelwright.clean.rules.broken import Broken
from modelwright.clean.rules.rules import Condition, Denial, Term

__all__ = ["broken_denial"]

_ONE_OF_MANY = 0.55
_BLOCK = 200
_PAIRS = 2_000_000


def broken_denial(cells: pl.DataFrame, coded: Coded, denial: Denial) -> list[Broken]:
    """Find the cells that take part in what is forbidden.

    Pairs of rows are looked at within groups that agree as the denial demands, the first 200 rows
    of each group and two million pairs in all.

    Parameters
    ----------
    cells : polars.DataFrame
        The table as text.
    coded : Coded
        The same as codes.
    denial : Denial
        What is forbidden.

    Returns
    -------
    list of Broken
        One for each column whose cells could be wrong.

    Examples
    --------
    >>> from modelwright.clean.coded import code_table
    >>> cells = pl.DataFrame({"age": ["7", "40"], "status": ["married", "married"]})
    >>> young = Condition(Term("age"), "<", Term("12", 0))
    >>> married = Condition(Term("status"), "=", Term("married", 0))
    >>> found = broken_denial(cells, code_table(cells), Denial((young, married), "no child weds"))
    >>> [(one.reason, one.chance.round(2).tolist()) for one in found]
    [('no child weds', [0.55, 0.0]), ('no child weds', [0.55, 0.0])]
    """
    reason = denial.name or "a row does what no row may do"
    shared = denial.shared if denial.of_pairs else ()
    doubtful = [name for name in denial.columns if name not in shared] or list(denial.columns)
    places = [coded.columns.index(name) for name in doubtful]
    chance = _pairs(cells, coded, denial) if denial.of_pairs else _rows(cells, denial)
    return [Broken(reason, place, chance) for place in places]


def _rows(cells: pl.DataFrame, denial: Denial) -> NDArray[np.float32]:
    every = np.arange(cells.height)
    broken = np.ones(cells.height, np.bool_)
    for condition in denial.conditions:
        broken &= _holds(cells, condition, every, every)
    return (_ONE_OF_MANY * broken).astype(np.float32)


def _pairs(cells: pl.DataFrame, coded: Coded, denial: Denial) -> NDArray[np.float32]:
    """Judge a row by the share of its group with which it does what is forbidden."""
    given = tuple(coded.columns.index(name) for name in denial.shared)
    left, right = _candidates(group_codes(coded, given))
    broken = np.ones(len(left), np.bool_)
    for condition in denial.conditions:
        broken &= _holds(cells, condition, left, right)
    met = np.bincount(left, minlength=cells.height) + np.bincount(right, minlength=cells.height)
    with_ = np.bincount(left[broken], minlength=cells.height)
    with_ = with_ + np.bincount(right[broken], minlength=cells.height)
    # every pair is met twice, as (one, other) and (other, one); the row itself counts, too
    share = with_ / np.maximum(met + 2, 1)
    return np.where(with_ > 0, 0.3 + 0.65 * share, 0.0).astype(np.float32)


def _candidates(group: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair the rows of each group, in both orders."""
    order = np.argsort(group, kind="stable")
    order = order[group[order] != MISSING]
    start = np.flatnonzero(np.append(True, np.diff(group[order]) != 0)[: len(order)])
    size = np.minimum(np.diff(np.append(start, len(order))), _BLOCK)
    start, size = start[size > 1], size[size > 1]
    kept = np.cumsum(size * (size - 1)) - size * (size - 1) < _PAIRS
    start, size = start[kept], size[kept]
    # a square of places for each group, without its diagonal
    square = size**2
    place = np.arange(square.sum()) - np.repeat(np.cumsum(square) - square, square)
    width = np.repeat(size, square)
    a, b = place // width, place % width
    first = np.repeat(start, square)
    apart = a != b
    return order[(first + a)[apart]], order[(first + b)[apart]]


def _holds(
    cells: pl.DataFrame, condition: Condition, first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.bool_]:
    left, right = sides(_side(cells, condition.left), _side(cells, condition.right))
    picked = []
    for term, read in ((condition.left, left), (condition.right, right)):
        rows = (first, first, second)[term.row] if term.row else np.zeros(len(first), np.int64)
        picked.append(read[rows])
    return compared(picked[0], condition.operator, picked[1])


def _side(cells: pl.DataFrame, term: Term) -> pl.Series:
    return cells[term.text] if term.row else pl.Series([term.text], dtype=pl.String)
