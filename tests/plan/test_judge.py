"""What predictions are worth, decisions included."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.core.splits import Fold, Splits
from modelwright.core.task import Target, TaskKind
from modelwright.evaluate import find_metric
from modelwright.evaluate.decisions import Best, Threshold
from modelwright.plan.judge import Judge, judging_folds

RNG = np.random.default_rng(0)
ROWS = 1000
Y = Target((RNG.random(ROWS) < 0.1).astype(int), 2)
POSITIVE = 1 / (1 + np.exp(3.2 - 1.5 * Y.values - RNG.normal(size=ROWS)))
P = np.stack([1 - POSITIVE, POSITIVE], axis=1).astype(np.float32)
FOLD = np.arange(ROWS) % 5


def judge(name: str, *, weight: np.ndarray | None = None) -> Judge:
    return Judge(find_metric(name, TaskKind.BINARY), Y, weight, FOLD)


def test_a_metric_of_probabilities_is_judged_as_it_is() -> None:
    metric = find_metric("roc_auc", TaskKind.BINARY)
    found = judge("roc_auc")
    assert found.score(P) == metric.score(Y, P)
    assert found.loss_on(slice(None))(P) == metric.loss(Y, P)


def test_a_tuned_score_lies_below_its_own_best_and_inside_its_interval() -> None:
    found = judge("f1")
    verdict = found.verdict(P)
    assert isinstance(verdict.decision, Threshold)
    own = 1 - found.loss_on(slice(None))(P)
    assert find_metric("f1", TaskKind.BINARY).score(Y, P) < verdict.score < own
    low, high = found.interval(P, known=verdict.score, seconds=60)
    assert low < verdict.score < high


def test_a_loss_without_a_best_score_is_the_negative_score() -> None:
    found = judge("profit(tp=10, fp=-1)")
    rows = np.arange(0, ROWS, 2)
    best = max(
        find_metric("profit(tp=10, fp=-1)", TaskKind.BINARY)
        .decided_by(Threshold(float(cut)))
        .score(Y.rows(rows), P[rows])
        for cut in P[rows, 1]
    )
    assert found.loss_on(rows)(P[rows]) == pytest.approx(-best)
    assert np.isnan(found.loss_on(rows)(np.full_like(P[rows], np.nan)))


def test_a_capacity_is_the_same_share_of_a_part() -> None:
    found = judge("precision_at(k=100)")
    whole = judge("profit(tp=1, fp=-1, capacity=100)")
    assert whole.verdict(P).decision == Best(whole.verdict(P).decision.capacity)  # type: ignore[attr-defined]
    rows = np.arange(0, ROWS, 2)
    order = np.argsort(-P[rows, 1])[:50]
    assert 1 - found.loss_on(rows)(P[rows]) == pytest.approx(Y.values[rows][order].mean())
    hits = int(Y.values[rows][order].sum())
    assert -whole.loss_on(rows)(P[rows]) == pytest.approx((hits - (50 - hits)) / 500)


def test_folds_to_tune_on() -> None:
    folds = tuple(Fold(np.flatnonzero(k != FOLD), np.flatnonzero(k == FOLD)) for k in range(5))
    assert (judging_folds(Splits(folds, ROWS, "k-fold", ""), None) == FOLD).all()
    held = Splits((Fold(np.arange(500), np.arange(500, ROWS)),), ROWS, "hold-out", "")
    groups = np.repeat(np.arange(50), 10)
    parts = judging_folds(held, groups)
    assert len(np.unique(parts)) == 5
    assert all(len(np.unique(parts[groups == g])) == 1 for g in range(50))


def test_weights_move_the_threshold() -> None:
    heavy = np.where(Y.values == 1, 20.0, 1.0)
    plain, weighted = judge("accuracy").verdict(P), judge("accuracy", weight=heavy).verdict(P)
    assert weighted.score > 0.5
    assert isinstance(weighted.decision, Threshold)
    assert weighted.decision.value < 0.3
    assert weighted.decision != plain.decision
