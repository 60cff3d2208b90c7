"""Repairs of one row that cannot both be right, as each takes the other's cell for right.

Where a shop settles its town and a town its shop, a row that breaks the rule looks wrong in both
cells. One of them is: mended both, the row would contradict the others as before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from modelwright.clean.repairs import Means, Repair

__all__ = ["one_of_two"]

_SURE = 0.9999


def one_of_two(
    repairs: Iterable[Repair], means: Mapping[str, Means], threshold: float, least: float
) -> list[Repair]:
    """Believe repairs less whose reason is a cell that is itself to be mended.

    Parameters
    ----------
    repairs : iterable of Repair
        At most one for each cell.
    means : mapping of str to Means
        For rules that are a dependency the columns that settle a cell.
    threshold : float
        Repairs that are likelier right than so are applied, others proposed.
    least : float
        Less likely ones are left out.

    Returns
    -------
    list of Repair

    Examples
    --------
    >>> means = {"same 'shop'": ("shop",), "same 'town'": ("town",)}
    >>> town = Repair(3, "town", "Ulm", "Bonn", "same 'shop'", 0.99, True)
    >>> shop = Repair(3, "shop", "S1", "S2", "same 'town'", 0.99, True)
    >>> [(one.confidence, one.applied) for one in one_of_two([town, shop], means, 0.9, 0.3)]
    [(0.495, False), (0.495, False)]
    """
    by_row: dict[int, list[Repair]] = defaultdict(list)
    for one in repairs:
        by_row[one.row].append(one)
    kept = []
    for row in by_row.values():
        for one in row:
            confidence = min((_beside(one, other, means) for other in row), default=0.0)
            if confidence >= least:
                applied = one.applied and confidence >= threshold
                kept.append(one._replace(confidence=round(confidence, 4), applied=applied))
    return kept


def _beside(one: Repair, other: Repair, means: Mapping[str, Means]) -> float:
    """Say how likely a repair is right when there is another one of the same row."""
    if other.column not in _reasons(one, means):
        return one.confidence
    mine, theirs = min(one.confidence, _SURE), min(other.confidence, _SURE)
    if one.column not in _reasons(other, means):
        return mine * (1 - theirs)
    right, wrong = mine * (1 - theirs), theirs * (1 - mine)
    return max(one.confidence, other.confidence) * right / (right + wrong)


def _reasons(one: Repair, means: Mapping[str, Means]) -> Sequence[str]:
    """Name the columns by which a cell is settled."""
    behind = means.get(one.rule, ())
    return behind if isinstance(behind, tuple) else ()
