"""Gaps of a table from any source: ways to fill them compared, the best taken, each cell logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire import Given, Reading, cast, infer, read_raw, read_types
from modelwright.clean.impute import (
    FittedImputer,
    ImputationChoice,
    Imputer,
    choose_imputation,
    find_method,
)
from modelwright.clean.impute.columns import imputable
from modelwright.core.budget import Budget
from modelwright.core.errors import FitError
from modelwright.core.schema import Role
from modelwright.core.seed import Seed
from modelwright.core.settings import Question, Settings
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate import choose_splitter
from modelwright.features import default_recipe
from modelwright.models import make_learner
from modelwright.plan.pose import pose, reading_for
from modelwright.plan.tables.losses import losses_of

__all__ = ["AUTO", "Imputed", "fill_gaps", "impute"]

Floats = NDArray[np.float64]

AUTO = "auto"
"""The word for: compare ways, and take the best for each column."""

_FOLDS = 3
_ROUNDS = 60


@dataclass(frozen=True)
class Imputed:
    """A table without gaps where they could be filled, and how that came about.

    Parameters
    ----------
    table : Table
        The rows in order, what was known unchanged.
    log : polars.DataFrame
        One row a filled cell: ``row`` (from 0), ``column``, ``old`` (missing), ``new`` as text,
        ``rule`` and ``confidence`` from 0 to 1, missing where it was not measured.
    imputer : FittedImputer
        Fills the gaps of other rows the same way; it can be exported.
    choice : ImputationChoice, optional
        The evidence; None when the way was given.
    """

    table: Table
    log: pl.DataFrame
    imputer: FittedImputer
    choice: ImputationChoice | None = None

    def __str__(self) -> str:
        columns = self.log["column"].n_unique()
        head = f"{self.log.height:,} gaps filled in {columns:,} columns"
        return head if self.choice is None else f"{head}\n{self.choice}"

    def to_json(self) -> dict[str, Any]:
        """Give everything but the cells as plain JSON."""
        counts = self.log.group_by("column", maintain_order=True).len().rows()
        return {
            "rows": self.table.height,
            "filled": dict(counts),
            "choice": None if self.choice is None else self.choice.to_json(),
        }


def impute(
    data: object,
    target: str | None = None,
    *,
    method: str = AUTO,
    indicators: bool = False,
    settings: Settings | None = None,
) -> Imputed:
    """Fill the gaps of a table, by default each column in the way that does best.

    Parameters
    ----------
    data : path, database, frame or mapping
        What `fit` takes.
    target : str, optional
        The column to predict: it fills no gaps and has none filled, and ways are also judged by
        what models of it make of them.
    method : str
        ``"auto"``, or a word of `modelwright.clean.impute.METHODS` for every column.
    indicators : bool
        Whether columns that say where gaps were are added in any case.
    settings : Settings, optional
        `types`, `header`, `encoding` and `seed` count.

    Returns
    -------
    Imputed

    Raises
    ------
    UserError
        When the data or an option is wrong.

    Examples
    --------
    >>> found = impute({"a": [1.0, 2.0, None, 4.0], "b": ["x", None, "x", "y"]}, method="median")
    >>> found.table.frame.rows()
    [(1.0, 'x'), (2.0, 'x'), (2.0, 'x'), (4.0, 'y')]
    >>> found.log.select("row", "column", "new").rows()
    [(1, 'b', 'x'), (2, 'a', '2.0')]
    """
    chosen = settings or Settings()
    if method != AUTO:
        find_method(method)
    if target is not None:
        question = Question(target)
        raw = read_raw(data, reading_for(question, chosen, data))
        posed = pose(raw, question, chosen)
        names = [name for name in posed.schema.names() if name in raw.frame.columns]
        table = cast(raw.frame, posed.schema.select(names))
        judged = posed.rows.table, posed.rows.y
        return fill_gaps(
            table, method=method, indicators=indicators, judged=judged, seed=chosen.seed
        )
    given: Mapping[str, Given] = {} if chosen.types is None else read_types(chosen.types)
    reading = Reading(chosen.header, frozenset(given), seed=chosen.seed, encoding=chosen.encoding)
    frame = read_raw(data, reading).frame
    schema, _ = infer(frame, given, "")
    return fill_gaps(cast(frame, schema), method=method, indicators=indicators, seed=chosen.seed)


def fill_gaps(
    table: Table,
    *,
    method: str = AUTO,
    indicators: bool = False,
    judged: tuple[Table, Target] | None = None,
    seed: int = 0,
) -> Imputed:
    """Fill the gaps of a typed table.

    Parameters
    ----------
    table : Table
        Its features are filled; a target, a group, an order and ignored columns are not.
    method : str
        ``"auto"``, or the way for every column.
    indicators : bool
        Whether columns that say where gaps were are added in any case.
    judged : tuple of Table and Target, optional
        Rows with answers, on which ways are judged as well.
    seed : int
        The only source of randomness.

    Returns
    -------
    Imputed

    Raises
    ------
    OptionError
        When the way is unknown.
    DataError
        When ways are to be compared on fewer than 20 rows.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> table = Table(pl.DataFrame({"a": [1.0, None]}), Schema((Column("a", Kind.NUMBER),)))
    >>> fill_gaps(table, method="mean").table.frame["a"].to_list()
    [1.0, 1.0]
    """
    choice = None
    if method == AUTO and any(table.frame[name].null_count() for name in imputable(table)):
        choice = _chosen(table, judged, seed)
        imputer = choice.imputer
    else:
        imputer = Imputer(find_method("median" if method == AUTO else method))
    wanted = indicators or (choice is not None and choice.indicators)
    imputer = Imputer(imputer.method, imputer.by_column, wanted)
    fitted = imputer.fit(table, seed=seed)
    return Imputed(fitted.transform(table), _log(fitted, table, choice), fitted, choice)


def _chosen(table: Table, judged: tuple[Table, Target] | None, seed: int) -> ImputationChoice:
    root = Seed(seed)
    if judged is None:
        y = Target(np.zeros(table.height))
        rows = table.select([c.name for c in table.schema if c.role is not Role.TARGET])
        splits = choose_splitter(rows, y, folds=_FOLDS).split(rows, y, seed=root.derive("gaps"))
        return choose_imputation(table, splits, seed=root.derive("gaps", "ways"))
    rows, y = judged
    splits = choose_splitter(rows, y, folds=_FOLDS).split(rows, y, seed=root.derive("gaps"))
    judge = _Judge(root.derive("gaps", "judge"))
    return choose_imputation(rows, splits, y=y, judge=judge, seed=root.derive("gaps", "ways"))


@dataclass(frozen=True)
class _Judge:
    """A linear model and a boosted one: the first cannot see gaps, the second can."""

    seed: int

    def __call__(self, train: Table, y: Target, valid: Table, valid_y: Target) -> dict[str, Floats]:
        recipe = default_recipe().fit(train, y, seed=self.seed)
        seen, asked = recipe.transform(train), recipe.transform(valid)
        found = {}
        for name, units in (("linear", None), ("lightgbm", _ROUNDS)):
            learner = make_learner(name, {"learning_rate": 0.1} if units else {})
            try:
                fitted = learner.fit(seen, y, budget=Budget(units=units), seed=self.seed)
            except FitError:  # nothing to learn from in this fold
                continue
            found[name] = losses_of(fitted.predict(asked), valid_y)
        return found


def _log(fitted: FittedImputer, table: Table, choice: ImputationChoice | None) -> pl.DataFrame:
    sure = {} if choice is None else {
        one.column: one.confidence for one in choice.columns if one.errors
    }  # fmt: skip
    confidence = pl.col("column").replace_strict(sure, default=None, return_dtype=pl.Float64)
    return fitted.log(table).select(
        "row",
        "column",
        pl.lit(None, pl.String).alias("old"),
        "new",
        "rule",
        confidence.alias("confidence") if sure else pl.lit(None, pl.Float64).alias("confidence"),
    )
