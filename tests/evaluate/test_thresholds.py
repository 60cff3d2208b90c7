"""Thresholds: the best one is found, and the score of tuned decisions is honest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import OptionError
from modelwright.core.task import Target, TaskKind
from modelwright.evaluate import Metric, find_metric
from modelwright.evaluate.amount import Amount
from modelwright.evaluate.decisions import (
    Best,
    Decision,
    LeastCost,
    MostProbable,
    Threshold,
    restore_decision,
)
from modelwright.evaluate.thresholds import (
    best_threshold,
    threshold_curve,
    tunable,
    tune_threshold,
)

NAMES = ["accuracy", "f1", "mcc", "balanced_accuracy", "profit(tp=7, fp=-2)", "cost(fp=1, fn=5)"]


def binary(name: str) -> Metric:
    return find_metric(name, TaskKind.BINARY)


def two(positive: np.ndarray) -> np.ndarray:
    return np.stack([1 - positive, positive], axis=1).astype(np.float32)


ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 8), st.integers(0, 3)), min_size=2, max_size=25
)


@given(ROWS, st.sampled_from(NAMES))
def test_no_threshold_is_better_than_the_best(rows: list[tuple[int, int, int]], name: str) -> None:
    y, p, weight = (np.array(column) for column in zip(*rows, strict=True))
    metric, target, said = binary(name), Target(y, 2), two(p / 8)
    own = weight.astype(float)
    found = best_threshold(metric, target, said, own)
    tried = [
        metric.decided_by(Threshold(cut)).score(target, said, own) for cut in np.linspace(0, 1, 33)
    ]
    known = [score for score in tried if np.isfinite(score)]
    if not known:
        assert np.isnan(found.score)
        return
    again = metric.decided_by(found.decision).score(target, said, own)
    assert again == pytest.approx(found.score)
    best = max(known) if metric.greater_is_better else min(known)
    # 33 cuts lie on and between all 9 probabilities; 1 itself cannot be passed
    assert found.score == pytest.approx(best)


def test_the_rule_of_the_metric_stays_where_it_is_as_good() -> None:
    y = Target(np.array([0, 0, 1, 1]), 2)
    p = two(np.array([0.1, 0.45, 0.55, 0.9]))
    assert best_threshold(binary("f1"), y, p).decision == MostProbable()
    profit = binary("profit(tp=1, fp=-1)")
    assert best_threshold(profit, y, p).decision == profit.decision == Threshold(0.5)


def test_the_curve_is_the_score_of_each_threshold() -> None:
    rng = np.random.default_rng(0)
    y = Target((rng.random(200) < 0.3).astype(int), 2)
    p = two(np.round(rng.random(200), 2))
    metric = binary("f1")
    thresholds, scores = threshold_curve(metric, y, p)
    assert np.isinf(thresholds[0])
    for cut, score in zip(thresholds[1:], scores[1:], strict=True):
        assert metric.decided_by(Threshold(cut)).score(y, p) == pytest.approx(score)


def noisy(seed: int, rows: int = 400) -> tuple[Target, np.ndarray]:
    """Draw rare positives and probabilities that tell nothing of them."""
    rng = np.random.default_rng(seed)
    return Target((rng.random(rows) < 0.2).astype(int), 2), two(rng.random(rows))


def test_tuned_decisions_of_noise_look_no_better_than_they_are() -> None:
    metric = binary("mcc")
    crossed, naive = [], []
    for seed in range(40):
        y, p = noisy(seed)
        fold = np.arange(len(y)) % 5
        found = tune_threshold(metric, y, p, fold)
        certain = metric.decided_by(MostProbable())
        crossed.append(certain.score(y, found.certain))
        naive.append(best_threshold(metric, y, p).score)
    assert np.mean(naive) > 0.08  # what the rows that chose would say of themselves
    assert abs(np.mean(crossed)) < 0.02


def test_a_real_gain_is_taken() -> None:
    rng = np.random.default_rng(1)
    y = (rng.random(2000) < 0.1).astype(int)
    p = two(1 / (1 + np.exp(3 - 1.5 * y - 0.7 * rng.normal(size=2000))))
    metric, target = binary("f1"), Target(y, 2)
    found = tune_threshold(metric, target, p, np.arange(2000) % 5)
    before = metric.score(target, p)
    after = metric.decided_by(MostProbable()).score(target, found.certain)
    assert after > before + 0.1
    assert isinstance(found.decision, Threshold)
    assert found.decision.value < 0.3
    # on new rows it is about as good as it says
    y_new = (rng.random(20_000) < 0.1).astype(int)
    p_new = two(1 / (1 + np.exp(3 - 1.5 * y_new - 0.7 * rng.normal(size=20_000))))
    new = metric.decided_by(found.decision).score(Target(y_new, 2), p_new)
    assert new == pytest.approx(after, abs=0.06)


def test_rows_of_a_fold_have_no_say_in_their_own_decision() -> None:
    y, p = noisy(3)
    fold = np.arange(len(y)) % 5
    metric = binary("profit(tp=5, fp=-1)")
    turned = y.values.copy()
    turned[fold == 2] = 1 - turned[fold == 2]
    one = tune_threshold(metric, y, p, fold)
    other = tune_threshold(metric, Target(turned, 2), p, fold)
    others = best_threshold(metric, y.rows(np.flatnonzero(fold != 2)), p[fold != 2]).decision
    for found in (one, other):
        mine = found.answers[fold == 2]
        own = metric.decision
        assert own is not None
        allowed = (others.answers(p[fold == 2]), own.answers(p[fold == 2]))
        assert any((mine == answers).all() for answers in allowed)
    assert (one.answers[fold == 2] == other.answers[fold == 2]).all()


def test_what_can_be_tuned() -> None:
    assert [tunable(binary(name), 2) for name in NAMES] == [True] * len(NAMES)
    for name in ("roc_auc", "log_loss", "profit(tp=1, fp=-1, capacity=5)", "recall_at(k=5)"):
        assert not tunable(binary(name), 2)
    assert not tunable(binary("cost(matrix=0 1; 5 0)"), 2)
    assert not tunable(find_metric("f1", TaskKind.MULTICLASS), 3)


DECISIONS: list[Decision] = [
    MostProbable(),
    Threshold(0.25),
    Best(Amount(0.1, True)),
    Best(Amount(7)),
    LeastCost(((0.0, 1.0), (5.0, 0.0))),
]


@pytest.mark.parametrize("decision", DECISIONS, ids=str)
def test_decisions_are_restored_and_count_what_they_answer(decision: Decision) -> None:
    assert restore_decision(decision.to_json(), 2) == decision
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 100), two(rng.permutation(100) / 100)
    answers = decision.answers(p)
    table = decision.table(y, p, None)
    wanted = np.zeros((2, 2))
    np.add.at(wanted, (y, answers), 1)
    np.testing.assert_allclose(table, wanted)
    assert decision.table(y, p, np.full(100, 2.0)).sum() == 200


def test_old_files_answer_with_the_most_probable_class() -> None:
    assert restore_decision(None, 3) == MostProbable()
    half = np.array([[0.5, 0.5]])
    assert MostProbable().answers(half).tolist() == [0]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"rule": "magic"},
        {"rule": "threshold"},
        {"rule": "threshold", "value": 2},
        {"rule": "threshold", "value": "x"},
        {"rule": "best", "capacity": "all"},
        {"rule": "least cost", "costs": [[0, 1]]},
        {"rule": "least cost", "costs": [[0, float("nan")], [1, 0]]},
    ],
)
def test_an_unsound_rule_is_refused(data: dict[str, object]) -> None:
    with pytest.raises((LookupError, ValueError, TypeError, OptionError)):
        restore_decision(data, 2)
    with pytest.raises(ValueError, match="two classes"):
        restore_decision({"rule": "threshold", "value": 0.5}, 3)


def test_a_share_of_rows_that_rounding_would_lose() -> None:
    p = two(np.linspace(0, 1, 10))
    assert Best(Amount.read("30%")).answers(p).sum() == 3
    assert Best(Amount(20)).answers(p).sum() == 10
    for text in ("0", "-1", "101%", "many", "inf", "nan", ""):
        with pytest.raises(OptionError, match=r"write 500, or 10%"):
            Amount.read(text)
