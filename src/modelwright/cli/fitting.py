"""``modelwright fit`` and ``modelwright demo``."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from modelwright.cli.asking import Asked
from modelwright.cli.completing import learners, run_ids
from modelwright.cli.inputs import Encoding, check_data
from modelwright.cli.planning import Checked
from modelwright.cli.printing import Source, answer, say
from modelwright.cli.reporting import check_page
from modelwright.cli.tables import as_table
from modelwright.cli.wording import WHOLE_COMMANDS, Whole
from modelwright.core.budget import parse_duration
from modelwright.core.errors import OptionError
from modelwright.core.launch import helps
from modelwright.core.numerals import number
from modelwright.core.progress import progress
from modelwright.core.settings import (
    Bounds,
    Question,
    Settings,
    Validation,
    cleaned_by,
    seeing,
    starting_from,
)
from modelwright.core.task import shape_asked

if TYPE_CHECKING:
    from modelwright.core.result import FreshScore
    from modelwright.evaluate.expected import Expected
    from modelwright.flow import Result

__all__ = ["Duration", "Effort", "demo", "fit"]

# What writing the report at the end may take of the time.
REPORT_SECONDS = 0.6
# What it may take to say what fresh rows will score.
EXPECTED_SECONDS = 0.3
# Lines of what was cleaned; --json and the report have more.
CLEANED_SHOWN = 12

Duration = Annotated[str, Parameter(allow_leading_hyphen=True)]
"""Such as 90s or 5m; -5s comes through, to be refused in clear words."""


@Parameter(name="*")
@dataclass(frozen=True)
class Effort:
    """How the answer is to be found.

    Parameters
    ----------
    trials : int, optional
        Fit exactly so many trials and look at no clock: the same result again where the same
        libraries are installed (CatBoost and nets take part where theirs are, unless --models
        names others).
    models : str, optional
        Learners to use, such as linear,lightgbm.
    types : pathlib.Path, optional
        A JSON file of columns whose type was read wrong: {"zip": "category"}.
    header : bool, optional
        Whether the first row holds names; found out when left out.
    encoding : str, optional
        How a text file is encoded, such as cp1250; found out when left out.
    seed : int
        The root of all randomness.
    workers : int, optional
        How many worker processes; one a core when left out.
    store : pathlib.Path, optional
        Where runs are kept; the user's data folder when left out.
    resume : bool
        Go on with the newest run of the same data and question.
    replay : str, optional
        Repeat the plan that this run executed, without a clock.
    frame : pathlib.Path, optional
        A task file that says what is asked; modelwright frame writes one.
    latency : str, optional
        How long the prediction of one row may take, such as 5ms.
    size : str, optional
        How large the model file may be, such as 10MB.
    start : pathlib.Path, optional
        Of images: a backbone to start from, as modelwright pretrain wrote it; a model of images;
        or a safetensors file with the names of timm. Of several (--from A --from B) the one that
        suits best is taken.
    clean : bool or pathlib.Path
        Mend the table first, and new rows likewise: by a recipe that modelwright clean wrote
        (--clean recipe.json), or, with --clean alone, in the ways that help on held-out rows.
    images : pathlib.Path, optional
        The folder of the images that a column names; that of the table when left out.
    """

    trials: Whole | None = None
    models: Annotated[str | None, Parameter(completer=learners)] = None
    types: Path | None = None
    header: bool | None = None
    encoding: Encoding = None
    seed: Whole = 0
    workers: Whole | None = None
    store: Path | None = None
    resume: Annotated[bool, Parameter(negative=())] = False
    replay: Annotated[str | None, Parameter(completer=run_ids)] = None
    frame: Path | None = None
    latency: Duration | None = None
    size: Duration | None = None
    start: Annotated[list[Path] | None, Parameter(name="--from", negative=())] = None
    clean: Annotated[bool | Path, Parameter(negative=())] = False
    images: Path | None = None

    def settings(
        self, question: Question, out: Path | None, validation: Validation | None = None
    ) -> Settings:
        """Give the same as settings."""
        names = tuple(name.strip() for name in (self.models or "").split(",") if name.strip())
        if self.models is not None and not names:
            raise OptionError(
                "names of learners for --models",
                repr(self.models),
                "write --models linear,lightgbm",
            )
        made = Settings(
            positive=question.positive,
            weight=question.weight,
            types=self.types,
            header=self.header,
            encoding=self.encoding,
            trials=self.trials,
            models=names,
            seed=self.seed,
            workers=self.workers,
            out=out,
            store=self.store,
            resume=self.resume,
            replay=self.replay,
            frame=self.frame,
            validation=validation or Validation(),
            bounds=Bounds(self.latency, self.size),
        )
        if self.start:
            asked = "--clean" if self.clean is not False else "--images" if self.images else ""
            if asked:
                cure = "one is for tables, the other for folders of images: leave one out"
                raise OptionError(f"{asked} or --from", "both", cure)
            return starting_from(made, self.start)
        made = made if self.clean is False else cleaned_by(made, self.clean)
        return seeing(made, self.images) if self.images else made


def fit(
    data: Source,
    /,
    *,
    question: Asked | None = None,
    effort: Effort | None = None,
    checked: Checked | None = None,
    time: Duration = "60s",
    out: Path = Path("model.mw"),
    report: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Find a validated model of one column of a table, and write it to a file.

    Parameters
    ----------
    data
        A CSV, TSV, Parquet, Arrow, JSON or Excel file, also compressed; - for standard input;
        a database, such as sqlite:///file.db#table; or a folder or zip of images in class folders,
        which needs no --target.
    question
        What is asked.
    effort
        How the answer is to be found.
    checked
        How models are checked.
    time
        How long it may take in all, such as 30s or 5m.
    out
        Where the model file goes.
    report
        Where the report goes, such as report.html.
    json
        Print one JSON object on stdout, and everything else on stderr.
    """
    if helps():
        _help(data, effort or Effort())
        return
    check_data(data)
    check_page(report, data, out)
    asked = (question or Asked()).question()
    shaped = shape_asked(asked.task) is not None
    named = question is not None and question.target is not None
    named = named or (effort is not None and effort.frame is not None)
    if not (named or shaped or _are_images(data)):
        _check_source(data)
        raise OptionError("the option --target", "none", f"write: {WHOLE_COMMANDS['fit']}")
    settings = (effort or Effort()).settings(asked, out, (checked or Checked()).validation(data))
    if shaped:
        from modelwright.cli.shaping import fit_shape
        from modelwright.plan.asked import refuse_cleaning

        refuse_cleaning(settings, f"--task {asked.task}")
        fit_shape(data, asked, settings, time, report, json=json)
        return
    kept_back = 0.0 if report is None else REPORT_SECONDS
    result = _fitted(str(data), asked, settings, time, out, quiet=json, kept_back=kept_back)
    if report is not None:
        from modelwright.report import write_report

        write_report(result, report)
    if json:
        page = {} if report is None else {"report": str(report)}
        answer({**_summary(result, out), **page})
    else:
        _tell(result, out)
        if report is not None:
            say(f"report: {report}")


