"""From values to places on a picture, and the ticks between."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.pages.numerals import FIRST, LAST, compact, date

__all__ = ["LINEAR", "LOG", "TIME", "Scale"]

LINEAR = "linear"
LOG = "log"
TIME = "time"

_DAY = 86_400.0
# Steps of time in seconds; from a month on, ticks stand at the beginning of months.
_TIMES = (60.0, 300.0, 900.0, 3_600.0, 10_800.0, 21_600.0, 43_200.0)
_DAYS = (_DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY)
_MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 6_000, 12_000)
_MONTH = 30.44 * _DAY


@dataclass(frozen=True)
class Scale:
    """A stretch of values laid over a stretch of pixels.

    Parameters
    ----------
    low, high : float
        The values at both ends; only a linear scale may fall.
    start, end : float
        The pixels at both ends; `start` may be the greater one.
    kind : str
        ``"linear"``, ``"log"`` (of values above zero) or ``"time"`` (of seconds since 1970).

    Examples
    --------
    >>> scale = Scale(0, 10, 100, 200)
    >>> scale.place(5.0), [text for _, text in scale.ticks(3)]
    (150.0, ['0', '5', '10'])
    """

    low: float
    high: float
    start: float
    end: float
    kind: str = LINEAR

    @classmethod
    def over(cls, low: float, high: float, start: float, end: float, kind: str = LINEAR) -> Scale:
        """Make a scale that has a width, also when all values are the same."""
        if not (math.isfinite(low) and math.isfinite(high)):
            low, high = 0.0, 1.0
        if kind == LOG and low <= 0:
            kind = LINEAR
        if kind == TIME:
            low, high = (min(max(end, FIRST), LAST) for end in (low, high))
        if low == high:
            pad = abs(low) * 0.05 or 0.5
            low, high = low - pad, high + pad
        return cls(float(low), float(high), start, end, kind)

    def place(self, value: float) -> float:
        """Give the pixel of one value; what lies outside is moved to the border."""
        return float(self.places(np.array([value]))[0])

    def places(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Give the pixels of values; what lies outside is moved to the border."""
        ends = sorted((self.low, self.high))
        inside = np.clip(np.asarray(values, np.float64), ends[0], ends[1])
        if self.kind == LOG:
            # Differences, not quotients: the ends may lie 300 powers of ten apart.
            low, high = math.log(self.low), math.log(self.high)
            share = (np.log(inside) - low) / (high - low)
        else:
            # Halves first: the difference of two huge numbers may overflow.
            share = (inside / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        spots: NDArray[np.float64] = self.start + share * (self.end - self.start)
        return spots

    def ticks(self, count: int = 5) -> list[tuple[float, str]]:
        """Choose about so many round values, with what to write beside them."""
        if self.kind == LOG:
            return self._powers(count)
        if self.kind == TIME:
            return self._moments(count)
        low, high = sorted((self.low, self.high))
        return [(value, compact(value)) for value in _round(low, high, count)]

    def _powers(self, count: int) -> list[tuple[float, str]]:
        first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
        if last - first < 1:
            return [(value, compact(value)) for value in _round(self.low, self.high, count)]
        step = max(1, math.ceil((last - first) / count))
        return [(10.0**k, compact(10.0**k)) for k in range(first, last + 1, step)]

    def _moments(self, count: int) -> list[tuple[float, str]]:
        span = self.high - self.low
        values: list[float]
        if span / count < _MONTH:
            steps = (*_TIMES, *_DAYS)
            step = next((step for step in steps if span / step <= count), steps[-1])
            first = math.ceil(self.low / step)
            values = [k * step for k in range(first, math.floor(self.high / step) + 1)]
        else:
            months = next((m for m in _MONTHS if span / (m * _MONTH) <= count), _MONTHS[-1])
            first = math.ceil(self.low / _MONTH / months) - 1
            many = range(first, first + count + 4)
            values = [_month(k * months) for k in many]
        inside = [value for value in values if self.low <= value <= self.high]
        return [(value, date(value, span)) for value in inside or [self.low, self.high]]


def _month(months: int) -> float:
    """Give the first second of a month, counted from January 1970."""
    return float(np.datetime64(months, "M").astype("datetime64[s]").astype(np.int64))


def _round(low: float, high: float, count: int) -> list[float]:
    """List the multiples of 1, 2 or 5 times a power of ten between two values."""
    raw = (high / 2 - low / 2) / count * 2
    if not raw > 0 or not math.isfinite(raw):
        return [low]
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((m * power for m in (1, 2, 2.5, 5) if m * power >= raw * 0.999), 10 * power)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 12) if 1e-9 < step < 1e9 else k * step for k in range(first, last + 1)]
