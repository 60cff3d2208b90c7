"""The model that ranks candidates, beside the same thing written out."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from modelwright.clean.mending.ranking import Choices, calibrate, chances, fit_weights


def test_one_candidate_each_is_logistic_regression() -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(300), rng.normal(size=(300, 2))])
    right = rng.random(300) < 1 / (1 + np.exp(-(x @ np.array([0.5, 1.0, -2.0]))))
    ours = fit_weights(Choices(x, np.arange(300)), right, np.ones(300), np.zeros(3), spread=1.0)
    peer = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-10, max_iter=1000).fit(x, right)
    np.testing.assert_allclose(ours, peer.coef_[0], atol=1e-4)


def test_chances_of_a_cell_leave_room_for_none_of_them() -> None:
    choices = Choices(np.array([[1.0], [2.0], [-800.0]]), np.array([0, 2]))
    found = chances(choices, np.array([1.0]))
    whole = np.exp(1) + np.exp(2) + 1
    np.testing.assert_allclose(found[:2], [np.exp(1) / whole, np.exp(2) / whole])
    assert 0 <= found[2] < 1e-9


def test_without_examples_the_weights_are_those_of_before() -> None:
    prior = np.array([1.0, -2.0])
    choices = Choices(np.ones((1, 2)), np.array([0]))
    found = fit_weights(choices, np.array([True]), np.zeros(1), prior)
    np.testing.assert_allclose(found, prior)


def test_chances_that_were_too_high_come_down() -> None:
    chance = np.full(200, 0.95)
    right = np.arange(200) % 10 < 6
    slope, shift = calibrate(chance, right, np.ones(200))
    odds = slope * np.log(0.95 / 0.05) + shift
    assert abs(1 / (1 + np.exp(-odds)) - 0.6) < 0.05