def _help(data: str | Path, effort: Effort) -> None:
    """Learn with the first of the processes that torchrun started: it alone tells and writes."""
    from modelwright.plan.images.together import help_fit

    help_fit(data, Settings(seed=effort.seed, store=effort.store))


def _are_images(data: str | Path) -> bool:
    from modelwright.acquire.images.listing import holds_images

    return holds_images(data)


def _check_source(data: str | Path) -> None:
    """Refuse what is not there, and a folder without images, before a column is asked for."""
    from modelwright.acquire.files import check_there
    from modelwright.acquire.images.listing import check_images
    from modelwright.acquire.standard_input import is_pipe
    from modelwright.core.addresses import is_database

    check_images(data)
    if not (is_pipe(str(data)) or is_database(str(data))):
        check_there(str(data))


def _fitted(
    data: object,
    question: Question,
    settings: Settings,
    time: str,
    out: Path,
    *,
    quiet: bool,
    kept_back: float = 0.0,
) -> Result:
    seconds = parse_duration(time, "--time")
    seconds -= min(kept_back, seconds / 4)
    before = _stamp(out)
    try:
        from modelwright.engine import process_started
        from modelwright.flow import run

        with progress(quiet) as live:
            started = process_started()
            return run(data, question, settings, seconds=seconds, live=live, started=started)
    except KeyboardInterrupt:
        kept = _stamp(out) != before
        line = f"the best model so far is kept: {out}" if kept else "before there was a model"
        raise KeyboardInterrupt(f"interrupted{'; ' if kept else ' '}{line}") from None


