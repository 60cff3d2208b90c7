"""Rows on both sides of a fold: the same ones, copies of them, and rows made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.core.schema import Kind, Role
from modelwright.leaks.case import Case, sides
from modelwright.stats.cells import Cells, code_cells, row_keys
from modelwright.stats.twins import near_pairs, repeats

__all__ = ["find_copies_across", "find_made_up", "find_overlap"]

Index = NDArray[np.int64]

_NOTABLE = 0.02
_AGREE = 0.9
_NEAR = 0.03
_ONE_SIDED = 4.0
_SAMPLE = 300
_NEAREST = 40
_BETWEEN = 1e-5
_MADE = 0.25
_MOST_ROWS = 20_000


def find_overlap(case: Case) -> tuple[Finding, ...]:
    """Find rows that are fitted on and scored in one fold.

    Returns
    -------
    tuple of Finding
        ``overlapping-splits``.
    """
    shared = [int((sides(fold, len(case)) == 3).sum()) for fold in case.folds]
    if not any(shared):
        return ()
    worst = int(np.argmax(shared))
    scored = len(np.unique(case.folds[worst].valid))
    evidence = (
        f"{sum(count > 0 for count in shared)} of {len(shared)} folds score rows that they are "
        f"fitted on: in fold {worst + 1}, {shared[worst]:,} of {scored:,}"
    )
    return (_finding("overlapping-splits", evidence),)


def _finding(code: str, evidence: str, severity: Severity | None = None) -> Finding:
    known = CODES[code]
    return Finding(code, severity or known.severity, (), evidence, known.cure)


def find_copies_across(case: Case) -> tuple[Finding, ...]:
    """Find copies, exact or nearly, of scored rows among the rows that are fitted on.

    Returns
    -------
    tuple of Finding
        ``copies-across``, or ``oversampled`` where the copies are mostly of one class.
    """
    cells = _cells(case)
    if cells is None:
        return ()
    keys = row_keys(cells.codes).sum(axis=1, dtype=np.uint64)
    found = repeats(cells)
    natural = found.by_chance >= 0.5 * found.pairs
    share, agree = _across(case, keys)
    if share >= _NOTABLE and not natural and agree >= _AGREE:
        return (_told(case, keys, share),)
    near = near_pairs(cells, case.seed.derive("leaks", "near"))
    if near.share < _NEAR or not len(near.left):
        return ()
    parted = _parted(case, near.left, near.right)
    if near.share * parted < _NOTABLE:
        return ()
    evidence = (
        f"{near.share:.1%} of the rows have a twin that differs in hardly a cell, and "
        f"{parted:.0%} of the pairs that were looked at stand on both sides of a fold"
    )
    return (_finding("copies-across", evidence),)


def _cells(case: Case) -> Cells | None:
    """Code all columns but names that are all different, which a copy has of its own."""
    schema = case.table.schema
    names = [c.name for c in schema if not (c.kind is Kind.ID or c.role is Role.IGNORED)]
    if not names or len(case) > _MOST_ROWS * 50:
        return None
    cells = code_cells(case.table, tuple(names))
    telling = cells.distinct < len(cells)
    counted = [n for n, t, o in zip(names, telling, cells.ordered, strict=True) if not (t or o)]
    return cells.without(tuple(counted)) if len(counted) < len(names) else None


def _across(case: Case, keys: NDArray[np.uint64]) -> tuple[float, float]:
    """Give the share of scored rows with a copy that is fitted on, and how often both agree."""
    y = case.target.values
    copied = scored = agreeing = 0
    for fold in case.folds:
        own = np.setdiff1d(fold.valid, fold.train)
        order = np.argsort(keys[fold.train], kind="stable")
        known = keys[fold.train][order]
        place = np.minimum(np.searchsorted(known, keys[own]), len(known) - 1)
        twin = known[place] == keys[own]
        other = fold.train[order][place]
        copied, scored = copied + int(twin.sum()), scored + len(own)
        agreeing += int((y[own] == y[other])[twin].sum())
    return copied / max(scored, 1), agreeing / max(copied, 1)


def _parted(case: Case, left: Index, right: Index) -> float:
    """Give the share of pairs of which one is fitted on when the other is scored."""
    apart = np.zeros(len(left), bool)
    for fold in case.folds:
        side = sides(fold, len(case))
        apart |= (side[left] == 1) & (side[right] == 2)
        apart |= (side[left] == 2) & (side[right] == 1)
    return float(apart.mean())


def _told(case: Case, keys: NDArray[np.uint64], share: float) -> Finding:
    """Say whose copies they are: of one class, somebody repeated its rows."""
    evidence = (
        f"{share:.1%} of the scored rows have an exact copy among the rows that are fitted on"
    )
    if not case.target.classes:
        return _finding("copies-across", evidence)
    again = np.zeros(len(keys), bool)
    again[np.setdiff1d(np.arange(len(keys)), np.unique(keys, return_index=True)[1])] = True
    y = case.target.values
    rates = np.array([again[y == code].mean() for code in range(case.target.classes)])
    most = int(rates.argmax())
    rest = float(np.median(np.delete(rates, most))) if len(rates) > 1 else 0.0
    if rates[most] >= 0.1 and rates[most] >= _ONE_SIDED * max(rest, 0.005):
        evidence += (
            f"; {rates[most]:.0%} of the rows of class {case.classes[most]!s} are repeats, of the "
            f"others {rest:.1%}"
        )
        return _finding("oversampled", evidence)
    return _finding("copies-across", evidence)


def find_made_up(case: Case) -> tuple[Finding, ...]:
    """Find rows that lie exactly between two others of their class, on both sides of a fold.

    So are rows made by SMOTE and its kin (Chawla et al. 2002); measured rows are not.

    Returns
    -------
    tuple of Finding
        ``oversampled``.
    """
    if not case.target.classes:
        return ()
    schema = case.table.schema
    names = [c.name for c in schema if c.kind is Kind.NUMBER and c.role is Role.FEATURE]
    numbers = case.table.frame.select(names).to_numpy() if names else np.empty((0, 0))
    fine = [j for j in range(len(names)) if _is_fine(numbers[:, j])]
    if len(fine) < 2:
        return ()
    X = numbers[:, fine].astype(np.float64)
    X = (X - np.nanmean(X, axis=0)) / np.maximum(np.nanstd(X, axis=0), 1e-12)
    rng = np.random.default_rng(case.seed.derive("leaks", "made"))
    for code in range(case.target.classes):
        rows = np.flatnonzero((case.target.values == code) & np.isfinite(X).all(axis=1))
        if len(rows) < 20:
            continue
        asked = rng.permutation(rows)[:_SAMPLE]
        pairs = [_between(X, int(row), rows) for row in asked]
        made = [(int(row), *pair) for row, pair in zip(asked, pairs, strict=True) if pair]
        share = len(made) / len(asked)
        if share < _MADE:
            continue
        child, one, other = (np.array(part) for part in zip(*made, strict=True))
        parted = np.mean([_parted(case, child, one), _parted(case, child, other)])
        if parted * share >= _NOTABLE:
            evidence = (
                f"{share:.0%} of the rows of class {case.classes[code]!s} lie exactly between two "
                f"others of it, as rows do that were made up, and {parted:.0%} of those stand on "
                "the other side of a fold than what they were made of"
            )
            return (_finding("oversampled", evidence),)
    return ()


def _is_fine(column: NDArray[np.float64]) -> bool:
    """Tell whether a column is fine enough that no three rows lie on a line by chance."""
    known = column[np.isfinite(column)]
    return len(known) >= 0.5 * len(column) and len(np.unique(known)) >= 0.2 * len(known)


def _between(X: NDArray[np.float64], row: int, rows: Index) -> tuple[int, int] | None:
    """Find two rows between which one lies."""
    away = X[rows] - X[row]
    length = np.sqrt((away**2).sum(axis=1))
    near = np.argsort(length, kind="stable")
    near = near[length[near] > 1e-9][:_NEAREST]
    if len(near) < 2:
        return None
    unit = away[near] / length[near, None]
    cosine = unit @ unit.T
    place = int(cosine.argmin())
    if cosine.flat[place] > -1 + _BETWEEN:
        return None
    a, b = divmod(place, len(near))
    return int(rows[near[a]]), int(rows[near[b]])
