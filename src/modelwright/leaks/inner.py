"""Inner splits that part what the outer split keeps together.

A stack learns how to combine its members from what these say of rows that they were not fitted on.
Split at random inside, members are asked about things that they know, though the outer split asks
about new ones only. So the inner fits are watched: which rows each was fitted on, which it was
asked about next, and whether the two share a thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.leaks.case import Case
from modelwright.leaks.executed import Executed
from modelwright.leaks.watch import Call
from modelwright.stats.cells import code_cells

__all__ = ["Kept", "across", "find_inner_splits", "find_kept"]

Codes = NDArray[np.integer]

_FEWEST = 5
_REPEATED = 0.8
_ACROSS = 0.01
_PARTED = 0.2
_WHOLE = 0.95
_VALUES = 2_000
_REUSED = 0.2
# Rows are known by what they hold: in a table of few columns some are equal by chance.
_EQUAL = 0.1


@dataclass(frozen=True)
class Kept:
    """What the outer split keeps together.

    Parameters
    ----------
    column : str
        Its column; empty for groups that were given.
    codes : ndarray of int, shape (n_rows,)
        Rows of one code are on one side of each fold.
    """

    column: str
    codes: Codes


def find_kept(case: Case) -> Kept | None:
    """Find what the outer split keeps together, though a random one would not.

    Parameters
    ----------
    case : Case
        Rows and folds.

    Returns
    -------
    Kept or None
        Groups that were given, or the coarsest column none of whose values is on both sides.
    """
    if case.groups is not None and across(case, case.groups) <= _ACROSS:
        return Kept("", case.groups)
    cells = code_cells(case.table, case.table.schema.names())
    found: list[tuple[int, int]] = []
    for i in range(len(cells.names)):
        codes = cells.codes[:, i]
        counts = np.bincount(codes)
        counts[0] = 0
        several = counts[counts >= 2]
        if len(several) < _FEWEST or several.sum() < _REPEATED * len(codes):
            continue
        if counts.max() <= 0.5 * len(codes) and across(case, codes) <= _ACROSS:
            found.append((int((counts > 0).sum()), i))
    if not found:
        return None
    place = min(found)[1]
    return Kept(cells.names[place], cells.codes[:, place])


def across(case: Case, codes: Codes) -> float:
    """Give the share of scored rows whose code is fitted on as well."""
    shared = scored = 0
    for fold in case.folds:
        known = np.unique(codes[fold.train])
        shared += int(np.isin(codes[fold.valid], known).sum())
        scored += len(fold.valid)
    return shared / max(scored, 1)


@dataclass(frozen=True)
class _Asked:
    """An inner fit, and rows that it was asked about without having seen them."""

    outer: str
    step: str
    fitted: NDArray[np.int64]
    asked: NDArray[np.int64]
    said: object


def find_inner_splits(executed: Executed, kept: Kept | None) -> tuple[Finding, ...]:
    """Find inner splits that ignore what the outer split keeps together.

    Parameters
    ----------
    executed : Executed
        The folds.
    kept : Kept, optional
        What the outer split keeps together; None: nothing.

    Returns
    -------
    tuple of Finding
        ``inner-split``: an error where a later fit learns from such predictions, a warning where
        they only choose.
    """
    if kept is None:
        return ()
    for ran in executed.ran:
        pairs = list(_inner(ran.fitting, len(np.unique(ran.fold.train))))
        parted = [one for one in pairs if _shared(kept.codes, one) >= _PARTED]
        if not parted:
            continue
        worst = max(parted, key=lambda one: _shared(kept.codes, one))
        learned = _learned_from(ran.fitting, parted)
        what = "groups" if not kept.column else repr(kept.column)
        evidence = (
            f"{worst.outer} fits {worst.step} on {len(worst.fitted):,} rows and asks it about "
            f"{len(worst.asked):,} others, {_shared(kept.codes, worst):.0%} of which share their "
            f"value of {what} with the former; the outer split keeps these apart"
        )
        evidence += "; a later fit learns from the answers" if learned else ""
        columns = (kept.column,) if kept.column else ()
        severity = Severity.ERROR if learned else Severity.WARNING
        return (Finding("inner-split", severity, columns, evidence, CODES["inner-split"].cure),)
    return ()


def _inner(calls: Sequence[Call], rows: int) -> Iterator[_Asked]:
    """Pair each inner fit with the rows that the same object is asked about later."""
    outer: list[str] = []
    fits: dict[int, tuple[Call, str]] = {}
    for call in calls:
        del outer[call.depth :]
        outer.append(call.step)
        own = np.unique(call.main[call.main >= 0])
        if not call.depth or len(own) < _FEWEST:
            continue
        if call.learns:
            if len(own) < _WHOLE * rows:
                fits[id(call.owner)] = call, _names(outer)
            else:
                fits.pop(id(call.owner), None)
        elif id(call.owner) in fits and call.what != "transform":
            fit, name = fits[id(call.owner)]
            seen = np.unique(fit.main[fit.main >= 0])
            again = np.isin(own, seen)
            if again.mean() <= _EQUAL:
                yield _Asked(name, fit.step, seen, own[~again], call.made)


def _names(outer: list[str]) -> str:
    """Name what splits inside: the innermost step around the fit that is no pipeline."""
    around = [name for name in outer[:-1] if not name.endswith("Pipeline")]
    return around[-1] if around else outer[0]


def _shared(codes: Codes, one: _Asked) -> float:
    return float(np.isin(codes[one.asked], codes[one.fitted]).mean())


def _learned_from(calls: Sequence[Call], pairs: Sequence[_Asked]) -> bool:
    """Tell whether some fit gets what inner fits said."""
    said: set[float] = set()
    for one in pairs:
        found = _numbers(one.said)
        said.update(found[:: max(1, len(found) // _VALUES)].tolist())
    said = {value for value in said if value not in (0.0, 1.0)}
    if len(said) < _FEWEST:
        return False
    known = np.array(sorted(said), np.float32)
    for call in calls:
        if call.learns and call.given is not None and call.depth:
            values = _numbers(call.given)
            values = values[:: max(1, len(values) // (10 * _VALUES))]
            if len(values) and np.isin(values, known).mean() >= _REUSED * min(
                1.0, len(known) / max(len(np.unique(values)), 1)
            ):
                return True
    return False


def _numbers(value: object) -> NDArray[np.float32]:
    try:
        return np.asarray(value, np.float32).ravel()
    except (TypeError, ValueError):
        return np.empty(0, np.float32)
