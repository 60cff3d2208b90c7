"""Numbers by group, as boxes: quartiles, median, whiskers, and what lies beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import DataError
from modelwright.explore.summing_up import fences

__all__ = ["Box", "Boxes", "box_of", "boxes_of"]

Floats = NDArray[np.float64]

GROUPS = 12
_SHOWN = 24


@dataclass(frozen=True)
class Box:
    """The distribution of the numbers of one group.

    Parameters
    ----------
    name : str
        The group.
    rows : int
        How many numbers.
    low, lower, median, upper, high : float
        Whiskers end at the last values within 1.5 interquartile ranges of the quartiles (Tukey
        1977); between the quartiles stands the median.
    beyond : int
        How many values lie outside of the whiskers.
    shown : tuple of float
        Some of these, the outermost among them.
    """

    name: str
    rows: int
    low: float
    lower: float
    median: float
    upper: float
    high: float
    beyond: int
    shown: tuple[float, ...]


@dataclass(frozen=True)
class Boxes:
    """One column of numbers by the groups of another.

    Parameters
    ----------
    column, by : str
        The numbers, and what groups them.
    boxes : tuple of Box
        The largest groups, in order.
    strength : float
        How much the groups say of the numbers, from 0 to 1.
    """

    column: str
    by: str
    boxes: tuple[Box, ...]
    strength: float

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        fields = ("rows", "low", "lower", "median", "upper", "high", "beyond")
        groups = [
            {"group": box.name, **{name: getattr(box, name) for name in fields}}
            for box in self.boxes
        ]
        return {"column": self.column, "by": self.by, "groups": groups}


def box_of(values: ArrayLike, name: str = "") -> Box:
    """Sum up numbers as a box.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        At least one; what is not finite is left out.
    name : str
        The group.

    Raises
    ------
    DataError
        When there is no finite number.

    Examples
    --------
    >>> box = box_of([1.0, 2.0, 3.0, 4.0, 100.0])
    >>> box.median, box.high, box.beyond, box.shown
    (3.0, 4.0, 1, (100.0,))
    """
    numbers = np.asarray(values, np.float64)
    numbers = np.sort(numbers[np.isfinite(numbers)])
    if not len(numbers):
        raise DataError("numbers for a box", "none that is finite")
    lower, median, upper = (2 * np.quantile(numbers / 2, [0.25, 0.5, 0.75])).tolist()
    least, most = fences(lower, upper)
    inside = numbers[(numbers >= least) & (numbers <= most)]
    outside = numbers[(numbers < least) | (numbers > most)]
    low, high = (float(inside[0]), float(inside[-1])) if len(inside) else (lower, upper)
    at = np.unique(np.linspace(0, max(len(outside) - 1, 0), _SHOWN).astype(int))
    shown = outside[at] if len(outside) else outside
    ends = (min(low, lower), lower, median, upper, max(high, upper))
    return Box(name, len(numbers), *ends, len(outside), tuple(shown.tolist()))


def boxes_of(values: ArrayLike, groups: Sequence[str], most: int = GROUPS) -> tuple[Box, ...]:
    """Sum up numbers by group: the largest groups, in the order of their names.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        NaN where there is no value.
    groups : sequence of str, length n
        None where there is no group.
    most : int
        How many groups.

    Examples
    --------
    >>> [box.median for box in boxes_of([1.0, 3.0, 5.0], ["b", "b", "a"])]
    [5.0, 2.0]
    """
    numbers = np.asarray(values, np.float64)
    if len(groups) != numbers.size:
        raise DataError("one group for each number", f"{len(groups)} for {numbers.size}")
    place: dict[str, int] = {}
    codes = np.array(
        [-1 if name is None else place.setdefault(str(name), len(place)) for name in groups],
        np.int64,
    )
    kept = (codes >= 0) & np.isfinite(numbers)
    counts = dict(zip(place, np.bincount(codes[kept], minlength=len(place)).tolist(), strict=True))
    largest = sorted((name for name in counts if counts[name]), key=lambda n: (-counts[n], n))
    names = _by_number(sorted(largest[:most]))
    return tuple(box_of(numbers[kept & (codes == place[name])], name) for name in names)


def _by_number(names: list[str]) -> list[str]:
    """Sort names that are all numbers as numbers."""
    try:
        return sorted(names, key=float)
    except ValueError:
        return names
