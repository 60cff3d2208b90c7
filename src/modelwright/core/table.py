"""A table: typed columns and what they mean."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Kind, Role, Schema

__all__ = ["PHYSICAL", "Table"]

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

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.frame.height

    def rows(self, index: NDArray[np.integer]) -> Table:
        """Give the rows at these positions, in this order."""
        return Table(self.frame[np.asarray(index, dtype=np.int64)], self.schema, self.notes)

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
