"""Fits that look at the rows that they are scored on: to stop, or to choose.

Two proofs. A step is seen learning from, or judging itself by, rows that only the other side of the
fold has. Or the estimator holds answers of scored rows, and with these shuffled it says something
else of the same rows: then they had a say.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.core.numerals import number
from modelwright.leaks.case import Case, sides
from modelwright.leaks.executed import Executed, Ran, known_rows, run_fold
from modelwright.leaks.held import Held, held, with_other
from modelwright.leaks.marks import marks, row_count

__all__ = ["find_scored_rows"]

_FEWEST = 5
_TRIED = 2
_SHORTEST = 10


def find_scored_rows(executed: Executed) -> tuple[Finding, ...]:
    """Find fits that see rows, or answers of rows, that they are scored on.

    Parameters
    ----------
    executed : Executed
        The folds.

    Returns
    -------
    tuple of Finding
        ``scored-rows``.
    """
    for ran in executed.ran:
        said = _seen(executed.case, ran)
        if said:
            return (_finding(Severity.ERROR, said),)
    return _by_shuffling(executed)


def _finding(severity: Severity, evidence: str) -> Finding:
    return Finding("scored-rows", severity, (), evidence, CODES["scored-rows"].cure)


def _seen(case: Case, ran: Ran) -> str:
    """Say which step gets rows during the fit that only the scored side has."""
    scored = sides(ran.fold, len(case)) == 2
    for call in ran.fitting:
        for label, rows in call.rows.items():
            own = rows[rows >= 0]
            count = int(scored[np.unique(own)].sum()) if len(own) else 0
            if count >= _FEWEST:
                verb = "is fitted with" if call.learns else "is asked during the fit about"
                return (f"{call.step} {verb} {count:,} of the {len(ran.fold.valid):,} rows that "
                        f"are scored (argument {label!r} of {call.what})")  # fmt: skip
    return ""


def _by_shuffling(executed: Executed) -> tuple[Finding, ...]:
    """Shuffle the answers of scored rows that the estimator holds, and see what it says then."""
    case, things = executed.case, held(executed.estimator)
    owned = ""
    for ran in executed.ran[:_TRIED]:
        others, where = _others(case, ran, things)
        if not others:
            continue
        owned = where
        try:
            again = run_fold(case, executed.estimator, ran.fold)
            changed = run_fold(case, with_other(executed.estimator, others), ran.fold)
        except Exception:  # an estimator that checks what it holds
            continue
        luck = _apart(ran.said, again.said)
        if _apart(ran.said, changed.said) > max(10 * luck, 1e-9):
            before, after = (case.score(ran.fold.valid, one.said) for one in (ran, changed))
            metric = case.metric.name
            return (_finding(Severity.ERROR,
                f"{where} holds answers of rows that are scored; with these shuffled, the same "
                f"rows get other predictions ({metric} {number(before)} before, {number(after)} "
                "after)"),)  # fmt: skip
    if owned:
        said = f"{owned} holds answers of rows that are scored; no use of them was seen"
        return (_finding(Severity.WARNING, said),)
    return ()


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.abs(one - other).mean()) if one.shape == other.shape else np.inf


def _others(case: Case, ran: Ran, things: list[Held]) -> tuple[dict[int, Any], str]:
    """Find answers of scored rows among what is held; give the same things with others."""
    rng = np.random.default_rng(case.seed.derive("leaks", "shuffle"))
    others: dict[int, Any] = {}
    where = ""
    places = _held_rows(case, ran, things)
    for one in things:
        column = _column(one.value)
        if column is None or len(column) < _SHORTEST:
            continue
        rows = _answers_of(case, ran, column, places.get(len(column)))
        if rows is None:
            continue
        mixed = column.copy()
        mixed[rows] = _shuffled(column[rows], rng)
        others[id(one.value)] = _like(one.value, mixed)
        where = where or f"{one.owner} ({one.path})"
    for one in things:
        if row_count(one.value) and id(one.value) not in others:
            swapped = _with_answers(case, ran, one.value, rng)
            if swapped is not None:
                others[id(one.value)] = swapped
                where = where or f"{one.owner} ({one.path})"
    return others, where


def _shuffled(values: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Shuffle values so that as many as possible change."""
    order = np.argsort(values, kind="stable")
    mixed = values.copy()
    mixed[order] = values[order[::-1]]
    return mixed if (mixed != values).any() else rng.permutation(values)


