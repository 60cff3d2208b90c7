"""An additive model that can be read: one curve a column, and a few pairs of columns.

Cyclic boosting of small trees of one column each (Lou, Caruana and Gehrke 2012, "Intelligible
models"), then of pairs that the residuals ask for (Lou, Caruana, Gehrke and Hooker 2013), as in the
explainable boosting machine of Nori et al. (2019). What is learned is a table a column: what each
bin of it adds to the score.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Stages, State
from modelwright.core.seed import Seed
from modelwright.core.task import Target
from modelwright.models.bins import Bins
from modelwright.models.growth import Growth
from modelwright.models.options import at_least, between
from modelwright.models.sample import Classes, Sample, loss, softmax
from modelwright.models.shaping import levels_step, pair_gain, pair_step, purified, values_step
from modelwright.models.unpack import array, number, unsound

__all__ = ["AdditiveLearner", "FittedAdditive", "Shape", "Side"]

Floats = NDArray[np.float64]

_GRID = 16
"""Bins of a column in a pair."""
_CANDIDATES = 24
"""So many columns, those of the largest curves, are looked at for pairs."""
_TABLE = 200_000
"""Numbers in the tables of a model at most: wide data get fewer bins a column."""
_LEVEL_L2 = 10.0


@dataclass(frozen=True)
class Side:
    """The bins of one column in a pair, at most 16: wider than those of its own curve.

    Parameters
    ----------
    edges : ndarray of float32, optional
        As in `Shape`.
    levels : ndarray of int64, optional
        As in `Shape`.
    """

    edges: NDArray[np.float32] | None
    levels: NDArray[np.int64] | None


@dataclass(frozen=True)
class Shape:
    """What one column, or a pair of columns, adds to the score.

    Parameters
    ----------
    columns : tuple of int
        Positions in the matrix, numbers first; two for a pair.
    edges : ndarray of float32, optional
        Of a number: bin 1 holds values up to the first edge, bin 2 up to the second, and so on.
    levels : ndarray of int32, optional
        Of a category: the bin of each level.
    contribution : ndarray of float64, shape (n_bins, n_scores) or (n_bins, n_bins, n_scores)
        What each bin adds, on average 0 over the training rows: units of the target, or of the
        log odds (of the second of two classes; of each of more). Bin 0 is missing. A pair adds
        nothing on average in any row and any column of its grid: that is in the curves.
    counts : ndarray of int64, shape (n_bins,) or (n_bins, n_bins)
        Training rows in each bin.
    sides : tuple of Side
        Of a pair, whose `edges` and `levels` are None: the bins down and across.
    """

    columns: tuple[int, ...]
    edges: NDArray[np.float32] | None
    levels: NDArray[np.int32] | None
    contribution: Floats
    counts: NDArray[np.int64]
    sides: tuple[Side, ...] = ()


@dataclass(frozen=True)
class FittedAdditive:
    """Tables over bins. Unit: a round over all columns.

    Parameters
    ----------
    bins : Bins
        How columns are cut.
    coarse : ndarray of uint8, shape (n_bins,)
        For each bin of each column its place in the grid of a pair.
    pairs : ndarray of int32, shape (n_pairs, 2)
        Columns that act together.
    classes : Classes
        The classes of the task, or none.
    base : ndarray of float64, shape (n_scores,)
        The score of a row of which nothing is known.
    scale : float
        What one unit of a table is worth in the units of the target.
    counts : ndarray of int64, shape (n_bins,)
        Training rows in each bin.
    pair_counts : ndarray of int64, shape (n_pairs, 256)
        Training rows in each cell of each pair.
    path : ndarray of int64, shape (n_held,)
        Rounds after which the tables are held.
    tables : ndarray of float64, shape (n_held, n_bins, n_scores)
        What each bin of each column adds.
    grids : ndarray of float64, shape (n_held, n_pairs, 256, n_scores)
        What each cell of each pair adds.
    """

    bins: Bins
    coarse: NDArray[np.uint8]
    pairs: NDArray[np.int32]
    classes: Classes
    base: Floats
    scale: float
    counts: NDArray[np.int64]
    pair_counts: NDArray[np.int64]
    path: NDArray[np.int64]
    tables: Floats
    grids: Floats
    stages: Stages | None = field(default=None, compare=False)

    @property
    def units(self) -> int:
        """How many rounds it has."""
        return int(self.path[-1])

    @property
    def out_of_bag(self) -> None:
        """None: it does not bag."""
        return None

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.cumsum([0, *self.bins.sizes]).astype(np.int64)

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict: shape (n_rows, n_outputs)."""
        scores = np.zeros((X.shape[0], len(self.base)))
        binned = self.bins(X)
        for j, column in enumerate(binned):
            scores += self.tables[-1, self._starts[j] : self._starts[j + 1]][column]
        for grid, cells in zip(self.grids[-1], _cells(self, binned), strict=True):
            scores += grid[cells]
        return self.classes.answers(scores * self.scale + self.base)

    def at(self, units: int) -> FittedAdditive:
        """Give the model held at the round nearest to so many.

        Raises
        ------
        OptionError
            When that is no number of rounds.
        """
        if units < 1:
            raise OptionError("at least 1 unit", str(units))
        place = int(np.argmin(np.abs(self.path - units)))
        only = slice(place, place + 1)
        return replace(
            self,
            path=self.path[only],
            tables=self.tables[only],
            grids=self.grids[only],
            stages=None,
        )

    def shapes(self) -> tuple[Shape, ...]:
        """Give what each column and each pair adds, to be drawn."""
        shapes = []
        for j in range(len(self._starts) - 1):
            own = slice(self._starts[j], self._starts[j + 1])
            counts, table = self.counts[own], self.tables[-1, own] * self.scale
            table = table - counts @ table / max(counts.sum(), 1)
            code = j - self.bins.numbers
            edges = self.bins.cuts(j) if code < 0 else None
            levels = None if code < 0 else self.bins.levels(code)
            shapes.append(Shape((j,), edges, levels, table, counts))
        for place, (a, b) in enumerate(self.pairs.tolist()):
            (down, rows), (across, columns) = self._side(a), self._side(b)
            used = np.ix_(rows, columns)
            grid = self.grids[-1, place].reshape(_GRID, _GRID, -1)[used] * self.scale
            counts = self.pair_counts[place].reshape(_GRID, _GRID)[used]
            shapes.append(Shape((a, b), None, None, grid, counts, (down, across)))
        return tuple(shapes)

    def _side(self, column: int) -> tuple[Side, NDArray[np.int64]]:
        """Give the bins of a column in a pair, and their places in the grid."""
        groups = self.coarse[self._starts[column] : self._starts[column + 1]].astype(np.int64)
        used = np.unique(groups)
        code = column - self.bins.numbers
        if code >= 0:
            return Side(None, np.searchsorted(used, groups[self.bins.levels(code)])), used
        last = np.flatnonzero(np.diff(groups[1:]))  # bins after which another group begins
        return Side(self.bins.cuts(column)[last], None), used

    def export(self) -> State:
        """Give the whole state."""
        arrays: dict[str, NDArray[Any]] = {
            "coarse": self.coarse,
            "pairs": self.pairs,
            "base": self.base,
            "counts": self.counts,
            "pair_counts": self.pair_counts,
            "path": self.path,
            "tables": self.tables,
            "grids": self.grids,
            **self.bins.to_arrays(),
            **self.classes.to_arrays(),
        }
        return State({**self.classes.to_config(), "scale": self.scale}, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedAdditive:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        bins, classes = Bins.of_state(state), Classes.of_state(state)
        coarse = array(state, "coarse", np.uint8, 1)
        pairs = array(state, "pairs", np.int32, 2)
        base = array(state, "base", np.float64, 1)
        counts = array(state, "counts", np.int64, 1)
        pair_counts = array(state, "pair_counts", np.int64, 2)
        path = array(state, "path", np.int64, 1)
        tables = array(state, "tables", np.float64, 3)
        grids = array(state, "grids", np.float64, 4)
        total, held, outputs = int(bins.sizes.sum()), len(path), classes.scored
        if not held or path[0] < 1 or (np.diff(path) <= 0).any():
            raise unsound("ascending rounds", "others")
        if len(coarse) != total or len(counts) != total or (coarse >= _GRID).any():
            raise unsound(f"{total} bins", f"{len(coarse)}")
        if pairs.shape[1] != 2 or ((pairs < 0) | (pairs >= len(bins.sizes))).any():
            raise unsound("pairs of known columns", "others")
        wanted = (held, len(pairs), _GRID**2, outputs)
        if tables.shape != (held, total, outputs) or grids.shape != wanted:
            raise unsound(f"tables of {total} bins", f"{tables.shape}")
        if pair_counts.shape != (len(pairs), _GRID**2):
            raise unsound("rows in each cell of each pair", f"{pair_counts.shape}")
        if len(base) != outputs:
            raise unsound(f"{outputs} scores", str(len(base)))
        scale = number(state, "scale")
        return cls(
            bins, coarse, pairs, classes, base, scale, counts, pair_counts, path, tables, grids
        )


def _cells(model: FittedAdditive, binned: NDArray[np.uint16]) -> Iterator[NDArray[np.int64]]:
    """Give the cell of each row in the grid of each pair."""
    for a, b in model.pairs.tolist():
        left = model.coarse[model._starts[a] : model._starts[a + 1]][binned[a]]
        right = model.coarse[model._starts[b] : model._starts[b + 1]][binned[b]]
        yield left.astype(np.int64) * _GRID + right


@dataclass(frozen=True)
class AdditiveLearner:
    """A sum of curves, one a column, and of a few pairs of columns.

    Unit: a round over all columns. The first ``3 / learning_rate`` rounds know no pairs; then
    those are chosen that save the most of what is left. With validation rows it records `Stages`,
    and stops when their loss no longer falls; without, it fits ``15 / learning_rate`` rounds.

    Parameters
    ----------
    learning_rate : float
        How much each step counts.
    leaves : int
        Leaves of a step on a number.
    min_rows_leaf : int
        Rows in a leaf at least (at most a twentieth of all).
    row_share : float
        Share of the rows that each round sees.
    l2 : float
        Ridge penalty on leaf values.
    pairs : int
        How many pairs of columns; 0: a purely additive model.
    max_bin : int
        Bins of a column at most.
    max_rounds : int
        Rounds after which to stop in any case.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.arange(200, dtype=np.float32)[:, None], ["x"])
    >>> y = Target((np.arange(200) >= 100).astype(np.int64), classes=2)
    >>> fitted = AdditiveLearner().fit(X, y, budget=Budget(units=50), seed=0)
    >>> fitted.predict(X).argmax(axis=1)[[0, 199]]
    array([0, 1])
    >>> fitted.shapes()[0].contribution.shape
    (201, 1)
    """

    name: ClassVar[str] = "additive"
    bags: ClassVar[bool] = False

    learning_rate: float = 0.05
    leaves: int = 3
    min_rows_leaf: int = 5
    row_share: float = 0.7
    l2: float = 1.0
    pairs: int = 8
    max_bin: int = 256
    max_rounds: int = 1_500

    def __post_init__(self) -> None:
        between("learning_rate", self.learning_rate, 0, 1)
        at_least("leaves", self.leaves, 2)
        at_least("min_rows_leaf", self.min_rows_leaf, 1)
        between("row_share", self.row_share, 0, 1)
        at_least("l2", self.l2, 0)
        at_least("pairs", self.pairs, 0)
        between("max_bin", self.max_bin, 1, 60_000)
        at_least("max_rounds", self.max_rounds, 1)

    def fit(
        self,
        X: Matrix,
        y: Target,
        *,
        weight: NDArray[np.float64] | None = None,
        valid: Matrix | None = None,
        valid_y: Target | None = None,
        budget: Budget,
        seed: int,
    ) -> FittedAdditive:
        """Fit rounds until the budget, the patience or `max_rounds` ends."""
        sample = Sample.of(X, y, weight, budget)
        most = self.max_rounds
        if valid is None:
            most = min(most, max(1, round(15 / self.learning_rate)))
        return _Fit(self, sample, Growth(most, budget)).run(valid, valid_y, Seed(seed))


class _Fit:
    """One fit: the binned rows, the tables so far, and what is held on the way."""

    def __init__(self, learner: AdditiveLearner, sample: Sample, growth: Growth) -> None:
        self.learner, self.sample, self.growth = learner, sample, growth
        base, scale = sample.start()
        cells = max(sample.X.shape[1] * len(base), 1)
        most = max(min(learner.max_bin, _TABLE // cells), 4)
        self.least = min(learner.min_rows_leaf, max(1, sample.rows // 20))
        bins = Bins.fit(sample.X, most, self.least)
        self.binned = bins(sample.X)
        sizes = bins.sizes
        self.starts = np.cumsum([0, *sizes]).astype(np.int64)
        counts = [
            np.bincount(column, minlength=size)
            for column, size in zip(self.binned, sizes, strict=True)
        ]
        coarse = [_coarse(count, j < bins.numbers) for j, count in enumerate(counts)]
        none = np.empty(0, np.int64)
        total = int(sizes.sum())
        self.model = FittedAdditive(
            bins, np.concatenate([*coarse, none]).astype(np.uint8), np.empty((0, 2), np.int32),
            sample.classes, base, scale, np.concatenate([*counts, none]),
            np.empty((0, _GRID**2), np.int64), np.ones(1, np.int64),
            np.zeros((1, total, len(base))), np.zeros((1, 0, _GRID**2, len(base))),
        )  # fmt: skip
        self.weight = np.ones(sample.rows) if sample.weight is None else sample.weight
        self.answers = (
            (sample.values[:, None] - base) / scale
            if not sample.classes.count
            else (sample.values[:, None] == np.arange(len(base)) + (sample.classes.learned == 2))
        ).astype(np.float64)
        self.cells: list[NDArray[np.int64]] = []

    def run(self, valid: Matrix | None, valid_y: Target | None, seed: Seed) -> FittedAdditive:
        """Go round by round."""
        watched = None if valid is None else self.model.bins(valid)
        seen = np.zeros((0 if valid is None else valid.shape[0], len(self.model.base)))
        scores = np.zeros((self.sample.rows, len(self.model.base)))
        cells: list[NDArray[np.int64]] = []
        held: list[FittedAdditive] = []
        done, going = 0, True
        while going:
            if done == round(3 / self.learner.learning_rate) and self.learner.pairs:
                self._find_pairs(scores)
                cells = [] if watched is None else list(_cells(self.model, watched))
            rows = self._drawn(seed.derive("round", done))
            tables, grids = self._round(scores, rows)
            self._add(tables, grids)
            scores += _looked_up(self.starts, tables, grids, self.binned, self.cells)
            done += 1
            judged, said = None, None
            if watched is not None:
                seen += _looked_up(self.starts, tables, grids, watched, cells)
                raw = seen * self.model.scale + self.model.base
                said = self.sample.classes.answers(raw)
                judged = None if valid_y is None else loss(said, valid_y)
            going = self.growth.goes_on(done, judged)
            if said is not None and (self.growth.due(done) or not going):
                self.growth.record(done, said)
                held.append(replace(self.model, path=np.array([done])))
        return self._fitted(held or [replace(self.model, path=np.array([done]))])

    def _fitted(self, held: list[FittedAdditive]) -> FittedAdditive:
        """Keep the tables of the recorded stages."""
        stages = self.growth.stages()
        if stages is not None:
            held = [model for model in held if model.units in stages.units]
        pairs = held[-1].pairs
        grids = np.zeros((len(held), len(pairs), _GRID**2, len(self.model.base)))
        for place, model in enumerate(held):
            grids[place, : len(model.pairs)] = model.grids[0]
        path = np.concatenate([model.path for model in held]).astype(np.int64)
        tables = np.concatenate([model.tables for model in held])
        self._purify(tables, grids)
        return replace(held[-1], path=path, tables=tables, grids=grids, stages=stages)

    def _purify(self, tables: Floats, grids: Floats) -> None:
        """Move what a pair says of one of its columns alone into the curve of that column."""
        square = (len(grids), _GRID, _GRID, grids.shape[-1])
        for place, pair in enumerate(self.model.pairs.tolist()):
            counts = self.model.pair_counts[place].reshape(_GRID, _GRID)
            rest, *curves = purified(grids[:, place].reshape(square), counts)
            grids[:, place] = rest.reshape(grids[:, place].shape)
            for column, curve in zip(pair, curves, strict=True):
                own = slice(self.starts[column], self.starts[column + 1])
                tables[:, own] += curve[:, self.model.coarse[own]]

    def _drawn(self, seed: int) -> NDArray[np.int64]:
        rows = self.sample.rows
        count = max(round(rows * self.learner.row_share), min(rows, 2))
        drawn = np.random.default_rng(seed).choice(rows, count, replace=False)
        drawn.sort()
        return drawn

    def _slopes(self, scores: Floats, rows: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Give gradients and curvatures of the loss."""
        weight, answers = self.weight[rows, None], self.answers[rows]
        if not self.sample.classes.count:
            return weight * (scores - answers), np.broadcast_to(weight, scores.shape)
        raw = scores + self.model.base
        if raw.shape[1] == 1 and self.sample.classes.learned == 2:
            p = 1 / (1 + np.exp(-np.clip(raw, -35, 35)))
        else:
            p = softmax(raw)
        return weight * (p - answers), weight * p * (1 - p)

    def _round(self, scores: Floats, rows: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Step over all columns and pairs in turn; give what is to be added to the tables."""
        rate, learner = self.learner.learning_rate, self.learner
        now, binned = scores[rows], self.binned[:, rows]
        tables, grids = np.zeros_like(self.model.tables[0]), np.zeros_like(self.model.grids[0])
        share = len(rows) / max(self.sample.rows, 1)
        for j, column in enumerate(binned):
            own = slice(self.starts[j], self.starts[j + 1])
            size, count = (
                int(own.stop - own.start),
                self.model.counts[own].astype(np.float64) * share,
            )
            G, H = self._sums(now, rows, column, size)
            if j < self.model.bins.numbers:
                least = self.least * share
                step = values_step(G, H, count, learner.leaves, least, learner.l2)
            else:
                step = levels_step(G, H, _LEVEL_L2)
            tables[own] = rate * step.clip(-4, 4)
            now += tables[own][column]
        for place, all_cells in enumerate(self.cells):
            cells = all_cells[rows]
            G, H = self._sums(now, rows, cells, _GRID**2)
            step = pair_step(_square(G), _square(H), _LEVEL_L2).clip(-4, 4)
            grids[place] = rate * step.reshape(grids[place].shape)
            now += grids[place][cells]
        return tables, grids

    def _sums(
        self, scores: Floats, rows: NDArray[np.int64], bins: NDArray[np.integer], size: int
    ) -> tuple[Floats, Floats]:
        """Add up gradients and curvatures: both of shape (n_bins, n_scores)."""
        gradient, curvature = self._slopes(scores, rows)
        return _summed(gradient, bins, size), _summed(curvature, bins, size)

    def _add(self, tables: Floats, grids: Floats) -> None:
        self.model = replace(
            self.model, tables=self.model.tables + tables, grids=self.model.grids + grids
        )

    def _find_pairs(self, scores: Floats) -> None:
        """Choose the pairs of columns whose best cut into four corners saves most."""
        spread = np.array(
            [
                np.abs(shape.contribution).mean(axis=1) @ shape.counts
                for shape in self.model.shapes()
            ]
        )
        candidates = np.sort(np.argsort(-spread, kind="stable")[:_CANDIDATES]).tolist()
        places = [(a, b) for i, a in enumerate(candidates) for b in candidates[i + 1 :]]
        rows = np.arange(self.sample.rows)
        trial = replace(self.model, pairs=np.array(places, np.int32).reshape(-1, 2))
        gains = []
        for cells in _cells(trial, self.binned):
            G, H = self._sums(scores, rows, cells, _GRID**2)
            gains.append(float(pair_gain(_square(G), _square(H), _LEVEL_L2).max()))
        best = np.argsort(-np.array(gains), kind="stable")[: self.learner.pairs]
        chosen = trial.pairs[np.sort(best)]
        empty = np.zeros((1, len(chosen), _GRID**2, len(self.model.base)))
        self.model = replace(self.model, pairs=chosen, grids=empty)
        self.cells = list(_cells(self.model, self.binned))
        counts = [np.bincount(cells, minlength=_GRID**2) for cells in self.cells]
        shape = (len(counts), _GRID**2)
        self.model = replace(self.model, pair_counts=np.array(counts, np.int64).reshape(shape))


def _summed(parts: Floats, bins: NDArray[np.integer], size: int) -> Floats:
    sums: Floats = np.column_stack([np.bincount(bins, part, size) for part in parts.T])
    return sums


def _square(cells: Floats) -> Floats:
    return cells.reshape(_GRID, _GRID, -1)


def _looked_up(
    starts: NDArray[np.int64],
    tables: Floats,
    grids: Floats,
    binned: NDArray[np.uint16],
    cells: list[NDArray[np.int64]],
) -> Floats:
    """Add up what tables and grids say of each row."""
    out = np.zeros((binned.shape[1], tables.shape[1]))
    for j, column in enumerate(binned):
        out += tables[starts[j] : starts[j + 1]][column]
    for grid, places in zip(grids, cells, strict=True):
        out += grid[places]
    return out


def _coarse(counts: NDArray[np.integer], ordered: bool) -> NDArray[np.integer]:
    """Put the bins of a column into 16 groups: of neighbours, or the frequent levels apart."""
    if not ordered:
        return np.minimum(np.arange(len(counts)), _GRID - 1)
    before = np.cumsum(counts[1:]) - counts[1:]
    share = before / max(counts[1:].sum(), 1)
    return np.concatenate([[0], 1 + np.floor(share * (_GRID - 1)).astype(np.int64)]).clip(
        max=_GRID - 1
    )
