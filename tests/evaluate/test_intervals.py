"""Intervals hold the truth as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modelwright.core.task import Target, TaskKind
from modelwright.evaluate import bootstrap_interval, find_metric

RMSE = find_metric("rmse", TaskKind.REGRESSION)
AUC = find_metric("roc_auc", TaskKind.BINARY)


@pytest.mark.long
def test_the_truth_lies_inside_about_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(100):
        y = Target(rng.normal(size=300))
        low, high = bootstrap_interval(RMSE, y, np.zeros((300, 1), np.float32), seed=seed)
        hits += low <= 1.0 <= high
    assert 88 <= hits <= 100


def test_more_rows_than_are_drawn_give_the_narrower_interval_of_all_rows() -> None:
    rng = np.random.default_rng(1)
    y = Target(rng.normal(size=50_000))
    p = np.zeros((50_000, 1), np.float32)
    low, high = bootstrap_interval(RMSE, y, p)
    # The standard error of the root mean square of n normal values is 1 / sqrt(2 n).
    assert high - low == pytest.approx(2 * 1.96 / math.sqrt(2 * 50_000), rel=0.2)
    assert low < RMSE.score(y, p) < high


def test_rows_of_a_group_are_no_new_evidence() -> None:
    rng = np.random.default_rng(2)
    own = rng.normal(size=60)
    y, groups = Target(np.repeat(own, 20)), np.repeat(np.arange(60), 20)
    p = np.zeros((1200, 1), np.float32)
    alone = bootstrap_interval(RMSE, y, p)
    together = bootstrap_interval(RMSE, y, p, groups=groups)
    assert together[1] - together[0] > 3 * (alone[1] - alone[0])


def test_a_score_that_has_no_value_has_no_interval() -> None:
    y = Target(np.zeros(10, np.int32), classes=2)
    p = np.full((10, 2), 0.5, np.float32)
    assert all(math.isnan(edge) for edge in bootstrap_interval(AUC, y, p))


def test_weights_count() -> None:
    rng = np.random.default_rng(3)
    y = Target(np.concatenate([rng.normal(size=100), np.full(100, 50.0)]))
    weight = np.concatenate([np.ones(100), np.zeros(100)])
    low, high = bootstrap_interval(RMSE, y, np.zeros((200, 1), np.float32), weight=weight)
    assert 0.7 < low < high < 1.4


def test_one_large_group_is_no_certainty() -> None:
    rng = np.random.default_rng(4)
    y = Target(rng.normal(size=30_000))
    p = np.zeros((30_000, 1), np.float32)
    few = bootstrap_interval(RMSE, y, p, groups=np.repeat(np.arange(3), 10_000))
    assert all(math.isnan(edge) for edge in few)
    low, high = bootstrap_interval(RMSE, y, p, groups=np.repeat(np.arange(10), 3_000))
    assert 0.97 < low < 1 < high < 1.03


def test_a_probability_of_ranking_stays_below_one() -> None:
    rng = np.random.default_rng(5)
    y = Target(rng.integers(0, 2, 2_600).astype(np.int32), classes=2)
    right = np.where(y.values == 1, 0.9, 0.1) + 0.05 * rng.normal(size=2_600)
    right[:2] = 0.5
    p = np.column_stack([1 - right, right]).astype(np.float32)
    low, high = bootstrap_interval(AUC, y, p)
    assert low <= high <= 1.0


def test_no_time_no_interval() -> None:
    y = Target(np.random.default_rng(6).normal(size=100))
    p = np.zeros((100, 1), np.float32)
    assert all(math.isnan(edge) for edge in bootstrap_interval(RMSE, y, p, seconds=0.0))
