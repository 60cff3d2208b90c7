"""Intervals of the final model, from the out-of-fold predictions of its ensemble.

The rows that say how far off it may be were predicted by models that had not seen them, each fitted
on the rows of its fold; the model that answers is fitted on all rows, and if anything a little
better. So its intervals are a little too wide rather than too narrow (cross-conformal prediction:
Vovk 2015; Barber et al. 2021). How hard a row is, a small model learns from these errors; what it
says of a row it has not learned from that row's error.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError, UserError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Fitted
from modelwright.core.schema import Role
from modelwright.core.seed import Seed
from modelwright.core.task import Target
from modelwright.evaluate.conformal import CalibrationRows, LabelSets, NumberIntervals
from modelwright.evaluate.conformal.difficulty import (
    difficulty_of,
    difficulty_target,
    with_prediction,
)
from modelwright.evaluate.conformal.rows import blocks_of, labels_of
from modelwright.evaluate.splitters.times import read_times
from modelwright.models import make_learner, restore_fitted
from modelwright.models.registry import fitted_name
from modelwright.plan.folders import load_arrays, save_arrays, whole_folder
from modelwright.plan.trial import ALL, fold_part
from modelwright.plan.work import prepare_part
from modelwright.plan.workspace import Workspace
from modelwright.store import load_state, read_json, save_state, write_json

__all__ = ["FOLDER", "Calibrated", "calibrated", "keep_chosen", "learn_difficulty"]

CHOSEN = "chosen.npz"
FOLDER = "difficulty"
"""Where a run keeps the model of difficulty."""
# At most so many rows are calibrated on; of many classes so many probabilities.
ROWS = 20_000
CELLS = 400_000
FEWEST_OF_CELLS = 2_000
# The small model of difficulty: so many rounds of small trees, from so many rows on.
ROUNDS = 80
CONFIG = {"leaves": 8, "min_rows_leaf": 30, "learning_rate": 0.05}
FEWEST = 200
PARTS = 4


@dataclass(frozen=True)
class Calibrated:
    """What the final model knows of how far off it may be.

    Parameters
    ----------
    intervals : NumberIntervals or LabelSets, optional
        None where nothing could be calibrated.
    difficulty : Fitted, optional
        The model of how hard a row is, when intervals need one.
    part : str
        The part whose recipe makes its features.
    note : str
        Why there are no intervals; empty when there are.
    """

    intervals: NumberIntervals | LabelSets | None = None
    difficulty: Fitted | None = None
    part: str = ""
    note: str = ""


def keep_chosen(work: Workspace, oof: NDArray[np.float32]) -> None:
    """Write the out-of-fold predictions of the ensemble where a worker finds them."""
    save_arrays(work.folder / CHOSEN, {"oof": oof})


def learn_difficulty(folder: str, seconds: float | None) -> bool:
    """Learn how hard rows are from the out-of-fold errors of the ensemble; what a worker does.

    Parameters
    ----------
    folder : str
        The run's folder.
    seconds : float, optional
        What it may take; when that is too little, nothing is learned. None: any.

    Returns
    -------
    bool
        Whether there is a model of difficulty now.
    """
    deadline = time.monotonic() + (math.inf if seconds is None else seconds)
    work = Workspace(Path(folder))
    rows, scored = work.rows, work.splits.scored
    oof = load_arrays(work.folder / CHOSEN)["oof"]
    kept = _drawn(len(scored), rows.seed, 1)
    if len(kept) < FEWEST or not np.isfinite(oof).all():
        return False
    part = ALL if len(work.splits) > 1 else fold_part(0)
    prepare_part(folder, part)
    index = scored[kept]
    X = with_prediction(work.matrices.read(part).rows(index), oof[kept])
    y = Target(difficulty_target(rows.y.values[index] - oof[kept, 0]))
    weight = None if rows.weight is None else rows.weight[index]
    groups = None if work.groups is None else work.groups[index]
    held = _parts(len(index), groups, _order(work, index))
    values = np.empty(len(index))
    began = time.monotonic()
    for number in range(PARTS):
        now, done = time.monotonic(), number
        if done and now + (now - began) / done * (PARTS + 1 - done) > deadline:
            return False
        fitted = _fitted(X, y, weight, np.flatnonzero(held != number), rows.seed)
        if fitted is None:
            return False
        values[held == number] = difficulty_of(fitted.predict(X.rows(held == number)))
    whole = _fitted(X, y, weight, np.arange(len(index)), rows.seed)
    if whole is None:
        return False
    with whole_folder(work.folder / FOLDER) as place:
        save_state(place / "fitted", whole.export())
        save_arrays(place / "values.npz", {"values": values, "oof": oof})
        write_json(place / "difficulty.json", {"kind": fitted_name(whole), "part": part})
    return True


def _fitted(
    X: Matrix,
    y: Target,
    weight: NDArray[np.float64] | None,
    index: NDArray[np.int64],
    seed: int,
) -> Fitted | None:
    try:
        return make_learner("lightgbm", CONFIG).fit(
            X.rows(index),
            y.rows(index),
            weight=None if weight is None else weight[index],
            budget=Budget(units=ROUNDS),
            seed=Seed(seed).derive("difficulty"),
        )
    except FitError:
        return None


def _parts(
    count: int, groups: NDArray[np.int64] | None, order: NDArray[np.float64] | None
) -> NDArray[np.int64]:
    """Part rows, groups whole; where time orders them, neighbours stay together."""
    if order is not None:
        return blocks_of(order, PARTS)
    unit = np.arange(count) if groups is None else np.unique(groups, return_inverse=True)[1]
    drawn = np.random.default_rng(0).permutation(int(unit.max(initial=0)) + 1) % PARTS
    return np.asarray(drawn[unit], np.int64)


def calibrated(
    work: Workspace,
    oof: NDArray[np.float32],
    by: str | None = None,
    chosen_by: NDArray[np.float32] | None = None,
) -> Calibrated:
    """Make intervals, or sets of labels, of the out-of-fold predictions of an ensemble.

    Parameters
    ----------
    work : Workspace
        The run's folder, which holds the whole table in this process.
    oof : ndarray of float32, shape (n_scored, n_outputs)
        Calibrated predictions.
    by : str, optional
        A column whose labels are calibrated on their own.
    chosen_by : ndarray of float32, shape (n_scored, n_outputs), optional
        What the ensemble was chosen by, and difficulty learned from, where that is not `oof`.

    Returns
    -------
    Calibrated
    """
    rows, splits = work.rows, work.splits
    learned_from = oof if chosen_by is None else chosen_by
    kept = _drawn(len(splits.scored), rows.seed, oof.shape[1])
    index = splits.scored[kept]
    known = CalibrationRows(
        rows.y.values[index],
        oof[kept],
        None if rows.weight is None else rows.weight[index],
        _groups(work, index),
        _order(work, index),
        None if by is None else labels_of(rows.table.rows(index), by),
        None if rows.task.is_classification else _difficulty(work, learned_from),
    )
    if known.weight is not None:
        known = known.rows(known.weight > 0)
    try:
        if rows.task.is_classification:
            return Calibrated(LabelSets.learn(known, by or ""))
        made = NumberIntervals.learn(known, by or "")
    except UserError as error:
        return Calibrated(note=f"no intervals can be given: {error}")
    if not made.scaled:
        return Calibrated(made)
    head = read_json(work.folder / FOLDER / "difficulty.json")
    fitted = restore_fitted(head["kind"], load_state(work.folder / FOLDER / "fitted"))
    return Calibrated(made, fitted, head["part"])


def _drawn(count: int, seed: int, outputs: int) -> NDArray[np.int64]:
    most = ROWS if outputs == 1 else min(ROWS, max(FEWEST_OF_CELLS, CELLS // outputs))
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def _groups(work: Workspace, index: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Give groups where the plan keeps them apart: new rows are of new groups then."""
    if "group" not in work.splits.kind or work.groups is None:
        return None
    found: NDArray[np.int64] = work.groups[index]
    return found


def _order(work: Workspace, index: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Give times where the plan goes by them: new rows are later ones then."""
    names = work.rows.table.schema.names(Role.ORDER)
    if "time" not in work.splits.kind or not names:
        return None
    times = read_times(work.rows.table, names[0]).values[index]
    rank = np.unique(times, return_inverse=True)[1]
    return np.asarray(rank, np.float64)


def _difficulty(work: Workspace, oof: NDArray[np.float32]) -> NDArray[np.float64] | None:
    path = work.folder / FOLDER / "values.npz"
    if not path.is_file():
        return None
    found = load_arrays(path)
    same = np.array_equal(found["oof"], oof)  # else it was learned of another ensemble
    return np.asarray(found["values"], np.float64) if same else None
