"""Which way to fill the gaps of each column: judged on known cells that are hidden."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.impute.columns import imputable
from modelwright.clean.impute.gaps import Gaps, find_gaps
from modelwright.clean.impute.imputer import Imputer, Method, find_method
from modelwright.core.errors import DataError, OptionError
from modelwright.core.schema import Kind
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target

__all__ = ["ColumnChoice", "ImputationChoice", "Judge", "Strategy", "choose_imputation"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Judge = Callable[[Table, Target, Table, Target], Mapping[str, Floats]]
"""Given training rows whose gaps are filled in some way, their answers, and validation rows and
answers: the loss of each validation row by each of some models."""

WAYS = ("median", "ridge", "neighbours", "trees")
"""The ways that are compared, the simplest first."""

_MOST_ROWS = 4_000
_FOLDS = 3
_HIDDEN = (30, 200)  # cells of a column in a fold, at least and at most
_HIDDEN_IN_ALL = 3_000
_MOST_COLUMNS = 40  # with more columns that have gaps the slow ways are not tried
_SLOW = ("neighbours", "trees")
_FEWEST_ROWS = 20
_SLIGHT = 0.02  # of the loss of the best way: a difference that matters to nobody
# How far a way has to be ahead of one value for all gaps: standard errors, and of its loss.
_CLEAR, _WORTH = 2.0, 0.05
_PLAIN = ("median", "mean")


@dataclass(frozen=True)
class ColumnChoice:
    """How the gaps of one column are filled, and why.

    Parameters
    ----------
    column : str
        The column.
    kind : Kind
        What it is.
    method : str
        The way that is taken.
    errors : mapping of str to float
        The error of each way on hidden known cells: for numbers and dates the root of the mean
        square, in standard deviations of the column; for levels the share that is wrong.
    hidden : int
        How many known cells were hidden.
    gaps : Gaps
        How the gaps fall.
    guess : bool
        Whether no way does clearly better than one value for all gaps, which is taken then.
    """

    column: str
    kind: Kind
    method: str
    errors: Mapping[str, float]
    hidden: int
    gaps: Gaps
    guess: bool = False

    @property
    def confidence(self) -> float:
        """How far a filled cell can be trusted, from 0 to 1.

        For levels the share that was right, for numbers the share of the variance explained.
        """
        error = self.errors.get(self.method, 1.0)
        is_level = self.kind in (Kind.BOOLEAN, Kind.CATEGORY)
        return float(np.clip(1 - error if is_level else 1 - error**2, 0, 1))

    def __str__(self) -> str:
        share = f"{self.column!r}: {self.gaps.share:.1%} missing; filled by {self.method}"
        if not self.errors:
            return f"{share}; too few known cells to compare ways"
        is_level = self.kind in (Kind.BOOLEAN, Kind.CATEGORY)
        said = [
            f"{name} {error:.0%} wrong" if is_level else f"{name} off by {error:.2f} sd"
            for name, error in sorted(self.errors.items(), key=lambda item: item[1])
        ]
        told = f", more often where {self.gaps.told_by!r} tells of a gap"
        where = told if self.gaps.depends else ""
        known = f"{share}; of {self.hidden:,} known cells hidden{where}: {', '.join(said)}"
        none = "; nothing is clearly better than one value for all gaps, which tells no rows apart"
        return known + none * self.guess

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "column": self.column,
            "kind": self.kind.value,
            "method": self.method,
            "missing": self.gaps.share,
            "errors": dict(self.errors),
            "hidden": self.hidden,
            "confidence": self.confidence,
            "guess": self.guess,
            "gaps_told_by": self.gaps.told_by,
            "gaps_area": self.gaps.area,
        }


@dataclass(frozen=True)
class Strategy:
    """What models of the target make of one way to treat all gaps.

    Parameters
    ----------
    name : str
        What is done.
    model : str
        Which model.
    loss : float
        Its mean loss on rows it has not seen.
    better, error : float
        How much lower that is than with gaps left as they are, and the standard error of that.
    """

    name: str
    model: str
    loss: float
    better: float
    error: float

    @property
    def verdict(self) -> int:
        """1 when it helps beyond doubt (two standard errors), -1 when it harms, else 0."""
        return int(np.sign(self.better)) if abs(self.better) > 2 * self.error else 0


@dataclass(frozen=True)
class ImputationChoice:
    """How the gaps of a table are filled, column by column, with the evidence.

    Parameters
    ----------
    columns : tuple of ColumnChoice
        The columns with gaps.
    strategies : tuple of Strategy
        What it does to predictions, where a target was given.
    indicators : bool
        Whether columns that say where gaps were are worth adding.
    rows : int
        How many rows were looked at.
    notes : tuple of str
        What was left out, each a sentence.
    """

    columns: tuple[ColumnChoice, ...]
    strategies: tuple[Strategy, ...] = ()
    indicators: bool = False
    rows: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def imputer(self) -> Imputer:
        """The imputer that does so, to be fitted on training rows."""
        by_column = {one.column: find_method(one.method) for one in self.columns}
        return Imputer(by_column=by_column, indicators=self.indicators)

    def __str__(self) -> str:
        lines = [str(one) for one in self.columns] or ["no column with gaps that can be filled"]
        words = {1: "helps", 0: "makes no clear difference", -1: "harms"}
        lines += [
            f"for {one.model}, {one.name}: loss {one.loss:.4g}, {one.better:+.2g} better than gaps "
            f"left as they are (standard error {one.error:.2g}): {words[one.verdict]}"
            for one in self.strategies
        ]
        return "\n".join([*lines, *self.notes])

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "columns": [one.to_json() for one in self.columns],
            "strategies": [{**vars(one), "verdict": one.verdict} for one in self.strategies],
            "indicators": self.indicators,
            "rows": self.rows,
            "notes": list(self.notes),
        }


def choose_imputation(
    table: Table,
    splits: Splits,
    *,
    ways: Sequence[str] = WAYS,
    y: Target | None = None,
    judge: Judge | None = None,
    seed: int = 0,
) -> ImputationChoice:
    """Compare ways to fill the gaps of each column, out of fold.

    Each way learns from the training rows of a fold. In the validation rows known cells are hidden
    as gaps fall: where the other columns tell of gaps, cells are hidden the more often the more
    likely a gap is there; and with each cell those of other columns that are missing together with
    it in a row drawn among those with such a gap. The guesses are compared with what was hidden.
    Of the ways that are not worse than the best by more than a standard error, or 2 %, the simplest
    is taken; but nothing that learns from other columns, unless the best way is better than the
    mean and the median beyond doubt (two standard errors) and by 5 % of their loss.

    Parameters
    ----------
    table : Table
        Rows; of more than 4,000 a sample is looked at.
    splits : Splits
        The plan; three of its folds are used.
    ways : sequence of str
        Words of `METHODS`, the simplest first.
    y : Target, optional
        The answers.
    judge : callable, optional
        Fits models of the answers and gives their losses: see `Judge`. Then gaps filled in the
        chosen ways, by the median, and with indicators, are compared with gaps left as they are.
    seed : int
        The only source of randomness.

    Returns
    -------
    ImputationChoice

    Raises
    ------
    DataError
        When there are fewer than 20 rows, or the plan is one of other rows.
    OptionError
        When a way is unknown, or there is none.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> rng = np.random.default_rng(0)
    >>> size = rng.normal(size=300)
    >>> weight = np.where(rng.random(300) < 0.2, np.nan, 2 * size + rng.normal(0, 0.1, 300))
    >>> frame = pl.DataFrame({"size": size, "weight": weight}).fill_nan(None)
    >>> table = Table(frame, Schema((Column("size", Kind.NUMBER), Column("weight", Kind.NUMBER))))
    >>> half = Fold(np.arange(150), np.arange(150, 300))
    >>> found = choose_imputation(table, Splits((half,), 300, "hold-out", "an example"))
    >>> found.columns[0].method, found.columns[0].errors["ridge"] < 0.2
    ('ridge', True)
    """
    if not ways:
        raise OptionError("at least one way to fill gaps", "none")
    methods = {name: find_method(name) for name in ways}
    if splits.rows != table.height or table.height < _FEWEST_ROWS:
        raise DataError(f"a plan of the table's rows, and at least {_FEWEST_ROWS} of them",
                        f"{splits.rows:,} and {table.height:,}")  # fmt: skip
    table, y, folds = _some(table, y, splits, seed)
    columns = [name for name in imputable(table) if table.frame[name].null_count()]
    notes = []
    if len(columns) > _MOST_COLUMNS:
        slow = [name for name in methods if name in _SLOW]
        methods = {name: one for name, one in methods.items() if name not in slow} or methods
        notes.append(f"{len(columns):,} columns have gaps: {', '.join(slow)} not tried")
    gaps = find_gaps(table, columns, seed=seed)
    # who is ahead of the median may be so by the mean alone, which asks no other column
    beside = {name: find_method(name) for name in _PLAIN if "median" in methods}
    losses = _compared(table, folds, gaps, beside | methods, seed) if columns else {}
    chosen = tuple(_chosen(table, one, losses.get(one.column, {}), ways) for one in gaps)
    choice = ImputationChoice(chosen, rows=table.height, notes=tuple(notes))
    if judge is None or y is None or not columns:
        return choice
    return _judged(choice, table, y, folds, judge, seed)


def _some(
    table: Table, y: Target | None, splits: Splits, seed: int
) -> tuple[Table, Target | None, list[Fold]]:
    """Take some rows, and what is left of three folds."""
    rng = np.random.default_rng(seed)
    step = max(1, len(splits) // _FOLDS)
    folds = list(splits.folds[::-1][::step][:_FOLDS])  # in time the last fold has learned most
    if table.height <= _MOST_ROWS:
        return table, y, folds
    kept = np.sort(rng.choice(table.height, _MOST_ROWS, replace=False))
    place = np.full(table.height, -1)
    place[kept] = np.arange(len(kept))
    thin = [Fold(*(p[p >= 0] for p in (place[fold.train], place[fold.valid]))) for fold in folds]
    there = [fold for fold in thin if len(fold.train) and len(fold.valid)]
    return table.rows(kept), None if y is None else y.rows(kept), there


def _compared(
    table: Table, folds: list[Fold], gaps: Sequence[Gaps], methods: Mapping[str, Method], seed: int
) -> dict[str, dict[str, Floats]]:
    """Give the loss of each hidden cell, by column and way."""
    losses: dict[str, dict[str, list[Floats]]] = {
        one.column: {name: [] for name in methods} for one in gaps
    }
    for number, fold in enumerate(folds):
        rng = np.random.default_rng([seed, number])
        train = table.rows(fold.train)
        asked, hidden = _hidden(table, fold, gaps, rng)
        if not asked.height:
            continue
        for name, method in methods.items():
            filled = Imputer(method).fit(train, seed=seed).transform(asked)
            for column, rows in hidden.items():
                truth = table.frame[column][rows.source]
                guess = filled.frame[column][rows.place]
                losses[column][name].append(_loss(truth, guess, train.frame[column]))
    return {
        column: {name: np.concatenate(some) for name, some in each.items() if some}
        for column, each in losses.items()
    }


@dataclass(frozen=True)
class _Hidden:
    """Hidden cells of a column: their rows in the table, and in the rows with holes."""

    source: Places
    place: Places


def _hidden(
    table: Table, fold: Fold, gaps: Sequence[Gaps], rng: np.random.Generator
) -> tuple[Table, dict[str, _Hidden]]:
    """Hide known cells of validation rows, a block of rows for each column."""
    missing = np.column_stack([table.frame[one.column].is_null().to_numpy() for one in gaps])
    low, high = _HIDDEN
    most = int(np.clip(_HIDDEN_IN_ALL // len(gaps), low, high))
    sources, holes, hidden, start = [], [], dict[str, _Hidden](), 0
    for j, one in enumerate(gaps):
        known = fold.valid[~missing[fold.valid, j]]
        count = min(most, (len(known) + 1) // 2)
        if not count:
            continue
        likely = one.likely[known]
        rows = rng.choice(known, count, replace=False, p=likely / likely.sum())
        alike = fold.train[missing[fold.train, j]]
        hole = np.zeros((count, len(gaps)), np.bool_)
        if len(alike):
            hole = missing[rng.choice(alike, count)]
        hole[:, j] = True
        hidden[one.column] = _Hidden(rows, np.arange(start, start + count))
        sources.append(rows)
        holes.append(hole)
        start += count
    if not sources:
        return table.rows(np.empty(0, np.int64)), {}
    asked, hole = table.rows(np.concatenate(sources)), np.concatenate(holes)
    emptied = [
        pl.select(pl.when(~pl.Series(hole[:, j])).then(asked.frame[one.column]))
        .to_series()
        .alias(one.column)
        for j, one in enumerate(gaps)
    ]
    return Table(asked.frame.with_columns(emptied), asked.schema), hidden


def _loss(truth: pl.Series, guess: pl.Series, known: pl.Series) -> Floats:
    """Give squared differences in variances of the known values, or 1 for what is wrong."""
    if truth.dtype == pl.String() or truth.dtype == pl.Boolean():
        return truth.ne_missing(guess).cast(pl.Float64).to_numpy()
    a, b, c = (s.to_physical().cast(pl.Float64).to_numpy() for s in (truth, guess, known))
    spread = float(np.nanstd(c)) if np.isfinite(c).any() else 0.0
    off = np.where(np.isfinite(a), a - np.nan_to_num(b), 0.0) / (spread or 1.0)
    return np.asarray(off**2, np.float64)


def _chosen(
    table: Table, gaps: Gaps, losses: Mapping[str, Floats], ways: Sequence[str]
) -> ColumnChoice:
    kind = table.schema[gaps.column].kind
    tried = [name for name in ways if name in losses]
    if not tried:
        return ColumnChoice(gaps.column, kind, ways[0], {}, 0, gaps)
    best = min(tried, key=lambda name: float(losses[name].mean()))
    method = next(name for name in tried if _as_good(losses[name], losses[best]))
    plain = min((n for n in _PLAIN if n in losses), key=lambda n: losses[n].mean(), default="")
    guess = bool(plain) and len(tried) > 1 and not _clearly(losses[best], losses[plain])
    if guess:
        method = "median" if "median" in tried else tried[0]
    is_level = kind in (Kind.BOOLEAN, Kind.CATEGORY)
    shown = tried if is_level or "mean" in tried or not plain else [*tried, "mean"]
    means = {name: float(losses[name].mean()) for name in shown}
    errors = means if is_level else {name: float(np.sqrt(one)) for name, one in means.items()}
    return ColumnChoice(gaps.column, kind, method, errors, len(losses[best]), gaps, guess)


def _clearly(best: Floats, plain: Floats) -> bool:
    """Whether a way is better than one value for all gaps, beyond doubt and worth its while."""
    ahead = plain - best
    error = ahead.std(ddof=1) / np.sqrt(len(ahead)) if len(ahead) > 1 else np.inf
    return bool(ahead.mean() > max(_CLEAR * error, _WORTH * float(plain.mean())))


def _as_good(loss: Floats, best: Floats) -> bool:
    """Whether a way is behind the best by a standard error at most, or by next to nothing."""
    behind = loss - best
    error = behind.std(ddof=1) / np.sqrt(len(behind)) if len(behind) > 1 else 0.0
    return bool(behind.mean() <= max(error, _SLIGHT * float(best.mean())))


def _judged(
    choice: ImputationChoice,
    table: Table,
    y: Target,
    folds: list[Fold],
    judge: Judge,
    seed: int,
) -> ImputationChoice:
    """Compare what models of the target make of filled gaps."""
    by_column = choice.imputer.by_column
    strategies: dict[str, Imputer | None] = {
        "gaps left as they are": None,
        "gaps filled by the median": Imputer(),
        "gaps filled as chosen": Imputer(by_column=by_column),
        "gaps filled as chosen, with indicators": Imputer(by_column=by_column, indicators=True),
    }
    losses: dict[tuple[str, str], list[Floats]] = {}
    for fold in folds:
        train, valid = table.rows(fold.train), table.rows(fold.valid)
        for name, imputer in strategies.items():
            seen = (train, valid)
            if imputer is not None:
                fitted = imputer.fit(train, seed=seed)
                seen = fitted.transform(train), fitted.transform(valid)
            judged = judge(seen[0], y.rows(fold.train), seen[1], y.rows(fold.valid))
            for model, loss in judged.items():
                losses.setdefault((model, name), []).append(loss)
    first = next(iter(strategies))
    found = []
    for (model, name), some in losses.items():
        loss, left = np.concatenate(some), np.concatenate(losses[model, first])
        gain = left - loss
        error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else 0.0
        found.append(Strategy(name, model, float(loss.mean()), float(gain.mean()), error))
    helped = [
        np.concatenate(losses[model, list(strategies)[2]]) - np.concatenate(some)
        for (model, name), some in losses.items()
        if name == list(strategies)[3]
    ]
    sure = any(one.mean() > 2 * one.std(ddof=1) / np.sqrt(len(one)) for one in helped)
    told = tuple(one for one in found if one.name != first)
    return ImputationChoice(choice.columns, told, sure, choice.rows, choice.notes)
