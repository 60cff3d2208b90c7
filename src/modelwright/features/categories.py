"""Category columns: integer codes, and how common a level is where there are many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind, Role
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.keys import word_keys
from modelwright.features.lookup import Lookup
from modelwright.features.numbers import varies
from modelwright.features.reading import columns_of, read, sound_state, texts

__all__ = ["Categories", "FittedCategories", "Levels"]

# Above so many levels a code alone is hard to learn from, and the count of a level helps.
_MANY = 30
# Above so many levels of rows in order, names come and go: how common one is tells its future.
_NAMES = 1_000


@dataclass(frozen=True)
class Levels:
    """The known levels of one column, from the most common one on.

    Parameters
    ----------
    column : str
        The input column.
    known : tuple of str
        Levels in code order: by falling count, ties by text.
    counts : ndarray of float32, shape (n_known,)
        How many training rows have each level.
    coded : bool
        Whether the codes are a feature.
    counted : bool
        Whether the counts are a feature.
    ranked : tuple of str
        Labels in rising order, when their rank is a feature; else empty.

    Examples
    --------
    >>> Levels("town", ("Rome", "Bonn"), np.array([9, 4], np.float32), True, False).column
    'town'
    """

    column: str
    known: tuple[str, ...]
    counts: NDArray[np.float32]
    coded: bool
    counted: bool
    ranked: tuple[str, ...] = ()

    @cached_property
    def number_names(self) -> tuple[str, ...]:
        """The numbers it makes."""
        counts = (f"{self.column}: count",) if self.counted else ()
        return counts + ((f"{self.column}: rank",) if self.ranked else ())

    def rank(self, series: pl.Series) -> NDArray[np.float32]:
        """Give the place of each label from 0 on: NaN for one without, or a missing value."""
        places = self._ranks.places(series)
        return np.where(places < 0, np.nan, places).astype(np.float32)

    def codes(self, series: pl.Series) -> NDArray[np.int32]:
        """Give the code of each value, shape (n_rows,)."""
        return self._codes.places(series).astype(np.int32)

    def count(self, codes: NDArray[np.int32]) -> NDArray[np.float32]:
        """Give how common each code is: 1 for a rare or new level, NaN for a missing value."""
        # UNSEEN and MISSING are -1 and -2: as positions they count from the end.
        return self._counts[codes]

    @cached_property
    def _codes(self) -> Lookup:
        return Lookup(self.known)

    @cached_property
    def _ranks(self) -> Lookup:
        return Lookup(self.ranked)

    @cached_property
    def _counts(self) -> NDArray[np.float32]:
        return np.append(self.counts, np.array([np.nan, 1], np.float32))


@dataclass(frozen=True)
class FittedCategories:
    """Codes and counts of the levels met in the training rows.

    Parameters
    ----------
    levels : tuple of Levels
        One a column.

    Examples
    --------
    >>> town = Levels("town", ("Rome", "Bonn"), np.array([9, 4], np.float32), True, True)
    >>> FittedCategories((town,)).number_names
    ('town: count',)
    """

    name: ClassVar[str] = "categories"

    levels: tuple[Levels, ...]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The input columns."""
        return tuple(level.column for level in self.levels)

    @cached_property
    def number_names(self) -> tuple[str, ...]:
        """The counts and ranks it makes."""
        return tuple(name for level in self.levels for name in level.number_names)

    @cached_property
    def code_names(self) -> tuple[str, ...]:
        """The codes it makes."""
        return tuple(level.column for level in self.levels if level.coded)

    def transform(self, table: Table) -> Matrix:
        """Make codes (int32), counts and ranks (float32); raises `ColumnError` when absent."""
        columns = read(table, self.columns, [Kind.CATEGORY] * len(self.levels))
        numbers = np.empty((table.height, len(self.number_names)), np.float32)
        codes = np.empty((table.height, len(self.code_names)), np.int32)
        number = code = 0
        for level, series in zip(self.levels, columns, strict=True):
            found = level.codes(series)
            if level.coded:
                codes[:, code] = found
                code += 1
            if level.counted:
                numbers[:, number] = level.count(found)
            if level.ranked:
                numbers[:, number + level.counted] = level.rank(series)
            number += len(level.number_names)
        sizes = tuple(len(level.known) for level in self.levels if level.coded)
        return Matrix(numbers, codes, self.number_names, self.code_names, sizes)

    def export(self) -> State:
        """Give the whole state."""
        columns = [
            {
                "column": level.column,
                "known": list(level.known),
                "coded": level.coded,
                "counted": level.counted,
                **({"ranked": list(level.ranked)} if level.ranked else {}),
            }
            for level in self.levels
        ]
        counts = {f"counts{i}": level.counts for i, level in enumerate(self.levels)}
        return State(config={"columns": columns}, arrays=counts)

    @classmethod
    def restore(cls, state: State) -> FittedCategories:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            levels = tuple(
                Levels(
                    str(item["column"]),
                    texts(item, "known"),
                    np.asarray(state.arrays[f"counts{i}"], np.float32),
                    bool(item["coded"]),
                    bool(item["counted"]),
                    texts(item, "ranked") if "ranked" in item else (),
                )
                for i, item in enumerate(state.config["columns"])
            )
            for level in levels:
                if len(set(level.known)) != len(level.known) or level.counts.shape != (
                    len(level.known),
                ):
                    raise ValueError(f"the levels of {level.column!r} do not fit their counts")
                if len(set(level.ranked)) != len(level.ranked):
                    raise ValueError(f"a rank of {level.column!r} comes twice")
            return cls(levels)


