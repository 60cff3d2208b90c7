"""Curves, gains, and scores of the most probable rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from modelwright.evaluate.scores.ordering import (
    gains,
    lift_at,
    operating_points,
    precision_at,
    precision_at_recall,
    recall_at,
    recall_at_false_alarms,
    recall_at_precision,
    taken,
)

RNG = np.random.default_rng(5)
Y = (RNG.random(300) < 0.3).astype(int)
P = np.round(np.clip(0.3 * Y + 0.7 * RNG.random(300), 0, 1), 2)  # with ties
WEIGHTS = [None, RNG.exponential(size=300)]


@pytest.mark.parametrize("weight", WEIGHTS, ids=["plain", "weighted"])
def test_curves_are_those_of_scikit_learn(weight: np.ndarray | None) -> None:
    points = operating_points(Y == 1, P, weight)
    alarms, found, cuts = sk.roc_curve(Y, P, sample_weight=weight, drop_intermediate=False)
    np.testing.assert_allclose(points.false_alarms, alarms, atol=1e-12)
    np.testing.assert_allclose(points.recall, found, atol=1e-12)
    np.testing.assert_array_equal(points.threshold, cuts)
    precision, recall, _ = sk.precision_recall_curve(Y, P, sample_weight=weight)
    np.testing.assert_allclose(points.precision[::-1], precision, atol=1e-12)
    np.testing.assert_allclose(points.recall[::-1], recall, atol=1e-12)
    assert points.average_precision == pytest.approx(
        sk.average_precision_score(Y, P, sample_weight=weight)
    )
    for threshold in (0.2, 0.5, 0.7):
        wanted = sk.confusion_matrix(Y, threshold <= P, sample_weight=weight)
        np.testing.assert_allclose(points.tables[points.at(threshold)], wanted, atol=1e-9)


def test_precision_and_recall_at_k_without_ties() -> None:
    p = RNG.permutation(300) / 300
    order = np.argsort(-p)
    for k in (1, 10, 299, 300, 5000):
        first = Y[order[:k]]
        assert precision_at(Y, p, k=k) == pytest.approx(first.mean())
        assert recall_at(Y, p, k=k) == pytest.approx(first.sum() / Y.sum())
        assert lift_at(Y, p, k=k) == pytest.approx(first.mean() / Y.mean())


def test_ties_are_what_drawing_gives_on_average() -> None:
    y, p = np.array([1, 0, 1, 0, 0]), np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(4000):
        order = np.lexsort((rng.random(5), -p))
        drawn.append(y[order[:2]].sum())
    hits, misses = taken(y, p, 2)
    assert hits == pytest.approx(np.mean(drawn), abs=0.03)
    assert hits + misses == pytest.approx(2)


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=25
    ),
    st.integers(1, 30),
)
def test_weight_counts_rows(rows: list[tuple[int, int, int]], k: int) -> None:
    y, p, times = (np.array(column) for column in zip(*rows, strict=True))
    index = np.repeat(np.arange(len(y)), times)
    if not len(index):
        return
    for score in (precision_at, recall_at, lift_at):
        one = score(y, p / 4, times.astype(float), k=k)
        many = score(y[index], p[index] / 4, k=k)
        assert one == pytest.approx(many, nan_ok=True)


def test_operating_points_by_a_wish() -> None:
    precision, recall, _ = sk.precision_recall_curve(Y, P)
    assert recall_at_precision(Y, P, precision=0.6) == recall[precision >= 0.6].max()
    assert precision_at_recall(Y, P, recall=0.8) == pytest.approx(precision[recall >= 0.8].max())
    alarms, found, _ = sk.roc_curve(Y, P, drop_intermediate=False)
    assert recall_at_false_alarms(Y, P, false_alarms=0.2) == found[alarms <= 0.2].max()
    assert precision_at_recall(Y, P, recall=1.0) == pytest.approx(precision[recall == 1].max())
    none = np.zeros(300, int)
    for score in (recall_at_precision, precision_at_recall, recall_at_false_alarms, recall_at):
        assert np.isnan(score(none, P))


def test_gains_end_where_everything_is_taken() -> None:
    found = gains(Y, P)
    assert (found.share[0], found.found[0]) == (0, 0)
    assert (found.share[-1], found.found[-1], found.lift[-1]) == (1, 1, 1)
    assert (np.diff(found.found) >= 0).all()
    near = int(np.argmin(np.abs(found.share - 0.1)))
    k = found.share[near] * 300
    assert found.lift[near] == pytest.approx(lift_at(Y, P, k=k))
