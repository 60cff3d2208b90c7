"""The right values of a few rows, as somebody wrote them down."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.cells import Labels
from modelwright.core.errors import ColumnError, DataError, did_you_mean
from modelwright.store.bounded import read_bounded

__all__ = ["ROW", "check_labels", "read_labels", "wrong_cells"]

ROW = "row"
"""The column of a file of labels that says which row is meant, counted from 0."""
LARGEST = 64 * 2**20
_CURE = f"write a CSV file with the column {ROW!r} (from 0) and columns of the table"


def read_labels(path: str | Path, cells: pl.DataFrame) -> Labels:
    r"""Read the right values of a few rows from a CSV file.

    Parameters
    ----------
    path : str or Path
        A file of at most 64 MB with a column `row` (from 0) and columns of the table. A cell holds
        what the table's cell ought to hold; an empty one says that the right value is missing.
    cells : polars.DataFrame
        The table that they are about.

    Returns
    -------
    Labels
        In the order of the rows.

    Raises
    ------
    DataError
        When there is no such file, it is no CSV file, or a row is not in the table, or there twice.
    ColumnError
        When a column is not in the table, or `row` is missing.

    Examples
    --------
    >>> import tempfile
    >>> cells = pl.DataFrame({"town": ["Bon", "Ulm"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "few.csv"
    ...     _ = file.write_text("row,town\n0,Bonn\n")
    ...     found = read_labels(file, cells)
    >>> found.rows.tolist(), found.values["town"].to_list()
    ([0], ['Bonn'])
    """
    file = Path(os.path.expanduser(path))
    found = _content(file)
    if ROW not in found.columns:
        got = ", ".join(found.columns[:8]) or "no columns"
        raise ColumnError(f"a column {ROW!r} in {file.name}", got, _CURE)
    if not found.height:
        raise DataError(f"rows with their right values in {file.name}", "a heading alone", _CURE)
    written = found[ROW].str.strip_chars()
    numbers = written.cast(pl.Int64, strict=False)
    if numbers.null_count():
        worst = written.filter(numbers.is_null())[0]
        raise DataError(f"row numbers in {file.name}", repr(worst), "count rows from 0")
    labels = Labels(numbers.to_numpy().astype(np.int64), found.drop(ROW))
    return check_labels(labels, cells, file.name)


def _content(file: Path) -> pl.DataFrame:
    data = read_bounded(file, "a file of labels", LARGEST, _CURE)
    try:
        return pl.read_csv(data, infer_schema=False, encoding="utf8")
    except (pl.exceptions.PolarsError, ValueError) as error:
        why = " ".join(str(error).split())[:120]
        raise DataError(f"a CSV file of labels in {file.name}", why, _CURE) from None


def check_labels(labels: Labels, cells: pl.DataFrame, name: str = "the labels") -> Labels:
    """Check labels against the table that they are about.

    Parameters
    ----------
    labels : Labels
        As somebody gave them.
    cells : polars.DataFrame
        The table.
    name : str
        What to call them in an error.

    Returns
    -------
    Labels
        Sorted by row, an empty text as a missing value.

    Raises
    ------
    DataError
        When a row is not in the table, or there twice, or there are no values for each.
    ColumnError
        When a column is not in the table.
    """
    if not labels.values.width:
        raise ColumnError(f"columns of the table in {name}", "none", _CURE)
    if labels.values.height != len(labels.rows):
        got = f"{labels.values.height} for {len(labels.rows)} rows"
        raise DataError(f"as many values as rows in {name}", got)
    for column in labels.values.columns:
        if column not in cells.columns:
            cure = did_you_mean(column, cells.columns)
            raise ColumnError(f"columns of the table in {name}", repr(column), cure)
    outside = labels.rows[(labels.rows < 0) | (labels.rows >= cells.height)]
    if len(outside):
        cure = "count rows from 0, without the header"
        raise DataError(f"rows from 0 to {cells.height - 1} in {name}", str(outside[0]), cure)
    order = np.argsort(labels.rows, kind="stable")
    rows = labels.rows[order]
    texts = [(name, pl.col(name).cast(pl.String)) for name in labels.values.columns]
    said = [pl.when(text != "").then(text).alias(name) for name, text in texts]
    values = labels.values.select(said)[order]
    twice = np.flatnonzero(np.diff(rows) == 0)
    if len(twice):
        raise _contradiction(int(twice[0]), rows, values, name)
    return Labels(rows, values)


def _contradiction(at: int, rows: NDArray[np.int64], values: pl.DataFrame, name: str) -> DataError:
    row, first, second = int(rows[at]), values.row(at), values.row(at + 1)
    for column, one, other in zip(values.columns, first, second, strict=True):
        if one != other:
            got = f"{one!r} and {other!r} for row {row}, column {column!r}"
            return DataError(f"one right value for each cell in {name}", got, "decide on one")
    return DataError(f"each row once in {name}", f"row {row} twice", "leave one of them out")


def wrong_cells(labels: Labels, cells: pl.DataFrame) -> NDArray[np.bool_]:
    """Mark the labelled cells whose value is not the right one.

    Parameters
    ----------
    labels : Labels
        The right values.
    cells : polars.DataFrame
        The table.

    Returns
    -------
    bool array of shape (labelled rows, labelled columns)
        A missing cell equals an empty text.

    Examples
    --------
    >>> cells = pl.DataFrame({"town": ["Bon", "Ulm"], "zip": ["53111", None]})
    >>> right = pl.DataFrame({"town": ["Bonn", "Ulm"], "zip": ["53111", ""]})
    >>> wrong_cells(Labels(np.array([0, 1]), right), cells).tolist()
    [[True, False], [False, False]]
    """
    held = cells[labels.rows].select(labels.values.columns)
    differs = [
        (held[name].fill_null("") != labels.values[name].fill_null("")).to_numpy()
        for name in labels.values.columns
    ]
    return np.column_stack(differs) if differs else np.zeros((len(labels.rows), 0), np.bool_)
