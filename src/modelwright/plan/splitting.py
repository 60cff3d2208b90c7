"""The one plan of row indices of a run."""

from __future__ import annotations

from modelwright.core.settings import Validation
from modelwright.core.splits import Splits
from modelwright.evaluate import choose_splitter
from modelwright.evaluate.catalogue import metric_or_usual
from modelwright.evaluate.soundness import check_plan
from modelwright.evaluate.splitters import Given, says_where_to_score
from modelwright.plan.workspace import Rows

__all__ = ["plan_notes", "plan_splits"]


def plan_splits(rows: Rows, asked: Validation) -> Splits:
    """Make the plan that everything shares.

    Parameters
    ----------
    rows : Rows
        What is learned from.
    asked : Validation
        What the user wants of the plan.

    Returns
    -------
    Splits

    Raises
    ------
    UserError
        When the rows cannot be split that way.
    """
    table, y = rows.table, rows.y
    given = asked.splits
    if isinstance(given, str):
        # A column of train and test alone says which rows to leave out, not how to check the rest.
        column = next(name for name in table.schema.names() if name.strip() == given.strip())
        if says_where_to_score(table.frame[column]):
            return Given(column).split(table, y, seed=rows.seed)
    elif given is not None:
        return given.split(table, y, seed=rows.seed)
    chosen = choose_splitter(
        table,
        y,
        folds=asked.folds,
        repeats=asked.repeats,
        gap=asked.gap,
        window=asked.window,
    )
    return chosen.split(table, y, seed=rows.seed)


def plan_notes(splits: Splits, rows: Rows) -> list[str]:
    """Check that a plan can teach and judge, and say what weakens it.

    Parameters
    ----------
    splits : Splits
        The plan.
    rows : Rows
        What is learned from.

    Returns
    -------
    list of str
        Sentences for the user.

    Raises
    ------
    DataError
        When the metric has no value on the scored rows, or every fold is fitted on one class.
    """
    metric = metric_or_usual(rows.task)
    return check_plan(splits, rows.y, metric, rows.task.classes)
