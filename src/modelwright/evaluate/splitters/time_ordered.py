"""Fit on the past, score the future."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelwright.core.errors import OptionError
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.splitters.common import at_least, instead
from modelwright.evaluate.splitters.times import Span, Times, read_times

__all__ = ["Reach", "TimeOrdered"]


@dataclass(frozen=True)
class TimeOrdered:
    """Fit on the past, score the future: an expanding window (Hyndman and Athanasopoulos 2021).

    The rows are cut by time into ``k + 1`` blocks of about equal size; fold i is fitted on the
    first i blocks and scored on the next one. Rows of the same time are never parted, and rows
    without a time are in no fold. A group may stand on both sides, earlier and later: the score
    is of the same shops next month. For new groups as well, see `GroupTime`.

    Which earlier rows are fitted on, when the first scored row comes at time s: those at a time t
    with ``t + horizon + gap < s``, and ``t >= s - horizon - gap - window``.

    Parameters
    ----------
    column : str
        The column that gives the order: dates, numbers, or texts; see `read_times`.
    k : int
        How many folds, at least 1.
    gap : str or float, optional
        What is left out between the rows fitted on and those scored, because answers arrive late:
        ``"7d"`` or ``"12h"`` for dates, a number in the column's unit for numbers.
    window : str or float, optional
        The length of a rolling window that is fitted on; None: all of the past.
    horizon : str or float, optional
        The answer of a row at time t looks as far ahead as t + horizon ("will it fail within 30
        days?"). Rows whose answer looks into the scored block are left out (purged; Lopez de Prado
        2018, chapter 7).

    Raises
    ------
    OptionError
        When `k` is below 1.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Role, Schema
    >>> schema = Schema((Column("year", Kind.NUMBER, Role.ORDER),))
    >>> table = Table(pl.DataFrame({"year": [3.0, 1.0, 2.0, 2.0, 4.0, 5.0]}), schema)
    >>> splits = TimeOrdered("year", 2).split(table, Target(np.zeros(6)), seed=0)
    >>> [(fold.train.tolist(), fold.valid.tolist()) for fold in splits.folds]
    [([1, 2, 3], [0]), ([0, 1, 2, 3], [4, 5])]
    """

    column: str
    k: int = 5
    gap: Span = None
    window: Span = None
    horizon: Span = None

    def __post_init__(self) -> None:
        at_least(1, self.k)

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the folds.

        Raises
        ------
        DataError
            For fewer than 2 rows that have a time, or for texts without an order.
        OptionError
            When all rows have the same time, or gap and window leave nothing to fit on.
        ColumnError
            When there is no such column.
        """
        times = read_times(table, self.column)
        reach = Reach.of(times, self.gap, self.window, self.horizon)
        blocks = times.blocks(self.k + 1)[1:]
        pairs = [(times.before(b, reach.apart, reach.window), times.inside(b)) for b in blocks]
        folds = tuple(
            Fold(np.flatnonzero(past), np.flatnonzero(later)) for past, later in pairs if past.any()
        )
        if not folds:
            raise reach.too_wide(self.column)
        if len(folds) < len(blocks):
            few = f"{reach.words} leaves nothing to fit on before the first ones"
        else:
            few = f"{self.column!r} has {times.different:,} different values"
        reason = (
            f"{times.known:,} rows in the order of {self.column!r} make {len(folds)} "
            f"{'fold' if len(folds) == 1 else 'folds'}{instead(self.k, len(folds), few)}, each "
            f"scored on rows later than those it is fitted on{reach.said}{times.without}."
        )
        return Splits(folds, table.height, "time-ordered", reason)


@dataclass(frozen=True)
class Reach:
    """How far back the rows lie that are fitted on.

    Parameters
    ----------
    apart : float
        What is left out before the scored rows, in the unit of `Times`: horizon and gap.
    window : float
        How much before that is taken; infinite: all.
    words, said : str
        The same for a person: the part of a sentence, and the end of one.
    """

    apart: float
    window: float
    words: str
    said: str

    @classmethod
    def of(cls, times: Times, gap: Span, window: Span, horizon: Span) -> Reach:
        """Read what the user says."""
        apart = times.span(gap, "gap") + times.span(horizon, "horizon")
        length = math.inf if window is None else times.span(window, "window")
        if not length:
            raise OptionError("a window above zero", repr(str(window)))
        given = [("horizon", horizon), ("gap", gap)]
        words = " and ".join(f"a {name} of {value}" for name, value in given if value is not None)
        said = f", with {words} between them" if words else ""
        if window is not None:
            said += f", fitted on a window of {window}"
            words = f"{words} and a window of {window}" if words else f"a window of {window}"
        return cls(apart, length, words, said)

    def too_wide(self, column: str) -> OptionError:
        """Say that nothing is left to fit on."""
        return OptionError(
            f"rows to fit on before every block of {column!r}",
            f"none with {self.words}" if self.words else "none",
            "make gap and horizon shorter or the window longer, or ask for fewer folds",
        )
