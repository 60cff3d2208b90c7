"""Whether new rows are like earlier ones: column by column, and all columns together."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire import Reading, conform, infer_schema, read_raw, without_strays
from modelwright.acquire import cast as typed
from modelwright.core.budget import Budget
from modelwright.core.errors import DataError, FitError
from modelwright.core.findings import Finding, Severity
from modelwright.core.picture_folder import PictureFolder
from modelwright.core.schema import Kind, Role
from modelwright.core.seed import Seed
from modelwright.core.settings import Question, Settings, images_of
from modelwright.core.table import Table
from modelwright.core.task import Target, TaskKind
from modelwright.evaluate import bootstrap_interval, find_metric
from modelwright.features import default_recipe
from modelwright.features.pictures import described
from modelwright.models import make_learner
from modelwright.plan.pose import pose, reading_for
from modelwright.stats.drift import FEWEST as FEWEST_COMPARED
from modelwright.stats.drift import ColumnDrift, compare_tables

__all__ = ["Drift", "TellingApart", "drift", "drift_from", "tell_apart"]

# A quick model looks at so many rows of each side; with fewer than these it says nothing.
ROWS = 4_000
FEWEST = 40
FOLDS = 3
ROUNDS = 40
_TOLD = 6
_CURE = (
    "find out why they differ; fit on rows like the new ones, or leave out columns whose meaning "
    "changed; until then take the score of the fit for that of other rows"
)
_CURE_OF_TARGET = (
    "find out why: do these answers come from elsewhere, or from another time? Chances that a "
    "model gives are off by as much; fit on rows like the new ones"
)


@dataclass(frozen=True)
class TellingApart:
    """How well a quick model tells new rows from earlier ones (adversarial validation).

    Parameters
    ----------
    auc : float
        The area under the ROC curve on held-out rows; 0.5: it cannot.
    low, high : float
        Its 95 % interval.
    rows : int
        How many rows took part.
    """

    auc: float
    low: float
    high: float
    rows: int

    @property
    def differs(self) -> bool:
        """Whether the rows differ beyond doubt, and by more than a little."""
        return self.low > 0.55


@dataclass(frozen=True)
class Drift:
    """How new rows differ from earlier ones.

    Parameters
    ----------
    rows, new_rows : int
        How many there are.
    columns : tuple of ColumnDrift
        What a model reads, the largest difference first.
    together : TellingApart, optional
        All columns together; None with fewer than 40 rows on a side.
    target : ColumnDrift, optional
        The answers; None where new rows have none.
    """

    rows: int
    new_rows: int
    columns: tuple[ColumnDrift, ...]
    together: TellingApart | None
    target: ColumnDrift | None = None

    @property
    def drifted(self) -> tuple[ColumnDrift, ...]:
        """The columns that differ beyond doubt, and by much."""
        return tuple(one for one in self.columns if one.drifted)

    @property
    def few(self) -> bool:
        """Whether there are too few rows to tell anything."""
        return min(self.rows, self.new_rows) < FEWEST_COMPARED

    def __str__(self) -> str:
        if self.few:
            return f"{_few(self.rows, self.new_rows)}: at least {FEWEST_COMPARED} are needed"
        lines = [f"{one.column!r}: {one.words} (PSI {one.psi:.2f})" for one in self.drifted]
        if self.target is not None and self.target.drifted:
            lines.append(f"the target moved: {_moved(self.target)}")
        head = f"{len(self.drifted)} of {len(self.columns)} columns drifted"
        if self.together is not None:
            one = self.together
            head += (
                f"; a quick model tells new rows from earlier ones with an AUC of {one.auc:.2f} "
                f"(95 % interval {one.low:.2f} to {one.high:.2f})"
            )
        return "\n".join([head, *lines])

    def findings(self) -> tuple[Finding, ...]:
        """Say it in the words of checks: nothing when new rows are like the earlier ones."""
        found = []
        if self.drifted or (self.together is not None and self.together.differs):
            columns = tuple(one.column for one in self.drifted)
            lines = str(replace(self, target=None)).splitlines()
            evidence = "; ".join(lines[: 1 + _TOLD])
            found.append(Finding("drift", Severity.WARNING, columns, evidence, _CURE))
        if self.target is not None and self.target.drifted:
            told = f"the answers of new rows are spread otherwise: {_moved(self.target)}"
            names = (self.target.column,)
            found.append(Finding("target-moved", Severity.WARNING, names, told, _CURE_OF_TARGET))
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        together = None if self.together is None else asdict(self.together)
        target = None if self.target is None else self.target.to_json()
        sizes = {"rows": self.rows, "new_rows": self.new_rows, "few": self.few}
        columns = [one.to_json() for one in self.columns]
        return {**sizes, "columns": columns, "target": target, "together": together}


def drift(
    old: object, new: object, target: str | None = None, *, settings: Settings | None = None
) -> Drift:
    """Compare new rows with earlier ones.

    Parameters
    ----------
    old : path or frame
        Rows that a model was, or will be, fitted on.
    new : path or frame
        Rows that it meets.
    target : str, optional
        The column to predict: it is compared where both have it, and no feature.
    settings : Settings, optional
        Types that are known better, and the seed.

    Returns
    -------
    Drift

    Raises
    ------
    UserError
        When either cannot be read, or new rows lack a column.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> old = {"age": rng.normal(40, 9, 500), "height": rng.normal(170, 9, 500)}
    >>> new = {"age": rng.normal(52, 9, 500), "height": rng.normal(170, 9, 500)}
    >>> found = drift(old, new)
    >>> [one.column for one in found.drifted], found.together.differs
    (['age'], True)
    """
    chosen = settings or Settings()
    return drift_from(
        _earlier(old, target, chosen), new, seed=chosen.seed, images=images_of(chosen)
    )


def drift_from(
    table: Table, new: object, *, seed: int = 0, images: str | Path | None = None
) -> Drift:
    """Compare new rows with a table; parameters and errors as for `drift`."""
    answer = table.schema.names(Role.TARGET)
    raw = read_raw(new, Reading.like(table.schema))
    other = conform(without_strays(raw.frame)[0], table.schema, table.features())
    pictured = table.schema.names(Role.FEATURE, Kind.IMAGE)
    other = described(other, pictured, PictureFolder.found(images, raw.folder))
    if not table.height or not other.height:
        raise DataError("rows on both sides", f"{table.height:,} and {other.height:,}")
    found = compare_tables(table, other, [n for n in table.features() if n in other.schema])
    told = compare_tables(table, other, [n for n in answer if n in other.schema])
    together = tell_apart(table, other, seed=seed)
    return Drift(table.height, other.height, found, together, told[0] if told else None)


def _few(rows: int, new_rows: int) -> str:
    count, what = (new_rows, "new row") if new_rows <= rows else (rows, "earlier row")
    if count == 1:
        return f"1 {what} is too few to tell whether new rows differ"
    return f"{count:,} {what}s are too few to tell whether new rows differ"


def _moved(target: ColumnDrift) -> str:
    return f"{target.column!r} {target.words} (PSI {target.psi:.2f}, p = {target.p_value:.2g})"


def _earlier(old: object, target: str | None, settings: Settings) -> Table:
    if target is not None:
        question = Question(target)
        raw = read_raw(old, reading_for(question, settings, old))
        return pose(raw, question, settings).rows.table
    raw = read_raw(old, Reading())
    return typed(raw.frame, infer_schema(raw.frame))


def tell_apart(old: Table, new: Table, *, seed: int = 0) -> TellingApart | None:
    """Ask a quick model to tell new rows from earlier ones, on rows that it has not seen.

    Parameters
    ----------
    old, new : Table
        With the same features, but for an order: new rows are later ones.
    seed : int
        The only source of randomness.

    Returns
    -------
    TellingApart or None
        None with fewer than 40 rows on a side, or no feature.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> rng = np.random.default_rng(0)
    >>> schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    >>> a, b = rng.normal(size=(2, 300))
    >>> old = Table(pl.DataFrame({"a": a, "b": a}), schema)
    >>> new = Table(pl.DataFrame({"a": a, "b": b}), schema)
    >>> found = tell_apart(old, new)
    >>> found.auc > 0.7, found.differs
    (True, True)
    """
    rng = np.random.default_rng(Seed(seed).derive("drift", "rows"))
    names = [name for name in old.schema.names(Role.FEATURE) if name in new.schema]
    if min(old.height, new.height) < FEWEST or not names:
        return None
    sides = [_some(table.select(names), rng) for table in (old, new)]
    schema = old.schema.select(names)
    both = Table(pl.concat([side.frame for side in sides]), schema)
    y = Target(np.repeat([0, 1], [side.height for side in sides]), 2)
    fold = np.empty(len(y), np.int64)
    for code in (0, 1):
        mine = np.flatnonzero(y.values == code)
        fold[rng.permutation(mine)] = np.arange(len(mine)) % FOLDS
    p = np.empty((len(y), 2), np.float32)
    try:
        for number in range(FOLDS):
            p[fold == number] = _predicted(
                both, y, fold == number, Seed(seed).derive("drift", number)
            )
    except FitError:
        return None
    auc = find_metric("roc_auc", TaskKind.BINARY)
    score = auc.score(y, p)
    low, high = bootstrap_interval(auc, y, p, known=score)
    return TellingApart(score, low, high, len(y)) if math.isfinite(score) else None


def _some(table: Table, rng: np.random.Generator) -> Table:
    if table.height <= ROWS:
        return table
    return table.rows(np.sort(rng.choice(table.height, ROWS, replace=False)))


def _predicted(table: Table, y: Target, held: NDArray[np.bool_], seed: int) -> NDArray[np.float32]:
    train, valid = np.flatnonzero(~held), np.flatnonzero(held)
    seen, answers = table.rows(train), y.rows(train)
    recipe = default_recipe().fit(seen, answers, seed=seed)
    learner = make_learner("lightgbm", {"learning_rate": 0.1})
    fitted = learner.fit(recipe.transform(seen), answers, budget=Budget(units=ROUNDS), seed=seed)
    return fitted.predict(recipe.transform(table.rows(valid)))
