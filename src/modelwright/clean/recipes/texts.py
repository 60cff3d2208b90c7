"""Values of any type as a file would write them, and back."""

from __future__ import annotations

import polars as pl

__all__ = ["as_text", "typed_as"]


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Write values as a file would: 5.0 of a column of numbers is 5.

    Parameters
    ----------
    frame : polars.DataFrame
        Columns of single values.

    Examples
    --------
    >>> as_text(pl.DataFrame({"a": [5.0, 2.5, None]}))["a"].to_list()
    ['5', '2.5', None]
    """
    columns = []
    for column in frame:
        text = column.cast(pl.String)
        if column.dtype.is_float():
            text = text.str.strip_suffix(".0")
        columns.append(text)
    return pl.DataFrame(columns)


def typed_as(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Give a column of text a type, where every value allows it; else leave it as it is.

    Examples
    --------
    >>> typed_as(pl.Series(["5", None]), pl.Float64()).to_list()
    [5.0, None]
    >>> typed_as(pl.Series(["5", "five"]), pl.Float64()).to_list()
    ['5', 'five']
    """
    if column.dtype == dtype:
        return column
    try:
        back = column.cast(dtype, strict=False)
    except pl.exceptions.PolarsError:  # no way leads from text to this type
        return column
    return back if back.null_count() == column.null_count() else column
