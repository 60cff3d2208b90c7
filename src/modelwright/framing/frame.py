"""Frame a question without being asked: what is left open is proposed by the data."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from modelwright.core.addresses import is_database, masked
from modelwright.core.errors import OptionError, UserError
from modelwright.core.settings import Frame, Question, Settings
from modelwright.framing.draft import STEPS, Draft, Study, accept, applies
from modelwright.framing.facts import facts_of
from modelwright.framing.proposals import candidates, propose
from modelwright.plan import bar_of, splits_of
from modelwright.store import check_writable
from modelwright.store.task_file import write_task

__all__ = ["check_new", "complete", "finish", "frame", "given_for"]

# Proposals of columns are told with what speaks for them.
_COLUMNS = ("order", "group", "unknown")


def frame(
    data: object,
    question: Question | str,
    *,
    settings: Settings | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
) -> Frame:
    """Turn a question into a task that `fit` takes, checked against the data.

    Parameters
    ----------
    data : path or frame
        As for `fit`.
    question : Question or str
        What is asked; a text is the column to predict. What is left open is proposed: the unit, the
        order where the rows lie in the order of a column of time, the group where a key comes back,
        the usual metric, and the best of a few simple rules as the baseline. ``"none"`` for
        `order`, `group` and `baseline` proposes nothing.
    settings : Settings, optional
        `types`, `header`, `weight`, `positive` and `seed` count.
    out : path, optional
        Where the task file goes, such as ``task.toml``; None writes none.
    overwrite : bool
        Whether a file that is there already may be replaced.

    Returns
    -------
    Frame
        For ``Settings(frame=...)``; its `data` holds what the data said.

    Raises
    ------
    UserError
        When the question does not fit the data; the message says what was expected and the cure.

    Examples
    --------
    >>> import modelwright as mw
    >>> table = {"shop": ["a", "b"] * 20, "sales": [1.0, 9.0, 2.0, 8.5] * 10}
    >>> task = mw.frame(table, "sales")
    >>> task.question.metric, task.question.baseline
    ('rmse', 'mean by shop')
    """
    asked = Question(question) if isinstance(question, str) else question
    chosen = settings or Settings()
    asked = replace(
        asked,
        positive=asked.positive or chosen.positive,
        weight=asked.weight or chosen.weight,
    )
    target = None if out is None else Path(out)
    check_new(target, data, overwrite=overwrite)
    study = Study.of(data, asked, chosen)
    return finish(study, complete(study, asked), target)


def check_new(out: Path | None, data: object, *, overwrite: bool) -> None:
    """Refuse to replace the data, or a task file, which somebody may have changed by hand."""
    if out is None:
        return
    check_writable(out, data)
    if out.exists() and not overwrite:
        raise OptionError(
            "a new file for the task",
            f"{str(out)!r}, which is there",
            "name another, or --overwrite",
        )


def given_for(step: str, question: Question) -> str | None:
    """Say what a question answers to a step; None when it leaves it open.

    Examples
    --------
    >>> question = Question("price", unknown=("fee",))
    >>> given_for("unknown", question), given_for("unit", question)
    ('fee', None)
    """
    value = getattr(question, step)
    if step == "unknown":
        return ",".join(value) if value else None
    return None if value is None or value == "" else str(value)


def complete(study: Study, question: Question) -> Draft:
    """Take what a question says, and the proposals for the rest.

    Parameters
    ----------
    study : Study
        The table.
    question : Question
        With a target.

    Returns
    -------
    Draft

    Raises
    ------
    UserError
        When an answer does not fit the data.
    """
    draft = Draft(Question("", task=question.task, weight=question.weight))
    because: dict[str, str] = {}
    for step in STEPS:
        given = given_for(step, question)
        if given is not None:
            draft = accept(step, given, study, draft)
        elif step != "target" and applies(step, draft):
            with suppress(UserError):  # what nobody asked for may not stand in the way
                proposal = propose(step, study, draft, question)
                draft = accept(step, proposal.value, study, draft)
                if step in _COLUMNS and proposal.value and proposal.why:
                    because[step] = f"{proposal.value}: {proposal.why}"
    if draft.posed is None:
        raise OptionError("the column to predict", "none", "name it as the target")
    return replace(draft, because=because)


def finish(study: Study, draft: Draft, out: Path | None) -> Frame:
    """Check the whole question on all rows, measure what has to be beaten, and write the file.

    Parameters
    ----------
    study : Study
        The table.
    draft : Draft
        All that was answered.
    out : pathlib.Path, optional
        Where the task file goes.

    Returns
    -------
    Frame

    Raises
    ------
    UserError
        When it does not fit all rows, or the file cannot be written.
    """
    again = study.again(draft.question)
    posed = study.whole(draft) if again is study else again.pose(draft.question, whole=True)
    study = again
    splits = splits_of(posed)
    task = posed.rows.task
    question = replace(
        posed.question, task=task.kind.value, metric=task.metric, positive=task.positive
    )
    bars, bar = candidates(posed), bar_of(posed, splits)
    facts = facts_of(_source(study.data), study.rows, posed, splits, bars, bar)
    if draft.because:
        facts["proposed"] = draft.because
    framed = Frame(question, study.settings.types, facts)
    return framed if out is None else write_task(framed, out)


def _source(data: object) -> str:
    if not isinstance(data, str | Path):
        return f"a {type(data).__name__}"
    return masked(str(data)) if is_database(str(data)) else str(data)
