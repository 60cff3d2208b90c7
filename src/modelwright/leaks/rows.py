"""Rows on both sides of a fold: the same ones, copies of them, and rows made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.core.schema import Kind, Role
from modelwright.leaks.case import Case, sides
from modelwright.leaks.look import out_of_fold
from modelwright.leaks.twins import Twins, find_changed, find_twins
from modelwright.stats.cells import Cells, code_cells, row_keys
from modelwright.stats.twins import repeats

__all__ = ["find_copies_across", "find_made_up", "find_overlap"]

Index = NDArray[np.int64]

_NOTABLE = 0.02
_AGREE = 0.9
_BEYOND = 0.06
_SURE = 5.0
_NEAR = 0.03
_EQUAL = 0.5
_CLOSE = 0.05
_ONE_SIDED = 4.0
_FILLED = 0.6
# Rows that are asked about: fewer of large tables, as each is compared with all others.
_SAMPLE, _FEWEST_ASKED, _WORK = 300, 40, 200_000_000
_NEAREST = 40
# How likely two of the near rows may lie opposite each other by chance; how exact cosines are.
_OPPOSITE = 0.01
_EXACT = 1e-5
_LESS = 0.6
_LIKELY = (0.04, 3.0)
_MADE = 0.15
_SIMPLE = 40
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
        f"rows that are scored are also fitted on in {sum(count > 0 for count in shared)} of "
        f"{len(shared)} folds: in fold {worst + 1}, {shared[worst]:,} of {scored:,}"
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
    more, z = _agreement(case, keys, agree) if share >= _NOTABLE else (0.0, 0.0)
    if more >= _BEYOND and z >= _SURE:
        return (_told(case, keys, share),)
    if more >= _LIKELY[0] and z >= _LIKELY[1] and (poor := _poorer(case, keys)):
        return (_finding("oversampled", poor),)
    if len(case) <= _MOST_ROWS:
        changed = find_changed(cells, int(case.seed.derive("leaks", "changed")))
        if changed.share >= _NEAR and _pairs_agree(case, changed.row, changed.twin):
            told = _told_near(case, changed, "another row that differs in one cell only")
            if told:
                return told
    near = find_twins(case.table, cells.names, int(case.seed.derive("leaks", "near")))
    if near.share < _NEAR or not _answers_close(case, near):
        return ()
    return _told_near(case, near, "a twin that differs in hardly a cell")


def _answers_close(case: Case, near: Twins) -> bool:
    """Tell whether twins answer nearly the same number, as copies do; of classes nothing is asked.

    One game on two consoles is no copy: it sells differently.
    """
    if case.target.classes:
        return True
    y = case.target.values.astype(np.float64)
    low, high = np.quantile(y, [0.1, 0.9])
    room = _CLOSE * (float(high - low) or float(y.std()))
    rng = np.random.default_rng(case.seed.derive("leaks", "close"))
    chance = float((np.abs(y - rng.permutation(y)) <= room).mean())
    return float((np.abs(y[near.row] - y[near.twin]) <= room).mean()) - chance >= _EQUAL


def _told_near(case: Case, near: Twins, what: str) -> tuple[Finding, ...]:
    parted = _parted(case, near.row, near.twin)
    if near.share * parted < _NOTABLE:
        return ()
    evidence = (
        f"{near.share:.1%} of the rows have {what}, and {parted:.0%} of the pairs that were looked "
        "at stand on both sides of a fold"
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


def _agreement(case: Case, keys: NDArray[np.uint64], agree: float) -> tuple[float, float]:
    """Say by how much equal rows agree more often than their columns explain, and how surely.

    In a table of few values rows are equal by chance; their answers then agree as often as those of
    two rows drawn from what a model says of them. Copies agree always.
    """
    _, key = np.unique(keys, return_inverse=True)
    y = case.target
    if not y.classes or len(case) > _MOST_ROWS:
        return 0.0, 0.0
    part = key % 3  # equal rows are in one fold: the model has seen none of them
    said = out_of_fold(case.table, y, int(case.seed.derive("leaks", "agree")), part)
    if said is None:
        return 0.0, 0.0
    counts = np.bincount(key)
    again = counts[key] >= 2
    expected = float((said[again].astype(np.float64) ** 2).sum(axis=1).mean())
    pairs = float(again.sum()) / 2
    chance = np.sqrt(max(expected * (1 - expected), 0.01) / max(pairs, 1))
    return agree - expected, float((agree - expected) / chance)


def _poorer(case: Case, keys: NDArray[np.uint64]) -> str:
    """Tell whether a class has far fewer different rows than another has among as many.

    Rows that are drawn anew differ about as much in each class (rarefaction, Sanders 1968).
    """
    y = case.target
    counts = np.bincount(y.values, minlength=y.classes)
    rich = int(counts.argmax())
    rng = np.random.default_rng(case.seed.derive("leaks", "poorer"))
    for code in range(y.classes):
        if code == rich or counts[code] < _FILLED * counts[rich]:
            continue
        own = len(np.unique(keys[y.values == code]))
        others = rng.permutation(keys[y.values == rich])[: counts[code]]
        usual = len(np.unique(others))
        if own <= _LESS * usual:
            return (
                f"the {counts[code]:,} rows of class {case.classes[code]!s} are {own:,} different "
                f"ones, as many of class {case.classes[rich]!s} are {usual:,}, and equal rows have "
                "equal answers more often than their columns explain"
            )
    return ""


def _pairs_agree(case: Case, left: Index, right: Index) -> bool:
    """Tell whether nearly equal rows have equal answers more often than their columns explain."""
    y = case.target.values
    agree = float((y[left] == y[right]).mean())
    if not case.target.classes:
        shares = np.unique(y, return_counts=True)[1] / len(y)
        return agree - float((shares**2).sum()) >= _EQUAL
    label = np.arange(len(y))
    for _ in range(4):  # rows that hang together come to one fold
        low = np.minimum(label[left], label[right])
        np.minimum.at(label, left, low)
        np.minimum.at(label, right, low)
    seed = int(case.seed.derive("leaks", "changed"))
    said = out_of_fold(case.table, case.target, seed, label % 3)
    if said is None:
        return False
    expected = float((said[left].astype(np.float64) * said[right]).sum(axis=1).mean())
    chance = np.sqrt(max(expected * (1 - expected), 0.01) / max(len(left) / 2, 1))
    return bool(agree - expected >= max(_BEYOND, _SURE * chance))


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
    filled = float((y == most).sum() / np.bincount(y).max())  # up to the largest class, or nearly
    if filled >= _FILLED and rates[most] >= max(0.1, _ONE_SIDED * max(rest, 0.005)):
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
    fine = [j for j in range(len(names)) if len(np.unique(numbers[:, j])) > 3]
    if len(fine) < 2:
        return ()
    broken = _broken(case, names, numbers)
    if broken is not None:
        return (broken,)
    X = numbers[:, fine].astype(np.float64)
    X = (X - np.nanmean(X, axis=0)) / np.maximum(np.nanstd(X, axis=0), 1e-12)
    rng = np.random.default_rng(case.seed.derive("leaks", "made"))
    for code in range(case.target.classes):
        rows = np.flatnonzero((case.target.values == code) & np.isfinite(X).all(axis=1))
        if len(rows) < 20:
            continue
        most = max(_FEWEST_ASKED, min(_SAMPLE, _WORK // (len(rows) * X.shape[1])))
        asked = rng.permutation(rows)[:most]
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


def _broken(case: Case, names: list[str], numbers: NDArray[np.float64]) -> Finding | None:
    """Find fractions of one class in columns that are whole numbers otherwise."""
    y = case.target.values
    fraction = np.isfinite(numbers) & (numbers != np.round(numbers))
    for code in range(case.target.classes):
        own = y == code
        if own.sum() < 20 or (~own).sum() < 20:
            continue
        mine, others = fraction[own].mean(axis=0), fraction[~own].mean(axis=0)
        odd = (mine >= _MADE) & (mine <= 0.98) & (others <= 0.01)
        if odd.sum() < 2:
            continue
        made = fraction[:, odd].sum(axis=1) >= 1
        shown = ", ".join(repr(n) for n, o in zip(names, odd, strict=True) if o)
        evidence = (
            f"{made[own].mean():.0%} of the rows of class {case.classes[code]!s} have fractions in "
            f"columns of whole numbers ({shown[:120]}), as rows do that were made up"
        )
        sidewise = [(sides(fold, len(case))[made] == 2).any() for fold in case.folds]
        if any(sidewise):
            return _finding("oversampled", evidence)
    return None


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
    a, b = divmod(place, len(near))
    # among few columns some two rows lie nearly opposite by chance: an angle of t in d dimensions
    # is that of t ** (d - 1) of all pairs, about
    apart = int((away[near[a]] != 0).sum())
    pairs = len(near) * (len(near) - 1) / 2
    angle = (_OPPOSITE / pairs) ** (1 / max(apart - 1, 1))
    if apart < 2 or cosine.flat[place] > -1 + min(angle**2 / 2, _EXACT):
        return None
    share = float(length[near[a]] / (length[near[a]] + length[near[b]]))
    if _simple(share):
        return None  # whole numbers lie on lines by chance, at simple fractions of the way
    return int(rows[near[a]]), int(rows[near[b]])


def _simple(share: float) -> bool:
    """Tell whether a share is a fraction of small numbers."""
    parts = share * np.arange(1, _SIMPLE + 1)
    return bool((np.abs(parts - np.round(parts)) < 1e-6).any())
