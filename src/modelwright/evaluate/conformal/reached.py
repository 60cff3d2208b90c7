"""How many answers intervals hold, and how wide they are, measured on rows that had no say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import DataError
from modelwright.evaluate.conformal.rows import CalibrationRows

__all__ = ["LEVELS", "NOT_MEASURED", "Holding", "Reached", "measure"]

Array = NDArray[np.float64]

LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""The levels that are measured, as far as there are rows enough."""


class Holding(Protocol):
    """Something that has an interval, or a set, for every row."""

    def holding(
        self, rows: CalibrationRows, level: float
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Tell for each row whether it holds the answer, and how wide it is."""
        ...


@dataclass(frozen=True)
class Reached:
    """Coverage and width by level.

    Parameters
    ----------
    levels : tuple of float
        What was asked for.
    covered : tuple of float
        The share of answers that were held.
    widths : tuple of float
        The mean width of an interval, or the mean number of labels in a set.
    rows : int
        How many rows were judged.

    Examples
    --------
    >>> Reached((0.8, 0.9), (0.79, 0.91), (2.0, 3.0), 500).width(0.9)
    3.0
    """

    levels: tuple[float, ...] = ()
    covered: tuple[float, ...] = ()
    widths: tuple[float, ...] = ()
    rows: int = 0

    def width(self, level: float) -> float:
        """Give the width at one of the levels; infinite where it was not measured."""
        found = dict(zip(self.levels, self.widths, strict=True))
        return found.get(level, np.inf)

    def coverage(self, level: float) -> float:
        """Give the coverage at one of the levels; NaN where it was not measured."""
        return dict(zip(self.levels, self.covered, strict=True)).get(level, np.nan)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "levels": list(self.levels),
            "covered": list(self.covered),
            "widths": list(self.widths),
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reached:
        """Read what `to_json` gave.

        Raises
        ------
        LookupError, TypeError or ValueError
            When it is unsound.
        """
        lists = [tuple(float(v) for v in data[name]) for name in ("levels", "covered", "widths")]
        if len({len(one) for one in lists}) != 1 or len(lists[0]) > 100:
            raise ValueError("coverage without a level")
        if not all(np.isfinite(one).all() for one in lists) or int(data["rows"]) < 0:
            raise ValueError("coverage that is no finite number")
        return cls(lists[0], lists[1], lists[2], int(data["rows"]))


NOT_MEASURED = Reached()
"""What nobody has looked at."""


def measure(rows: CalibrationRows, learn: Callable[[CalibrationRows], Holding]) -> Reached:
    """Measure coverage and width by level, each part of the rows by intervals of the others.

    Parameters
    ----------
    rows : CalibrationRows
        At least 5.
    learn : callable
        Makes intervals of some of the rows.

    Returns
    -------
    Reached
        At the levels for which every part has rows enough.
    """
    parts = [(held, learn(rows.rows(known))) for known, held in rows.parts() if known.any()]
    found: list[tuple[float, float, float]] = []
    judged = sum(int(held.sum()) for held, _ in parts)
    for level in LEVELS:
        try:
            pairs = [made.holding(rows.rows(held), level) for held, made in parts]
        except DataError:
            break  # higher levels ask for more rows still
        weight = [rows.weight[held] for held, _ in parts] if rows.weight is not None else None
        loud = None if weight is None else np.concatenate(weight)
        covered = float(np.average(np.concatenate([hit for hit, _ in pairs]), weights=loud))
        width = float(np.average(np.concatenate([wide for _, wide in pairs]), weights=loud))
        found.append((level, covered, width))
    if not found:
        return NOT_MEASURED
    levels, covered_by, widths = zip(*found, strict=True)
    return Reached(levels, covered_by, widths, judged)
