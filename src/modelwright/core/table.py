"""A table: typed columns and what they mean."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Kind, Role, Schema

__all__ = ["FEW", "PHYSICAL", "Table"]

T = TypeVar("T")

FEW = 64
"""Rows up to which what a call costs counts, and not what a row costs."""

# How each kind is stored: one dtype a kind, so that steps need not ask.
PHYSICAL: dict[Kind, pl.DataType] = {
    Kind.NUMBER: pl.Float64(),
    Kind.CATEGORY: pl.String(),
    Kind.TEXT: pl.String(),
    Kind.DATETIME: pl.Datetime("us"),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.ID: pl.String(),
    Kind.LIST: pl.String(),
    Kind.GEO: pl.String(),
    Kind.IMAGE: pl.String(),
}


@dataclass(frozen=True)
class Table:
    """Typed columns (Polars inside) and their schema.

    Parameters
    ----------
    frame : polars.DataFrame
        One column for each column of the schema, in the same order, stored as `PHYSICAL` says;
        a missing value is null.
    schema : Schema
        What the columns mean.
    notes : tuple of str
        What was noticed while reading, each a sentence for the user.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> table = Table(pl.DataFrame({"a": [1.0, 2.0]}), Schema((Column("a", Kind.NUMBER),)))
    >>> table.height
    2
    """

    frame: pl.DataFrame
    schema: Schema
    notes: tuple[str, ...] = field(default=())
    _made: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def series(self) -> dict[str, pl.Series]:
        """The columns by name, listed once: in a wide frame that is slow."""
        return self.frame.to_dict(as_series=True)

    def once(self, what: Hashable, make: Callable[[], T]) -> T:
        """Give what was made of few rows before; several models ask for the same of one row.

        Parameters
        ----------
        what : hashable
            What it is.
        make : callable
            Makes it. Of many rows nothing is kept: it would fill the memory.
        """
        if self.height > FEW:
            return make()
        if what not in self._made:
            self._made[what] = make()
        return cast(T, self._made[what])

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.frame.height

    def rows(self, index: NDArray[np.integer]) -> Table:
        """Give the rows at these positions, in this order."""
        return Table(self.frame[np.asarray(index, dtype=np.int64)], self.schema, self.notes)

    def part(self, start: int, stop: int) -> Table:
        """Give the rows from one position up to another, which are not copied."""
        if start == 0 and stop >= self.height:
            return self
        return Table(self.frame[start:stop], self.schema, self.notes)

    def select(self, names: Sequence[str]) -> Table:
        """Give some of the columns, in the order asked for."""
        # not frame.select, to which a column called "*" is all of them
        return Table(self.frame[list(names)], self.schema.select(names), self.notes)

    def features(self) -> tuple[str, ...]:
        """List the columns that a model may see."""
        return self.schema.names(Role.FEATURE) + self.schema.names(Role.ORDER)

    def fingerprint(self) -> str:
        """Hash names, meanings and every value: equal tables have equal fingerprints.

        Returns
        -------
        str
            32 hexadecimal digits, stable between processes and machines of one Polars version.
        """
        digest = hashlib.blake2b(digest_size=16)
        digest.update(repr([(c.name, c.kind.value) for c in self.schema]).encode())
        digest.update(str(self.frame.height).encode())
        digest.update(self.frame.hash_rows(seed=0).to_numpy().tobytes())
        return digest.hexdigest()
