"""The public functions: coverage on exchangeable data, golden numbers of MAPIE, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from modelwright.core.errors import DataError, OptionError
from modelwright.evaluate.conformal import (
    adaptive_conformal,
    conformalized_quantiles,
    cross_conformal,
    prediction_sets,
    recency_weight,
    split_conformal,
)
from modelwright.evaluate.conformal.labels import METHODS
from modelwright.evaluate.conformal.times import choose_half_life

LEVEL = 0.9


def between(count: int, share: float = LEVEL, sure: float = 4.0) -> tuple[float, float]:
    half = sure * np.sqrt(share * (1 - share) / count)
    return share - half, share + half


@pytest.mark.parametrize("count", [19, 50, 200])
@pytest.mark.parametrize("noise", ["normal", "skewed", "heavy", "ties"])
def test_split_conformal_covers_whatever_the_noise(count: int, noise: str) -> None:
    rng = np.random.default_rng(count)
    hits = []
    for _ in range(400):
        drawn = {
            "normal": rng.normal(size=count + 5),
            "skewed": rng.gamma(0.5, size=count + 5),
            "heavy": rng.standard_cauchy(size=count + 5),
            "ties": rng.integers(0, 3, count + 5).astype(float),
        }[noise]
        lower, upper = split_conformal(drawn[:count], np.zeros(count), np.zeros(5))
        hits += ((lower <= drawn[count:]) & (drawn[count:] <= upper)).tolist()
    low, high = between(len(hits))
    assert np.mean(hits) > low
    if noise != "ties":  # with ties more answers lie on the border
        assert np.mean(hits) < high + 1 / (count + 1)


def test_a_difficulty_makes_intervals_as_wide_as_rows_are_hard() -> None:
    rng = np.random.default_rng(0)
    hard = rng.uniform(0.1, 3, 4000)
    y = hard * rng.normal(size=4000)
    known, new = slice(0, 2000), slice(2000, 4000)
    plain = split_conformal(y[known], np.zeros(2000), np.zeros(2000))
    lower, upper = split_conformal(
        y[known], np.zeros(2000), np.zeros(2000), difficulty=hard[known], new_difficulty=hard[new]
    )
    assert (upper - lower).mean() < 0.95 * (plain[1] - plain[0]).mean()
    held = (lower <= y[new]) & (y[new] <= upper)
    easy = hard[new] < 1
    assert held[easy].mean() == pytest.approx(LEVEL, abs=0.04)
    assert held[~easy].mean() == pytest.approx(LEVEL, abs=0.04)


def test_groups_are_what_is_exchangeable() -> None:
    rng = np.random.default_rng(0)
    by_group, by_row = [], []
    for _ in range(300):
        level = np.repeat(rng.normal(size=40), 8)  # each group has a level of its own
        y, groups = level + 0.2 * rng.normal(size=320), np.repeat(np.arange(40), 8)
        new = rng.normal() + 0.2 * rng.normal(size=8)
        for found, codes in ((by_group, groups), (by_row, None)):
            lower, upper = split_conformal(y, np.zeros(320), np.zeros(8), groups=codes)
            found.append(((lower <= new) & (new <= upper)).mean())
    assert np.mean(by_group) > between(300)[0]
    assert np.mean(by_group) >= np.mean(by_row)


def test_cross_conformal_covers() -> None:
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(60):
        x = rng.normal(size=140)
        y = 2 * x + rng.normal(size=140)
        fold = np.arange(100) % 5
        slopes = [np.polyfit(x[:100][fold != k], y[:100][fold != k], 1) for k in range(5)]
        oof = np.array([np.polyval(slopes[k], v) for k, v in zip(fold, x[:100], strict=True)])
        new = np.column_stack([np.polyval(slope, x[100:]) for slope in slopes])
        lower, upper = cross_conformal(y[:100], oof, fold, new)
        hits += ((lower <= y[100:]) & (y[100:] <= upper)).tolist()
    assert np.mean(hits) == pytest.approx(LEVEL, abs=0.04)


def test_quantiles_that_are_wrong_are_set_right() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=4000)
    for half in (0.3, 4.0):  # far too narrow, far too wide
        ends = np.full(2000, -half), np.full(2000, half)
        lower, upper = conformalized_quantiles(y[:2000], *ends, *ends)
        assert ((lower <= y[2000:]) & (y[2000:] <= upper)).mean() == pytest.approx(LEVEL, abs=0.03)
        assert (lower <= upper).all()


@pytest.mark.parametrize("method", METHODS)
def test_sets_cover_by_every_method(method: Any) -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet([0.5, 0.5, 0.5, 0.5], 6000)
    y = (rng.random((6000, 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
    wrong = p**0.4 / (p**0.4).sum(axis=1, keepdims=True)  # the model is too unsure of itself
    for level in (0.8, 0.95):
        found = prediction_sets(y[:3000], wrong[:3000], wrong[3000:], level, method=method)
        assert found.any(axis=1).all()
        assert found[np.arange(3000), y[3000:]].mean() > level - 0.03


def test_adaptive_intervals_follow_a_break() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=6000) * np.where(np.arange(6000) < 3000, 1, 4)
    lower, upper = adaptive_conformal(y, np.zeros(6000), step=0.02, window=500)
    held = (lower <= y) & (y <= upper)
    assert held.mean() == pytest.approx(LEVEL, abs=0.01)
    fixed = np.quantile(np.abs(y[:3000]), LEVEL)
    assert (np.abs(y[3000:]) <= fixed).mean() < 0.5  # what never looks again


def test_old_errors_are_forgotten_only_where_it_helps() -> None:
    rng = np.random.default_rng(0)
    calm = np.abs(rng.normal(size=3000))
    assert choose_half_life(calm, np.arange(3000)) == np.inf
    assert choose_half_life(calm * np.linspace(0.2, 6, 3000), np.arange(3000)) <= 0.25
    assert choose_half_life(calm[:50], np.arange(50)) == np.inf
    assert recency_weight(np.zeros(4), 0.5).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: split_conformal([1, 2], [1], [1]), "one number a row"),
        (lambda: split_conformal([1, np.nan], [1, 1], [1]), "1 that are NaN"),
        (lambda: split_conformal([], [], [1.0]), "rows with answers"),
        (lambda: split_conformal(np.zeros(5), np.zeros(5), [1.0]), "at least 9 calibration rows"),
        (lambda: split_conformal([1.0] * 9, [1.0] * 9, [1], difficulty=[1] * 9), "one of them"),
        (
            lambda: split_conformal([1.0], [1.0], [1.0], 0.4, difficulty=[0], new_difficulty=[1]),
            "above zero",
        ),
        (lambda: cross_conformal([1.0] * 5, [1.0] * 5, [0] * 5, [[1.0]]), "at least 9 rows"),
        (lambda: cross_conformal([1.0] * 9, [1.0] * 9, [1] * 9, [[1.0]]), "folds from 0"),
        (lambda: prediction_sets([0], [[np.nan, 1]], [[1, 0]]), "probabilities"),
        (lambda: prediction_sets([2], [[0.5, 0.5]], [[1, 0]]), "class codes from 0 to 1"),
    ],
)
def test_bad_input_is_told_with_a_cure(call: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        call()


def test_options_that_mean_nothing_are_refused() -> None:
    with pytest.raises(OptionError, match="level"):
        split_conformal([1.0], [1.0], [1.0], 90)
    with pytest.raises(OptionError, match="one of lac"):
        prediction_sets([0], [[1, 0]], [[1, 0]], method="best")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="half-life"):
        recency_weight([1, 2], 0)
    with pytest.raises(OptionError, match="step"):
        adaptive_conformal([1.0], [1.0], step=2)
