"""What workers do: make the features of a part, fit a trial on it.

Each function takes and gives plain JSON; arrays go through the run's folder. A result is on disk
before it is told, so that a finished fit is never lost and never repeated.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import ModelwrightWarning
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Fitted
from modelwright.core.seed import Seed
from modelwright.features.crossfit import make_blocks
from modelwright.features.recipe import RECIPES
from modelwright.models import make_learner
from modelwright.plan.parts import Evidence
from modelwright.plan.trial import ALL, LEAN, PartResult, matrix_name
from modelwright.plan.workspace import Workspace

__all__ = ["fit_part", "prepare_part"]


@lru_cache(maxsize=2)
def _open(folder: str) -> Workspace:
    return Workspace(Path(folder))


def prepare_part(folder: str, part: str, recipe: str = LEAN) -> dict[str, float]:
    """Fit a recipe on the training rows of a part, and make the features of every row.

    Training rows are encoded without their own answers, all others as new rows are.

    Returns
    -------
    dict
        ``seconds`` that it took, and how many ``columns`` came out.
    """
    began = time.monotonic()
    work, name = _open(folder), matrix_name(part, recipe)
    if not work.matrices.has(name):
        rows, train = work.rows, work.fold(part).train
        seed = Seed(rows.seed).derive("recipe", part)
        steps = RECIPES[recipe]()
        seen = rows.table if part == ALL else rows.table.rows(train)
        blocks = make_blocks(seen, seed, work.splits, train) if steps.uses_target else None
        if blocks is None:
            fitted = steps.without_answers().fit(seen, rows.y.rows(train), seed=seed)
            matrix = fitted.transform(rows.table)
        else:
            fitted, own = steps.fit_transform(seen, rows.y.rows(train), seed=seed, blocks=blocks)
            others = np.setdiff1d(np.arange(rows.table.height), train, assume_unique=True)
            matrix = own.among(train, fitted.transform(rows.table.rows(others)), others)
        work.matrices.write(name, fitted, matrix)
    return {"seconds": time.monotonic() - began, "columns": work.matrices.read(name).shape[1]}


def fit_part(
    folder: str, number: int, part: str, units: int | None, seconds: float | None
) -> dict[str, Any]:
    """Fit a trial on a part of the plan, and keep the model and its predictions.

    Parameters
    ----------
    folder : str
        The run's folder.
    number : int
        The trial.
    part : str
        ``fold-<i>`` or ``all``.
    units : int, optional
        Fit exactly so many units.
    seconds : float, optional
        Stop growing after so many seconds.

    Returns
    -------
    dict
        ``units``, ``seconds``, and ``warnings`` for the user.
    """
    began = time.monotonic()
    work = _open(folder)
    done = work.parts.result(number, part)
    caught: list[warnings.WarningMessage] = []
    if done is None:
        key = f"trial-{number}/{part}"
        work.note("start", key)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ModelwrightWarning)
            fitted, evidence = _fit(work, number, part, Budget.seconds(seconds, units))
        done = PartResult(fitted.units, time.monotonic() - began)
        work.parts.write(number, part, fitted, evidence, done)
        work.note("done", key)
    said = [str(w.message) for w in caught if issubclass(w.category, ModelwrightWarning)]
    return {"units": done.units, "seconds": done.seconds, "warnings": said}


def _fit(work: Workspace, number: int, part: str, budget: Budget) -> tuple[Fitted, Evidence]:
    spec, rows, fold = work.parts.spec(number), work.rows, work.fold(part)
    matrix, seed = work.matrices.read(spec.matrix(part)), Seed(work.rows.seed)
    train = _thinned(fold.train, spec.rows, seed.derive("rows", number, part))
    watched = rows.counting(fold.valid)  # others do not say when a model stops growing
    valid = matrix.rows(watched) if len(watched) else None
    fitted = make_learner(spec.learner, spec.config).fit(
        matrix.rows(train),
        rows.y.rows(train),
        weight=None if rows.weight is None else rows.weight[train],
        valid=valid,
        valid_y=None if valid is None else rows.y.rows(watched),
        budget=budget,
        seed=seed.derive("fit", number, part),
    )
    if valid is not None:
        return fitted, _evidence(fitted, matrix, fold.valid, watched)
    bagged = fitted.out_of_bag
    empty = np.empty((0, rows.y.outputs), np.float32)
    return fitted, Evidence(empty if bagged is None else bagged, None)


def _evidence(
    fitted: Fitted, matrix: Matrix, asked: NDArray[np.int64], watched: NDArray[np.int64]
) -> Evidence:
    """Predict the rows that a fold holds back, also those that were not watched."""
    stages = fitted.stages
    if stages is not None and len(watched) == len(asked):
        return Evidence(stages.predictions[-1], stages)
    last = fitted.predict(matrix.rows(asked))
    if stages is not None:  # which stage it is matters little for rows that count nothing
        whole = np.repeat(last[None], len(stages.units), axis=0)
        whole[:, np.isin(asked, watched)] = stages.predictions
        stages = replace(stages, predictions=whole)
    return Evidence(last, stages)


def _thinned(rows: NDArray[np.int64], most: int | None, seed: int) -> NDArray[np.int64]:
    if most is None or len(rows) <= most:
        return rows
    chosen = np.random.default_rng(seed).choice(len(rows), most, replace=False)
    return rows[np.sort(chosen)]
