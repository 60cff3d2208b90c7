"""Features of a second table: what its rows say of the key of a row, as of the row's own time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import ColumnError, OptionError, did_you_mean
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.reading import read, sound_state, texts
from modelwright.stats.histories import Summaries, Timeline, moments_of, texts_of

__all__ = ["FittedRelated", "Related"]

_SINCE = "time since the last row"
_SUMMARISED = (Kind.NUMBER, Kind.BOOLEAN, Kind.CATEGORY, Kind.TEXT)
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class FittedRelated:
    """What a second table says of each key, after each of its rows.

    Parameters
    ----------
    columns : tuple of str
        The key; and the time, where only earlier rows count.
    kinds : tuple of Kind
        What each of them is.
    called : str
        The word for the second table in the names of features.
    gap : float
        How much earlier a row has to be at least.
    found : Summaries
        The second table.

    Examples
    --------
    >>> import polars as pl
    >>> orders = Summaries.of(pl.DataFrame({"paid": [2.0]}), pl.Series(["a"]))
    >>> FittedRelated(("who",), (Kind.CATEGORY,), "orders", 0.0, orders).number_names[:2]
    ('orders: rows', 'orders: paid: mean')
    """

    name: ClassVar[str] = "related"
    code_names: ClassVar[tuple[str, ...]] = ()

    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]
    called: str
    gap: float
    found: Summaries

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        names = [f"{self.called}: {name}" for name in self.found.names]
        return (*names, f"{self.called}: {_SINCE}") if len(self.columns) > 1 else tuple(names)

    def transform(self, table: Table) -> Matrix:
        """Look up each row's key, as of its time where there is one.

        Raises
        ------
        ColumnError
            When a column is absent.
        """
        asked = read(table, self.columns, self.kinds)
        key, times = texts_of(asked[0]), None
        if len(self.columns) > 1:
            times = moments_of(asked[1])
        values = self.found.before(key, times, self.gap)
        if times is not None:
            values = np.column_stack([values, times - self.found.last_time(key, times, self.gap)])
        with np.errstate(over="ignore"):
            narrow = np.clip(values, -_LARGEST, _LARGEST).astype(np.float32)
        return Matrix.of_numbers(narrow, self.number_names)

    def export(self) -> State:
        """Give the whole state."""
        config = {
            "columns": list(self.columns),
            "kinds": [kind.value for kind in self.kinds],
            "called": self.called,
            "gap": self.gap,
            "keys": list(self.found.keys),
            "names": list(self.found.names),
        }
        line = self.found.line
        arrays = {"starts": line.starts, "times": line.times, "values": self.found.values}
        return State(config, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedRelated:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            columns, kinds = texts(state.config, "columns"), texts(state.config, "kinds")
            keys, names = texts(state.config, "keys"), texts(state.config, "names")
            starts = np.asarray(state.arrays["starts"], np.int64)
            times = np.asarray(state.arrays["times"], np.float64)
            values = np.asarray(state.arrays["values"], np.float64)
            _check(starts, times, values, len(keys), len(names))
            if not 1 <= len(columns) == len(kinds) <= 2 or len(set(keys)) != len(keys):
                raise ValueError("columns or keys do not fit")
            found = Summaries(keys, Timeline(starts, times), names, values)
            called, gap = str(state.config["called"]), float(state.config["gap"])
            return cls(columns, tuple(Kind(kind) for kind in kinds), called, gap, found)


def _check(
    starts: NDArray[np.int64],
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    keys: int,
    names: int,
) -> None:
    if starts.shape != (keys + 1,) or starts[0] != 0 or starts[-1] != len(times):
        raise ValueError("rows do not fit their keys")
    if (np.diff(starts) < 0).any() or np.isnan(times).any():
        raise ValueError("rows are not in order")
    if values.shape != (len(times), names) or not names:
        raise ValueError("values do not fit their names")


@dataclass(frozen=True)
class Related:
    """Aggregates of a second table by a key, as features: rows, means, extremes, last values.

    With times, a row sees only what happened before it: rows of the second table at its own moment
    or later are not looked at, in training as in prediction. The second table is kept in the
    fitted step, one row of summaries a key, or with times a row; a key that it lacks has no rows.

    Parameters
    ----------
    table : Table
        The second table. Numbers, truth values, categories and texts are summarised.
    key : str
        The key column of the table that is fitted, among its features.
    other_key : str
        That of the second table; the same name when left out.
    time : str
        When a row was, in the table that is fitted; without it all rows of a key count, whenever
        they were.
    other_time : str
        The same of the second table; the same name when left out.
    gap : float
        How much earlier a row has to be at least: days where times are dates.
    called : str
        The word for the second table in the names of features.

    Raises
    ------
    ColumnError
        When the second table lacks a column.
    OptionError
        When the gap is negative, or there is one without times.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("who", Kind.CATEGORY), Column("paid", Kind.NUMBER)))
    >>> orders = Table(pl.DataFrame({"who": ["a", "a"], "paid": [2.0, 4.0]}), schema)
    >>> people = Table(pl.DataFrame({"who": ["a", "b"]}), schema.select(["who"]))
    >>> step = Related(orders, "who", called="orders")
    >>> fitted = step.fit(people, Target(np.zeros(2)), seed=0)
    >>> fitted.transform(people).numbers[:, :2].tolist()
    [[2.0, 3.0], [0.0, nan]]
    """

    uses_target: ClassVar[bool] = False

    table: Table = field(repr=False)
    key: str
    other_key: str = ""
    time: str = ""
    other_time: str = ""
    gap: float = 0.0
    called: str = "related"

    def __post_init__(self) -> None:
        for name in (self._key, self._time):
            if name and name not in self.table.schema:
                cure = did_you_mean(name, self.table.schema.names())
                raise ColumnError(f"a column {name!r} in the second table", "none", cure)
        if self.gap < 0 or (self.gap and not self.time):
            raise OptionError("a gap of 0 or more, and times with it", repr(self.gap))

    @property
    def _key(self) -> str:
        return self.other_key or self.key

    @property
    def _time(self) -> str:
        return self.other_time or self.time

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedRelated | None:
        """Summarise the second table; None when the key or the time is no feature of the first."""
        columns = (self.key, self.time) if self.time else (self.key,)
        if not set(columns) <= set(table.features()):
            return None
        aside = {self._key, self._time}
        kept = [c.name for c in self.table.schema if c.kind in _SUMMARISED and c.name not in aside]
        times = moments_of(self.table.frame[self._time]) if self.time else None
        key = texts_of(self.table.frame[self._key])
        found = Summaries.of(self.table.frame[kept], key, times)
        kinds = tuple(table.schema[name].kind for name in columns)
        return FittedRelated(columns, kinds, self.called, self.gap, found)
