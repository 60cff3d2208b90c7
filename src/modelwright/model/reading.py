"""How more rows of the table of a fit are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from modelwright.acquire import Raw, Reading
from modelwright.core.schema import Schema

if TYPE_CHECKING:
    from modelwright.clean.recipes.rowwise import Cleaning, Mended

__all__ = ["as_mended", "mended_rows", "reading_of"]


def reading_of(
    schema: Schema, cleaning: Cleaning | None, usual: str = "", encoding: str | None = None
) -> Reading:
    """Ask for rows as they came at the fit: what is mended as it stands in the file.

    Parameters
    ----------
    schema : Schema
        Of the table, once it was cleaned.
    cleaning : Cleaning, optional
        What is done to rows before they are typed.
    usual, encoding
        As for `Reading.like`.

    Returns
    -------
    Reading

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind
    >>> reading_of(Schema((Column("area", Kind.NUMBER),)), None).known
    ('area',)
    """
    reading = Reading.like(schema, usual, encoding)
    if cleaning is None:
        return reading
    verbatim = reading.verbatim | cleaning.verbatim
    return replace(reading, known=cleaning.columns, verbatim=verbatim, target=cleaning.target)


def as_mended(data: object) -> Mended | None:
    """Give rows that were mended before; None for all others.

    Parameters
    ----------
    data : object
        What somebody asks about.
    """
    from modelwright.clean.recipes.rowwise import Mended  # late: fits of images mend nothing

    return data if isinstance(data, Mended) else None


def mended_rows(raw: Raw, cleaning: Cleaning | None, columns: Sequence[str]) -> Mended:
    """Mend rows as those of the fit were.

    Parameters
    ----------
    raw : Raw
        As they were read.
    cleaning : Cleaning, optional
        What mends them; None: they stay as they are.
    columns : sequence of str
        Those that a model reads.
    """
    from modelwright.clean.recipes.rowwise import Mended

    if cleaning is None:
        return Mended(raw.frame, folder=raw.folder)
    return replace(cleaning.mend(raw.frame, columns), folder=raw.folder)
