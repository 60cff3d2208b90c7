"""Shapley values of trees, exact: what each column adds to a prediction, beside other rows.

In the game of a row and a background row, the columns of a coalition come from the row and all
others from the background row; a column's share is its Shapley value. A tree makes this simple: a
leaf counts only if each column on its way leads there in the row (a of them in the row alone) or in
the background row (b in it alone), and then gives each of the former (a - 1)! b! / (a + b)! of what
it says and takes a! (b - 1)! / (a + b)! from each of the latter (interventional TreeSHAP, Lundberg
et al. 2020, "From local explanations to global understanding with explainable AI for trees").

Up to 64 rows are the bits of one word, so that all of them go down the trees together: which of the
rows to explain and which of the background rows each player leads to a leaf is found once, and then
put together row by row. b is the same for all background rows that a leaf counts for, and those of
each a are one word.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import factorial

import numpy as np
from numpy.typing import NDArray

from modelwright.models.grown import ROWS_A_WORD, Grown, Turns

__all__ = ["Games", "Ways"]

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

_NONE = np.uint64(0)
_ONE = np.uint64(1)


@dataclass(frozen=True)
class Ways:
    """The questions on the way to each leaf, those of one player together.

    Parameters
    ----------
    leaf : ndarray of int64, shape (n_leaves,)
        Leaves that are not roots.
    player : ndarray of int64, shape (n_most, n_leaves)
        Who is asked on the way to each, each once; `players` where fewer are asked.
    players : int
        How many there are.
    node : ndarray of int64, shape (n_questions,)
        The questions of all ways: way by way, and player by player.
    lefts : ndarray of bool, shape (n_questions,)
        Whether the way goes left there.
    first : ndarray of int64, shape (n_asked,)
        The first question of each player on each way.
    place : tuple of ndarray of int64, each of shape (n_asked,)
        Where that player stands in `player`.
    """

    leaf: NDArray[np.int64]
    player: NDArray[np.int64]
    players: int
    node: NDArray[np.int64]
    lefts: NDArray[np.bool_]
    first: NDArray[np.int64]
    place: tuple[NDArray[np.int64], NDArray[np.int64]]

    @classmethod
    def of(cls, grown: Grown, player: NDArray[np.int64], players: int) -> Ways:
        """Walk up from all leaves.

        Parameters
        ----------
        grown : Grown
            The trees.
        player : ndarray of int64, shape (n_columns,)
            Who each column of the table belongs to.
        players : int
            How many there are.
        """
        leaf = np.flatnonzero((grown.feature < 0) & (grown.parent >= 0))
        way, node, lefts = _walked_up(grown, leaf)
        who = player[grown.feature[node]]
        order = np.lexsort((who, way))
        way, node, lefts, who = way[order], node[order], lefts[order], who[order]
        new = np.ones(len(way), np.bool_)
        new[1:] = (way[1:] != way[:-1]) | (who[1:] != who[:-1])
        first = np.flatnonzero(new)
        way, who = way[first], who[first]
        begins = np.searchsorted(way, np.arange(len(leaf)))
        nth = np.arange(len(way)) - begins[way]
        table = np.full((int(nth.max(initial=0)) + 1, len(leaf)), players)
        table[nth, way] = who
        return cls(leaf, table, players, node, lefts, first, (nth, way))

    def led(self, turns: Turns) -> Words:
        """Say which rows go to each leaf as far as each player is asked: of `player`'s shape."""
        found = np.full(self.player.shape, turns.every)
        if len(self.first):
            words = turns.words[self.node]
            goes = np.where(self.lefts, words, turns.every & ~words)
            found[self.place] = np.bitwise_and.reduceat(goes, self.first)
        return found


