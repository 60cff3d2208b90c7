"""What a model says when one column is set to a value: single rows, and their mean.

The lines of single rows are individual conditional expectations (Goldstein, Kapelner, Bleich and
Pitkin, 2015); their mean is the partial dependence (Friedman, 2001, section 8.2). Where lines cross
or lie apart, the mean hides that other columns decide what this one does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.evidence import Dependence, Profile
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.explain.probing import Predict, with_value

__all__ = ["RowCurves", "partial_dependence", "row_curves", "stored"]

Floats = NDArray[np.float64]

_MICROSECONDS = 1e6
# Numbers are tried at the 5 % quantile and in steps of 10 %, without the outermost ones.
_QUANTILES = (1, 3, 5, 7, 9, 10, 11, 13, 15, 17, 19)
_LEVELS = 8
# Lines of single rows that are kept beside the mean.
LINES = 40


@dataclass(frozen=True)
class RowCurves:
    """What a model says of each row when one column is set to a value.

    Parameters
    ----------
    column : str
        The column.
    at : tuple of float or tuple of str
        The values it is set to: numbers (seconds since 1970 for dates), or labels.
    lines : ndarray of float32, shape (n_rows, n_values, n_outputs)
        The predictions.
    """

    column: str
    at: tuple[float | str, ...]
    lines: NDArray[np.float32]

    @property
    def means(self) -> Floats:
        """The mean over rows, which is the partial dependence: shape (n_values, n_outputs)."""
        return np.asarray(self.lines.mean(axis=0, dtype=np.float64))


def row_curves(predict: Predict, table: Table, profile: Profile) -> RowCurves | None:
    """Set one column to several values, one after another, in all rows.

    Parameters
    ----------
    predict : callable
        The model.
    table : Table
        Rows to ask about.
    profile : Profile
        Of the column: it says which values are usual.

    Returns
    -------
    RowCurves or None
        None for a column that has no usual values, such as free text.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Schema
    >>> from modelwright.stats import profile_table
    >>> schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    >>> table = Table(pl.DataFrame({"a": np.arange(21.0), "b": [-1.0, 1, 1] * 7}), schema)
    >>> def product(rows):
    ...     return (rows.frame["a"] * rows.frame["b"]).to_numpy()[:, None].astype(np.float32)
    >>> curves = row_curves(product, table, profile_table(table)[0])
    >>> curves.at[:2], curves.lines[:2, :2, 0].tolist()
    ((1.0, 3.0), [[-1.0, -3.0], [1.0, 3.0]])
    """
    at = _values(profile)
    if len(at) < 2:
        return None
    answers = [
        predict(with_value(table, profile.name, stored(profile.kind, value))) for value in at
    ]
    return RowCurves(profile.name, at, np.stack(answers, axis=1))


def partial_dependence(predict: Predict, table: Table, profile: Profile) -> Dependence | None:
    """Average what a model says when one column is set to a value.

    Parameters
    ----------
    predict : callable
        The model.
    table : Table
        Rows to average over.
    profile : Profile
        Of the column: it says which values are usual.

    Returns
    -------
    Dependence or None
        None for a column that has no usual values, such as free text. With at most two outputs
        the lines of 40 rows, spread evenly, are kept beside the mean.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Schema
    >>> from modelwright.stats import profile_table
    >>> schema = Schema((Column("a", Kind.NUMBER),))
    >>> table = Table(pl.DataFrame({"a": np.arange(21.0)}), schema)
    >>> dependence = partial_dependence(
    ...     lambda rows: 2 * rows.frame["a"].to_numpy()[:, None], table, profile_table(table)[0]
    ... )
    >>> dependence.at[:3], dependence.means[:3]
    ((1.0, 3.0, 5.0), ((2.0,), (6.0,), (10.0,)))
    """
    curves = row_curves(predict, table, profile)
    if curves is None:
        return None
    means = tuple(tuple(mean) for mean in curves.means.tolist())
    lines: tuple[tuple[float, ...], ...] = ()
    if curves.lines.shape[2] <= 2 and table.height:
        some = np.unique(np.linspace(0, table.height - 1, LINES).astype(np.int64))
        # of two classes the second says all
        lines = tuple(tuple(line) for line in curves.lines[some, :, -1].tolist())
    return Dependence(profile.name, curves.at, means, lines=lines)


def _values(profile: Profile) -> tuple[float | str, ...]:
    if profile.kind == Kind.BOOLEAN:
        return (0.0, 1.0)
    if profile.quantiles:
        return tuple(sorted({profile.quantiles[i] for i in _QUANTILES}))
    return profile.levels[:_LEVELS]


def stored(kind: str, value: float | str) -> object:
    """Give a value of a curve as the table stores it.

    Examples
    --------
    >>> stored("boolean", 1.0), stored("datetime", 2.0)
    (True, 2000000)
    """
    if kind == Kind.BOOLEAN:
        return bool(value)
    if kind == Kind.DATETIME:
        return round(float(value) * _MICROSECONDS)
    return value
