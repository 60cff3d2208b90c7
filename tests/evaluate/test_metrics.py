from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from modelwright.core.errors import OptionError
from modelwright.core.task import Target, TaskKind
from modelwright.evaluate import METRICS, default_metric, find_metric

Array = np.ndarray


def _hard(metric: Callable[..., float], **options: object) -> Callable[..., float]:
    return lambda y, p, w: metric(y, p.argmax(axis=1), sample_weight=w, **options)


def _positive(metric: Callable[..., float]) -> Callable[..., float]:
    return lambda y, p, w: metric(y, p[:, 1], sample_weight=w)


def _number(metric: Callable[..., float]) -> Callable[..., float]:
    return lambda y, p, w: metric(y, p[:, 0], sample_weight=w)


BINARY = {
    "roc_auc": _positive(sk.roc_auc_score),
    "log_loss": lambda y, p, w: sk.log_loss(y, p, sample_weight=w),
    "brier": _positive(sk.brier_score_loss),
    "accuracy": _hard(sk.accuracy_score),
    "balanced_accuracy": _hard(sk.balanced_accuracy_score),
    "f1": _hard(sk.f1_score),
    "average_precision": _positive(sk.average_precision_score),
}
MULTICLASS = {
    "roc_auc": lambda y, p, w: sk.roc_auc_score(
        y, p, sample_weight=w, multi_class="ovr", average="macro"
    ),
    "log_loss": lambda y, p, w: sk.log_loss(y, p, sample_weight=w),
    "brier": lambda y, p, w: sk.brier_score_loss(y, p, sample_weight=w),
    "accuracy": _hard(sk.accuracy_score),
    "balanced_accuracy": _hard(sk.balanced_accuracy_score),
    "f1": _hard(sk.f1_score, average="macro"),
}
REGRESSION = {
    "rmse": _number(sk.root_mean_squared_error),
    "mae": _number(sk.mean_absolute_error),
    "r2": _number(sk.r2_score),
    "rmsle": _number(sk.root_mean_squared_log_error),
}


def classes_of(kind: TaskKind) -> int:
    return {TaskKind.BINARY: 2, TaskKind.MULTICLASS: 5, TaskKind.REGRESSION: 0}[kind]


def draw(classes: int, *, ties: bool, rows: int = 400) -> tuple[Target, Array, Array]:
    rng = np.random.default_rng(classes + ties)
    weight = rng.exponential(size=rows) * (rng.random(rows) < 0.9)
    if not classes:
        y = rng.exponential(size=rows)
        return Target(y), np.abs(y + rng.normal(size=rows))[:, None], weight
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, rows - classes)])
    logits = rng.normal(size=(rows, classes)) + np.eye(classes)[y]
    p = np.exp(logits.round(0) if ties else logits)
    return Target(y, classes), p / p.sum(axis=1, keepdims=True), weight


CASES = [
    (kind, name, reference)
    for kind, table in (
        (TaskKind.BINARY, BINARY),
        (TaskKind.MULTICLASS, MULTICLASS),
        (TaskKind.REGRESSION, REGRESSION),
    )
    for name, reference in table.items()
]


def test_every_metric_is_compared() -> None:
    compared = {(kind, name) for kind, name, _ in CASES}
    assert compared == {(kind, m.name) for m in METRICS.values() for kind in m.kinds}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("kind", "name", "reference"), CASES)
def test_agrees_with_scikit_learn(
    kind: TaskKind, name: str, reference: Callable[..., float], ties: bool, weighted: bool
) -> None:
    y, p, weight = draw(classes_of(kind), ties=ties)
    used = weight if weighted else None
    metric = find_metric(name, kind)
    expected = reference(y.values, p, used)
    assert metric.score(y, p, used) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    narrow = p.astype(np.float32)  # which makes ties of its own
    expected = reference(y.values, narrow, used)
    assert metric.score(y, narrow, used) == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_perfect_predictions_lose_nothing(name: str) -> None:
    metric = METRICS[name]
    for kind in metric.kinds:
        y, _, _ = draw(classes_of(kind), ties=False)
        p = np.eye(y.classes)[y.values] if y.classes else y.values[:, None]
        assert metric.loss(y, p) == pytest.approx(0, abs=1e-12)
        worse, _, _ = draw(classes_of(kind), ties=False)
        wrong = 1 - p if y.classes else p + 1
        assert metric.loss(worse, wrong) > 0.05


@pytest.mark.parametrize("name", sorted(METRICS))
def test_weight_counts_rows(name: str) -> None:
    metric = METRICS[name]
    for kind in metric.kinds:
        y, p, _ = draw(classes_of(kind), ties=True)
        times = np.random.default_rng(0).integers(0, 4, len(y))
        repeated = np.repeat(np.arange(len(y)), times)
        expected = metric.score(y.rows(repeated), p[repeated])
        assert metric.score(y, p, times.astype(float)) == pytest.approx(expected, rel=1e-12)


