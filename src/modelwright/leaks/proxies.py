"""Columns that give the answer away alone, or by adding them up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.core.schema import Kind, Role
from modelwright.core.task import Target
from modelwright.leaks.look import Look, resolutions, unexplained
from modelwright.stats.nearest import scaled_answers

__all__ = ["SUSPECT", "find_parts", "find_proxies", "stands_apart"]

# What may be left by a column that is asked about, where it has a value: made of the answers, it
# leaves a fifth at most, and what is measured leaves a third at least (but for easy tasks, where
# all others together leave as little). And how much more all others must leave.
SUSPECT = 0.3
_TIMES, _NOTABLY = 2.5, 0.1
# Beside fewer columns than that it says little that one of them stands apart: a table of a house
# price, its area and two dates is honest. There only a copy is called one.
_MANY, _COPY = 6, 0.02
_EXACT = 0.002
_STRONG = 0.1
_ASKED = 4
_TWIN = 0.02
_USUAL = 0.2
_FEWEST = 60
_SUM = 1e-4
_PARTS_ROWS = 2_000
_PARTS_COLUMNS = 60


def find_proxies(look: Look) -> tuple[Finding, ...]:
    """Find columns that nearly solve the task alone, where all others together do not.

    Parameters
    ----------
    look : Look
        The rows.

    Returns
    -------
    tuple of Finding
        ``target-copy`` and ``strong-column``.
    """
    speaks = {name: _speaks(look, i) for i, name in enumerate(look.names)}
    alone = {name: _left_alone(look, name, rows) for name, rows in speaks.items()}
    suspects = sorted((left, name) for name, left in alone.items() if left <= SUSPECT)
    found: list[Finding] = []
    told: set[str] = set()
    for left, name in suspects[:_ASKED]:
        if name in told:
            continue
        rows = speaks[name]
        twins = _twins(look, name, [other for _, other in suspects])
        others = _left_by_others(look, frozenset(twins), rows)
        where = "" if rows.all() else f" in the {int(rows.sum()):,} rows in which it says something"
        evidence = (
            f"{name!r} alone leaves {_share(left)} of the answers' variation unexplained{where}, "
            f"all other columns together {_share(others)}"
        )
        if stands_apart(left, others, len(look.names) - len(twins)):
            told.update(twins)
            found.append(_finding("target-copy", twins, evidence))
        elif left <= _STRONG:
            found.append(_finding("strong-column", (name,), evidence))
    return tuple(found)


def _speaks(look: Look, i: int) -> NDArray[np.bool_]:
    """Give the rows in which a column has a value, of numbers another one than very often.

    A refund, say, is nought or missing for nearly all: over all rows it tells little.
    """
    codes = look.cells.codes[:, i]
    rows = np.asarray(codes > 0)
    counts = np.bincount(codes, minlength=2)
    usual = int(counts[1:].argmax()) + 1
    if (
        look.cells.ordered[i]
        and counts[usual] >= _USUAL * len(codes)
        and (counts[1:] > 0).sum() > 2
    ):
        rows &= codes != usual
    return rows


def _left_alone(look: Look, name: str, rows: NDArray[np.bool_]) -> float:
    """Say what a column leaves unexplained of the answers in some rows."""
    place = look.names.index(name)
    own = look.answers[rows].astype(np.float64)
    if len(own) < _FEWEST or not (np.ptp(own, axis=0) > 0).any():
        return 1.0
    codes = _ranked(look.cells.codes[rows, place])
    if not look.cells.ordered[place] and int(codes.max()) > max(20, len(codes) // 20):
        return 1.0
    parts = resolutions(codes) if look.cells.ordered[place] else [codes]
    centred = own - own.mean(axis=0)
    return min(unexplained(part, centred, look.fold[rows]) for part in parts)


def _left_by_others(look: Look, without: frozenset[str], rows: NDArray[np.bool_]) -> float:
    """Say what all other columns leave unexplained in some rows."""
    said = look.quick(without)
    if said is None:
        return 1.0
    asked = rows & ~np.isnan(said[:, 0])
    own = look.answers[asked].astype(np.float64)
    left = ((own - said[asked]) ** 2).sum()
    return min(float(left / max(((own - own.mean(axis=0)) ** 2).sum(), 1e-12)), 1.0)


def _ranked(codes: NDArray[np.integer]) -> NDArray[np.int64]:
    return np.asarray(np.unique(codes, return_inverse=True)[1] + 1, np.int64)


def stands_apart(left: float, others: float, count: int) -> bool:
    """Tell whether a column tells so much more than all others that it was made of the answers.

    Parameters
    ----------
    left, others : float
        What it leaves unexplained alone, and what all others leave together.
    count : int
        How many others there are.

    Examples
    --------
    >>> stands_apart(0.2, 0.9, 8), stands_apart(0.2, 0.9, 3), stands_apart(0.01, 0.9, 3)
    (True, False, True)
    """
    if left <= _EXACT:
        return others >= 5 * _EXACT
    most = SUSPECT if count >= _MANY else _COPY
    return left <= most and others >= max(_TIMES * left, left + _NOTABLY)


def _twins(look: Look, name: str, others: list[str]) -> tuple[str, ...]:
    """List the columns among others that say the same as one, that one first."""
    codes = look.codes(name)
    ordered = bool(look.cells.ordered[look.names.index(name)])
    values = _as_answers(codes, ordered)
    same = [name]
    for other in others:
        place = look.names.index(other)
        part = look.cells.codes[:, place]
        cuts = resolutions(part) if look.cells.ordered[place] else [part]
        if other != name and min(unexplained(c, values, look.fold) for c in cuts) <= _TWIN:
            same.append(other)
    return tuple(same)


def _as_answers(codes: NDArray[np.integer], ordered: bool) -> NDArray[np.float32]:
    """Take a column for the answer."""
    _, place = np.unique(codes, return_inverse=True)
    if ordered:
        return scaled_answers(Target(place.astype(np.float64)))
    return scaled_answers(Target(place.astype(np.int64), int(place.max(initial=0)) + 1))


def _share(value: float) -> str:
    return f"{value:.2%}" if value < 0.01 else f"{value:.0%}"


def _finding(code: str, columns: tuple[str, ...], evidence: str) -> Finding:
    known = CODES[code]
    return Finding(code, known.severity, columns, evidence, known.cure)


def find_parts(look: Look) -> tuple[Finding, ...]:
    """Find numbers whose weighted sum is the answer, though none is it alone.

    Parameters
    ----------
    look : Look
        The rows.

    Returns
    -------
    tuple of Finding
        ``target-parts``, or nothing.
    """
    if look.y.classes:
        return ()
    names = [
        c.name
        for c in look.table.schema
        if c.kind is Kind.NUMBER and c.role is not Role.TARGET and c.name in look.names
    ][:_PARTS_COLUMNS]
    rows = slice(0, _PARTS_ROWS)
    columns = [look.table.frame[name][rows].to_numpy() for name in names]
    if len(columns) < 2:
        return ()
    X = np.column_stack(columns).astype(np.float64)
    y = look.y.values[rows].astype(np.float64)
    whole = np.isfinite(X).all(axis=1)
    if not whole.any():
        return ()
    X, y, fold = X[whole], y[whole], look.fold[rows][whole]
    spread = X.std(axis=0)
    X, names = X[:, spread > 0], [n for n, s in zip(names, spread, strict=True) if s > 0]
    if len(y) < 10 * max(X.shape[1], 5) or not y.std():
        return ()
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = (y - y.mean()) / y.std()
    if _left_by_sum(X, y, fold) > _SUM:
        return ()
    kept = list(range(X.shape[1]))
    for i in range(X.shape[1]):
        fewer = [j for j in kept if j != i]
        if fewer and _left_by_sum(X[:, fewer], y, fold) <= _SUM:
            kept = fewer
    if len(kept) < 2:
        return ()  # one column alone: it is told as a copy
    parts = tuple(names[i] for i in kept)
    evidence = (
        f"a weighted sum of {', '.join(repr(n) for n in parts[:6])}"
        f"{' and others' if len(parts) > 6 else ''} leaves "
        f"{_left_by_sum(X[:, kept], y, fold):.4%} of the answers' variation unexplained"
    )
    severity = Severity.ERROR if len(parts) <= 6 else Severity.WARNING
    return (Finding("target-parts", severity, parts, evidence, CODES["target-parts"].cure),)


def _left_by_sum(X: NDArray[np.float64], y: NDArray[np.float64], fold: NDArray[np.int64]) -> float:
    held = fold == 0
    design = np.column_stack([X, np.ones(len(X))])
    weights = np.linalg.lstsq(design[~held], y[~held], rcond=None)[0]
    left = y[held] - design[held] @ weights
    return float((left**2).sum() / max(float((y[held] ** 2).sum()), 1e-12))
