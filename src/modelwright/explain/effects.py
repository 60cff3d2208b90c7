"""What one column does to the predictions of rows that occur: accumulated local effects.

Apley and Zhu (2020), "Visualizing the effects of predictor variables in black box supervised
learning models". A row is asked only about values next to its own, so that columns that go together
are never torn apart, as they are when one is set to a value in every row (partial dependence).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.evidence import Dependence, Profile
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.explain.dependence import stored
from modelwright.explain.probing import Predict

__all__ = ["accumulated_effects"]

Floats = NDArray[np.float64]

_MICROSECONDS = 1e6
INTERVALS = 20
LEVELS = 12
_STEPS = np.linspace(0, 1, 21)


def accumulated_effects(predict: Predict, table: Table, profile: Profile) -> Dependence | None:
    """Add up what small steps of one column do, each asked of the rows that stand there.

    Parameters
    ----------
    predict : callable
        The model.
    table : Table
        Rows. One without a value of the column has no place on its axis, and is left out.
    profile : Profile
        Of the column.

    Returns
    -------
    Dependence or None
        The effect at the borders of 20 intervals of about as many rows, or at each of the 12 most
        frequent levels; plus the mean prediction of the rows, so that it reads as a prediction.
        Levels stand in the order in which their rows are alike in the other columns. None for a
        column that has no usual values, or only one.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> from modelwright.stats import profile_table
    >>> a = np.arange(101.0)
    >>> schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    >>> table = Table(pl.DataFrame({"a": a, "b": a}), schema)
    >>> def product(rows):
    ...     return (rows.frame["a"] * rows.frame["b"]).to_numpy()[:, None].astype(np.float32)
    >>> effect = accumulated_effects(product, table, profile_table(table)[0])
    >>> round((effect.means[-1][0] - effect.means[0][0]) / 1000)
    5

    Here the effect is half of what the product gains, the other half being that of ``b``; partial
    dependence would ask about ``a`` of 100 beside ``b`` of 0.
    """
    kept = table.rows(table.frame[profile.name].is_not_null().arg_true().to_numpy())
    if not kept.height:
        return None
    if profile.kind == Kind.BOOLEAN:
        return _of_levels(predict, kept, profile, (False, True))
    if profile.quantiles:
        return _of_numbers(predict, kept, profile)
    levels = profile.levels[:LEVELS]
    among = kept.frame[profile.name].is_in(list(levels)).arg_true().to_numpy()
    kept = kept.rows(among)
    if len(levels) < 2 or not kept.height:
        return None
    return _of_levels(predict, kept, profile, _by_likeness(kept, profile.name, levels))


def _of_numbers(predict: Predict, table: Table, profile: Profile) -> Dependence | None:
    values = table.frame[profile.name]
    x = values.cast(pl.Int64 if values.dtype.is_temporal() else pl.Float64).to_numpy()
    x = x / _MICROSECONDS if values.dtype.is_temporal() else np.asarray(x, np.float64)
    # Borders are values of rows: between two whole numbers no row stands.
    edges = np.unique(np.quantile(x, _STEPS, method="inverted_cdf"))
    if len(edges) < 2:
        return None
    step = np.clip(np.searchsorted(edges, x, side="left"), 1, len(edges) - 1)
    below, above = (_predicted(predict, table, profile, edges[step - side]) for side in (1, 0))
    counts = np.bincount(step - 1, minlength=len(edges) - 1).astype(np.float64)
    effect = _added_up(above - below, step - 1, counts)
    effect -= counts @ (effect[1:] + effect[:-1]) / (2 * counts.sum())
    return _around_mean(predict(table), profile.name, effect, edges.tolist())


def _of_levels(
    predict: Predict, table: Table, profile: Profile, levels: Sequence[str | bool]
) -> Dependence | None:
    values = table.frame[profile.name]
    code = np.zeros(table.height, np.int64)
    for place, level in enumerate(levels):
        code[(values == level).to_numpy()] = place
    counts = np.bincount(code, minlength=len(levels)).astype(np.float64)
    if np.count_nonzero(counts) < 2:
        return None
    own = predict(table).astype(np.float64)
    last = len(levels) - 1
    up, down = np.flatnonzero(code < last), np.flatnonzero(code > 0)
    risen, fallen = (
        _predicted(predict, table.rows(rows), profile, [levels[c] for c in code[rows] + side])
        for rows, side in ((up, 1), (down, -1))
    )
    changes = np.concatenate([risen - own[up], own[down] - fallen])
    steps = np.concatenate([code[up], code[down] - 1])
    effect = _added_up(changes, steps, np.bincount(steps, minlength=last).astype(np.float64))
    effect -= counts @ effect / counts.sum()
    at = [float(level) if isinstance(level, bool) else level for level in levels]
    return _around_mean(own, profile.name, effect, at)


def _predicted(
    predict: Predict, table: Table, profile: Profile, values: Sequence[object] | Floats
) -> Floats:
    """Ask about the rows with the column replaced, each by a value of its own."""
    if profile.quantiles and profile.kind != Kind.BOOLEAN:
        told: list[object] = [stored(profile.kind, float(value)) for value in np.asarray(values)]
    else:
        told = list(values)
    dtype = table.frame.schema[profile.name]
    if dtype.is_temporal():
        column = pl.Series(profile.name, told, dtype=pl.Int64).cast(dtype)
    else:
        column = pl.Series(profile.name, told, dtype=dtype)
    return predict(Table(table.frame.with_columns(column), table.schema)).astype(np.float64)


def _added_up(changes: Floats, step: NDArray[np.int64], counts: Floats) -> Floats:
    """Average the changes of each step, and add the steps up from 0; one without rows is flat."""
    means = np.zeros((len(counts), changes.shape[1]))
    np.add.at(means, step, changes)
    means /= np.maximum(counts, 1.0)[:, None]
    return np.vstack([np.zeros(changes.shape[1]), np.cumsum(means, axis=0)])


def _around_mean(
    own: NDArray[np.floating], name: str, effect: Floats, at: Sequence[float | str]
) -> Dependence:
    """Move an effect to the mean of what is said of the rows as they are."""
    means = effect + own.mean(axis=0, dtype=np.float64)
    values = tuple(at)
    return Dependence(name, values, tuple(tuple(mean) for mean in means.tolist()), how="ale")


def _by_likeness(table: Table, name: str, levels: Sequence[str]) -> list[str]:
    """Order levels so that neighbours are alike in the other columns.

    As Apley and Zhu do: distances between the distributions of each other column, added up, laid
    out on a line by classical scaling (Torgerson 1952).
    """
    values = table.frame[name]
    present = [level for level in levels if (values == level).any()]
    masks = [(values == level).to_numpy() for level in present]
    apart = np.zeros((len(present), len(present)))
    for other in table.frame.columns:
        if other != name:
            apart += _distributions(table, other, masks)
    if len(present) < 3:
        return present
    centre = np.eye(len(present)) - 1 / len(present)
    _, vectors = np.linalg.eigh(-centre @ apart**2 @ centre / 2)
    line = vectors[:, -1]
    # An eigenvector has no direction: the most frequent level stands in the left half.
    line = line if line[0] <= 0 else -line
    return [present[i] for i in np.argsort(line, kind="stable")]


def _distributions(table: Table, other: str, masks: Sequence[NDArray[np.bool_]]) -> Floats:
    """Say how far apart a column's distributions are in each two parts of the rows."""
    kind = table.schema[other].kind
    ranks = table.frame[other].rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    if kind in (Kind.TEXT, Kind.ID, Kind.LIST, Kind.GEO, Kind.IMAGE):
        return np.zeros((len(masks), len(masks)))
    top = int(ranks.max(initial=0)) + 1
    shares = np.array([np.bincount(ranks[m], minlength=top) / m.sum() for m in masks])
    if kind is Kind.CATEGORY:
        pairs = np.abs(shares[:, None] - shares[None]).sum(axis=2) / 2
    else:
        sums = np.cumsum(shares, axis=1)
        pairs = np.abs(sums[:, None] - sums[None]).max(axis=2)
    return np.asarray(pairs)
