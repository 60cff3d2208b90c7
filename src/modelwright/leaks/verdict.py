"""What an audit found, to be read, printed and written down."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from modelwright.core.codes import CODES, page_of
from modelwright.core.findings import Finding, Severity

__all__ = ["Audit"]


@dataclass(frozen=True)
class Audit:
    """What an audit of a pipeline found.

    Parameters
    ----------
    findings : tuple of Finding
        The worst first.
    rows, columns, folds : int
        How much was looked at.
    watched : tuple of str
        The steps that were seen being fitted, by their class.
    notes : tuple of str
        What could not be looked at, and why.

    Examples
    --------
    >>> audit = Audit((), rows=100, columns=3, folds=5)
    >>> audit.clean, str(audit).splitlines()[0]
    (True, '100 rows of 3 columns, 5 folds: no leak was found')
    """

    findings: tuple[Finding, ...]
    rows: int
    columns: int
    folds: int
    watched: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make scores untrue."""
        return tuple(one for one in self.findings if one.severity is Severity.ERROR)

    @property
    def clean(self) -> bool:
        """Whether no finding is an error."""
        return not self.errors

    def __str__(self) -> str:
        lines = [self._head, *(_told(one) for one in self.findings)]
        return "\n\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    @property
    def _head(self) -> str:
        seen = f"{self.rows:,} rows of {self.columns:,} columns, {self.folds} folds"
        count = len(self.errors)
        if count:
            return f"{seen}: {count} {'leak' if count == 1 else 'leaks'}, scores are not true"
        return f"{seen}: no leak was found"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{one.severity.value}</td><td>{escape(one.code)}</td>"
            f"<td>{escape(', '.join(one.columns))}</td><td>{escape(one.evidence)}</td>"
            f"<td>{escape(one.cure)}</td></tr>"
            for one in self.findings
        )
        head = (
            "<tr><th>severity</th><th>code</th><th>columns</th><th>evidence</th><th>cure</th></tr>"
        )
        table = f"<table>{head}{rows}</table>" if rows else ""
        return f"<p>{escape(self._head)}</p>{table}"

    def to_dict(self) -> dict[str, Any]:
        """Give what was found as plain JSON: of each finding also its title and its page."""
        return {
            "findings": [
                {**one.to_json(), "title": _title(one), "page": page_of(one.code)}
                for one in self.findings
            ],
            "clean": self.clean,
            "rows": self.rows,
            "columns": self.columns,
            "folds": self.folds,
            "watched": list(self.watched),
            "notes": list(self.notes),
        }


def _title(finding: Finding) -> str:
    return CODES[finding.code].title if finding.code in CODES else ""


def _told(finding: Finding) -> str:
    where = (
        f" in {', '.join(repr(name) for name in finding.columns[:6])}" if finding.columns else ""
    )
    more = f" and {len(finding.columns) - 6} more" if len(finding.columns) > 6 else ""
    lines = [f"{finding.severity.value}: {finding.code}{where}{more}", f"  {finding.evidence}"]
    lines += [f"  cure: {finding.cure}"] if finding.cure else []
    page = page_of(finding.code)
    return "\n".join([*lines, *([f"  more: docs/{page}"] if page else [])])
