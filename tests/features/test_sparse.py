from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge

from modelwright.features.grams import bag
from modelwright.features.sparse import Pieces, main_axes, ridge

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


def test_axes_are_those_of_a_full_decomposition() -> None:
    rng = np.random.default_rng(0)
    low_rank = rng.normal(size=(80, 5)) @ np.diag([9, 7, 5, 3, 2]) @ rng.normal(size=(5, 60))
    weights = sparse.csr_array((low_rank + rng.normal(size=(80, 60)) * 0.01).astype(np.float32))
    axes = main_axes(weights, 3, seed=0)
    reference = TruncatedSVD(3, algorithm="arpack", random_state=0).fit(weights).components_.T
    np.testing.assert_allclose(np.abs((axes * reference).sum(axis=0)), 1, atol=1e-3)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-4)
    assert (axes[np.abs(axes).argmax(axis=0), range(3)] > 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (2, 30), (30, 2), (3, 3)])
def test_fewer_axes_than_asked_for(shape: tuple[int, int]) -> None:
    weights = sparse.csr_array(np.ones(shape, np.float32))
    assert main_axes(weights, 8, seed=0).shape == (shape[1], min(8, *shape))


def test_ridge_equals_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    dense = rng.random((60, 20)) * (rng.random((60, 20)) < 0.2)
    answers, counts = rng.normal(size=(60, 2)), rng.integers(1, 9, 60).astype(float)
    found = ridge(sparse.csr_array(dense.astype(np.float32)), answers, counts, 0.7)
    reference = Ridge(0.7, fit_intercept=False).fit(dense, answers, counts).coef_.T
    np.testing.assert_allclose(found, reference, atol=2e-3)
