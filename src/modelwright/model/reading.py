"""How more rows of the table of a fit are read."""

from __future__ import annotations

from dataclasses import replace

from modelwright.acquire import Reading
from modelwright.clean.recipes.rowwise import Cleaning
from modelwright.core.schema import Schema

__all__ = ["reading_of"]


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
