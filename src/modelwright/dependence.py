"""What a column does to the predictions of a model, on rows of the user's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwright.core.errors import (
    ColumnError,
    DataError,
    OptionError,
    did_you_mean,
)
from modelwright.core.evidence import Dependence
from modelwright.core.table import Table
from modelwright.explain import HOWS, curves
from modelwright.model import Model, read_rows

__all__ = ["effects"]

# Rows that are asked about; more draw the same curve.
_ROWS = 5_000
# Columns that are drawn where none are named.
_COLUMNS = 9


def effects(
    model: Model, data: object, columns: Sequence[str] = (), *, how: str = "fitting"
) -> tuple[Dependence, ...]:
    """Say what a model answers at several values of a column.

    Parameters
    ----------
    model : Model
        What `fit` gave, or `load`.
    data : path or frame
        Rows, with or without answers; of more than 5,000 as many, drawn at random.
    columns : sequence of str
        Columns that the model uses; the nine most important ones when left out.
    how : str
        ``"partial"``: the column is set to the value in every row (partial dependence), with the
        lines of single rows; ``"ale"``: small steps, each in the rows that stand there, are added
        up (accumulated local effects); ``"fitting"``: the second for columns that go with another
        one (association .5 or more), the first for all others.

    Returns
    -------
    tuple of Dependence
        One for each column that has usual values: free text has none.

    Raises
    ------
    ColumnError
        When the model uses no such column, or the rows lack one.
    DataError
        When there are no rows.
    OptionError
        When `how` is another word.

    Examples
    --------
    >>> import modelwright as mw
    >>> x = np.linspace(0, 1, 80)
    >>> quick = mw.Settings(trials=1, workers=0, models=("linear",))
    >>> model = mw.fit({"x": x, "y": 3 * x}, "y", settings=quick).model
    >>> (curve,) = effects(model, {"x": x})
    >>> curve.column, curve.how, round(curve.means[-1][0] - curve.means[0][0], 1)
    ('x', 'partial', 2.7)
    """
    if how not in HOWS:
        raise OptionError("a known sort of curve", repr(how), did_you_mean(how, HOWS))
    for name in columns:
        if name not in model.columns:
            cure = did_you_mean(name, model.columns)
            raise ColumnError("a column that the model uses", repr(name), cure)
    table = _read(model, data)
    if not table.height:
        raise DataError("rows to ask the model about", "none")
    if table.height > _ROWS:
        drawn = np.random.default_rng(0).choice(table.height, _ROWS, replace=False)
        table = table.rows(np.sort(drawn))
    leading = () if model.evidence is None else model.evidence.leading
    usual = [name for name in leading if name in model.columns] or list(model.columns)
    asked = list(dict.fromkeys(columns or usual[:_COLUMNS]))
    return curves(model.predict_table, table, asked, how=how)


def _read(model: Model, data: object) -> Table:
    """Read rows as those of the fit were."""
    rows = read_rows(model, data)
    return model._typed(rows.frame, model.columns, rows.folder).select(model.columns)
