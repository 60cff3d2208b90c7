"""The columns by which two tables are joined, made comparable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import ColumnError, OptionError, did_you_mean
from modelwright.stats.histories import texts_of

__all__ = ["Distinct", "Keys", "comparable", "complete", "key_pairs", "shown_key"]

_SHOWN = " | "
_EXACT = 2.0**53  # from here on decimals do not tell whole numbers apart


def key_pairs(
    on: str | Sequence[str], left: Sequence[str], right: Sequence[str]
) -> list[tuple[str, str]]:
    """Read which column of one table is which of the other.

    Parameters
    ----------
    on : str or sequence of str
        The name of a column of both tables, or ``left=right`` where it differs; several of them.
    left, right : sequence of str
        The columns of each table.

    Returns
    -------
    list of (str, str)

    Raises
    ------
    OptionError
        When nothing is named, or a column twice.
    ColumnError
        When a table lacks a column.

    Examples
    --------
    >>> key_pairs(["year", "Country=Country Name"], ["year", "Country"], ["year", "Country Name"])
    [('year', 'year'), ('Country', 'Country Name')]
    """
    named = [on] if isinstance(on, str) else list(on)
    if not named:
        raise OptionError("a key to join by", "none", "name a column that both tables have")
    pairs = [_pair(name, left, right) for name in named]
    for side, columns in zip(("left", "right"), zip(*pairs, strict=True), strict=True):
        if len(set(columns)) < len(columns):
            raise OptionError(f"each column of the {side} table once", ", ".join(columns))
    return pairs


def _pair(name: str, left: Sequence[str], right: Sequence[str]) -> tuple[str, str]:
    if name in left and name in right:
        return name, name
    cuts = [(name[:i], name[i + 1 :]) for i, letter in enumerate(name) if letter == "="]
    for one, other in cuts:
        if one in left and other in right:
            return one, other
    one, other = cuts[0] if cuts else (name, name)
    for side, column, known in (("left", one, left), ("right", other, right)):
        if column not in known:
            cure = did_you_mean(column, known)
            if not cuts:
                cure += "; where the names differ write left=right"
            raise ColumnError(f"a column {column!r} in the {side} table", "none", cure)
    raise AssertionError("one of the two is absent")  # pragma: no cover


def comparable(left: pl.Series, right: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Store two key columns alike: as numbers, moments or truth values, else as trimmed text.

    Numbers beside text are compared as numbers where all of the text is numbers. Blank text, and
    a number that is none, are missing. Whole numbers of any length keep all their digits.

    Parameters
    ----------
    left, right : polars.Series
        Any two columns.

    Returns
    -------
    tuple of two polars.Series
        Of one type.

    Examples
    --------
    >>> one, other = comparable(pl.Series([1, 2]), pl.Series(["1", " 2.0"]))
    >>> other.to_list()
    [1.0, 2.0]
    """
    if left.dtype == right.dtype == pl.Boolean():
        return left, right
    if left.dtype.is_temporal() and right.dtype.is_temporal():
        return _moments(left, right)
    if left.dtype.is_numeric() or right.dtype.is_numeric():
        for read in (_whole, _number):
            one, other = read(left), read(right)
            if one is not None and other is not None:
                return one, other
    return _text(left), _text(right)


def _moments(left: pl.Series, right: pl.Series) -> tuple[pl.Series, pl.Series]:
    try:
        return left.cast(pl.Datetime("us")), right.cast(pl.Datetime("us"))
    except pl.exceptions.PolarsError:  # a time of day beside a date
        return _text(left), _text(right)


def _whole(series: pl.Series) -> pl.Series | None:
    """Read a column as whole numbers; None where a value is none."""
    if not series.dtype.is_integer() and series.dtype != pl.String():
        return None
    known = series if series.dtype.is_integer() else _text(series)
    read = known.cast(pl.Int64, strict=False)
    return read if read.null_count() == known.null_count() else None


def _number(series: pl.Series) -> pl.Series | None:
    """Read a column as numbers; None where a value is none, or has more digits than they hold."""
    if series.dtype.is_temporal() or series.dtype == pl.Boolean():
        return None
    if series.dtype.is_float():
        return series.cast(pl.Float64).fill_nan(None)
    known = _text(series)
    read = known.cast(pl.Float64, strict=False)
    exact = read.null_count() == known.null_count() and not (read.abs() >= _EXACT).any()
    return read if exact else None


def _text(series: pl.Series) -> pl.Series:
    text = texts_of(series).str.strip_chars()
    return pl.select(pl.when(text != "").then(text)).to_series().alias(series.name)


@dataclass(frozen=True)
class Distinct:
    """Different keys in the order of their first rows; which of them each row has, -1 for none.

    Parameters
    ----------
    keys : polars.DataFrame
        Each once.
    of_row : ndarray of int64, shape (n_rows,)
        The place of the key of each row.

    Examples
    --------
    >>> found = Distinct.of(pl.DataFrame({"k": ["b", None, "a", "b"]}))
    >>> found.shown, found.of_row.tolist()
    (['b', 'a'], [0, -1, 1, 0])
    """

    keys: pl.DataFrame
    of_row: NDArray[np.int64]

    @classmethod
    def of(cls, keys: pl.DataFrame) -> Distinct:
        """Give the keys of a table numbers; one of which a part is missing has none."""
        known = complete(keys)
        there = keys.filter(known)
        different = there.unique(keep="first", maintain_order=True)
        place = different.with_row_index("place")
        row = there.join(place, on=keys.columns, how="left", maintain_order="left")["place"]
        of_row = np.full(keys.height, -1, np.int64)
        of_row[known] = row.cast(pl.Int64).to_numpy()
        return cls(different, of_row)

    @property
    def shown(self) -> list[str]:
        """The keys as text."""
        return shown_key(self.keys).to_list()


def complete(keys: pl.DataFrame) -> NDArray[np.bool_]:
    """Mark the rows whose keys are all there: others match nothing."""
    there = keys.select(pl.all_horizontal(pl.all().is_not_null()))
    return there.to_series().to_numpy().astype(np.bool_)


@dataclass(frozen=True)
class Keys:
    """The keys of two tables, comparable.

    Parameters
    ----------
    left, right : polars.DataFrame
        Columns ``0``, ``1`` ... of the same types on both sides.
    """

    left: pl.DataFrame
    right: pl.DataFrame

    @classmethod
    def of(cls, left: pl.DataFrame, right: pl.DataFrame, pairs: Sequence[tuple[str, str]]) -> Keys:
        """Take the key columns of two tables."""
        both = [comparable(left[one], right[other]) for one, other in pairs]
        ours = {str(i): one for i, (one, _) in enumerate(both)}
        theirs = {str(i): other for i, (_, other) in enumerate(both)}
        return cls(pl.DataFrame(ours), pl.DataFrame(theirs))

    @property
    def names(self) -> list[str]:
        """The columns."""
        return self.left.columns

    @property
    def texts(self) -> list[str]:
        """The columns that hold text, and so may be spelled differently."""
        return [name for name in self.names if self.left.schema[name] == pl.String()]


def shown_key(frame: pl.DataFrame) -> pl.Series:
    """Write the keys of each row as one text, as it is told and logged.

    Examples
    --------
    >>> shown_key(pl.DataFrame({"0": ["Rome", None], "1": [1, 2]})).to_list()
    ['Rome | 1', None]
    """
    parts = [pl.col(name).cast(pl.String) for name in frame.columns]
    return frame.select(key=pl.concat_str(parts, separator=_SHOWN)).to_series()
