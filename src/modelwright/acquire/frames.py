"""Tables in memory, from any frame library, as Polars."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from narwhals.exceptions import DuplicateError

from modelwright.acquire.names import unique_names
from modelwright.core.errors import DataError

__all__ = ["like", "plain", "read_frame"]


def read_frame(data: object, *, may_be_empty: bool = False) -> pl.DataFrame:
    """Turn a table in memory into a Polars frame, without changing the table.

    Parameters
    ----------
    data : frame, ndarray of shape (n_rows, n_columns) or mapping of columns
        Polars, pandas, Arrow or anything else that narwhals knows. pandas needs no pyarrow.
    may_be_empty : bool
        Whether a table without rows is one.

    Returns
    -------
    polars.DataFrame, shape (n_rows, n_columns)
        With the dtypes of `data`.

    Raises
    ------
    DataError
        When `data` is no table, or has no columns, or no rows where there have to be some.

    Examples
    --------
    >>> read_frame({"a": [1, 2]}).shape
    (2, 1)
    """
    frame = _frame(data)
    if not frame.width or not (frame.height or may_be_empty):
        rows, columns = frame.shape
        raise DataError("a table with rows and columns", f"{rows} rows of {columns} columns")
    return frame


def like(frame: pl.DataFrame, data: object) -> Any:
    """Give a frame as the kind of table that `data` is, row for row.

    Parameters
    ----------
    frame : polars.DataFrame, shape (n_rows, n_columns)
        Numbers, booleans and text.
    data : object
        What a user passed in.

    Returns
    -------
    Any
        A pandas frame for a pandas frame, with its index; an Arrow table for an Arrow table;
        `frame` for everything else.

    Examples
    --------
    >>> like(pl.DataFrame({"a": [1]}), {"x": [2]}).columns
    ['a']
    """
    if isinstance(data, pl.DataFrame):
        return frame
    given = nw.from_native(data, eager_only=True, pass_through=True)
    if not isinstance(given, nw.DataFrame) or given.implementation.is_polars():
        return frame
    if not given.implementation.is_pandas_like():
        plain = {s.name: s.to_list() if s.dtype == pl.List else s for s in frame}
        return nw.from_dict(plain, backend=given.implementation).to_native()
    # Column by column through NumPy or lists: whole-frame conversion would need pyarrow.
    as_lists = (pl.String, pl.List)
    columns = {s.name: s.to_list() if s.dtype in as_lists else s.to_numpy() for s in frame}
    result = nw.from_dict(columns, backend=given.implementation).to_native()
    result.index = given.to_native().index
    return result


def _frame(data: object) -> pl.DataFrame:
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if isinstance(data, pl.DataFrame):
        return data
    if isinstance(data, np.ndarray):
        return _from_array(data)
    if isinstance(data, Mapping):
        return _from_mapping(data)
    return _from_foreign(data)


def _from_array(array: np.ndarray[Any, Any]) -> pl.DataFrame:
    if array.ndim != 2:
        raise DataError("an array of 2 dimensions", f"shape {array.shape}", "reshape it")
    columns = (np.ascontiguousarray(array[:, j]) for j in range(array.shape[1]))
    return pl.DataFrame([_numpy_series(str(j), column) for j, column in enumerate(columns)])


def _from_mapping(data: Mapping[Any, Any]) -> pl.DataFrame:
    names = unique_names(data)
    columns = [
        _given_series(name, values) for name, values in zip(names, data.values(), strict=True)
    ]
    if len({len(column) for column in columns}) > 1:
        lengths = {column.name: len(column) for column in columns}
        raise DataError("columns of one length", str(lengths))
    return pl.DataFrame(columns)


def _given_series(name: str, values: object) -> pl.Series:
    if isinstance(values, np.ndarray) and values.ndim:
        return _numpy_series(name, values)
    if isinstance(values, str | bytes | np.ndarray) or not isinstance(values, Iterable):
        got = f"{type(values).__name__} {str(values)[:40]!r}"
        raise DataError(f"a list of values in column {name!r}", got, "give one value a row")
    return _list_series(name, list(values))


def _from_foreign(data: Any) -> pl.DataFrame:
    try:
        frame: Any = nw.from_native(data)
    except DuplicateError:
        if not hasattr(data, "set_axis"):  # only pandas allows equal names
            raise DataError("unique column names", "repeated ones", "rename them") from None
        frame = nw.from_native(data.set_axis(unique_names(data.columns), axis=1))
    except TypeError:
        raise DataError(
            "a file name, or a pandas, Polars, Arrow or NumPy table",
            f"a {type(data).__name__}",
            "pass one of these",
        ) from None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if frame.implementation.is_pandas_like():
        names = unique_names(frame.columns)
        columns = [
            _pandas_series(name, column)
            for name, column in zip(names, frame.iter_columns(), strict=True)
        ]
        return pl.DataFrame(columns)
    result: pl.DataFrame = frame.to_polars()
    return result


def _pandas_series(name: str, column: nw.Series[Any]) -> pl.Series:
    # Column by column through NumPy or lists: whole-frame conversion would need pyarrow.
    missing = column.is_null().to_numpy()
    array = column.to_numpy()
    if array.dtype.kind in "iufbM" and not (column.dtype.is_integer() and missing.any()):
        return _numpy_series(name, array)
    values = [None if gone else v for v, gone in zip(column.to_list(), missing, strict=True)]
    series = _list_series(name, values)
    return series.cast(pl.Categorical) if _is_label(column.dtype, series) else series


def _is_label(dtype: nw.dtypes.DType, series: pl.Series) -> bool:
    labels = isinstance(dtype, nw.Categorical | nw.Enum)
    return labels and series.dtype == pl.String


def _numpy_series(name: str, array: np.ndarray[Any, Any]) -> pl.Series:
    if array.dtype.kind == "M":
        return pl.Series(name, array.astype("datetime64[us]"))
    if array.dtype.kind in "iuf":
        widened = array.astype(np.float32) if array.dtype == np.float16 else array
        return pl.Series(name, widened, nan_to_null=True)
    if array.dtype.kind == "b":
        return pl.Series(name, array)
    return _list_series(name, array.tolist())


def _list_series(name: str, values: list[Any]) -> pl.Series:
    present = [None if _is_missing(v) else v for v in values]
    kinds = {type(value) for value in present if value is not None}
    if kinds <= {int, float} or len(kinds) <= 1:
        try:
            return pl.Series(name, present, strict=False)
        except (TypeError, ValueError, OverflowError):  # objects that Polars does not know
            pass
    return pl.Series(name, [None if v is None else str(v) for v in present], dtype=pl.String)


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def plain(values: pl.Series) -> pl.Series:
    """Reduce any dtype to String, Boolean, Datetime("us"), an integer or a float without NaN.

    Nested values become JSON, durations seconds, moments UTC.

    Examples
    --------
    >>> import polars as pl
    >>> plain(pl.Series([[1, 2], None])).to_list()
    ['[1, 2]', None]
    """
    dtype = values.dtype
    if dtype == pl.String or dtype == pl.Boolean or dtype.is_integer():
        return values
    if dtype.is_float():
        # A sum passes on what is no number, and is several times quicker than to look for it.
        return values.fill_nan(None) if math.isnan(values.sum()) else values
    if isinstance(dtype, pl.Datetime):
        utc = values.dt.convert_time_zone("UTC") if dtype.time_zone else values
        return utc.dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if dtype == pl.Date:
        return values.cast(pl.Datetime("us"))
    if isinstance(dtype, pl.Duration):
        return values.dt.total_microseconds() / 1e6
    if dtype.is_decimal():
        return values.cast(pl.Float64)
    if dtype.is_nested():
        texts = [None if v is None else _json(v) for v in values.to_list()]
        return pl.Series(values.name, texts, dtype=pl.String)
    if dtype == pl.Object or dtype == pl.Binary:
        texts = [None if v is None else str(v) for v in values.to_list()]
        return pl.Series(values.name, texts, dtype=pl.String)
    return values.cast(pl.String)


def _json(value: object) -> str:
    content = value.to_list() if isinstance(value, pl.Series) else value
    return json.dumps(content, default=str, ensure_ascii=False)
