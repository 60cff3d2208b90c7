"""One prediction taken apart: how much each column moved it away from what typical rows get.

Shapley values by sampling orders of the columns (Štrumbelj and Kononenko, 2014). Columns that are
absent from a coalition take values of background rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modelwright.core.table import Table
from modelwright.explain.probing import Predict, rearranged

__all__ = ["Coalitions", "Shares", "TakeApart", "attribute"]


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
    """What takes predictions of a model apart that it knows from within."""

    def __call__(
        self, rows: Table, columns: Sequence[str], outputs: NDArray[np.int64], *, seed: int = 0
    ) -> tuple[Shares, ...]:
        """Take the prediction of each row apart.

        Parameters
        ----------
        rows : Table
            The rows to explain.
        columns : sequence of str
            Those that get a share of their own.
        outputs : ndarray of int64, shape (n_rows,)
            Which output of the model is explained of each row.
        seed : int
            The only source of randomness.
        """
        ...


@dataclass(frozen=True)
class Coalitions:
    """Rows of which more and more columns come from the explained row, in drawn orders.

    Parameters
    ----------
    columns : tuple of str
        Those that play alone.
    others : tuple of str
        Those that play together.
    orders : ndarray of int64, shape (n_orders, n_players)
        Who joins when: one order for each background row.

    Examples
    --------
    >>> drawn = Coalitions.drawn(("a", "b"), ("a",), 2, seed=0)
    >>> drawn.orders.tolist(), drawn.behind.tolist()
    ([[0, 1], [1, 0]], [0, 0, 0, 1, 1, 1])
    >>> drawn.shown[:3].tolist()
    [[False, False], [True, False], [True, True]]
    """

    columns: tuple[str, ...]
    others: tuple[str, ...]
    orders: NDArray[np.int64]

    @classmethod
    def drawn(
        cls, names: Sequence[str], columns: Sequence[str], count: int, *, seed: int
    ) -> Coalitions:
        """Draw orders in pairs, each with its reverse: what one overrates the other underrates.

        Parameters
        ----------
        names : sequence of str
            All columns.
        columns : sequence of str
            Those that get a share of their own.
        count : int
            How many orders.
        seed : int
            The only source of randomness.
        """
        chosen = set(columns)
        others = tuple(name for name in names if name not in chosen)
        players = len(columns) + bool(others)
        rng = np.random.default_rng(seed)
        half = [rng.permutation(players) for _ in range((count + 1) // 2)]
        orders = [order for once in half for order in (once, once[::-1])][:count]
        return cls(tuple(columns), others, np.array(orders, np.int64).reshape(count, players))

    @property
    def player(self) -> dict[str, int]:
        """Who each column plays for."""
        alone = {name: i for i, name in enumerate(self.columns)}
        return alone | dict.fromkeys(self.others, len(self.columns))

    @cached_property
    def shown(self) -> NDArray[np.bool_]:
        """Whether a player shows the explained row, shape (n_coalitions, n_players).

        The coalitions of one order follow each other, from none to all players.
        """
        players = self.orders.shape[1]
        steps = np.arange(players + 1)
        joined = steps[None, :, None] > np.argsort(self.orders, axis=1)[:, None, :]
        return np.asarray(joined.reshape(-1, players), np.bool_)

    @property
    def behind(self) -> NDArray[np.int64]:
        """The background row of each coalition, shape (n_coalitions,)."""
        return np.repeat(np.arange(len(self.orders)), self.orders.shape[1] + 1)

    def cells(self, row: Table, background: Table) -> Table:
        """Put the cells of a row into background rows, coalition by coalition.

        Parameters
        ----------
        row : Table
            The explained row.
        background : Table
            One row for each order.
        """
        names = background.frame.columns
        both = Table(row.frame[names].vstack(background.frame), background.schema)
        rows = self.behind + 1
        player = self.player
        moved = {name: np.where(self.shown[:, player[name]], 0, rows) for name in names}
        return rearranged(both, rows, moved)

    def shares(self, answers: NDArray[np.floating]) -> Shares:
        """Say what those who joined changed.

        Parameters
        ----------
        answers : ndarray of shape (n_coalitions,)
            What the model says of each coalition.
        """
        told = np.asarray(answers, np.float64).reshape(len(self.orders), -1)
        gains = np.zeros(self.orders.shape[1])
        np.add.at(gains, self.orders.ravel(), np.diff(told, axis=1).ravel())
        gains /= len(self.orders)
        rest = float(gains[-1]) if self.others else 0.0
        base, prediction = float(told[:, 0].mean()), float(told[:, -1].mean())
        return Shares(base, prediction, gains[: len(self.columns)], rest)


def attribute(
    predict: Predict,
    row: Table,
    background: Table,
    columns: Sequence[str],
    *,
    output: int = 0,
    seed: int = 0,
) -> Shares:
    """Take the prediction of a row apart.

    Parameters
    ----------
    predict : callable
        The model.
    row : Table
        The row to explain.
    background : Table
        Rows to compare with; one order of the columns is drawn for each.
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
    >>> row = Table(pl.DataFrame({"a": [3.0], "b": [5.0]}), schema)
    >>> behind = Table(pl.DataFrame({"a": [1.0, 1.0], "b": [5.0, 5.0]}), schema)
    >>> def predict(rows):
    ...     return rows.frame.select("a").to_numpy() * 10
    >>> shares = attribute(predict, row, behind, ["a", "b"])
    >>> shares.base, shares.of.tolist(), shares.prediction
    (10.0, [20.0, 0.0], 30.0)
    """
    names = background.frame.columns
    drawn = Coalitions.drawn(names, columns, background.height, seed=seed)
    return drawn.shares(predict(drawn.cells(row, background))[:, output])
