"""The best model so far, as one file on disk."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from modelwright.core.errors import OutputError
from modelwright.core.result import Card, Leaderboard
from modelwright.core.schema import Schema
from modelwright.model import Member, Model, Part, load
from modelwright.plan.board import Choice
from modelwright.plan.trial import ALL
from modelwright.plan.workspace import Workspace

__all__ = ["Publisher", "assemble"]


def assemble(work: Workspace, choice: Choice, schema: Schema, card: Card) -> Model:
    """Build the deployable model of an ensemble from the parts on disk.

    A member that was fitted on all rows answers alone; another one answers as the mean of the
    models of its folds.
    """
    recipes = {}
    members = []
    for trial, weight in zip(choice.trials, choice.weights, strict=True):
        names = (ALL,) if trial.refitted else trial.wanted
        parts = []
        for name in names:
            if name not in recipes:
                recipes[name] = work.matrices.recipe(name)
            fitted = work.parts.fitted(trial.spec.number, name)
            parts.append(Part(recipes[name], fitted.at(min(trial.units, fitted.units))))
        members.append(Member(trial.spec.name, weight, tuple(parts)))
    return Model(work.rows.task, schema, tuple(members), choice.temperature, card)


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
        self.seconds = 0.0
        self.model: Model | None = None

    def first(self, model: Model) -> None:
        """Write the model that was fitted while workers were starting."""
        self._write(model)

    def again(self) -> None:
        """Give the model that the run's folder holds already."""
        path = self._work.folder / "model.mw"
        self.model = load(path)
        if self._out is not None:
            _copy(path, self._out)

    def publish(self, choice: Choice, board: Leaderboard, notes: Sequence[str]) -> None:
        """Write the model of an ensemble."""
        began = time.monotonic()
        card = replace(
            self.card,
            plan=self.plan,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            score=choice.score,
            leaderboard=board,
            notes=(*self.card.notes, *notes),
        )
        self._write(assemble(self._work, choice, self._schema, card))
        self.seconds = time.monotonic() - began

    def _write(self, model: Model) -> None:
        path = model.save(self._work.folder / "model.mw")
        if self._out is not None:
            _copy(path, self._out)
        self.model = model


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(source, part)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(
            f"to write the model to {str(target)!r}",
            error.strerror or str(error),
            f"free some space or choose another --out; the model is kept in {str(source)!r}",
        ) from error
