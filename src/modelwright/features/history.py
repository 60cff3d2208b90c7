"""What earlier rows of a level answered: the last answer, moving means, the mean so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind, Role
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.answers import MOST_CLASSES, answer_columns, answer_names, kept_parts
from modelwright.features.keys import word_keys
from modelwright.features.reading import columns_of, read, sound_state, texts
from modelwright.stats.histories import Timeline, codes_of, moments_of, texts_of

__all__ = ["FittedHistory", "History", "HistoryOf"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

_LARGEST = float(np.finfo(np.float32).max)
_MOST_NUMBERS = 8
_MOST_COLUMNS = 4


@dataclass(frozen=True)
class HistoryOf:
    """The earlier rows of each level of one column.

    Parameters
    ----------
    column : str
        The column; empty for all rows together.
    levels : tuple of str
        The known levels, ascending.
    line : Timeline
        The rows of each level in the order of time.
    sums : ndarray of float64, shape (n_rows, n_answers)
        The answers of a level up to each row, added up.
    last : ndarray of float64, shape (n_rows, n_numbers)
        The last known value of each column of numbers at each row.
    """

    column: str
    levels: tuple[str, ...]
    line: Timeline
    sums: Floats
    last: Floats

    @classmethod
    def of(
        cls, column: str, key: pl.Series, times: Floats, values: Floats, answers: Floats
    ) -> HistoryOf:
        """Put rows in order, level by level."""
        levels = tuple(key.drop_nulls().unique().sort())
        line, order = Timeline.of(codes_of(key, levels), times, len(levels))
        mine = np.repeat(np.arange(len(levels)), np.diff(line.starts))
        sums = _running(mine, answers[order])
        return cls(column, levels, line, sums, _last_known(mine, values[order]))

    def asked(
        self, key: pl.Series, times: Floats, own: Floats, gap: float, windows: Sequence[int]
    ) -> Floats:
        """Say what was known of levels before moments: answers, rows, time since, changes."""
        code = codes_of(key, self.levels)
        place = self.line.before(code, times, gap)
        known = np.flatnonzero(place >= 0)
        end, begin = place[known], self.line.starts[code[known]]
        width = self.sums.shape[1]
        answers = np.full((len(key), (len(windows) + 1) * width), np.nan)
        for i, window in enumerate((*windows, len(self.sums) + 1)):
            first = np.maximum(end - window + 1, begin)
            before = np.where(first > begin, first - 1, 0)
            total = self.sums[end] - np.where((first > begin)[:, None], self.sums[before], 0.0)
            answers[known, i * width : (i + 1) * width] = total / (end - first + 1)[:, None]
        rows, since = np.zeros(len(key)), np.full(len(key), np.nan)
        rows[known] = end - begin + 1
        since[known] = times[known] - self.line.times[end]
        change = np.full(own.shape, np.nan)
        change[known] = own[known] - self.last[end]
        return np.column_stack([answers, rows, since, change])


def _running(key: Places, values: Floats) -> Floats:
    """Add up the rows of each key, one after the other; nothing of another key comes in."""
    if not values.shape[1]:
        return values
    frame = pl.DataFrame({"key": key, **{str(i): column for i, column in enumerate(values.T)}})
    return frame.select(pl.exclude("key").cum_sum().over("key")).to_numpy().reshape(values.shape)


def _last_known(key: Places, values: Floats) -> Floats:
    if not values.shape[1]:
        return values
    frame = pl.DataFrame({"key": key, **{str(i): column for i, column in enumerate(values.T)}})
    known = frame.select(pl.exclude("key").fill_nan(None).forward_fill().over("key"))
    return known.cast(pl.Float64).fill_null(np.nan).to_numpy().reshape(values.shape)


@dataclass(frozen=True)
class FittedHistory:
    """Earlier rows by level, and how they are asked.

    Parameters
    ----------
    order : str
        The column of time.
    order_kind : Kind
        What it is.
    numbers : tuple of str
        Columns of numbers whose change since the last row counts.
    parts : tuple of HistoryOf
        One a column of levels.
    kinds : tuple of Kind
        What each of these columns is.
    gap : float
        How much earlier a row has to be at least.
    windows : tuple of int
        Over how many of the last answers means are taken.
    """

    name: ClassVar[str] = "history"
    code_names: ClassVar[tuple[str, ...]] = ()

    order: str
    order_kind: Kind
    numbers: tuple[str, ...]
    parts: tuple[HistoryOf, ...]
    kinds: tuple[Kind, ...]
    gap: float
    windows: tuple[int, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns."""
        levels = (part.column for part in self.parts if part.column)
        return tuple(dict.fromkeys((self.order, *levels, *self.numbers)))

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return tuple(name for part in self.parts for name in self._names(part))

    def _names(self, part: HistoryOf) -> tuple[str, ...]:
        who, width = part.column or "all rows", part.sums.shape[1]
        spans = ["last answer" if w == 1 else f"mean of the last {w} answers" for w in self.windows]
        said = (answer_names(f"{who}: {span}", width) for span in (*spans, "mean answer so far"))
        changes = (f"{who}: change of {column}" for column in self.numbers)
        told = (f"{who}: rows so far", f"{who}: time since the last row")
        return (*(name for names in said for name in names), *told, *changes)

    def transform(self, table: Table) -> Matrix:
        """Look up what was known of each row's levels before its own time.

        Raises
        ------
        ColumnError
            When a column is absent.
        """
        times, own = self._times(table), self._numbers(table)
        blocks = []
        for part, kind in zip(self.parts, self.kinds, strict=True):
            key = _keys(table, part.column, kind)
            blocks.append(part.asked(key, times, own, self.gap, self.windows))
        with np.errstate(over="ignore"):
            narrow = np.clip(np.hstack(blocks), -_LARGEST, _LARGEST).astype(np.float32)
        return Matrix.of_numbers(narrow, self.number_names)

    def _times(self, table: Table) -> Floats:
        return moments_of(read(table, [self.order], [self.order_kind])[0])

    def _numbers(self, table: Table) -> Floats:
        block = pl.DataFrame(read(table, self.numbers, [Kind.NUMBER] * len(self.numbers)))
        wide = block.to_numpy() if self.numbers else np.empty((table.height, 0))
        return np.where(np.isfinite(wide), wide, np.nan)

    def relearned(self, table: Table, y: Target) -> FittedHistory:
        """Give the same features, of the history of these rows alone."""
        times, own, answers = self._times(table), self._numbers(table), answer_columns(y)
        parts = tuple(
            HistoryOf.of(part.column, _keys(table, part.column, kind), times, own, answers)
            for part, kind in zip(self.parts, self.kinds, strict=True)
        )
        return FittedHistory(
            self.order, self.order_kind, self.numbers, parts, self.kinds, self.gap, self.windows
        )

    def keeping(self, clear: NDArray[np.bool_]) -> FittedHistory | None:
        """Leave out the columns whose history says nothing; None when nothing is left."""
        pairs = tuple(zip(self.parts, self.kinds, strict=True))
        kept = kept_parts(pairs, [len(self._names(part)) for part in self.parts], clear)
        if not kept:
            return None
        parts, kinds = zip(*kept, strict=True)
        return FittedHistory(
            self.order, self.order_kind, self.numbers, parts, kinds, self.gap, self.windows
        )

    def export(self) -> State:
        """Give the whole state."""
        config = {
            "order": self.order,
            "order_kind": self.order_kind.value,
            "numbers": list(self.numbers),
            "columns": [part.column for part in self.parts],
            "levels": [list(part.levels) for part in self.parts],
            "kinds": [kind.value for kind in self.kinds],
            "gap": self.gap,
            "windows": list(self.windows),
        }
        arrays: dict[str, NDArray[Any]] = {}
        for i, part in enumerate(self.parts):
            mine = (part.line.starts, part.line.times, part.sums, part.last)
            names = ("starts", "times", "sums", "last")
            arrays |= {f"{name}{i}": one for name, one in zip(names, mine, strict=True)}
        return State(config, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedHistory:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            numbers, parts = texts(state.config, "numbers"), []
            for i, column in enumerate(texts(state.config, "columns")):
                levels = texts({"levels": state.config["levels"][i]}, "levels")
                starts = np.asarray(state.arrays[f"starts{i}"], np.int64)
                times, sums, last = (
                    np.asarray(state.arrays[f"{name}{i}"], np.float64)
                    for name in ("times", "sums", "last")
                )
                _check(starts, times, levels)
                if (
                    sums.ndim != 2
                    or len(sums) != len(times)
                    or last.shape != (len(times), len(numbers))
                ):
                    raise ValueError("histories do not fit")
                parts.append(HistoryOf(column, levels, Timeline(starts, times), sums, last))
            kinds = tuple(Kind(kind) for kind in texts(state.config, "kinds"))
            windows = tuple(int(window) for window in state.config["windows"])
            if len(kinds) != len(parts) or not windows or min(windows) < 1:
                raise ValueError("columns or windows do not fit")
            order, kind = str(state.config["order"]), Kind(state.config["order_kind"])
            gap = float(state.config["gap"])
            return cls(order, kind, numbers, tuple(parts), kinds, gap, windows)


def _check(starts: Places, times: Floats, levels: Sequence[str]) -> None:
    if starts.shape != (len(levels) + 1,) or starts[0] != 0 or starts[-1] != len(times):
        raise ValueError("rows do not fit their levels")
    if (np.diff(starts) < 0).any() or np.isnan(times).any() or len(set(levels)) != len(levels):
        raise ValueError("rows or levels are not in order")


def _keys(table: Table, column: str, kind: Kind) -> pl.Series:
    if not column:
        return pl.Series(["all"] * table.height, dtype=pl.String)
    return texts_of(read(table, [column], [kind])[0])


@dataclass(frozen=True)
class History:
    """Lags and histories of the answer and of numbers, for rows with an order.

    For each level of a column, and for all rows together: the last answer, the mean of the last
    few, the mean so far, how many rows there were, how long ago the last one was, and how far
    numbers have changed since it. A row sees only training rows that are earlier than itself, by
    the gap at least: never its own answer, nor one of the same moment. A new row sees the whole
    history of the training rows; rows between are not known to a model that is not fitted again.
    So `Recipe.fit_transform` lets training rows see blocks of earlier rows only, as new rows do.

    Parameters
    ----------
    by : tuple of str, optional
        The columns of levels, ``""`` for all rows together. None: all rows, and up to four
        categories and keys whose levels come three times or more in the mean.
    gap : float
        How much earlier a row has to be at least: days where the order is a date, otherwise in its
        own units. It is the horizon after which an answer becomes known.
    windows : tuple of int
        Over how many of the last answers means are taken; 1 is the last answer itself.

    Raises
    ------
    OptionError
        When the gap is negative, or a window is below 1.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("shop", Kind.CATEGORY), Column("day", Kind.NUMBER, Role.ORDER)))
    >>> frame = pl.DataFrame({"shop": ["a", "b", "a", "a"], "day": [1.0, 1.0, 2.0, 3.0]})
    >>> table = Table(frame, schema)
    >>> fitted = History(by=("shop",)).fit(table, Target(np.array([5.0, 7.0, 9.0, 0.0])), seed=0)
    >>> fitted.number_names[0], fitted.transform(table).numbers[:, 0].tolist()
    ('shop: last answer', [nan, nan, 5.0, 9.0])
    """

    uses_target: ClassVar[bool] = True

    by: tuple[str, ...] | None = None
    gap: float = 0.0
    windows: tuple[int, ...] = (1, 3, 10)

    def __post_init__(self) -> None:
        if self.gap < 0 or not self.windows or min(self.windows) < 1:
            raise OptionError("a gap of 0 or more, and windows of 1 row or more",
                              f"{self.gap} and {self.windows}")  # fmt: skip

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedHistory | None:
        """Keep the history; None for rows without an order, or of more than 10 classes."""
        order = next(iter(table.schema.names(Role.ORDER)), None)
        if order is None or not len(y) or y.classes > MOST_CLASSES:
            return None
        if table.schema[order].kind not in (Kind.NUMBER, Kind.DATETIME):
            return None
        by = [name for name in self._by(table) if not name or name in table.features()]
        if not by:
            return None
        numbers = [name for name in columns_of(table, Kind.NUMBER) if name != order]
        kinds = tuple(table.schema[name].kind if name else Kind.CATEGORY for name in by)
        empty = np.empty((0, 0))
        nobody = Timeline(np.zeros(1, np.int64), np.empty(0))
        parts = tuple(HistoryOf(name, (), nobody, empty, empty) for name in by)
        kind, few = table.schema[order].kind, tuple(numbers[:_MOST_NUMBERS])
        start = FittedHistory(order, kind, few, parts, kinds, self.gap, self.windows)
        return start.relearned(table, y)

    def _by(self, table: Table) -> tuple[str, ...]:
        if self.by is not None:
            return self.by
        found = [""]
        for name in (*columns_of(table, Kind.CATEGORY), *word_keys(table)):
            levels = table.frame[name].drop_nulls().n_unique()
            if 2 <= levels <= table.height / 3 and len(found) <= _MOST_COLUMNS:
                found.append(name)
        return tuple(found)
