"""Gaps of a table filled, each column in its own way, the same way for new rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Protocol, Self

import numpy as np
import polars as pl

from modelwright.clean.impute.chained import Chained, FittedChained
from modelwright.clean.impute.columns import IMPUTED, imputable
from modelwright.clean.impute.nearest import FittedNeighbours, Neighbours
from modelwright.clean.impute.plain import FittedPlain, Plain
from modelwright.core.errors import ColumnError, ModelFileError, OptionError, did_you_mean
from modelwright.core.protocols import State
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table

__all__ = ["METHODS", "Filler", "FittedImputer", "Imputer", "Method", "find_method"]


class Filler(Protocol):
    """A fitted method: fills some columns."""

    name: ClassVar[str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it fills."""
        ...

    def fill(self, table: Table) -> pl.DataFrame:
        """Give its columns without gaps."""
        ...

    def export(self) -> State:
        """Give the whole state."""
        ...

    @classmethod
    def restore(cls, state: State) -> Self:
        """Rebuild from an exported state."""
        ...


class Method(Protocol):
    """A way to fill gaps: a frozen dataclass of settings with a `fit`."""

    @property
    def name(self) -> str:
        """The word for it."""
        ...

    def fit(self, table: Table, columns: Sequence[str], *, seed: int) -> Filler:
        """Learn from the rows of a table how to fill some of its columns."""
        ...


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "median": Plain("median"),
        "mean": Plain("mean"),
        "most-frequent": Plain("most-frequent"),
        "constant": Plain("constant"),
        "neighbours": Neighbours(),
        "ridge": Chained("ridge"),
        "trees": Chained("trees"),
    }
)
"""The ways to fill gaps, by the word for each on the command line."""

# The only names that a file may ask for.
_FILLERS: Mapping[str, type[FittedPlain | FittedNeighbours | FittedChained]] = MappingProxyType(
    {one.name: one for one in (FittedPlain, FittedNeighbours, FittedChained)}
)


def find_method(name: str) -> Method:
    """Give a method by its word.

    Raises
    ------
    OptionError
        When it is none.

    Examples
    --------
    >>> find_method("neighbours")
    Neighbours(k=5, rows=5000, gaps='expected')
    """
    if name not in METHODS:
        raise OptionError("a way to fill gaps", repr(name), did_you_mean(name, METHODS))
    return METHODS[name]


