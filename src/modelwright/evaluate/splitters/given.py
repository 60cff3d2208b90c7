"""Folds that somebody else has made."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import DataError, OptionError
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.splitters.common import Index, at_least

__all__ = ["Given", "GivenFolds", "says_test", "says_where_to_score"]

_TRAIN = ("train", "training", "fit")
_VALID = ("valid", "validation", "val", "dev")
_TEST = ("test", "testing", "holdout", "hold-out")
# A column with more different values is no column of folds.
_MOST = 100
_CURE = "write the numbers of folds, or train, valid and test"


@dataclass(frozen=True)
class Given:
    """Take the folds from a column of the table.

    It holds either the number or the name of the fold that a row is scored in; a row without one,
    or with -1, is fitted on in every fold and never scored. Or it holds the words train, valid and
    test (also training, validation, val, dev, testing, holdout): one fold is fitted on the train
    rows and scored on the valid rows; test rows are in no fold.

    Parameters
    ----------
    column : str
        The column.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> schema = Schema((Column("part", Kind.CATEGORY),))
    >>> table = Table(pl.DataFrame({"part": ["train", "train", "valid", "test"]}), schema)
    >>> (fold,) = Given("part").split(table, Target(np.zeros(4)), seed=0).folds
    >>> fold.train.tolist(), fold.valid.tolist()
    ([0, 1], [2])
    """

    column: str

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Read the folds.

        Raises
        ------
        DataError
            When the column says something else, or leaves nothing to fit on or to score.
        ColumnError
            When there is no such column.
        """
        table.schema[self.column]
        words = _words(table.frame[self.column])
        found = words.drop_nulls().unique().to_list()
        known = (*_TRAIN, *_VALID, *_TEST)
        strange = sorted(set(found) - set(known))
        folds: tuple[Fold, ...]
        if len(strange) < len(found):
            if strange or words.null_count():
                got = repr(strange[0]) if strange else f"{words.null_count():,} empty cells"
                raise self._error("train, valid or test in every row", got)
            folds = (Fold(_rows(words, _TRAIN), _rows(words, _VALID)),)
        else:
            folds = self._numbered(words, strange)
        if any(not len(fold.train) or not len(fold.valid) for fold in folds):
            raise self._error("rows to fit on and rows to score", "none for one of them")
        kept = _counts(table.height, folds)
        count = "1 fold" if len(folds) == 1 else f"{len(folds)} folds"
        reason = (
            f"{count} as column {self.column!r} says: {kept[0]:,} rows are scored, {kept[1]:,} are "
            "fitted on only" + (f", {kept[2]:,} are in no fold." if kept[2] else ".")
        )
        return Splits(folds, table.height, "given", reason)

    def _numbered(self, words: pl.Series, names: list[str]) -> tuple[Fold, ...]:
        scored = [name for name in names if name != "-1"]
        if not 0 < len(scored) <= _MOST:
            raise self._error(f"1 to {_MOST} folds", f"{len(scored):,} different values")
        if {"true", "false"} & set(scored):
            raise self._error("the fold of each row", "true and false")
        whole = all(name.lstrip("-").isdigit() for name in scored)
        ordered = sorted(scored, key=lambda name: (int(name) if whole else 0, name))
        masks = [(words == name).fill_null(value=False).to_numpy() for name in ordered]
        return tuple(Fold(np.flatnonzero(~mask), np.flatnonzero(mask)) for mask in masks)

    def _error(self, expected: str, got: str) -> DataError:
        return DataError(f"{expected} in column {self.column!r} (--splits)", got, _CURE)


def _words(series: pl.Series) -> pl.Series:
    """Write labels alike: whole numbers without a decimal point, words in small letters."""
    if series.dtype.is_float():
        series = series.fill_nan(None)
    words = series.cast(pl.String).str.strip_chars().str.to_lowercase()
    words = words.str.replace(r"^(-?\d+)\.0+$", "$1")
    return pl.select(pl.when(words != "").then(words)).to_series()


def _rows(words: pl.Series, names: Sequence[str]) -> Index:
    return np.flatnonzero(words.is_in(list(names)).fill_null(value=False).to_numpy())


def says_test(series: pl.Series) -> NDArray[np.bool_]:
    """Tell which rows of a column of folds are test rows: never fitted on, scored at the end.

    Examples
    --------
    >>> says_test(pl.Series(["train", "Test", None])).tolist()
    [False, True, False]
    """
    mask = _words(series).is_in(list(_TEST)).fill_null(value=False)
    return np.asarray(mask.to_numpy(), np.bool_)


