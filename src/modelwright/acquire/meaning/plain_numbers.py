"""Columns that are plainly numbers, so that they need not be read as text first."""

from __future__ import annotations

import polars as pl

__all__ = ["plain_numbers"]

# As a computer writes them: read as numbers, nothing of the text is lost.
_WHOLE = r"^(0|-?[1-9]\d{0,17})$"
_DECIMAL = r"^-?(0|[1-9]\d{0,17})(\.\d+)?([eE][+-]?\d{1,3})?$"


def plain_numbers(sample: pl.DataFrame) -> dict[str, pl.DataType]:
    """Find the columns whose every value is a number in its plainest form.

    Parameters
    ----------
    sample : polars.DataFrame of String, shape (n_rows, n_columns)
        Some rows; an empty cell is null.

    Returns
    -------
    dict of str to polars.DataType
        Int64 or Float64 by column. Not in it: text, leading zeros, signs such as "?" and "+",
        numbers of more than 18 digits, and columns without a value.

    Examples
    --------
    >>> sample = pl.DataFrame({"a": ["1", None], "b": ["0.5", "-2e-3"], "c": ["007", "1"]})
    >>> plain_numbers(sample)
    {'a': Int64, 'b': Float64}
    """
    found: dict[str, pl.DataType] = {}
    for values in sample:
        if values.dtype != pl.String or values.null_count() == len(values):
            continue
        if values.str.contains(_WHOLE).all():
            found[values.name] = pl.Int64()
        elif values.str.contains(_DECIMAL).all():
            found[values.name] = pl.Float64()
    return found
