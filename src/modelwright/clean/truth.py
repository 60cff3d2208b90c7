"""What is true of a thing that several rows tell about, and whom to believe.

Rows of one thing (a flight) that come from several sources (web sites) contradict each other. How
reliable a source is and what is true are found together (Yin, Han and Yu 2008; as a mixture, Li et
al. 2016). Where some truths are known, the weights of sources are learned from them (SLiMFast;
Rekatsinas et al. 2017): a source that copies others then no longer counts for as much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["NONE", "Known", "World", "believed", "learned", "world_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NONE = -2
"""The truth of a thing when no row claims it."""
_ROUNDS = 15
_PRIOR = 4.0
_FIRST = 0.8
_SURE = 5.0
_NOBODY = -2.0
_STEPS = 300
_RATE = 0.05
_PENALTY = 0.3


@dataclass(frozen=True)
class World:
    """Claims of sources about things; a question is one column of one thing.

    Parameters
    ----------
    question : int array of shape (candidates,)
        The question that each candidate answers, ascending; each question's last candidate is that
        no claim is true.
    claim : int array of shape (candidates,)
        What it says; `NONE` for the last one of each question.
    column : int array of shape (candidates,)
        The column of its question.
    row_candidate : int array of shape (claims,)
        The candidate that each claim is for.
    row_source : int array of shape (claims,)
        Who says so: a source in one column, as column times sources plus source.
    sources : int
        How many sources there are.
    columns : int
        How many columns there are.
    """

    question: Ints
    claim: Ints
    column: Ints
    row_candidate: Ints
    row_source: Ints
    sources: int
    columns: int

    def chances(self, score: Floats) -> Floats:
        """Turn scores of candidates into chances that add up to 1 for each question."""
        starts = np.flatnonzero(np.append(True, np.diff(self.question) != 0))
        sizes = np.diff(np.append(starts, len(score)))
        most = np.repeat(np.maximum.reduceat(score, starts), sizes)
        raised = np.exp(score - most)
        whole: Floats = raised / np.repeat(np.add.reduceat(raised, starts), sizes)
        return whole

    def about(self, questions: Ints) -> tuple[World, Ints]:
        """Give the world of some questions, and which candidates are in it."""
        asked = np.isin(self.question, questions)
        kept = np.flatnonzero(asked)
        place = np.cumsum(asked) - 1
        claimed = asked[self.row_candidate]
        some = World(
            self.question[kept],
            self.claim[kept],
            self.column[kept],
            place[self.row_candidate[claimed]],
            self.row_source[claimed],
            self.sources,
            self.columns,
        )
        return some, kept

    def votes(self, weight: Floats) -> Floats:
        """Add up the weights of those who claim each candidate."""
        cast = weight[self.row_source].astype(np.float64)
        total = np.bincount(self.row_candidate, cast, minlength=len(self.claim))
        return np.asarray(total, np.float64)


def world_of(group: Ints, claims: Ints, source: Ints) -> tuple[World, Ints]:
    """Bring claims into order.

    Parameters
    ----------
    group : int array of shape (rows,)
        What each row tells about; -1 for nothing.
    claims : int array of shape (rows, columns)
        What it says, as a code; -1 for nothing.
    source : int array of shape (rows,)
        Whose row it is, from 0.

    Returns
    -------
    tuple of World and int array of shape (rows, columns)
        For each cell its candidate; -1 where it claims nothing.

    Examples
    --------
    >>> group = np.array([0, 0, 0, 1])
    >>> world, place = world_of(group, np.array([[5], [5], [6], [-1]]), np.array([0, 1, 2, 0]))
    >>> world.claim.tolist(), place.ravel().tolist()
    ([5, 6, -2], [0, 0, 1, -1])
    """
    rows, columns = claims.shape
    sources = int(source.max(initial=0)) + 1
    groups = int(group.max(initial=0)) + 1
    told = (claims >= 0) & (group >= 0)[:, None]
    row, column = np.nonzero(told)
    question = column * groups + group[row]
    width = int(claims.max(initial=0)) + 2
    # the last candidate of a question is that no claim is true
    key = np.concatenate([question * width + claims[row, column], question * width + width - 1])
    found, place = np.unique(key, return_inverse=True)
    place = place.ravel()[: len(row)]
    asked, said = found // width, found % width
    world = World(
        question=asked,
        claim=np.where(said == width - 1, NONE, said),
        column=asked // groups,
        row_candidate=place,
        row_source=column * sources + source[row],
        sources=sources,
        columns=columns,
    )
    places = np.full((rows, columns), -1, np.int64)
    places[row, column] = place
    return world, places


def believed(world: World) -> tuple[Floats, Floats]:
    """Find together what is true and whom to believe, with no truth known.

    Parameters
    ----------
    world : World
        The claims.

    Returns
    -------
    tuple of float array of shape (candidates,) and float array of shape (columns * sources,)
        The chance of each candidate, and the weight of each source in each column: the logarithm of
        how much likelier it is right than wrong in one certain way.

    Examples
    --------
    >>> claims = np.array([[1], [1], [2], [3], [3], [4], [5], [5], [6], [7], [8]])
    >>> group = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3])
    >>> source = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 2])
    >>> world, place = world_of(group, claims, source)
    >>> chance, weight = believed(world)
    >>> bool(chance[place[9, 0]] > chance[place[10, 0]])  # source 2 was wrong each time before
    True
    """
    made = np.bincount(world.row_source, minlength=world.columns * world.sources)
    in_column = np.arange(len(made)) // world.sources
    asked = np.bincount(world.column[world.claim == NONE], minlength=world.columns)
    answers = np.bincount(world.column, minlength=world.columns) - asked
    # in how many ways a source can be wrong
    ways = np.maximum(answers / np.maximum(asked, 1) - 1, 1.0)
    right = np.full(len(made), _FIRST)
    chance = np.zeros(len(world.claim))
    weight = np.zeros(len(made))
    nobody = world.claim == NONE
    for _ in range(_ROUNDS):
        odds = right / (1 - right) * ways[in_column]
        weight = np.clip(np.log(odds), 0.05, _SURE)
        chance = world.chances(np.where(nobody, _NOBODY, world.votes(weight)))
        agreed = np.bincount(world.row_source, chance[world.row_candidate], minlength=len(made))
        right = (agreed + _PRIOR * _FIRST) / (made + _PRIOR)
        right = np.clip(right, 0.02, 0.99)
    return chance, weight


@dataclass(frozen=True)
class Known:
    """Questions whose truth is known.

    Parameters
    ----------
    question : int array of shape (n,)
        The questions.
    candidate : int array of shape (n,)
        The candidate that is true.
    """

    question: Ints
    candidate: Ints


def learned(world: World, weight: Floats, known: Known) -> Floats:
    """Learn from known truths how much each source counts.

    The score of a candidate is a multiple of the votes by `weight`, and a correction for each
    source that claims it, in all columns and in this one; corrections are held small.

    Parameters
    ----------
    world : World
        The claims.
    weight : float array of shape (columns * sources,)
        What `believed` gives.
    known : Known
        Some truths.

    Returns
    -------
    float array of shape (candidates,)
        The chance of each candidate.

    Examples
    --------
    >>> group = np.repeat(np.arange(12), 3)
    >>> claims = np.array([[g, 20 + g, 20 + g] for g in range(12)]).reshape(-1, 1)
    >>> world, place = world_of(group, claims, np.tile(np.arange(3), 12))
    >>> chance, weight = believed(world)
    >>> bool(chance[place[33, 0]] < 0.5)  # two against one
    True
    >>> known = Known(np.arange(8), place[np.arange(8) * 3, 0])  # but the one was right
    >>> bool(learned(world, weight, known)[place[33, 0]] > 0.5)
    True
    """
    base = world.votes(weight)
    some, kept = world.about(known.question)
    fit = _Fit(some, base[kept], np.searchsorted(kept, known.candidate))
    parameters = np.zeros(fit.size)
    parameters[: world.columns] = 0.5
    slow, square = np.zeros(fit.size), np.zeros(fit.size)
    for step in range(1, _STEPS + 1):  # Adam (Kingma and Ba 2015); a convex problem
        slope = fit.slope(parameters)
        slow = 0.9 * slow + 0.1 * slope
        square = 0.99 * square + 0.01 * slope**2
        size = np.sqrt(square / (1 - 0.99**step)) + 1e-8
        parameters = parameters - _RATE * slow / (1 - 0.9**step) / size
    return world.chances(_Fit(world, base, known.candidate).score(parameters))


@dataclass(frozen=True)
class _Fit:
    """The corrections as one vector: multiples, scores of no claim, sources, sources by column."""

    world: World
    base: Floats
    true: Ints

    @property
    def size(self) -> int:
        world = self.world
        return 2 * world.columns + world.sources + world.columns * world.sources

    def _parts(self, vector: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        columns, sources = self.world.columns, self.world.sources
        ends = [columns, 2 * columns, 2 * columns + sources]
        multiple, none, every, own = np.split(vector, ends)
        return multiple, none, every, own

    def score(self, vector: Floats) -> Floats:
        world = self.world
        multiple, none, every, own = self._parts(vector)
        total = np.tile(every, world.columns) + own
        score = multiple[world.column] * self.base + world.votes(total)
        return np.where(world.claim == NONE, none[world.column], score)

    def slope(self, vector: Floats) -> Floats:
        """Give the gradient of the loss: what is expected against what is true."""
        world = self.world
        off = world.chances(self.score(vector))
        off[self.true] -= 1.0
        claimed = world.claim != NONE
        multiple = np.bincount(world.column, off * self.base * claimed, minlength=world.columns)
        none = np.bincount(world.column, off * ~claimed, minlength=world.columns)
        own = np.bincount(
            world.row_source, off[world.row_candidate], minlength=world.columns * world.sources
        )
        every = own.reshape(world.columns, world.sources).sum(axis=0)
        before = np.zeros(self.size)
        before[: world.columns] = 0.5
        return np.concatenate([multiple, none, every, own]) + _PENALTY * (vector - before)
