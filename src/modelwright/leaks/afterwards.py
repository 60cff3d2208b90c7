"""Columns that somebody filled in when the answer was known.

Whether such a column has a value, or another one than nearly all rows, tells the answer with hardly
an exception, and the other columns do not know these rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding
from modelwright.leaks.look import Look

__all__ = ["find_afterwards"]

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

# So many rows of other answers are expected on a side by chance, and so few may be there.
_EXPECTED = 15.0
_FEWEST = 15
# How pure a side has to be, and how sure of its answers a model of all other columns may be then:
# exceptions as a share of those expected, pairs of numbers that stand the wrong way.
_RULES = ((0.05, 0.03, 0.75), (0.08, 0.05, 0.6), (0.12, 0.08, 0.4))
# Of numbers: all rows of a side on one side of such a share of all answers.
_CUTS = (0.3, 0.4, 0.5, 0.6, 0.7)
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
    order = look.answers[:, 0]
    ranks = np.argsort(np.argsort(order, kind="stable"), kind="stable").astype(np.float64) + 1
    suspects = []
    for i, name in enumerate(look.names):
        for words, side in _sides(look.cells.codes[:, i]):
            for rows, told in ((side, words), (~side, f"not {words}")):
                pure = _pure(look, rows, ranks)
                if pure is not None:
                    suspects.append((pure, name, rows, told))
    suspects.sort(key=lambda one: (-one[0].unknown, -one[0].share))
    found: dict[str, Finding] = {}
    for pure, name, rows, told in suspects[:_ASKED]:
        if name in found:
            continue
        alike = _alike(look, rows)
        known = _known(look, rows, alike, pure)
        if known <= pure.unknown:
            evidence = (
                f"of {int(rows.sum()):,} rows in which {name!r} is {told}, {pure.share:.1%} "
                f"{pure.words}; all other columns are only {known:.0%} sure of it"
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


@dataclass(frozen=True)
class _Pure:
    """How far the rows of a side have one answer, and how little others have to know of it."""

    share: float
    unknown: float
    words: str = "have the same answer"
    cut: float | None = None
    above: bool = True


def _pure(look: Look, rows: Mask, ranks: Floats) -> _Pure | None:
    """Give the share of the commonest answer, when it is far above what chance gives."""
    count = int(rows.sum())
    if count < _FEWEST or count > len(rows) - _FEWEST:
        return None
    if not look.y.classes:
        return _apart(ranks, rows)
    here = np.bincount(look.y.values[rows], minlength=look.y.classes)
    best = int(here.argmax())
    base = float((look.y.values == best).mean())
    expected, seen = count * (1 - base), count - int(here[best])
    if expected < _EXPECTED:
        return None
    share = float(here[best] / count)
    return next((_Pure(share, room) for few, _, room in _RULES if seen <= few * expected), None)


def _apart(ranks: Floats, rows: Mask) -> _Pure | None:
    """For numbers: the share of pairs in which a row of this side has the higher answer."""
    inside, outside = int(rows.sum()), int((~rows).sum())
    above = (ranks[rows].sum() - inside * (inside + 1) / 2) / (inside * outside)
    share = float(max(above, 1 - above))
    if min(inside, outside) < 2 * _FEWEST:
        return None
    words = f"have {'a higher' if above > 0.5 else 'a lower'} answer than a row elsewhere"
    ordered = (_Pure(share, room, words) for _, few, room in _RULES if 1 - share <= few)
    return next(ordered, None) or _beyond(ranks, rows)


def _beyond(ranks: Floats, rows: Mask) -> _Pure | None:
    """For numbers: the share of the rows of this side whose answers lie beyond one number."""
    count, (few, _, room) = int(rows.sum()), _RULES[0]
    most, best = _EXPECTED, None
    for part in _CUTS:
        cut = part * len(ranks)
        for above in (True, False):
            wrong = (ranks <= cut) if above else (ranks > cut)
            seen, expected = int(wrong[rows].sum()), count * float(wrong.mean())
            if expected >= most and seen <= few * expected:
                words = f"have an answer {'above' if above else 'below'} the {part:.0%} quantile"
                most, best = expected, _Pure(1 - seen / count, room, words, part, above)
    return best


def _alike(look: Look, rows: Mask) -> tuple[str, ...]:
    """List the columns that part the rows in the same way."""
    same = []
    for i, name in enumerate(look.names):
        for _, side in _sides(look.cells.codes[:, i]):
            if max((side == rows).mean(), (side != rows).mean()) >= 0.99 and name not in same:
                same.append(name)
    return tuple(same)


def _known(look: Look, rows: Mask, alike: tuple[str, ...], pure: _Pure) -> float:
    """Say how sure a model of the other columns is of the answer of these rows."""
    said = look.quick(frozenset(alike))
    if said is None:
        return 0.0
    asked = rows & ~np.isnan(said[:, 0])
    if not asked.any():
        return 1.0
    if pure.cut is not None:
        cut = float(np.quantile(look.answers[:, 0], pure.cut))
        return float(((said[asked, 0] > cut) == pure.above).mean())
    answers = look.answers[asked].astype(np.float64)
    left = ((answers - said[asked]) ** 2).sum(axis=1).mean()
    before = (answers**2).sum(axis=1).mean()
    return float(np.clip(1 - left / max(before, 1e-12), 0, 1))
