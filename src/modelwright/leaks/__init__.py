"""Leaks: answers that reach a model before they should, in a table or in an executed pipeline."""

from modelwright.leaks.auditing import audit
from modelwright.leaks.columns import check_columns
from modelwright.leaks.verdict import Audit

__all__ = ["Audit", "audit", "check_columns"]