@dataclass(frozen=True)
class Categories:
    """Turn category columns into codes, from the most common level on.

    A level with fewer than `min_count` training rows is `UNSEEN`, as is one that first appears
    later, so that a learner meets during training what awaits it afterwards. A column of more
    than 30 levels also becomes a number: how many training rows have the level; and a column
    whose levels are in order, their rank. The target is never looked at.

    Where rows are in the order of time, how common a name is over all training rows tells a row
    what comes after it: a player who wins plays more matches. There, a column of more than 1,000
    levels becomes one number, the place of the level in the order of its text.

    Parameters
    ----------
    min_count : int
        The least number of rows that makes a level known, at least 1.

    Raises
    ------
    OptionError
        When `min_count` is below 1.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("town", Kind.CATEGORY),))
    >>> frame = pl.DataFrame({"town": ["Rome", "Bonn", "Bonn", "Rome", "Rome", "Oslo", None]})
    >>> table = Table(frame, schema)
    >>> fitted = Categories().fit(table, Target(np.zeros(7)), seed=0)
    >>> fitted.transform(table).codes.ravel().tolist()
    [0, 1, 1, 0, 0, -1, -2]
    """

    uses_target: ClassVar[bool] = False

    min_count: int = 2

    def __post_init__(self) -> None:
        if self.min_count < 1:
            raise OptionError("min_count to be at least 1", str(self.min_count))

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedCategories | None:
        """Count the levels; None when no category column varies."""
        keys, words = columns_of(table, Kind.ID), word_keys(table)
        names = (*columns_of(table, Kind.CATEGORY), *keys)
        columns = read(table, names, [Kind.CATEGORY] * len(names))
        order = {name: table.schema[name].levels for name in names}
        in_time = bool(table.schema.names(Role.ORDER))
        # keys that are numbers are features as they are (`features.keys`), but for their count
        plain = {name for name in keys if name not in words}
        levels = tuple(self._levels(series, order[series.name], in_time) for series in columns)
        levels = tuple(
            replace(one, coded=False, ranked=()) if one.column in plain else one for one in levels
        )
        useful = tuple(level for level in levels if level.coded or level.number_names)
        return FittedCategories(useful) if useful else None

    def _levels(self, series: pl.Series, order: tuple[str, ...], in_time: bool) -> Levels:
        table = pl.DataFrame({"level": series.drop_nulls()})["level"].value_counts()
        table = table.sort(["count", "level"], descending=[True, False])
        many = table.height > _MANY
        known = table.filter(pl.col("count") >= self.min_count)
        counts = known["count"].cast(pl.Float32).to_numpy()
        levels = Levels(series.name, tuple(known["level"]), counts, True, True)
        codes = levels.codes(series)
        coded = known.height > 0 and bool(codes.min() < codes.max())
        counted = many and varies(levels.count(codes))
        if in_time and table.height > _NAMES:
            coded = counted = False
            order = order or tuple(sorted(table["level"]))
        # Two levels have one distance: their code says it already.
        ordered = Levels(series.name, (), counts, False, False, order if len(order) > 2 else ())
        ranked = ordered.ranked if ordered.ranked and varies(ordered.rank(series)) else ()
        return Levels(series.name, levels.known, counts, coded, counted, ranked)
