"""The questions of ``modelwright frame``, one after another, each answer checked at once."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from modelwright.core.errors import OptionError, UserError
from modelwright.core.numerals import number

if TYPE_CHECKING:
    from modelwright.core.settings import Question
    from modelwright.framing import Draft, Proposal, Study

__all__ = ["Console", "Terminal", "interview"]

# What is asked, and what a question mark explains.
_QUESTIONS: dict[str, tuple[str, str]] = {
    "target": (
        "What do you want to know? Name the column that holds the answer.",
        "The model will predict this column for new rows. Rows without an answer are left out.",
    ),
    "positive": (
        "Which of the two answers is the one to be found?",
        "Precision, recall and F1 are of this class, and probabilities are told for it.",
    ),
    "unit": (
        "One row is one what? (customer, ride, visit, ...)",
        "For readers of the task file. A column may be named if each row has another value of it.",
    ),
    "order": (
        "When is the prediction made? Name a column of time if later rows will be predicted from "
        "earlier ones, or none.",
        "Models are then judged on rows that come after those they were fitted on.",
    ),
    "horizon": (
        "How far ahead does the answer lie? (7 days, 24 h, 1 month; a bare number for a column of "
        "numbers; 0: it is known right away)",
        "What happened less than that before a prediction has no known answer yet, and is not "
        "learned from.",
    ),
    "group": (
        "Will it meet new ones of something (new customers, shops, patients)? Name their column, "
        "or none.",
        "Rows of one customer are alike: if the same customers will come again, say none; if new "
        "ones will, name the column, and no customer stands on both sides of a split.",
    ),
    "unknown": (
        "Which columns are NOT known yet when the prediction is made? Between commas, or none.",
        "A column that is filled in with or after the answer makes every score too good. No model "
        "sees the columns named here.",
    ),
    "metric": (
        "What does a wrong answer cost? Name the metric that comes closest.",
        "It decides which model is better.",
    ),
    "baseline": (
        "Which number must be beaten? A rule, column COLUMN if a column holds what is done today, "
        "a score, or none.",
        "mean, median (of numbers), frequencies, most-frequent (of classes), last (known answer): "
        "each also by COLUMN. It is asked about the very rows that the model is scored on.",
    ),
}
_COSTS = {
    "roc_auc": "rows have to be put into the right order",
    "log_loss": "the probability itself is used: being sure and wrong costs most",
    "brier": "the probability itself is used: its squared error",
    "accuracy": "every wrong answer costs the same",
    "balanced_accuracy": "every wrong answer costs the same, in each class in all",
    "f1": "missing one of the class costs as much as a false alarm",
    "average_precision": "the top of the list has to be right; for a rare class",
    "rmse": "a large error costs much more than two small ones",
    "mae": "twice the error costs twice as much",
    "r2": "as rmse, told as the share of the variance",
    "rmsle": "being off by a factor costs, whatever the size",
}
_LISTED = 60
_EXAMPLES = 3


class Console(Protocol):
    """Where questions are put and answers come from."""

    def say(self, line: str) -> None:
        """Show a line."""
        ...

    def ask(self, prompt: str) -> str:
        """Read one line; raises `EOFError` when there are no more."""
        ...


class Terminal:
    """The user's terminal: questions on stderr, so that stdout stays free for results."""

    def say(self, line: str) -> None:
        """Show a line."""
        sys.stderr.write(line + "\n")

    def ask(self, prompt: str) -> str:
        """Read one line; raises `EOFError` at the end of the input."""
        sys.stderr.write(prompt)
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\r\n")


def interview(study: Study, given: Question, console: Console) -> Draft:
    """Ask what is not given yet.

    Parameters
    ----------
    study : Study
        The table.
    given : Question
        What the command line says; it is not asked again.
    console : Console
        Where to ask.

    Returns
    -------
    Draft

    Raises
    ------
    OptionError
        When the answers end before the questions, or what the command line says does not fit.
    """
    from modelwright.core.settings import Question
    from modelwright.framing import STEPS, Draft, accept, applies
    from modelwright.framing.frame import given_for

    console.say(
        f"{study.rows:,} rows, {len(study.columns)} columns. Enter takes the answer in brackets; "
        "? explains; Ctrl-C stops.\n"
    )
    draft = Draft(Question("", task=given.task, weight=given.weight))
    for step in STEPS:
        said = given_for(step, given)
        if said is not None:
            draft = accept(step, said, study, draft)
        elif applies(step, draft):
            draft = _asked(step, study, draft, given, console)
    return draft


