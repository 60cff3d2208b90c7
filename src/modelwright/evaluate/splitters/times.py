"""The times of rows: their order, the blocks they are cut into, and what lies before a block."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import DataError, OptionError
from modelwright.core.table import Table
from modelwright.evaluate.splitters.common import enough

__all__ = ["Block", "Span", "Times", "read_times"]

Span = str | float | None
"""A length of time: ``"7d"`` or ``"12h"`` for dates, a number in the column's unit for numbers."""

# Dates are counted in microseconds.
_UNITS = {"s": 1e6, "min": 6e7, "m": 6e7, "h": 3.6e9, "d": 8.64e10, "w": 6.048e11}
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(s|min|m|h|d|w)")


@dataclass(frozen=True)
class Block:
    """A stretch of time.

    Parameters
    ----------
    start, stop : float
        Its first and its last time that some row has.
    """

    start: float
    stop: float


@dataclass(frozen=True)
class Times:
    """When each row was.

    Parameters
    ----------
    column : str
        Where it stands.
    values : ndarray of float64, shape (n_rows,)
        Microseconds for dates, numbers as they are, ranks for texts; NaN: not known.
    unit : str
        ``"dates"``, ``"numbers"`` or ``"texts"``.
    """

    column: str
    values: NDArray[np.float64]
    unit: str

    @property
    def known(self) -> int:
        """How many rows have a time."""
        return int((~np.isnan(self.values)).sum())

    @property
    def different(self) -> int:
        """How many different times there are."""
        return len(np.unique(self.values[~np.isnan(self.values)]))

    @property
    def without(self) -> str:
        """Say how many rows have no time: the end of a sentence, empty when all have one."""
        count = len(self.values) - self.known
        have = "row has" if count == 1 else "rows have"
        return f"; {count:,} {have} no time and are in no fold" if count else ""

    def blocks(self, count: int) -> tuple[Block, ...]:
        """Cut the rows by time into blocks of about equal size; equal times are never parted.

        Parameters
        ----------
        count : int
            How many blocks; there are fewer where times are.

        Raises
        ------
        DataError
            For fewer than 2 rows that have a time.
        OptionError
            When all rows have the same time.
        """
        enough(self.known)
        found, sizes = np.unique(self.values[~np.isnan(self.values)], return_counts=True)
        if len(found) < 2:
            cure = "choose another order column, or none"
            raise OptionError(f"at least 2 different values in {self.column!r}", "1", cure)
        # A block ends with the first time that reaches its share; the last time stays for the last.
        shares = np.arange(1, count) * self.known / count
        ends = np.unique(np.minimum(np.searchsorted(np.cumsum(sizes), shares), len(found) - 2))
        starts = np.append(0, ends + 1)
        stops = np.append(ends, len(found) - 1)
        return tuple(
            Block(float(found[a]), float(found[b])) for a, b in zip(starts, stops, strict=True)
        )

    def inside(self, block: Block) -> NDArray[np.bool_]:
        """Tell which rows lie in a block."""
        return np.asarray((self.values >= block.start) & (self.values <= block.stop))

    def before(
        self, block: Block, apart: float = 0.0, window: float = math.inf
    ) -> NDArray[np.bool_]:
        """Tell which rows come more than `apart` before a block, and at most `window` before that.

        Parameters
        ----------
        block : Block
            What comes later.
        apart, window : float
            As `span` gives them.
        """
        end = block.start - apart
        return np.asarray((self.values < end) & (self.values >= end - window))

    def after(self, block: Block, apart: float = 0.0) -> NDArray[np.bool_]:
        """Tell which rows come more than `apart` after a block."""
        return np.asarray(self.values > block.stop + apart)

    def span(self, length: Span, name: str) -> float:
        """Read a length of time in the unit of the column; 0 when there is none.

        Parameters
        ----------
        length : str, float or None
            Such as ``"7d"``, ``"12h"``, ``"1d12h"`` or ``"2w"`` for dates, ``30`` for numbers.
        name : str
            What the user calls it, for the error.

        Raises
        ------
        OptionError
            When it is none, is below zero, or the column is of text.
        """
        if length is None:
            return 0.0
        text = str(length).strip().lower().replace(" ", "")
        if self.unit == "texts":
            raise OptionError(
                f"dates or numbers in the order column {self.column!r} for a {name}",
                "texts",
                f"leave the {name} out, or say with --types how the dates are written",
            )
        if self.unit == "dates" and text != "0":
            pieces = _PIECE.findall(text)
            if not pieces or "".join(number + unit for number, unit in pieces) != text:
                raise OptionError(
                    f"a length of time for the {name}, as {self.column!r} holds dates",
                    repr(str(length)),
                    "write it like 12h, 7d or 2w",
                )
            return sum(float(number) * _UNITS[unit] for number, unit in pieces)
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not 0 <= number < math.inf:
            raise OptionError(
                f"a number at or above zero for the {name}, in the unit of {self.column!r}",
                repr(str(length)),
                "write it like 30; lengths such as 7d are for dates",
            )
        return number


def read_times(table: Table, column: str) -> Times:
    """Read the order of the rows of a table.

    Dates and numbers are what they are; a column with `levels` is in their order. Texts are in the
    order of their characters where that can be an order of time: all of them are written alike
    up to their digits, the year first, or with one number only (``2026-Q1``, ``week 07``).

    Parameters
    ----------
    table : Table
        The rows.
    column : str
        What gives the order.

    Returns
    -------
    Times

    Raises
    ------
    ColumnError
        When there is no such column.
    DataError
        When the texts of the column cannot be put in order.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> schema = Schema((Column("day", Kind.NUMBER),))
    >>> times = read_times(Table(pl.DataFrame({"day": [1.0, 2.0, 3.0, 4.0]}), schema), "day")
    >>> times.before(times.blocks(2)[1], apart=1.0).tolist()
    [True, False, False, False]
    """
    levels = table.schema[column].levels
    series = table.frame[column]
    if series.dtype == pl.Datetime:
        return Times(column, _floats(series.cast(pl.Int64)), "dates")
    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        return Times(column, _floats(series), "numbers")
    if levels:
        ranks = {level: rank for rank, level in enumerate(levels)}
        known = series.replace_strict(ranks, default=None, return_dtype=pl.Float64)
        return Times(column, _floats(known), "texts")
    _check_texts(series, column)
    return Times(column, _floats(series.rank("dense")), "texts")


def _floats(series: pl.Series) -> NDArray[np.float64]:
    return np.asarray(series.cast(pl.Float64).fill_null(math.nan).to_numpy(), np.float64)


def _check_texts(series: pl.Series, column: str) -> None:
    texts = series.drop_nulls().unique().sort()
    shapes = texts.str.replace_all(r"\d", "9").unique()
    numbers = re.findall(r"9+", shapes[0]) if len(shapes) == 1 else []
    if len(texts) < 2 or len(numbers) == 1 or (numbers and len(numbers[0]) >= 4):
        return
    raise DataError(
        f"dates or numbers in the order column {column!r}",
        f"texts such as {str(texts[0])[:40]!r} and {str(texts[-1])[:40]!r}",
        "write dates like 2026-11-21, or say with --types how they are written",
    )
