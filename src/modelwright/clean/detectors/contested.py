"""Facts that the rows of one thing contradict each other about."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.dependencies import Dependency
from modelwright.clean.detectors.told import Told, silent
from modelwright.clean.entities import Claims
from modelwright.clean.truth import NONE

__all__ = ["best_of", "contested", "reality_of"]

Floats = NDArray[np.float64]

MEASURES = 7
_SCATTERED = 0.8


def reality_of(one: Dependency, *, sourced: bool = True) -> float:
    """Say how surely a column is a fact of the thing that settles it.

    Where sources tell of a thing, each once, they may well be wrong together. Elsewhere a weak
    dependency, or one whose exceptions agree with each other, is a tendency and no fact; unless
    they look like errors at random. That is never beyond doubt, as the error may as well be in the
    column that settles.

    Parameters
    ----------
    one : Dependency
        What settles the column.
    sourced : bool
        Whether there is a column of sources.

    Examples
    --------
    >>> tell = lambda strength, several=0.0, random=False: Dependency(
    ...     (0,), 1, strength, 1.0, several, random)
    >>> [round(reality_of(tell(strength)), 2) for strength in (0.2, 0.4, 0.9)]
    [0.0, 0.5, 1.0]
    >>> [round(reality_of(tell(0.75, several), sourced=False), 2) for several in (0.0, 0.4, 1.0)]
    [0.75, 0.27, 0.0]
    >>> reality_of(tell(0.75, 1.0, random=True), sourced=False)
    0.8
    """
    if sourced:
        return float(np.clip((one.strength - 0.25) / 0.3, 0, 1))
    plain = float(np.clip((one.strength - 0.6) / 0.2, 0, 1) * (1 - one.several) ** 2)
    return max(plain, _SCATTERED * one.scattered)


def contested(
    coded: Coded, column: int, claims: Claims | None, chance: Floats | None, reality: float
) -> Told:
    """Judge cells by what is believed of the thing that their row tells about.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.
    claims : Claims or None
        All claims about the thing that settles the column; None when nothing does.
    chance : float array of shape (candidates,)
        How likely each candidate is true.
    reality : float
        How surely the column is a fact of the thing.

    Returns
    -------
    Told
    """
    if claims is None or chance is None:
        return silent(coded.height, MEASURES)
    fact = claims.entity.columns.index(column)
    place, plain = claims.place[:, fact], claims.plain[:, fact]
    gone = coded.codes[:, column] == MISSING
    own = np.where(place >= 0, chance[place], 0.0)
    best, size = best_of(claims, chance, fact)
    of_group = np.append(best, 0.0)[claims.group]
    told = np.append(size, 0)[claims.group]
    right = own * plain
    against = np.where(gone, of_group, 1 - right)
    # a thing that a single row tells about is not contested
    asked = told > np.where(gone, 0, 1)
    wrong = reality * np.where(asked, against, 0.0)
    lead = own - of_group
    measures = [own, of_group, lead, right, plain, np.log1p(told), wrong]
    names = " and ".join(repr(coded.columns[i]) for i in claims.entity.given)
    reason = f"what is believed of the same {names} is another {coded.columns[column]!r}"
    table = np.column_stack(measures).astype(np.float32)
    return Told(reason, wrong.astype(np.float32), table)


def best_of(claims: Claims, chance: Floats, fact: int) -> tuple[Floats, NDArray[np.int64]]:
    """Give for each thing the chance of the likeliest claim, and how many claims there are.

    Parameters
    ----------
    claims : Claims
        All claims.
    chance : float array of shape (candidates,)
        How likely each is true.
    fact : int
        Which fact of the thing.

    Returns
    -------
    tuple of two arrays of shape (things,)
    """
    world = claims.world
    groups = int(claims.group.max(initial=0)) + 1
    mine = (world.column == fact) & (world.claim != NONE)
    best = np.zeros(groups)
    np.maximum.at(best, world.question[mine] - fact * groups, chance[mine])
    place = claims.place[:, fact]
    said = place >= 0
    return best, np.bincount(claims.group[said], minlength=groups)