def _stamp(path: Path) -> tuple[int, int] | None:
    """Tell one content of a file from the next: a new one is a new file under the old name."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _summary(result: Result, out: Path) -> dict[str, object]:
    from modelwright.plan.findings.verdict import verdict_of

    card, judged = result.model.card, verdict_of(result.model)
    return {
        "model": str(out),
        "run": result.run,
        "folder": str(result.folder),
        "task": result.model.task.to_json(),
        "score": result.score,
        "plan": card.plan,
        "decision": card.decision,
        "leaderboard": result.leaderboard.to_json()["standings"],
        "baseline": result.leaderboard.to_json().get("baseline"),
        "test": None if card.test is None else {**card.test.to_json(), **_named(card.test)},
        "contrast": None if card.contrast is None else card.contrast.to_json(),
        "expected": None if (found := _expected(result)) is None else found.to_json(),
        "held_out": _held_out(result),
        "verdict": None if judged is None else asdict(judged),
        "cleaned": _cleaned(result),
        "notes": list(result.notes),
        "timings": result.timings,
        "interrupted": result.interrupted,
    }


def _cleaned(result: Result) -> dict[str, object] | None:
    """Say what was done to the rows before the fit; None when nobody asked for it."""
    cleaning = result.model.cleaning
    if cleaning is None:
        return None
    return {
        "cells": cleaning.cells,
        "rows_left_out": cleaning.rows,
        "done": [one._asdict() for one in cleaning.done],
        "tried": [one._asdict() for one in cleaning.tried],
        "log": str(log) if (log := _log(result)) is not None else None,
    }


def _log(result: Result) -> Path | None:
    """Find the log of the changed cells: a run whose time was short has none."""
    from modelwright.plan.tables.cleaning import CLEANED

    log = result.folder / CLEANED
    return log if log.exists() else None


def _tell_cleaned(result: Result) -> None:
    """Say what was mended, by column and reason."""
    cleaning = result.model.cleaning
    if cleaning is None:
        return
    for one in cleaning.tried:
        kept = "done" if one.kept else "left as it was"
        say(
            f"tried: {one.kind} ({one.cells:,} cells of held-out folds): loss "
            f"{-100 * one.gain:+.2f} % (standard error {100 * one.error:.2f}), {kept}"
        )
    if cleaning.done:
        lines = [["column", "mended", "why", "such as"]]
        for done in cleaning.done[:CLEANED_SHOWN]:
            old, new = ("(missing)" if text is None else text[:40] for text in (done.old, done.new))
            such = f"{old} -> {new}" if done.cells else ""
            lines.append([done.column, f"{done.cells:,}", done.rule, such])
        say(f"\n{as_table(lines)}\n")
        if len(cleaning.done) > CLEANED_SHOWN:
            say(f"and {len(cleaning.done) - CLEANED_SHOWN} more (see the log, or --report)")
    log = _log(result)
    if log is not None and cleaning.cells:
        say(f"changed cells: {log}")


def _named(test: FreshScore) -> dict[str, float]:
    """Give the score under the name of its metric too: test.accuracy."""
    return {test.metric: test.score} if test.metric.isidentifier() else {}


def _held_out(result: Result) -> dict[str, object] | None:
    """Give the interval that the leaderboard has, as plain JSON."""
    from modelwright.plan.findings.verdict import line_of

    line = line_of(result.model)
    if line is None:
        return None
    ends = {"score": line.score, "low": line.low, "high": line.high}
    return {**ends, "level": 0.95, "of": "held-out rows"}


def _expected(result: Result) -> Expected | None:
    """Say what fresh rows will score: as many as were given, or very many."""
    from modelwright.plan.findings.expected import expected_score

    rows = None if result.test is None else result.test.rows
    return expected_score(result.model, rows, seconds=EXPECTED_SECONDS)


def _tell_fresh(result: Result) -> None:
    """Say what fresh rows may be expected to score, and what some of them did."""
    expected = _expected(result)
    if expected is not None:
        say(str(expected))
    if result.test is not None:
        say(f"test: {result.test}")


def _tell(result: Result, out: Path) -> None:
    from modelwright.plan.findings.verdict import verdict_of

    verdict, judged = result.leaderboard.verdict, verdict_of(result.model)
    for note in result.notes:
        if note != verdict and not (judged and note.endswith(judged.sentence)):
            say(f"note: {note}")
    _tell_cleaned(result)
    say(str(result.model))
    if result.score is not None:
        say(f"validated by: {result.model.card.plan}")
        if result.model.card.contrast is not None:
            matters = result.model.card.contrast.matters
            told = "the split matters" if matters else "the split changes nothing beyond chance"
            say(f"{told}: {result.model.card.contrast}")
        say(f"\n{result.leaderboard}\n")
        if result.leaderboard.nesting:
            say(f"{result.leaderboard.nesting}\n")
    if result.model.card.decision:
        say(result.model.card.decision)
    _tell_fresh(result)
    if verdict:
        say(f"{verdict}\n")
    if judged is not None and judged.sentence != verdict:
        say(f"verdict: {judged}\n")
    if result.interrupted:
        say(f"interrupted; the best model so far is kept: {out}; --resume goes on with it")
    say(f"model: {out} ({out.stat().st_size / 1e6:.1f} MB), run {result.run}")
    _tell_next(result, out)


def _tell_next(result: Result, out: Path) -> None:
    types = result.folder / "types.json"
    if types.exists():  # images have none
        say(f"column types: {types} (mend a copy, and give it with --types)")
    say(f"next: modelwright predict {shlex.quote(str(out))} DATA --out predictions.csv")


def demo(
    *,
    time: Duration = "20s",
    folder: Path = Path("demo"),
    store: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Fit a small real table that ships with scikit-learn, and predict rows it has not seen.

    Parameters
    ----------
    time
        How long it may take.
    folder
        Where the files go.
    store
        Where the run is kept; the user's data folder when left out.
    json
        Print one JSON object on stdout, and everything else on stderr.
    """
    from modelwright.cli.example import write_example
    from modelwright.store import write_frame

    parse_duration(time, "--time")  # before anything is written
    train, test = write_example(folder)
    out, answers = folder / "model.mw", folder / "predictions.csv"
    if not json:
        say(f"data: {train} and {test}: 442 diabetes patients, to predict the disease a year later")
        say(f"running: modelwright fit {train} --target progression --time {time} --out {out}\n")
    question = Question("progression")
    settings = Effort(store=store).settings(question, out)
    result = _fitted(train, question, settings, time, out, quiet=json)
    write_frame(result.predict(test), answers)
    scores = result.model.evaluate(test)
    if json:
        answer({**_summary(result, out), "predictions": str(answers), "scores": scores})
        return
    _tell(result, out)
    say(
        "\nheld-out rows: "
        + ", ".join(f"{name} {number(value, 4)}" for name, value in scores.items())
    )
    say(f"files: {train}, {test}, {out}, {answers}")
