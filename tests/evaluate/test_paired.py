"""Two models on the same rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from modelwright.core.errors import OptionError
from modelwright.core.task import Target, TaskKind
from modelwright.evaluate import find_metric
from modelwright.evaluate.decisions import Threshold
from modelwright.evaluate.intervals import per_class_intervals
from modelwright.evaluate.paired import (
    Said,
    corrected_resampled_t,
    delong,
    mcnemar,
    paired_bootstrap,
)

RMSE = find_metric("rmse", TaskKind.REGRESSION)
AUC = find_metric("roc_auc", TaskKind.BINARY)
F1 = find_metric("f1", TaskKind.BINARY)


def two(positive: np.ndarray) -> np.ndarray:
    return np.stack([1 - positive, positive], axis=1).astype(np.float32)


@pytest.mark.long
def test_the_true_difference_lies_inside_about_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(100):
        y = rng.normal(size=300)
        one, other = ((y + e * rng.normal(size=300))[:, None] for e in (0.5, 0.6))
        (found,) = paired_bootstrap([RMSE], Target(y), Said(one), Said(other), seed=seed)
        hits += found.low <= 0.1 <= found.high
    assert 88 <= hits <= 100


def test_a_paired_difference_is_surer_than_either_score() -> None:
    rng = np.random.default_rng(1)
    y, shared = rng.normal(size=400), rng.normal(size=400)
    one = (y + shared)[:, None]
    other = (y + shared + 0.1 * rng.normal(size=400))[:, None]
    (found,) = paired_bootstrap([RMSE], Target(y), Said(one), Said(other))
    assert found.high - found.low < 0.1 * found.one
    same = paired_bootstrap([RMSE], Target(y), Said(one), Said(one))[0]
    assert (same.difference, same.low, same.high, same.better) == (0, 0, 0, 0.5)


@pytest.mark.long
def test_equal_models_are_as_often_better_as_worse() -> None:
    chances = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=200)
        one, other = ((y + rng.normal(size=200))[:, None] for _ in range(2))
        chances.append(paired_bootstrap([RMSE], Target(y), Said(one), Said(other))[0].better)
    assert 0.4 < np.mean(chances) < 0.6
    assert np.mean(np.array(chances) > 0.975) < 0.1


def test_groups_and_directions_and_decisions() -> None:
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(50), 20)
    y = (rng.random(1000) < 0.3).astype(int)
    wild = rng.normal(size=50)[group]  # shared by a group: rows of it are no new evidence
    one, other = two(0.5 + 0 * wild), two(1 / (1 + np.exp(1 - 0.6 * y - wild)))
    target = Target(y, 2)
    alone = paired_bootstrap([AUC], target, Said(one), Said(other))[0]
    grouped = paired_bootstrap([AUC], target, Said(one), Said(other), groups=group)[0]
    assert grouped.high - grouped.low > alone.high - alone.low
    assert alone.better > 0.9
    few = paired_bootstrap([AUC], target, Said(one), Said(other), groups=group // 20)[0]
    assert math.isnan(few.low)
    assert math.isnan(few.better)
    low, high = Said(other, Threshold(0.1)), Said(other, Threshold(0.9))
    found = paired_bootstrap([F1], target, low, high)[0]
    for score, cut in ((found.one, 0.1), (found.other, 0.9)):
        assert score == pytest.approx(sk.f1_score(y, other[:, 1] >= cut))


def test_delong_is_the_formula_of_the_paper_pair_by_pair() -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 80)
    one, other = (np.round(y + 1.5 * rng.normal(size=80), 1) for _ in range(2))
    found = delong(y, one, two(other))
    assert found.one == pytest.approx(sk.roc_auc_score(y, one))
    assert found.other == pytest.approx(sk.roc_auc_score(y, two(other)[:, 1]))
    hits, misses = [], []
    for p in (one, two(other)[:, 1]):
        wins = p[y == 1][:, None] - p[y == 0][None, :]
        psi = (wins > 0) + (wins == 0) / 2
        hits.append(psi.mean(axis=1))
        misses.append(psi.mean(axis=0))
    spread = np.cov(hits) / (y == 1).sum() + np.cov(misses) / (y == 0).sum()
    error = np.sqrt(np.array([-1, 1]) @ spread @ np.array([-1, 1]))
    z = (found.other - found.one) / error
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert found.high - found.low == pytest.approx(2 * stats.norm.ppf(0.975) * error)


def test_delong_of_equal_models_and_of_too_few_rows() -> None:
    y, p = np.array([0, 1, 0, 1]), np.array([0.1, 0.9, 0.4, 0.3])
    same = delong(y, p, p)
    assert (same.low, same.high, same.p_value) == (0, 0, 1)
    with pytest.raises(OptionError, match="got 1 positives and 3 negatives"):
        delong(np.array([0, 0, 0, 1]), p, p)


@pytest.mark.parametrize(("b", "c"), [(0, 0), (3, 12), (40, 41), (300, 700)])
def test_mcnemar_is_a_sign_test(b: int, c: int) -> None:
    y = np.ones(b + c + 5)
    one, other = np.ones(len(y)), np.ones(len(y))
    other[:b] = 0
    one[b : b + c] = 0
    found = mcnemar(y, one, other)
    assert (found.only_one, found.only_other) == (b, c)
    wanted = stats.binomtest(b, b + c).pvalue if b + c else 1.0
    assert found.p_value == pytest.approx(wanted)


def test_mcnemar_of_very_many_rows_is_the_approximation() -> None:
    y = np.ones(4000)
    one, other = y.copy(), y.copy()
    one[:1900], other[1900:] = 0, 0
    found = mcnemar(y, one, other)
    assert found.p_value == pytest.approx(stats.binomtest(1900, 4000).pvalue, rel=0.02)


@pytest.mark.parametrize("rounds", [2, 3, 4, 7, 10, 25])
def test_the_corrected_t_test(rounds: int) -> None:
    rng = np.random.default_rng(rounds)
    one, other = rng.normal(size=rounds), rng.normal(size=rounds) + 0.5
    found = corrected_resampled_t(one.tolist(), other.tolist(), train=900, valid=100)
    gaps = other - one
    error = math.sqrt((1 / rounds + 1 / 9) * gaps.var(ddof=1))
    assert found.t == pytest.approx(gaps.mean() / error)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.t), rounds - 1))
    plain = stats.ttest_rel(other, one)
    assert found.p_value > plain.pvalue


def test_the_corrected_t_test_at_its_borders() -> None:
    same = corrected_resampled_t([0.5, 0.6], [0.5, 0.6], train=8, valid=2)
    assert (same.difference, same.t, same.p_value) == (0, 0, 1)
    always = corrected_resampled_t([0.5, 0.5], [1.5, 1.5], train=8, valid=2)
    assert always.p_value == 0
    with pytest.raises(OptionError, match="at least 2"):
        corrected_resampled_t([0.5], [0.6], train=8, valid=2)
    with pytest.raises(OptionError, match="rows to fit"):
        corrected_resampled_t([0.5, 0.6], [0.6, 0.7], train=0, valid=2)


def test_intervals_of_a_class_hold_even_where_nothing_went_wrong() -> None:
    y = Target(np.array([0] * 90 + [1] * 10), 3)
    found = per_class_intervals(y, y.values)
    low, high = found.recall[1]
    assert high == pytest.approx(1)
    assert low == pytest.approx(1 / (1 + 1.96**2 / 10), abs=0.01)  # Wilson at 10 of 10
    assert np.isnan(found.recall[2]).all()
    assert np.isnan(found.precision[2]).all()


def test_intervals_of_classes_respect_groups() -> None:
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(40), 25)
    y = Target(rng.integers(0, 2, 1000), 2)
    wrong = (rng.random(40) < 0.3)[group]
    answers = np.where(wrong, 1 - y.values, y.values)
    alone = per_class_intervals(y, answers).recall[1]
    together = per_class_intervals(y, answers, groups=group).recall[1]
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])
    few = per_class_intervals(y, answers, groups=group // 20)
    assert np.isnan(few.recall).all()
