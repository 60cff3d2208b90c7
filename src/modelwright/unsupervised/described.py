"""Groups and rows in words: what is typical of a group, what is unusual about a row, a map."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from modelwright.core.numerals import number
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.unsupervised.findings import Trait, Unusual
from modelwright.unsupervised.space import Axis, Rows, Space

__all__ = ["flat_map", "traits_of", "unusual_rows", "written"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

TRAITS = 6
MAPPED = 1_500
UNUSUAL = 10
_STANDING_OUT = 3
# A level has to be seen so often in a group before it is called typical.
_FEW = 5


def traits_of(table: Table, space: Space, rows: Rows, labels: Codes) -> list[tuple[Trait, ...]]:
    """Say what is typical of each group.

    Of numbers, by how many standard deviations the group's mean lies from that of all rows; of
    levels, by the same measure of their share. Only what stands out beyond chance (two standard
    errors) and by a fifth of a standard deviation is told.

    Parameters
    ----------
    table : Table
        The rows as they are.
    space : Space
        The columns.
    rows : Rows
        The rows measured.
    labels : ndarray of int64, shape (n_rows,)
        The group of each.

    Returns
    -------
    list of tuple of Trait
        For each group at most six, the most typical first.
    """
    found = []
    for group in range(int(labels.max(initial=-1)) + 1):
        mine = labels == group
        ranked = [*_of_numbers(table, space, rows, mine), *_of_levels(space, rows, mine)]
        ranked.sort(key=lambda pair: -pair[0])
        found.append(tuple(trait for _, trait in ranked[:TRAITS]))
    return found


def _of_numbers(
    table: Table, space: Space, rows: Rows, mine: NDArray[np.bool_]
) -> list[tuple[float, Trait]]:
    found = []
    for place, axis in enumerate(space.numbers):
        scaled = np.clip(rows.numbers[:, place], -6, 6)
        apart = float(scaled[mine].mean() - scaled.mean()) / (float(scaled.std()) or 1.0)
        raw = axis.numbers(table.frame[axis.name])
        known = np.isfinite(raw)
        if abs(apart) > max(0.2, 2 / np.sqrt(mine.sum())) and known[mine].any():
            here, everywhere = (float(np.median(raw[some])) for some in (mine & known, known))
            told = written(axis, here), written(axis, everywhere)
            found.append((abs(apart), Trait(axis.name, *told, apart, False)))
    return found


def _of_levels(space: Space, rows: Rows, mine: NDArray[np.bool_]) -> list[tuple[float, Trait]]:
    found = []
    for place, axis in enumerate(space.categories):
        codes = rows.codes[:, place]
        counts = np.bincount(codes[mine], minlength=len(axis.levels))
        shares = np.bincount(codes, minlength=len(axis.levels)) / len(codes)
        here = counts / mine.sum()
        spread = np.sqrt(np.maximum(shares * (1 - shares), 1e-12))
        apart = (here - shares) / spread
        level = int(np.argmax(np.where(counts >= _FEW, apart, -np.inf)))
        if apart[level] > max(0.2, 2 / np.sqrt(mine.sum())) and counts[level] >= _FEW:
            name = axis.levels[level]
            mine_, all_ = (f"{name}: {100 * share:.0f} %" for share in (here[level], shares[level]))
            lift = float(here[level] / shares[level])
            trait = Trait(axis.name, mine_, all_, lift, is_level=True)
            found.append((float(apart[level]), trait))
    return found


def written(axis: Axis, value: float) -> str:
    """Write a value of a column as people read it."""
    if axis.kind == Kind.DATETIME:
        bounded = min(max(value, -62_135_596_800.0), 253_402_300_799.0)
        return datetime.fromtimestamp(bounded, UTC).strftime("%Y-%m-%d")
    return number(value, 4)


def unusual_rows(
    table: Table, space: Space, rows: Rows, strangeness: Floats, shown: Floats
) -> tuple[Unusual, ...]:
    """Name the least usual rows, and the columns in which each stands out.

    Parameters
    ----------
    table : Table
        The rows as they are.
    space : Space
        The columns.
    rows : Rows
        The rows measured.
    strangeness : ndarray of float64, shape (n_rows,)
        More is stranger.
    shown : ndarray of float64, shape (n_rows,)
        What is told of it.
    """
    order = np.argsort(-strangeness, kind="stable")[:UNUSUAL]
    ranks = [np.sort(column) for column in rows.numbers.T]
    return tuple(
        Unusual(int(row), float(shown[row]), *_standing_out(table, space, rows, ranks, int(row)))
        for row in order
    )


def _standing_out(
    table: Table, space: Space, rows: Rows, ranks: Sequence[Floats], row: int
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Find the columns whose value is rarest: in a tail, or a rare level."""
    told = []
    for place, axis in enumerate(space.numbers):
        below = np.searchsorted(ranks[place], rows.numbers[row, place], "right")
        share = float(below) / len(rows)
        tail = max(min(share, 1 - share + 1 / len(rows)), 0.5 / len(rows))
        side = _side(share, float(ranks[place][0]) == rows.numbers[row, place])
        raw = float(axis.numbers(table.frame[axis.name][row : row + 1])[0])
        told.append((2 * tail, axis.name, "missing" if np.isnan(raw) else written(axis, raw), side))
    for place, axis in enumerate(space.categories):
        code = int(rows.codes[row, place])
        share = float((rows.codes[:, place] == code).mean())
        value = table.frame[axis.name][row]
        text = "missing" if value is None else str(value)[:60]
        told.append((share, axis.name, text, f"in {100 * share:.1f} % of rows"))
    told.sort(key=lambda one: one[0])
    columns, values, notes = zip(*((c, v, n) for _, c, v, n in told[:_STANDING_OUT]), strict=True)
    return columns, values, notes


def flat_map(
    rows: Rows, labels: Codes, seed: int
) -> tuple[NDArray[np.float32], Codes, tuple[float, ...]]:
    """Lay rows on the two directions of most spread (principal components; Pearson 1901).

    Returns
    -------
    map : ndarray of float32, shape (n, 2)
        At most 1,500 rows.
    labels : ndarray of int64, shape (n,)
        Their groups.
    spread : tuple of float
        The share of all spread along each direction.
    """
    centred = rows.points - rows.points.mean(axis=0)
    _, sizes, turn = np.linalg.svd(centred, full_matrices=False)
    some = np.arange(len(rows))
    if len(rows) > MAPPED:
        some = np.sort(np.random.default_rng(seed).choice(len(rows), MAPPED, replace=False))
    flat = np.zeros((len(some), 2), np.float32)
    width = min(2, len(turn))
    # A direction has no sign: its largest part points up.
    signs = np.sign(turn[np.arange(width), np.abs(turn[:width]).argmax(axis=1)])
    flat[:, :width] = centred[some] @ turn[:width].T * signs
    total = float((sizes**2).sum()) or 1.0
    return flat, labels[some], tuple(float(s**2) / total for s in sizes[:width])


def _side(share: float, least: bool) -> str:
    """Say where a value lies among all, of which so large a share is no greater."""
    if share >= 1 or least:
        return "the least" if least else "the greatest"
    if share > 0.5:
        return f"above {100 * share:.1f} % of rows"
    return f"below {100 * (1 - share):.1f} % of rows"
