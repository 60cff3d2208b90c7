"""A few real tables, numbers only: every learner beats the prior, and trees beat a line."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from modelwright.core.budget import Budget
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.models import ExtraTreesLearner, LightGBMLearner, LinearLearner
from modelwright.testing import Puzzle


def _load(folder: Path) -> Puzzle:
    about = json.loads((folder / "meta.json").read_text())
    with gzip.open(folder / "train.csv.gz", "rt", newline="") as file:
        rows = list(csv.DictReader(file))[:2500]
    names = [name for name in rows[0] if name != about["target"] and _is_number(rows, name)]
    numbers = np.array([[float(row[name] or "nan") for name in names] for row in rows], np.float32)
    answers = [row[about["target"]] for row in rows]
    X = Matrix.of_numbers(numbers, names)
    if about["task"] == "regression":
        return Puzzle(X, Target(np.array(answers, np.float64)))
    labels, codes = np.unique(answers, return_inverse=True)
    return Puzzle(X, Target(codes.astype(np.int64), len(labels)))


def _is_number(rows: list[dict[str, str]], name: str) -> bool:
    try:
        return any(float(row[name] or "nan") == float(row[name] or "nan") for row in rows)
    except ValueError:
        return False


def _loss(predicted: np.ndarray, y: Target) -> float:
    if not y.classes:
        return float(np.sqrt(np.mean((predicted[:, 0] - y.values) ** 2)) / y.values.std())
    chosen = predicted[np.arange(len(y)), y.values]
    shares = np.bincount(y.values, minlength=y.classes) / len(y)
    entropy = -(shares * np.log(np.maximum(shares, 1e-12))).sum()
    return float(-np.log(np.maximum(chosen, 1e-12)).mean() / entropy)


@pytest.mark.long
@pytest.mark.parametrize("name", ["segment", "phoneme", "ames"])
def test_every_learner_beats_the_prior(name: str, shared_data: Path) -> None:
    puzzle = _load(shared_data / "tabular" / name)
    order = np.random.default_rng(0).permutation(len(puzzle.y))
    cut = len(order) * 2 // 3
    train, test = puzzle.rows(order[:cut]), puzzle.rows(order[cut:])
    found = {}
    for learner in (
        LinearLearner(),
        LightGBMLearner(learning_rate=0.1, max_rounds=80),
        ExtraTreesLearner(trees=60),
    ):
        fitted = learner.fit(train.X, train.y, budget=Budget(), seed=0)
        found[learner.name] = _loss(fitted.predict(test.X), test.y)
    assert max(found.values()) < 0.9
    assert min(found["lightgbm"], found["extra-trees"]) < found["linear"]
