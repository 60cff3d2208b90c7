"""One door for data of any origin."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from modelwright.acquire.files import read_file
from modelwright.acquire.frames import read_frame

__all__ = ["read_raw"]


def read_raw(data: object) -> pl.DataFrame:
    """Read a file or a table in memory, values untouched.

    Parameters
    ----------
    data : str, Path, frame, ndarray of shape (n_rows, n_columns) or mapping of columns
        A path to CSV, TSV, JSON, JSON lines (each also .gz or .zst), Parquet or Arrow; or a
        pandas, Polars, Arrow or NumPy table. It is never changed.

    Returns
    -------
    polars.DataFrame, shape (n_rows, n_columns)
        Cells of delimited text are strings as they stand, null where empty; typed sources keep
        their dtypes. Names are unique.

    Raises
    ------
    DataError
        When there is no such file, or it is no table with rows.

    Examples
    --------
    >>> read_raw({"a": [1, 2]}).columns
    ['a']
    >>> read_raw("no such folder/a.csv")
    Traceback (most recent call last):
    modelwright.core.errors.DataError: expected a file 'a.csv'; got no folder 'no such folder'
    """
    if isinstance(data, str | Path):
        return read_file(Path(data).expanduser())
    return read_frame(data)
