"""The curve of each column, of the sort that fits: set in every row, or in small steps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from modelwright.core.evidence import Dependence
from modelwright.core.table import Table
from modelwright.explain.association import CLOSE, association
from modelwright.explain.dependence import partial_dependence
from modelwright.explain.effects import accumulated_effects
from modelwright.explain.probing import Predict
from modelwright.stats import profile_table

__all__ = ["HOWS", "curves"]

HOWS = ("fitting", "partial", "ale")
"""Which curves: what fits the column, partial dependence, accumulated local effects."""


def curves(
    predict: Predict,
    table: Table,
    columns: Sequence[str],
    *,
    among: Sequence[str] = (),
    how: str = "fitting",
    until: float | None = None,
    averaged: int = 1_000,
) -> tuple[Dependence, ...]:
    """Draw a curve for each column.

    A column that goes with another one (from .5 on, see `association`) gets accumulated local
    effects, for which no row is asked about values that never occur beside its others; a column
    that stands alone gets partial dependence, with the lines of single rows.

    Parameters
    ----------
    predict : callable
        The model.
    table : Table
        Rows to ask about.
    columns : sequence of str
        The columns, the first ones first when time is short.
    among : sequence of str
        The columns that the model uses, with which each is compared; those of the table when
        left out.
    how : str
        One of `HOWS`.
    until : float, optional
        Of `time.monotonic`: start no curve that would end later.
    averaged : int
        How many rows, spread evenly, are set to each value in turn for partial dependence.

    Returns
    -------
    tuple of Dependence
        One for each column that has usual values.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> a = np.arange(50.0)
    >>> frame = pl.DataFrame({"a": a, "twin": a + 1, "alone": np.cos(a)})
    >>> schema = Schema(tuple(Column(name, Kind.NUMBER) for name in frame.columns))
    >>> def predict(rows):
    ...     return rows.frame["a"].to_numpy()[:, None].astype(np.float32)
    >>> found = curves(predict, Table(frame, schema), ["a", "alone"])
    >>> [(one.column, one.how, one.beside) for one in found]
    [('a', 'ale', 'twin'), ('alone', 'partial', 'a')]
    """
    others = list(dict.fromkeys((*columns, *(among or table.frame.columns))))
    strength = association(table, others)
    np.fill_diagonal(strength, 0.0)
    profiles = {profile.name: profile for profile in profile_table(table.select(list(columns)))}
    some = np.unique(np.linspace(0, table.height - 1, min(averaged, table.height)).astype(np.int64))
    few = table.rows(some)
    found: list[Dependence] = []
    longest = 0.0
    for place, column in enumerate(columns):
        began = time.monotonic()
        if until is not None and began + longest >= until:
            break
        beside = _closest(strength[place], others)
        steps = how == "ale" or (how == "fitting" and beside[1] >= CLOSE)
        curve = accumulated_effects(predict, table, profiles[column]) if steps else None
        if curve is None and how != "ale":
            curve = partial_dependence(predict, few, profiles[column])
        if curve is not None:
            found.append(replace(curve, beside=beside[0], strength=beside[1]))
        longest = max(longest, time.monotonic() - began)
    return tuple(found)


def _closest(strength: NDArray[np.float64], names: Sequence[str]) -> tuple[str, float]:
    most = int(strength.argmax())
    return (names[most], float(strength[most])) if strength[most] > 0 else ("", 0.0)
