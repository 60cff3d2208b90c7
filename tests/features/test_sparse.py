from __future__ import annotations

import numpy as np
import polars as pl
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge

from modelwright.features.grams import bag
from modelwright.features.sparse import Pieces, ridge

TEXTS = [
    "a red car and a red house",
    "the blue car",
    "blue blue sky over the sea",
    "the sea is red",
    "house by the sea",
    "12 cars",
] * 3


def test_weights_equal_those_of_scikit_learn() -> None:
    pieces = bag(pl.Series(TEXTS), words=1)
    known = Pieces.fit(pieces, most=1_000, least=1)
    ours = known.weigh(pieces).toarray()
    # single letters are words here too, and a word of more than 60 % of the texts is none
    reference = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\w+", max_df=0.6)
    theirs = reference.fit_transform(TEXTS).toarray()
    np.testing.assert_allclose(ours @ ours.T, theirs @ theirs.T, atol=1e-5)


def test_the_most_common_pieces_are_taken() -> None:
    pieces = bag(pl.Series(["x y", "x z", "x y", "w", "w", "w v"]), words=1)
    assert len(Pieces.fit(pieces, most=10, least=1).codes) == 5
    assert len(Pieces.fit(pieces, most=10, least=2).codes) == 3
    assert len(Pieces.fit(pieces, most=2, least=1).codes) == 2


def test_no_piece_at_all() -> None:
    empty = bag(pl.Series(["", None], dtype=pl.String), runs=(3,), words=2)
    known = Pieces.fit(empty, most=10, least=1)
    assert known.weigh(bag(pl.Series(["a b"]), words=1)).shape == (1, 0)


def test_ridge_equals_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    dense = rng.random((60, 20)) * (rng.random((60, 20)) < 0.2)
    answers, counts = rng.normal(size=(60, 2)), rng.integers(1, 9, 60).astype(float)
    found = ridge(sparse.csr_array(dense.astype(np.float32)), answers, counts, 0.7, steps=100)
    reference = Ridge(0.7, fit_intercept=False).fit(dense, answers, counts).coef_.T
    np.testing.assert_allclose(found, reference, atol=2e-3)


def test_a_few_steps_come_close_and_bring_their_unit() -> None:
    rng = np.random.default_rng(0)
    weights = sparse.random_array((300, 80), density=0.1, rng=rng, dtype=np.float32).tocsr()
    truth = rng.normal(size=(80, 1))
    answers = 1e6 * (weights @ truth)
    found = ridge(weights, answers, np.ones(300), 0.1)
    assert np.corrcoef((weights @ found)[:, 0], answers[:, 0])[0, 1] > 0.99
    assert 0.8e6 < np.abs(found).max() / np.abs(truth).max() < 1.2e6
    assert not ridge(weights, np.zeros((300, 2)), np.ones(300), 0.1).any()
