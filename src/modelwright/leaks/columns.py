"""What single columns of a table give away, before anything is fitted."""

from __future__ import annotations

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.leaks.afterwards import find_afterwards
from modelwright.leaks.counters import find_counters
from modelwright.leaks.look import Look, look_at
from modelwright.leaks.proxies import find_parts, find_proxies
from modelwright.leaks.spans import find_spans
from modelwright.leaks.spelled import find_spelled
from modelwright.leaks.windows import find_made_columns

__all__ = ["check_columns", "find_later_dates", "worst_first"]

_FEWEST_ROWS = 40
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_LATER = 0.95
# A column that leaves more than this unexplained says nothing of the answers.
_SAYS = 0.97


def check_columns(
    table: Table, y: Target, *, order: str | None = None, seed: int = 0
) -> tuple[Finding, ...]:
    """Look for columns that know the answer: copies, spelled ones, later ones, running numbers.

    Parameters
    ----------
    table : Table
        Typed rows, all columns.
    y : Target
        Their answers.
    order : str, optional
        The column that says when each row was.
    seed : int
        The only source of randomness.

    Returns
    -------
    tuple of Finding
        The worst first. Of fewer than 40 rows nothing is said.

    Examples
    --------
    >>> import numpy as np
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Schema
    >>> rng = np.random.default_rng(0)
    >>> y = Target(rng.integers(0, 2, 300), 2)
    >>> frame = pl.DataFrame({"age": rng.normal(size=300), "fate": y.values * 7.0})
    >>> schema = Schema((Column("age", Kind.NUMBER), Column("fate", Kind.NUMBER)))
    >>> [(one.code, one.columns) for one in check_columns(Table(frame, schema), y)]
    [('target-copy', ('fate',))]
    """
    if table.height < _FEWEST_ROWS:
        return ()
    look = look_at(table, y, seed)
    found: list[Finding] = []
    for more in (
        find_made_columns(table, y, tuple(n for n, left in look.alone.items() if left < _SAYS)),
        find_counters(look),
        find_spelled(look),
        find_afterwards(look),
        find_proxies(look),
        find_parts(look),
        find_spans(look),
        () if order is None else find_later_dates(look, order),
    ):
        told = {name for one in found for name in one.columns}
        found += [one for one in more if not set(one.columns) <= told]
    return worst_first(found)


def worst_first(found: list[Finding]) -> tuple[Finding, ...]:
    """Sort findings by their severity, keeping their order otherwise.

    Examples
    --------
    >>> mild, bad = (Finding("a", s, (), "", "") for s in (Severity.INFO, Severity.ERROR))
    >>> worst_first([mild, bad])[0] is bad
    True
    """
    return tuple(sorted(found, key=lambda one: _RANK[one.severity]))


def find_later_dates(look: Look, order: str) -> tuple[Finding, ...]:
    """Find dates that lie after the time of nearly every row.

    Parameters
    ----------
    look : Look
        The rows.
    order : str
        The column that says when each row was.

    Returns
    -------
    tuple of Finding
        ``late-date``.
    """
    frame, schema = look.table.frame, look.table.schema
    if order not in schema or schema[order].kind is not Kind.DATETIME:
        return ()
    when = frame[order].to_physical()
    late = []
    for name in schema.names(kind=Kind.DATETIME):
        if name == order or name not in look.names:
            continue
        other = frame[name].to_physical()
        both = int((when.is_not_null() & other.is_not_null()).to_numpy().sum())
        after = int((other > when).sum() or 0)
        if both >= _FEWEST_ROWS and after >= _LATER * both:
            late.append((name, after / both))
    code = CODES["late-date"]
    return tuple(
        Finding(code.name, code.severity, (name,),
                f"{name!r} lies after {order!r} in {share:.0%} of the rows that have both",
                code.cure)
        for name, share in late
    )  # fmt: skip