def _held_rows(case: Case, ran: Ran, things: list[Held]) -> dict[int, NDArray[np.int64]]:
    """Say which of the rows that are held are scored ones, by the number of rows."""
    scored = sides(ran.fold, len(case)) == 2
    known = known_rows(case, ran.fold)
    found = {}
    for one in things:
        if row_count(one.value) < _SHORTEST:
            continue
        own = marks(one.value)
        rows = known.rows(own) if own is not None else np.empty(0, np.int64)
        mine = np.flatnonzero((rows >= 0) & scored[np.maximum(rows, 0)])
        if len(mine) >= _FEWEST:
            found[len(rows)] = mine
    return found


def _column(value: Any) -> NDArray[Any] | None:
    if row_count(value):
        return None
    try:
        found = np.asarray(value)
    except (TypeError, ValueError):
        return None
    return found if found.ndim == 1 and found.dtype.kind in "biufUSO" else None


def _answers_of(
    case: Case, ran: Ran, column: NDArray[Any], companions: NDArray[np.int64] | None
) -> NDArray[np.int64] | None:
    """Say at which places a held column holds answers of scored rows."""
    y = case.target.values
    only = np.flatnonzero(sides(ran.fold, len(case)) == 2)
    if len(column) == len(y) and _same(column, y):
        return only
    for rows in (ran.fold.valid, only):
        if len(column) == len(rows) and _same(column, y[rows]):
            return np.arange(len(column))
    if companions is not None and _like_answers(case, column):
        return companions
    return None


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Tell whether two columns hold the same answers, in whatever code."""
    if len(np.unique(other)) < 2:
        return False
    if len(np.unique(other)) > 20 and one.dtype.kind in "iuf":
        return bool(abs(np.corrcoef(one.astype(float), other.astype(float))[0, 1]) > 0.999)
    _, a = np.unique(one.astype(str), return_inverse=True)
    _, b = np.unique(other.astype(str), return_inverse=True)
    pairs = len(np.unique(a * (b.max() + 1) + b))
    return bool(pairs == a.max() + 1 == b.max() + 1)


def _like_answers(case: Case, column: NDArray[Any]) -> bool:
    if case.target.classes:
        return 2 <= len(np.unique(column.astype(str))) <= case.target.classes
    return column.dtype.kind in "iuf"


def _like(value: Any, column: NDArray[Any]) -> Any:
    """Give a column as the kind of thing that it came as."""
    if isinstance(value, list | tuple):
        return type(value)(column.tolist())
    if isinstance(value, np.ndarray):
        return column
    if hasattr(value, "iloc"):
        return type(value)(column, index=value.index, name=value.name)
    return type(value)(getattr(value, "name", ""), column)


def _with_answers(case: Case, ran: Ran, value: Any, rng: np.random.Generator) -> Any:
    """Shuffle the answers in a table that holds them as a column; None where there are none."""
    names = list(getattr(value, "columns", range(value.shape[1])))
    for place, name in enumerate(names):
        column = np.asarray(value[:, place] if isinstance(value, np.ndarray) else value[name])
        if column.ndim != 1:
            return None
        rows = _answers_of(case, ran, column, None)
        if rows is None:
            continue
        mixed = column.copy()
        mixed[rows] = _shuffled(column[rows], rng)
        if isinstance(value, np.ndarray):
            other = value.copy()
            other[:, place] = mixed
            return other
        if hasattr(value, "iloc"):
            return value.assign(**{str(name): mixed})
        return value.with_columns(type(value[name])(name, mixed))
    return None
