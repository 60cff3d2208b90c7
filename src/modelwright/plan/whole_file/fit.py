"""A worker's job: a boosted model of the rows of a whole file, of which the run holds a sample.

The rows of the sample come as the fold had them: what its recipe learned from is encoded by what
other rows say. All others are new to that recipe, and made into features as new rows are. What the
fold holds back is held back here as well, so that its rows can judge the model.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire import Drawn, Reading
from modelwright.acquire.streaming import Streamed, stream
from modelwright.core.budget import Budget
from modelwright.core.errors import UserError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Fitted
from modelwright.core.seed import Seed
from modelwright.core.splits import Fold
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.engine import core_count
from modelwright.features import FittedRecipe
from modelwright.models import make_learner
from modelwright.models.sample import loss
from modelwright.plan.findings.giveaways import keep_others, read_whole
from modelwright.plan.folders import load_arrays
from modelwright.plan.fresh import ARRAYS, TABLE
from modelwright.plan.parts import Evidence
from modelwright.plan.trial import FILE, REFIT_SHARE, PartResult
from modelwright.plan.whole_file.halves import halves
from modelwright.plan.whole_file.rows import FileRows, Held
from modelwright.plan.whole_file.spill import Spill
from modelwright.plan.workspace import Workspace
from modelwright.stats.learned_rows import LearnedRows
from modelwright.store import load_state, read_json, save_state, write_json

__all__ = [
    "FOLDER",
    "SLOWER",
    "WORTH",
    "Asked",
    "clear_source",
    "fit_file",
    "keep_source",
    "learned_from_file",
]

FOLDER = "file"
"""What is known of the file, and its rows while they are learned from."""

_HEAD, _TOLD, _LEARNED = "source.json", "told.json", "learned"
_SPILLS = ("past", "later")
_BATCH = 65_536
# So many rows, from all over the file, say how long all of them take.
_PROBE = 16_384
# A fit on fewer than so many times the rows of the sample is not worth its time.
WORTH = 1.5
# Rows of the sample that may be missing in the file: more, and it is not the same one any more.
_MISSING = 1e-3
# Rounds take longer than on the sample: what they look at does not fit into caches.
SLOWER = 1.3
# Parts of the time that may be planned with, and that growing may use.
_PLANNED, _GROWING = 0.8, 0.95
# What a row takes in memory beside its features, and for each score: answers, weights, gradients.
_A_ROW, _A_SCORE = 56, 32


def keep_source(work: Workspace, drawn: Drawn, reading: Reading) -> None:
    """Keep where the file is and how it is read, for the worker."""
    keep_others(work.rows, work.folder)
    (work.folder / FOLDER).mkdir(exist_ok=True)
    head = {
        "path": drawn.path,
        "header": reading.header,
        "encoding": reading.encoding,
        "verbatim": sorted(reading.verbatim),
    }
    write_json(work.folder / FOLDER / _HEAD, head)


def clear_source(work: Workspace) -> None:
    """Delete what a worker wrote while it learned, also one that was killed."""
    for path in (work.folder / FOLDER).glob("modelwright-*"):
        shutil.rmtree(path, ignore_errors=True)
    for name in _SPILLS:
        shutil.rmtree(work.folder / FOLDER / name, ignore_errors=True)


def learned_from_file(work: Workspace) -> LearnedRows:
    """Give the hashes of the rows that the model of the file learned from."""
    return LearnedRows.restore(load_state(work.folder / FOLDER / _LEARNED))


@dataclass(frozen=True)
class Asked:
    """What is to be fitted, and within what.

    Parameters
    ----------
    number : int
        The trial.
    part : str
        The fold whose validation rows are to judge it.
    units : int
        Rounds that validation chose on the sample.
    pace : float
        Core seconds that a row and round took there.
    memory : int
        Bytes that the rows may take while they are learned from.
    seconds : float, optional
        What it may take; None: any.
    share : float, optional
        How large a part of the other rows is drawn; None: as memory and time allow.
    grown : int, optional
        Fit exactly so many rounds; None: while it gets better.
    """

    number: int
    part: str
    units: int
    pace: float
    memory: int
    seconds: float | None = None
    share: float | None = None
    grown: int | None = None


def fit_file(folder: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Fit a trial on the rows of the file, and keep the model and its predictions.

    Parameters
    ----------
    folder : str
        The run's folder, in which `keep_source` was.
    asked : dict
        The fields of `Asked`.

    Returns
    -------
    dict
        How many ``rows`` of ``of`` it was fitted on, the ``share`` that was drawn, ``units``, and
        ``notes``; only ``why`` and ``notes`` where nothing was fitted.
    """
    work, fit = Workspace(Path(folder)), Asked(**asked)
    told = work.folder / FOLDER / _TOLD
    if told.is_file() and work.parts.result(fit.number, FILE) is not None:
        found: dict[str, Any] = read_json(told)  # before the run was interrupted
        return found
    try:
        found = _FileFit(work, fit).run()
    except UserError as error:  # the file is gone, or no longer what it was
        return {"why": str(error), "notes": []}
    finally:
        clear_source(work)
    write_json(told, found)
    return found


