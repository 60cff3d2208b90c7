"""Cells that differ from what the rows of their group hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.dependencies import Dependency, Votes, group_codes, votes
from modelwright.clean.detectors.contested import reality_of
from modelwright.clean.detectors.told import Told, silent
from modelwright.clean.distances import edit_distances

__all__ = ["differing", "support_of"]

Floats = NDArray[np.float32]

MEASURES = 15
_NEAR = 0.1
_PAIRS = 50_000
_LONGEST = 96


def differing(coded: Coded, column: int, found: tuple[Dependency, ...]) -> Told:
    """Judge cells by the majority of the rows that agree in what settles their column.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.
    found : tuple of Dependency
        What settles it, the strongest first.

    Returns
    -------
    Told
    """
    if not found:
        return silent(coded.height, MEASURES)
    value = coded.codes[:, column]
    asked = [votes(group_codes(coded, one.given), value) for one in found]
    chances = [
        _chance(said, value, reality_of(one, sourced=False))
        for said, one in zip(asked, found, strict=True)
    ]
    near = [i for i, one in enumerate(found) if one.strength >= found[0].strength - _NEAR]
    chance = np.mean([chances[i] for i in near], axis=0)
    best, second = asked[0], asked[min(1, len(asked) - 1)]
    weight = np.array([one.strength for one in found])
    shares = np.array([said.share for said in asked])
    tops = np.array([said.top_share for said in asked])
    same = np.array([_with_top(said, value) for said in asked], np.float32)
    weight /= weight.sum()
    measures = [
        best.share, best.top_share, np.log1p(best.others), same[0],
        second.share, second.top_share, same[min(1, len(asked) - 1)],
        weight @ shares, weight @ tops, weight @ same, shares.max(axis=0), shares.min(axis=0),
        _apart(coded, column, best), np.full(coded.height, found[0].strength), chance,
    ]  # fmt: skip
    names = " and ".join(repr(coded.columns[i]) for i in found[0].given)
    reason = f"most rows of the same {names} hold another {coded.columns[column]!r}"
    return Told(reason, chance.astype(np.float32), np.column_stack(measures).astype(np.float32))


def _with_top(said: Votes, value: NDArray[np.int32]) -> NDArray[np.bool_]:
    return np.asarray((said.top == value) & (value != MISSING), np.bool_)


def _chance(said: Votes, value: NDArray[np.int32], reality: float) -> Floats:
    """Weigh votes for the most frequent value against those for the cell's own."""
    lead = said.others * (said.top_share - said.share) - 1
    apart = (said.top != value) & (said.top != MISSING)
    sure = np.where(value == MISSING, said.top_share, 1 - np.exp(-np.maximum(lead, 0) / 2))
    return np.asarray(np.where(apart, reality * sure, 0.0), np.float32)


def support_of(coded: Coded, column: int, found: tuple[Dependency, ...]) -> Floats:
    """Say how well the other rows of its group bear a cell out: 0 not at all, 1 fully.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.
    found : tuple of Dependency
        What settles it best.

    Returns
    -------
    float array of shape (rows,)
    """
    borne = np.zeros(coded.height, np.float32)
    value = coded.codes[:, column]
    for one in found:
        said = votes(group_codes(coded, one.given), value)
        firm = np.clip((said.others * said.share - 1) / 3, 0, 1) * _with_top(said, value)
        borne = np.maximum(borne, np.clip(2 * one.strength - 0.8, 0, 1) * firm * said.share)
    return borne


def _apart(coded: Coded, column: int, said: Votes) -> Floats:
    """Give how alike a cell and the value of the majority are, as texts: 1 for the same."""
    value = coded.codes[:, column]
    far = np.zeros(coded.height, np.float32)
    far[_with_top(said, value)] = 1.0
    other = np.flatnonzero((value != said.top) & (value != MISSING) & (said.top != MISSING))
    if not len(other):
        return far
    width = len(coded.values[column])
    key = value[other].astype(np.int64) * width + said.top[other]
    pairs, place = np.unique(key, return_inverse=True)
    alike = np.zeros(len(pairs), np.float32)
    texts = coded.values[column].to_list()
    some = pairs[:_PAIRS]
    left = [texts[i][:_LONGEST] for i in (some // width).tolist()]
    right = [texts[i][:_LONGEST] for i in (some % width).tolist()]
    longest = [max(len(a), len(b)) for a, b in zip(left, right, strict=True)]
    alike[: len(some)] = 1 - edit_distances(left, right) / np.maximum(longest, 1)
    far[other] = alike[place.ravel()]
    return far
