"""The gain of one model over another, and its interval."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modelwright.core.task import Target, TaskKind
from modelwright.evaluate import find_metric
from modelwright.evaluate.against import gain_of

MAE = find_metric("mae", TaskKind.REGRESSION)
ACCURACY = find_metric("accuracy", TaskKind.BINARY)


def test_the_truth_lies_inside_about_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(50):
        y = Target(rng.normal(size=300))
        close, far = np.zeros((300, 1), np.float32), np.full((300, 1), 0.5, np.float32)
        _, low, high = gain_of(MAE, y, close, far, seed=seed)
        # Mean absolute values of normal numbers around 0 and around 0.5.
        hits += low <= 0.8956 - 0.7979 <= high
    assert 43 <= hits <= 50


def test_what_is_hard_for_both_cancels() -> None:
    rng = np.random.default_rng(1)
    y = Target(100 * rng.normal(size=1000))
    p = (y.values + 50 * rng.normal(size=1000)).astype(np.float32)[:, None]
    # The same predictions, each a tenth of a unit further from the truth.
    away = np.sign(p[:, 0] - y.values).astype(np.float32)[:, None]
    gain, low, high = gain_of(MAE, y, p, p + np.float32(0.1) * away)
    assert gain == pytest.approx(0.1, rel=0.01)
    assert 0.09 < low <= high < 0.11  # each score alone is off by several units


def test_better_is_above_zero_for_scores_and_for_losses() -> None:
    y = Target(np.array([0, 1] * 50), classes=2)
    right = np.eye(2, dtype=np.float32)[y.values]
    gain, low, _ = gain_of(ACCURACY, y, right, np.full((100, 2), 0.5, np.float32))
    assert gain == 0.5
    assert low > 0
    assert gain_of(ACCURACY, y, np.full((100, 2), 0.5, np.float32), right)[0] == -0.5


def test_rows_of_a_group_are_no_new_evidence() -> None:
    rng = np.random.default_rng(2)
    own, groups = np.repeat(rng.normal(size=60), 20), np.repeat(np.arange(60), 20)
    y = Target(own)
    p, other = np.full((1200, 1), 0.2, np.float32), np.zeros((1200, 1), np.float32)
    alone = gain_of(MAE, y, p, other)
    together = gain_of(MAE, y, p, other, groups=groups)
    assert together[2] - together[1] > 3 * (alone[2] - alone[1])
    assert math.isnan(gain_of(MAE, y, p, other, groups=groups // 20)[1])  # three groups


def test_many_rows_give_the_interval_of_all_of_them() -> None:
    rng = np.random.default_rng(3)
    y = Target(rng.normal(size=80_000))
    p, other = np.full((80_000, 1), 0.2, np.float32), np.zeros((80_000, 1), np.float32)
    difference = np.abs(y.values) - np.abs(y.values - 0.2)
    _, low, high = gain_of(MAE, y, p, other)
    assert high - low == pytest.approx(2 * 1.96 * difference.std() / math.sqrt(80_000), rel=0.25)


def test_without_time_or_a_score_there_is_no_interval() -> None:
    y, p = Target(np.arange(20.0)), np.zeros((20, 1), np.float32)
    gain, low, high = gain_of(MAE, y, p, p + 1, seconds=0)
    assert gain == pytest.approx(-0.9)
    assert math.isnan(low)
    assert math.isnan(high)
    assert math.isnan(gain_of(MAE, y, p, np.full((20, 1), np.nan, np.float32))[0])