class _FileFit:
    """One fit: from the file to rows, and from the rows to a model."""

    def __init__(self, work: Workspace, asked: Asked) -> None:
        self._work, self._asked = work, asked
        self._began = time.monotonic()
        self._place = work.folder / FOLDER
        self._rows = work.rows
        self._spec = work.parts.spec(asked.number)
        self._name = self._spec.matrix(asked.part)
        self._recipe: FittedRecipe = work.matrices.recipe(self._name)
        self._matrix: Matrix = work.matrices.read(self._name)
        self._fold: Fold = work.fold(asked.part)
        self._sample: Table = read_whole(work)
        self._held = Held.by(self._sample, self._fold, work.splits.kind)

    @property
    def _left(self) -> float | None:
        asked = self._asked.seconds
        return None if asked is None else asked - (time.monotonic() - self._began)

    def run(self) -> dict[str, Any]:
        """Read, fit, keep."""
        head = read_json(self._place / _HEAD)
        path = head.pop("path")
        reading = Reading(**{**head, "verbatim": frozenset(head["verbatim"])})
        # in the run's folder: who is killed while it reads cannot clear up
        with stream(path, reading, folder=self._place) as rows:
            share = self._share(rows) if self._asked.share is None else self._asked.share
            if self._expected(rows, share) < WORTH * len(self._fold.train):
                return {"why": self._short(), "notes": list(rows.notes)}
            source = self._source(share)
            past, later, learned = self._spilled(rows, source)
        self._read = time.monotonic()
        notes = [*rows.notes, *source.tally.notes(self._rows.task.target)]
        if source.sample.left > _MISSING * len(self._rows.y):
            gone = f"{source.sample.left:,} rows of the sample are no longer in the file"
            return {"why": gone, "notes": notes}
        fitted = self._fitted(past)
        predictions = fitted.predict(self._matrix.rows(self._fold.valid))
        if self._held.order:  # the newest rows say most of what comes next
            past.extend(later)
            judged, fitted = fitted, self._again(past, fitted.units)
            if fitted.units < REFIT_SHARE * judged.units:
                return {"why": "no time was left for its newest rows", "notes": notes}
        self._keep(fitted, predictions, learned)
        return {
            "rows": past.rows,
            "of": source.tally.rows,
            "share": share,
            "units": fitted.units,
            "reading": self._read - self._began,
            "seconds": time.monotonic() - self._began,
            "notes": notes,
        }

    def _source(self, share: float) -> FileRows:
        """Make ready to tell the rows of the file apart."""
        rows = self._rows
        seed = Seed(rows.seed).derive("rows of the file")
        source = FileRows(self._sample, rows.y, rows.task, self._held, seed=seed, share=share)
        tests = self._work.folder / TABLE
        if tests.is_file():
            frame = pl.read_ipc(tests)
            y = Target(load_arrays(self._work.folder / ARRAYS)["y"], rows.y.classes)
            source.spare(Table(frame, self._sample.schema.select(frame.columns)), y)
        return source

    def _spilled(self, rows: Streamed, source: FileRows) -> tuple[Spill, Spill, LearnedRows]:
        """Write the features of all rows: those of the past, with the sample's, and later ones."""
        known, classes = self._rows, self._rows.y.classes
        past, later = (Spill(self._place / name, self._matrix, classes) for name in _SPILLS)
        others = np.setdiff1d(np.arange(len(known.y)), self._fold.train)
        for side, into in ((self._fold.train, past), (others, later)):
            for start in range(0, len(side), _BATCH):
                own = side[start : start + _BATCH]
                weight = None if known.weight is None else known.weight[own]
                into.add(self._matrix.rows(own), known.y.values[own], weight)
        learned = LearnedRows.of(known.table, self._recipe.columns, known.y.values)
        for batch in rows.batches(_BATCH):
            rest = source.take(batch)
            for kept, into in ((rest.past, past), (~rest.past, later)):
                index = np.flatnonzero(kept)
                if not len(index) or (into is later and not self._held.order):
                    continue
                some, y = rest.table.rows(index), rest.y.values[index]
                weight = None if rest.weight is None else rest.weight[index]
                into.add(self._recipe.transform(some), y, weight)
                learned = learned.also(some, y)
        return past, later, learned

    def _fitted(self, past: Spill) -> Fitted:
        """Fit on what the fold does not hold back, and cut back on half of the rows it does."""
        held = self._fold.valid
        half = self._rows.counting(held[halves(held, self._work.groups)[0]])
        valid, y = self._matrix.rows(half), self._rows.y.rows(half)
        weight = None if self._rows.weight is None else self._rows.weight[half]
        left, grown = self._left, self._asked.grown
        if left is not None:
            left *= _GROWING / self._fits
        fitted = self._learn(past, Budget.seconds(left, grown), valid, y)
        if fitted.stages is None or grown is not None:
            return fitted
        losses = [loss(said, y, weight) for said in fitted.stages.predictions]
        return fitted.at(int(fitted.stages.units[int(np.nanargmin(losses))]))

    def _again(self, rows: Spill, units: int) -> Fitted:
        left = self._left
        budget = Budget.seconds(None if left is None else _GROWING * left, units)
        return self._learn(rows, budget, None, None)

    def _learn(
        self, rows: Spill, budget: Budget, valid: Matrix | None, valid_y: Target | None
    ) -> Fitted:
        config = {**self._spec.config, "threads": core_count()}
        return make_learner(self._spec.learner, config).fit(
            rows.matrix(),
            rows.target(),
            weight=rows.weight(),
            valid=valid,
            valid_y=valid_y,
            budget=budget,
            seed=Seed(self._rows.seed).derive("fit", self._asked.number, FILE),
        )

    def _keep(self, fitted: Fitted, predictions: NDArray[np.float32], learned: LearnedRows) -> None:
        work, number = self._work, self._asked.number
        save_state(work.folder / FOLDER / _LEARNED, learned.export())
        none = self._matrix.rows(slice(0, 0))
        work.matrices.write(self._spec.matrix(FILE), self._recipe, none)
        done = PartResult(fitted.units, time.monotonic() - self._began)
        work.parts.write(number, FILE, fitted, Evidence(predictions, None), done)

    @property
    def _fits(self) -> int:
        """How many fits there are: rows in time are learned from once more, with the newest."""
        return 1 + bool(self._held.order)

    def _others(self, rows: Streamed) -> int:
        return max(rows.rows - len(self._rows.y), 1)

    def _expected(self, rows: Streamed, share: float) -> float:
        return len(self._fold.train) + share * self._others(rows)

    def _short(self) -> str:
        """Say why so few rows were left."""
        if self._by_memory < WORTH * len(self._fold.train):
            return "memory and disk hold hardly more rows than the sample has"
        return "there was no time for more rows than the sample has"

    def _share(self, rows: Streamed) -> float:
        """Choose how large a part of the other rows memory and time allow."""
        most = self._by_memory
        if self._left is not None:
            began = time.monotonic()
            probe = rows.sample(_PROBE)
            taken = self._source(1.0).take(probe)
            self._recipe.transform(taken.table)
            each = (time.monotonic() - began) / max(probe.height, 1)
            most = min(most, self._by_time(each * rows.rows))
        return float(np.clip((most - len(self._fold.train)) / self._others(rows), 0.0, 1.0))

    @property
    def _by_memory(self) -> float:
        """Say how many rows memory holds while they are learned from, and half of the disk."""
        scores, width = max(self._rows.y.classes, 1), max(self._matrix.shape[1], 1)
        disk = shutil.disk_usage(self._place).free / (2 * 4 * width)
        return min(self._asked.memory / (width + _A_ROW + _A_SCORE * scores), disk)

    def _by_time(self, reading: float) -> float:
        """Say for how many rows the time is enough, when reading takes so much of it."""
        left = self._left
        if left is None:
            return float("inf")
        each = self._fits * SLOWER * self._asked.pace * self._asked.units / core_count()
        return max(_PLANNED * left - reading, 0.0) / max(each, 1e-12)
