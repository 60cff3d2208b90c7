"""Target encoding: what the rows of a level answered, on average."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.matrix import MISSING, Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.answers import MOST_CLASSES, answer_columns, answer_names, kept_parts
from modelwright.features.lookup import Lookup
from modelwright.features.reading import columns_of, read, sound_state, texts

__all__ = ["FittedMeans", "Means", "MeansOf"]

_STRONGEST = 1_000.0  # rows with the mean answer that are added to a level's own at most

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeansOf:
    """Mean answers of the levels of one column.

    Parameters
    ----------
    column : str
        The input column.
    levels : tuple of str
        The known levels.
    means : ndarray of float32, shape (n_levels + 2, n_answers)
        What they answered above the mean of all; first comes a missing value, last any other level.

    Examples
    --------
    >>> MeansOf("town", ("Rome",), np.array([[2.0], [3.0], [2.5]], np.float32)).names
    ('town: mean answer',)
    """

    column: str
    levels: tuple[str, ...]
    means: NDArray[np.float32]

    @property
    def names(self) -> tuple[str, ...]:
        """The features it makes."""
        return answer_names(f"{self.column}: mean answer", self.means.shape[1])

    def places(self, series: pl.Series) -> Codes:
        """Say which row of `means` is for each value."""
        known = self._levels.places(series)
        return np.where(known == MISSING, 0, np.where(known < 0, len(self.levels), known) + 1)

    @cached_property
    def _levels(self) -> Lookup:
        return Lookup(self.levels)

    def encode(self, series: pl.Series) -> NDArray[np.float32]:
        """Give the mean answer of each value: shape (n_rows, n_answers)."""
        found: NDArray[np.float32] = self.means[self.places(series)]
        return found

    def learned(self, series: pl.Series, answers: Floats) -> MeansOf:
        """Take the means of these rows instead; without rows nothing is known (NaN)."""
        means = _effects(self.places(series), answers, len(self.means))
        return replace(self, means=means.astype(np.float32))


def _effects(places: Codes, answers: Floats, count: int) -> Floats:
    """Say how far the mean of each level lies above that of all, the less the fewer its rows are.

    The mean of all is left out because it differs between the parts of a cross-fit: it would tell
    which part a row is in, and so something of its answer.

    The strength is the empirical Bayes estimate: the variance within levels over the variance
    between them (Micci-Barreca 2001). Levels that differ by no more than chance get all one mean.
    """
    if not len(places):
        return np.full((count, answers.shape[1]), np.nan)
    rows = np.bincount(places, minlength=count)[:, None]
    centred = answers - answers.mean(axis=0)
    sums = np.column_stack([np.bincount(places, column, count) for column in centred.T])
    own = sums / np.maximum(rows, 1)
    total, groups = len(places), int((rows > 0).sum())
    within = ((centred - own[places]) ** 2).sum(axis=0) / max(total - groups, 1)
    between = (rows * own**2).sum(axis=0) - (groups - 1) * within
    between /= max(total - float((rows**2).sum()) / total, 1e-9)
    differs = between > within / _STRONGEST
    strength = within / np.where(differs, between, 1.0)
    share = rows / np.maximum(rows + strength, 1e-9)
    effects: Floats = np.where(differs, share * own, 0.0)
    return effects


@dataclass(frozen=True)
class FittedMeans:
    """Mean answers by level, less the mean of all rows, and pulled to it.

    Parameters
    ----------
    means : tuple of MeansOf
        One a column.

    Examples
    --------
    >>> FittedMeans(()).number_names
    ()
    """

    name: ClassVar[str] = "means"

    means: tuple[MeansOf, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns."""
        return tuple(one.column for one in self.means)

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return tuple(name for one in self.means for name in one.names)

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def _columns(self, table: Table) -> list[pl.Series]:
        return read(table, self.columns, [Kind.CATEGORY] * len(self.means))

    def transform(self, table: Table) -> Matrix:
        """Give float32 means less that of all; for a new level, those of all rare levels.

        Raises
        ------
        ColumnError
            When a column is absent.
        """
        pairs = zip(self.means, self._columns(table), strict=True)
        blocks = [one.encode(series) for one, series in pairs]
        return Matrix.of_numbers(np.hstack(blocks), self.number_names)

    def relearned(self, table: Table, y: Target) -> FittedMeans:
        """Give the same encodings, with the means of these rows."""
        answers = answer_columns(y)
        pairs = zip(self.means, self._columns(table), strict=True)
        return FittedMeans(tuple(one.learned(series, answers) for one, series in pairs))

    def keeping(self, clear: NDArray[np.bool_]) -> FittedMeans | None:
        """Leave out the columns whose means say nothing; None when nothing is left."""
        kept = kept_parts(self.means, [len(one.names) for one in self.means], clear)
        return FittedMeans(kept) if kept else None

    def export(self) -> State:
        """Give the whole state."""
        columns = [{"column": one.column, "levels": list(one.levels)} for one in self.means]
        return State({"columns": columns}, {f"means{i}": m.means for i, m in enumerate(self.means)})

    @classmethod
    def restore(cls, state: State) -> FittedMeans:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            found = []
            for i, item in enumerate(state.config["columns"]):
                levels = texts(item, "levels")
                means = np.asarray(state.arrays[f"means{i}"], np.float32)
                if len(set(levels)) != len(levels):
                    raise ValueError("a level comes twice")
                if means.ndim != 2 or len(means) != len(levels) + 2:
                    raise ValueError("mean answers do not fit their levels")
                found.append(MeansOf(str(item["column"]), levels, means))
            return cls(tuple(found))


