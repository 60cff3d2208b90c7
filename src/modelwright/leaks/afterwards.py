"""Columns that somebody filled in when the answer was known.

Where such a column has a value, or another one than nearly all rows, it tells the answer with
hardly an exception, and the other columns do not know these rows. That a column has *no* value
tells nothing of when it is written: what is not suspected is not measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding
from modelwright.leaks.look import Look

__all__ = ["find_afterwards"]

Mask = NDArray[np.bool_]

# How likely so few exceptions may be by chance, of all sides and outcomes that are tried.
_CHANCE = 1e-4
# Exceptions are counted as a share of those that chance gives. Of the others' there have to be so
# many times as many, and so many at least.
_TIMES = 5.0
_LEAST = 0.25
# Of numbers: whether they lie above or below such a share of all answers.
_CUTS = (0.3, 0.4, 0.5, 0.6, 0.7)
_FEWEST = 15
_USUAL = 0.2
_ASKED = 6


@dataclass(frozen=True)
class _Outcome:
    """What an answer may be: a class, or above or below a number."""

    words: str
    met: Mask
    code: int = 0
    cut: float | None = None
    above: bool = True

    def doubt(self, said: NDArray[np.float64]) -> NDArray[np.float64]:
        """Say how far a model expects another one."""
        if self.cut is None:
            return 1 - said[:, self.code]
        return np.asarray((said[:, 0] > self.cut) != self.above, np.float64)


@dataclass(frozen=True)
class _Pure:
    """Rows in which a column has a value, and the outcome that nearly all of them have."""

    name: str
    told: str
    rows: Mask
    outcome: _Outcome
    exceptions: float
    chance: float


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
    found: dict[str, Finding] = {}
    for pure in sorted(_suspects(look), key=lambda one: one.chance)[:_ASKED]:
        name, rows = pure.name, pure.rows
        if name in found:
            continue
        alike = _alike(look, rows)
        others = _left_by_others(look, pure, alike)
        if others < max(_TIMES * pure.exceptions, _LEAST):
            continue
        share, sure = float(pure.outcome.met[rows].mean()), 1 - min(others, 1.0)
        evidence = (
            f"of {int(rows.sum()):,} rows in which {name!r} is {pure.told}, {share:.1%} "
            f"{pure.outcome.words}; all other columns are only {sure:.0%} sure of it"
        )
        found[name] = Finding("after-the-fact", CODES["after-the-fact"].severity,
                              alike, evidence, CODES["after-the-fact"].cure)  # fmt: skip
    return tuple(found.values())


def _suspects(look: Look) -> Iterator[_Pure]:
    """List the sides on which one outcome has far fewer exceptions than chance gives."""
    sides = [
        (name, told, rows)
        for i, name in enumerate(look.names)
        for told, rows in _sides(look.cells.codes[:, i])
    ]
    outcomes = _outcomes(look)
    tried = len(sides) * len(outcomes)
    for name, told, rows in sides:
        found = []
        for outcome in outcomes:
            expected = float(rows.sum() * (1 - outcome.met.mean()))
            seen = int((rows & ~outcome.met).sum())
            chance = tried * _so_few(seen, expected)
            if chance <= _CHANCE and seen * _TIMES <= expected:
                found.append(_Pure(name, told, rows, outcome, seen / expected, chance))
        yield from sorted(found, key=lambda one: one.chance)[:1]


def _sides(codes: NDArray[np.integer]) -> Iterator[tuple[str, Mask]]:
    """List the rows that have a value, and those that have another one than the usual."""
    missing = codes == 0
    if _FEWEST <= missing.sum() <= len(codes) - _FEWEST:
        yield "filled", ~missing
    counts = np.bincount(codes)
    counts[0] = 0
    usual = int(counts.argmax())
    if _USUAL * len(codes) <= counts[usual] <= len(codes) - _FEWEST and (counts > 0).sum() > 2:
        yield "other than usual", (codes != usual) & ~missing


def _outcomes(look: Look) -> list[_Outcome]:
    """List what an answer may be: a class, or beyond one of a few numbers."""
    y = look.y.values
    if look.y.classes:
        classes = range(look.y.classes)
        return [_Outcome("have the same answer", y == code, code) for code in classes]
    found = []
    for part in _CUTS:
        cut = float(np.quantile(y, part))
        for above, word in ((True, "above"), (False, "below")):
            words = f"have an answer {word} the {part:.0%} quantile"
            found.append(_Outcome(words, (y > cut) == above, cut=cut, above=above))
    return found


def _so_few(seen: int, expected: float) -> float:
    """Bound the chance of so few events (Chernoff 1952)."""
    if seen >= expected:
        return 1.0
    return math.exp(seen - expected + (seen * math.log(expected / seen) if seen else 0.0))


def _alike(look: Look, rows: Mask) -> tuple[str, ...]:
    """List the columns that part the rows in the same way."""
    same = []
    for i, name in enumerate(look.names):
        for _, side in _sides(look.cells.codes[:, i]):
            if (side == rows).mean() >= 0.99 and name not in same:
                same.append(name)
    return tuple(same)


def _left_by_others(look: Look, pure: _Pure, alike: tuple[str, ...]) -> float:
    """Say how many exceptions a model of the other columns expects, as a share of chance's."""
    said = look.asked(frozenset(alike))
    if said is None:
        return 1.0
    rows = pure.rows & ~np.isnan(said[:, 0])
    if not rows.any():
        return 0.0
    return float(pure.outcome.doubt(said[rows]).mean() / (1 - pure.outcome.met.mean()))
