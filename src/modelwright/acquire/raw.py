"""What a reader is asked, and what it gives."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from modelwright.core.schema import Kind, Role, Schema

__all__ = ["Drawn", "Raw", "Reading"]

_NAMELESS = re.compile(r"column_\d+")


@dataclass(frozen=True)
class Drawn:
    """Where a sample of rows was drawn from.

    Parameters
    ----------
    rows : int
        How many rows the file has, lines that are none counted within them.
    path : str
        The file; empty where it cannot be read a second time.
    texts : frozenset of str
        The columns that were read as text.
    """

    rows: int
    path: str = ""
    texts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Raw:
    """A table as it was found.

    Parameters
    ----------
    frame : polars.DataFrame, shape (n_rows, n_columns)
        Values untouched; names are unique.
    notes : tuple of str
        What the user should know of the reading, each a sentence.
    set_aside : tuple of int
        The lines of the file whose rows could not be aligned with the columns and were left out.
    encoding : str
        How the text of the file is encoded, as Python calls it; empty for UTF-8, and where there
        is no text.
    folder : pathlib.Path, optional
        Where the file is; None for what is no file.
    drawn : Drawn, optional
        The file, where these rows are a sample of it; None: they are all.

    Examples
    --------
    >>> Raw(pl.DataFrame({"a": [1]})).notes
    ()
    """

    frame: pl.DataFrame
    notes: tuple[str, ...] = ()
    set_aside: tuple[int, ...] = ()
    encoding: str = ""
    folder: Path | None = None
    drawn: Drawn | None = None


@dataclass(frozen=True)
class Reading:
    """How a source is to be read; the defaults suit a table that nobody has seen before.

    Parameters
    ----------
    header : bool, optional
        Whether the first row of delimited text or of a sheet holds names; None finds out.
    verbatim : frozenset of str
        Columns of a text file whose exact text matters ("007"); blanks around a name are forgiven.
    known : tuple of str
        The names that a table of this kind had before; a file without a header takes them.
    target : str
        That one of the known names which a file may lack.
    in_place : bool
        Every row keeps its place: one that cannot be aligned is a row of missing values.
    room : int, optional
        How many bytes the table may take; a uniform sample of a larger file is drawn. None: any.
    seed : int
        Of the sample.
    encoding : str, optional
        How the text of the file is encoded, by any name of it; None finds out.
    usual : str
        How a table of this kind was encoded before: text that is not UTF-8 is taken for that.
    as_text : bool
        Every column of a text file stays text, however plainly it holds numbers.
    may_be_empty : bool
        A table without rows is one, such as a header alone.
    """

    header: bool | None = None
    verbatim: frozenset[str] = frozenset()
    known: tuple[str, ...] = ()
    target: str = ""
    in_place: bool = False
    room: int | None = None
    seed: int = 0
    encoding: str | None = None
    usual: str = ""
    as_text: bool = False
    may_be_empty: bool = False

    @classmethod
    def like(cls, schema: Schema, usual: str = "", encoding: str | None = None) -> Reading:
        """Ask for more rows of the table that this schema was found in.

        `usual` is how that was encoded, `encoding` how these rows are, where somebody said so.

        Examples
        --------
        >>> from modelwright.core.schema import Column
        >>> schema = Schema((Column("column_1", Kind.NUMBER), Column("column_2", Kind.ID)))
        >>> reading = Reading.like(schema)
        >>> reading.header, sorted(reading.verbatim)
        (False, ['column_2'])
        """
        names = schema.names()
        nameless = all(_NAMELESS.fullmatch(name) for name in names)
        return cls(
            header=False if nameless else None,
            verbatim=frozenset(c.name for c in schema if c.kind is not Kind.NUMBER or c.format),
            known=names,
            target=next(iter(schema.names(Role.TARGET)), ""),
            in_place=True,
            usual=usual,
            encoding=encoding,
        )

    def typed(self, names: Iterable[str]) -> list[str]:
        """List those of some columns whose exact text does not matter."""
        if self.as_text:
            return []
        wanted = {name.strip() for name in self.verbatim}
        return [name for name in names if name.strip() not in wanted]
