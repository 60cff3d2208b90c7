"""Intervals of predicted numbers, for every level that may be asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import DataError
from modelwright.core.protocols import State
from modelwright.evaluate.conformal.pools import Pools
from modelwright.evaluate.conformal.reached import NOT_MEASURED, Reached, measure
from modelwright.evaluate.conformal.rows import CalibrationRows
from modelwright.evaluate.conformal.scores import Scores, check_level
from modelwright.evaluate.conformal.times import choose_half_life

__all__ = ["NumberIntervals"]

Array = NDArray[np.float64]

# The level at which one way to make intervals is compared with another.
USUAL = 0.9
# The shares of the misses that may lie below the interval; None: both ends are as far away.
TILTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# With fewer rows ends are found together: each alone would hang on a handful.
FEWEST = 500
# What is more complex must make intervals narrower by such a share.
GAIN = 0.02
# So many answers on one value make it a border that no answer passes.
ON_BORDER = 10


@dataclass(frozen=True)
class NumberIntervals:
    """What has to be known of past errors to give any prediction an interval at any level.

    Parameters
    ----------
    pools : Pools
        Errors with their signs, in units of the difficulty where there is one.
    below : float, optional
        The share of the misses below the interval; None: both ends are as far from the prediction.
    least, most : float
        Borders that no answer passes; infinite where there is none.
    scaled : bool
        Whether a difficulty is needed.
    by : str
        The column whose labels are calibrated on their own; empty: none.
    half_life : float
        How fast old errors fade, as a share of the time that they span; infinite: not at all.
    reached : Reached
        Measured coverage and width.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = CalibrationRows(rng.normal(size=2000), np.zeros((2000, 1)))
    >>> made = NumberIntervals.learn(rows)
    >>> lower, upper = made.between(np.array([[5.0]]), 0.9)
    >>> lower.round(1), upper.round(1)
    (array([3.4]), array([6.6]))
    """

    pools: Pools
    below: float | None = None
    least: float = -math.inf
    most: float = math.inf
    scaled: bool = False
    by: str = ""
    half_life: float = math.inf
    reached: Reached = NOT_MEASURED

    @classmethod
    def learn(cls, rows: CalibrationRows, by: str = "") -> NumberIntervals:
        """Find intervals, and measure how good they are.

        Parameters
        ----------
        rows : CalibrationRows
            With finite answers and predictions. A difficulty is used if it makes intervals
            narrower on rows that had no say, by 2 % at least.
        by : str
            The column that their labels are of.

        Returns
        -------
        NumberIntervals

        Raises
        ------
        DataError
            Without rows, or when a number is not finite.
        """
        plain = cls._fitted(_without_difficulty(rows), by)
        plain = replace(plain, reached=measure(_without_difficulty(rows), plain._again))
        if rows.difficulty is None:
            return plain
        scaled = cls._fitted(rows, by)
        scaled = replace(scaled, reached=measure(rows, scaled._again))
        better = scaled.reached.width(USUAL) < (1 - GAIN) * plain.reached.width(USUAL)
        return scaled if better else plain

    @classmethod
    def _fitted(cls, rows: CalibrationRows, by: str) -> NumberIntervals:
        if not len(rows):
            cure = "give rows with answers that the model has not seen"
            raise DataError("rows to calibrate intervals on", "none", cure)
        missed = _errors(rows)
        half_life = math.inf
        if rows.order is not None:
            half_life = choose_half_life(np.abs(missed), rows.order, USUAL)
        pools = Pools.learn(missed, rows, half_life)
        least, most = _borders(rows.y)
        scaled = rows.difficulty is not None
        return cls(pools, _tilt(pools.whole), least, most, scaled, by, half_life)

    def _again(self, rows: CalibrationRows) -> NumberIntervals:
        """Make the same of other rows: what was chosen stays chosen."""
        return replace(self, pools=Pools.learn(_errors(rows), rows, self.half_life))

    def between(
        self,
        p: NDArray[Any],
        level: float,
        difficulty: Array | None = None,
        labels: NDArray[Any] | None = None,
    ) -> tuple[Array, Array]:
        """Give the interval of each prediction.

        Parameters
        ----------
        p : ndarray, shape (n, 1)
            Predictions.
        level : float
            The share of answers that the intervals are to hold.
        difficulty : ndarray of float64, shape (n,), optional
            How large an error is expected, where intervals are `scaled`.
        labels : ndarray of str, shape (n,), optional
            What each row is, where there is a column `by`.

        Returns
        -------
        lower, upper : ndarray of float64, shape (n,)
            Never on the wrong side of the prediction.

        Raises
        ------
        OptionError
            When the level is not between 0 and 1.
        DataError
            When there were too few rows for the level, or a prediction is not finite.
        """
        check_level(level)
        middle = np.asarray(p[:, 0], np.float64)
        if not np.isfinite(middle).all():
            count = int((~np.isfinite(middle)).sum())
            raise DataError("finite predictions", f"{count} that are NaN or infinite")
        ends = self.pools.lines(labels, len(middle), lambda scores: self._ends(scores, level))
        if self.scaled:
            assert difficulty is not None  # who made these intervals knows
            ends = ends * difficulty[:, None]
        lower = np.clip(middle + ends[:, 0], self.least, self.most)
        upper = np.clip(middle + ends[:, 1], self.least, self.most)
        return np.minimum(lower, middle), np.maximum(upper, middle)

    def holding(self, rows: CalibrationRows, level: float) -> tuple[NDArray[np.bool_], Array]:
        """Tell for each row whether its interval holds the answer, and how wide it is."""
        lower, upper = self.between(rows.p, level, rows.difficulty, rows.labels)
        return (lower <= rows.y) & (rows.y <= upper), upper - lower

    def _ends(self, scores: Scores, level: float) -> tuple[float, float]:
        if self.below is not None and scores.affords(level, self.below):
            return scores.ends(level, self.below)
        half = scores.absolute().upper(level)
        return -half, half

    def __str__(self) -> str:
        words = ["intervals from the errors of"]
        kind = "rows" if self.pools.whole.units >= len(self.pools.whole.values) else "groups"
        words.append(f"{self.pools.whole.units:,} held-out {kind}")
        if self.scaled:
            words.append("in units of how hard a row is")
        if self.pools.names:
            words.append(f"{len(self.pools.names)} labels of {self.by} each on their own")
        if math.isfinite(self.half_life):
            words.append("recent errors counting more")
        return ", ".join([" ".join(words[:2]), *words[2:]])

    def export(self) -> State:
        """Give the whole state."""
        state = self.pools.export()
        config = {
            **state.config,
            "kind": "numbers",
            "below": self.below,
            "least": _written(self.least),
            "most": _written(self.most),
            "scaled": self.scaled,
            "by": self.by,
            "half_life": _written(self.half_life),
            "reached": self.reached.to_json(),
        }
        return State(config, state.arrays)

    @classmethod
    def restore(cls, state: State) -> NumberIntervals:
        """Rebuild what `export` gave.

        Raises
        ------
        LookupError, TypeError or ValueError
            When it is unsound.
        """
        config: Mapping[str, Any] = state.config
        below = None if config["below"] is None else float(config["below"])
        least = -math.inf if config["least"] is None else float(config["least"])
        most = math.inf if config["most"] is None else float(config["most"])
        half_life = math.inf if config["half_life"] is None else float(config["half_life"])
        if (below is not None and not 0 < below < 1) or not least <= most or not half_life > 0:
            raise ValueError("intervals whose ends do not fit")
        return cls(
            Pools.restore(config, state.arrays),
            below,
            least,
            most,
            bool(config["scaled"]),
            str(config["by"]),
            half_life,
            Reached.from_json(config["reached"]),
        )


def _without_difficulty(rows: CalibrationRows) -> CalibrationRows:
    """Give the rows without what is known of their difficulty."""
    return replace(rows, difficulty=None)


def _errors(rows: CalibrationRows) -> Array:
    missed = np.asarray(rows.y, np.float64) - np.asarray(rows.p[:, 0], np.float64)
    return missed if rows.difficulty is None else missed / rows.difficulty


def _tilt(scores: Scores) -> float | None:
    """Choose how the misses are shared out, by the distance between the ends."""
    if scores.units < FEWEST:
        return None
    widths = [float(np.subtract(*scores.ends(USUAL, share)[::-1])) for share in TILTS]
    best = int(np.argmin(widths))
    return TILTS[best] if widths[best] < (1 - GAIN) * 2 * scores.absolute().upper(USUAL) else None


def _borders(y: NDArray[Any]) -> tuple[float, float]:
    """Find borders: where many answers pile up, or zero where all are on one side of it."""
    low, high = float(np.min(y)), float(np.max(y))
    least, most = -math.inf, math.inf
    if low >= 0:
        least = 0.0
    if high <= 0:
        most = 0.0
    if low < high:
        least = low if (y == low).sum() >= ON_BORDER else least
        most = high if (y == high).sum() >= ON_BORDER else most
    return least, most


def _written(value: float) -> float | None:
    """Infinity has no place in JSON."""
    return value if math.isfinite(value) else None
