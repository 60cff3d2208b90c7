"""Names and texts in which a piece spells the answer.

A code such as ``R-17-b`` may hold the class of its row in its last letter. Every column of names,
codes and texts is taken apart into simple pieces (`pieces`): the words at its ends, the characters
at each place, the numbers in it, its length, the words that many rows share. A piece that nearly
solves the task alone, where the other columns do not, is no feature: it was written by somebody who
knew. A measurement has pieces too: where more and less of the whole number tell about as much, it
is judged like any other number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire.meaning.units import is_measured
from modelwright.core.codes import CODES
from modelwright.core.findings import Finding
from modelwright.core.schema import Kind
from modelwright.leaks.look import Look, resolutions, unexplained
from modelwright.leaks.pieces import Piece, pieces, shared_words
from modelwright.leaks.proxies import SUSPECT, stands_apart
from modelwright.stats.cells import code_values

__all__ = ["find_spelled"]

Codes = NDArray[np.integer]

_KINDS = (Kind.ID, Kind.TEXT, Kind.CATEGORY, Kind.LIST)
_WORDY = (Kind.TEXT, Kind.LIST)
# Fewer different values are a category like any other.
_DISTINCT = 20
_VARIED = 0.2
_LEVELS = 60
_ROWS_PIECE = 12
_LEFT = 0.4
_TIMES = 2.0
_BARE = 0.6
# Where all other columns leave so much, a text is all there is to learn from: there a piece has to
# tell nearly all, as one that tells much is what a model is to find.
_NOTHING, _ALL = 0.97, 0.15
# A piece of a number has to leave so much less than more and less of the number, read coarsely.
_APART = 0.5
_ROWS = 5_000
_UNITS = 8
_TOGETHER = 6
_WORDS = 100


@dataclass(frozen=True)
class _Best:
    """The piece that tells most: what it leaves unexplained, what it is, an example.

    And what a number leaves of which it may be a piece.
    """

    left: float = 1.0
    words: str = ""
    example: str = ""
    number: float = 1.0

    @property
    def is_number(self) -> bool:
        return self.left > _APART * self.number


def find_spelled(look: Look) -> tuple[Finding, ...]:
    """Find names and texts a piece of which tells the answer.

    Parameters
    ----------
    look : Look
        The rows.

    Returns
    -------
    tuple of Finding
        ``spelled-answer``.
    """
    found = []
    some = _some(look)
    for column in look.table.schema:
        if column.name not in look.names or not _varied(look, column.name, column.kind):
            continue
        best = _best(some, column.name, column.kind)
        if best.left > _most(best, column.kind):
            continue
        others = look.left_by_others(frozenset([column.name]))
        if others < max(_TIMES * best.left, 0.1):
            continue
        if column.kind is Kind.TEXT and others >= _NOTHING and best.left > _ALL:
            continue
        measured = best.is_number and _measures(some, column.name, column.kind)
        if measured and not stands_apart(best.left, others, len(look.names) - 1):
            continue
        code = CODES["spelled-answer"]
        evidence = (
            f"{best.words} of {column.name!r} alone leaves {best.left:.0%} of the answers' "
            f"variation unexplained, all other columns together {others:.0%} (such as "
            f"{best.example})"
        )
        found.append(Finding(code.name, code.severity, (column.name,), evidence, code.cure))
    return tuple(found)


def _some(look: Look) -> Look:
    """Look at a few thousand rows, spread over all."""
    height = look.table.height
    if height <= _ROWS:
        return look
    rows = np.arange(_ROWS) * height // _ROWS
    return Look(look.table.rows(rows), look.y.rows(rows), look.answers[rows], look.fold[rows],
                look.cells.rows(rows), look.seed)  # fmt: skip


def _varied(look: Look, name: str, kind: Kind) -> bool:
    distinct = int(look.cells.distinct[look.names.index(name)])
    if kind is Kind.NUMBER:  # a number that names rows: whole, and never the same
        values = look.table.frame[name].drop_nulls()
        return distinct >= 0.98 * len(values) and bool((values == values.floor()).all())
    if kind not in _KINDS or look.table.frame[name].dtype != pl.String:
        return False
    return distinct >= (
        _DISTINCT if kind in _WORDY else max(_DISTINCT, _VARIED * look.table.height)
    )


def _most(best: _Best, kind: Kind) -> float:
    """Say what a piece may leave; what a number tells has to be as good as from a copy."""
    most = _LEFT if kind is Kind.TEXT else _BARE
    return min(most, SUSPECT) if best.is_number else most


def _measures(look: Look, name: str, kind: Kind) -> bool:
    return kind is Kind.NUMBER or is_measured(look.table.frame[name])


def _best(look: Look, name: str, kind: Kind) -> _Best:
    values = look.table.frame[name]
    if kind is Kind.NUMBER:
        values = values.cast(pl.Int64, strict=False).cast(pl.String)
    best, number = _Best(), look.left(_in_units(values))
    whole = values.n_unique()  # a piece that says as much as the whole is no piece
    for piece in pieces(values):
        left = min((look.left(part) for part in _parts(piece, whole)), default=1.0)
        if piece.ordered:
            number = min(number, look.left(resolutions(code_values(piece.values))[0]))
        if left < best.left:
            row = int(np.flatnonzero(piece.values.is_not_null().to_numpy())[0])
            shown = f"{piece.values[row]!r} in {_short(values[row])!r}"
            best = _Best(left, piece.words, shown)
    best = min(best, _best_words(look, values), key=lambda one: one.left)
    return replace(best, number=number)


def _in_units(values: pl.Series) -> Codes:
    """Read the first number of each value, coarsely, among those that are written like it."""
    unit = code_values(values.str.replace_all(r"[\d.,]+", "").str.to_lowercase())
    first = values.str.extract(r"(\d+(?:[.,]\d+)?)", 1).str.replace(",", ".", literal=True)
    codes = code_values(first.cast(pl.Float64, strict=False)).astype(np.int64)
    found = np.zeros(len(codes), np.int64)
    counts = np.bincount(unit)
    for one in np.argsort(-counts, kind="stable")[:_UNITS]:
        rows = (unit == one) & (codes > 0)
        if rows.any():
            ranks = np.unique(codes[rows], return_inverse=True)[1] + 1
            found[rows] = resolutions(ranks)[0] + found.max()
    return found


def _parts(piece: Piece, whole: int) -> list[Codes]:
    """Read a piece as levels, a number also as more and less."""
    codes = code_values(piece.values)
    levels = int(codes.max(initial=0))
    if levels < 2:
        return []
    few = levels <= min(max(_LEVELS, len(codes) // 10), whole // 2)
    # a name of a thing that comes again on a dozen rows or fewer is a thing, not a class
    parts: list[Codes] = [codes] if few and len(codes) >= _ROWS_PIECE * levels else []
    if piece.ordered and levels > 2:
        parts += [part for part in resolutions(codes) if part.max() < levels]
    return parts


def _best_words(look: Look, values: pl.Series) -> _Best:
    """Take a few words together: a remark may say the same in several ways."""
    words = shared_words(values, _WORDS)
    if len(words) < 2:
        return _Best()
    present = np.column_stack([part.to_numpy() for _, part in words]).astype(np.float64)
    centred = present - present.mean(axis=0)
    spread = np.maximum(centred.std(axis=0), 1e-9)
    chosen: list[int] = []
    best, codes = 1.0, np.zeros(len(present), np.int64)
    left = look.answers.astype(np.float64)
    for _ in range(_TOGETHER):
        strength = np.abs((centred / spread).T @ left).max(axis=1)
        strength[chosen] = -1.0
        place = int(strength.argmax())
        trial = np.unique(codes * 2 + present[:, place].astype(np.int64), return_inverse=True)[1]
        told = unexplained(trial, look.answers, look.fold)
        if told > best - 0.01:
            break
        best, codes = told, trial
        chosen.append(place)
        counts = np.bincount(codes).astype(np.float64)
        means = np.column_stack([np.bincount(codes, one) / counts for one in look.answers.T])
        left = look.answers - means[codes]
    if len(chosen) < 2:
        return _Best()
    named = [words[i][0] for i in chosen]
    row = int(np.flatnonzero(present[:, chosen].any(axis=1))[0])
    listed = ", ".join(repr(word) for word in named)
    return _Best(best, f"which of the words {listed} stand in a value", repr(_short(values[row])))


def _short(text: object) -> str:
    whole = str(text)
    return whole if len(whole) <= 40 else whole[:37] + "..."
