"""What a diagnosis of a net found, to be read, printed and written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from modelwright.core.codes import CODES, page_of
from modelwright.core.findings import Finding, Severity

__all__ = ["Diagnosis", "worst_first"]

_RANKS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
# Each may bring about what stands below it; all others stand above.
_CHAIN = (
    "inputs-unscaled", "outputs-bounded", "rate-too-high", "same-weights", "dead-units",
    "saturated-units", "never-updated", "gradient-vanishes", "gradient-explodes",
    "inputs-ignored", "first-loss", "cannot-overfit",
)  # fmt: skip
_BY_DEAD = frozenset({"rate-too-high", "inputs-unscaled", "dead-units", "saturated-units"})
# What follows from what: a cause stands before its consequences, however bad these sound.
_FOLLOWS: Mapping[str, frozenset[str]] = {
    "never-updated": frozenset({"dead-units"}),
    "inputs-ignored": _BY_DEAD | {"gradient-vanishes", "outputs-bounded", "same-weights"},
}


@dataclass(frozen=True)
class Diagnosis:
    """What the first steps of a net show.

    Parameters
    ----------
    findings : tuple of Finding
        The worst first, and causes before what follows from them.
    figures : mapping of str to str
        What was measured, in words, whether or not something is wrong.
    notes : tuple of str
        What could not be looked at, and why.
    seconds : float
        What it took.
    skipped : tuple of str
        The looks that were not made, or not wholly, and could have found something.
    looks : int
        How many there are.

    Examples
    --------
    >>> found = Diagnosis((), {"first loss": "2.31"}, seconds=1.0)
    >>> found.clean
    True
    >>> print(found)
    nothing wrong was found (1.0 s)
    <BLANKLINE>
    first loss: 2.31
    >>> print(Diagnosis((), seconds=9.0, skipped=("gradients", "rows by heart"), looks=14))
    nothing wrong was found by 12 of 14 looks; not made: gradients, rows by heart (9.0 s)
    """

    findings: tuple[Finding, ...]
    figures: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    skipped: tuple[str, ...] = ()
    looks: int = 0

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """The findings that are errors or warnings."""
        return tuple(one for one in self.findings if one.severity is not Severity.INFO)

    @property
    def clean(self) -> bool:
        """Whether there are none, and every look that could have found something was made."""
        return not self.alarms and not self.skipped

    def __str__(self) -> str:
        parts = [self._head, *(_told(one) for one in self.findings)]
        parts += ["\n".join(f"{what}: {said}" for what, said in self.figures.items())]
        parts += [f"note: {note}" for note in self.notes]
        return "\n\n".join(part for part in parts if part)

    @property
    def _head(self) -> str:
        count = len(self.alarms)
        what = f"{count} {'thing' if count == 1 else 'things'} to look at" if count else (
            "nothing wrong was found"
        )  # fmt: skip
        if self.skipped:
            made = f"{self.looks - len(self.skipped)} of {self.looks} looks"
            what += f" by {made}; not made: {', '.join(self.skipped)}"
        return f"{what} ({self.seconds:.1f} s)"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{one.severity.value}</td><td>{escape(one.code)}</td>"
            f"<td>{escape(one.evidence)}</td><td>{escape(one.cure)}</td></tr>"
            for one in self.findings
        )
        head = "<tr><th>severity</th><th>code</th><th>evidence</th><th>cure</th></tr>"
        figures = "".join(
            f"<tr><td>{escape(what)}</td><td>{escape(said)}</td></tr>"
            for what, said in self.figures.items()
        )
        found = f"<table>{head}{rows}</table>" if rows else ""
        return f"<p>{escape(self._head)}</p>{found}<table>{figures}</table>"

    def to_dict(self) -> dict[str, Any]:
        """Give what was found as plain JSON: of each finding also its title and its page."""
        return {
            "findings": [
                {**one.to_json(), "title": CODES[one.code].title, "page": page_of(one.code)}
                for one in self.findings
            ],
            "clean": self.clean,
            "skipped": list(self.skipped),
            "looks": self.looks,
            "figures": dict(self.figures),
            "notes": list(self.notes),
            "seconds": round(self.seconds, 2),
        }


def worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Sort findings by severity, causes first, and leave out what was told before.

    Examples
    --------
    >>> dead = Finding("dead-units", Severity.WARNING, (), "", "")
    >>> still = Finding("never-updated", Severity.ERROR, (), "", "")
    >>> [one.code for one in worst_first([still, dead])]
    ['dead-units', 'never-updated']
    """
    kept: dict[str, Finding] = {}
    for one in sorted(findings, key=lambda one: _RANKS[one.severity]):
        kept.setdefault(one.code, one)

    def place(one: Finding) -> tuple[int, int]:
        follow = [code for code, causes in _FOLLOWS.items() if one.code in causes]
        worst = [_RANKS[kept[code].severity] for code in follow if code in kept]
        chain = _CHAIN.index(one.code) + 1 if one.code in _CHAIN else 0
        return min([_RANKS[one.severity], *worst]), chain

    return tuple(sorted(kept.values(), key=place))


def _told(finding: Finding) -> str:
    lines = [f"{finding.severity.value}: {CODES[finding.code].title} ({finding.code})"]
    lines += [f"  {finding.evidence}"]
    lines += [f"  cure: {finding.cure}"] if finding.cure else []
    return "\n".join([*lines, f"  more: docs/{page_of(finding.code)}"])