def test_log_loss_clips_and_scales() -> None:
    metric = METRICS["log_loss"]
    y = Target(np.array([0, 1]), 2)
    assert metric.score(y, np.array([[0.0, 1.0], [0.0, 1.0]])) == pytest.approx(-np.log(1e-15) / 2)
    assert metric.score(y, np.array([[2.0, 2.0], [0.3, 0.3]])) == pytest.approx(np.log(2))


@pytest.mark.parametrize("name", sorted(METRICS))
def test_no_value_is_nan_and_no_warning(name: str) -> None:
    metric = METRICS[name]
    for kind in metric.kinds:
        y, p, _ = draw(classes_of(kind), ties=False)
        assert np.isnan(metric.score(y.rows(np.array([], int)), p[:0]))
        assert np.isnan(metric.score(y, np.full_like(p, np.nan)))
        no_weight = metric.score(y, p, np.zeros(len(y)))
        assert np.isnan(no_weight) or (name == "f1" and no_weight == 0)


@pytest.mark.parametrize("code", [0, 1])
def test_one_class_only(code: int) -> None:
    y, p = Target(np.full(4, code), 2), np.tile([0.4, 0.6], (4, 1))
    assert np.isnan(METRICS["roc_auc"].score(y, p))
    assert METRICS["balanced_accuracy"].score(y, p) == code
    assert METRICS["f1"].score(y, p) == code
    precision = METRICS["average_precision"].score(y, p)
    assert precision == 1 if code else np.isnan(precision)
    never = np.tile([0.6, 0.4], (4, 1))
    assert METRICS["f1"].score(y, never) == 0
    assert np.isnan(METRICS["r2"].score(Target(np.ones(4)), np.ones((4, 1))))


def test_multiclass_auc_skips_classes_without_rows() -> None:
    y, p, _ = draw(5, ties=False)
    kept = np.flatnonzero(y.values < 3)
    y, p = y.rows(kept), p[kept]
    each = [sk.roc_auc_score(y.values == k, p[:, k]) for k in range(3)]
    assert METRICS["roc_auc"].score(y, p) == pytest.approx(np.mean(each), rel=1e-12)


def test_rmsle_of_negatives() -> None:
    assert np.isnan(METRICS["rmsle"].score(Target(np.array([-0.5])), np.array([[1.0]])))
    assert METRICS["rmsle"].score(Target(np.array([0.0])), np.array([[-3.0]])) == 0


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=30
    )
)
@settings(max_examples=100, deadline=None)
def test_roc_auc_is_the_share_of_ordered_pairs(rows: list[tuple[int, int, int]]) -> None:
    y, score, weight = (np.array(column) for column in zip(*rows, strict=True))
    p = np.stack([4 - score, score], axis=1) / 4
    pairs = [
        (weight[i] * weight[j], float(score[i] > score[j]) + (score[i] == score[j]) / 2)
        for i in np.flatnonzero(y == 1)
        for j in np.flatnonzero(y == 0)
    ]
    total = sum(size for size, _ in pairs)
    found = METRICS["roc_auc"].score(Target(y, 2), p, weight.astype(float))
    if total:
        assert found == pytest.approx(sum(size * won for size, won in pairs) / total)
    else:
        assert np.isnan(found)


def test_find_metric() -> None:
    assert find_metric(" AUC ", TaskKind.BINARY).name == "roc_auc"
    assert find_metric("neg-log-loss", TaskKind.MULTICLASS).name == "log_loss"
    assert find_metric("acc", TaskKind.BINARY).name == "accuracy"
    with pytest.raises(OptionError, match=r"regression \(rmse, mae, r2, rmsle\)"):
        find_metric("accuracy", TaskKind.REGRESSION)
    with pytest.raises(OptionError, match="did you mean 'log_loss'"):
        find_metric("log_lss", TaskKind.BINARY)
    for kind in TaskKind:
        assert kind in find_metric(default_metric(kind), kind).kinds


@pytest.mark.parametrize("name", ["roc_auc", "log_loss"])
def test_fast_enough_for_an_ensemble(name: str) -> None:
    rng = np.random.default_rng(0)
    y = Target(rng.integers(0, 2, 500_000), 2)
    positive = rng.random(500_000, dtype=np.float32)
    p = np.stack([1 - positive, positive], axis=1)
    start = time.perf_counter()
    METRICS[name].score(y, p)
    assert time.perf_counter() - start < 1  # about 0.05 s on an idle machine
