"""What the spelling of strings says of the answer: a linear model over their pieces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
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
from modelwright.features.answers import answer_columns, answer_names, kept_parts
from modelwright.features.reading import read, sound_state, texts
from modelwright.features.sparse import Pieces, ridge, stacked
from modelwright.features.strings import cut, distinct, portions, sample, string_columns

__all__ = ["FittedScores", "ScoreOf", "Scores"]

_FIT_ROWS = 20_000
_READ = 5_000  # different strings that choose the pieces
_FIT_CELLS = 100_000  # rows times answers, so that many classes do not take all the time
_MOST_CLASSES = 30  # more would make too many columns

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ScoreOf:
    """A ridge regression of the answers on the pieces of one column of strings.

    Parameters
    ----------
    column : str
        The input column.
    kind : Kind
        Text or category.
    pieces : Pieces
        What strings are made of.
    slopes : ndarray of float32, shape (n_pieces, n_answers)
        What each piece adds to the mean answer; NaN where nothing is known.

    Examples
    --------
    >>> none = Pieces(np.empty(0, np.uint64), np.empty(0, np.float32))
    >>> ScoreOf("job", Kind.TEXT, none, np.empty((0, 1), np.float32)).names
    ('job: score',)
    """

    column: str
    kind: Kind
    pieces: Pieces
    slopes: Floats

    @property
    def names(self) -> tuple[str, ...]:
        """The features it makes."""
        return answer_names(f"{self.column}: score", self.slopes.shape[1])

    @cached_property
    def _blank(self) -> bool:
        """Whether nothing is known."""
        return bool(np.isnan(self.slopes).any())

    def score(self, table: Table, series: pl.Series) -> Floats:
        """Score each string of a column: shape (n_rows, n_answers), NaN for a missing one."""
        if self._blank:
            return np.full((len(series), self.slopes.shape[1]), np.nan, np.float32)
        strings, place = table.once((distinct, self.column), partial(distinct, series))
        out: Floats = np.full((len(strings) + 1, self.slopes.shape[1]), np.nan, np.float32)
        for some in portions(strings):
            asked = (cut, self.column, self.kind, some.start)
            pieces = table.once(asked, partial(cut, strings[some], self.kind))
            out[some] = self.pieces.weigh(pieces) @ self.slopes
        return out[place]

    def learned(self, series: pl.Series, answers: NDArray[np.float64], penalty: float) -> ScoreOf:
        """Fit the slopes to these rows instead; without a string nothing is known (NaN)."""
        strings, place = distinct(series)
        known = place >= 0
        if not known.any():
            return replace(self, slopes=np.full_like(self.slopes, np.nan))
        counts = np.bincount(place[known], minlength=len(strings)).astype(np.float64)
        sums = [np.bincount(place[known], column[known], len(strings)) for column in answers.T]
        centred = np.column_stack(sums) / counts[:, None] - answers[known].mean(axis=0)
        parts = [self.pieces.weigh(cut(strings[some], self.kind)) for some in portions(strings)]
        return replace(self, slopes=ridge(stacked(parts), centred, counts, penalty))


@dataclass(frozen=True)
class FittedScores:
    """Scores of strings.

    Parameters
    ----------
    scores : tuple of ScoreOf
        One a column.
    penalty : float
        Of the ridge regressions.

    Examples
    --------
    >>> FittedScores((), 1.0).number_names
    ()
    """

    name: ClassVar[str] = "scores"

    scores: tuple[ScoreOf, ...]
    penalty: float

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns."""
        return tuple(one.column for one in self.scores)

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return tuple(name for one in self.scores for name in one.names)

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def _columns(self, table: Table) -> list[pl.Series]:
        return read(table, self.columns, [one.kind for one in self.scores])

    def transform(self, table: Table) -> Matrix:
        """Make float32 scores, NaN for a missing string; raises `ColumnError` when absent."""
        pairs = zip(self.scores, self._columns(table), strict=True)
        blocks = [one.score(table, series) for one, series in pairs]
        return Matrix.of_numbers(np.hstack(blocks), self.number_names)

    def relearned(self, table: Table, y: Target) -> FittedScores:
        """Give the same scores, fitted to these rows (every k-th of more than 20,000)."""
        most = min(_FIT_ROWS, _FIT_CELLS // y.outputs)
        if table.height > most:
            rows = np.linspace(0, table.height - 1, most).astype(np.int64)
            table, y = table.rows(rows), y.rows(rows)
        answers = answer_columns(y)
        pairs = zip(self.scores, self._columns(table), strict=True)
        learned = (one.learned(series, answers, self.penalty) for one, series in pairs)
        return replace(self, scores=tuple(learned))

    def keeping(self, clear: NDArray[np.bool_]) -> FittedScores | None:
        """Leave out the columns whose scores say nothing; None when nothing is left."""
        kept = kept_parts(self.scores, [len(one.names) for one in self.scores], clear)
        return replace(self, scores=kept) if kept else None

    def export(self) -> State:
        """Give the whole state."""
        arrays: dict[str, NDArray[np.generic]] = {}
        for i, one in enumerate(self.scores):
            arrays |= {f"codes{i}": one.pieces.codes, f"rarity{i}": one.pieces.rarity}
            arrays[f"slopes{i}"] = one.slopes
        kinds = [one.kind.value for one in self.scores]
        config = {"columns": list(self.columns), "kinds": kinds, "penalty": self.penalty}
        return State(config, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedScores:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            found = []
            for i, column, kind in _columns(state):
                slopes = np.asarray(state.arrays[f"slopes{i}"], np.float32)
                pieces = _pieces(state, i)
                if slopes.ndim != 2 or len(slopes) != len(pieces.codes):
                    raise ValueError(f"the slopes of {column!r} do not fit its pieces")
                found.append(ScoreOf(column, kind, pieces, slopes))
            return cls(tuple(found), float(state.config["penalty"]))


def _columns(state: State) -> list[tuple[int, str, Kind]]:
    """Read the columns of a state, each with its number and kind; raises like `sound_state`."""
    columns, kinds = texts(state.config, "columns"), texts(state.config, "kinds")
    if not set(kinds) <= {Kind.TEXT.value, Kind.CATEGORY.value}:
        raise ValueError("columns of strings are texts or categories")
    return [
        (i, column, Kind(kind)) for i, (column, kind) in enumerate(zip(columns, kinds, strict=True))
    ]


def _pieces(state: State, i: int) -> Pieces:
    """Read the pieces of column `i`; raises like `sound_state`."""
    codes, rarity = state.arrays[f"codes{i}"], state.arrays[f"rarity{i}"]
    if codes.dtype != np.uint64 or codes.ndim != 1 or (codes[1:] <= codes[:-1]).any():
        raise ValueError("codes of pieces do not ascend")
    if rarity.shape != codes.shape:
        raise ValueError("pieces and their weights differ in number")
    return Pieces(codes, np.asarray(rarity, np.float32))


@dataclass(frozen=True)
class Scores:
    """Say what the answer would be by the spelling of a string alone.

    Texts, and categories of more than 30 levels that have several words, are cut into runs of
    three and four characters and into words; a ridge regression on their tf-idf weights (Hoerl
    and Kennard 1970) tells the number, or the share of each class, counted from the mean of all
    rows. It is target encoding that knows which levels resemble each other: a level met once
    borrows from those that share its words.

    Parameters
    ----------
    pieces : int
        How many pieces are known of a column at most, at least 1.
    penalty : float
        Of the ridge regression, above 0; each string has length 1.

    Raises
    ------
    OptionError
        When one of them is out of range.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> jobs = ["senior clerk", "junior clerk", "senior cook", "junior cook"] * 5
    >>> frame = pl.DataFrame({"job": [f"{job} {i}" for i, job in enumerate(jobs)]})
    >>> table = Table(frame, Schema((Column("job", Kind.TEXT),)))
    >>> pay = Target(np.array([9.0, 5.0, 9.0, 5.0] * 5))
    >>> fitted = Scores(penalty=0.01).fit(table, pay, seed=0)
    >>> new = Table(pl.DataFrame({"job": ["senior waiter", "junior waiter"]}), table.schema)
    >>> (fitted.transform(new).numbers.ravel() > 0).tolist()
    [True, False]
    """

    uses_target: ClassVar[bool] = True

    pieces: int = 10_000
    penalty: float = 1.0

    def __post_init__(self) -> None:
        if self.pieces < 1 or not self.penalty > 0:
            raise OptionError(
                "at least 1 piece and a penalty above 0", f"{self.pieces}, {self.penalty}"
            )

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedScores | None:
        """Find pieces, and fit slopes; None when no column has strings that share some."""
        names, kinds = string_columns(table)
        if not names or y.classes > _MOST_CLASSES:
            return None
        strings, columns = read(table, names, kinds), answer_columns(y).shape[1]
        found = []
        for series, kind in zip(strings, kinds, strict=True):
            some = sample(series.drop_nulls().unique(maintain_order=True), seed, _READ)
            pieces = Pieces.fit(cut(some, kind), most=self.pieces, least=2)
            slopes = np.zeros((len(pieces.codes), columns), np.float32)
            if len(pieces.codes):
                found.append(ScoreOf(series.name, kind, pieces, slopes))
        return FittedScores(tuple(found), self.penalty).relearned(table, y) if found else None