def _walked_up(
    grown: Grown, leaf: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """List the questions above leaves: of which leaf, which, and whether its way goes left."""
    way, at = np.arange(len(leaf)), leaf
    ways, nodes, lefts = [way[:0]], [at[:0]], [np.zeros(0, np.bool_)]
    while len(at):
        up = grown.parent[at]
        inside = up >= 0
        way, at, up = way[inside], at[inside], up[inside]
        ways.append(way)
        nodes.append(up)
        lefts.append(grown.left[up] == at)
        at = up
    return np.concatenate(ways), np.concatenate(nodes), np.concatenate(lefts)


@dataclass(frozen=True)
class Games:
    """The games of up to 64 rows, each beside all background rows.

    Parameters
    ----------
    ways : Ways
        Who is asked.
    own : ndarray of uint64, shape (n_most, n_leaves)
        Which of the rows each player leads to each leaf.
    others : tuple of (ndarray of uint64, int)
        The same of the background rows, and how many they are; 64 at a time.

    Examples
    --------
    >>> from modelwright.models.trees import FlatTrees, Tree
    >>> stump = Tree(np.array([0, -1, -1]), np.array([0.5, 0, 0]), np.array([1, -1, -1]),
    ...              np.array([2, -1, -1]), np.zeros(3, bool), np.array([[0.0], [1.0], [4.0]]))
    >>> grown = Grown.of_flat(FlatTrees.pack([stump]))
    >>> (row,), behind = (grown.turns(np.full((n, 1), n < 2, np.float32)) for n in (1, 2))
    >>> games = Games.between(Ways.of(grown, np.array([0]), 1), row, behind)
    >>> games.shares(0, grown.values[:, 0], np.zeros(3, np.int64), np.ones((1, 2)))
    array([6.])
    """

    ways: Ways
    own: Words
    others: tuple[tuple[Words, int], ...]

    @classmethod
    def between(cls, ways: Ways, rows: Turns, behind: tuple[Turns, ...]) -> Games:
        """Let rows and background rows go down the trees."""
        return cls(ways, ways.led(rows), tuple((ways.led(part), part.rows) for part in behind))

    def shares(self, row: int, value: Floats, score: NDArray[np.int64], worth: Floats) -> Floats:
        """Give the share of each player in what trees say of a row, summed over background rows.

        Parameters
        ----------
        row : int
            Which of the rows.
        value : ndarray of float64, shape (n_nodes,)
            What leaves say.
        score : ndarray of int64, shape (n_nodes,)
            Which score each leaf adds to.
        worth : ndarray of float64, shape (n_scores, n_background)
            What one unit of each score is worth beside each background row.

        Returns
        -------
        ndarray of float64, shape (n_players,)
            Their sum is that of ``worth * (score of the row - score of the background row)``.
        """
        total = np.zeros(self.ways.players + 1)
        own = (self.own >> np.uint64(row)) & _ONE == _ONE
        start = 0
        for led, count in self.others:
            every = np.uint64(2**count - 1)
            live = np.bitwise_and.reduce(np.where(own, every, led), axis=0)
            kept = np.flatnonzero(live)
            leaf = self.ways.leaf[kept]
            told = _Told(value[leaf], score[leaf], _tables(worth[:, start : start + count]))
            alive = _Alive(self.ways.player[:, kept], own[:, kept], led[:, kept], live[kept])
            _count(alive, told, total)
            start += count
        return total[:-1]


@dataclass(frozen=True)
class _Alive:
    """Leaves that count for the row and some background row; as in `Ways` and `Games`.

    `live` are the background rows, shape (n_leaves,).
    """

    player: NDArray[np.int64]
    own: NDArray[np.bool_]
    others: Words
    live: Words


@dataclass(frozen=True)
class _Told:
    """What leaves say, of which score, and what the background rows make of a unit of it."""

    value: Floats
    score: NDArray[np.int64]
    tables: Floats | float

    def weighed(self, rows: Words) -> Floats:
        """Add up what the rows of each word are worth."""
        if isinstance(self.tables, float):
            return np.bitwise_count(rows) * self.tables
        some = np.flatnonzero(rows)
        found = np.zeros(len(rows))
        bytes_ = np.ascontiguousarray(rows[some]).astype("<u8").view(np.uint8).reshape(-1, 8)
        for place in range(8):
            found[some] += self.tables[self.score[some], place, bytes_[:, place]]
        return found


def _count(leaves: _Alive, told: _Told, total: Floats) -> None:
    """Add what each player of each leaf gets."""
    b = (~leaves.own).sum(axis=0)
    alone = np.where(leaves.own, ~leaves.others, _NONE) & leaves.live
    exactly = [leaves.live]
    for word in alone:  # the rows in which so many players lead to the leaf in the row alone
        more = [exactly[0] & ~word]
        more += [(now & ~word) | (less & word) for less, now in pairwise(exactly)]
        exactly = [*more, exactly[-1] & word]
        if not exactly[-1].any():
            exactly.pop()
    gains, costs = _weights(len(exactly), int(b.max(initial=0)) + 1)
    given = np.zeros(leaves.own.shape)
    taken = np.zeros(len(leaves.live))
    for a, rows in enumerate(exactly):
        taken += costs[a, b] * told.weighed(rows)
        if a:
            gain = gains[a, b]
            for slot, word in enumerate(alone):
                given[slot] += gain * told.weighed(rows & word)
    shares = np.where(leaves.own, given, -taken) * told.value
    total += np.bincount(leaves.player.ravel(), shares.ravel(), len(total))


def _weights(a: int, b: int) -> tuple[Floats, Floats]:
    """Give the shares of those in the row alone, and of those in the other alone."""
    gains, costs = np.zeros((a, b)), np.zeros((a, b))
    for i in range(a):
        for j in range(b):
            if i:
                gains[i, j] = factorial(i - 1) * factorial(j) / factorial(i + j)
            if j:
                costs[i, j] = factorial(i) * factorial(j - 1) / factorial(i + j)
    return gains, costs


def _tables(worth: Floats) -> Floats | float:
    """Add up what rows are worth for each byte of a word, (n_scores, 8, 256); or what each is."""
    if len(worth) == 1 and (worth == worth[0, 0]).all():
        return float(worth[0, 0])
    padded = np.zeros((len(worth), ROWS_A_WORD))
    padded[:, : worth.shape[1]] = worth
    bits = np.arange(256)[:, None] >> np.arange(8) & 1
    return np.asarray(np.einsum("bi,swi->swb", bits, padded.reshape(len(worth), 8, 8)))
