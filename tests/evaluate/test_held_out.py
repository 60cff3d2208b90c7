"""Held-out rows as the report sees them."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.core.evidence import Evidence
from modelwright.core.task import Target, Task, TaskKind
from modelwright.evaluate import find_metric
from modelwright.evaluate.held_out import HeldOut


@pytest.mark.parametrize("times", [1, 3])
def test_a_capacity_is_one_of_rows_however_often_each_was_held_out(times: int) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 100)
    p = (0.3 * y + 0.7 * rng.random(100)).astype(np.float32)
    both = np.column_stack([1 - p, p])
    task = Task(TaskKind.BINARY, "left", "precision_at(k=30)", ("no", "yes"))
    evidence = Evidence(y, both, np.zeros(100, np.int16), splits=((80, 20),) * (5 * times))
    held = HeldOut.of(task, evidence)
    assert held is not None
    metric = find_metric("precision_at(k=30)", TaskKind.BINARY)
    assert held.score(held.metrics[0]) == pytest.approx(metric.score(Target(y, 2), both))
