"""Gaps guessed column by column from the others, in turns until the guesses stand still.

Chained equations (van Buuren and Groothuis-Oudshoorn 2011; missForest with trees, Stekhoven and
Bühlmann 2012), without the random part: one best guess for each gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.impute.columns import Encoder, imputable, modes
from modelwright.clean.impute.trees import Trees, grow
from modelwright.core.errors import OptionError
from modelwright.core.protocols import State
from modelwright.core.table import Table

__all__ = ["Chained", "FittedChained", "Ridge"]

Floats = NDArray[np.float64]

_MOST_ROWS = 20_000  # are learned from; of more a sample
_LEVELS = 30  # so many of the most frequent levels of a column are told apart
_FLIPS = 0.01  # of the guessed levels may change in a round that counts as standing still


class _Guesser(Protocol):
    """Guesses one column from all columns; it does not look at its own."""

    def guess(self, X: Floats) -> Floats:
        """Give a number or the place of a level for each row."""
        ...

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Give its arrays by name."""
        ...


@dataclass(frozen=True)
class Ridge:
    """A ridge regression of one column on the others, levels spread out to 0 and 1.

    Parameters
    ----------
    own : int
        The column that is guessed.
    spread : ndarray of int64, shape (n_columns,)
        How many levels of each column are told apart; 0 for numbers.
    weights : ndarray of float64, shape (n_features, n_outputs)
        One output for a number, one a level otherwise: the largest wins.
    base : ndarray of float64, shape (n_outputs,)
        The intercept.
    """

    own: int
    spread: NDArray[np.int64]
    weights: Floats
    base: Floats

    @classmethod
    def fit(
        cls, X: Floats, y: Floats, own: int, spread: NDArray[np.int64], penalty: float
    ) -> Ridge:
        """Solve the normal equations of centred columns."""
        features = _features(X, own, spread)
        levels = int(spread[own])
        answers = (y[:, None] == np.arange(levels)).astype(np.float64) if levels else y[:, None]
        middle, mean = features.mean(axis=0), answers.mean(axis=0)
        centred = features - middle
        square = centred.T @ centred + penalty * np.eye(centred.shape[1])
        weights = np.linalg.solve(square, centred.T @ (answers - mean))
        return cls(own, spread, weights, mean - middle @ weights)

    def guess(self, X: Floats) -> Floats:
        """Give a number or the place of a level for each row."""
        said = _features(X, self.own, self.spread) @ self.weights + self.base
        return said.argmax(axis=1).astype(np.float64) if self.spread[self.own] else said[:, 0]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Give its arrays by name."""
        return {"weights": self.weights, "base": self.base}


def _features(X: Floats, own: int, spread: NDArray[np.int64]) -> Floats:
    blocks = []
    for j, levels in enumerate(spread.tolist()):
        if j != own:
            column = X[:, [j]]
            blocks.append((column == np.arange(levels)).astype(np.float64) if levels else column)
    return np.hstack(blocks) if blocks else np.empty((len(X), 0))


@dataclass(frozen=True)
class FittedChained:
    """The models of every turn, in the order in which they are asked.

    Parameters
    ----------
    columns : tuple of str
        The columns that it fills.
    encoder : Encoder
        How all columns become numbers.
    usual : ndarray of float64, shape (n_columns,)
        The first guess of each column.
    low, high : ndarray of float64, shape (n_columns,)
        The known values of each column lie between; guesses do not leave them.
    turns : tuple of (int, guesser)
        The column, and what guesses it; the columns again in each round.
    rounds : int
        How often each column was guessed.
    settled : bool
        Whether the guesses stood still at the end.
    """

    name: ClassVar[str] = "chained"

    columns: tuple[str, ...]
    encoder: Encoder
    usual: Floats
    low: Floats
    high: Floats
    turns: tuple[tuple[int, _Guesser], ...]
    rounds: int
    settled: bool

    def fill(self, table: Table) -> pl.DataFrame:
        """Give its columns without gaps."""
        cells = self.encoder.encode(table)
        filled, gaps = self.started(cells), np.isnan(cells)
        first = min(len({j for j, _ in self.turns}), len(self.turns))
        for turn, (j, guesser) in enumerate(self.turns):
            rows = np.flatnonzero(gaps[:, j])
            if len(rows):
                seen = cells if _natively(guesser) and turn < first else filled
                filled[rows, j] = self.bounded(guesser.guess(seen[rows]), j)
        columns = []
        for name in self.columns:
            j = self.encoder.names.index(name)
            series, found = table.frame[name], self.encoder.decode(j, filled[:, j])
            columns.append(series.cast(found.dtype).fill_null(found))
        return pl.DataFrame(columns)

    def started(self, cells: Floats) -> Floats:
        """Fill every gap by the first guess."""
        return np.where(np.isnan(cells), self.usual, cells)

    def bounded(self, guess: Floats, j: int) -> Floats:
        """Keep guesses of a column within its known values."""
        return np.clip(guess, self.low[j], self.high[j])

    def export(self) -> State:
        """Give the whole state."""
        kinds = ["trees" if _natively(one) else "ridge" for _, one in self.turns]
        config = {
            "columns": list(self.columns),
            "encoder": self.encoder.to_json(),
            "turns": [[j, kind] for (j, _), kind in zip(self.turns, kinds, strict=True)],
            "rounds": self.rounds,
            "settled": self.settled,
        }
        arrays = {"usual": self.usual, "low": self.low, "high": self.high}
        for turn, (_, guesser) in enumerate(self.turns):
            arrays |= {f"{turn}.{name}": one for name, one in guesser.to_arrays().items()}
        return State(config, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedChained:
        """Rebuild from an exported state."""
        encoder = Encoder.from_json(state.config["encoder"])
        width = len(encoder.names)
        usual, low, high = (
            np.asarray(state.arrays[name], np.float64) for name in ("usual", "low", "high")
        )
        columns = tuple(str(name) for name in state.config["columns"])
        if not set(columns) <= set(encoder.names) or not usual.shape == low.shape == high.shape == (
            width,
        ):
            raise ValueError("columns do not fit")
        encoder.check(np.array([usual, low, high]))
        spread, turns = _spread(encoder), list[tuple[int, _Guesser]]()
        for turn, (j, kind) in enumerate(state.config["turns"]):
            prefix = f"{turn}."
            mine = {
                k.removeprefix(prefix): v for k, v in state.arrays.items() if k.startswith(prefix)
            }
            if not 0 <= j < width:
                raise ValueError("a turn of no column")
            if kind == "trees":
                turns.append((j, Trees.of_arrays(mine, width, max(len(encoder.levels[j]), 1))))
            else:
                turns.append((j, _ridge(mine, int(j), spread)))
        rounds, settled = int(state.config["rounds"]), bool(state.config["settled"])
        return cls(columns, encoder, usual, low, high, tuple(turns), rounds, settled)


def _ridge(arrays: Mapping[str, NDArray[Any]], own: int, spread: NDArray[np.int64]) -> Ridge:
    weights = np.asarray(arrays["weights"], np.float64)
    base = np.asarray(arrays["base"], np.float64)
    features = int(np.maximum(spread, 1).sum() - max(spread[own], 1))
    if weights.shape != (features, max(int(spread[own]), 1)) or base.shape != weights.shape[1:]:
        raise ValueError("weights do not fit their columns")
    return Ridge(own, spread, weights, base)


def _spread(encoder: Encoder) -> NDArray[np.int64]:
    return np.array([min(len(levels), _LEVELS) for levels in encoder.levels], np.int64)


def _natively(guesser: _Guesser) -> bool:
    """Whether it takes missing values as they are."""
    return isinstance(guesser, Trees)


@dataclass(frozen=True)
class Chained:
    """Fill gaps column by column from the others, round after round.

    Gaps start from the mean or the most frequent level. The columns with gaps are then guessed in
    turn, the one with the fewest first, each from all others as they stand; this goes on until
    guesses change by less than the tolerance, or the rounds are used up. New rows go through the
    same models in the same order. Columns without a gap at fit take the first guess. Of more than
    20,000 rows a sample is learned from.

    Parameters
    ----------
    model : str
        ``"ridge"``: linear; ``"trees"``: boosted, which take missing values as they are in the
        first round.
    rounds : int
        rounds at most; None: 10 of ridge, 1 of trees.
    tolerance : float
        Largest change, as a share of the largest known value, at which guesses stand still (the
        rule of scikit-learn's IterativeImputer).
    penalty : float
        Of the ridge regression, above 0.

    Raises
    ------
    OptionError
        When an option means nothing.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    >>> frame = pl.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [2.0, 4, None, 8, 10]})
    >>> table = Table(frame, schema)
    >>> Chained(penalty=1e-6).fit(table, ("b",), seed=0).fill(table)["b"].round(3).to_list()
    [2.0, 4.0, 6.0, 8.0, 10.0]
    """

    model: Literal["ridge", "trees"] = "ridge"
    rounds: int | None = None
    tolerance: float = 1e-3
    penalty: float = 1.0

    def __post_init__(self) -> None:
        if self.model not in ("ridge", "trees"):
            raise OptionError("ridge or trees", repr(self.model))
        if (self.rounds is not None and self.rounds < 1) or self.tolerance < 0 or self.penalty <= 0:
            raise OptionError("at least 1 round, and a penalty above 0",
                              f"{self.rounds} rounds, {self.penalty}")  # fmt: skip

    @property
    def name(self) -> str:
        """The word for it."""
        return self.model

    def fit(self, table: Table, columns: Sequence[str], *, seed: int) -> FittedChained:
        """Learn the models of every turn, and of every column with gaps: they need each other."""
        if table.height > _MOST_ROWS:
            drawn = np.random.default_rng(seed).choice(table.height, _MOST_ROWS, replace=False)
            table = table.rows(np.sort(drawn))
        encoder = Encoder.fit(table, imputable(table))
        cells = encoder.encode(table)
        kept = tuple(name for name in columns if name in encoder.names)
        usual = modes(cells, encoder.is_level)
        low = np.nanmin(cells, axis=0, initial=np.inf) if len(cells) else usual
        high = np.nanmax(cells, axis=0, initial=-np.inf) if len(cells) else usual
        start = FittedChained(kept, encoder, usual, low, high, (), 0, True)
        return _Rounds(self, start, cells, seed).run()


class _Rounds:
    """Rounds of one fit."""

    def __init__(self, settings: Chained, start: FittedChained, cells: Floats, seed: int) -> None:
        self.settings, self.start, self.cells, self.seed = settings, start, cells, seed
        self.gaps = np.isnan(cells)
        self.filled = start.started(cells)
        self.spread = _spread(start.encoder)
        missing = self.gaps.sum(axis=0)
        open_ = np.flatnonzero(missing > 0)
        self.order = open_[np.argsort(missing[open_], kind="stable")].tolist()

    def run(self) -> FittedChained:
        """Guess in rounds until nothing moves."""
        turns, settled = list[tuple[int, _Guesser]](), not self.order
        most = self.settings.rounds or (10 if self.settings.model == "ridge" else 1)
        done = 0
        while done < most and not settled:
            before = self.filled.copy()
            for j in self.order:
                turns.append((j, self._guess(j, first=done == 0)))
            done += 1
            settled = self._stands_still(before)
        s = self.start
        return FittedChained(
            s.columns, s.encoder, s.usual, s.low, s.high, tuple(turns), done, settled
        )

    def _guess(self, j: int, *, first: bool) -> _Guesser:
        gap = self.gaps[:, j]
        known, target = ~gap, self.cells[:, j]
        guesser: _Guesser
        if self.settings.model == "ridge":
            seen = self.filled
            guesser = Ridge.fit(seen[known], target[known], j, self.spread, self.settings.penalty)
        else:
            seen = self.cells if first else self.filled
            levels = int(self.spread[j])
            usable = known & (target < levels) if levels else known
            others = np.where(np.arange(seen.shape[1]) == j, 0.0, seen[usable])
            guesser = grow(others, target[usable], is_level=bool(levels), seed=self.seed)
        self.filled[gap, j] = self.start.bounded(guesser.guess(seen[gap]), j)
        return guesser

    def _stands_still(self, before: Floats) -> bool:
        is_level = self.start.encoder.is_level
        numbers = ~is_level
        flips = self.gaps[:, is_level]
        changed = (self.filled != before)[:, is_level] & flips
        if changed.sum() > _FLIPS * max(int(flips.sum()), 1):
            return False
        if not numbers.any():
            return True
        moved = np.abs(self.filled - before)[:, numbers].sum(axis=1).max(initial=0.0)
        largest = np.nanmax(np.abs(self.cells[:, numbers]), initial=0.0)
        return bool(moved < self.settings.tolerance * largest)
