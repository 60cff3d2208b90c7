"""Things and times that the folds mix, and what that is worth to this very estimator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.core.numerals import number
from modelwright.core.schema import Role
from modelwright.evaluate.structure.entities import find_entities
from modelwright.evaluate.structure.keys import find_keys
from modelwright.evaluate.structure.orders import find_orders
from modelwright.evaluate.structure.view import View, look
from modelwright.leaks.case import Case, take
from modelwright.leaks.executed import Executed
from modelwright.leaks.inner import across, find_kept

__all__ = ["Mixed", "find_mixed"]

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

_SEEN = 5_000
_ACROSS = 0.1
_AHEAD = 0.05
_SURE = 3.5
_WORSE = 0.03
_CUTS = (0.5, 0.75)
_BLOCKS = 20
_PARTS = (3, 5)
_FEWEST = 40
_THINGS = 3
_CODES = 2
_MANY = 30
_SURER = 5.0
_MUCH_WORSE = 0.1
_FITS = 6
_SECONDS = 60.0


@dataclass(frozen=True)
class Mixed:
    """Something that the folds mix.

    Parameters
    ----------
    kind : str
        ``"thing"`` or ``"time"``.
    columns : tuple of str
        Where it stands.
    what : str
        The same in words.
    codes : ndarray of int64 or None, shape (n_rows,)
        Which thing each row is about.
    times : ndarray of float64 or None, shape (n_rows,)
        When each row was.
    told : bool
        Whether somebody said so.
    reasons : str
        The evidence that it is one.
    recommended : bool
        Whether that alone is enough to speak of it.
    """

    kind: str
    columns: tuple[str, ...]
    what: str
    codes: Codes | None
    times: Floats | None
    told: bool
    reasons: str
    recommended: bool = True


def find_mixed(executed: Executed) -> tuple[Finding, ...]:
    """Find things and times that the folds mix.

    The same estimator is fitted again with things, or with the future, kept apart, on as many
    rows. Where its error then grows beyond chance, the finding is an error; else a warning.

    Parameters
    ----------
    executed : Executed
        The folds.

    Returns
    -------
    tuple of Finding
        ``entities-across`` and ``later-rows``.
    """
    case = executed.case
    found = []
    spent = 0.0
    for mixed in _mixed(case):
        measured = None
        spent += _FITS * executed.seconds
        if spent <= _SECONDS:
            measure = _things if mixed.kind == "thing" else _times
            measured = measure(executed, mixed)
        code = CODES["entities-across" if mixed.kind == "thing" else "later-rows"]
        sure = measured is not None and measured.sure(mixed.recommended)
        # whose folds keep things whole has decided which risk is the larger one
        sure = sure and (mixed.kind == "thing" or mixed.told or find_kept(case) is None)
        if not sure and mixed.kind == "thing" and not mixed.recommended:
            continue
        evidence = f"{mixed.reasons}; {_shown(case, measured)}" if measured else mixed.reasons
        severity = Severity.ERROR if sure else Severity.WARNING
        found.append(Finding(code.name, severity, mixed.columns, evidence, code.cure))
    return tuple(found)


def _mixed(case: Case) -> Iterator[Mixed]:
    view = look(case.table, case.target, int(case.seed.derive("leaks", "view")), _SEEN)
    yield from _mixed_times(case, view)
    yield from _mixed_things(case, view)


def _mixed_times(case: Case, view: View) -> Iterator[Mixed]:
    if case.order is not None:
        ahead = _ahead(case, case.order)
        if ahead >= _AHEAD:
            told = "rows are scored by models that were fitted on later rows"
            yield Mixed("time", (), "the order", None, case.order, True, told)
        return
    for order in find_orders(view)[:2]:
        if not order.recommended:
            continue
        times = _numbers(case, order.column)
        if _ahead(case, times) >= _AHEAD:
            why = f"{order.column!r} is {'; '.join(order.reasons[:3])}"
            yield Mixed("time", _named(case, order.column), order.column, None, times, False, why)
            return


def _numbers(case: Case, column: str) -> Floats:
    series = case.table.frame[column]
    if series.dtype.is_temporal():
        series = series.to_physical()
    return np.asarray(series.cast(float, strict=False).to_numpy(), np.float64)


def _named(case: Case, column: str) -> tuple[str, ...]:
    """Name a column of X; an index is none."""
    return () if case.table.schema[column].role is Role.IGNORED else (column,)


def _ahead(case: Case, times: Floats) -> float:
    """Give the share of rows fitted on that are later than the row that is scored."""
    shares = []
    for fold in case.folds:
        known = np.sort(times[fold.train][~np.isnan(times[fold.train])])
        asked = times[fold.valid][~np.isnan(times[fold.valid])]
        if len(known) and len(asked):
            earlier = np.searchsorted(known, asked, side="right")
            shares.append(float(1 - (earlier / len(known)).mean()))
    return float(np.mean(shares)) if shares else 0.0


def _mixed_things(case: Case, view: View) -> Iterator[Mixed]:
    if case.groups is not None:
        shared = across(case, case.groups)
        if shared >= _ACROSS:
            told = f"{shared:.0%} of the scored rows belong to a group that is fitted on"
            yield Mixed("thing", (), "groups", case.groups, None, True, told)
        return
    times = tuple(one.column for one in find_orders(view) if one.points > 0)
    keys = {(key.columns, key.what): key.codes for key in find_keys(view, times)}
    named = 0
    for one in find_entities(view, times):
        codes = keys.get((one.columns, one.what))
        if codes is None or named >= _THINGS:
            continue
        shared = across(case, np.where(codes > 0, codes, -np.arange(len(codes)) - 1))
        if shared >= _ACROSS:
            why = (
                f"{shared:.0%} of the scored rows are about a thing that is fitted on: "
                f"{'; '.join(one.reasons[:3])}"
            )
            named += 1
            keys = {k: v for k, v in keys.items() if not set(k[0]) & set(one.columns)}
            yield Mixed("thing", one.columns, one.what, codes, None, False, why,
                        one.recommended)  # fmt: skip
    yield from _mixed_codes(case, keys, times)


def _mixed_codes(
    case: Case, keys: dict[tuple[tuple[str, ...], str], Codes], times: tuple[str, ...]
) -> Iterator[Mixed]:
    """Take codes that may name things: what they are worth to the estimator has to decide."""
    found = []
    for (columns, what), codes in keys.items():
        counts = np.bincount(codes)[1:]
        groups = int((counts > 0).sum())
        if len(columns) > 1 or columns[0] in times or groups < _MANY:
            continue
        series = case.table.frame[columns[0]]
        if series.dtype.is_float() and bool((series.drop_nulls() % 1 != 0).any()):
            continue  # a measurement
        if counts.max() <= 0.1 * len(codes) and (counts >= 2).sum() >= 0.3 * groups:
            found.append((groups, columns, what, codes))
    for groups, columns, what, codes in sorted(found, key=lambda one: -one[0])[:_CODES]:
        shared = across(case, np.where(codes > 0, codes, -np.arange(len(codes)) - 1))
        if shared >= 0.5:
            why = (
                f"{shared:.0%} of the scored rows have a value of {what} that is fitted on, one of "
                f"{groups:,}"
            )
            yield Mixed("thing", columns, what, codes, None, False, why, recommended=False)


@dataclass(frozen=True)
class _Measured:
    """What the folds promise, and what is kept when the structure is respected."""

    rows: NDArray[np.int64]
    promised: Floats
    kept: Floats
    together: Codes
    said: tuple[Floats, Floats]
    placed: tuple[Floats, Floats]

    @property
    def worse(self) -> float:
        """By which share the error grows."""
        return float(self.kept.mean() / max(float(self.promised.mean()), 1e-3)) - 1

    @property
    def z(self) -> float:
        """The growth in standard errors, with rows that belong together counted as one."""
        return max(
            _z(kept - promised, self.together)
            for kept, promised in ((self.kept, self.promised), self.placed)
        )

    def sure(self, recommended: bool) -> bool:
        """Tell whether it is beyond chance, and worth speaking of; more so of a mere code."""
        kept, promised = (float(part.mean()) for part in self.placed)
        grown = max(self.worse, kept / max(promised, 1e-3) - 1)
        if recommended:
            return self.z >= _SURE and grown >= _WORSE
        return self.z >= _SURER and grown >= _MUCH_WORSE


def _z(more: Floats, together: Codes) -> float:
    _, place = np.unique(together, return_inverse=True)
    sums = np.bincount(place, more - more.mean())
    error = float(np.sqrt((sums**2).sum())) / max(len(more), 1)
    return float(more.mean()) / max(error, 1e-9) if len(sums) >= 5 else 0.0


def _misplaced(case: Case, rows: NDArray[np.int64], said: Floats) -> Floats:
    """Say how badly each prediction stands, whatever its size.

    Of two classes, the share of rows of the other class on the wrong side of it (DeLong, DeLong and
    Clarke-Pearson 1988); of several, what is not given to the right one; of numbers, the distance.
    """
    y = case.target.values[rows]
    if not case.target.classes:
        far = np.abs(said[:, 0] - y) / (float(np.std(case.target.values)) or 1.0)
        return np.asarray(far, np.float64)
    if case.target.classes > 2:
        return np.asarray(1 - said[np.arange(len(y)), y], np.float64)
    score = said[:, 1]
    lost = np.zeros(len(y))
    for code in (0, 1):
        own, others = np.flatnonzero(y == code), np.sort(score[y != code])
        below = np.searchsorted(others, score[own], side="left")
        upto = np.searchsorted(others, score[own], side="right")
        share = (below + upto) / (2 * max(len(others), 1))
        lost[own] = share if code == 0 else 1 - share
    return lost


def _shown(case: Case, measured: _Measured) -> str:
    promised, kept = (case.score(measured.rows, said) for said in measured.said)
    return (
        f"{case.metric.name} {number(promised)} as it is split, {number(kept)} with these kept "
        "apart"
    )


def _things(executed: Executed, mixed: Mixed) -> _Measured | None:
    """Score the same rows by models that know none of their things."""
    case = executed.case
    assert mixed.codes is not None
    codes = np.where(mixed.codes > 0, mixed.codes, mixed.codes.max() + 1 + np.arange(len(case)))
    if case.groups is not None:
        codes = case.groups
    _, group = np.unique(codes, return_inverse=True)
    parts = int(np.clip(len(case.folds), *_PARTS))
    rng = np.random.default_rng(case.seed.derive("leaks", "things"))
    part = _dealt(group, parts, rng)
    said = np.full((len(case), case.target.outputs), np.nan)
    for number_ in range(parts):
        train, valid = np.flatnonzero(part != number_), np.flatnonzero(part == number_)
        answer = _asked(executed, train, valid)
        if answer is None:
            return None
        said[valid] = answer
    return _compared(case, executed.rows, executed.said, said[executed.rows], group)


def _dealt(group: Codes, parts: int, rng: np.random.Generator) -> Codes:
    """Deal groups to parts of about equal size, the largest first."""
    counts = np.bincount(group)
    order = rng.permutation(len(counts))
    order = order[np.argsort(-counts[order], kind="stable")]
    load = np.zeros(parts)
    part = np.zeros(len(counts), np.int64)
    for one in order:
        part[one] = int(load.argmin())
        load[part[one]] += counts[one]
    return part[group]


def _times(executed: Executed, mixed: Mixed) -> _Measured | None:
    """Score late rows by models of earlier rows, and by models of as many rows of any time."""
    case = executed.case
    assert mixed.times is not None
    rng = np.random.default_rng(case.seed.derive("leaks", "times"))
    known = np.flatnonzero(~np.isnan(mixed.times))
    order = known[np.lexsort((rng.permutation(len(known)), mixed.times[known]))]
    rows, kept, promised = [], [], []
    for low, high in zip(_CUTS, (*_CUTS[1:], 1.0), strict=True):
        past = order[: int(low * len(order))]
        block = order[int(low * len(order)) : int(high * len(order))]
        if min(len(past), len(block)) < _FEWEST:
            return None
        later = _asked(executed, np.sort(past), block)
        mixed_ = np.full((len(block), case.target.outputs), np.nan)
        half = rng.permutation(len(block)) % 2
        for side in (0, 1):
            own = np.flatnonzero(half == side)
            pool = np.setdiff1d(order, block[own])
            train = np.sort(rng.permutation(pool)[: len(past)])
            answer = _asked(executed, train, block[own])
            if answer is None:
                return None
            mixed_[own] = answer
        if later is None:
            return None
        rows.append(block)
        kept.append(later)
        promised.append(mixed_)
    index = np.concatenate(rows)
    blocks = np.arange(len(index)) * _BLOCKS // len(index)
    return _compared(case, index, np.concatenate(promised), np.concatenate(kept), blocks, own=True)


def _asked(executed: Executed, train: Any, valid: Any) -> Floats | None:
    case = executed.case
    try:
        return case.ask(case.fit(executed.estimator, train), take(case.X, valid))
    except Exception:  # a fold without a class, say: nothing is measured
        return None


def _compared(
    case: Case,
    rows: NDArray[np.int64],
    promised: Floats,
    kept: Floats,
    together: Codes,
    *,
    own: bool = False,
) -> _Measured:
    losses = case.losses(rows, promised), case.losses(rows, kept)
    clusters = together if own else together[rows]
    placed = _misplaced(case, rows, promised), _misplaced(case, rows, kept)
    return _Measured(rows, *losses, clusters, (promised, kept), (placed[1], placed[0]))
