"""Things and times that the folds mix, and what that is worth to this very estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.core.numerals import number
from modelwright.leaks.case import Case, take
from modelwright.leaks.executed import Executed
from modelwright.leaks.inner import find_kept
from modelwright.leaks.mixed import Mixed, find_what_is_mixed

__all__ = ["find_mixed"]

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

# How many standard errors, and by which share, an error has to grow; for things that do not speak
# for themselves, which are many in a table, further.
_SURE, _WORSE = 3.0, 0.05
_SURE_OF_ANY, _WORSE_OF_ANY = 5.0, 0.1
_CUTS = (0.5, 0.75)
_BLOCKS = 20
_PARTS = (3, 5)
_FEWEST = 40
_FITS = 6
_SECONDS = 60.0


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
    for mixed in find_what_is_mixed(case):
        measured = None
        spent += _FITS * executed.seconds
        if spent <= _SECONDS:
            measure = _things if mixed.kind == "thing" else _times
            measured = measure(executed, mixed)
        code = CODES["entities-across" if mixed.kind == "thing" else "later-rows"]
        sure = measured is not None and measured.sure(mixed)
        # whose folds keep things whole has decided which risk is the larger one
        sure = sure and (mixed.kind == "thing" or mixed.told or find_kept(case) is None)
        if not sure and not mixed.recommended:
            continue
        evidence = f"{mixed.reasons}; {_shown(case, measured)}" if measured else mixed.reasons
        severity = Severity.ERROR if sure else Severity.WARNING
        found.append(Finding(code.name, severity, mixed.columns, evidence, code.cure))
    return tuple(found)


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

    def sure(self, mixed: Mixed) -> bool:
        """Tell whether it is beyond chance, and worth speaking of."""
        kept, promised = (float(part.mean()) for part in self.placed)
        grown = max(self.worse, kept / max(promised, 1e-3) - 1)
        if mixed.kind == "thing" and not mixed.recommended:
            return self.z >= _SURE_OF_ANY and grown >= _WORSE_OF_ANY
        return self.z >= _SURE and grown >= _WORSE


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
