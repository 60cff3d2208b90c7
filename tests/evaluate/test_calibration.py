from __future__ import annotations

import numpy as np
import pytest

from modelwright.core.errors import OptionError
from modelwright.core.task import Target
from modelwright.evaluate import (
    METRICS,
    Temperature,
    expected_calibration_error,
    fit_temperature,
)


def softmax(z: np.ndarray) -> np.ndarray:
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def sample(temperature: float, classes: int, rows: int = 6000) -> tuple[np.ndarray, Target]:
    """Predictions whose logits must be divided by `temperature` to be true."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(rows, classes)) * 1.5
    true = softmax(z)
    y = (rng.random((rows, 1)) > true.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return softmax(z * temperature), Target(y, classes)


@pytest.mark.long
@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("temperature", [0.4, 2.0, 4.0])
def test_finds_the_temperature(temperature: float, classes: int) -> None:
    p, y = sample(temperature, classes)
    found = fit_temperature(p, y)
    assert found.value == pytest.approx(temperature, rel=0.1)
    loss = METRICS["log_loss"].loss
    grid = np.exp(np.linspace(-1.5, 2, 300))
    best = min(loss(y, Temperature(t).apply(p)) for t in grid)
    assert loss(y, found.apply(p)) <= best + 1e-6
    error = expected_calibration_error
    assert error(found.apply(p), y) < error(p, y)


def test_weight_decides() -> None:
    p, y = sample(1.0, 2, 4000)
    first = np.arange(4000) < 2000
    p[first] = softmax(np.log(p[first]) * 3)
    only = fit_temperature(p, y, first.astype(float))
    assert only.value == pytest.approx(
        fit_temperature(p[first], y.rows(np.arange(2000))).value, rel=1e-3
    )
    assert only.value > 2


def test_stays_at_one_when_nothing_is_gained() -> None:
    rng = np.random.default_rng(0)
    kept = 0
    for _ in range(40):
        y = Target(rng.integers(0, 2, 60), 2)
        p = np.full((60, 2), 0.5)
        kept += fit_temperature(p, y).value == 1
    assert kept == 40


def test_right_answers_alone_sharpen_nothing_without_end() -> None:
    p = softmax(np.array([[4.0, 0.0, 0.0]]).repeat(90, axis=0))
    y = Target(np.zeros(90, np.int64), 3)
    said = fit_temperature(p, y).apply(p)
    assert 0.96 < said[0, 0] < 1 - 1 / 500  # 90 rows are no evidence of one error in 500


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_few_rows(rows: int) -> None:
    assert fit_temperature(np.full((rows, 2), 0.5), Target(np.zeros(rows, int), 2)).value == 1


def test_no_finite_probabilities_or_weight() -> None:
    p, y = sample(3.0, 2, 100)
    assert fit_temperature(p, y, np.zeros(100)).value == 1
    p[3] = np.nan
    assert fit_temperature(p, y).value == 1


def test_certain_predictions() -> None:
    y = Target(np.arange(200) % 2, 2)
    sure = np.eye(2)[y.values]
    for p in (sure, 1 - sure, np.where(np.arange(200)[:, None] < 20, 1 - sure, sure)):
        found = fit_temperature(p, y)
        assert 0.09 < found.value < 10.1
        scaled = found.apply(p)
        assert np.isfinite(scaled).all()


@pytest.mark.parametrize("value", [0.5, 1.0, 3.0])
def test_apply(value: float) -> None:
    p, _ = sample(1.0, 4, 50)
    p[0] = [1, 0, 0, 0]
    scaled = Temperature(value).apply(p)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(scaled.argmax(axis=1), p.argmax(axis=1))
    np.testing.assert_allclose(scaled, softmax(np.log(np.clip(p, 1e-15, 1)) / value), atol=1e-6)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_refuses_nonsense(value: float) -> None:
    with pytest.raises(OptionError, match="above zero"):
        Temperature(value)
    with pytest.raises(OptionError, match="bins"):
        expected_calibration_error(np.ones((1, 2)), Target(np.zeros(1, int), 2), bins=0)


def test_calibration_error_by_hand() -> None:
    p = np.array([[0.95, 0.05], [0.95, 0.05], [0.45, 0.55], [0.3, 0.7]])
    y = Target(np.array([0, 1, 1, 1]), 2)
    # Bins of 0.1: (0.9, 1] mean 0.95, half right; (0.5, 0.6] 0.55, right; (0.6, 0.7] 0.7, right.
    expected = (2 * 0.45 + 0.45 + 0.3) / 4
    assert expected_calibration_error(p, y, bins=10) == pytest.approx(expected)
    assert np.isnan(expected_calibration_error(p[:0], y.rows(np.array([], int))))
