"""Scores of all rows, and of those of each label: group-conditional (Mondrian) calibration.

Vovk, Lindsay, Nouretdinov and Gammerman 2003, "Mondrian confidence machine".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import DataError
from modelwright.core.protocols import State
from modelwright.evaluate.conformal.rows import CalibrationRows
from modelwright.evaluate.conformal.scores import Scores

__all__ = ["Pools"]

Array = NDArray[np.float64]

# A label with fewer rows is calibrated together with all others.
FEWEST = 100
# At most so many labels, the most frequent first.
MOST = 50


@dataclass(frozen=True)
class Pools:
    """Scores of all rows, and for some labels those of their own rows.

    Parameters
    ----------
    whole : Scores
        Of all rows.
    names : tuple of str
        The labels that have scores of their own.
    each : tuple of Scores
        As many.

    Examples
    --------
    >>> labels = np.repeat(["calm", "wild"], 200)
    >>> rows = CalibrationRows(np.zeros(400), np.zeros((400, 1)), labels=labels)
    >>> pools = Pools.learn(np.where(labels == "wild", 9.0, 1.0), rows)
    >>> pools.lines(np.array(["wild", "calm", "new"]), 3, lambda scores: (scores.upper(0.9),))
    array([[9.],
           [1.],
           [9.]])
    """

    whole: Scores
    names: tuple[str, ...] = ()
    each: tuple[Scores, ...] = ()

    @classmethod
    def learn(cls, values: Array, rows: CalibrationRows, half_life: float = np.inf) -> Pools:
        """Collect the scores of rows."""
        whole = rows.pool(values, half_life)
        if rows.labels is None:
            return cls(whole)
        found, counts = np.unique(rows.labels, return_counts=True)
        order = [i for i in np.argsort(-counts, kind="stable")[:MOST] if counts[i] >= FEWEST]
        mine = [rows.labels == found[i] for i in order]
        each = tuple(rows.rows(index).pool(values[index], half_life) for index in mine)
        return cls(whole, tuple(str(found[i]) for i in order), each)

    def lines(
        self,
        labels: NDArray[Any] | None,
        count: int,
        of: Callable[[Scores], tuple[float, ...]],
    ) -> Array:
        """Give some figures of the scores that each row belongs to.

        Parameters
        ----------
        labels : ndarray of str, shape (count,), optional
            What each row is.
        count : int
            How many rows.
        of : callable
            From scores to k figures; where it refuses those of a label, all rows speak for it.

        Returns
        -------
        ndarray of float64, shape (count, k)
        """
        first = of(self.whole)
        out = np.tile(np.array(first, np.float64), (count, 1))
        if labels is None:
            return out
        for name, scores in zip(self.names, self.each, strict=True):
            try:
                out[labels == name] = of(scores)
            except DataError:
                continue
        return out

    def export(self) -> State:
        """Give the whole state."""
        arrays = self.whole.to_arrays("all")
        for number, scores in enumerate(self.each):
            arrays |= scores.to_arrays(f"label-{number}")
        units = [self.whole.units, *(scores.units for scores in self.each)]
        return State({"names": list(self.names), "units": units}, arrays)

    @classmethod
    def restore(cls, config: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Pools:
        """Rebuild what `export` gave.

        Raises
        ------
        LookupError, TypeError or ValueError
            When it is unsound.
        """
        names, units = config["names"], [int(count) for count in config["units"]]
        if len(units) != len(names) + 1 or len(names) > MOST:
            raise ValueError("labels without scores")
        whole = Scores.restore(arrays, "all", units[0])
        each = tuple(
            Scores.restore(arrays, f"label-{i}", count) for i, count in enumerate(units[1:])
        )
        return cls(whole, tuple(str(name) for name in names), each)
