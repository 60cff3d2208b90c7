"""Time: durations as people write them, and a deadline that travels between processes."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass

from modelwright.core.errors import OptionError

__all__ = ["Budget", "parse_duration"]

_UNITS = {
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "sec": 1.0,
    "m": 60.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}

_MICRO = {0xB5: "u", 0x3BC: "u"}  # two signs that look the same


def parse_duration(text: str | float, name: str = "time") -> float:
    """Read a duration such as ``60``, ``"60s"``, ``"5m"``, ``"1.5h"``, ``"1m30s"`` or ``"30d"``.

    Parameters
    ----------
    text : str or float
        The duration; a bare number means seconds.
    name : str
        What the user calls it, for the error.

    Returns
    -------
    float
        Seconds, above zero.

    Raises
    ------
    OptionError
        When the text is no duration, or the duration is not above zero.

    Examples
    --------
    >>> parse_duration("1m30s")
    90.0
    >>> parse_duration("250us", "--latency")
    0.00025
    """
    word = str(text).strip().lower().replace(" ", "").translate(_MICRO)
    pieces = re.findall(r"(\d+(?:\.\d+)?)(us|ms|sec|s|min|m|h|d)?", word)
    seconds = sum(float(number) * _UNITS[unit or "s"] for number, unit in pieces)
    complete = "".join(number + unit for number, unit in pieces) == word
    if not complete or not pieces or not 0 < seconds < math.inf:
        raise OptionError(
            f"a duration above zero for {name}",
            repr(str(text)),
            "write it like 60s, 5m, 1.5h, 1m30s or 20ms",
        )
    return seconds


@dataclass(frozen=True)
class Budget:
    """What one fit may spend.

    Parameters
    ----------
    deadline : float, optional
        A moment of `time.monotonic` at which to stop; None means no clock.
    units : int, optional
        Exactly how many units (boosting rounds, trees, path steps) to fit; None means that the
        learner decides. A replayed run sets it, so that no clock has a say.

    Examples
    --------
    >>> Budget().left
    inf
    >>> Budget.seconds(60).expired
    False
    """

    deadline: float | None = None
    units: int | None = None

    @classmethod
    def seconds(cls, seconds: float | None, units: int | None = None) -> Budget:
        """Make a budget that ends `seconds` from now (None: never)."""
        deadline = None if seconds is None else time.monotonic() + seconds
        return cls(deadline, units)

    @property
    def left(self) -> float:
        """Seconds left, infinite without a deadline; negative when past it."""
        return math.inf if self.deadline is None else self.deadline - time.monotonic()

    @property
    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return self.left <= 0
