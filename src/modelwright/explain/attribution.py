"""One prediction taken apart: how much each column moved it away from what typical rows get.

Shapley values by sampling orders of the columns (Štrumbelj and Kononenko, 2014). Columns that are
absent from a coalition take values of background rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modelwright.core.table import Table
from modelwright.explain.probing import Predict, rearranged

__all__ = ["Shares", "TakeApart", "attribute"]


@dataclass(frozen=True)
class Shares:
    """What each column, and all the others together, contribute to one prediction.

    Parameters
    ----------
    base : float
        The mean prediction of the background rows.
    prediction : float
        What the model says of the row; equal to `base` plus all shares.
    of : ndarray of float64, shape (n_columns,)
        The share of each column that was asked for.
    rest : float
        The share of all other columns together.
    """

    base: float
    prediction: float
    of: NDArray[np.float64]
    rest: float


class TakeApart(Protocol):
    """What `attribute` does, of a model that it knows from within."""

    def __call__(
        self,
        table: Table,
        background: NDArray[np.int64],
        columns: Sequence[str],
        *,
        output: int = 0,
        seed: int = 0,
    ) -> Shares:
        """Take the prediction of the first row of a table apart."""
        ...


def attribute(
    predict: Predict,
    table: Table,
    background: NDArray[np.int64],
    columns: Sequence[str],
    *,
    output: int = 0,
    seed: int = 0,
) -> Shares:
    """Take the prediction of the first row of a table apart.

    Parameters
    ----------
    predict : callable
        The model.
    table : Table
        The row to explain comes first; the background rows are somewhere below it.
    background : ndarray of int64, shape (n_orders,)
        Positions of background rows; one order of the columns is drawn for each.
    columns : sequence of str
        Those that get a share of their own.
    output : int
        Which output of the model is explained.
    seed : int
        The only source of randomness.

    Returns
    -------
    Shares
        Exact up to sampling: for a model that adds up its columns, exact at any number of orders.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    >>> table = Table(pl.DataFrame({"a": [3.0, 1.0], "b": [5.0, 5.0]}), schema)
    >>> def predict(rows):
    ...     return rows.frame.select("a").to_numpy() * 10
    >>> shares = attribute(predict, table, np.array([1, 1]), ["a", "b"])
    >>> shares.base, shares.of.tolist(), shares.prediction
    (10.0, [20.0, 0.0], 30.0)
    """
    chosen = set(columns)
    others = [name for name in table.frame.columns if name not in chosen]
    players = len(columns) + bool(others)
    orders = _orders(len(background), players, seed)
    # joined[o, s, c]: whether column c shows its own value after s steps of order o
    steps = np.arange(players + 1)
    joined = steps[None, :, None] > np.argsort(orders, axis=1)[:, None, :]
    rows = np.repeat(background, players + 1)
    shown = joined.reshape(-1, players)
    moved = {name: np.where(shown[:, c], 0, rows) for c, name in enumerate(columns)}
    moved.update({name: np.where(shown[:, -1], 0, rows) for name in others})
    answers = predict(rearranged(table, rows, moved))[:, output].astype(np.float64)
    answers = answers.reshape(len(background), players + 1)
    gains = np.zeros(players)
    np.add.at(gains, orders.ravel(), np.diff(answers, axis=1).ravel())
    gains /= len(background)
    rest = float(gains[-1]) if others else 0.0
    base, prediction = float(answers[:, 0].mean()), float(answers[:, -1].mean())
    return Shares(base, prediction, gains[: len(columns)], rest)


def _orders(count: int, players: int, seed: int) -> NDArray[np.int64]:
    """Draw orders in pairs, each with its reverse: what one overrates the other underrates."""
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(players) for _ in range((count + 1) // 2)]
    return np.array([order for once in drawn for order in (once, once[::-1])][:count])