def _asked(step: str, study: Study, draft: Draft, given: Question, console: Console) -> Draft:
    """Put one question until its answer fits."""
    from modelwright.framing import accept, propose

    question, more = _QUESTIONS[step]
    proposal = propose(step, study, draft, given)
    console.say(question)
    if step in ("target", "unknown"):
        console.say(_columns(study, draft))
    for line in _choices(step, draft):
        console.say(line)
    if proposal.value and proposal.why:
        console.say(f"  {proposal.value}: {proposal.why}")
    elif proposal.why:
        console.say(f"  {proposal.why}")
    while True:
        text = _line(console, proposal)
        if text == "?":
            console.say(f"  {more}")
            console.say(_columns(study, draft, examples=True))
            continue
        try:
            done = accept(step, _by_number(step, text or proposal.value, study), study, draft)
        except UserError as error:
            console.say(f"  {error}")
            continue
        if done.bar is not None and done.posed is not None:
            console.say(
                f"  {done.bar.name}: {done.posed.rows.task.metric} {number(done.bar.score)}"
            )
        console.say("")
        return done


def _line(console: Console, proposal: Proposal) -> str:
    try:
        return console.ask(f"[{proposal.value or 'none'}] ").strip()
    except EOFError:
        raise OptionError(
            "an answer to each question",
            "the end of the input",
            "give the answers as options, with --yes for what the data suggests",
        ) from None


def _by_number(step: str, text: str, study: Study) -> str:
    """Let columns be named by their numbers in the list."""
    if step not in ("target", "order", "group", "unknown"):
        return text
    pieces = [piece.strip() for piece in text.split(",")]
    numbered = [re.fullmatch(r"\d{1,5}", piece) is not None for piece in pieces]
    names = study.columns
    if not all(numbered) or any(piece in names for piece in pieces):
        return text
    places = [int(piece) - 1 for piece in pieces]
    wrong = [place + 1 for place in places if not 0 <= place < len(names)]
    if wrong:
        raise OptionError(f"a column's name, or its number up to {len(names)}", str(wrong[0]))
    return ",".join(names[place] for place in places)


def _columns(study: Study, draft: Draft, *, examples: bool = False) -> str:
    """List columns by number; those that have a part in the question already are left out."""
    from modelwright.cli.tables import as_table

    question = draft.question
    taken = (question.target, question.order, question.group, question.weight)
    rows: list[list[str]] = []
    for place, column in enumerate(study.schema, start=1):
        if column.name in taken or len(rows) >= _LISTED:
            continue
        few = _few(study, column.name) if examples else ""
        rows.append([f"  {place:>3}", column.name, column.kind.value, few])
    left = len(study.columns) - sum(name is not None and name != "" for name in taken) - len(rows)
    more = f"\n       and {left} more" if left > 0 else ""
    return as_table(rows) + more if rows else ""


def _few(study: Study, name: str) -> str:
    """Show some values of a column."""
    values = study.raw.frame[name].drop_nulls().unique(maintain_order=True).head(_EXAMPLES)
    return ", ".join(str(value)[:30] for value in values)


def _choices(step: str, draft: Draft) -> Sequence[str]:
    """List what may be answered, where that is a short list."""
    if draft.posed is None:
        return ()
    task = draft.posed.rows.task
    if step == "positive":
        return [f"  {label}" for label in task.classes]
    if step == "metric":
        from modelwright.evaluate import METRICS

        fitting = [name for name, metric in METRICS.items() if task.kind in metric.kinds]
        return [f"  {name}: {_COSTS[name]}" if name in _COSTS else f"  {name}" for name in fitting]
    if step == "baseline":
        from modelwright.framing import candidates

        return [
            f"  {bar.name}: {task.metric} {number(bar.score)}"
            for bar in candidates(draft.posed)[:8]
        ]
    return ()
