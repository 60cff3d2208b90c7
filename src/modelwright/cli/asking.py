"""The options that put a question to a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from modelwright.cli.completing import columns, metrics, tasks
from modelwright.core.settings import Question

__all__ = ["Asked"]

_Column = Annotated[str | None, Parameter(completer=columns)]


@Parameter(name="*")
@dataclass(frozen=True)
class Asked:
    """What is asked of a table; see `Question`.

    Parameters
    ----------
    target : str, optional
        The column to predict; a task file (--frame) may name it.
    task : str, optional
        binary, multiclass or regression; inferred from the target when left out. Without a target
        clustering or density, with a number of groups "clustering(4)".
    metric : str, optional
        What decides, such as f1 or "profit(tp=100, fp=-5)"; the usual one when left out.
    positive : str, optional
        The positive class of a binary task; the last label in sorted order when left out.
    group : str, optional
        A column whose equal values must not be on both sides of a split; none turns off what is
        found without being asked.
    order : str, optional
        A column of time: validation rows come later than training rows; none as for group.
    weight : str, optional
        A column that says how much each row counts.
    """

    target: _Column = None
    task: Annotated[str | None, Parameter(completer=tasks)] = None
    metric: Annotated[str | None, Parameter(completer=metrics)] = None
    positive: str | None = None
    group: _Column = None
    order: _Column = None
    weight: _Column = None

    def question(self) -> Question:
        """Give the same as a question."""
        return Question(
            self.target or "",
            self.task,
            self.metric,
            self.positive,
            self.group,
            self.order,
            self.weight,
        )
