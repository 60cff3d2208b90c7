"""Shapley values of trees, exact: what each column adds to a prediction, beside other rows.

In the game of a row and a background row, the columns of a coalition come from the row and all
others from the background row; a column's share is its Shapley value. A tree makes this simple: a
leaf counts only if each column on its way leads there in the row (a of them in the row alone) or in
the background row (b in it alone), and then gives each of the former (a - 1)! b! / (a + b)! of what
it says and takes a! (b - 1)! / (a + b)! from each of the latter (interventional TreeSHAP, Lundberg
et al. 2020, "From local explanations to global understanding with explainable AI for trees").

Up to 64 background rows are the bits of one word, so that all of them go down the trees together: b
is the same for all rows that a leaf counts for, and the rows of each a are one word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import factorial

import numpy as np
from numpy.typing import NDArray

from modelwright.models.grown import ROWS_A_WORD, Grown

__all__ = ["Games", "tree_shares"]

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

_LEAVES = 50_000
"""Leaves that are looked at together: bounds memory."""
_NONE = np.uint64(0)


@dataclass(frozen=True)
class Games:
    """What the leaves of trees are worth, and who plays.

    Parameters
    ----------
    grown : Grown
        The trees.
    player : ndarray of int64, shape (n_columns,)
        Who each column of the table belongs to.
    players : int
        How many there are.
    value : ndarray of float64, shape (n_nodes,)
        What leaves say.
    score : ndarray of int64, shape (n_nodes,)
        Which score each leaf adds to.
    """

    grown: Grown
    player: NDArray[np.int64]
    players: int
    value: Floats
    score: NDArray[np.int64]


def tree_shares(
    games: Games, row: NDArray[np.float32], behind: NDArray[np.float32], worth: Floats
) -> Floats:
    """Give the share of each player in what trees say of a row, added up over background rows.

    Parameters
    ----------
    games : Games
        The trees.
    row : ndarray of float32, shape (n_columns,)
        The row.
    behind : ndarray of float32, shape (n_rows, n_columns)
        The background rows.
    worth : ndarray of float64, shape (n_scores, n_rows)
        What one unit of each score is worth beside each background row.

    Returns
    -------
    ndarray of float64, shape (n_players,)
        Their sum is that of ``worth * (score of the row - score of the background row)``.

    Examples
    --------
    >>> from modelwright.models.trees import FlatTrees, Tree
    >>> stump = Tree(np.array([0, -1, -1]), np.array([0.5, 0, 0]), np.array([1, -1, -1]),
    ...              np.array([2, -1, -1]), np.zeros(3, bool), np.array([[0.0], [1.0], [4.0]]))
    >>> grown = Grown.of_flat(FlatTrees.pack([stump]))
    >>> games = Games(grown, np.array([0]), 1, grown.values[:, 0], np.zeros(3, np.int64))
    >>> tree_shares(games, np.ones(1, np.float32), np.zeros((2, 1), np.float32), np.ones((1, 2)))
    array([6.])
    """
    total = np.zeros(games.players + 1)
    own = games.grown.words(row[None]) == 1
    for start in range(0, len(behind), ROWS_A_WORD):
        part = slice(start, start + ROWS_A_WORD)
        words = games.grown.words(behind[part])
        every = np.uint64(2 ** len(behind[part]) - 1)
        tables = _tables(worth[:, part])
        leaves = _alive(games.grown, own, words, every)
        for first in range(0, len(leaves), _LEAVES):
            some = leaves[first : first + _LEAVES]
            slots = _slots(games, some, own, words, every)
            _count(games, some, slots, every, tables, total)
    return total[: games.players]


def _alive(
    grown: Grown, own: NDArray[np.bool_], words: Words, every: np.uint64
) -> NDArray[np.int64]:
    """List the leaves to which each question leads in the row or in one and the same other row."""
    reach = np.zeros(len(own), np.uint64)
    reach[grown.roots] = every
    for nodes in grown.levels:
        here, turns, lefts = reach[nodes], own[nodes], words[nodes]
        reach[grown.left[nodes]] = here & np.where(turns, every, lefts)
        reach[grown.right[nodes]] = here & np.where(turns, every & ~lefts, every)
    return np.flatnonzero((grown.feature < 0) & (reach != 0))


@dataclass(frozen=True)
class _Slots:
    """The players on the way to each leaf, each once: arrays of shape (n_slots, n_leaves).

    Parameters
    ----------
    player : ndarray of int64
        Who; one more than there are players where a leaf has fewer slots.
    own : ndarray of bool
        Whether the row goes to the leaf as far as the player is asked.
    others : ndarray of uint64
        The background rows that do.
    """

    player: NDArray[np.int64]
    own: NDArray[np.bool_]
    others: Words


def _slots(
    games: Games,
    leaves: NDArray[np.int64],
    own: NDArray[np.bool_],
    words: Words,
    every: np.uint64,
) -> _Slots:
    asked = list(_way(games, leaves, own, words, every))
    shape = (max(len(asked), 1), len(leaves))
    found = _Slots(
        np.full(shape, games.players), np.ones(shape, np.bool_), np.full(shape, every, np.uint64)
    )
    if not asked:
        return found
    player, turned, others = (np.array(part) for part in zip(*asked, strict=True))
    order = np.argsort(player, axis=0, kind="stable")
    player, turned, others = (
        np.take_along_axis(part, order, axis=0) for part in (player, turned, others)
    )
    new = np.ones(shape, np.bool_)
    new[1:] = player[1:] != player[:-1]
    place, leaf = np.cumsum(new, axis=0) - 1, np.arange(len(leaves))
    for step in range(shape[0]):
        at = place[step], leaf
        found.player[at] = player[step]
        found.own[at] &= turned[step]
        found.others[at] &= others[step]
    most = int(place.max()) + 1
    return _Slots(found.player[:most], found.own[:most], found.others[:most])


def _way(
    games: Games,
    leaves: NDArray[np.int64],
    own: NDArray[np.bool_],
    words: Words,
    every: np.uint64,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.bool_], Words]]:
    """Walk up from leaves: who is asked, and which rows go on to the leaf there."""
    grown, at = games.grown, leaves
    while True:
        up = grown.parent[at]
        inside = up >= 0
        if not inside.any():
            return
        node = np.where(inside, up, 0)
        lefts = grown.left[node] == at
        player = np.where(inside, games.player[np.maximum(grown.feature[node], 0)], games.players)
        turned = (own[node] == lefts) | ~inside
        others = np.where(inside, np.where(lefts, words[node], every & ~words[node]), every)
        yield player, turned, others
        at = np.where(inside, up, at)


def _count(
    games: Games,
    leaves: NDArray[np.int64],
    slots: _Slots,
    every: np.uint64,
    tables: Floats | float,
    total: Floats,
) -> None:
    """Add what each player of each leaf gets."""
    live = np.bitwise_and.reduce(np.where(slots.own, every, slots.others), axis=0)
    kept = live != 0
    leaves, live = leaves[kept], live[kept]
    own, others = slots.own[:, kept], slots.others[:, kept]
    b = (~own).sum(axis=0)
    alone = np.where(own, ~others, _NONE) & live
    exactly = [live]
    for word in alone:  # the rows in which so many players lead to the leaf in the row alone
        more = [exactly[0] & ~word]
        more += [(now & ~word) | (less & word) for less, now in pairwise(exactly)]
        exactly = [*more, exactly[-1] & word]
        if not exactly[-1].any():
            exactly.pop()
    value, score = games.value[leaves], games.score[leaves]
    gains, costs = _weights(len(exactly), int(b.max(initial=0)) + 1)
    given = np.zeros(own.shape)
    taken = np.zeros(len(leaves))
    for a, rows in enumerate(exactly):
        taken += costs[a, b] * _weighed(rows, score, tables)
        if a:
            gain = gains[a, b]
            for slot, word in enumerate(alone):
                given[slot] += gain * _weighed(rows & word, score, tables)
    shares = np.where(own, given, -taken) * value
    total += np.bincount(slots.player[:, kept].ravel(), shares.ravel(), len(total))


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


def _weighed(rows: Words, score: NDArray[np.int64], tables: Floats | float) -> Floats:
    """Add up what the rows of each word are worth."""
    if isinstance(tables, float):
        return np.bitwise_count(rows) * tables
    some = np.flatnonzero(rows)
    found = np.zeros(len(rows))
    bytes_ = np.ascontiguousarray(rows[some]).astype("<u8").view(np.uint8).reshape(-1, 8)
    for place in range(8):
        found[some] += tables[score[some], place, bytes_[:, place]]
    return found
