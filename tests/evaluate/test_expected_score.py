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
