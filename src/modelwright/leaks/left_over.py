"""Columns that were left over from a choice among many."""

from __future__ import annotations

import numpy as np

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding
from modelwright.core.schema import Kind, Role
from modelwright.leaks.case import Case
from modelwright.leaks.chosen import strengths, were_left_over

__all__ = ["find_left_over"]


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
