"""Dates between which the time is the answer, though neither tells it alone."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.core.schema import Kind
from modelwright.leaks.look import Look, resolutions
from modelwright.leaks.proxies import SUSPECT, stands_apart

__all__ = ["find_spans"]

_DATES = 8
_FEWEST = 60
# A date that tells so much by itself is found by itself.
_ALONE = 0.5
_BOTH = 0.8


def find_spans(look: Look) -> tuple[Finding, ...]:
    """Find pairs of dates whose difference nearly solves the task, where all others do not.

    The later one was written when the answer was known: when a case was settled, an order sent.

    Parameters
    ----------
    look : Look
        The rows.

    Returns
    -------
    tuple of Finding
        ``late-date``, as an error.
    """
    dates = [name for name in look.table.schema.names(kind=Kind.DATETIME) if name in look.names]
    found: dict[str, Finding] = {}
    for one, other in combinations(dates[:_DATES], 2):
        span = _days(look, other) - _days(look, one)
        known = np.isfinite(span)
        if known.sum() < max(_FEWEST, _BOTH * len(span)):
            continue
        left = _left_by(look, span)
        if left > SUSPECT or min(look.alone[one], look.alone[other]) < _ALONE:
            continue
        first, last = (one, other) if (span[known] >= 0).mean() >= 0.5 else (other, one)
        others = look.left_by_others(frozenset((last,)))
        if last not in found and stands_apart(left, others, len(look.names) - 1):
            evidence = (
                f"the time from {first!r} to {last!r} leaves {left:.2%} of the answers' variation "
                f"unexplained, all columns but {last!r} together {others:.0%}"
            )
            code = CODES["late-date"]
            found[last] = Finding(code.name, Severity.ERROR, (last,), evidence, code.cure)
    return tuple(found.values())


def _days(look: Look, name: str) -> NDArray[np.float64]:
    moments = look.table.frame[name].cast(pl.Datetime("us"), strict=False)
    return np.asarray(moments.cast(pl.Int64).to_numpy(), np.float64) / 86_400e6


def _left_by(look: Look, span: NDArray[np.float64]) -> float:
    """Say what a time between leaves unexplained."""
    codes = np.zeros(len(span), np.int64)
    known = np.isfinite(span)
    codes[known] = np.unique(span[known], return_inverse=True)[1] + 1
    return min(look.left(part) for part in resolutions(codes))
