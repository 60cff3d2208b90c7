"""A score without an error promises no score without an error."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.core.task import Target, Task, TaskKind
from modelwright.evaluate import bootstrap_interval, find_metric
from modelwright.evaluate.expected import expect
from modelwright.evaluate.flawless import draw_shares
from modelwright.evaluate.held_out import HeldOut
from modelwright.evaluate.intervals import per_class_intervals


def all_right(rows: int, positive: int) -> tuple[Target, np.ndarray]:
    y = Target((np.arange(rows) < positive).astype(np.int64), 2)
    p = np.where(y.values[:, None] == np.arange(2), 0.9, 0.1).astype(np.float32)
    return y, p


@pytest.mark.parametrize(
    ("name", "chances"), [("accuracy", 48), ("roc_auc", 8), ("balanced_accuracy", 8)]
)
def test_the_interval_of_no_error_goes_as_far_as_rows_tell(name: str, chances: int) -> None:
    y, p = all_right(48, 8)
    low, high = bootstrap_interval(find_metric(name, TaskKind.BINARY), y, p)
    assert high == 1.0
    assert low == pytest.approx(chances / (chances + 1.96**2), abs=1e-3)  # Wilson at 1


def test_rows_of_a_group_count_once() -> None:
    y, p = all_right(48, 24)
    low, _ = bootstrap_interval(
        find_metric("accuracy", TaskKind.BINARY), y, p, groups=np.arange(48) // 4
    )
    assert low == pytest.approx(12 / (12 + 1.96**2), abs=1e-3)


def test_an_accuracy_of_nothing_has_an_interval_too() -> None:
    y, p = all_right(48, 24)
    low, high = bootstrap_interval(find_metric("accuracy", TaskKind.BINARY), y, p[:, ::-1].copy())
    assert low == pytest.approx(0.0)
    assert high == pytest.approx(1.96**2 / (48 + 1.96**2), abs=1e-3)


def test_fresh_rows_may_hold_an_error() -> None:
    y, p = all_right(48, 24)
    task = Task(TaskKind.BINARY, "sick", "accuracy", classes=("no", "yes"))
    found = expect(HeldOut(task, y.values, p), 1.0, rows=100)
    assert found is not None
    assert (found.low < 0.97, found.high) == (True, 1.0)
    y, p = all_right(4_800, 2_400)
    many = expect(HeldOut(task, y.values, p), 1.0)
    assert many is not None
    assert 0.999 < many.low < 1.0
    assert many.high == 1.0  # the score itself
    none = expect(HeldOut(task, y.values, p[:, ::-1].copy()), 0.0)
    assert none is not None
    assert none.low == 0.0 < none.high < 0.001


def test_a_score_at_the_end_of_another_scale_has_no_interval() -> None:
    y, p = all_right(48, 24)
    assert np.isnan(bootstrap_interval(find_metric("mcc", TaskKind.BINARY), y, p)).all()
    task = Task(TaskKind.BINARY, "sick", "mcc", classes=("no", "yes"))
    assert expect(HeldOut(task, y.values, p), 1.0) is None


def test_f1_without_an_error_has_the_interval_of_its_class() -> None:
    y, _ = all_right(48, 8)
    found = per_class_intervals(y, y.values)
    assert found.f1.tolist() == found.recall.tolist()
    assert found.f1[1, 0] < 0.7 < found.f1[0, 0]


def test_what_is_believed_holds_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    rates = rng.beta(0.5, 0.5, 200_000)
    flawless = rates[rng.binomial(48, rates) == 0]
    fresh = 1 - rng.binomial(100, flawless) / 100
    low = np.quantile(draw_shares(1.0, 48, 100), 0.05)
    assert np.mean(fresh >= low) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(
    ("name", "rows"), [("specificity", 221), ("recall", 19), ("balanced_accuracy", 19)]
)
def test_a_metric_of_one_class_has_the_interval_of_its_rows(name: str, rows: int) -> None:
    y = Target(np.repeat([0, 1], [221, 19]), 2)
    right = np.eye(2, dtype=np.float32)[y.values]
    low, high = bootstrap_interval(find_metric(name, TaskKind.BINARY), y, right)
    assert (low, high) == pytest.approx((rows / (rows + 1.96**2), 1.0), abs=1e-4)


@pytest.mark.filterwarnings("error")
def test_of_a_class_without_rows_nothing_is_known() -> None:
    y, p = Target(np.zeros(60, np.int64), 2), np.tile(np.array([[0.9, 0.1]], np.float32), (60, 1))
    recall = find_metric("recall", TaskKind.BINARY)
    assert np.isnan(bootstrap_interval(recall, y, p, known=0.0)).all()
