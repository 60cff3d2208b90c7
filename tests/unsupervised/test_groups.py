"""Clusterings against scikit-learn, on the same starts, and predicted from plain arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

from modelwright.core.errors import ModelFileError
from modelwright.unsupervised import METHODS, fit_groups
from modelwright.unsupervised.criteria import (
    agreement,
    jaccard,
    prediction_strength,
    silhouette,
    within,
)
from modelwright.unsupervised.fitting import Asked, Groups, fit_hierarchy, fit_k_means
from modelwright.unsupervised.groups import Hierarchy
from modelwright.unsupervised.space import Rows

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def same_draws() -> None:
    """Have every test draw the same, whatever ran before it."""
    RNG.bit_generator.state = np.random.default_rng(0).bit_generator.state


CENTRES = np.array([[0.0, 0.0, 0.0], [6.0, 6.0, 0.0], [0.0, 6.0, 6.0]])


def rows_of(points: NDArray[np.float64]) -> Rows:
    """Make rows of numbers alone."""
    return Rows(points, points, np.zeros((len(points), 0), np.int64))


@pytest.fixture(scope="module")
def blobs() -> tuple[Rows, NDArray[np.int64]]:
    truth = np.repeat(np.arange(3), (90, 60, 30))
    return rows_of(CENTRES[truth] + RNG.normal(size=(180, 3))), truth


def test_k_means_is_that_of_scikit_learn_from_the_same_starts(
    blobs: tuple[Rows, NDArray[np.int64]],
) -> None:
    rows, _ = blobs
    starts = rows.points[[3, 100, 170]]
    ours = fit_k_means(rows, Asked(3), centres=starts)
    theirs = KMeans(3, init=starts, n_init=1).fit(rows.points)
    assert ours.centres == pytest.approx(theirs.cluster_centers_, abs=1e-12)
    fresh = rows_of(RNG.normal(size=(200, 3)) * 4)
    assert np.array_equal(ours.labels(fresh), theirs.predict(fresh.points))
    near = theirs.transform(fresh.points).min(axis=1)
    assert ours.distance(fresh) == pytest.approx(near, abs=1e-9)
    assert within(rows.points, ours.labels(rows)) == pytest.approx(theirs.inertia_)


@pytest.mark.parametrize("ward", [True, False])
def test_hierarchies_are_those_of_scikit_learn(
    blobs: tuple[Rows, NDArray[np.int64]], ward: bool
) -> None:
    rows, _ = blobs
    ours = fit_hierarchy(rows, Asked(3), ward=ward)
    linkage = "ward" if ward else "average"
    theirs = AgglomerativeClustering(3, linkage=linkage).fit(rows.points)
    assert adjusted_rand_score(ours.group, theirs.labels_) == 1.0
    assert (np.diff(ours.heights) >= -1e-9).all()
    # the rows themselves go where they were
    assert np.mean(ours.labels(rows) == ours.group) > 0.98


def test_dense_groups_are_those_of_scikit_learn() -> None:
    angle = RNG.uniform(0, 2 * np.pi, 300)
    radius = np.where(np.arange(300) < 100, 1.0, 4.0)
    ring = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    points = ring + RNG.normal(0, 0.08, ring.shape)
    points = np.vstack([points, [[20.0, 20.0], [-20.0, 9.0]]])
    ours = fit_groups("hdbscan", rows_of(points), Asked(0))
    theirs = HDBSCAN(min_cluster_size=8, min_samples=5, copy=True).fit(points)
    again = ours.labels(rows_of(points))
    assert adjusted_rand_score(again, theirs.labels_) > 0.97
    assert (again[-2:] == -1).all()
    far = ours.labels(rows_of(np.array([[0.0, 2.5], [50.0, 50.0], [1.0, 0.0]])))
    assert far.tolist()[:2] == [-1, -1]
    assert far[2] == again[0]


@pytest.mark.parametrize("method", list(METHODS))
def test_every_way_finds_clear_groups_the_largest_first_and_survives_a_file(
    blobs: tuple[Rows, NDArray[np.int64]], method: str
) -> None:
    rows, truth = blobs
    found = fit_groups(method, rows, Asked(3))
    labels = found.labels(rows)
    assert adjusted_rand_score(labels, truth) > 0.97
    sizes = np.bincount(labels[labels >= 0])
    assert (np.diff(sizes) <= 0).all()
    again = type(found).restore(found.export())
    fresh = rows_of(RNG.normal(size=(50, 3)) * 3)
    assert np.array_equal(again.labels(fresh), found.labels(fresh))
    assert np.array_equal(again.distance(fresh), found.distance(fresh))


def test_silhouettes_and_agreement_are_those_of_scikit_learn(
    blobs: tuple[Rows, NDArray[np.int64]],
) -> None:
    rows, truth = blobs
    labels = RNG.integers(0, 4, len(truth))
    for some in (truth, labels):
        assert silhouette(rows.points, some) == pytest.approx(silhouette_score(rows.points, some))
    assert agreement(truth, labels) == pytest.approx(adjusted_rand_score(truth, labels))


@given(st.integers(0, 2**31), st.integers(2, 5))
def test_agreement_does_not_look_at_names(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, count, (2, 40))
    names = rng.permutation(count)
    assert agreement(names[one], other) == pytest.approx(agreement(one, other))
    assert agreement(one, one) == 1.0


def test_groups_that_are_there_are_found_again_and_others_are_not(
    blobs: tuple[Rows, NDArray[np.int64]],
) -> None:
    def fit(count: int, rows: Rows) -> Groups:
        return fit_groups("k-means", rows, Asked(count, starts=3))

    rows, _ = blobs
    strengths = {
        k: prediction_strength(rows, lambda some, k=k: fit(k, some), splits=3, seed=0)  # type: ignore[misc]
        for k in (3, 6)
    }
    assert strengths[3] > 0.95
    assert strengths[6] < 0.6
    labels = fit(3, rows).labels(rows)
    assert jaccard(rows, lambda some: fit(3, some), labels, draws=5, seed=0).min() > 0.95
    cloud = rows_of(RNG.normal(size=(180, 3)))
    cut = fit(4, cloud).labels(cloud)
    assert jaccard(cloud, lambda some: fit(4, some), cut, draws=5, seed=0).min() < 0.75


@pytest.mark.parametrize("group", [[0, 0, 2**62], [1, 1, 2], [-1, 0, 1]])
def test_a_tree_of_groups_that_cannot_be_is_refused(group: list[int]) -> None:
    points, merges = np.zeros((3, 1)), np.array([[0, 1], [2, 3]])
    tree = Hierarchy(points, np.array(group), merges, np.ones(2), ward=True)
    with pytest.raises(ModelFileError, match="groups counted from 0"):
        Hierarchy.restore(tree.export())
