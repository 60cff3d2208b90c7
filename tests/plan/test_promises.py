"""A likely structure that was not followed stands beside every promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import modelwright as mw
from modelwright.core.result import Standing
from modelwright.core.task import Task, TaskKind
from modelwright.evaluate import METRICS
from modelwright.evaluate.held_out import HeldOut
from modelwright.evaluate.verdict import verdict, verdict_on
from modelwright.plan.findings.expected import expected_score
from modelwright.plan.findings.verdict import line_of, verdict_of
from modelwright.report.opening import opening

AUC = METRICS["roc_auc"]


def test_fresh_rows_are_those_of_the_same_groups() -> None:
    x = np.linspace(0, 1, 120)
    settings = mw.Settings(trials=1, workers=0, models=("linear",))
    model = mw.fit({"x": x, "y": 3 * x + np.sin(40 * x)}, "y", settings=settings).model
    before = verdict_of(model)
    assert before is not None
    assert before.tone == "good"
    model = replace(model, card=replace(model.card, untried="groups"))
    found, judged = expected_score(model), verdict_of(model)
    assert found is not None
    assert judged is not None
    assert "expected on fresh rows of the same groups; 90 %" in str(found)
    assert found.to_json()["of"] == "fresh rows of the same groups"
    assert (judged.tone, judged.word) == ("care", before.word)
    assert judged.sentence.endswith("Whether that holds for new groups was not tried.")
    held = HeldOut.of(model.task, model.evidence, model.decision)
    page = str(opening(model, held, line_of(model), "held-out rows", (), found))
    assert "new groups was not tried" in page


def test_along_time_the_verdict_counts_how_periods_differ() -> None:
    rng = np.random.default_rng(0)
    period = np.repeat(np.arange(4), 200)
    y = rng.integers(0, 2, 800)
    sure = np.array([3.0, 3.0, 0.0, 3.0])[period]  # in one of four periods it knows nothing
    p = 1 / (1 + np.exp(-sure * (2 * y - 1) - rng.normal(size=800)))
    task = Task(TaskKind.BINARY, "left", "roc_auc", classes=("no", "yes"))
    pair = np.column_stack([1 - p, p])
    line = Standing("ensemble", AUC.score(HeldOut(task, y, pair).target, pair), 1, 1, 0.8, 0.9)
    assert verdict_on(HeldOut(task, y, pair), line).tone == "good"
    judged = verdict_on(HeldOut(task, y, pair, period=period), line)
    assert judged.word == "Not shown to help"


def test_worse_than_a_plain_guess_is_called_that() -> None:
    worse = Standing("net", 0.3, 1, 1, 0.2, 0.4)
    assert verdict(AUC, worse, 0.5).word == "Worse than a plain guess"
    unsure = Standing("net", 0.48, 1, 1, 0.4, 0.56)
    assert verdict(AUC, unsure, 0.5).word == "Not shown to help"
