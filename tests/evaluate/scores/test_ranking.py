"""Lists in order of a score; rank correlations are compared in test_metrics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from modelwright.core.errors import OptionError
from modelwright.evaluate.scores.ranking import (
    concordance,
    kendall,
    mean_average_precision,
    mean_reciprocal_rank,
    ndcg,
    spearman,
)

RNG = np.random.default_rng(4)
LISTS, ITEMS = 30, 12
Y = RNG.integers(0, 4, (LISTS, ITEMS))
P = np.round(RNG.random((LISTS, ITEMS)), 1)  # with ties
QUERY = np.repeat(RNG.permutation(LISTS), ITEMS)
WEIGHT = RNG.exponential(size=LISTS)


@pytest.mark.parametrize("k", [None, 1, 5, 50])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_ndcg_is_that_of_scikit_learn(k: int | None, weight: np.ndarray | None) -> None:
    wanted = sk.ndcg_score(Y, P, k=k, sample_weight=weight)
    own = None if weight is None else np.repeat(weight, ITEMS)
    assert ndcg(Y.ravel(), P.ravel(), own, QUERY, k=k) == pytest.approx(wanted)
    wanted = sk.ndcg_score(2**Y - 1, P, k=k, sample_weight=weight)
    found = ndcg(Y.ravel(), P.ravel(), own, QUERY, k=k, exponential=True)
    assert found == pytest.approx(wanted)


def test_average_precision_list_by_list() -> None:
    wanted = np.mean([sk.average_precision_score(y > 0, p) for y, p in zip(Y, P, strict=True)])
    found = mean_average_precision(Y.ravel(), P.ravel(), query=QUERY)
    assert found == pytest.approx(wanted)
    # a list without a relevant item has no average precision
    y = np.concatenate([Y.ravel(), np.zeros(3, int)])
    p, query = np.append(P.ravel(), [1, 2, 3]), np.append(QUERY, [99, 99, 99])
    assert mean_average_precision(y, p, query=query) == pytest.approx(wanted)


def test_reciprocal_ranks() -> None:
    y = np.array([0, 1, 0, 1, 0, 0, 0])
    p = np.array([3, 2, 1, 9, 8, 1, 2])
    query = np.array([0, 0, 0, 1, 1, 2, 2])
    assert mean_reciprocal_rank(y, p, query=query) == pytest.approx((1 / 2 + 1 + 0) / 3)
    tied = mean_reciprocal_rank(np.array([1, 0, 0]), np.array([1, 1, 1]))
    assert tied == pytest.approx(1 / 2)


@given(st.permutations(range(20)))
def test_the_order_of_rows_is_no_matter(order: list[int]) -> None:
    index = np.array(order)
    y, p, query = Y.ravel()[:20], P.ravel()[:20], QUERY[:20]
    for score in (ndcg, mean_average_precision, mean_reciprocal_rank):
        assert score(y[index], p[index], query=query[index]) == pytest.approx(
            score(y, p, query=query)
        )
    for score in (spearman, kendall, concordance):
        assert score(y[index], p[index]) == pytest.approx(score(y, p))


def test_concordance_of_two_classes_is_the_area_under_the_roc_curve() -> None:
    y, p, weight = Y.ravel() > 1, P.ravel(), RNG.exponential(size=Y.size)
    wanted = sk.roc_auc_score(y, p, sample_weight=weight)
    assert concordance(y.astype(float), p, weight) == pytest.approx(wanted)


def test_what_never_varies_has_no_correlation() -> None:
    same, other = np.ones(5), np.arange(5.0)
    for score in (spearman, kendall):
        assert np.isnan(score(same, other))
        assert np.isnan(score(other, same))
    assert np.isnan(concordance(same, other))
    assert concordance(other, same) == 0.5
    for score in (spearman, kendall, concordance):
        assert score(other, np.exp(other)) == pytest.approx(1)
        assert np.isnan(score(other[:0], other[:0]))


@pytest.mark.long
def test_many_rows_are_not_counted_pair_by_pair() -> None:
    y = RNG.random(200_000)  # 20 billion pairs
    assert abs(kendall(y, RNG.random(200_000))) < 0.01


def test_nonsense() -> None:
    with pytest.raises(OptionError, match="k to be at least 1"):
        ndcg(Y.ravel(), P.ravel(), k=0)
    with pytest.raises(OptionError, match="at or above zero"):
        ndcg(np.array([-1, 1]), np.array([0.1, 0.2]))
    assert np.isnan(ndcg(np.zeros(3), np.arange(3.0)))
