"""The best model so far, as one file on disk."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from modelwright.clean.recipes.rowwise import Cleaning
from modelwright.core.evidence import Evidence
from modelwright.core.result import Card, Contrast, Leaderboard, brief
from modelwright.core.schema import Schema
from modelwright.core.task import Task
from modelwright.evaluate.catalogue import metric_or_usual
from modelwright.evaluate.decisions import USUAL, Decision, Threshold
from modelwright.model import Member, Model, Part, load
from modelwright.plan.board import Choice
from modelwright.plan.findings.judging import FreshJudge
from modelwright.plan.findings.uncertainty import Calibrated, calibrated
from modelwright.plan.findings.verdict import left_out_note, shown_to_help, verdict_of
from modelwright.plan.findings.weaknesses import labels_note
from modelwright.plan.trial import Trial
from modelwright.plan.workspace import Workspace
from modelwright.stats.learned_rows import LearnedRows
from modelwright.store.files import replacing

__all__ = ["Publisher", "Voice", "assemble", "warnings_of"]

# Seconds a byte of writing a model, until it was measured: unpacking, cutting, packing again.
FIRST_RATE = 2e-7
# A model of no bytes takes as long as one of so many: what was learned from a small first model
# must not make a large one look hopeless.
OVERHEAD_BYTES = 2_000_000


@dataclass(frozen=True)
class Voice:
    """A member of an ensemble, as parts on disk.

    Parameters
    ----------
    name : str
        The trial's.
    weight : float
        Its share.
    number : int
        The trial.
    units : int
        Its parts are cut back to so many.
    parts : tuple of str
        Those that answer, as their mean.
    """

    name: str
    weight: float
    number: int
    units: int
    parts: tuple[str, ...]


def assemble(
    work: Workspace, voices: Iterable[Voice], frame: Model, known: Calibrated | None = None
) -> Model:
    """Build a model from parts on disk; all but its members is taken from `frame`."""
    recipes = {}
    members = []
    for voice in voices:
        parts, spec = [], work.parts.spec(voice.number)
        for name in voice.parts:
            seen = spec.matrix(name)
            if seen not in recipes:
                recipes[seen] = work.matrices.recipe(seen)
            fitted = work.parts.fitted(voice.number, name)
            parts.append(Part(recipes[seen], fitted.at(min(voice.units, fitted.units))))
        members.append(Member(voice.name, voice.weight, tuple(parts)))
    made = replace(frame, members=tuple(members))
    if known is None or known.difficulty is None:
        return made
    recipe = recipes.get(known.part) or work.matrices.recipe(known.part)
    return replace(made, difficulty=Part(recipe, known.difficulty))


class Publisher:
    """Writes the best model to the run's folder and to where the user wants it.

    Parameters
    ----------
    work : Workspace
        The run's folder.
    schema : Schema
        All columns of the table.
    card : Card
        What is known before anything is fitted; score and leaderboard are filled in.
    out : pathlib.Path, optional
        Where the user wants the file.
    """

    def __init__(self, work: Workspace, schema: Schema, card: Card, out: Path | None) -> None:
        self._work = work
        self._schema = schema
        self._out = out
        self.card = card
        self.plan = ""
        self.judge: FreshJudge | None = None
        self.contrast: Contrast | None = None
        self.interval_by: str | None = None
        self.cleaning: Cleaning | None = None
        self.model: Model | None = None
        self.learned: LearnedRows | None = None
        self._learned: dict[tuple[str, ...], LearnedRows] = {}
        self._seconds_a_byte = FIRST_RATE

    def first(self, model: Model) -> None:
        """Write the model that was fitted before the workers start."""
        self._write(model)

    def judged(self, found: Mapping[str, Any] | None, failed: str = "") -> None:
        """Write the model again, with its score on fresh rows, or why there is none."""
        if self.model is not None and self.judge is not None:
            card = self.judge.told(self.model.card, found, failed)
            self._write(replace(self.model, card=card))

    def noted(self, line: str) -> None:
        """Write the model again, with one more thing to know about it."""
        if self.model is not None:
            card = replace(self.model.card, notes=(*self.model.card.notes, line))
            self._write(replace(self.model, card=card))

    def withdraw(self) -> None:
        """Take the model back from where the user wants one: it must not be there."""
        if self._out is not None:
            self._out.unlink(missing_ok=True)

    def unvalidated(self, notes: Sequence[str]) -> None:
        """Write the first model again, with the reasons why there is no better one."""
        if self.model is not None:
            card = replace(self.model.card, notes=(*self.model.card.notes, *notes))
            self._write(self._marked(replace(self.model, card=card)))

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self._work.folder

    @property
    def work(self) -> Workspace:
        """The run's folder, opened."""
        return self._work

    @property
    def provisional(self) -> bool:
        """Whether what is on disk is still the first model, which nobody has validated."""
        return self.model is None or self.model.card.score is None

    def expected(self, members: Sequence[Trial], *, whole: bool) -> float:
        """Predict the seconds of writing these members, by the size of their parts."""
        return self._seconds_a_byte * (OVERHEAD_BYTES + self._size(members, whole))

    def _size(self, members: Sequence[Trial], whole: bool) -> int:
        return sum(
            self._work.parts.size(trial.spec.number, part)
            for trial in members
            for part in trial.deployed(whole)
        )

    def again(self) -> None:
        """Give the model that the run's folder holds already."""
        path = self._work.folder / "model.mw"
        self.model = load(path)
        if self._out is not None:
            _copy(path, self._out)

    def publish(
        self,
        choice: Choice,
        board: Leaderboard,
        notes: Sequence[str],
        *,
        whole: bool,
        evidence: Evidence | None = None,
    ) -> None:
        """Write the model of an ensemble.

        A member that was fitted on all rows answers alone; another one answers as the mean of the
        models of its folds, or as the first of them when it must be quick (not `whole`).
        """
        began = time.monotonic()
        card = replace(
            self.card,
            plan=self.plan,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            score=choice.score,
            leaderboard=board,
            notes=(*self.card.notes, *notes, *warnings_of(board)),
            contrast=self.contrast,
            decision=_told(choice.decision, self._work.rows.task),
        )
        voices = [
            Voice(t.spec.name, weight, t.spec.number, t.larger or t.units, t.deployed(whole))
            for t, weight in zip(choice.trials, choice.weights, strict=True)
        ]
        known = Calibrated()
        if evidence is not None:  # the last one to be written
            known = calibrated(self._work, choice.oof, self.interval_by, choice.chosen_by)
        if known.note:
            card = replace(card, notes=(*card.notes, known.note))
        task, made = self._work.rows.task, choice.calibration
        frame = Model(
            task, self._schema, (), made, card, evidence, choice.decision, known.intervals
        )
        finished = _judged(assemble(self._work, voices, frame, known))
        hashed = time.monotonic()
        finished = self._marked(finished)
        began += time.monotonic() - hashed  # it is done once, and writing again and again
        self._write(finished)
        spent = time.monotonic() - began
        size = OVERHEAD_BYTES + self._size(choice.trials, whole)
        self._seconds_a_byte = max(spent / size, FIRST_RATE / 16)

    def _marked(self, model: Model) -> Model:
        """Give a model the hashes of the rows that it learned from."""
        if self.learned is not None:  # of more rows than the run holds
            return replace(model, learned=self.learned)
        rows, columns = self._work.rows, model.columns
        if columns not in self._learned:
            self._learned = {columns: LearnedRows.of(rows.table, columns, rows.y.values)}
        return replace(model, learned=self._learned[columns])

    def _write(self, model: Model) -> None:
        model = replace(model, cleaning=self.cleaning)
        path = model.save(self._work.folder / "model.mw")
        if self._out is not None:
            _copy(path, self._out)
        self.model = model


