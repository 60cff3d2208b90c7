"""What the rows of one thing say of its facts, and which of it is true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.dependencies import agreement, group_codes
from modelwright.clean.entities import Entity
from modelwright.clean.truth import NONE, Known, World, believed, learned, world_of

__all__ = ["Witnesses", "hear"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FOLDS = 4
_FEWEST = 4  # known truths from which anything is learned
_DOUBT = 3.0  # so many pairs of answers outweigh what believed rows say
_AGREED = 0.4
_MOST = 1_000_000  # claims from which weights are learned, rather than found by agreement


@dataclass(frozen=True)
class Witnesses:
    """All claims about one kind of thing, and how likely each is true.

    Parameters
    ----------
    entity : Entity
        The kind of thing.
    group : int array of shape (rows,)
        The thing of each row; -1 for none.
    groups : int
        How many things there are.
    world : World
        The claims.
    known : mapping of int to str
        Questions (column times things plus thing) that somebody answered, and the answers.
    sure : tuple of float
        For each fact, how likely what somebody said of one row of a thing holds for its other rows.
    chance : float array of shape (candidates,)
        How likely each candidate is true, by all that is known.
    apart : float array of shape (candidates,)
        The same, by answers to questions about other things only.
    """

    entity: Entity
    group: Ints
    groups: int
    world: World
    known: Mapping[int, str]
    sure: tuple[float, ...]
    chance: Floats
    apart: Floats

    def question(self, row: int, column: int) -> int:
        """Give the number of what a row's cell answers; -1 for no thing, or no fact of it."""
        thing = int(self.group[row])
        if thing < 0 or column not in self.entity.columns:
            return -1
        return self.entity.columns.index(column) * self.groups + thing

    def told(self, question: int) -> tuple[str, float]:
        """Give what somebody said in answer to a question, and how sure that is; else nothing."""
        if question not in self.known:
            return "", 0.0
        return self.known[question], self.sure[question // self.groups]

    def answers(self, question: int, *, apart: bool) -> dict[int, float]:
        """Give the codes that are claimed in answer to a question, and how likely each is."""
        start, end = np.searchsorted(self.world.question, [question, question + 1]).tolist()
        chance = self.apart if apart else self.chance
        pairs = zip(self.world.claim[start:end].tolist(), chance[start:end].tolist(), strict=True)
        return {claim: share for claim, share in pairs if claim != NONE}


def hear(
    coded: Coded,
    entity: Entity,
    trust: NDArray[np.float32],
    said: Mapping[tuple[int, int], str],
    *,
    seed: int | None,
) -> Witnesses | None:
    """Find out what is true of the things of one kind.

    Parameters
    ----------
    coded : Coded
        The table.
    entity : Entity
        The kind of thing; of its facts only those are kept in which believed rows agree.
    trust : float array of shape (rows, columns)
        How far each cell is believed.
    said : mapping of (row, column) to str
        What somebody said of some cells.
    seed : int, optional
        Of the folds in which `apart` is found; None: only what somebody said is collected.

    Returns
    -------
    Witnesses or None
        None where nothing is claimed, or nothing agreed on.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.clean.coded import code_table
    >>> flights = pl.DataFrame({"flight": ["a", "a", "a"], "gate": ["1", "1", "7"]})
    >>> flights = pl.concat([flights, pl.DataFrame({"flight": ["b", "b"], "gate": ["2", "2"]})])
    >>> trust = np.ones((5, 2), np.float32)
    >>> found = hear(code_table(flights), Entity((0,), (1,), -1), trust, {}, seed=0)
    >>> max(found.answers(0, apart=False).items(), key=lambda pair: pair[1])[0]
    0
    """
    groups_of = group_codes(coded, entity.given)
    strength = _strengths(coded, groups_of, entity, trust)
    entity = replace(entity, columns=tuple(strength))
    group = groups_of.astype(np.int64)
    claims = coded.codes[:, list(entity.columns)].astype(np.int64)
    if not ((claims >= 0) & (group >= 0)[:, None]).any():
        return None
    source = np.zeros(len(group), np.int64)
    if entity.source >= 0:
        source = coded.codes[:, entity.source].astype(np.int64)
        source = np.where(source == MISSING, len(coded.values[entity.source]), source)
    world, _ = world_of(group, claims, source)
    groups = int(group.max()) + 1
    found = Witnesses(entity, group, groups, world, {}, (), np.empty(0), np.empty(0))
    known, sure = _answered(found, said, list(strength.values()))
    found = replace(found, known=known, sure=sure)
    if seed is None:
        return found
    chance, weight = believed(world)
    apart = chance
    asked = _candidates(found, coded, known)
    if len(asked.question) >= _FEWEST and len(world.row_candidate) <= _MOST:
        chance = learned(world, weight, asked)
        apart = chance.copy()
        fold = np.random.default_rng(seed).integers(0, FOLDS, groups)
        for number in range(FOLDS):
            kept = fold[asked.question % groups] != number
            part = Known(asked.question[kept], asked.candidate[kept])
            other = learned(world, weight, part) if len(part.question) else believed(world)[0]
            inside = fold[world.question % groups] == number
            apart[inside] = other[inside]
    return replace(found, chance=chance, apart=apart)


def _strengths(
    coded: Coded, group: NDArray[np.int32], entity: Entity, trust: NDArray[np.float32]
) -> dict[int, float]:
    """Say how far believed rows of a thing agree in each of its facts."""
    found = {}
    for column in entity.columns:
        codes = np.where(trust[:, column] > 0.5, coded.codes[:, column], MISSING)
        strength, _ = agreement(group, codes.astype(np.int32))
        if strength >= _AGREED:
            found[column] = strength
    return found


def _answered(
    witnesses: Witnesses, said: Mapping[tuple[int, int], str], strength: list[float]
) -> tuple[dict[int, str], tuple[float, ...]]:
    """Collect answers, and say how often those to the same question agree."""
    answers: dict[int, list[str]] = {}
    for (row, column), text in said.items():
        question = witnesses.question(row, column)
        if question >= 0:
            answers.setdefault(question, []).append(text)
    agreed, asked = np.zeros(len(strength)), np.zeros(len(strength))
    for question, texts in answers.items():
        if len(texts) > 1:
            asked[question // witnesses.groups] += 1
            agreed[question // witnesses.groups] += len(set(texts)) == 1
    sure = (agreed + _DOUBT * np.array(strength)) / (asked + _DOUBT)
    # where people contradict each other nothing is known
    known = {question: texts[0] for question, texts in answers.items() if len(set(texts)) == 1}
    return known, tuple(sure.tolist())


def _candidates(witnesses: Witnesses, coded: Coded, known: Mapping[int, str]) -> Known:
    """Find the candidates that are known to be true; that none is, too."""
    world = witnesses.world
    places: dict[int, dict[str, int]] = {}
    questions, candidates = [], []
    for question, text in sorted(known.items()):
        column = witnesses.entity.columns[question // witnesses.groups]
        if column not in places:
            values = coded.values[column].to_list()
            places[column] = {value: code for code, value in enumerate(values)}
        start, end = np.searchsorted(world.question, [question, question + 1]).tolist()
        claims = world.claim[start:end].tolist()
        if claims:
            code = places[column].get(text, NONE)
            questions.append(question)
            candidates.append(start + (claims.index(code) if code in claims else len(claims) - 1))
    return Known(np.array(questions, np.int64), np.array(candidates, np.int64))
