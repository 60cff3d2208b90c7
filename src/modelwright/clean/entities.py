"""Things that several rows tell about, and the column that says whose row it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.cores import Cores, cores
from modelwright.clean.dependencies import (
    Dependency,
    Votes,
    agreement,
    group_codes,
    looked_at,
    votes,
)
from modelwright.clean.truth import World, world_of

__all__ = ["LEAST", "Claims", "Entity", "claims_of", "entities", "without_reversals"]

LEAST = 0.3
"""Of the strength with which a thing settles a column, for the column to be one of its facts."""
_NEAR = 0.1
_STRONG = 0.85
_SHARE = 0.7
_GAIN = 0.2
_KEY = 0.95
_SELDOM = 0.25
_LEAST_PAIRS = 10


@dataclass(frozen=True)
class Entity:
    """A thing, its facts, and who tells them.

    Parameters
    ----------
    given : tuple of int
        The columns that name it.
    columns : tuple of int
        The columns that it settles.
    source : int
        The column of those who tell it, each at most once; -1 for none.
    """

    given: tuple[int, ...]
    columns: tuple[int, ...]
    source: int


def entities(
    coded: Coded, found: tuple[tuple[Dependency, ...], ...], least: float = LEAST
) -> tuple[Entity, ...]:
    """Sort columns by the thing whose facts they are.

    Parameters
    ----------
    coded : Coded
        The table.
    found : tuple of tuple of Dependency
        What `dependencies` gives.
    least : float
        Weaker dependencies are not looked at.

    Returns
    -------
    tuple of Entity
        No column is a fact of two things. Among dependencies that are about as good as the best
        one, that of the thing with most facts is taken.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.clean.coded import code_table
    >>> from modelwright.clean.dependencies import dependencies
    >>> rows = [(f"f{i}", who, f"{i % 7}:{'30' if who == 'd' else '00'}")
    ...         for i in range(20) for who in ("a", "b", "c", "d")]
    >>> table = pl.DataFrame(rows, schema=["flight", "site", "time"], orient="row")
    >>> coded = code_table(table)
    >>> entities(coded, dependencies(coded))[0]
    Entity(given=(0,), columns=(2,), source=1)
    """
    usable = [[one for one in each if one.strength >= least] for each in found]
    good = [_best(each) for each in usable]
    facts: dict[tuple[int, ...], list[int]] = {}
    left = set(range(len(found)))
    while left:
        total: dict[tuple[int, ...], float] = {}
        for column in left:
            for one in good[column]:
                total[one.given] = total.get(one.given, 0.0) + one.worth
        if not total:
            break
        thing = max(total, key=lambda given: (round(total[given], 6), given))
        mine = [c for c in sorted(left) if any(one.given == thing for one in good[c])]
        for column in mine:
            facts.setdefault(_refined(thing, mine, usable[column]), []).append(column)
        left -= set(mine)
        for name in thing:
            usable[name] = [one for one in usable[name] if not _reversed(one, mine)]
            good[name] = _best(usable[name])
    return tuple(
        Entity(given, tuple(columns), _source(coded, given, columns))
        for given, columns in facts.items()
    )


def without_reversals(
    found: tuple[tuple[Dependency, ...], ...], things: tuple[Entity, ...]
) -> tuple[tuple[Dependency, ...], ...]:
    """Leave out what would settle the name of a thing by its facts, unless it nearly always does.

    A flight settles its times; that two flights share a time does not make one of them wrong.

    Parameters
    ----------
    found : tuple of tuple of Dependency
        What `dependencies` gives.
    things : tuple of Entity
        What `entities` makes of them.

    Returns
    -------
    tuple of tuple of Dependency
    """
    facts: dict[int, list[int]] = {}
    for thing in things:
        for name in thing.given:
            facts.setdefault(name, []).extend(thing.columns)
    return tuple(
        tuple(one for one in each if not _reversed(one, facts.get(column, [])))
        for column, each in enumerate(found)
    )


def _reversed(one: Dependency, facts: list[int]) -> bool:
    """Tell whether a dependency leads from facts back to the name, and not nearly always."""
    return one.worth < _STRONG and bool(set(one.given) & set(facts))


def _refined(
    thing: tuple[int, ...], facts: list[int], all_of_column: list[Dependency]
) -> tuple[int, ...]:
    """Add to the name of a thing what else a column depends on, such as the state of a measure."""
    plain = next(one for one in all_of_column if one.given == thing)
    for one in sorted(all_of_column, key=lambda one: -one.strength):
        more = set(one.given) - set(thing)
        better = one.strength >= plain.strength + _GAIN * (1 - plain.strength)
        if set(thing) < set(one.given) and not more & set(facts) and better:
            return one.given
    return thing


def _best(all_of_column: list[Dependency]) -> list[Dependency]:
    """Keep the dependencies that are about as good as the best of a column."""
    best = max((one.worth for one in all_of_column), default=0.0)
    least = best - _NEAR if best >= _STRONG else _SHARE * best
    return [one for one in all_of_column if one.worth >= least]


def _source(coded: Coded, given: tuple[int, ...], columns: list[int]) -> int:
    """Find the column that tells apart the rows of one thing, and comes again in many things."""
    group = group_codes(coded, given)
    chosen = looked_at(group, len(coded.columns))
    rows = np.arange(coded.height) if chosen is None else chosen
    best, source = 0.0, -1
    tops = [
        (votes(group[rows], coded.codes[rows, column]), coded.codes[rows, column])
        for column in columns
    ]
    for column in range(len(coded.columns)):
        different = len(coded.values[column])
        if column in given or column in columns or not 3 <= different <= coded.height / 10:
            continue
        value = coded.codes[rows, column]
        told = (value != MISSING) & (group[rows] != MISSING)
        if told.sum() < 0.8 * len(rows):
            continue
        if not _tells_apart(group[rows][told], value[told], different):
            continue
        if agreement(group[rows], value)[0] > LEAST:
            continue
        apart = _apart(value, tops, different)
        if apart > best:
            best, source = apart, column
    return source


def _tells_apart(group: NDArray[np.integer], value: NDArray[np.int32], different: int) -> bool:
    """Tell whether rows of a thing hardly ever share a value, and far less often than by chance."""
    pairs, count = np.unique(group.astype(np.int64) * different + value, return_counts=True)
    if len(pairs) < _KEY * len(value):
        return False
    sizes, shares = np.bincount(group), np.bincount(value) / max(len(value), 1)
    by_chance = float((sizes * (sizes - 1.0)).sum() * (shares**2).sum())
    return float((count * (count - 1.0)).sum()) <= _SELDOM * by_chance and by_chance >= _LEAST_PAIRS


def _apart(
    source: NDArray[np.int32], tops: list[tuple[Votes, NDArray[np.int32]]], size: int
) -> float:
    """Say how much sources differ in how often they are with the majority, beyond chance."""
    excess = 0.0
    for said, value in tops:
        asked = (value != MISSING) & (source != MISSING) & (said.others >= 2)
        if not asked.any():
            continue
        agreed = (said.top == value)[asked].astype(np.float64)
        made = np.bincount(source[asked], minlength=size)
        mean = float(agreed.mean())
        own = np.bincount(source[asked], agreed, minlength=size) / np.maximum(made, 1)
        spread = float((made * (own - mean) ** 2).sum())
        usual = mean * (1 - mean) * max(int((made > 0).sum()) - 1, 1)
        excess += spread / usual - 1 if usual > 0 else 0.0
    return excess


@dataclass(frozen=True)
class Claims:
    """All that rows claim of one kind of thing.

    Parameters
    ----------
    entity : Entity
        The kind of thing.
    group : int array of shape (rows,)
        The thing of each row; -1 for none.
    world : World
        The claims.
    place : int array of shape (rows, facts)
        The candidate that each cell claims; -1 for a missing one.
    plain : bool array of shape (rows, facts)
        Whether the cell says it in its usual form, with nothing beside it.
    cores : tuple of Cores
        What the values of each fact say.
    """

    entity: Entity
    group: NDArray[np.int64]
    world: World
    place: NDArray[np.int64]
    plain: NDArray[np.bool_]
    cores: tuple[Cores, ...]


def claims_of(coded: Coded, entity: Entity) -> Claims | None:
    """Bring what rows claim of their things into order; None when they claim nothing.

    Parameters
    ----------
    coded : Coded
        The table.
    entity : Entity
        The kind of thing.

    Returns
    -------
    Claims or None
    """
    group = group_codes(coded, entity.given).astype(np.int64)
    claims = np.full((coded.height, len(entity.columns)), -1, np.int64)
    plain = np.ones(claims.shape, np.bool_)
    inner: list[Cores] = []
    for i, column in enumerate(entity.columns):
        found = cores(coded, column)
        core = np.append(found.number, -1)
        codes = coded.codes[:, column]
        claims[:, i] = core[codes]
        plain[:, i] = core[codes] == codes
        inner.append(found)
    if not ((claims >= 0) & (group >= 0)[:, None]).any():
        return None
    source = np.zeros(coded.height, np.int64)
    if entity.source >= 0:
        source = coded.codes[:, entity.source].astype(np.int64)
        source = np.where(source < 0, len(coded.values[entity.source]), source)
    world, place = world_of(group, claims, source)
    return Claims(entity, group, world, place, plain, tuple(inner))
