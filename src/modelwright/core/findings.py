"""What a check noticed about data or a pipeline: one vocabulary for all checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Finding", "Severity"]


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing that was noticed, why, and what to do about it.

    Parameters
    ----------
    code : str
        The kind of finding, such as ``"time-order"``; it never changes between versions.
    severity : Severity
        An error makes scores untrue, a warning may, an info is good to know.
    columns : tuple of str
        The columns that it is about; empty when it is about whole rows.
    evidence : str
        What was seen, with numbers, in plain words.
    cure : str
        What to do about it.

    Examples
    --------
    >>> found = Finding("time-order", Severity.WARNING, ("sold",), "sorted by it", "--order sold")
    >>> found.to_json()["severity"]
    'warning'
    """

    code: str
    severity: Severity
    columns: tuple[str, ...]
    evidence: str
    cure: str

    def __str__(self) -> str:
        return f"{self.evidence}: {self.cure}" if self.cure else self.evidence

    def to_json(self) -> dict[str, Any]:
        """Give the finding as plain JSON."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "columns": list(self.columns),
            "evidence": self.evidence,
            "cure": self.cure,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        """Read a finding from what `to_json` gave."""
        return cls(
            code=str(data["code"]),
            severity=Severity(data["severity"]),
            columns=tuple(str(name) for name in data["columns"]),
            evidence=str(data["evidence"]),
            cure=str(data["cure"]),
        )
