"""What the rows of a group say of a column: each value with its votes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.dependencies import Dependency, group_codes

__all__ = ["TOP", "Tally", "Votes", "tally"]

Floats = NDArray[np.float64]


TOP = 30
"""So many values of a group are looked at: the most trusted ones."""


class Votes(NamedTuple):
    """What the other rows of a row's group say.

    Parameters
    ----------
    values : dict of int to (float, float)
        The code of each value: how many rows say so, and how far they are believed, added up.
    rows, trusted : float
        Both for all values together.
    """

    values: dict[int, tuple[float, float]]
    rows: float
    trusted: float


@dataclass(frozen=True)
class Tally:
    """The votes of all groups of one dependency.

    Parameters
    ----------
    dependency : Dependency
        What settles what.
    group : int array of shape (rows,)
        The group of each row; -1 for none.
    starts : int array of shape (groups + 1,)
        Where the votes of each group begin.
    value : int array of shape (votes,)
        The codes of values, the most trusted of a group first.
    count, trusted : float array of shape (votes,)
        How many rows of the group say so, and how far these are believed, added up.
    whole : float array of shape (groups, 2)
        Both for all values of a group together.
    """

    dependency: Dependency
    group: NDArray[np.int32]
    starts: NDArray[np.int64]
    value: NDArray[np.int64]
    count: Floats
    trusted: Floats
    whole: Floats

    def votes(self, row: int, own: int, trust: float, *, plain: bool = False) -> Votes:
        """Ask the other rows of a row's group.

        Parameters
        ----------
        row : int
            The row.
        own : int
            The code that its own cell holds, -1 for none: its vote does not count.
        trust : float
            How far that is believed.
        plain : bool
            Whether all rows are believed as far as the others on average.

        Returns
        -------
        Votes
        """
        number = int(self.group[row])
        if number < 0:
            return Votes({}, 0.0, 0.0)
        start = int(self.starts[number])
        end = min(int(self.starts[number + 1]), start + TOP)
        found = {}
        for place in range(start, end):
            value, count = int(self.value[place]), float(self.count[place])
            trusted = float(self.trusted[place])
            if value == own:
                count, trusted = count - 1, max(trusted - trust, 0.0)
            if count > 0:
                found[value] = (count, trusted)
        held = float(own >= 0)
        counts, trusts = self.whole[number].tolist()
        counts, trusts = counts - held, max(trusts - held * trust, 0.0)
        if plain:
            found = {value: (count, count * self.usual) for value, (count, _) in found.items()}
            trusts = counts * self.usual
        return Votes(found, counts, trusts)

    @cached_property
    def usual(self) -> float:
        """How far a row is believed on average."""
        return float(self.trusted.sum()) / max(float(self.count.sum()), 1.0)


def tally(coded: Coded, dependency: Dependency, trust: NDArray[np.float32]) -> Tally:
    """Count the votes of one dependency.

    Parameters
    ----------
    coded : Coded
        The table.
    dependency : Dependency
        What settles what.
    trust : float array of shape (rows,)
        How far the cell of each row in the dependent column is believed, from 0 to 1.

    Returns
    -------
    Tally

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.clean.coded import code_table
    >>> table = pl.DataFrame({"zip": ["1", "1", "1"], "town": ["Bonn", "Bonn", "Bxnn"]})
    >>> found = tally(code_table(table), Dependency((0,), 1, 1.0, 1.0), np.ones(3, np.float32))
    >>> found.votes(2, 1, 1.0)
    Votes(values={0: (2.0, 2.0)}, rows=2.0, trusted=2.0)
    """
    group = group_codes(coded, dependency.given)
    value = coded.codes[:, dependency.column]
    known = (group != MISSING) & (value != MISSING)
    width = len(coded.values[dependency.column]) + 1
    key = group[known].astype(np.int64) * width + value[known]
    found, place = np.unique(key, return_inverse=True)
    place = place.ravel()
    count = np.bincount(place, minlength=len(found)).astype(np.float64)
    trusted = np.bincount(place, trust[known], minlength=len(found)).astype(np.float64)
    of, what = found // width, found % width
    order = np.lexsort((what, -count, -trusted, of))
    groups = int(group.max(initial=-1)) + 1
    starts = np.searchsorted(of, np.arange(groups + 1))
    whole = np.zeros((groups, 2))
    whole[:, 0] = np.bincount(of, count, minlength=groups)
    whole[:, 1] = np.bincount(of, trusted, minlength=groups)
    return Tally(dependency, group, starts, what[order], count[order], trusted[order], whole)
