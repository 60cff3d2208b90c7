"""How the gaps of a table fall: whether other columns tell of them, and which come together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.impute.columns import Encoder, imputable, modes
from modelwright.core.table import Table

__all__ = ["Gaps", "area", "find_gaps"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

_LEVELS = 10
_FEWEST = 20  # gaps, and known cells, below which nothing is said of how they fall
_CLEAR = 0.6  # an area under the curve from which on gaps are said to depend on other columns
_SURE = 3.0  # standard errors
_PENALTY = 10.0


@dataclass(frozen=True)
class Gaps:
    """How the gaps of one column fall.

    Parameters
    ----------
    column : str
        The column.
    share : float
        The share of its cells that are missing.
    area : float
        How well the other columns tell its gaps on rows not learned from: the area under the ROC
        curve, 0.5 for chance.
    depends : bool
        Whether that is beyond doubt.
    told_by : str
        The column that tells most alone; empty where nothing tells.
    likely : ndarray of float64, shape (n_rows,)
        How likely each row has a gap, up to a factor; all the same where nothing tells.
    """

    column: str
    share: float
    area: float
    depends: bool
    told_by: str
    likely: Floats


def find_gaps(table: Table, columns: Sequence[str], *, seed: int) -> tuple[Gaps, ...]:
    """Ask whether the other columns tell where each column has its gaps.

    A ridge regression of the gaps on the values and the gaps of all other columns, each half of
    the rows judged by what the other half says.

    Parameters
    ----------
    table : Table
        Any rows.
    columns : sequence of str
        Columns with gaps.
    seed : int
        Of the halves.

    Returns
    -------
    tuple of Gaps

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> age = np.linspace(20, 80, 200)
    >>> wage = [None if a > 60 and i % 2 else 1000.0 for i, a in enumerate(age)]
    >>> schema = Schema((Column("age", Kind.NUMBER), Column("wage", Kind.NUMBER)))
    >>> table = Table(pl.DataFrame({"age": age, "wage": wage}), schema)
    >>> (found,) = find_gaps(table, ["wage"], seed=0)
    >>> found.depends, found.told_by
    (True, 'age')
    """
    names = imputable(table)
    encoder = Encoder.fit(table, names)
    cells = encoder.encode(table)
    features, of_column = _features(cells, encoder)
    half = np.random.default_rng(seed).permutation(table.height) % 2
    found = []
    for name in columns:
        gap = table.frame[name].is_null().to_numpy()
        flat = Gaps(name, float(gap.mean()), 0.5, False, "", np.ones(len(gap)))
        if min(gap.sum(), (~gap).sum()) < _FEWEST:
            found.append(flat)
            continue
        others = features[:, of_column != names.index(name)]
        likely = np.empty(len(gap))
        for side in (0, 1):
            likely[half == side] = _ridge(others, gap * 1.0, half != side)[half == side]
        told = area(likely, gap)
        error = float(np.sqrt(1 / gap.sum() + 1 / (~gap).sum()) / np.sqrt(12))
        if told < _CLEAR or told - 0.5 < _SURE * error:
            found.append(Gaps(name, flat.share, told, False, "", flat.likely))
            continue
        best = _teller(cells, gap, names.index(name), encoder)
        found.append(Gaps(name, flat.share, told, True, names[best], np.clip(likely, 1e-3, None)))
    return tuple(found)


def _features(cells: Floats, encoder: Encoder) -> tuple[Floats, Places]:
    usual = modes(cells, encoder.is_level)
    blocks, of_column = [], list[int]()
    for j, levels in enumerate(encoder.levels):
        gap = np.isnan(cells[:, j])
        column = np.where(gap, usual[j], cells[:, j])[:, None]
        if levels:
            column = (column == np.arange(min(len(levels), _LEVELS))).astype(np.float64)
        block = np.column_stack([column, gap]) if gap.any() else column
        blocks.append(block)
        of_column += [j] * block.shape[1]
    return np.hstack(blocks), np.array(of_column)


def _ridge(X: Floats, y: Floats, learn: NDArray[np.bool_]) -> Floats:
    if not X.shape[1]:
        return np.full(len(X), y[learn].mean())
    middle, mean = X[learn].mean(axis=0), y[learn].mean()
    centred = X[learn] - middle
    square = centred.T @ centred + _PENALTY * np.eye(X.shape[1])
    said: Floats = (X - middle) @ np.linalg.solve(square, centred.T @ (y[learn] - mean)) + mean
    return said


def area(score: Floats, yes: NDArray[np.bool_]) -> float:
    """Give the area under the ROC curve; equal scores count half.

    Examples
    --------
    >>> area(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place]
    many, few = int(yes.sum()), int((~yes).sum())
    return float((rank[yes].sum() - many * (many + 1) / 2) / max(many * few, 1))


def _teller(cells: Floats, gap: NDArray[np.bool_], own: int, encoder: Encoder) -> int:
    """Find the column that tells the gaps best alone: by its gaps, or by its values."""
    best, most = own, 0.0
    for j in range(cells.shape[1]):
        column = cells[:, j]
        missing = np.isnan(column)
        if j == own:
            continue
        told = [abs(area(missing * 1.0, gap) - 0.5)]
        known, mine = column[~missing], gap[~missing]
        if encoder.levels[j]:  # levels in the order of how often they go with a gap
            places = known.astype(np.int64)
            rate = np.bincount(places, mine) / np.maximum(np.bincount(places), 1)
            known = rate[places]
        if 0 < mine.sum() < len(mine):
            told.append(abs(area(known, mine) - 0.5))
        if max(told) > most:
            best, most = j, max(told)
    return best
