"""Cross-fitting: training rows are encoded by what other rows say, as new rows will be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.protocols import FittedEncoder
from modelwright.core.schema import Role
from modelwright.core.splits import Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.answers import answer_columns
from modelwright.features.screening import binned, clearness

__all__ = ["Blocks", "clear_features", "cross_fitted", "make_blocks"]

_BLOCKS = 5
_CLEAR = 3.0  # standard errors by which an encoding has to tell more than chance
_BLOCKS_IN_TIME = 8  # the first of them has nobody to learn from


@dataclass(frozen=True)
class Blocks:
    """Parts of the training rows; the rows of one are encoded by what others say.

    Parameters
    ----------
    block : ndarray of int64, shape (n_rows,)
        The part of each training row, from 0 on.
    in_time : bool
        Whether only earlier parts may be asked.

    Examples
    --------
    >>> Blocks(np.array([0, 0, 1, 2]), in_time=True).teachers(1)
    array([0, 1])
    """

    block: NDArray[np.int64]
    in_time: bool

    def teachers(self, part: int) -> NDArray[np.int64]:
        """Give the rows from which an encoder of this part may learn."""
        return np.flatnonzero(self.block < part if self.in_time else self.block != part)


def make_blocks(
    table: Table, seed: int, splits: Splits | None = None, train: NDArray[np.int64] | None = None
) -> Blocks | None:
    """Cut training rows into blocks, in keeping with the plan that they come from.

    Parameters
    ----------
    table : Table
        Training rows. Rows with an order column are cut at moments, equal moments together.
    seed : int
        Cuts exchangeable rows after one hold-out, and rows without a plan.
    splits : Splits, optional
        The plan. Its folds cut the rows of the others, so that groups stay whole.
    train : ndarray of int64, shape (n_rows,), optional
        Where the training rows are in the plan; None means all of its rows.

    Returns
    -------
    Blocks or None
        None where one hold-out of whole groups does not say which rows belong together.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> from modelwright.core.splits import Fold
    >>> when = Schema((Column("day", Kind.NUMBER, Role.ORDER),))
    >>> make_blocks(Table(pl.DataFrame({"day": [9.0, 7, 8, 7]}), when), seed=0).block
    array([6, 0, 4, 0])
    >>> rows = Table(pl.DataFrame({"a": range(4)}), Schema(()))
    >>> halves = [Fold(np.array(a), np.array(b)) for a, b in (([0, 1], [2, 3]), ([2, 3], [0, 1]))]
    >>> make_blocks(rows, 0, Splits(tuple(halves), 4, "group k-fold", "")).block
    array([1, 1, 0, 0])
    """
    order = table.schema.names(Role.ORDER)
    if order:
        return _in_time(table, order[0])
    parts = _by_plan(splits, train) if splits is not None and len(splits) > 2 else None
    if parts is None and splits is not None and train is None and len(splits) == 2:
        parts = _by_plan(splits, None)
    if parts is not None:
        return Blocks(parts, in_time=False)
    if splits is not None and not splits.exchangeable:
        return None
    drawn = np.random.default_rng(seed).permutation(table.height) % _BLOCKS
    return Blocks(drawn.astype(np.int64), in_time=False)


def _in_time(table: Table, column: str) -> Blocks:
    place = table.frame[column].rank("min").fill_null(table.height).to_numpy() - 1
    cut = (place * _BLOCKS_IN_TIME / max(table.height, 1)).astype(np.int64)
    return Blocks(np.minimum(cut, _BLOCKS_IN_TIME - 1), in_time=True)


def _by_plan(splits: Splits, train: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
    """Give the fold that scores each row; None when some row is scored by none."""
    fold = np.full(splits.rows, -1)
    for i, one in enumerate(splits.folds):
        fold[one.valid] = i
    own = fold if train is None else fold[train]
    if not len(own) or own.min() < 0 or own.min() == own.max():
        return None
    return own.astype(np.int64)


def clear_features(matrix: Matrix, y: Target) -> NDArray[np.bool_]:
    """Say which encodings of training rows tell their answers better than chance does.

    As no row was encoded by its own answer, one that only learned noise is found out here; and one
    that falls where answers rise has learned which part of the rows it was not told.

    Parameters
    ----------
    matrix : Matrix
        From `cross_fitted`.
    y : Target
        The answers.

    Returns
    -------
    ndarray of bool, shape (n_numbers,)
    """
    answers = answer_columns(y)
    clear = np.zeros(matrix.shape[1], np.bool_)
    for j, column in enumerate(matrix.numbers.T):
        own = answers[:, [j % answers.shape[1]]]  # encoders make one feature an answer, in order
        # a row without an encoding had nobody to learn from: what it answers says nothing here
        known = ~np.isnan(column)
        rises = float(_centred(column[known]) @ _centred(own[known, 0])) > 0
        clear[j] = rises and clearness(binned(column[known]), own[known]) > _CLEAR
    return clear


def _centred(values: NDArray[np.floating]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values.astype(np.float64)
    return found - found.mean() if len(found) else found


def cross_fitted(encoder: FittedEncoder, table: Table, y: Target, blocks: Blocks) -> Matrix:
    """Encode training rows, each by an encoder that did not learn from it.

    Parameters
    ----------
    encoder : FittedEncoder
        Fitted on these rows.
    table, y : Table and Target
        Training rows and their answers.
    blocks : Blocks
        Who may learn from whom.

    Returns
    -------
    Matrix
        One row for each training row.
    """
    table = table.select(encoder.columns)  # its rows are copied for each part
    numbers = np.empty((table.height, len(encoder.number_names)), np.float32)
    for part in np.unique(blocks.block):
        learn, ask = blocks.teachers(part), np.flatnonzero(blocks.block == part)
        told = encoder.relearned(table.rows(learn), y.rows(learn)).transform(table.rows(ask))
        numbers[ask] = told.numbers
    return Matrix.of_numbers(numbers, encoder.number_names)
