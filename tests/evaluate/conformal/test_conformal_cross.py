"""CV+ against its definition, word by word."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.evaluate.conformal import cross as module
from modelwright.evaluate.conformal import cross_conformal


def by_definition(
    y: np.ndarray, oof: np.ndarray, fold: np.ndarray, new: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Barber et al. 2021, equation (10): quantiles of one sum for each calibration row."""
    n, alpha = len(y), 1 - level
    lower, upper = [], []
    for said in new:
        below = sorted(said[k] - abs(a - b) for k, a, b in zip(fold, y, oof, strict=True))
        above = sorted(said[k] + abs(a - b) for k, a, b in zip(fold, y, oof, strict=True))
        lower.append(below[int(np.floor(alpha * (n + 1) + 1e-9)) - 1])
        upper.append(above[int(np.ceil((1 - alpha) * (n + 1) - 1e-9)) - 1])
    return np.array(lower), np.array(upper)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("folds", [2, 5, 60])
def test_it_is_what_the_paper_says(
    level: float, folds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    y, oof = rng.normal(size=(2, 60))
    fold, new = np.arange(60) % folds, rng.normal(size=(7, folds))
    expected = by_definition(y, oof, fold, new, level)
    monkeypatch.setattr(module, "PAIRS", 150)  # two new rows at a time
    for ours, theirs in zip(cross_conformal(y, oof, fold, new, level), expected, strict=True):
        np.testing.assert_allclose(ours, theirs)
