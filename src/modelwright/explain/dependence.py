"""What a model says on average when one column is set to a value: partial dependence.

Friedman (2001), section 8.2.
"""

from __future__ import annotations

import numpy as np

from modelwright.core.evidence import Dependence, Profile
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.explain.probing import Predict, with_value

__all__ = ["partial_dependence"]

_MICROSECONDS = 1e6
# Numbers are tried at the 5 % quantile and in steps of 10 %, without the outermost ones.
_QUANTILES = (1, 3, 5, 7, 9, 10, 11, 13, 15, 17, 19)
_LEVELS = 8


def partial_dependence(predict: Predict, table: Table, profile: Profile) -> Dependence | None:
    """Set one column to several values, one after another, in all rows.

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
        None for a column that has no usual values, such as free text.

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
    at = _values(profile)
    if len(at) < 2:
        return None
    means = []
    for value in at:
        p = predict(with_value(table, profile.name, _stored(profile.kind, value)))
        means.append(tuple(float(mean) for mean in p.mean(axis=0, dtype=np.float64)))
    return Dependence(profile.name, at, tuple(means))


def _values(profile: Profile) -> tuple[float | str, ...]:
    if profile.kind == Kind.BOOLEAN:
        return (0.0, 1.0)
    if profile.quantiles:
        return tuple(sorted({profile.quantiles[i] for i in _QUANTILES}))
    return profile.levels[:_LEVELS]


def _stored(kind: str, value: float | str) -> object:
    if kind == Kind.BOOLEAN:
        return bool(value)
    if kind == Kind.DATETIME:
        return round(float(value) * _MICROSECONDS)
    return value
