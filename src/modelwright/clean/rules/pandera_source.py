"""Rules as a schema of pandera, written as Python source that somebody may read, change and run.

What pandera (https://pandera.readthedocs.io) has no word for stands there as a remark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from modelwright.clean.rules.rules import ColumnRule, Rules

__all__ = ["pandera_source"]

_HEAD = '''"""A schema of pandera, written by modelwright.

import this module and call schema.validate(frame)
"""

import pandera.polars as pa
import polars as pl

'''
_TYPES = {"number": "pl.Float64", "integer": "pl.Int64"}


def pandera_source(rules: Rules, columns: Sequence[str]) -> str:
    """Write rules as the source of a `DataFrameSchema` of pandera, for Polars.

    Parameters
    ----------
    rules : Rules
        What has to hold.
    columns : sequence of str
        The columns of the table; all of them are demanded.

    Returns
    -------
    str
        Python; names and values from the table stand there as literals only.

    Examples
    --------
    >>> source = pandera_source(Rules((ColumnRule("age", kind="integer", least=0),)), ["age"])
    >>> print(source.splitlines()[-2].strip())
    'age': pa.Column(pl.Int64, [pa.Check.ge(0)], nullable=True, coerce=True),
    """
    known = {one.column: one for one in rules.columns}
    lines = [f"    {name!r}: {_column(known.get(name, ColumnRule(name)))}," for name in columns]
    keys = [list(one.columns) for one in rules.unique]
    unique = f", unique={keys[0]!r}" if keys else ""
    remarks = [f"# not written: {told}" for told in _left(rules, keys[1:])]
    body = [*remarks, "schema = pa.DataFrameSchema({", *lines, f"}}{unique})"]
    return _HEAD + "\n".join(body) + "\n"


def _column(rule: ColumnRule) -> str:
    kind = _TYPES.get(rule.kind, "pl.String")
    checks = []
    if rule.least is not None and math.isfinite(rule.least):
        checks.append(f"pa.Check.ge({rule.least!r})")
    if rule.most is not None and math.isfinite(rule.most):
        checks.append(f"pa.Check.le({rule.most!r})")
    if rule.values:
        values: list[float] | list[str] = list(rule.values)
        if rule.kind in _TYPES:
            values = [float(one.replace(",", "")) for one in rule.values]
        checks.append(f"pa.Check.isin({values!r})")
    if rule.pattern and rule.kind not in _TYPES:
        pattern = f"^(?:{rule.pattern})$"
        checks.append(f"pa.Check.str_matches({pattern!r})")
    more = [f"nullable={not rule.required}"]
    more += ["unique=True"] if rule.unique else []
    more += ["coerce=True"] if rule.kind in _TYPES else []
    return f"pa.Column({kind}, [{', '.join(checks)}], {', '.join(more)})"


def _left(rules: Rules, keys: Iterable[list[str]]) -> list[str]:
    """Say which rules have no word there, each on one line."""
    told = [f"no two rows agree in {key!r}" for key in keys]
    told += [f"{list(one.given)!r} settle {one.column!r}" for one in rules.determines]
    told += [f"{one.left!r} {one.operator} {one.right!r}" for one in rules.comparisons]
    told += [f"what is forbidden by {one.name!r}" for one in rules.denials]
    told += [f"{one.column!r} is a {one.kind}" for one in rules.columns
             if one.kind and one.kind not in _TYPES]  # fmt: skip
    return told
