"""Held-out rows as the report sees them."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.core.evidence import Evidence
from modelwright.core.result import Standing
from modelwright.core.task import Target, Task, TaskKind
from modelwright.evaluate import find_metric
from modelwright.evaluate.held_out import HeldOut
from modelwright.evaluate.verdict import verdict, verdict_on


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


def test_of_few_positives_the_verdict_speaks_of_precision() -> None:
    rng = np.random.default_rng(1)
    y = (np.arange(3000) % 150 == 0).astype(np.int64)
    score = 1 / (1 + np.exp(4 - 1.5 * y - rng.normal(size=3000)))
    task = Task(TaskKind.BINARY, "fraud", "roc_auc", ("no", "yes"))
    p = np.column_stack([1 - score, score]).astype(np.float32)
    held = HeldOut.of(task, Evidence(y, p, np.zeros(3000, np.int16)))
    assert held is not None
    area = held.score(held.metrics[0])
    assert area > 0.8
    found = verdict_on(held, Standing("ensemble", area, 1.0, 0.0, area - 0.05, area + 0.05))
    assert found.sentence.startswith(
        "Only 0.7\u00a0% of the rows are yes: the average precision is"
    )
    assert found.word in ("Weak", "Not shown to help")


@pytest.mark.parametrize(
    ("rows", "word"), [(2, "Too few to tell"), (10, "Too few to tell"), (200, "Too good?")]
)
def test_of_few_rows_that_are_all_right_little_is_said(rows: int, word: str) -> None:
    task = Task(TaskKind.BINARY, "class", "accuracy", ("cat", "dog"))
    y = np.arange(rows) % 2
    held = HeldOut.of(task, Evidence(y, np.eye(2, dtype=np.float32)[y], np.zeros(rows, np.int16)))
    assert held is not None
    low, high = held.interval(held.metrics[0])
    ends = (low, high) if np.isfinite(low) else (None, None)
    found = verdict_on(held, Standing("net", 1.0, 1.0, 0.0, *ends), pictured=True)
    assert (found.word, found.tone) == (word, "care")
    assert ("almost perfect" in found.sentence) == (rows == 200)


def test_a_model_of_images_is_judged_in_the_words_of_images() -> None:
    metric = find_metric("accuracy", TaskKind.BINARY)
    for score, low, table, pictured in (
        (0.51, 0.4, "other columns", "more images of each class"),
        (1.0, 0.99, "no column gives", "a mark, a border"),
    ):
        line = Standing("net", score, 1.0, 0.0, low, 1.0)
        assert table in verdict(metric, line, 0.5).sentence
        said = verdict(metric, line, 0.5, pictured=True).sentence
        assert pictured in said
        assert "column" not in said
        assert "rows" not in said
