"""What fresh rows will score: near the end of a scale the interval stays as narrow as it can be."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.core.task import Task, TaskKind
from modelwright.evaluate import find_metric
from modelwright.evaluate.expected import expect
from modelwright.evaluate.held_out import HeldOut


def sorted_well(rows: int, seed: int, apart: float) -> HeldOut:
    """Six of a hundred rows are positive, and nearly all of them are found."""
    random = np.random.default_rng(seed)
    y = (random.random(rows) < 0.06).astype(np.int64)
    p = 1 / (1 + np.exp(-(apart * (y - 0.5) + random.normal(size=rows))))
    task = Task(TaskKind.BINARY, "sick", "roc_auc", classes=("no", "yes"))
    return HeldOut(task, y, np.column_stack([1 - p, p]))


@pytest.mark.long
def test_near_the_end_of_a_scale_it_holds_and_is_narrow() -> None:
    metric = find_metric("roc_auc", TaskKind.BINARY)
    inside, widths, truths = 0, [], []
    for seed in range(30):
        held, fresh = (sorted_well(rows, seed + 100 * rows, 3.6) for rows in (900, 300))
        score, truth = (metric.score(part.target, part.p) for part in (held, fresh))
        found = expect(held, score, rows=300)
        assert found is not None
        assert 0 <= found.low <= score <= found.high <= 1
        inside += found.holds(truth)
        widths.append(found.high - found.low)
        truths.append(truth)
    assert inside >= 22
    # the scores of fresh rows themselves lie between these in nine of ten
    spread = np.quantile(truths, 0.95) - np.quantile(truths, 0.05)
    assert np.mean(widths) < 2 * spread


def in_periods(noises: list[float], seed: int, *, told: bool = True) -> HeldOut:
    """Predict numbers in periods that are noisy each in its own way."""
    random = np.random.default_rng(seed)
    y = random.normal(size=100 * len(noises))
    period = np.repeat(np.arange(len(noises)), 100)
    p = y + random.normal(size=len(y)) * np.array(noises)[period]
    task = Task(TaskKind.REGRESSION, "price", "rmse")
    return HeldOut(task, y, p[:, None], period=period if told else None)


def interval(held: HeldOut) -> tuple[float, float]:
    metric = find_metric("rmse", TaskKind.REGRESSION)
    found = expect(held, metric.score(held.target, held.p), rows=100)
    assert found is not None
    return found.low, found.high


@pytest.mark.long
def test_the_next_period_differs_as_the_last_ones_did() -> None:
    random = np.random.default_rng(5)
    inside = blind = 0
    for seed in range(20):
        noises = list(np.exp(random.normal(0, 0.4, 9)))
        fresh = in_periods(noises[8:], seed + 100)
        truth = find_metric("rmse", TaskKind.REGRESSION).score(fresh.target, fresh.p)
        low, high = interval(in_periods(noises[:8], seed))
        inside += low <= truth <= high
        low, high = interval(in_periods(noises[:8], seed, told=False))
        blind += low <= truth <= high
    assert inside >= 16
    assert blind <= 10


def test_periods_that_are_alike_say_little() -> None:
    alike = [interval(in_periods([0.5] * 8, seed)) for seed in range(10)]
    blind = [interval(in_periods([0.5] * 8, seed, told=False)) for seed in range(10)]
    assert np.mean(np.diff(alike)) < 1.5 * np.mean(np.diff(blind))