@dataclass(frozen=True)
class FittedImputer:
    """Fitted methods, each for its columns.

    Parameters
    ----------
    fillers : tuple of Filler
        No column is filled by two.
    words : tuple of str
        The word for each of the methods.
    indicators : tuple of str
        Columns beside which another says where they were missing.

    Examples
    --------
    >>> from modelwright.core.schema import Schema
    >>> schema = Schema((Column("a", Kind.NUMBER),))
    >>> table = Table(pl.DataFrame({"a": [1.0, None, 3.0]}), schema)
    >>> fitted = Imputer(Plain("mean"), indicators=True).fit(table)
    >>> fitted.transform(table).frame.rows()
    [(1.0, False), (2.0, True), (3.0, False)]
    """

    fillers: tuple[Filler, ...]
    words: tuple[str, ...]
    indicators: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose gaps it fills."""
        return tuple(name for one in self.fillers for name in one.columns)

    def transform(self, table: Table) -> Table:
        """Fill the gaps of a table, and add the indicators behind its columns.

        Parameters
        ----------
        table : Table
            With the columns of the fit, and any others, which stay as they are.

        Returns
        -------
        Table
            The same rows and columns in the same order; what was known is unchanged. Each filled
            column is filled from the table as it came, not from what others put into it.

        Raises
        ------
        ColumnError
            When a column is absent, or stored as something else.
        """
        self._check(table)
        filled: dict[str, pl.Series] = {}
        for one in self.fillers:
            gaps = any(table.frame[name].null_count() for name in one.columns)
            filled |= one.fill(table).to_dict(as_series=True) if gaps else {}
        marks = {
            name: table.frame[column].is_null().alias(name)
            for column, name in self._marks(table.schema)
        }
        frame = pl.DataFrame([filled.get(one.name, one) for one in table.frame])
        added = tuple(Column(name, Kind.BOOLEAN) for name in marks)
        schema = Schema((*table.schema.columns, *added))
        return Table(frame.hstack(list(marks.values())), schema, table.notes)

    def _marks(self, schema: Schema) -> list[tuple[str, str]]:
        found, taken = [], set(schema.names())
        for column in self.indicators:
            name = f"{column} is missing"
            while name in taken:
                name += "_"
            taken.add(name)
            found.append((column, name))
        return found

    def _check(self, table: Table) -> None:
        there = set(table.frame.columns)
        for name in (*self.columns, *self.indicators):
            if name not in there:
                cure = did_you_mean(name, table.frame.columns)
                raise ColumnError(f"a column {name!r}", "a table without it", cure)

    def log(self, table: Table) -> pl.DataFrame:
        """List every gap that `transform` fills.

        Returns
        -------
        polars.DataFrame
            ``row`` (from 0), ``column``, ``new`` as text, and ``rule``, the method; by row.
        """
        after = self.transform(table).frame
        pairs = zip(self.fillers, self.words, strict=True)
        rule = {name: word for one, word in pairs for name in one.columns}
        parts = []
        for name in self.columns:
            gap = table.frame[name].is_null() & after[name].is_not_null()
            rows = np.flatnonzero(gap.to_numpy())
            new = after[name].filter(gap).cast(pl.String)
            parts.append(pl.DataFrame({"row": rows, "new": new}).select(
                "row", pl.lit(name).alias("column"), "new", pl.lit(rule[name]).alias("rule")
            ))  # fmt: skip
        types = {"row": pl.Int64, "column": pl.String, "new": pl.String, "rule": pl.String}
        return pl.concat([pl.DataFrame(schema=types), *parts]).sort("row", maintain_order=True)

    def export(self) -> State:
        """Give the whole state."""
        states = [(one.name, one.export()) for one in self.fillers]
        config = {
            "fillers": [{"name": name, "config": dict(state.config)} for name, state in states],
            "words": list(self.words),
            "indicators": list(self.indicators),
        }
        arrays = {
            f"{i}/{key}": array
            for i, (_, state) in enumerate(states)
            for key, array in state.arrays.items()
        }
        return State(config, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedImputer:
        """Rebuild from an exported state.

        Raises
        ------
        ModelFileError
            When the state is unsound.
        """
        try:
            fillers = []
            for i, item in enumerate(state.config["fillers"]):
                prefix = f"{i}/"
                arrays = {
                    key.removeprefix(prefix): array
                    for key, array in state.arrays.items()
                    if key.startswith(prefix)
                }
                fillers.append(_FILLERS[item["name"]].restore(State(item["config"], arrays)))
            words, indicators = (
                tuple(str(name) for name in state.config[key]) for key in ("words", "indicators")
            )
            if len(words) != len(fillers):
                raise ValueError("words do not fit")
            return cls(tuple(fillers), words, indicators)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise ModelFileError(
                "a sound state of an imputer",
                f"{type(error).__name__}: {error}",
                "take the file from its source again",
            ) from error


@dataclass(frozen=True)
class Imputer:
    """Ways to fill the gaps of a table.

    A method sees all features of the table, and only them: never the target, a group or a weight.
    Fit it on training rows alone.

    Parameters
    ----------
    method : Method
        For every column that has none of its own.
    by_column : mapping of str to Method
        Columns with a method of their own.
    indicators : bool
        Whether each column with gaps gets another beside it that says where they were.

    Examples
    --------
    >>> schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.CATEGORY)))
    >>> frame = pl.DataFrame({"a": [1.0, None, 3.0], "b": ["x", "x", None]})
    >>> table = Table(frame, schema)
    >>> Imputer().fit(table).transform(table).frame.rows()
    [(1.0, 'x'), (2.0, 'x'), (3.0, 'x')]
    """

    method: Method = field(default_factory=Plain)
    by_column: Mapping[str, Method] = field(default_factory=dict)
    indicators: bool = False

    def fit(self, table: Table, *, seed: int = 0) -> FittedImputer:
        """Learn from training rows.

        Numbers, dates, truth values and categories are filled; text, keys, lists, places and
        pictures are left as they are, as is a column without any value. A column that has no gap
        here, and has one in later rows, takes its median or most frequent value there.

        Parameters
        ----------
        table : Table
            Training rows.
        seed : int
            The only source of randomness.

        Returns
        -------
        FittedImputer

        Raises
        ------
        ColumnError
            When `by_column` names a column that cannot be filled.
        """
        names = imputable(table)
        for name in self.by_column:
            if name not in table.schema or table.schema[name].kind not in IMPUTED:
                cure = did_you_mean(name, names) if names else ""
                raise ColumnError("a column of numbers, dates, truth values or categories",
                                  repr(name), cure)  # fmt: skip
        gaps = [name for name in names if table.frame[name].null_count()]
        groups: list[tuple[Method, list[str]]] = []
        for name in gaps:
            method = self.by_column.get(name, self.method)
            for known, columns in groups:
                if known == method:
                    columns.append(name)
                    break
            else:
                groups.append((method, [name]))
        whole = [name for name in names if name not in set(gaps)]
        if whole:
            groups.append((Plain(), whole))
        fitted = [(one.fit(table, columns, seed=seed), one.name) for one, columns in groups]
        kept = [(filler, word) for filler, word in fitted if filler.columns]
        return FittedImputer(
            tuple(filler for filler, _ in kept),
            tuple(word for _, word in kept),
            tuple(gaps) if self.indicators else (),
        )
