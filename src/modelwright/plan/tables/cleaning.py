"""The rows of a fit mended before anything else looks at them, and new rows likewise.

By a recipe: what it says is done. Without one: repairs are looked for in the columns that a model
sees, never in the answers; each kind of them is learned from the training rows of some folds, done
to both sides of these, and kept when a quick model then does better on rows that it has not seen.
No clock has a say, so that a run can be resumed and repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire import Raw, Reading, cast, read_types
from modelwright.clean.automatic import Offer, offers
from modelwright.clean.recipes import Recipe, read_recipe, replay
from modelwright.clean.recipes.mends import Mends
from modelwright.clean.recipes.recipe import Origin
from modelwright.clean.recipes.replay import check_columns
from modelwright.clean.recipes.rowwise import Cleaning, Tried, cleaning_of
from modelwright.clean.recipes.steps import DropRows, Rename
from modelwright.clean.recipes.texts import as_text
from modelwright.clean.repairs import Repair, rows_left
from modelwright.core.budget import Budget
from modelwright.core.errors import FitError
from modelwright.core.schema import Kind, Role
from modelwright.core.seed import Seed
from modelwright.core.settings import Question, Settings, cleaning_asked
from modelwright.core.splits import Fold
from modelwright.core.table import Table
from modelwright.evaluate import Metric
from modelwright.evaluate.intervals import group_codes
from modelwright.features import default_recipe
from modelwright.models import make_learner
from modelwright.plan.bar import splits_of
from modelwright.plan.pose import Posed, pose, reading_for
from modelwright.plan.tables.losses import losses_of

__all__ = ["CLEANED", "pose_cleaned", "reading_cleaned", "told_clean"]

CLEANED = "cleaned.parquet"
"""The file of changed cells in the folder of a run."""

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

# Rows from which rules are learned, in the end.
LEARNED = 20_000
# Rows that are looked at to see whether there is anything to mend at all.
SCREENED = 2_000
# What is looked at to choose: folds, rows and cells of each, rounds of the quick model.
FOLDS = 3
ROWS = 4_000
CELLS = 100_000
# With more columns only those are looked at that hold no numbers.
WIDE = 200
ROUNDS = 60
FEWEST_ROWS = 60
# Fewer cells a row can hardly help; so many standard errors are beyond doubt.
LEAST = 0.005
SURE = 3.0
_TINY = 1e-6
_LEARNED_HERE = "learned at the fit"


def told_clean(settings: Settings) -> bool | str:
    """Say for the record what cleans the table: a recipe by its name, without its folder."""
    asked = cleaning_asked(settings)
    return asked if isinstance(asked, bool) else Path(asked).name


def reading_cleaned(question: Question, settings: Settings, data: object) -> Reading:
    """Say how the data is to be read: what a recipe mends, as it stands in the file.

    Raises
    ------
    DataError
        When the recipe cannot be read, or less memory is free than reading takes.
    """
    reading = reading_for(question, settings, data)
    asked = cleaning_asked(settings)
    if isinstance(asked, bool):
        return reading
    recipe = read_recipe(Path(asked).expanduser())
    needed = set().union(*(one.needs() for one in recipe.mends))
    wanted = set(recipe.columns) if recipe.before or recipe.after else needed
    return replace(reading, verbatim=reading.verbatim | wanted)


def pose_cleaned(
    raw: Raw, question: Question, settings: Settings, metric: Metric | None = None
) -> Posed:
    """Put a question to a table, cleaned first if somebody asks for it.

    Parameters
    ----------
    raw : Raw
        What was read.
    question : Question
        What is asked.
    settings : Settings
        With `clean`, or without: then it does what `pose` does.
    metric : Metric, optional
        As for `pose`.

    Returns
    -------
    Posed
        With `cleaning` and the changed cells, where there was something to clean.

    Raises
    ------
    UserError
        When the recipe is of another table, or the question does not fit the table.
    """
    asked = cleaning_asked(settings)
    if asked is False:
        return pose(raw, question, settings, metric)
    if isinstance(asked, bool):
        return _by_evidence(raw, question, settings, metric)
    recipe = read_recipe(Path(asked).expanduser())
    return _by_recipe(raw, question, settings, metric, recipe)


def _by_recipe(
    raw: Raw, question: Question, settings: Settings, metric: Metric | None, recipe: Recipe
) -> Posed:
    frame = raw.frame
    check_columns(frame.columns, recipe)
    cleaning, notes = cleaning_of(recipe, frame.columns, _target(question.target, frame, recipe))
    gone = _left_out(frame, recipe)
    cleaning = replace(cleaning, rows=len(gone))
    return _posed(raw, question, settings, metric, _Ready(cleaning, gone, notes))


def _target(name: str, frame: pl.DataFrame, recipe: Recipe) -> str:
    """Find the column of the answers by the name that it has before the recipe."""
    for step in (*recipe.before, *recipe.after):
        if isinstance(step, Rename) and step.to.strip() == name.strip():
            name = step.column
    near = [column for column in frame.columns if column.strip() == name.strip()]
    return name if name in frame.columns or not near else near[0]


def _left_out(frame: pl.DataFrame, recipe: Recipe) -> tuple[Repair, ...]:
    """Find the rows that a recipe leaves out."""
    if not any(isinstance(step, DropRows) for step in (*recipe.before, *recipe.after)):
        return ()
    # how gaps are filled, last of all, leaves no row out
    done = replay(as_text(frame[list(recipe.columns)]), replace(recipe, fill=None))
    return tuple(one for one in done.changes if one.whole_row)


@dataclass(frozen=True)
class _Ready:
    """What is to be done to the rows of a fit.

    Parameters
    ----------
    cleaning : Cleaning
        What is done to each row.
    gone : tuple of Repair
        The rows that are left out, and why.
    notes : tuple of str
        What there is to know.
    """

    cleaning: Cleaning
    gone: tuple[Repair, ...] = ()
    notes: tuple[str, ...] = ()


def _posed(
    raw: Raw, question: Question, settings: Settings, metric: Metric | None, ready: _Ready
) -> Posed:
    """Mend the rows, and put the question to what comes out."""
    kept = rows_left(ready.gone, raw.frame.height)
    mended = ready.cleaning.mend(raw.frame[kept] if ready.gone else raw.frame)
    cleaning = ready.cleaning.told(mended)
    notes = (*raw.notes, *_notes(cleaning), *ready.notes)
    read = replace(raw, frame=mended.frame, notes=notes)
    posed = pose(read, question, settings, metric, cleaning)
    # rows are counted in the table as it was read
    moved = (one._replace(row=int(kept[one.row])) for one in mended.changes)
    changes = sorted((*ready.gone, *moved), key=lambda one: (one.row, one.column))
    rows = posed.rows
    if rows.origin is not None:
        rows = replace(rows, origin=kept[rows.origin])
    return replace(posed, rows=rows, changes=tuple(changes))


def _notes(cleaning: Cleaning) -> list[str]:
    """Say what was done, in a sentence."""
    columns = len({one.column for one in cleaning.done if one.cells})
    parts = []
    if cleaning.cells:
        cells = "1 cell" if cleaning.cells == 1 else f"{cleaning.cells:,} cells"
        parts.append(f"{cells} mended in {'1 column' if columns == 1 else f'{columns:,} columns'}")
    whole = [one for one in cleaning.done if not one.cells]
    if whole:
        shown = ", ".join(repr(one.column) for one in whole[:3])
        more = f" and {len(whole) - 3} more" if len(whole) > 3 else ""
        parts.append(f"columns left out or renamed: {shown}{more}")
    if cleaning.rows:
        rows = "1 row" if cleaning.rows == 1 else f"{cleaning.rows:,} rows"
        parts.append(f"{rows} left out")
    if not parts:
        tried = ", ".join(one.kind for one in cleaning.tried)
        why = f"tried, of no help on held-out rows: {tried}" if tried else "found no plain errors"
        return [f"Cleaned: nothing ({why})."]
    return [f"Cleaned before the fit: {'; '.join(parts)}. New rows are cleaned the same."]


def _by_evidence(raw: Raw, question: Question, settings: Settings, metric: Metric | None) -> Posed:
    """Look for repairs, and do those that help on held-out rows."""
    untested = replace(settings, validation=replace(settings.validation, test=None))
    plain = pose(raw, question, untested, metric)
    bench = _Bench.of(raw.frame, plain, settings)
    tried = bench.tried()
    kinds = [one.kind for one in tried if one.kept]
    whole = offers(bench.cells(bench.drawn(LEARNED))) if kinds else ()
    found = [one for one in whole if one.kind in kinds]
    cleaning = replace(bench.cleaning(found), tried=tuple(tried))
    if not kinds and settings.validation.test is None:
        notes = (*plain.notes, *_notes(cleaning))
        return replace(plain, cleaning=cleaning, notes=notes)
    return _posed(raw, question, settings, metric, _Ready(cleaning))


@dataclass(frozen=True)
class _Bench:
    """The rows that are learned from, on which kinds of repair are tried.

    Parameters
    ----------
    frame : polars.DataFrame
        The columns that a model sees, as they were read.
    posed : Posed
        The same rows with their answers, nothing mended.
    folds : tuple of Fold
        Parts that are compared.
    columns : tuple of str
        Of the whole table.
    """

    frame: pl.DataFrame
    posed: Posed
    folds: tuple[Fold, ...]
    columns: tuple[str, ...]

    @classmethod
    def of(cls, frame: pl.DataFrame, posed: Posed, settings: Settings) -> _Bench:
        """Take the rows with answers that no test column sets apart."""
        rows = posed.rows
        assert rows.origin is not None  # who poses a question says where its rows were
        held = _held(posed, settings)
        names = [name for name in posed.schema.names(Role.FEATURE)
                 if name not in held and not frame[name].dtype.is_nested()]  # fmt: skip
        some = frame[list(names)][rows.origin]
        folds: tuple[Fold, ...] = ()
        if len(rows.y) >= FEWEST_ROWS and names:
            splits = splits_of(posed, settings.validation)
            most = int(np.clip(CELLS // len(names), 500, ROWS))
            rng = np.random.default_rng(Seed(rows.seed).derive("cleaning", "rows"))
            folds = tuple(_thinned(fold, most, rng) for fold in splits.folds[-FOLDS:])
        return cls(some, posed, folds, tuple(frame.columns))

    def drawn(self, most: int) -> Places:
        """Draw rows, in their order."""
        count = self.frame.height
        if count <= most:
            return np.arange(count)
        rng = np.random.default_rng(Seed(self.posed.rows.seed).derive("cleaning", "learned"))
        return np.sort(rng.choice(count, most, replace=False))

    def cells(self, rows: Places) -> pl.DataFrame:
        """Give rows as text: of a wide table what holds no numbers."""
        names = self.frame.columns
        if len(names) > WIDE:
            schema = self.posed.schema
            names = [name for name in names if schema[name].kind is not Kind.NUMBER]
        return as_text(self.frame[names][rows])

    def cleaning(self, found: Sequence[Offer]) -> Cleaning:
        """Make one cleaning of some offers."""
        names = tuple(self.frame.columns)
        mends: dict[str, Mends] = {}
        for one in (each for offer in found for each in offer.mends):
            before = mends.get(one.column, Mends(one.column))
            values = {**one.values, **before.values}
            mends[one.column] = Mends(one.column, {}, (*before.given, *one.given), values)
        origin = Origin(_LEARNED_HERE, self.frame.height, "", "")
        recipe = Recipe(names, origin, 0.0, mends=tuple(mends.values()))
        return Cleaning(self.columns, self.posed.rows.task.target, recipe)

    def tried(self) -> list[Tried]:
        """Ask held-out rows about each kind of repair, and about those together that help."""
        trials: list[_Trial] = []
        if not self.folds or not offers(self.cells(self.drawn(SCREENED))):
            return []
        found = []
        first = self._trial(0, trials)
        for kind, cells in first.changed.items():
            if cells >= LEAST * first.rows:
                found.append(self._judged((kind,), trials))
        kept = tuple(one.kind for one in found if one.kept)
        if len(kept) < 2:
            return found
        best = max(found, key=lambda one: one.gain)
        if self._judged(kept, trials).gain >= best.gain:
            return found
        return [one._replace(kept=one is best) for one in found]

    def _trial(self, number: int, trials: list[_Trial]) -> _Trial:
        """Look at a fold, if nobody has: what its training rows offer, and what that changes."""
        while len(trials) <= number:
            fold = self.folds[len(trials)]
            found = {one.kind: one for one in offers(self.cells(fold.train))}
            both = self.frame[np.concatenate([fold.train, fold.valid])]
            changed = {
                kind: len(self.cleaning([one]).mend(both).changes) for kind, one in found.items()
            }
            trials.append(_Trial(fold, found, changed, both.height))
        return trials[number]

    def _judged(self, kinds: tuple[str, ...], trials: list[_Trial]) -> Tried:
        """Compare the loss with and without repairs, fold by fold, as long as they may help."""
        saved: list[Floats] = []
        before: list[Floats] = []
        where: list[Places] = []
        cells = 0
        for number in range(len(self.folds)):
            trial = self._trial(number, trials)
            offered = [trial.found[kind] for kind in kinds if kind in trial.found]
            try:
                if not trial.plain:
                    trial.plain.append(self._losses(trial.fold, None))
                loss = self._losses(trial.fold, self.cleaning(offered))
            except FitError:  # nothing to learn from in this fold
                continue
            plain = trial.plain[0]
            saved.append(plain - (plain if loss is None else loss))
            before.append(plain)
            where.append(trial.fold.valid)
            cells += sum(trial.changed.get(kind, 0) for kind in kinds)
            if sum(float(one.sum()) for one in saved) <= 0:
                break
        gain, error = self._gain(saved, before, where)
        sure = len(saved) == len(self.folds) and gain > SURE * error
        return Tried(" and ".join(kinds), cells, gain, error, sure)

    def _gain(
        self, saved: list[Floats], before: list[Floats], where: list[Places]
    ) -> tuple[float, float]:
        """Give the share of the loss that is saved, and its standard error."""
        if not saved:
            return 0.0, 0.0
        gains, lost = np.concatenate(saved), np.concatenate(before)
        groups = group_codes(self.posed.rows.table)
        if groups is not None:  # rows of a group err alike
            gains = _sums(gains, groups[np.concatenate(where)])
        scale = max(float(lost.sum()), _TINY) / len(gains)
        error = float(gains.std(ddof=1) / np.sqrt(len(gains))) if len(gains) > 1 else np.inf
        return float(gains.mean()) / scale, error / scale

    @overload
    def _losses(self, fold: Fold, cleaning: None) -> Floats: ...

    @overload
    def _losses(self, fold: Fold, cleaning: Cleaning) -> Floats | None: ...

    def _losses(self, fold: Fold, cleaning: Cleaning | None) -> Floats | None:
        """Fit a quick model on one side, and give its loss on each row of the other.

        None when repairs change nothing but what would be read as missing anyhow.
        """
        rows = self.posed.rows
        seen, asked = (self._table(side, cleaning) for side in (fold.train, fold.valid))
        if cleaning is not None and all(
            table.frame.equals(self._table(side, None).frame)
            for table, side in ((seen, fold.train), (asked, fold.valid))
        ):
            return None
        y, seed = rows.y.rows(fold.train), Seed(rows.seed).derive("cleaning", "fit")
        recipe = default_recipe().fit(seen, y, seed=seed)
        weight = None if rows.weight is None else rows.weight[fold.train]
        fitted = make_learner("lightgbm", {"learning_rate": 0.1}).fit(
            recipe.transform(seen), y, weight=weight, budget=Budget(units=ROUNDS), seed=seed
        )
        return losses_of(fitted.predict(recipe.transform(asked)), rows.y.rows(fold.valid))

    def _table(self, side: Places, cleaning: Cleaning | None) -> Table:
        if cleaning is None:
            table = self.posed.rows.table.rows(side)
            return table.select(self.frame.columns)
        frame = cleaning.mend(self.frame[side]).frame
        return cast(frame, self.posed.schema.select(frame.columns))


def _held(posed: Posed, settings: Settings) -> set[str]:
    """Name the columns that somebody speaks of: they stay as they are."""
    given = {} if settings.types is None else read_types(settings.types)
    told = f"{posed.question.baseline or ''} {settings.validation.interval_by or ''}"
    return {name for name in posed.schema.names() if name in given or name in told}


@dataclass(frozen=True)
class _Trial:
    """A fold, what its training rows offer, and how many cells of it that changes.

    Parameters
    ----------
    fold : Fold
        The fold.
    found : mapping of str to Offer
        By kind.
    changed : mapping of str to int
        How many cells each kind changes, on both sides.
    rows : int
        How many rows there are.
    plain : list of float array
        The loss of each held-out row when nothing is mended, once somebody asked for it.
    """

    fold: Fold
    found: Mapping[str, Offer]
    changed: Mapping[str, int]
    rows: int
    plain: list[Floats] = field(default_factory=list)


def _thinned(fold: Fold, most: int, rng: np.random.Generator) -> Fold:
    """Leave rows out at random, on both sides alike."""
    count = len(fold.train) + len(fold.valid)
    if count <= most:
        return fold
    train, valid = (
        np.sort(rng.choice(side, max(len(side) * most // count, 1), replace=False))
        for side in (fold.train, fold.valid)
    )
    return Fold(train, valid)


def _sums(values: Floats, groups: Places) -> Floats:
    codes = np.unique(groups, return_inverse=True)[1]
    return np.bincount(codes.ravel(), weights=values).astype(np.float64)
