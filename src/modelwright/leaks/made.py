"""Columns of X that were made with the answers, and columns that were left over from a choice."""

from __future__ import annotations

import numpy as np

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding
from modelwright.core.schema import Kind, Role
from modelwright.leaks.case import Case
from modelwright.leaks.chosen import strengths, were_left_over
from modelwright.leaks.encoded import fingerprint

__all__ = ["find_left_over", "find_made_columns"]


def find_made_columns(case: Case) -> tuple[Finding, ...]:
    """Find columns of X that hold the mean answers of rows, scored ones included.

    Parameters
    ----------
    case : Case
        Rows and answers.

    Returns
    -------
    tuple of Finding
        ``answers-in-column``.
    """
    y = case.target
    codes = [1] if y.classes == 2 else range(min(y.classes, 10))
    outputs = [np.asarray(y.values == code, np.float64) for code in codes]
    outputs = outputs if y.classes else [y.values.astype(np.float64)]
    found = []
    for column in case.table.schema:
        if column.kind is not Kind.NUMBER or column.role is Role.IGNORED:
            continue
        values = np.asarray(case.table.frame[column.name].to_numpy(), np.float64)
        prints = [one for answers in outputs if (one := fingerprint(values, answers)) is not None]
        best = min(prints, key=lambda one: one.chance, default=None)
        if best is None or not best.made_of_answers:
            continue
        code = CODES["answers-in-column"]
        evidence = (
            f"{column.name!r} holds the mean answers of the rows that share its values, scored "
            f"rows included: the {best.levels} means scatter {best.scatter:.1%} of what chance "
            "asks for around what it says"
        )
        found.append(Finding(code.name, code.severity, (column.name,), evidence, code.cure))
    return tuple(found)


def find_left_over(case: Case) -> tuple[Finding, ...]:
    """Find that the columns of X are the strongest of many that are not there any more.

    Parameters
    ----------
    case : Case
        Rows and answers.

    Returns
    -------
    tuple of Finding
        ``selected-before``.
    """
    schema = case.table.schema
    names = [c.name for c in schema if c.kind is Kind.NUMBER and c.role is Role.FEATURE]
    if len(names) < 8:
        return ()
    X = case.table.frame.select(names).to_numpy().astype(np.float64)
    for strength in strengths(X, case.target):
        found = were_left_over(strength)
        if found is None:
            continue
        low, high = found
        code = CODES["selected-before"]
        evidence = (
            f"all {len(names)} columns of numbers go with the answers about equally strongly, from "
            f"{low:.1f} to {high:.1f} standard errors, and none is weaker: so look the strongest "
            "of many columns of chance, chosen by the answers of all rows"
        )
        return (Finding(code.name, code.severity, tuple(names), evidence, code.cure),)
    return ()