@dataclass(frozen=True)
class Means:
    """Replace levels of categories and keys by the mean answer of their rows (target encoding).

    Means are counted from the mean of all rows; those of rare levels are pulled to it, as strongly
    as the levels' own differences advise. For classes, answers are the shares of each class; of
    more than 10 classes nothing is encoded. A fitted step says of new rows what all training rows
    tell; training rows themselves are encoded by `Recipe.fit_transform`, each without its own
    answer.

    Parameters
    ----------
    least : int
        The least number of levels, a missing value counted as one, that makes a column worth
        encoding, at least 2. A level needs two rows.

    Raises
    ------
    OptionError
        When `least` is below 2.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> frame = pl.DataFrame({"town": ["Rome", "Bonn", "Oslo"] * 20})
    >>> table = Table(frame, Schema((Column("town", Kind.CATEGORY),)))
    >>> fitted = Means().fit(table, Target(np.array([1.0, 2.0, 6.0] * 20)), seed=0)
    >>> fitted.transform(table.rows(np.arange(3))).numbers.ravel().tolist()
    [-2.0, -1.0, 3.0]
    """

    uses_target: ClassVar[bool] = True

    least: int = 3

    def __post_init__(self) -> None:
        if self.least < 2:
            raise OptionError("least to be at least 2", str(self.least))

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedMeans | None:
        """Learn the means; None when no column has levels that answer differently."""
        names = (*columns_of(table, Kind.CATEGORY), *columns_of(table, Kind.ID))
        if not names or not len(y) or y.classes > MOST_CLASSES:
            return None
        answers = answer_columns(y)
        found = []
        for series in read(table, names, [Kind.CATEGORY] * len(names)):
            counts = pl.DataFrame({"level": series.drop_nulls()})["level"].value_counts()
            levels = tuple(counts.filter(pl.col("count") > 1)["level"].sort())
            if len(levels) + bool(series.null_count()) < self.least:
                continue
            empty = np.zeros((len(levels) + 2, answers.shape[1]), np.float32)
            one = MeansOf(series.name, levels, empty).learned(series, answers)
            if (one.means != one.means[0]).any():
                found.append(one)
        return FittedMeans(tuple(found)) if found else None
