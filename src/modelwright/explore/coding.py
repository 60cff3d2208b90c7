"""Columns of any kind as ranks and as a few codes, so that any two can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Column, Kind
from modelwright.core.table import Table

__all__ = ["Coded", "code", "code_table", "standardised"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_LEVELS = 30
_BINS = 10
_FEW = 15
_COMPARED = (Kind.NUMBER, Kind.DATETIME, Kind.BOOLEAN, Kind.CATEGORY, Kind.ID)


@dataclass(frozen=True)
class Coded:
    """A column that is ready to be compared.

    Parameters
    ----------
    name : str
        The column.
    codes : ndarray of int64, shape (n_rows,)
        The level, or the tenth of the numbers; -1 where there is no value.
    levels : int
        How many codes there are.
    values : ndarray of float64, shape (n_rows,), optional
        Numbers and dates as they are, NaN where there is no value; None for words.
    ranks : ndarray of float64, shape (n_rows,), optional
        Their ranks, equal values sharing the mean.
    time : bool
        Whether they are dates.
    """

    name: str
    codes: Codes
    levels: int
    values: Floats | None = None
    ranks: Floats | None = None
    time: bool = False

    @cached_property
    def whole(self) -> bool:
        """Whether every row has a value."""
        return bool((self.codes >= 0).all())

    @cached_property
    def counts(self) -> Codes:
        """How many rows each code has, where every row has a value."""
        return np.bincount(self.codes, minlength=self.levels)

    @cached_property
    def standard(self) -> Floats:
        """The ranks as a vector of length 1 around 0, where every row has a value."""
        assert self.ranks is not None
        return standardised(self.ranks)


def standardised(ranks: Floats) -> Floats:
    """Centre numbers and scale them to a vector of length 1; zeros where they do not vary."""
    centred = ranks - ranks.mean()
    size = float(np.sqrt(centred @ centred))
    return np.asarray(centred / size if size > 0 else centred, np.float64)


def code(values: pl.Series, column: Column) -> Coded | None:
    """Code one column; None where there is nothing to compare.

    Parameters
    ----------
    values : polars.Series, shape (n_rows,)
        Typed.
    column : Column
        What they mean: texts, lists and places are not compared, nor are columns with one value or
        with other words in nearly every row.

    Examples
    --------
    >>> coded = code(pl.Series("a", ["x", "y", None, "x"]), Column("a", Kind.CATEGORY))
    >>> coded.codes.tolist(), coded.levels
    ([0, 1, -1, 0], 2)
    """
    if column.kind not in _COMPARED:
        return None
    if column.kind in (Kind.NUMBER, Kind.DATETIME):
        return _of_numbers(values, column)
    words = values.cast(pl.String)
    counted = words.drop_nulls().alias("level").value_counts(name="rows")
    if counted.height < 2:
        return None
    rows = int(counted["rows"].sum())
    if counted.height > max(rows // 2, _LEVELS):
        return None
    top = counted.sort(["rows", "level"], descending=[True, False]).head(_LEVELS)["level"]
    levels = min(counted.height, _LEVELS + 1)
    place = {level: i for i, level in enumerate(top.to_list())}
    known = words.replace_strict(place, default=_LEVELS, return_dtype=pl.Int64)
    codes = pl.select(pl.when(words.is_null()).then(-1).otherwise(known)).to_series()
    return Coded(column.name, codes.to_numpy().astype(np.int64), levels)


def _of_numbers(values: pl.Series, column: Column) -> Coded | None:
    numbers = values.to_physical() if values.dtype.is_temporal() else values
    plain = numbers.cast(pl.Float64).to_numpy().astype(np.float64)
    there = np.isfinite(plain)
    if not there.any() or not plain[there].max() > plain[there].min():
        return None
    ranks = np.full(len(plain), np.nan)
    known = pl.Series(plain[there])
    ranks[there] = known.rank("average").to_numpy()
    codes = np.full(len(plain), -1, np.int64)
    each = np.unique(plain[there])
    if len(each) <= _FEW:
        codes[there] = np.searchsorted(each, plain[there])
        levels = len(each)
    else:
        cuts = np.unique(np.quantile(plain[there] / 2, np.linspace(0, 1, _BINS + 1)[1:-1]) * 2)
        codes[there] = np.searchsorted(cuts, plain[there], side="left")
        levels = len(cuts) + 1
    known_values = np.where(there, plain, np.nan)
    time = column.kind is Kind.DATETIME
    return Coded(column.name, codes, levels, known_values, ranks, time)


def code_table(table: Table, names: tuple[str, ...] | None = None) -> dict[str, Coded]:
    """Code the columns of a table that can be compared, by name and in order."""
    found = {}
    for name in table.schema.names() if names is None else names:
        coded = code(table.frame[name], table.schema[name])
        if coded is not None:
            found[name] = coded
    return found
