"""Columns that somebody filled in when the answer was known.

Whether such a column has a value, or another one than nearly all rows, tells the answer with hardly
an exception, and the other columns do not know these rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding
from modelwright.leaks.look import Look

__all__ = ["find_afterwards"]

Mask = NDArray[np.bool_]

# So many rows of other answers are expected on a side by chance, and so few may be there.
_EXPECTED = 15.0
_EXCEPTIONS = 0.05
_FEWEST = 15
# How sure a model of all other columns may be of what these rows answer.
_KNOWN = 0.75
_USUAL = 0.2
_ASKED = 6


def find_afterwards(look: Look) -> tuple[Finding, ...]:
    """Find columns that have a value for one outcome only.

    Parameters
    ----------
    look : Look
        The rows.

    Returns
    -------
    tuple of Finding
        ``after-the-fact``.
    """
    sides = [
        (name, words, side)
        for i, name in enumerate(look.names)
        for words, side in _sides(look.cells.codes[:, i])
    ]
    found: dict[str, Finding] = {}
    asked = 0
    for name, words, side in sides:
        for rows, told in ((side, words), (~side, f"not {words}")):
            pure = _pure(look, rows)
            if pure is None or name in found or asked >= _ASKED:
                continue
            asked += 1
            alike = _alike(look, rows)
            known = _known(look, rows, alike)
            if known <= _KNOWN:
                evidence = (
                    f"of {int(rows.sum()):,} rows in which {name!r} is {told}, {pure:.1%} have the "
                    f"same answer; all other columns are only {known:.0%} sure of it"
                )
                found[name] = Finding("after-the-fact", CODES["after-the-fact"].severity,
                                      alike, evidence, CODES["after-the-fact"].cure)  # fmt: skip
    return tuple(found.values())


def _sides(codes: NDArray[np.integer]) -> Iterator[tuple[str, Mask]]:
    """Part the rows: missing or not, the usual value or not."""
    missing = codes == 0
    if _FEWEST <= missing.sum() <= len(codes) - _FEWEST:
        yield "filled", ~missing
    counts = np.bincount(codes)
    counts[0] = 0
    usual = int(counts.argmax())
    if _USUAL * len(codes) <= counts[usual] <= len(codes) - _FEWEST and (counts > 0).sum() > 2:
        yield "other than usual", (codes != usual) & ~missing


def _pure(look: Look, rows: Mask) -> float | None:
    """Give the share of the commonest answer, when it is far above what chance gives."""
    count = int(rows.sum())
    if count < _FEWEST or count > len(rows) - _FEWEST:
        return None
    if not look.y.classes:
        return _apart(look, rows)
    here = np.bincount(look.y.values[rows], minlength=look.y.classes)
    best = int(here.argmax())
    base = float((look.y.values == best).mean())
    expected, seen = count * (1 - base), count - int(here[best])
    if expected < _EXPECTED or seen > _EXCEPTIONS * expected:
        return None
    return float(here[best] / count)


def _apart(look: Look, rows: Mask) -> float | None:
    """For numbers: the share of pairs in which a row of this side has the higher answer."""
    order = look.answers[:, 0]
    ranks = np.argsort(np.argsort(order, kind="stable"), kind="stable") + 1.0
    inside, outside = int(rows.sum()), int((~rows).sum())
    above = (ranks[rows].sum() - inside * (inside + 1) / 2) / (inside * outside)
    share = max(above, 1 - above)
    return float(share) if share >= 0.97 and min(inside, outside) >= 2 * _FEWEST else None


def _alike(look: Look, rows: Mask) -> tuple[str, ...]:
    """List the columns that part the rows in the same way."""
    same = []
    for i, name in enumerate(look.names):
        for _, side in _sides(look.cells.codes[:, i]):
            if max((side == rows).mean(), (side != rows).mean()) >= 0.99 and name not in same:
                same.append(name)
    return tuple(same)


def _known(look: Look, rows: Mask, alike: tuple[str, ...]) -> float:
    """Say how sure a model of the other columns is of the answer of these rows."""
    said = look.quick(frozenset(alike))
    if said is None:
        return 0.0
    asked = rows & ~np.isnan(said[:, 0])
    if not asked.any():
        return 1.0
    answers = look.answers[asked].astype(np.float64)
    left = ((answers - said[asked]) ** 2).sum(axis=1).mean()
    before = (answers**2).sum(axis=1).mean()
    return float(np.clip(1 - left / max(before, 1e-12), 0, 1))
