"""Quantiles and intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from modelwright.core.errors import OptionError
from modelwright.evaluate.scores.quantiles import (
    coverage,
    crps,
    interval_score,
    interval_width,
    pinball,
)

RNG = np.random.default_rng(2)
Y = RNG.normal(size=400)
WEIGHT = RNG.exponential(size=400)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_pinball_is_that_of_scikit_learn(weight: np.ndarray | None) -> None:
    p = RNG.normal(size=400)
    for quantile in (0.05, 0.5, 0.9):
        wanted = sk.mean_pinball_loss(Y, p, alpha=quantile, sample_weight=weight)
        assert pinball(Y, p, weight, quantile) == pytest.approx(wanted)


def test_the_true_quantile_has_the_least_pinball_loss() -> None:
    y = np.random.default_rng(0).normal(size=20_000)
    guesses = np.linspace(0, 2.5, 26)
    losses = [pinball(y, np.full(len(y), guess), quantile=0.9) for guess in guesses]
    assert guesses[int(np.argmin(losses))] == pytest.approx(1.2816, abs=0.1)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_an_interval_score_is_the_pinball_loss_of_both_ends(weight: np.ndarray | None) -> None:
    lower, upper = np.full(400, -1.0), np.full(400, 1.5)
    found = interval_score(Y, lower, upper, weight, level=0.8)
    both = pinball(Y, lower, weight, 0.1) + pinball(Y, upper, weight, 0.9)
    assert found == pytest.approx(2 / 0.2 * both)
    inside = np.average((Y >= -1) & (Y <= 1.5), weights=weight)
    assert coverage(Y, lower, upper, weight) == pytest.approx(inside)
    assert interval_width(lower, upper, weight) == 2.5


def test_crps_of_many_quantiles_nears_that_of_the_normal_distribution() -> None:
    levels = (np.arange(999) + 0.5) / 999
    q = np.tile(stats.norm.ppf(levels), (400, 1))
    # Gneiting and Raftery 2007, equation 21
    exact = Y * (2 * stats.norm.cdf(Y) - 1) + 2 * stats.norm.pdf(Y) - 1 / np.sqrt(np.pi)
    assert crps(Y, q, levels) == pytest.approx(exact.mean(), abs=2e-3)
    assert crps(Y, q, levels, WEIGHT) == pytest.approx(np.average(exact, weights=WEIGHT), abs=2e-3)


def test_uneven_levels_count_by_what_they_stand_for() -> None:
    levels = np.array([0.1, 0.2, 0.9])
    q = np.sort(RNG.normal(size=(400, 3)), axis=1)
    each = [pinball(Y, q[:, i], quantile=level) for i, level in enumerate(levels)]
    wanted = 2 * (0.15 * each[0] + 0.4 * each[1] + 0.45 * each[2])
    assert crps(Y, q, levels) == pytest.approx(wanted)


@pytest.mark.parametrize("levels", [[0.0, 0.5], [0.5, 0.4], [], [0.5, 1.0]])
def test_levels_that_mean_nothing(levels: list[float]) -> None:
    with pytest.raises(OptionError, match="levels that rise between 0 and 1"):
        crps(Y, np.zeros((400, len(levels))), np.array(levels))


def test_other_nonsense() -> None:
    with pytest.raises(OptionError, match="shape"):
        crps(Y, np.zeros((400, 1)), np.array([0.2, 0.4]))
    with pytest.raises(OptionError, match="a quantile between 0 and 1"):
        pinball(Y, Y, quantile=90)
    with pytest.raises(OptionError, match="a level between 0 and 1"):
        interval_score(Y, Y, Y, level=1)
