"""Several labels a row."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from modelwright.core.errors import OptionError
from modelwright.evaluate.scores.multilabel import (
    coverage_error,
    hamming_loss,
    label_ranking_average_precision,
    label_ranking_loss,
    multilabel_f1,
    multilabel_jaccard,
    subset_accuracy,
)

RNG = np.random.default_rng(8)
Y = (RNG.random((200, 6)) < 0.35).astype(int)
Y[:5], Y[5:8] = 0, 1
P = np.round(np.clip(0.3 * Y + 0.7 * RNG.random((200, 6)), 0, 1), 1)  # with ties
SAID = P >= 0.5
WEIGHTS = [None, RNG.exponential(size=200)]


@pytest.mark.parametrize("weight", WEIGHTS, ids=["plain", "weighted"])
def test_agrees_with_scikit_learn(weight: np.ndarray | None) -> None:
    own = {"sample_weight": weight}
    assert subset_accuracy(Y, SAID, weight) == pytest.approx(sk.accuracy_score(Y, SAID, **own))
    assert hamming_loss(Y, SAID, weight) == pytest.approx(sk.hamming_loss(Y, SAID, **own))
    for average in ("micro", "macro", "weighted", "samples"):
        wanted = sk.f1_score(Y, SAID, average=average, zero_division=0, **own)
        assert multilabel_f1(Y, SAID, weight, average) == pytest.approx(wanted)
        wanted = sk.jaccard_score(Y, SAID, average=average, zero_division=0, **own)
        assert multilabel_jaccard(Y, SAID, weight, average) == pytest.approx(wanted)
    wanted = sk.label_ranking_average_precision_score(Y, P, **own)
    assert label_ranking_average_precision(Y, P, weight) == pytest.approx(wanted)
    assert coverage_error(Y, P, weight) == pytest.approx(sk.coverage_error(Y, P, **own))
    assert label_ranking_loss(Y, P, weight) == pytest.approx(sk.label_ranking_loss(Y, P, **own))


def test_perfect_and_nonsense() -> None:
    exact = Y.astype(float)
    assert subset_accuracy(Y, Y) == 1
    assert hamming_loss(Y, Y) == 0
    assert label_ranking_average_precision(Y, exact) == 1
    assert label_ranking_loss(Y, exact) == 0
    assert coverage_error(Y, exact) == pytest.approx(Y.sum(axis=1).mean())
    with pytest.raises(OptionError, match="micro, macro, weighted, samples"):
        multilabel_f1(Y, Y, average="binary")
    assert np.isnan(multilabel_f1(Y, Y, np.zeros(200)))
