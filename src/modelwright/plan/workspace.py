"""The run's folder: everything that workers share and that survives a crash.

::

    runs/<id>/
      table.arrow  arrays.npz  rows.json   the rows and the question
      splits.npz                           the plan; written last: workers may start
      test.arrow  test.npz                 rows that are scored at the end
      others.arrow  others.json            columns that no model sees, for who looks for leaks
      journal.jsonl                        one line when a fit starts, one when it is done
      matrices/fold-0/ ... all/            features made by the recipe of each part
      trials/003/fold-0/ ... all/          each fitted part with its predictions
      plan.json                            what was executed, for a replay
      types.json                           what each column was taken for
      file/                                the rows of a larger file, while they are learned from
      model.mw                             the best model so far

A folder below ``matrices`` or ``trials`` appears by a rename when it is complete; what is there is
finished, what is not there has to be made.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Schema
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target, Task
from modelwright.evaluate.intervals import group_codes
from modelwright.plan.folders import load_arrays, save_arrays
from modelwright.plan.matrices import Matrices
from modelwright.plan.parts import Parts
from modelwright.plan.trial import ALL
from modelwright.store import read_json, write_json
from modelwright.store.files import replacing

__all__ = ["OTHERS", "Rows", "Workspace"]

OTHERS = "others.arrow"
"""The columns of a run that no model sees, while somebody may look at them."""


@dataclass(frozen=True)
class Rows:
    """What is learned from.

    Parameters
    ----------
    table : Table
        The features of every row.
    task : Task
        The question.
    y : Target
        The answers.
    weight : ndarray of float64, shape (n_rows,), optional
        How much each row counts.
    seed : int
        The root of all randomness.
    origin : ndarray of int64, shape (n_rows,), optional
        Where each row was in the data as it was read, counted from 0; None when nobody knows.
    """

    table: Table
    task: Task
    y: Target
    weight: NDArray[np.float64] | None
    seed: int
    origin: NDArray[np.int64] | None = None

    def counting(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give those of some rows that have a weight above zero; all, where none has."""
        if self.weight is None:
            return index
        found = index[self.weight[index] > 0]
        return found if len(found) else index

    def mass(self, index: NDArray[np.int64]) -> float:
        """Say how much some rows count together."""
        return float(len(index) if self.weight is None else self.weight[index].sum())

    def write(self, folder: Path) -> None:
        """Keep the rows in a folder."""
        names = self.table.features()
        frame = self.table.frame.select(names)
        with replacing(folder / "table.arrow") as file:
            frame.write_ipc(file, compression="uncompressed")
        arrays = {"y": self.y.values}
        if self.weight is not None:
            arrays["weight"] = self.weight
        groups = group_codes(self.table)
        if groups is not None:
            arrays["groups"] = groups
        save_arrays(folder / "arrays.npz", arrays)
        schema = self.table.schema.select(names)
        head = {"task": self.task.to_json(), "schema": schema.to_json(), "seed": self.seed}
        write_json(folder / "rows.json", head)

    @classmethod
    def read(cls, folder: Path) -> Rows:
        """Open the rows of a folder."""
        head = read_json(folder / "rows.json")
        task = Task.from_json(head["task"])
        table = Table(pl.read_ipc(folder / "table.arrow"), Schema.from_json(head["schema"]))
        arrays = load_arrays(folder / "arrays.npz")
        y = Target(arrays["y"], len(task.classes))
        return cls(table, task, y, arrays.get("weight"), head["seed"])


@dataclass(frozen=True)
class Workspace:
    """One run's folder.

    Parameters
    ----------
    folder : pathlib.Path
        ``runs/<id>`` in the store.
    """

    folder: Path

    @property
    def ready(self) -> bool:
        """Whether everything that workers need is there."""
        return (self.folder / "splits.npz").is_file()

    @property
    def has_model(self) -> bool:
        """Whether a model was written already."""
        return (self.folder / "model.mw").is_file()

    @property
    def matrices(self) -> Matrices:
        """The features of each part."""
        return Matrices(self.folder / "matrices")

    @property
    def parts(self) -> Parts:
        """The trials and their fitted parts."""
        return Parts(self.folder / "trials")

    @cached_property
    def rows(self) -> Rows:
        """What is learned from."""
        return Rows.read(self.folder)

    @property
    def seed(self) -> int:
        """The root of the run's randomness; also when its rows have been deleted."""
        return int(read_json(self.folder / "rows.json")["seed"])

    def hold(self, rows: Rows) -> None:
        """Keep rows that are in memory at hand, so that this process does not read them again."""
        self.__dict__["rows"] = rows  # where cached_property would put them

    @property
    def groups(self) -> NDArray[np.int64] | None:
        """The group of each row; None when rows have none."""
        return load_arrays(self.folder / "arrays.npz").get("groups")

    @cached_property
    def splits(self) -> Splits:
        """The plan."""
        arrays = load_arrays(self.folder / "splits.npz")
        kind, reason = (str(text) for text in arrays["head"])
        count = sum(name.startswith("train-") for name in arrays)
        folds = tuple(Fold(arrays[f"train-{i}"], arrays[f"valid-{i}"]) for i in range(count))
        return Splits(folds, int(arrays["rows"]), kind, reason, int(arrays.get("times", 1)))

    def write_splits(self, splits: Splits) -> None:
        """Keep the plan of row indices."""
        arrays: dict[str, NDArray[Any]] = {
            "head": np.array([splits.kind, splits.reason]),
            "rows": np.array(splits.rows),
            "times": np.array(splits.times),
        }
        for i, fold in enumerate(splits.folds):
            arrays[f"train-{i}"] = fold.train
            arrays[f"valid-{i}"] = fold.valid
        save_arrays(self.folder / "splits.npz", arrays)

    def fold(self, part: str) -> Fold:
        """Give the training and validation rows of a part; no validation rows for `ALL`."""
        if part == ALL:
            return Fold(np.arange(self.splits.rows), np.empty(0, np.int64))
        return self.splits.folds[int(part.removeprefix("fold-"))]

    def note(self, event: str, key: str) -> None:
        """Add a line to the journal."""
        line = json.dumps({"event": event, "key": key, "pid": os.getpid()}) + "\n"
        with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as journal:
            journal.write(line)

    def sweep(self) -> None:
        """Delete what a process that was killed had not finished writing."""
        for pattern in ("matrices/.*", "trials/*/.*", "file/modelwright-*"):
            for path in self.folder.glob(pattern):
                shutil.rmtree(path, ignore_errors=True)

    def tidy(self) -> None:
        """Delete what only an unfinished run needs: rows, features and models of folds.

        The answers, the plan and every out-of-fold prediction stay.
        """
        shutil.rmtree(self.folder / "matrices", ignore_errors=True)
        for name in ("difficulty", "file"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for name in ("table.arrow", "test.arrow", "test.npz", "chosen.npz", OTHERS):
            with suppress(OSError):  # Windows deletes no file that a worker still reads
                (self.folder / name).unlink(missing_ok=True)
        self.parts.forget_models()