def says_where_to_score(series: pl.Series) -> bool:
    """Tell whether a column of folds says more than train and test, so that it is a plan.

    Examples
    --------
    >>> says_where_to_score(pl.Series(["train", "test"]))
    False
    >>> says_where_to_score(pl.Series(["train", "valid"]))
    True
    """
    found = set(_words(series).drop_nulls().unique().to_list())
    return not found <= {*_TRAIN, *_TEST}


@dataclass(frozen=True, eq=False)
class GivenFolds:
    """Take folds that are arrays of row positions, as scikit-learn's splitters give them.

    Parameters
    ----------
    folds : sequence of (array, array)
        Rows fitted on and rows scored, in any order.
    times : int
        How many times rows may be scored: the number of draws of a repeated plan, whose folds
        stand one draw after the other, as many in each.

    Raises
    ------
    OptionError
        When there are no folds, or they are not positions.

    Examples
    --------
    >>> from modelwright.core.schema import Schema
    >>> table = Table(pl.DataFrame({"a": range(4)}), Schema(()))
    >>> halves = GivenFolds([([0, 1], [2, 3]), ([2, 3], [0, 1])])
    >>> len(halves.split(table, Target(np.zeros(4)), seed=0))
    2
    """

    folds: Sequence[tuple[Sequence[int] | NDArray[np.int64], Sequence[int] | NDArray[np.int64]]]
    times: int = 1

    def __post_init__(self) -> None:
        at_least(1, len(self.folds))
        at_least(1, self.times, "the number of repeats")
        if len(self.folds) % self.times:
            raise OptionError(
                f"as many folds in each of {self.times} repeats", f"{len(self.folds)} folds"
            )
        sides = [np.asarray(side) for pair in self.folds for side in pair]
        if any(side.dtype.kind not in "iu" or side.ndim != 1 for side in sides):
            raise OptionError("row positions, counted from 0, as folds", "something else",
                              "give pairs of arrays of whole numbers")  # fmt: skip

    def __repr__(self) -> str:
        digest = hashlib.blake2b(digest_size=8)
        for train, valid in self.folds:
            for side in (train, valid):
                digest.update(np.sort(np.asarray(side, np.int64)).tobytes() + b"|")
        return f"GivenFolds({len(self.folds)} folds, times={self.times}, {digest.hexdigest()})"

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Check the folds against the table.

        Raises
        ------
        OptionError
            When a position is outside the table, stands on both sides of a fold, or is scored
            twice.
        """
        folds = tuple(Fold(_sorted(train), _sorted(valid)) for train, valid in self.folds)
        for fold in folds:
            _check_fold(fold, table.height)
        splits = Splits(folds, table.height, "given", "", self.times)
        for draw in splits.rounds:
            scored = np.concatenate([folds[i].valid for i in draw])
            if len(np.unique(scored)) < len(scored):
                raise OptionError(
                    f"every row to be scored {self.times} times at most",
                    "a row in the scored rows of several folds",
                    "say with times=... how often the plan is repeated",
                )
        kept = _counts(table.height, folds)
        reason = f"{len(folds)} given folds: {kept[0]:,} of {table.height:,} rows are scored."
        return Splits(folds, table.height, "given", reason, self.times)


def _sorted(positions: Sequence[int] | NDArray[np.int64]) -> Index:
    return np.sort(np.asarray(positions, np.int64))


def _check_fold(fold: Fold, rows: int) -> None:
    for index in (fold.train, fold.valid):
        if not len(index):
            raise OptionError("rows to fit on and rows to score in every fold", "none")
        if index[0] < 0 or index[-1] >= rows:
            wrong = index[0] if index[0] < 0 else index[-1]
            raise OptionError(
                f"row positions from 0 to {rows - 1}",
                str(wrong),
                "rows without an answer are left out before they are counted",
            )
        if not (np.diff(index) > 0).all():
            raise OptionError("every row once on a side of a fold", "one of them twice")
    both = np.intersect1d(fold.train, fold.valid)
    if len(both):
        raise OptionError("rows on one side of a fold", f"row {both[0]} on both")


def _counts(rows: int, folds: Sequence[Fold]) -> tuple[int, int, int]:
    """Count the rows that are scored, that are fitted on only, and that are in no fold."""
    scored, fitted = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
    for fold in folds:
        scored[fold.valid] = True
        fitted[fold.train] = True
    return int(scored.sum()), int((fitted & ~scored).sum()), int((~fitted & ~scored).sum())
