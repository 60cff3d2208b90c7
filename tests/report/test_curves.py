"""The numbers behind the plots agree with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from modelwright.core.errors import DataError
from modelwright.evaluate.intervals import wilson
from modelwright.evaluate.scores.ordering import operating_points
from modelwright.report.curves import calibration_bins, probabilities, quantile, thin

RNG = np.random.default_rng(3)
Y = RNG.random(400) < 0.2
P = np.round(np.clip(0.25 * Y + RNG.random(400) * 0.7, 0, 1), 2)  # with ties
WEIGHTS = [None, RNG.random(400) + 0.1]


@pytest.mark.parametrize("weight", WEIGHTS, ids=["plain", "weighted"])
def test_operating_points_agree(weight: np.ndarray | None) -> None:
    points = operating_points(Y, P, weight)
    alarms, found, _ = reference.roc_curve(Y, P, sample_weight=weight, drop_intermediate=False)
    np.testing.assert_allclose(points.false_alarms, alarms, atol=1e-12)
    np.testing.assert_allclose(points.recall, found, atol=1e-12)
    area = reference.roc_auc_score(Y, P, sample_weight=weight)
    assert points.area == pytest.approx(area)
    ap = reference.average_precision_score(Y, P, sample_weight=weight)
    assert points.average_precision == pytest.approx(ap)
    i = points.at(0.5)
    called = P >= 0.5
    scores = reference.precision_recall_fscore_support(
        Y, called, average="binary", sample_weight=weight
    )
    assert (points.precision[i], points.recall[i], points.f1[i]) == pytest.approx(scores[:3])
    assert points.flagged[i] == pytest.approx(np.average(called, weights=weight))


def test_calibrated_probabilities_are_found_to_be() -> None:
    p = RNG.random(20_000)
    bins = calibration_bins(RNG.random(20_000) < p, p)
    assert bins.error < 0.015
    assert bins.rows.sum() == 20_000
    assert ((bins.low <= bins.came) & (bins.came <= bins.high)).all()


def test_the_wilson_interval_is_that_of_the_book() -> None:
    # Newcombe 1998, table I: 81 of 263, and 0 of 20.
    low, high = wilson(np.array([81 / 263, 0.0]), np.array([263, 20]))
    np.testing.assert_allclose(low, [0.2553, 0.0], atol=5e-5)
    np.testing.assert_allclose(high, [0.3662, 0.1611], atol=5e-5)


def test_one_heavy_row_makes_a_wide_interval() -> None:
    p, true = np.full(100, 0.55), np.arange(100) % 2 == 0
    heavy = np.where(np.arange(100) == 0, 900.0, 1.0)
    alike, uneven = calibration_bins(true, p, np.full(100, 7.0)), calibration_bins(true, p, heavy)
    plain = calibration_bins(true, p)
    assert (alike.low[0], alike.high[0]) == pytest.approx((plain.low[0], plain.high[0]))
    low, high = wilson(uneven.came, np.array([heavy.sum() ** 2 / (heavy**2).sum()]))
    assert (uneven.low[0], uneven.high[0]) == (low[0], high[0])
    assert high[0] - low[0] > 0.6


def test_weights_count_in_quantiles() -> None:
    values = np.array([1.0, 2.0, 3.0])
    assert quantile(values, [0.5], np.array([1.0, 1.0, 10.0])).tolist() == [3.0]
    assert quantile(values, [0.0, 1.0]).tolist() == [1.0, 3.0]


def test_thinning_keeps_the_ends_and_the_shape() -> None:
    points = operating_points(RNG.random(50_000) < 0.5, RNG.random(50_000))
    xs, ys = thin(points.false_alarms, points.recall)
    assert len(xs) < 260
    assert (xs[0], ys[0], xs[-1], ys[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(ys, xs) == pytest.approx(points.area, abs=2e-3)


@pytest.mark.parametrize(
    ("y", "p"),
    [
        ([], []),
        ([0, 1], [0.5]),
        ([0, 2], [0.5, 0.5]),
        ([0, -1], [0.5, 0.5]),
        ([0, 1], [0.5, float("nan")]),
        (["a", "b"], [0.5, 0.5]),
        ([0.5, 1], [0.5, 0.5]),
    ],
)
def test_what_does_not_fit_together_is_refused(y: list[object], p: list[float]) -> None:
    with pytest.raises(DataError):
        probabilities(y, p)
