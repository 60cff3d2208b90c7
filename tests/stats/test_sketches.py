"""Sketches against what NumPy counts with all values in memory."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from modelwright.stats.distinct_sketch import DistinctSketch
from modelwright.stats.frequent_sketch import FrequentSketch
from modelwright.stats.quantile_sketch import QuantileSketch
from modelwright.stats.repeat_sketch import RepeatSketch

# The tests halve numbers: of the smallest there are no halves.
NUMBERS = st.floats(-1e300, 1e300, allow_nan=False, allow_subnormal=False)
SHARES = np.array([0.0, 0.01, 0.25, 0.5, 0.9, 1.0])


@given(st.lists(st.lists(NUMBERS, max_size=30), min_size=1, max_size=5))
def test_quantiles_of_few_values_are_those_of_numpy(batches: list[list[float]]) -> None:
    sketch = QuantileSketch(size=200)
    for batch in batches:
        sketch.add(batch)
    every = np.array([value for batch in batches for value in batch])
    if not len(every):
        assert np.isnan(sketch.quantiles(SHARES)).all()
        return
    assert sketch.exact
    expected = 2 * np.quantile(every / 2, SHARES)
    np.testing.assert_allclose(sketch.quantiles(SHARES), expected, rtol=1e-12, atol=1e-300)
    assert sketch.above(float(np.median(every / 2) * 2)) <= len(every) / 2


@pytest.mark.parametrize("order", ["sorted", "falling", "random"])
def test_quantiles_of_many_values_are_near(order: str) -> None:
    rng = np.random.default_rng(1)
    values = rng.lognormal(size=300_000)
    if order != "random":
        values = np.sort(values)[:: 1 if order == "sorted" else -1]
    sketch = QuantileSketch(size=4096)
    for part in np.array_split(values, 37):
        sketch.add(part)
    assert not sketch.exact
    assert sketch.count == len(values)
    ranks = np.searchsorted(np.sort(values), sketch.quantiles(SHARES), side="right") / len(values)
    np.testing.assert_allclose(ranks[1:-1], SHARES[1:-1], atol=0.004)
    assert (sketch.least, sketch.most) == (values.min(), values.max())
    edges = np.quantile(values, np.linspace(0, 1, 11))
    counts = sketch.histogram(edges)
    np.testing.assert_allclose(counts / len(values), 0.1, atol=0.006)
    assert counts.sum() == pytest.approx(len(values), rel=0.001)
    spread = np.median(np.abs(values - np.median(values)))
    assert sketch.spread() == pytest.approx(spread, rel=0.02)


def test_what_a_sketch_keeps_is_bounded() -> None:
    sketch = QuantileSketch(size=256)
    for start in range(0, 200_000, 1000):
        sketch.add(np.arange(start, start + 1000))
    values, weights = sketch.points()
    assert len(values) <= 256 * 11
    assert weights.sum() == pytest.approx(200_000)


@given(st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=6))
def test_distinct_counts_are_exact_while_few(batches: list[list[int]]) -> None:
    sketch = DistinctSketch(size=64)
    for batch in batches:
        sketch.add(np.array(batch, np.uint64))
    assert sketch.exact
    assert sketch.count == len({value for batch in batches for value in batch})


@pytest.mark.parametrize("different", [5_000, 200_000])
def test_distinct_counts_are_near_when_many(different: int) -> None:
    sketch = DistinctSketch(size=4096)
    rng = np.random.default_rng(0)
    keys = np.arange(different, dtype=np.uint64)
    for _ in range(3):
        sketch.add(rng.permutation(keys))
    assert not sketch.exact
    assert sketch.count == pytest.approx(different, rel=0.06)


@given(
    st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=40), max_size=6),
    st.integers(1, 8),
)
def test_frequent_counts_are_short_by_no_more_than_they_say(
    batches: list[list[str]], size: int
) -> None:
    sketch = FrequentSketch(size)
    whole: Counter[str] = Counter()
    for batch in batches:
        counted = Counter(batch)
        whole.update(counted)
        names = list(counted)
        keys = np.array([ord(name) for name in names], np.uint64)
        counts = np.array([counted[name] for name in names])
        sketch.add(keys, counts, lambda at, names=names: [names[i] for i in at])
    found = dict(sketch.top(100))
    assert len(found) <= size
    for name, count in found.items():
        assert whole[name] - sketch.short <= count <= whole[name]
    for name in whole:
        if whole[name] > sketch.short:
            assert name in found


def _repeated(keys: NDArray[np.uint64]) -> int:
    return len(keys) - len(np.unique(keys))


@given(st.lists(st.integers(0, 50), max_size=200))
def test_repeats_are_counted(values: list[int]) -> None:
    keys = np.array(values, np.uint64)
    sketch = RepeatSketch(room=32)  # more than there are different ones in half of the tests
    for part in np.array_split(keys, 3):
        sketch.add(part)
    if sketch.exact:
        assert sketch.repeated == _repeated(keys)


@pytest.mark.parametrize("copies", [0, 2_000, 90_000])
def test_repeats_of_many_rows_are_estimated(copies: int) -> None:
    rng = np.random.default_rng(3)
    keys = np.arange(200_000, dtype=np.uint64)
    every = rng.permutation(np.concatenate([keys, rng.choice(keys, copies, replace=False)]))
    sketch = RepeatSketch(room=2**14)
    for part in np.array_split(every, 20):
        sketch.add(part)
    assert not sketch.exact
    assert sketch.repeated == pytest.approx(copies, rel=0.15, abs=10)


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_one_row_again_and_again_is_no_surprise(share: float) -> None:
    rng = np.random.default_rng(4)
    keys = np.arange(100_000, dtype=np.uint64)
    keys[rng.random(len(keys)) < share] = 7
    sketch = RepeatSketch(room=2**12)
    sketch.add(keys)
    assert sketch.repeated == pytest.approx(_repeated(keys), rel=0.1)
