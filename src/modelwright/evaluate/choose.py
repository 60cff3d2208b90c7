"""Which splitter a table asks for."""

from __future__ import annotations

from modelwright.core.errors import DataError, OptionError
from modelwright.core.protocols import Splitter
from modelwright.core.schema import Role
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.splitters import (
    GroupKFold,
    GroupTime,
    HoldOut,
    KFold,
    Repeated,
    StratifiedKFold,
    TimeOrdered,
)
from modelwright.evaluate.splitters.times import Span

__all__ = ["choose_splitter", "folds_for"]

# Fewer rows, more folds: a small table needs every row to be fitted on, and its score is noisy;
# a large one has enough rows in one part, and each fit costs.
_STEPS = ((500, 10), (2_000, 8), (50_000, 5), (200_000, 3))
_HELD_OUT = 50_000
_SHARE = 0.2
# With group and order: each model does without a third of the groups.
_PARTS = 3


def folds_for(rows: int) -> int:
    """Say into how many folds so many rows go.

    Parameters
    ----------
    rows : int
        The height of the table.

    Returns
    -------
    int
        1 means a hold-out.

    Examples
    --------
    >>> [folds_for(rows) for rows in (150, 1_000, 10_000, 100_000, 1_000_000)]
    [10, 8, 5, 3, 1]
    """
    return next((k for most, k in _STEPS if rows <= most), 1)


def choose_splitter(
    table: Table,
    y: Target,
    *,
    folds: int | None = None,
    repeats: int = 1,
    gap: Span = None,
    window: Span = None,
) -> Splitter:
    """Choose the splitter by the structure of the rows and by their number.

    An order column gives folds in time, a group column folds of whole groups, both together later
    rows of groups that are not fitted on (`GroupTime`); otherwise rows are drawn at random, and
    classes are spread evenly. Up to 500 rows make 10 folds, up to 2,000 8, up to 50,000 5, up to
    200,000 3; of more rows, 20 % but at most about 50,000 are held out. With group and order the
    clock is stopped a third as many times, for three parts of the groups each.

    Parameters
    ----------
    table : Table
        Its schema says which columns have the roles order and group.
    y : Target
        The answers.
    folds : int, optional
        How many folds; 1 means a hold-out. None lets the number of rows decide.
    repeats : int
        How many times the plan is drawn; plans in time are not drawn.
    gap, window : str or float, optional
        What is left out before the scored rows, and how far back the fitted rows go; see
        `TimeOrdered`.

    Returns
    -------
    Splitter

    Raises
    ------
    DataError
        When there are fewer than 2 rows.
    OptionError
        When `folds` or `repeats` is below 1, or a gap or a window is given without an order.

    Examples
    --------
    >>> import numpy as np
    >>> import polars as pl
    >>> from modelwright.core.schema import Schema
    >>> table = Table(pl.DataFrame({"a": range(1000)}), Schema(()))
    >>> choose_splitter(table, Target(np.zeros(1000, int), classes=2))
    StratifiedKFold(k=8)
    """
    if table.height < 2:
        raise DataError("at least 2 rows to fit and to score", str(table.height))
    if folds is not None and folds < 1:
        raise OptionError("the number of folds to be at least 1", str(folds))
    order = next(iter(table.schema.names(Role.ORDER)), None)
    group = next(iter(table.schema.names(Role.GROUP)), None)
    if order is None and (gap is not None or window is not None):
        name = "gap" if gap is not None else "window"
        raise OptionError(
            f"an order of the rows for --{name}", "none", "name a column with --order"
        )
    k = folds_for(table.height) if folds is None else folds
    one: Splitter
    if k == 1:
        one = HoldOut(min(_SHARE, _HELD_OUT / table.height), group, order, gap, window)
    elif order is not None and group is not None:
        parts = min(k, _PARTS)
        one = GroupTime(group, order, max(1, round(k / parts)), parts, gap, window)
    elif order is not None:
        one = TimeOrdered(order, k, gap, window)
    elif group is not None:
        one = GroupKFold(group, k, shuffle=repeats > 1)
    else:
        one = StratifiedKFold(k) if y.classes else KFold(k)
    return one if repeats == 1 else Repeated(one, repeats)
