"""Tables in pieces: the same model as of a table that is whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelwright.core.budget import Budget
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.models import pieces
from modelwright.models.boosting import FittedLightGBM, LightGBMLearner
from modelwright.models.columns import Ranks
from modelwright.plan.whole_file.spill import Spill

ROWS = 3_000


def rows(seed: int = 0) -> Matrix:
    """Make numbers with gaps, zeros that come often, and codes with missing and unseen levels."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(ROWS, 4)).astype(np.float32)
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    numbers[:, 3] = np.where(rng.random(ROWS) < 0.9, 0, numbers[:, 3])
    codes = rng.integers(-2, 6, size=(ROWS, 2)).astype(np.int32)
    return Matrix(numbers, codes, ("a", "b", "c", "d"), ("e", "f"), (6, 6))


def fitted(X: Matrix) -> str:
    code = X.codes[:, 0]
    values = np.nan_to_num(X.numbers[:, 0]) + code + np.random.default_rng(1).normal(size=ROWS)
    y, valid = Target((values > 2).astype(np.int64), classes=2), rows(seed=2)
    valid_y = Target((valid.codes[:, 0] > 2).astype(np.int64), classes=2)
    learner = LightGBMLearner(learning_rate=0.1, max_rounds=60)
    found = learner.fit(X, y, valid=valid, valid_y=valid_y, budget=Budget(), seed=0)
    assert isinstance(found, FittedLightGBM)
    return found.text


@pytest.mark.parametrize("together", [100, 1_024, 10**6])
def test_a_table_in_pieces_gives_the_same_model(
    together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fitted(rows())
    monkeypatch.setattr(pieces, "_CELLS", 0)
    monkeypatch.setattr(pieces, "ROWS", together)
    assert fitted(rows()) == whole


def test_rows_on_disk_give_the_same_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    X = rows()
    whole = fitted(X)
    monkeypatch.setattr(pieces, "_CELLS", 0)
    spill = Spill(tmp_path / "rows", X, classes=2)
    for start in range(0, ROWS, 700):
        part = X.rows(slice(start, start + 700))
        spill.add(part, np.zeros(part.shape[0], np.int64), None)
    assert fitted(spill.matrix()) == whole


def test_single_rows_are_those_of_the_whole_table() -> None:
    X = rows()
    ranks = Ranks.fit(X)
    table, some = ranks.table(X), pieces.Pieces(ranks, X, rows=512)
    assert len(some) == ROWS
    for i in (0, 511, 512, 513, ROWS - 1):
        np.testing.assert_array_equal(some[i], table[i].astype(np.float64))
    np.testing.assert_array_equal(some[500:700], table[500:700])
