"""One value for every gap of a column: a constant, the mean, the median, the most frequent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

import polars as pl

from modelwright.clean.impute.columns import IMPUTED
from modelwright.core.errors import OptionError, did_you_mean
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import PHYSICAL, Table

__all__ = ["FittedPlain", "Plain"]

HOWS = ("median", "mean", "most-frequent", "constant")


@dataclass(frozen=True)
class FittedPlain:
    """A value for each column.

    Parameters
    ----------
    kinds : mapping of str to Kind
        What each column is.
    values : mapping of str to value
        A number, a text, a truth value, or for a date the microseconds since 1970.
    """

    name: ClassVar[str] = "plain"

    kinds: Mapping[str, Kind]
    values: Mapping[str, Any]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it fills."""
        return tuple(self.values)

    def fill(self, table: Table) -> pl.DataFrame:
        """Give its columns without gaps."""
        columns = []
        for name, value in self.values.items():
            dtype = PHYSICAL[self.kinds[name]]
            columns.append(table.frame[name].cast(dtype).fill_null(pl.lit(value).cast(dtype)))
        return pl.DataFrame(columns)

    def export(self) -> State:
        """Give the whole state."""
        kinds = {name: kind.value for name, kind in self.kinds.items()}
        return State({"kinds": kinds, "values": dict(self.values)})

    @classmethod
    def restore(cls, state: State) -> FittedPlain:
        """Rebuild from an exported state."""
        kinds = {str(name): Kind(kind) for name, kind in state.config["kinds"].items()}
        values = dict(state.config["values"])
        if set(kinds) != set(values) or not all(_fits(values[name], kinds[name]) for name in kinds):
            raise ValueError("values do not fit their columns")
        return cls(kinds, values)


@dataclass(frozen=True)
class Plain:
    """Fill every gap of a column with one value.

    Parameters
    ----------
    how : str
        ``"median"``, ``"mean"``, ``"most-frequent"`` or ``"constant"``. Columns of levels and of
        truth values take the most frequent one for median and mean; of equally frequent values the
        smallest. A constant leaves truth values and dates as they are.
    number, level : float and str
        The constants.

    Raises
    ------
    OptionError
        When `how` is another word.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("a", Kind.NUMBER),))
    >>> table = Table(pl.DataFrame({"a": [1.0, None, 2.0, 9.0]}), schema)
    >>> Plain("median").fit(table, ("a",), seed=0).fill(table)["a"].to_list()
    [1.0, 2.0, 2.0, 9.0]
    """

    how: Literal["median", "mean", "most-frequent", "constant"] = "median"
    number: float = 0.0
    level: str = "missing"

    def __post_init__(self) -> None:
        if self.how not in HOWS:
            raise OptionError("a way to fill gaps", repr(self.how), did_you_mean(self.how, HOWS))

    @property
    def name(self) -> str:
        """The word for it."""
        return self.how

    def fit(self, table: Table, columns: Sequence[str], *, seed: int) -> FittedPlain:
        """Learn the values of some columns; those without any value are left out."""
        kinds = {name: table.schema[name].kind for name in columns}
        values = {name: self._value(table.frame[name], kinds[name]) for name in columns}
        kept = {name: value for name, value in values.items() if value is not None}
        return FittedPlain({name: kinds[name] for name in kept}, kept)

    def _value(self, series: pl.Series, kind: Kind) -> Any:
        if kind not in IMPUTED:
            return None
        if self.how == "constant":
            return {Kind.NUMBER: self.number, Kind.CATEGORY: self.level}.get(kind)
        known = series.drop_nulls()
        if kind is Kind.NUMBER:
            known = known.filter(known.is_finite())
        if not len(known):
            return None
        if self.how == "most-frequent" or kind in (Kind.CATEGORY, Kind.BOOLEAN):
            return _plain(known.mode().min())
        return _plain(known.mean() if self.how == "mean" else known.median())


def _fits(value: object, kind: Kind) -> bool:
    """Tell whether a value of a file is one of its kind."""
    if kind is Kind.CATEGORY:
        return isinstance(value, str)
    if kind is Kind.BOOLEAN or isinstance(value, bool):
        return kind is Kind.BOOLEAN and isinstance(value, bool)
    if kind not in IMPUTED or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or abs(value) < 2**63


def _plain(value: Any) -> Any:
    """Give a date as a number, which JSON can hold."""
    if not isinstance(value, datetime):
        return value
    return int(pl.Series([value], dtype=pl.Datetime("us")).to_physical()[0])
