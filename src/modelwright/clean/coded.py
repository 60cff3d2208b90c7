"""The cells of a table as whole numbers: what is compared again and again is compared once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import DataError

__all__ = ["MISSING", "Coded", "code_table"]

Floats = NDArray[np.float32]

MISSING = -1
"""The code of a missing cell."""


@dataclass(frozen=True)
class Coded:
    """A table of texts as codes of its different values.

    Parameters
    ----------
    columns : tuple of str
        The columns.
    codes : int array of shape (rows, columns)
        The place of each cell's value in `values`, -1 for a missing cell.
    values : tuple of polars.Series of String
        The different values of each column, the most frequent first.
    counts : tuple of int array
        How many cells hold each of them.
    """

    columns: tuple[str, ...]
    codes: NDArray[np.int32]
    values: tuple[pl.Series, ...]
    counts: tuple[NDArray[np.int64], ...]

    @property
    def height(self) -> int:
        """How many rows."""
        return len(self.codes)

    def known(self, column: int) -> int:
        """Count the cells of a column that are not missing."""
        return int(self.counts[column].sum())

    def spread(self, column: int, of_values: NDArray[np.float32], missing: float = 0.0) -> Floats:
        """Give each cell of a column what was found for its value.

        Parameters
        ----------
        column : int
            Its place.
        of_values : float array of shape (different values,)
            What was found.
        missing : float
            What a missing cell gets.

        Returns
        -------
        float array of shape (rows,)
        """
        return np.append(of_values, np.float32(missing)).astype(np.float32)[self.codes[:, column]]


def code_table(cells: pl.DataFrame) -> Coded:
    """Replace the cells of a table by codes; an empty text is a missing cell.

    Parameters
    ----------
    cells : polars.DataFrame
        All of its columns are of text.

    Returns
    -------
    Coded

    Raises
    ------
    DataError
        When a column is of another type.

    Examples
    --------
    >>> coded = code_table(pl.DataFrame({"town": ["Bonn", None, "Ulm", "Bonn", ""]}))
    >>> coded.codes.ravel().tolist(), coded.values[0].to_list()
    ([0, -1, 1, 0, -1], ['Bonn', 'Ulm'])
    """
    codes = np.full((cells.height, cells.width), MISSING, np.int32)
    values, counts = [], []
    for place, name in enumerate(cells.columns):
        column = cells[name]
        if column.dtype != pl.String():
            cure = "read the table as text, as it stands in the file"
            raise DataError(f"text in column {name!r}", str(column.dtype), cure)
        texts = pl.DataFrame({"value": column})
        found = (
            texts.filter(pl.col("value").is_not_null() & (pl.col("value") != ""))
            .group_by("value")
            .len("count")
            .sort(["count", "value"], descending=[True, False])
            .with_row_index("code")
        )
        joined = texts.join(found, on="value", how="left", maintain_order="left")
        codes[:, place] = joined["code"].cast(pl.Int32).fill_null(MISSING).to_numpy()
        values.append(found["value"])
        counts.append(found["count"].cast(pl.Int64).to_numpy())
    return Coded(tuple(cells.columns), codes, tuple(values), tuple(counts))
