"""Numbers inside texts and names: the first, the largest, and those before a common unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.reading import columns_of, read, sound_state, texts

__all__ = ["Amounts", "FittedAmounts", "Mentions"]

FIRST, LARGEST = "first number", "largest number"
# With thousands apart or not, and decimals after a point.
_NUMBER = r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,15}(?:\.\d{1,6})?)"
_UNIT = r"\d\s?-?(\p{L}{1,15})\b"
_CHARACTERS = 1_000  # how much of a text is searched
_FIT_ROWS = 20_000
_SHARE = 0.05  # of the rows that must mention a number
_VALUES = 5  # different ones, for it to be an amount
_LEVELS = 30  # a category with fewer levels says as much by its codes


def _number(text: pl.Expr, after: str = "") -> pl.Expr:
    found = text.str.extract(_NUMBER + after, 1).str.replace_all(",", "")
    return found.cast(pl.Float32, strict=False)


def _largest(text: pl.Expr) -> pl.Expr:
    found = text.str.extract_all(_NUMBER)
    numbers = found.list.eval(pl.element().str.replace_all(",", "").cast(pl.Float32, strict=False))
    return numbers.list.max()


@dataclass(frozen=True)
class Mentions:
    """Which numbers are taken from one column.

    Parameters
    ----------
    column : str
        The input column.
    kind : Kind
        Text or category.
    plain : tuple of str
        Which of "first number" and "largest number".
    units : tuple of str
        Words in small letters: the number before each is a feature.

    Examples
    --------
    >>> Mentions("flat", Kind.TEXT, ("first number",), ("rooms",)).names
    ('flat: first number', "flat: number of 'rooms'")
    """

    column: str
    kind: Kind
    plain: tuple[str, ...]
    units: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The features it makes."""
        plain = tuple(f"{self.column}: {part}" for part in self.plain)
        return plain + tuple(f"{self.column}: number of {unit!r}" for unit in self.units)

    def read(self, series: pl.Series) -> Iterator[NDArray[np.float32]]:
        """Give the numbers of the texts, a feature at a time; NaN where there is none."""
        text = pl.nth(0).str.slice(0, _CHARACTERS).str.to_lowercase()
        parts = [_number(text) if part == FIRST else _largest(text) for part in self.plain]
        # a unit is letters alone: nothing in it means anything in a pattern
        parts += [_number(text, rf"\s?-?{unit}\b") for unit in self.units]
        frame = series.to_frame()
        for part in parts:
            yield frame.select(part.alias("number"))["number"].fill_null(np.nan).to_numpy()