def _told(decision: Decision, task: Task) -> str:
    """Say how a model answers, where that is not simply the most probable class."""
    if not task.is_classification or decision == USUAL:
        return ""
    words = str(decision).replace("the positive class", str(task.positive))
    if isinstance(decision, Threshold):
        own = metric_or_usual(task).decision == decision
        why = "where decisions break even" if own else "best on held-out rows"
        words += f": {why} for {brief(task.metric)}"
    return f"the answer is {words}"


def warnings_of(board: Leaderboard) -> tuple[str, ...]:
    """Say so when the model is not shown to beat what it has to beat."""
    named = board.baseline
    return () if named is None or named.beaten or not board.verdict else (board.verdict,)


def _judged(model: Model) -> Model:
    """Note of a final model which columns it does without, and what the report says in red."""
    if model.evidence is None:
        return model
    weak = model.evidence.weak
    if weak.labels is not None and not shown_to_help(model):
        weak = replace(weak, labels=weak.labels.withdrawn())
    model = replace(model, evidence=replace(model.evidence, weak=weak))
    judged, noted = verdict_of(model), list(model.card.notes) + list(left_out_note(model))
    noted += labels_note(weak.labels)
    if judged is not None and judged.tone == "bad" and judged.sentence not in noted:
        noted.append(str(judged))
    return replace(model, card=replace(model.card, notes=tuple(noted)))


def _copy(source: Path, target: Path) -> None:
    with replacing(target) as copy, source.open("rb") as original:
        shutil.copyfileobj(original, copy)
