"""Believed cells, spoiled on purpose as the doubtful ones are: examples that cost nobody a look."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.mending.candidates import Cell
from modelwright.clean.mending.evidence import Evidence
from modelwright.clean.mending.nearby import nearest

__all__ = ["spoil"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_VALUES = 2_000


def spoil(
    evidence: Evidence, doubtful: NDArray[np.bool_], amount: int, *, seed: int
) -> list[tuple[Cell, str]]:
    """Spoil some believed cells.

    Parameters
    ----------
    evidence : Evidence
        What is known of the table.
    doubtful : bool array of shape (rows, columns)
        The cells that are to be mended: as many of a column are spoiled in proportion, and in the
        same ways: emptied, exchanged for another value of the column, or mistyped. Those that a
        rule of rewriting explains are written in a way of their own, and need no such examples.
    amount : int
        How many.
    seed : int
        Of what is drawn.

    Returns
    -------
    list of (Cell, str)
        Spoiled cells, and what they said before.
    """
    rng = np.random.default_rng(seed)
    left = doubtful.copy()
    for column in range(left.shape[1]):
        left[:, column] &= ~_explained(evidence, column)
    counts = left.sum(axis=0)
    if not counts.sum():
        return []
    found: list[tuple[Cell, str]] = []
    for column, share in enumerate((amount * counts / counts.sum()).tolist()):
        codes = evidence.coded.codes[:, column]
        good = np.flatnonzero(~doubtful[:, column] & (codes >= 0))
        size = min(round(share), len(good))
        if size:
            rows = np.sort(rng.choice(good, size, replace=False))
            found += _column(evidence, column, rows, left[:, column], rng)
    return found


def _explained(evidence: Evidence, column: int) -> NDArray[np.bool_]:
    """Mark the cells of a column that a rule of rewriting makes something of."""
    rules = evidence.rewrites[column]
    values = evidence.coded.values[column].to_list() if rules else []
    fits = [any(one.rewrite.apply(value) is not None for one in rules) for value in values]
    codes = evidence.coded.codes[:, column]
    return np.array([*fits, False], np.bool_)[codes] if rules else np.zeros(len(codes), np.bool_)


def _column(
    evidence: Evidence,
    column: int,
    rows: NDArray[np.int64],
    doubtful: NDArray[np.bool_],
    rng: np.random.Generator,
) -> list[tuple[Cell, str]]:
    codes = evidence.coded.codes[:, column]
    odd = codes[doubtful]
    common = np.zeros(len(evidence.coded.values[column]) + 1, np.int64)
    np.add.at(common, codes[~doubtful & (codes >= 0)], 1)
    empty = float((odd < 0).mean())
    known = odd[odd >= 0]
    swapped = float((common[known] > 1).sum()) / len(odd)
    values = evidence.coded.values[column].to_list()
    pairs: list[tuple[int, str | None, str]] = []
    for row in rows.tolist():
        truth = values[codes[row]]
        way = rng.random()
        if way < empty:
            pairs.append((row, None, truth))
        elif way < empty + swapped:
            other = values[int(codes[int(rng.choice(rows))])]
            pairs.append((row, other, truth))
        else:
            pairs.append((row, _mistyped(truth, rng), truth))
    kept = [(row, old, truth) for row, old, truth in pairs if old != truth]
    good = Counter({value: int(n) for value, n in zip(values, common.tolist(), strict=False) if n})
    likely = [value for value, _ in good.most_common(_VALUES)]
    near = nearest([old or "" for _, old, _ in kept], likely)
    return [
        (Cell(row, column, old, near=tuple(close)), truth)
        for (row, old, truth), close in zip(kept, near, strict=True)
    ]


def _mistyped(text: str, rng: np.random.Generator) -> str | None:
    """Replace, drop or double a letter or two."""
    for _ in range(int(rng.integers(1, 3))):
        place = int(rng.integers(0, max(len(text), 1)))
        way = rng.random()
        if way < 0.7:
            letter = _LETTERS[int(rng.integers(0, len(_LETTERS)))]
            text = text[:place] + letter + text[place + 1 :]
        elif way < 0.85:
            text = text[:place] + text[place + 1 :]
        else:
            text = text[:place] + text[place : place + 1] + text[place:]
    return text or None
