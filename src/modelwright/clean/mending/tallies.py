"""What the rows of a group say of a column: each value with its votes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.dependencies import Dependency, group_codes

__all__ = ["Tally", "tally"]

Floats = NDArray[np.float64]


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
    """

    dependency: Dependency
    group: NDArray[np.int32]
    starts: NDArray[np.int64]
    value: NDArray[np.int64]
    count: Floats
    trusted: Floats

    def votes(self, row: int) -> dict[int, tuple[float, float]]:
        """Give the values of a row's group: how many rows, and how far they are believed."""
        number = int(self.group[row])
        if number < 0:
            return {}
        part = slice(int(self.starts[number]), int(self.starts[number + 1]))
        triples = zip(
            self.value[part].tolist(),
            self.count[part].tolist(),
            self.trusted[part].tolist(),
            strict=True,
        )
        return {value: (count, trusted) for value, count, trusted in triples}


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
    >>> found.votes(0)
    {0: (2.0, 2.0), 1: (1.0, 1.0)}
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
    return Tally(dependency, group, starts, what[order], count[order], trusted[order])
