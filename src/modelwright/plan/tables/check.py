"""What is wrong with data before anything is fitted, in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from modelwright.acquire import read_raw
from modelwright.acquire.images.listing import refuse_images
from modelwright.core.findings import Finding, Severity
from modelwright.core.settings import Question, Settings, images_of
from modelwright.evaluate.structure import Recommendation
from modelwright.leaks import check_columns
from modelwright.plan.again import looked_again
from modelwright.plan.pose import pose, reading_for
from modelwright.plan.structure import structure_of
from modelwright.plan.tables.drift import Drift, drift_from
from modelwright.plan.workspace import Rows

__all__ = ["Checked", "check", "known_afterwards"]


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Parameters
    ----------
    rows, columns : int
        How large the table is: rows with an answer, and all columns.
    recommended : Recommendation
        How rows should be split.
    findings : tuple of Finding
        The most important first.
    notes : tuple of str
        What was noticed while reading.
    drift : Drift, optional
        How new rows differ; None when none were given.
    """

    rows: int
    columns: int
    recommended: Recommendation
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    drift: Drift | None = None

    def __str__(self) -> str:
        if not self.findings:
            return "nothing was found that speaks against splitting rows at random"
        return "\n".join(f"{found.severity.value}: {found}" for found in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Give what was found as plain JSON."""
        return {
            "findings": [found.to_json() for found in self.findings],
            "recommended": {
                "kind": self.recommended.kind,
                "columns": list(self.recommended.columns),
                "option": self.recommended.option,
                "certain": self.recommended.certain,
            },
            "rows": self.rows,
            "columns": self.columns,
            "notes": list(self.notes),
            **({} if self.drift is None else {"drift": self.drift.to_json()}),
        }


def check(
    data: object,
    target: str,
    *,
    task: str | None = None,
    new: object | None = None,
    settings: Settings | None = None,
) -> Checked:
    """Look for what would make scores untrue: leaks, order, repeated entities, copies among rows.

    Parameters
    ----------
    data : path or frame
        What `fit` takes.
    target : str
        The column to predict.
    task : str, optional
        ``"binary"``, ``"multiclass"`` or ``"regression"``; None infers it.
    new : path or frame, optional
        Rows that the model will meet: whether they are like these; see `drift`.
    settings : Settings, optional
        Types that are known better, whether there is a header, and the seed.

    Returns
    -------
    Checked

    Raises
    ------
    UserError
        When the data or an option is wrong; the message says what was expected and the cure.

    Examples
    --------
    >>> import numpy as np, modelwright as mw
    >>> rng = np.random.default_rng(0)
    >>> table = {"x": rng.normal(size=200), "y": rng.normal(size=200)}
    >>> print(mw.check(table, "y"))
    nothing was found that speaks against splitting rows at random
    """
    refuse_images(data, "check")
    chosen = settings or Settings()
    question = Question(target, task)
    posed = pose(read_raw(data, reading_for(question, chosen, data)), question, chosen)
    rows = posed.rows
    found = structure_of(rows)
    moved = (
        None
        if new is None
        else drift_from(rows.table, new, seed=rows.seed, images=images_of(chosen))
    )
    told = found.recommended
    order = told.columns[0] if told.kind == "time" else None
    leaks = check_columns(rows.table, rows.y, order=order, seed=rows.seed)
    bad = [one for one in leaks if one.severity is Severity.ERROR]
    rest = [one for one in leaks if one.severity is not Severity.ERROR]
    again = () if new is None else looked_again(new, question.target, chosen)
    moves = () if moved is None else moved.findings()
    findings = (*bad, *found.findings, *rest, *moves, *again)
    return Checked(len(rows.y), len(posed.schema), told, findings, posed.notes, moved)


def known_afterwards(rows: Rows, order: str | None = None) -> tuple[Finding, ...]:
    """Find the columns that nobody has when a prediction is made: what `check` is sure of.

    Parameters
    ----------
    rows : Rows
        All rows with an answer, all columns.
    order : str, optional
        The column that says when each row was.

    Returns
    -------
    tuple of Finding
        Each with its columns, the worst first.
    """
    found = check_columns(rows.table, rows.y, order=order, seed=rows.seed)
    return tuple(one for one in found if one.severity is Severity.ERROR and one.columns)
