"""What would help with a table: more rows, a larger model, or better labels.

What ``modelwright check --curve`` asks. A linear model and boosted trees are fitted on more and
more rows of one plan, which follows groups and order as `fit` does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from modelwright.acquire import read_raw
from modelwright.core.findings import Finding, Severity
from modelwright.core.schema import Role
from modelwright.core.seed import Seed
from modelwright.core.settings import Question, Settings
from modelwright.core.splits import Splits
from modelwright.core.task import Target, Task
from modelwright.diagnosis.learner import LearnerEstimator
from modelwright.diagnosis.learning import LearningCurve, learning_curve
from modelwright.diagnosis.resamples import BiasVariance, bias_variance
from modelwright.plan import pose, reading_for
from modelwright.plan.bar import splits_of
from modelwright.plan.structure import heed

__all__ = ["Diagnosis", "diagnose"]

SMALL, LARGE = "linear", "lightgbm"
# Of a larger table so many rows are drawn: the curve ends there.
MOST_ROWS = 20_000
FOLDS = 3
ROUNDS = 20
# A decomposition looks at so many rows.
MOST_RESAMPLED = 5_000
_CONFIGS: dict[str, dict[str, Any]] = {SMALL: {}, LARGE: {"learning_rate": 0.1}}


@dataclass(frozen=True)
class Diagnosis:
    """What curves on a table say.

    Parameters
    ----------
    curve : LearningCurve
        Of a linear model and of boosted trees.
    parts : BiasVariance
        The error of the better one taken apart.
    rows : int
        How many rows there are.
    used : int
        How many took part.
    """

    curve: LearningCurve
    parts: BiasVariance
    rows: int
    used: int

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Say it in plain words: rows, size of the model, kind of error."""
        drawn = "" if self.used == self.rows else f" ({self.used:,} of {self.rows:,} rows drawn)"
        first = self.curve.verdict
        found = [replace(first, evidence=first.evidence + drawn)]
        for one in self.curve.overtakings:
            larger = one.winner == LARGE
            code, cure = "smaller-model", "let small models take part, or keep one for its speed"
            if larger:
                code, cure = "larger-model", "let larger models take part: fit does by itself"
            found.append(Finding(code, Severity.INFO, (), str(one), cure))
        parts = self.parts.verdict
        name = self.curve.best.name
        found.append(replace(parts, evidence=f"{name}: {parts.evidence}"))
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "curve": self.curve.to_json(),
            "bias_variance": self.parts.to_json(),
            "rows": self.rows,
            "used": self.used,
        }


def diagnose(
    data: object,
    target: str,
    *,
    task: str | None = None,
    settings: Settings | None = None,
    workers: int | None = None,
) -> Diagnosis:
    """Fit a small and a larger learner on more and more rows of a table, and say what would help.

    Parameters
    ----------
    data : path or frame
        What `fit` takes.
    target : str
        The column to predict.
    task : str, optional
        ``"binary"``, ``"multiclass"`` or ``"regression"``; None infers it.
    settings : Settings, optional
        Types that are known better, whether there is a header, and the seed.
    workers : int, optional
        How many fits run side by side; None: one a core.

    Returns
    -------
    Diagnosis

    Raises
    ------
    UserError
        When the data or an option is wrong, or there are too few rows for a curve.

    Examples
    --------
    >>> import modelwright as mw
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(size=300)
    >>> table = {"x": x, "y": np.sin(9 * x) + rng.normal(0, 0.1, 300)}
    >>> mw.diagnose(table, "y", workers=0).curve.best.name
    'lightgbm'
    """
    chosen = settings or Settings()
    question = Question(target, task)
    posed = pose(read_raw(data, reading_for(question, chosen, data)), question, chosen)
    heeded = heed(posed, question, math.inf).posed
    rows, splits = heeded.rows, splits_of(heeded)
    table = rows.table
    names = table.schema.names(Role.FEATURE)
    schema = table.schema.select(names).to_json()
    X = table.frame.select(names)
    labels = _labels(rows.task, rows.y)
    estimators = {
        name: LearnerEstimator(name, config, rows.task.kind.value, schema, chosen.seed)
        for name, config in _CONFIGS.items()
    }
    folds = _folds(splits, Seed(chosen.seed))
    curve = learning_curve(
        estimators, X, labels, metric=heeded.metric, folds=folds, seed=chosen.seed, workers=workers
    )
    train, valid = folds[-1]
    rng = np.random.default_rng(Seed(chosen.seed).derive("resampled"))
    if len(train) > MOST_RESAMPLED:
        train = np.sort(rng.choice(train, MOST_RESAMPLED, replace=False))
    parts = bias_variance(
        estimators[curve.best.name],
        X[train],
        labels[train],
        test=(X[valid], labels[valid]),
        rounds=ROUNDS,
        seed=chosen.seed,
        workers=workers,
    )
    used = len(np.unique(np.concatenate([np.concatenate(pair) for pair in folds])))
    return Diagnosis(curve, parts, len(rows.y), used)


def _labels(task: Task, y: Target) -> np.ndarray[Any, Any]:
    return np.array(task.classes)[y.values] if task.is_classification else y.values


def _folds(splits: Splits, seed: Seed) -> list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Take the last folds of the plan, and of many rows some."""
    folds = []
    for number, fold in enumerate(splits.folds[-FOLDS:]):
        rng = np.random.default_rng(seed.derive("curve", number))
        sides = [fold.train, fold.valid]
        count = sum(len(side) for side in sides)
        if count > MOST_ROWS:
            sides = [
                np.sort(rng.choice(side, max(len(side) * MOST_ROWS // count, 1), replace=False))
                for side in sides
            ]
        folds.append((sides[0], sides[1]))
    return folds
