"""Of nets that are as good up to chance the surer one is taken."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.pictures import CurvePoint
from modelwright.core.task import Target, TaskKind
from modelwright.evaluate import find_metric, fit_temperature
from modelwright.plan.images.choice import best_of, level_told, tuning_told
from modelwright.plan.images.net import NetSpec, Trained
from modelwright.plan.images.run import board_of

Y = Target(np.arange(144) % 3, 3)
ACCURACY = find_metric("accuracy", TaskKind.MULTICLASS)


def net(name: str, wrong: list[int], least: float) -> Trained:
    """Answer these rows wrongly, and be at least so sure of all others."""
    sure = np.linspace(least, 0.99, 144)
    p = np.repeat((1 - sure[:, None]) / 2, 3, axis=1).astype(np.float32)
    p[np.arange(144), Y.values] = sure
    for row in wrong:
        p[row] = [0.3, 0.3, 0.3]
        p[row, (Y.values[row] + 1) % 3] = 0.4
    spec = NetSpec(name, (), 1.0, 16)
    return Trained(spec, None, p, 0.0)  # type: ignore[arg-type]


def test_one_image_does_not_choose() -> None:
    quick, large = net("quick", [5, 9], 0.4), net("large", [5, 9, 11], 0.95)
    assert ACCURACY.loss(Y, quick.valid) < ACCURACY.loss(Y, large.valid)
    assert best_of([quick, large], ACCURACY, Y) is large
    assert best_of([large, quick], ACCURACY, Y) is large
    (told,) = level_told([quick, large], large, ACCURACY, Y)
    assert "do not tell quick and large apart: large is taken, whose log loss is lower" in told


def test_many_images_do() -> None:
    quick, large = net("quick", [5], 0.4), net("large", [*range(20, 40)], 0.95)
    assert best_of([quick, large], ACCURACY, Y) is quick
    assert not level_told([quick, large], quick, ACCURACY, Y)


def test_of_equals_the_last() -> None:
    one, other = net("one", [5], 0.9), net("other", [5], 0.9)
    assert best_of([one, other], ACCURACY, Y) is other


def test_a_metric_of_probabilities_decides_alone() -> None:
    quick, large = net("quick", [5, 9], 0.4), net("large", [5, 9, 11], 0.95)
    metric = find_metric("log_loss", TaskKind.MULTICLASS)
    assert best_of([quick, large], metric, Y) is large


def test_the_leaderboard_scores_a_net_as_the_model_is_scored() -> None:
    metric = find_metric("log_loss", TaskKind.MULTICLASS)
    unsure = net("unsure", [], 0.4)
    line = board_of([unsure], unsure, metric, Y).standings[0]
    model = fit_temperature(unsure.valid, Y).apply(unsure.valid)
    assert line.score == metric.score(Y, model) < metric.score(Y, unsure.valid)


def test_tuning_is_praised_only_where_it_was_and_helped() -> None:
    features, tuned = net("features", [*range(30)], 0.6), net("fine-tuned", [1], 0.6)
    assert "no time for tuning" in tuning_told([features, tuned], tuned, ACCURACY, Y)
    for epochs, wrong, said in (
        (0.02, [1], "there was no time for tuning"),
        (0.6, [1], "held-out images say: fine-tuned is the better one."),
        (5.0, [*range(30)], "by accuracy held-out images do not tell features and fine-tuned"),
    ):
        tuned = net("fine-tuned", wrong, 0.6)
        tuned.curve.append(CurvePoint(epochs, 1.0, 1.0, 0.5, 1.0))
        assert tuning_told([features, tuned], tuned, ACCURACY, Y).startswith(said)