@dataclass(frozen=True)
class FittedAmounts:
    """The numbers that texts mention.

    Parameters
    ----------
    mentions : tuple of Mentions
        One a column.
    """

    name: ClassVar[str] = "amounts"

    mentions: tuple[Mentions, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns."""
        return tuple(one.column for one in self.mentions)

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return tuple(name for one in self.mentions for name in one.names)

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def transform(self, table: Table) -> Matrix:
        """Make float32 features; raises `ColumnError` when a column is absent."""
        columns = read(table, self.columns, [one.kind for one in self.mentions])
        numbers = np.empty((table.height, len(self.number_names)), np.float32)
        place = 0
        for one, series in zip(self.mentions, columns, strict=True):
            for values in one.read(series):
                numbers[:, place] = values
                place += 1
        return Matrix.of_numbers(numbers, self.number_names)

    def export(self) -> State:
        """Give the whole state."""
        columns = [
            {
                "column": one.column,
                "kind": one.kind.value,
                "plain": list(one.plain),
                "units": list(one.units),
            }
            for one in self.mentions
        ]
        return State(config={"columns": columns})

    @classmethod
    def restore(cls, state: State) -> FittedAmounts:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            found = tuple(
                Mentions(
                    str(item["column"]),
                    Kind(item["kind"]),
                    texts(item, "plain"),
                    texts(item, "units"),
                )
                for item in state.config["columns"]
            )
            for one in found:
                if one.kind not in (Kind.TEXT, Kind.CATEGORY):
                    raise ValueError(f"numbers of {one.column!r} are no mentions")
                if not set(one.plain) <= {FIRST, LARGEST}:
                    raise ValueError(f"a number of {one.column!r} is unknown")
                if not all(unit.isalpha() for unit in one.units):
                    raise ValueError(f"a unit of {one.column!r} is no word")
            return cls(found)


@dataclass(frozen=True)
class Amounts:
    """Take the numbers out of texts: "2 rooms, 54 sqm" says 2 of rooms, and 54 of sqm.

    Looked at are texts, and categories of more than 30 levels. A feature is made where at least one
    training row in twenty mentions such a number, and five different ones occur. At most 20,000
    rows choose the units.

    Parameters
    ----------
    units : int
        How many units a column at most.

    Raises
    ------
    OptionError
        When `units` is negative.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Schema
    >>> flats = [f"{n} rooms, {10 * n} sqm" for n in range(1, 9)]
    >>> table = Table(pl.DataFrame({"flat": flats}), Schema((Column("flat", Kind.TEXT),)))
    >>> fitted = Amounts().fit(table, Target(np.zeros(8)), seed=0)
    >>> fitted.number_names[2:]
    ("flat: number of 'rooms'", "flat: number of 'sqm'")
    >>> fitted.transform(table).numbers[2].tolist()
    [3.0, 30.0, 3.0, 30.0]
    """

    uses_target: ClassVar[bool] = False

    units: int = 8

    def __post_init__(self) -> None:
        if self.units < 0:
            raise OptionError("units to be 0 or more", str(self.units))

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedAmounts | None:
        """Choose the numbers that are worth a feature; None when there are none."""
        names = columns_of(table, Kind.TEXT, Kind.CATEGORY)
        kinds = [table.schema[name].kind for name in names]
        frame = pl.DataFrame(read(table, names, kinds))
        if frame.height > _FIT_ROWS:
            rows = np.random.default_rng(seed).choice(frame.height, _FIT_ROWS, replace=False)
            frame = frame[np.sort(rows)]
        found = tuple(
            self._mentions(series, kind)
            for series, kind in zip(frame, kinds, strict=True)
            if kind is Kind.TEXT or series.n_unique() > _LEVELS
        )
        useful = tuple(one for one in found if one.names)
        return FittedAmounts(useful) if useful else None

    def _mentions(self, series: pl.Series, kind: Kind) -> Mentions:
        every = Mentions(series.name, kind, (FIRST, LARGEST), self._units(series))
        kept = [_is_amount(values) for values in every.read(series)]
        plain = tuple(part for part, good in zip(every.plain, kept, strict=False) if good)
        units = tuple(
            unit for unit, good in zip(every.units, kept[len(every.plain) :], strict=True) if good
        )
        return Mentions(series.name, kind, plain, units)

    def _units(self, series: pl.Series) -> tuple[str, ...]:
        """Give the words after numbers that most rows have, ties by text."""
        text = series.drop_nulls().str.slice(0, _CHARACTERS).str.to_lowercase()
        words = text.str.extract_all(_UNIT).list.eval(
            pl.element().str.extract(_UNIT, 1).drop_nulls().unique()
        )
        counts = pl.DataFrame({"unit": words.explode(empty_as_null=False)})["unit"].value_counts()
        often = counts.filter(pl.col("count") >= max(_SHARE * len(series), _VALUES))
        often = often.sort(["count", "unit"], descending=[True, False])
        return tuple(often["unit"].head(self.units))


def _is_amount(values: NDArray[np.float32]) -> bool:
    known = values[~np.isnan(values)]
    return len(known) >= _SHARE * len(values) and len(np.unique(known)) >= _VALUES
