"""What a random split of the same rows would have promised: why the plan follows the structure.

One quick model is fitted and scored twice on the same rows, in the same sizes: split as the plan
does, and split at random. What lies between the two scores is what groups or time would leak.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError
from modelwright.core.result import Contrast
from modelwright.core.schema import Role
from modelwright.core.seed import Seed
from modelwright.core.splits import Fold
from modelwright.core.task import Target
from modelwright.evaluate import Metric
from modelwright.evaluate.catalogue import metric_or_usual
from modelwright.evaluate.splitters.times import read_times
from modelwright.features import default_recipe
from modelwright.models import make_learner
from modelwright.plan.workspace import Workspace

__all__ = ["contrast"]

# Folds that are compared, and rows of all of them together.
FOLDS = 3
ROWS = 20_000
ROUNDS = 60
# Of at least so many groups, if there are as many.
GROUPS = 20
# Parts that are left out in turn, for how sure a score is.
BLOCKS = 20

Index = NDArray[np.int64]


def contrast(folder: str, seconds: float | None) -> dict[str, Any] | None:
    """Score one quick model under the plan, and under a random split of the same rows.

    Parameters
    ----------
    folder : str
        The run's folder.
    seconds : float, optional
        Start no further fold after so long; None: take the time it takes.

    Returns
    -------
    dict, optional
        A `Contrast` as plain JSON; None when there was no time, or a score has no value.
    """
    deadline = time.monotonic() + (math.inf if seconds is None else seconds)
    work = Workspace(Path(folder))
    chosen = _folds(work)
    seed = Seed(work.rows.seed)
    pairs: list[tuple[Fold, Fold]] = []
    answers: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    longest = 0.0
    for number, fold in enumerate(chosen):
        began = time.monotonic()
        if began + longest >= deadline:
            break
        mixed = _mixed(fold, work.rows.y, seed.derive("contrast", number))
        try:
            answers.append((_predicted(work, fold), _predicted(work, mixed)))
        except FitError:
            return None
        pairs.append((fold, mixed))
        longest = max(longest, time.monotonic() - began)
    return _compared(work, pairs, answers)


def _folds(work: Workspace) -> list[Fold]:
    """Take the last folds, which have seen the most when time orders the rows, and thin them."""
    chosen = work.splits.folds[-FOLDS:]
    most = ROWS // len(chosen)
    return [_thinned(work, fold, most) for fold in chosen]


def _thinned(work: Workspace, fold: Fold, most: int) -> Fold:
    """Leave rows out so that what makes neighbours alike stays: whole groups, or close in time."""
    count = len(fold.train) + len(fold.valid)
    if count <= most:
        return fold
    sizes = [max(len(side) * most // count, 1) for side in (fold.train, fold.valid)]
    order = work.rows.table.schema.names(Role.ORDER)
    rng = np.random.default_rng(Seed(work.rows.seed).derive("contrast", "thin"))
    groups = work.groups
    if order:
        times = read_times(work.rows.table, order[0]).values
        train = fold.train[np.argsort(times[fold.train], kind="stable")][-sizes[0] :]
        valid = fold.valid[np.argsort(times[fold.valid], kind="stable")][: sizes[1]]
    elif groups is not None:
        train, valid = (
            _whole_groups(side, groups, size, rng)
            for side, size in zip((fold.train, fold.valid), sizes, strict=True)
        )
    else:
        train, valid = (
            rng.permutation(fold.train)[: sizes[0]],
            rng.permutation(fold.valid)[: sizes[1]],
        )
    return Fold(np.sort(train), np.sort(valid))


def _whole_groups(side: Index, groups: Index, most: int, rng: np.random.Generator) -> Index:
    """Draw groups until there are so many rows; of a large one a part, so that others have room."""
    side = side[rng.permutation(len(side))]
    codes = np.unique(groups[side], return_inverse=True)[1]
    counts = np.bincount(codes)
    order = np.argsort(codes, kind="stable")
    within = np.empty(len(side), np.int64)  # the number of a row within its group
    within[order] = np.arange(len(side)) - (np.cumsum(counts) - counts)[codes[order]]
    few = within < max(most // GROUPS, 1)
    rank = rng.permutation(len(counts))[codes]
    return side[few][np.argsort(rank[few], kind="stable")][:most]


def _mixed(fold: Fold, y: Target, seed: int) -> Fold:
    """Split the rows of a fold at random, in the same sizes, each class evenly."""
    rows = np.concatenate([fold.train, fold.valid])
    drawn = np.random.default_rng(seed).permutation(len(rows))
    if y.classes:
        drawn = drawn[np.argsort(y.values[rows[drawn]], kind="stable")]
    # As many as were scored, evenly spread over the classes.
    steps = np.arange(len(rows) + 1) * len(fold.valid) // len(rows)
    scored = np.diff(steps) > 0
    return Fold(np.sort(rows[drawn[~scored]]), np.sort(rows[drawn[scored]]))


def _predicted(work: Workspace, fold: Fold) -> NDArray[np.float32]:
    rows = work.rows
    table, y = rows.table.rows(fold.train), rows.y.rows(fold.train)
    seed = Seed(rows.seed).derive("contrast", "fit")
    recipe = default_recipe().fit(table, y, seed=seed)
    weight = None if rows.weight is None else rows.weight[fold.train]
    # Exactly so many rounds on either side: a clock would cut one of them shorter.
    fitted = make_learner("lightgbm", {"learning_rate": 0.1}).fit(
        recipe.transform(table), y, weight=weight, budget=Budget(units=ROUNDS), seed=seed
    )
    return fitted.predict(recipe.transform(rows.table.rows(fold.valid)))


def _compared(
    work: Workspace,
    pairs: list[tuple[Fold, Fold]],
    answers: list[tuple[NDArray[np.float32], NDArray[np.float32]]],
) -> dict[str, Any] | None:
    if not pairs:
        return None
    rows = work.rows
    metric = metric_or_usual(rows.task)
    scores, spread = [], 0.0
    for side in (0, 1):
        index = np.concatenate([pair[side].valid for pair in pairs])
        weight = None if rows.weight is None else rows.weight[index]
        p = np.concatenate([answer[side] for answer in answers])
        scores.append(metric.score(rows.y.rows(index), p, weight))
        groups = index if work.groups is None or side else work.groups[index]
        spread += _variance(metric, rows.y.rows(index), p, weight, groups)
    if not np.isfinite(scores).all():
        return None
    used = np.unique(np.concatenate([np.concatenate([f.train, f.valid]) for f, _ in pairs]))
    structured, random = scores
    error = math.sqrt(spread) if math.isfinite(spread) else None
    return asdict(Contrast(metric.name, random, structured, len(used), error))


def _variance(
    metric: Metric,
    y: Target,
    p: NDArray[np.float32],
    weight: NDArray[np.float64] | None,
    groups: Index,
) -> float:
    """Estimate the variance of a score: blocks of whole groups left out in turn (Tukey 1958)."""
    code = np.unique(groups, return_inverse=True)[1]
    many = min(BLOCKS, int(code.max()) + 1)
    block = np.random.default_rng(0).permutation(int(code.max()) + 1)[code] % many
    left = []
    for number in range(many):
        kept = np.flatnonzero(block != number)
        some = None if weight is None else weight[kept]
        left.append(metric.score(y.rows(kept), p[kept], some) if len(kept) else math.nan)
    return (many - 1) * float(np.var(left)) if many > 1 else math.nan
