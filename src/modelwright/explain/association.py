"""Which columns say about the same: how strongly each pair goes together, and who forms a group.

A column that another one can stand in for looks unimportant when it is shuffled alone, and a model
asked about its values alone is asked about rows that never occur.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.stats.cells import Cells, code_cells

__all__ = ["CLOSE", "STRONG", "association", "close_columns", "with_close"]

STRONG = 0.8
"""From here on columns are shuffled together."""
CLOSE = 0.5
"""From here on the effect of one column alone is hard to read off rows that mix both."""

Floats = NDArray[np.float64]

_ROWS = 2_000
# A level needs some rows before it can be said to go with anything.
_ROWS_LEVEL = 5
_SILENT = (Kind.TEXT, Kind.ID, Kind.LIST, Kind.GEO, Kind.IMAGE)


def association(table: Table, columns: Sequence[str]) -> Floats:
    """Measure how strongly columns go together, each pair alone.

    Of two ordered columns (numbers, dates, truth values) the absolute rank correlation (Spearman
    1904); of an ordered column and a category the correlation ratio of the ranks; of two
    categories Cramér's V. The last two are corrected for what chance brings (Kelley 1935; Bergsma
    2013).

    Parameters
    ----------
    table : Table
        Rows; of more than 2,000 as many, spread evenly.
    columns : sequence of str
        Columns of the table. Free text and ids go with nothing.

    Returns
    -------
    ndarray of float64, shape (n_columns, n_columns)
        From 0 to 1, symmetric, 1 on the diagonal.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Schema
    >>> a = np.arange(40.0)
    >>> frame = pl.DataFrame({"a": a, "b": -np.exp(a / 9), "c": np.cos(a)})
    >>> schema = Schema(tuple(Column(name, Kind.NUMBER) for name in "abc"))
    >>> association(Table(frame, schema), ["a", "b", "c"])[0].round(1).tolist()
    [1.0, 1.0, 0.0]
    """
    if table.height > _ROWS:
        table = table.rows(np.linspace(0, table.height - 1, _ROWS).astype(np.int64))
    cells = code_cells(table, tuple(columns))
    speaks = np.array([table.schema[name].kind not in _SILENT for name in columns], bool)
    # Levels of a category have no order, and a column of almost only levels no neighbours.
    many = cells.distinct * _ROWS_LEVEL > max(table.height, 1)
    speaks &= cells.ordered | ~many
    found = np.eye(len(columns))
    ordered = np.flatnonzero(speaks & cells.ordered)
    ranks = _ranks(cells, ordered)
    if len(ordered):
        found[np.ix_(ordered, ordered)] = np.abs(ranks.T @ ranks)
    for i in np.flatnonzero(speaks & ~cells.ordered):
        known = cells.codes[:, i] > 0
        found[i, ordered] = found[ordered, i] = _ratio(cells.codes[known, i], ranks[known])
        for j in np.flatnonzero(speaks & ~cells.ordered):
            if j < i:
                found[i, j] = found[j, i] = _cramer(cells.codes[:, i], cells.codes[:, j])
    np.fill_diagonal(found, 1.0)
    return np.clip(found, 0.0, 1.0)


def _ranks(cells: Cells, ordered: NDArray[np.intp]) -> Floats:
    """Give mean ranks, centred and of length 1; a missing value lies in the middle."""
    out = np.zeros((len(cells), len(ordered)))
    for place, column in enumerate(cells.codes[:, ordered].T):
        known = column > 0
        counts = np.bincount(column[known])
        if np.count_nonzero(counts) < 2:
            continue
        middle = np.cumsum(counts) - (counts - 1) / 2
        values = middle[column[known]]
        out[known, place] = values - values.mean()
        out[:, place] /= np.sqrt((out[:, place] ** 2).sum())
    return out


def _ratio(codes: NDArray[np.int32], ranks: Floats) -> Floats:
    """Give the share of each column's spread that lies between levels, as a root."""
    rows, counts = len(codes), np.bincount(codes)
    levels = np.count_nonzero(counts)
    if levels < 2 or rows <= levels:
        return np.zeros(ranks.shape[1])
    centred = ranks - ranks.mean(axis=0)
    total = (centred**2).sum(axis=0)
    between = np.zeros(ranks.shape[1])
    for place, column in enumerate(centred.T):
        sums = np.bincount(codes, column)
        between[place] = (sums**2 / np.maximum(counts, 1)).sum()
    within = np.divide(total - between, total, out=np.ones_like(total), where=total > 0)
    return np.asarray(np.sqrt(np.clip(1 - within * (rows - 1) / (rows - levels), 0, 1)))


def _cramer(one: NDArray[np.int32], other: NDArray[np.int32]) -> float:
    levels = int(other.max(initial=0)) + 1
    counts = np.bincount(one * levels + other, minlength=(int(one.max(initial=0)) + 1) * levels)
    counts = counts.reshape(-1, levels)[1:, 1:]  # without what is missing
    counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    shape, rows = counts.shape, int(counts.sum())
    if min(shape) < 2:
        return 0.0
    cells = counts / rows
    expected = np.outer(cells.sum(axis=1), cells.sum(axis=0))
    phi = float(((cells - expected) ** 2 / expected).sum())
    phi -= (shape[0] - 1) * (shape[1] - 1) / (rows - 1)
    sides = [side - (side - 1) ** 2 / (rows - 1) for side in shape]
    return float(np.sqrt(np.clip(phi / max(min(sides) - 1, 1e-12), 0, 1)))


def close_columns(
    strength: Floats, columns: Sequence[str], least: float = STRONG
) -> tuple[tuple[str, ...], ...]:
    """Form groups of columns in which each goes strongly with each other (complete linkage).

    Parameters
    ----------
    strength : ndarray of float64, shape (n_columns, n_columns)
        What `association` gave.
    columns : sequence of str
        Their names.
    least : float
        How strongly two of a group go together at least.

    Returns
    -------
    tuple of tuple of str
        Groups of two or more, in the order of the columns.

    Examples
    --------
    >>> close_columns(np.array([[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]]), "abc")
    (('a', 'b'),)
    """
    group = np.arange(len(columns))
    upper = np.triu(strength, 1)
    for pair in np.argsort(-upper, axis=None, kind="stable")[: int((upper >= least).sum())]:
        i, j = np.unravel_index(pair, upper.shape)
        mine, yours = group == group[i], group == group[j]
        if group[i] != group[j] and strength[np.ix_(mine, yours)].min() >= least:
            group[mine | yours] = min(group[i], group[j])
    names = [tuple(n for n, g in zip(columns, group, strict=True) if g == k) for k in set(group)]
    firsts = {name: place for place, name in enumerate(columns)}
    return tuple(sorted((some for some in names if len(some) > 1), key=lambda s: firsts[s[0]]))


def with_close(table: Table, columns: Sequence[str]) -> list[str | tuple[str, ...]]:
    """Give columns as `permutation_importance` takes them: groups stand behind their first column.

    Parameters
    ----------
    table : Table
        Rows.
    columns : sequence of str
        Columns of the table.

    Returns
    -------
    list of str or tuple of str
        Each column, and each group of those that go together strongly, whose members stand in the
        order of the table.
    """
    wanted = set(columns)
    ordered = [name for name in table.frame.columns if name in wanted]
    groups = close_columns(association(table, ordered), ordered)
    asked: list[str | tuple[str, ...]] = []
    told: set[tuple[str, ...]] = set()
    for column in columns:
        asked.append(column)
        mine = next((group for group in groups if column in group), ())
        if mine and mine not in told:
            told.add(mine)
            asked.append(mine)
    return asked
