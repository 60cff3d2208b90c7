"""How much each row counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import DataError
from modelwright.core.table import Table

__all__ = ["read_weights"]


def read_weights(table: Table, name: str, where: str) -> NDArray[np.float64]:
    """Read a column of weights, scaled so that a row counts 1 on average.

    A metric that counts rows ("the best 100") counts weight: unscaled, weights in euros or in
    thousands of people would make other numbers of the same rows.

    Parameters
    ----------
    table : Table
        The rows.
    name : str
        The column, of numbers.
    where : str
        Which rows or option these are, for the error.

    Returns
    -------
    ndarray of float64, shape (n_rows,)

    Raises
    ------
    DataError
        When a weight is absent or below zero, or all are zero.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> table = Table(pl.DataFrame({"w": [10.0, 30.0]}), Schema((Column("w", Kind.NUMBER),)))
    >>> read_weights(table, "w", "the table").tolist()
    [0.5, 1.5]
    """
    weight = table.frame[name].to_numpy().astype(np.float64)
    if not (weight >= 0).all() or not weight.any():
        raise DataError(
            f"weights at or above zero in column {name!r} ({where})",
            _wrong(weight),
            "mend or drop these rows, or name another column",
        )
    scaled: NDArray[np.float64] = weight / weight.mean()
    return scaled


def _wrong(weight: NDArray[np.float64]) -> str:
    below, absent = weight[weight < 0], int(np.isnan(weight).sum())
    if len(below):
        return f"{_rows(len(below))} below zero, such as {below[0]:g}"
    return f"{_rows(absent)} without a number" if absent else "nothing but zeros"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
