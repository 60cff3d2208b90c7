"""Calibration, and the Brier score taken apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import OptionError
from modelwright.core.task import Target
from modelwright.evaluate import expected_calibration_error
from modelwright.evaluate.scores.probabilities import brier, brier_parts, calibration_error

RNG = np.random.default_rng(11)


def two(positive: np.ndarray) -> np.ndarray:
    return np.stack([1 - positive, positive], axis=1)


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.floats(0, 1), st.integers(0, 3)), min_size=1, max_size=40
    ),
    st.integers(1, 12),
)
def test_the_parts_sum_to_the_brier_score(rows: list[tuple[int, float, int]], bins: int) -> None:
    y, p, weight = (np.array(column) for column in zip(*rows, strict=True))
    own = weight.astype(float)
    parts = brier_parts(y, two(p), own, bins)
    assert parts.total == pytest.approx(brier(y, two(p), own), abs=1e-12, nan_ok=True)
    if own.any():
        assert min(parts.reliability, parts.resolution) >= -1e-15
        assert parts.resolution <= parts.uncertainty + 1e-12


def test_calibrated_probabilities_have_no_reliability_term() -> None:
    p = RNG.random(200_000)
    y = (RNG.random(200_000) < p).astype(int)
    parts = brier_parts(y, two(p))
    assert parts.reliability < 1e-4
    assert parts.uncertainty == pytest.approx(0.25, abs=0.01)
    assert calibration_error(y, two(p)) < 0.01
    assert calibration_error(y, two(p), mass=True) < 0.01
    assert calibration_error(y, two(p**2), mass=True) == pytest.approx(1 / 6, abs=0.01)


def test_several_classes_judge_the_most_probable_one() -> None:
    y = RNG.integers(0, 3, 500)
    p = RNG.dirichlet(np.ones(3), 500)
    wanted = expected_calibration_error(p, Target(y, 3))
    assert calibration_error(y, p) == pytest.approx(wanted, rel=1e-12)


def test_bins_of_equal_mass_hold_equal_weight_and_keep_ties_together() -> None:
    p = np.repeat([0.1, 0.2, 0.6, 0.9], 25)
    y = np.tile([0, 1, 0, 0, 0], 20)
    each = [abs(y[p == v].mean() - v) for v in np.unique(p)]
    assert calibration_error(y, two(p), bins=4, mass=True) == pytest.approx(np.mean(each))
    shuffled = RNG.permutation(100)
    assert calibration_error(y[shuffled], two(p[shuffled]), bins=4, mass=True) == pytest.approx(
        np.mean(each)
    )
    assert np.isnan(calibration_error(y, two(p), np.zeros(100)))
    with pytest.raises(OptionError, match="at least 1"):
        calibration_error(y, two(p), bins=0)
