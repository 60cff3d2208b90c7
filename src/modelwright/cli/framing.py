"""``modelwright frame``: a question turned into a task file, asked step by step on a terminal."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from modelwright.cli.completing import columns, metrics, tasks
from modelwright.cli.inputs import Encoding, check_data
from modelwright.cli.interview import Console, Terminal, interview
from modelwright.cli.printing import Source, answer, say
from modelwright.cli.tables import as_table
from modelwright.cli.wording import WHOLE_COMMANDS
from modelwright.core.errors import OptionError
from modelwright.core.numerals import number
from modelwright.core.settings import Question, Settings

if TYPE_CHECKING:
    from modelwright.core.settings import Frame

__all__ = ["Known", "frame", "framed"]

_Column = Annotated[str | None, Parameter(completer=columns)]


@Parameter(name="*")
@dataclass(frozen=True)
class Known:
    """What is known of the question before anything is asked; none says that there is none.

    Parameters
    ----------
    target : str, optional
        The column to predict.
    task : str, optional
        binary, multiclass or regression; inferred from the target when left out.
    positive : str, optional
        The class of two that counts as found.
    unit : str, optional
        What one row is, such as customer.
    order : str, optional
        A column of time: models are judged on rows that come later.
    horizon : str, optional
        How far ahead the answer lies, such as "7 days"; a bare number for a column of numbers.
    group : str, optional
        A column of what will be new: equal values stay on one side of every split.
    weight : str, optional
        A column that says how much each row counts.
    unknown : str, optional
        Columns that are not known when a prediction is made, such as closed_at,fee.
    metric : str, optional
        What decides between models.
    baseline : str, optional
        What has to be beaten: mean, median, frequencies, most-frequent or last (each also by
        COLUMN), column COLUMN, or a score.
    """

    target: _Column = None
    task: Annotated[str | None, Parameter(completer=tasks)] = None
    positive: str | None = None
    unit: str | None = None
    order: _Column = None
    horizon: str | None = None
    group: _Column = None
    weight: _Column = None
    unknown: _Column = None
    metric: Annotated[str | None, Parameter(completer=metrics)] = None
    baseline: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None

    def question(self, named: tuple[str, ...]) -> Question:
        """Give the same as a question."""
        return Question(
            self.target or "",
            self.task,
            self.metric,
            self.positive,
            self.group,
            self.order,
            self.weight,
            self.unit,
            self.horizon,
            named,
            self.baseline,
        )


def frame(
    data: Source,
    /,
    *,
    known: Known | None = None,
    types: Path | None = None,
    encoding: Encoding = None,
    out: Path = Path("task.toml"),
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    yes: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Turn a question into a task file that fit takes: asks on a terminal, checks the data.

    Parameters
    ----------
    data
        As for fit.
    known
        What is known of the question.
    types
        A JSON file of columns whose type was read wrong.
    encoding
        How a text file is encoded, such as cp1250; found out when left out.
    out
        Where the task file goes.
    overwrite
        Replace a task file that is there already.
    yes
        Ask nothing: take what the data suggests for all that is left open.
    json
        Print one JSON object on stdout, and everything else on stderr.
    """
    check_data(data)
    asks = not yes and sys.stdin.isatty() and sys.stderr.isatty()
    settings = Settings(types=types, encoding=encoding)
    console = Terminal() if asks else None
    made = framed(str(data), known or Known(), settings, out, console, overwrite)
    if json:
        answer({"task": str(out), "question": made.question.to_json(), "data": made.data})
    else:
        _tell(str(data), made, out, encoding)


def framed(
    data: str,
    known: Known,
    settings: Settings,
    out: Path,
    console: Console | None,
    overwrite: bool = False,
) -> Frame:
    """Make the task file; without a console nothing is asked."""
    if console is None and not known.target:
        cure = f"write: {WHOLE_COMMANDS['frame']}"
        raise OptionError("the option --target where there is no terminal to ask at", "none", cure)
    from modelwright.framing import Study, complete, finish
    from modelwright.framing.draft import names_in
    from modelwright.framing.frame import check_new

    check_new(out, data, overwrite=overwrite)
    study = Study.of(data, known.question(()), settings)
    asked = known.question(names_in(known.unknown or "", study.columns))
    draft = complete(study, asked) if console is None else interview(study, asked, console)
    return finish(study, draft, out)


def _tell(data: str, made: Frame, out: Path, encoding: str | None) -> None:
    """Say what was asked, what the data says of it, and what to do next."""
    question = made.question.to_json()
    rows = [[key, _shown(value)] for key, value in question.items() if value not in (None, (), "")]
    say(f"\n{as_table(rows)}\n")
    facts = made.data
    for step, why in facts.get("proposed", {}).items():
        say(f"{step} proposed, as {why}")
    rate = f"{facts['answer_rate']:.1%}"
    say(f"{facts['answered']:,} of {facts['rows']:,} rows have an answer ({rate})")
    for key in ("classes", "answers", "moments", "groups"):
        if key in facts:
            say(f"{key}: {', '.join(f'{k} {_shown(v)}' for k, v in list(facts[key].items())[:8])}")
    say(f"validated by: {facts['splits']}")
    if facts.get("rules"):
        head = [["without a model", str(made.question.metric)]]
        scores = [[name, number(score)] for name, score in facts["rules"].items()]
        say(f"\n{as_table([*head, *scores])}\n")
    if "baseline_score" in facts:
        say(f"to beat: {made.question.baseline} ({number(facts['baseline_score'])})")
    say(f"task file: {out} (change it by hand as you like)")
    said = "" if encoding is None else f" --encoding {shlex.quote(encoding)}"
    say(f"next: modelwright fit {shlex.quote(data)} --frame {shlex.quote(str(out))}{said}")


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return number(value, 4) if isinstance(value, float) else str(value)
