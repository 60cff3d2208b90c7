"""Plots as functions: what they draw, say and refuse."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from modelwright.core.errors import DataError
from modelwright.core.evidence import Attribution, Dependence, Importance, Profile
from modelwright.core.result import Leaderboard, Standing
from modelwright.evaluate import METRICS
from modelwright.evaluate.verdict import verdict
from modelwright.report import (
    Figure,
    attribution_figure,
    calibration_figure,
    confusion_figure,
    dependence_figure,
    importance_figure,
    leaderboard_figure,
    precision_recall_figure,
    predicted_actual_figure,
    residuals_figure,
    roc_figure,
    scores_figure,
)
from modelwright.report.numbers import error_by_prediction_figure
from modelwright.report.validation import folds_figure

RNG = np.random.default_rng(5)
Y = RNG.integers(0, 2, 300)
P = np.clip(0.3 * Y + 0.7 * RNG.random(300), 0, 1)
NUMBERS = RNG.normal(size=300)

FIGURES: dict[str, Callable[[], Figure]] = {
    "roc": lambda: roc_figure(Y, P),
    "recall": lambda: precision_recall_figure(Y, P),
    "calibration": lambda: calibration_figure(Y, P),
    "scores": lambda: scores_figure(Y, P, ["no", "yes"]),
    "confusion": lambda: confusion_figure(Y, P, ["no", "yes"]),
    "predicted": lambda: predicted_actual_figure(NUMBERS, NUMBERS + 0.1),
    "residuals": lambda: residuals_figure(NUMBERS, NUMBERS * 0.8),
    "importance": lambda: importance_figure([Importance("a", 0.2, 0.1, 0.3)]),
    "dependence": lambda: dependence_figure(Dependence("a", ("x", "y"), ((1.0,), (2.0,)))),
    "attribution": lambda: attribution_figure(
        Attribution("3", "yes", 0.5, 0.6, "no", ("a",), ("1",), (0.1,))
    ),
    "leaderboard": lambda: leaderboard_figure(
        Leaderboard("rmse", (Standing("linear", 2.0, 1.0, 0.1),))
    ),
}


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_a_figure_stands_alone(make: Callable[[], Figure]) -> None:
    figure = make()
    root = ET.fromstring(figure.svg())
    assert root.get("viewBox") == f"0 0 {figure.width} {figure.height}"
    assert figure.title
    assert figure.description.endswith(".")
    assert figure.data.rows
    width = len(figure.data.head)
    assert all(len(row) == width for row in figure.data.rows)
    assert "nan" not in figure.drawing


def spots(figure: Figure, tag: str, name: str) -> list[ET.Element]:
    """Find marks of one sort."""
    marks = ET.fromstring(figure.svg()).iter(f"{{http://www.w3.org/2000/svg}}{tag}")
    return [mark for mark in marks if name in mark.get("class", "")]


def test_a_perfect_ranking_reaches_the_corner() -> None:
    figure = roc_figure([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    (line,) = spots(figure, "path", "line a")
    points = [tuple(map(float, pair.split())) for pair in re.split("[ML]", line.get("d", ""))[1:]]
    left, top = min(x for x, _ in points), min(y for _, y in points)
    assert (left, top) in points


def test_whiskers_bars_and_dots_stand_where_their_values_are() -> None:
    board = Leaderboard(
        "rmse", (Standing("a", 1.0, 1.0, 0.1, 0.5, 1.5), Standing("b", 3.0, 0.0, 0.1, 2.5, 3.5))
    )
    figure = leaderboard_figure(board, guess=4.0)
    first, second = (float(dot.get("cx", 0)) for dot in spots(figure, "circle", "dot"))
    whiskers = spots(figure, "line", "whisker")
    ends = [(float(w.get("x1", 0)), float(w.get("x2", 0))) for w in whiskers]
    assert ends[0][0] < first < ends[0][1] < ends[1][0] < second < ends[1][1]
    assert (ends[0][0] + ends[0][1]) / 2 == pytest.approx(first, abs=0.1)
    (base,) = spots(figure, "line", "reference")
    assert float(base.get("x1", 0)) > ends[1][1]


def test_shares_lead_from_the_base_to_the_prediction() -> None:
    shares = tuple(float(s) for s in RNG.normal(size=30))
    names = tuple(f"column {i}" for i in range(30))
    one = Attribution("typical", "", 10.0, 10 + sum(shares), "9", names, names, shares)
    figure = attribution_figure(one)
    assert "21 other columns" in figure.drawing
    assert len(spots(figure, "rect", "bar")) == 10
    assert len(figure.data.rows) == 30


def test_many_points_are_counted_in_cells() -> None:
    y = RNG.normal(size=20_000)
    figure = predicted_actual_figure(y, y + RNG.normal(size=20_000))
    assert len(figure.drawing) < 60_000
    assert "20,000 rows" in figure.description


def test_weights_count_in_groups_of_predictions() -> None:
    p = np.linspace(1, 2, 100)
    y, weight = p - np.where(np.arange(100) % 2, 1.0, 0.0), np.where(np.arange(100) % 2, 3.0, 1.0)
    for make, column in ((residuals_figure, 1), (predicted_actual_figure, None)):
        rows = make(y, p, weight).data.rows
        assert len(rows) == 10
        assert sum(int(str(row[-1])) for row in rows) == 100
        means = [
            float(str(row[column])) if column else float(str(row[0])) - float(str(row[1]))
            for row in rows
        ]
        assert float(np.mean(means)) == pytest.approx(0.75, abs=0.02)
    boxes = error_by_prediction_figure(y, p, weight).data.rows
    assert [row[2] for row in boxes] == ["1"] * 10
    twice = np.where(np.arange(100) < 50, 2.0, 0.0)
    halves = error_by_prediction_figure(y, p, twice).data.rows
    assert sum(int(str(row[-1])) for row in halves) == 50


def test_heavy_tails_get_a_log_scale() -> None:
    y = np.exp(RNG.normal(0, 3, 2000))
    assert "logarithmic" in predicted_actual_figure(y, y * 1.1).description
    assert "logarithmic" not in predicted_actual_figure(-y, -y).description


def test_dates_are_written_as_dates() -> None:
    moments = tuple(float(s) for s in np.linspace(0, 10 * 365 * 86_400, 12))
    profile = Profile("when", "datetime", "feature", edges=moments, counts=(1,) * 11)
    curve = Dependence("when", moments, tuple((float(i),) for i in range(12)))
    figure = dependence_figure(curve, profile)
    assert "1970" in figure.drawing
    assert figure.description == "Lowest 0 at 1970, highest 11 at 1979."


def test_the_classes_that_change_most_are_drawn() -> None:
    means = ((0.1, 0.2, 0.3, 0.2, 0.2), (0.1, 0.5, 0.1, 0.2, 0.1))
    figure = dependence_figure(Dependence("a", (0.0, 1.0), means), None, ("v", "w", "x", "y", "z"))
    assert figure.data.head == ("a", "w", "x", "z")
    assert figure.description.startswith("w: ")


def test_booleans_are_written_as_words() -> None:
    profile = Profile("open", "boolean", "feature")
    figure = dependence_figure(Dependence("open", (0.0, 1.0), ((1.0,), (2.0,))), profile)
    assert [row[0] for row in figure.data.rows] == ["false", "true"]


def test_folds_in_time_grow() -> None:
    assert "come after" in folds_figure([(100, 50), (150, 50), (200, 50)]).description
    assert "held out once" in folds_figure([(100, 50)] * 3).description
    assert "held out once" in folds_figure([(101, 50), (100, 51), (101, 50)]).description


@pytest.mark.parametrize(
    ("make", "y", "p"),
    [
        (roc_figure, [0, 1], [0.5]),
        (confusion_figure, [0, 3], [[0.5, 0.5], [0.5, 0.5]]),
        (predicted_actual_figure, [1.0, 2.0], [1.0]),
        (residuals_figure, [1.0, float("nan")], [1.0, 2.0]),
    ],
)
def test_what_does_not_fit_is_refused(make: Any, y: Any, p: Any) -> None:
    with pytest.raises(DataError):
        make(y, p)


@pytest.mark.parametrize(
    ("metric", "line", "guess", "word"),
    [
        ("roc_auc", (0.9, 0.88, 0.92), 0.5, "Far better than a plain guess"),
        ("roc_auc", (0.73, 0.7, 0.76), 0.5, "Better than a plain guess"),
        ("roc_auc", (0.65, 0.6, 0.7), 0.5, "Better than a plain guess"),
        ("roc_auc", (0.54, 0.52, 0.56), 0.5, "Weak"),
        ("roc_auc", (0.6, 0.45, 0.7), 0.5, "Not shown to help"),
        ("roc_auc", (1.0, 1.0, 1.0), 0.5, "Too good?"),
        ("rmse", (2.0, 1.8, 2.2), 4.0, "Better than a plain guess"),
        ("rmse", (4.2, None, None), 4.0, "Not shown to help"),
        ("rmse", (float("nan"), None, None), 4.0, "No score"),
    ],
)
def test_the_verdict_follows_the_interval(
    metric: str, line: tuple[float, float | None, float | None], guess: float, word: str
) -> None:
    score, low, high = line
    assert verdict(METRICS[metric], Standing("x", score, 1, 1, low, high), guess).word == word


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        ([(80, 20)] * 5, "5 folds; every row is held out once."),
        ([(80, 20)] * 10, "10 folds; every row is held out 2 times."),
        ([(20, 20), (40, 20), (60, 20)], "come after those it is fitted on"),
        ([(60, 10), (50, 20), (70, 5)], "3 folds of rows fitted on and rows held out."),
        ([(90, 4)] * 3, "3 folds of rows fitted on and rows held out."),
    ],
)
def test_folds_are_told_as_they_are(splits: list[tuple[int, int]], words: str) -> None:
    assert words in folds_figure(splits).description
