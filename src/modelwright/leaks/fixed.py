"""What is fixed before the fit: steps fitted beforehand, columns chosen beforehand.

The same fold is fitted a second time on half of its rows, with their answers shuffled. What a fit
learns changes then; what stays the same to the bit was fixed before. That alone is honest: a
list of columns, a table of prices. So what is fixed is compared with the answers of the scored
rows: does it hold their means, is it what a fit on all rows gives, were its columns chosen by them?
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.core.splits import Fold
from modelwright.leaks.case import Case, copied, take
from modelwright.leaks.chosen import strengths, were_chosen
from modelwright.leaks.encoded import drawn_to_mean, fingerprint, outputs
from modelwright.leaks.executed import Executed, Ran, run_fold
from modelwright.leaks.look import look_at, resolutions
from modelwright.leaks.probe import used_columns
from modelwright.leaks.watch import Call
from modelwright.stats.cells import code_values

__all__ = ["Twice", "find_fitted_before", "find_selected_before", "fit_twice"]

Floats = NDArray[np.float64]

_EQUAL = 1e-6
_OWNERS = 4
_COLUMNS = 500
_MANY = 25
_SAME_COLUMNS = 0.9
_FEW_ENOUGH = 0.6
_NEARER = 0.5
_TELLS = 0.6
_TIMES = 2.0


@dataclass(frozen=True)
class Twice:
    """A fold, fitted as it is and on half of its rows with shuffled answers; all rows asked.

    Parameters
    ----------
    ran, other : Ran
        The first and the second.
    """

    ran: Ran
    other: Ran


def fit_twice(executed: Executed) -> Twice | None:
    """Fit the first fold again on half of its rows with shuffled answers; None when it cannot.

    Both are asked about all rows.
    """
    case = executed.case
    fold = executed.ran[0].fold
    rng = np.random.default_rng(case.seed.derive("leaks", "half"))
    half = np.sort(rng.permutation(fold.train)[: max(len(fold.train) // 2, 2)])
    answers = take(case.y, rng.permutation(half))
    try:
        ran = run_fold(case, executed.estimator, fold, X=case.X)
        other = run_fold(case, executed.estimator, Fold(half, fold.valid), y=answers, X=case.X)
    except Exception:  # too few rows of a class, say
        return None
    return Twice(ran, other)


def find_fitted_before(executed: Executed, twice: Twice | None) -> tuple[Finding, ...]:
    """Find steps that were fitted before the split on rows that are scored.

    Parameters
    ----------
    executed : Executed
        The folds.
    twice : Twice, optional
        A fold fitted twice.

    Returns
    -------
    tuple of Finding
        ``fitted-before``.
    """
    if twice is None:
        return ()
    found = [one for call in _never_fitted(twice)[:_OWNERS]
             if (one := _judged(executed, call)) is not None]  # fmt: skip
    loud = [one for one in found if one.severity is Severity.ERROR]
    if loud:
        return (loud[0],)
    for step, column in _fixed_columns(executed.case, twice):
        for answers in outputs(executed.case.target):
            print_ = fingerprint(column, answers)
            evidence = ""
            if print_ is not None and print_.made_of_answers:
                evidence = (
                    f"{step} gives numbers that no fit changes, and they are the mean answers of "
                    f"all rows that have them, scored ones included: the {print_.levels} means "
                    f"scatter {print_.scatter:.1%} of what chance asks for"
                )
            elif (drawn := drawn_to_mean(column, answers)) is not None:
                evidence = (
                    f"{step} gives numbers that no fit changes, and each of their {drawn} values "
                    "lies between the mean answer of all rows that have it, scored ones included, "
                    "and that of all rows"
                )
            if evidence:
                return (_finding(Severity.ERROR, evidence),)
    return tuple(found[:1]) or _told_by_fixed(executed.case, twice)


def _told_by_fixed(case: Case, twice: Twice) -> tuple[Finding, ...]:
    """Compare what a fixed number tells with what all columns tell that it can be made of."""
    best, said = 1.0, ""
    seed = int(case.seed.derive("leaks", "fixed"))
    look = look_at(case.table, case.target, seed, len(case))
    for step, column in _fixed_columns(case, twice):
        codes = code_values(pl.Series(column).fill_nan(None))
        left = min(look.left(part) for part in resolutions(codes))
        if left < best:
            best, said = left, step
    if best > _TELLS:
        return ()
    others = look.left_by_others(frozenset())
    if others < max(_TIMES * best, best + 0.1):
        return ()
    evidence = (
        f"{said} gives a number that no fit changes, and it alone leaves {best:.0%} of the "
        f"answers' variation unexplained, where a quick model of all columns leaves {others:.0%}"
    )
    return (_finding(Severity.ERROR, evidence),)


def _finding(severity: Severity, evidence: str, code: str = "fitted-before") -> Finding:
    return Finding(code, severity, (), evidence, CODES[code].cure)


def _never_fitted(twice: Twice) -> list[Call]:
    """List the steps that are asked though no fit of them was seen, and that no fit changes."""
    first, second = (_asked_unfitted(ran) for ran in (twice.ran, twice.other))
    found = []
    for call, other in zip(first, second, strict=False):
        one, two = _block(call.made), _block(other.made)
        if call.step == other.step and one is not None and two is not None and _equal(one, two):
            found.append(call)
    return found


def _asked_unfitted(ran: Ran) -> list[Call]:
    fitted = {id(call.owner) for call in ran.fitting if call.learns}
    asked: dict[int, Call] = {}
    for call in ran.asking:
        if id(call.owner) not in fitted and call.given is not None and _holds_a_fit(call.owner):
            asked.setdefault(id(call.owner), call)
    return list(asked.values())


def _holds_a_fit(owner: Any) -> bool:
    names = vars(owner) if hasattr(owner, "__dict__") else ()
    fitted = any(name.endswith("_") and not name.startswith("_") for name in names)
    return fitted and hasattr(owner, "fit") and hasattr(owner, "get_params")


def _judged(executed: Executed, call: Call) -> Finding | None:
    """Compare a step that was fitted before with the same step fitted on all rows, and honestly."""
    case = executed.case
    rows = call.given
    name = type(call.owner).__name__
    if len(call.main) != len(case):
        return None
    everyone = np.arange(len(case))
    made = _block(call.made)
    whole = _refitted(call, rows, case, everyone, everyone)
    if made is None or whole is None:
        return _finding(Severity.WARNING,
                        f"{name} is never fitted in a fold: it came fitted, on rows that cannot "
                        "be told")  # fmt: skip
    mixed = np.random.default_rng(case.seed.derive("leaks", "mixed")).permutation(len(case))
    blind = _refitted(call, rows, case, everyone, everyone, mixed)
    looks = blind is None or not _equal(whole, blind)
    if len(executed.ran) == 1 and len(case.folds) == 1:
        own = _refitted(call, rows, case, case.folds[0].train, everyone)
        if own is not None and _equal(made, own) and not _equal(own, whole):
            return None  # fitted on the rows of the only fold that may be fitted on
    if _equal(made, whole):
        severity = Severity.ERROR if looks else Severity.WARNING
        more = "" if looks else "; it does not look at the answers, so that it costs little"
        evidence = (
            f"{name} is never fitted in a fold; it came fitted, and gives exactly what a fit on "
            f"all {len(case):,} rows gives, the scored ones among them{more}"
        )
        return _finding(severity, evidence)
    if looks and _remembers(executed, call, made, whole):
        evidence = (
            f"{name} is never fitted in a fold; it came fitted, and what it says of the scored "
            "rows is much nearer to a fit on all rows than to one without them"
        )
        return _finding(Severity.ERROR, evidence)
    return _finding(Severity.WARNING,
                    f"{name} is never fitted in a fold: it came fitted, on rows that cannot be "
                    "told")  # fmt: skip


def _block(value: Any) -> Floats | None:
    if hasattr(value, "toarray"):
        value = value.toarray()
    try:
        found = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        try:
            _, codes = np.unique(np.asarray(value).astype(str), return_inverse=True)
        except (TypeError, ValueError):
            return None
        found = codes.astype(np.float64)
    return found.reshape(len(found), -1) if found.ndim in (1, 2) else None


def _refitted(
    call: Call,
    rows: Any,
    case: Case,
    train: NDArray[np.int64],
    asked: NDArray[np.int64],
    mixed: NDArray[np.int64] | None = None,
) -> Floats | None:
    """Fit a step anew on some rows, and ask it."""
    answers = train if mixed is None else mixed[train]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fresh = copied(call.owner)
            fresh.fit(take(rows, train), take(case.y, answers))
            return _block(getattr(fresh, call.what)(take(rows, asked)))
    except Exception:  # a step of the user's that cannot be fitted anew
        return None


def _equal(one: Floats, other: Floats) -> bool:
    if one.shape != other.shape:
        return False
    spread = float(np.nanstd(other)) or 1.0
    return bool(np.nanmax(np.abs(one - other), initial=0.0) <= _EQUAL * spread)


def _remembers(executed: Executed, call: Call, made: Floats, whole: Floats) -> bool:
    """Tell whether what a step says of scored rows is nearer to a fit on them than without them."""
    case, near, far, count = executed.case, 0.0, 0.0, 0
    if made.shape != whole.shape:
        return False
    for ran in executed.ran:
        honest = _refitted(call, call.given, case, ran.fold.train, ran.fold.valid)
        if honest is None or honest.shape[1] != made.shape[1]:
            continue
        rows = ran.fold.valid
        near += float(np.abs(made[rows] - whole[rows]).sum())
        far += float(np.abs(made[rows] - honest).sum())
        count += len(rows)
    return bool(count) and near <= _NEARER * far


def _fixed_columns(case: Case, twice: Twice) -> Iterator[tuple[str, Floats]]:
    """Give the numbers that steps make of all rows, and that no fit changes."""
    first, second = (_made(ran.asking, len(case)) for ran in (twice.ran, twice.other))
    given = {column.tobytes() for column in _plain_columns(case)}
    seen: set[bytes] = set()
    for one, other in zip(first, second, strict=False):
        if one[0] != other[0] or one[1].shape != other[1].shape:
            continue
        for j in range(min(one[1].shape[1], _COLUMNS)):
            column = one[1][:, j]
            key = column.tobytes()
            same = np.array_equal(column, other[1][:, j], equal_nan=True)
            if same and key not in given and key not in seen and np.nanstd(column) > 0:
                seen.add(key)
                yield one[0], column


def _made(calls: Sequence[Call], rows: int) -> list[tuple[str, Floats]]:
    """List what steps made of all rows, and what the last ones were asked about."""
    found = []
    for call in calls:
        for value in (call.given, call.made if call.what == "transform" else None):
            block = _numeric(value, rows)
            if block is not None:
                found.append((call.step, block))
    return found


def _numeric(value: Any, rows: int) -> Floats | None:
    shape = getattr(value, "shape", None)
    if not isinstance(shape, tuple) or len(shape) != 2 or shape[0] != rows:
        return None
    if hasattr(value, "toarray"):
        value = value.toarray()
    if hasattr(value, "iloc"):
        value = value.select_dtypes("number")
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return None


def _plain_columns(case: Case) -> Iterator[Floats]:
    for series in case.table.frame:
        if series.dtype.is_numeric():
            yield np.asarray(series.cast(float).to_numpy(), np.float64)


def find_selected_before(executed: Executed, twice: Twice | None) -> tuple[Finding, ...]:
    """Find columns that were chosen before the fit, by the answers of scored rows too.

    Parameters
    ----------
    executed : Executed
        The folds.
    twice : Twice, optional
        A fold fitted twice.

    Returns
    -------
    tuple of Finding
        ``selected-before``.
    """
    case = executed.case
    width = int(getattr(case.X, "shape", (0, 0))[1])
    if twice is None or width < _MANY:
        return ()
    rows = twice.ran.fold.valid[:200]
    used = [used_columns(case, ran.fitted, rows) for ran in (twice.ran, twice.other)]
    if any(one is None or not one.any() for one in used):
        return ()
    first, second = (np.asarray(one) for one in used)
    both, either = first & second, first | second
    if both.sum() < _SAME_COLUMNS * min(first.sum(), second.sum()) or either.mean() > _FEW_ENOUGH:
        return ()
    numbers = _numeric(case.X, len(case))
    if numbers is None or numbers.shape[1] != width:
        return ()
    train = executed.ran[0].fold.train
    for all_, own in zip(strengths(numbers, case.target),
                         strengths(numbers, case.target, train), strict=True):  # fmt: skip
        found, honest = were_chosen(all_, either), were_chosen(own, either)
        if found is None or honest is None or not found.by_all:
            continue
        if len(case.folds) == 1 and honest.ordered >= found.ordered:
            continue  # chosen by the rows of the only fold that may be fitted on
        names = case.table.schema.names()[:width]
        evidence = (
            f"{int(either.sum())} of {width:,} columns are used in every fold, whatever the "
            "answers are, and by the answers of all rows they are the strongest to the last place "
            f"(the weakest at {found.weakest:.1f} standard errors); within the rows of a fold they "
            f"are so in {honest.ordered:.1%} of the pairs"
        )
        chosen = tuple(name for name, use in zip(names, either, strict=True) if use)
        code = CODES["selected-before"]
        return (Finding(code.name, code.severity, chosen, evidence, code.cure),)
    return ()
