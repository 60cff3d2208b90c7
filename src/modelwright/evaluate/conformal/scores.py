"""How far off calibration rows were, and how far off a new row will be with a given probability.

A score says how badly a row's answer fits its prediction. Among n scores and that of a new row each
rank is as likely, so the new one stays below the k-th smallest of n with probability k / (n + 1):
whatever the model, and whatever the distribution (Vovk, Gammerman and Shafer 2005; Angelopoulos and
Bates 2023, "Conformal prediction: a gentle introduction").
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import DataError, OptionError

__all__ = ["Scores", "check_level"]

Array = NDArray[np.float64]

# More scores than these are stood for by so many of them, evenly spaced.
MOST = 4_000
# Sums of masses are equal to a level when they differ by less.
EQUAL = 1e-9


def check_level(level: float) -> float:
    """Give a level that is a share between 0 and 1, without these.

    Raises
    ------
    OptionError
        When it is not.

    Examples
    --------
    >>> check_level(0.9)
    0.9
    """
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0 < level < 1:
        cure = "write 0.9 for 90 %"
        raise OptionError("an interval's level between 0 and 1", repr(level), cure)
    return float(level)


@dataclass(frozen=True)
class Scores:
    """Scores of calibration rows, each with the probability that a new row's is that one.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Ascending.
    mass : ndarray of float64, shape (n,)
        Above or equal zero; their sum is below one. What is missing from one stands for the new
        row itself, whose score may be larger than all.
    units : int
        How many rows, or groups of rows, they are of.

    Examples
    --------
    >>> scores = Scores.of([3.0, 1.0, 2.0, 4.0, 5.0, 6.0, 8.0, 7.0, 9.0])
    >>> scores.upper(0.9), scores.upper(0.5)
    (9.0, 5.0)
    """

    values: Array
    mass: Array
    units: int

    @classmethod
    def of(
        cls,
        values: ArrayLike,
        weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        own: float | None = None,
    ) -> Scores:
        """Weigh scores.

        Parameters
        ----------
        values : array_like, shape (n,)
            How far off each row was.
        weight : array_like, shape (n,), optional
            How much each row counts.
        groups : array_like of int, shape (n,), optional
            Rows that belong together. The new row is of a group that is not among them: then groups
            are what is exchangeable, and each counts as much as any other (Lee, Barber and Willett
            2023, "Distribution-free inference with hierarchical data").
        own : float, optional
            The weight of a new row; None: that of a row drawn by weight.

        Returns
        -------
        Scores
            Of at most 4,000 values; of more, each stands for its neighbours.

        Raises
        ------
        DataError
            Without scores, or when one is not finite, or no weight is above zero.
        """
        found = np.asarray(values, np.float64)
        loud = np.ones(len(found)) if weight is None else np.asarray(weight, np.float64)
        if found.shape != loud.shape or found.ndim != 1:
            raise DataError("one weight for each score", f"shapes {found.shape} and {loud.shape}")
        if not np.isfinite(found).all() or not np.isfinite(loud).all() or (loud < 0).any():
            cure = "leave out rows whose answer or prediction is missing"
            raise DataError("finite scores, and weights from zero on", "others", cure)
        found, units = found[loud > 0], int((loud > 0).sum())
        if not units:
            raise DataError(
                "rows with answers to calibrate on", "none", "give rows that the model has not seen"
            )
        mass = loud[loud > 0]
        if groups is None:
            mine = (mass @ mass) / mass.sum() if own is None else own
            mass = mass / (mass.sum() + mine)
        else:
            code = np.unique(np.asarray(groups)[loud > 0], return_inverse=True)[1]
            units = int(code.max()) + 1
            mass = mass / np.bincount(code, mass)[code] / (units + 1)
        order = np.argsort(found, kind="stable")
        return cls(found[order], mass[order], units)._thinned()

    def _thinned(self) -> Scores:
        """Let one of its neighbours stand for each of so many parts of equal mass."""
        if len(self.values) <= MOST:
            return self
        total = np.cumsum(self.mass)
        part = np.minimum((total - self.mass / 2) / total[-1] * MOST, MOST - 1).astype(np.int64)
        starts = np.flatnonzero(np.diff(part, prepend=-1))
        ends = np.append(starts[1:], len(part))
        return Scores(
            self.values[(starts + ends - 1) // 2], np.add.reduceat(self.mass, starts), self.units
        )

    @property
    def highest(self) -> float:
        """The highest level that so few rows can promise."""
        return float(self.mass.sum())

    def upper(self, level: float) -> float:
        """Give what a new row's score stays at or below with this probability at least.

        Raises
        ------
        OptionError
            When the level means nothing.
        DataError
            When there are too few rows to promise it.
        """
        return self._at_most(check_level(level), level)

    def ends(self, level: float, below: float) -> tuple[float, float]:
        """Give two values between which a new row's score lies with this probability at least.

        Parameters
        ----------
        level : float
            Between 0 and 1.
        below : float
            The share of the misses that are below the lower end, between 0 and 1.

        Raises
        ------
        OptionError or DataError
            As for `upper`.
        """
        miss = 1 - check_level(level)
        turned = Scores(-self.values[::-1], self.mass[::-1], self.units)
        low = -turned._at_most(1 - miss * below, level)
        return low, self._at_most(1 - miss * (1 - below), level)

    def affords(self, level: float, below: float) -> bool:
        """Tell whether there are rows enough for `ends`."""
        return self.highest >= 1 - (1 - level) * min(below, 1 - below) - EQUAL

    def absolute(self) -> Scores:
        """Give the scores without their signs."""
        values = np.abs(self.values)
        order = np.argsort(values, kind="stable")
        return Scores(values[order], self.mass[order], self.units)

    def _at_most(self, share: float, level: float) -> float:
        place = int(np.searchsorted(np.cumsum(self.mass), share - EQUAL))
        if place < len(self.values):
            return float(self.values[place])
        need = math.ceil(share / (1 - share) * (1 - EQUAL)) if share < 1 else 0
        kind = "rows" if self.units >= len(self.values) else "groups"
        raise DataError(
            f"at least {need:,} calibration {kind} for intervals of level {level:.6g}",
            f"{self.units:,}",
            f"ask for at most {math.floor(self.highest * 1000 - EQUAL) / 1000:g}",
        )

    def to_arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Give the arrays that `restore` reads."""
        return {f"{name}-values": self.values, f"{name}-mass": self.mass}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]], name: str, units: int) -> Scores:
        """Rebuild from stored arrays.

        Raises
        ------
        LookupError or ValueError
            When they are unsound.
        """
        values, mass = arrays[f"{name}-values"], arrays[f"{name}-mass"]
        for one in (values, mass):
            if one.dtype != np.float64 or one.ndim != 1 or not np.isfinite(one).all():
                raise ValueError("scores that are no finite numbers")
        sound = 0 < len(values) == len(mass) <= MOST and bool((np.diff(values) >= 0).all())
        if not sound or not (mass >= 0).all() or not mass.sum() < 1 or units < 1:
            raise ValueError("scores that are not in order, or masses that do not fit")
        return cls(values, mass, units)
