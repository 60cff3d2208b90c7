"""Isotonic regression and Dirichlet calibration, and when they are worth it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from modelwright.core.task import Target
from modelwright.evaluate import METRICS
from modelwright.evaluate.calibration import (
    Dirichlet,
    Isotonic,
    Temperature,
    choose_calibration,
    fit_dirichlet,
    fit_isotonic,
    restore_calibration,
)


def world(classes: int, rows: int = 6000, seed: int = 0) -> tuple[np.ndarray, Target]:
    """True probabilities, and classes drawn by them."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(classes), rows)
    y = (rng.random((rows, 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return p, Target(y, classes)


def bent(p: np.ndarray) -> np.ndarray:
    """What no temperature sets right."""
    wrong = p * np.linspace(0.2, 1.5, p.shape[1])
    return np.asarray(wrong / wrong.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("fit", [fit_isotonic, fit_dirichlet])
@pytest.mark.parametrize("classes", [2, 4])
def test_wrong_probabilities_are_set_right(fit: object, classes: int) -> None:
    assert callable(fit)
    p, y = world(classes, 12_000)
    half = np.arange(6000)
    made = fit(bent(p)[half], y.rows(half))
    loss, new = METRICS["log_loss"].loss, np.arange(6000, 12_000)
    best, before = loss(y.rows(new), p[new]), loss(y.rows(new), bent(p)[new])
    after = made.apply(bent(p)[new])
    np.testing.assert_allclose(after.sum(axis=1), 1, rtol=1e-5)
    assert loss(y.rows(new), after) < best + 0.1 * (before - best)


def test_isotonic_keeps_the_order_of_two_classes() -> None:
    p, y = world(2)
    made = fit_isotonic(bent(p), y)
    order = np.argsort(bent(p)[:, 1])
    assert (np.diff(made.apply(bent(p))[order, 1]) >= 0).all()
    for said, came in zip(made.said, made.came, strict=True):
        assert (np.diff(said) >= 0).all()
        assert (came > 0).all()
        assert (came < 1).all()


def test_isotonic_against_scikit_learn() -> None:
    from sklearn.isotonic import IsotonicRegression

    rng = np.random.default_rng(0)
    x = np.sort(rng.random(400))
    hit = (rng.random(400) < x**2).astype(np.int64)
    theirs = IsotonicRegression().fit_transform(x, hit)
    ours = fit_isotonic(np.column_stack([1 - x, x]), Target(hit, 2))
    blocks = [np.flatnonzero(theirs == level) for level in np.unique(theirs)]
    inner = [block for block in blocks if 0.02 < theirs[block[0]] < 0.98]
    assert len(inner) > 3
    for block in inner:  # at the centre of each step, the step
        centre = float(x[block].mean())
        assert float(np.interp(centre, ours.said[0], ours.came[0])) == pytest.approx(
            theirs[block[0]], abs=1e-9
        )


@pytest.mark.parametrize("classes", [2, 4])
def test_what_is_calibrated_is_left_alone(classes: int) -> None:
    p, y = world(classes)
    made = choose_calibration(p, y)
    assert isinstance(made, Temperature)
    assert made.value == pytest.approx(1, abs=0.1)


@pytest.mark.long
def test_the_simplest_that_is_good_enough_is_taken() -> None:
    p, y = world(3)
    sharp = p**2 / (p**2).sum(axis=1, keepdims=True)
    made = choose_calibration(sharp, y)
    assert isinstance(made, Temperature)
    assert made.value == pytest.approx(2, rel=0.1)
    assert isinstance(choose_calibration(bent(p), y), Dirichlet)
    few = choose_calibration(bent(p)[:500], y.rows(np.arange(500)))
    assert isinstance(few, Temperature)


def test_folds_are_judged_by_other_folds() -> None:
    p, y = world(2)
    assert isinstance(choose_calibration(bent(p), y, fold=np.zeros(6000, np.int64)), Temperature)
    five = choose_calibration(bent(p), y, fold=np.arange(6000) % 5)
    assert not isinstance(five, Temperature)


def test_weight_decides() -> None:
    p, y = world(2)
    wrong = np.where((np.arange(6000) < 3000)[:, None], p, bent(p))
    counted = (np.arange(6000) >= 3000).astype(float)
    for fit in (fit_isotonic, fit_dirichlet):
        made = fit(wrong, y, counted)
        only = fit(wrong[3000:], y.rows(np.arange(3000, 6000)))
        np.testing.assert_allclose(made.apply(wrong), only.apply(wrong), atol=1e-3)


@pytest.mark.parametrize("classes", [2, 3])
def test_json_brings_back_the_same(classes: int) -> None:
    p, y = world(classes, 2000)
    for made in (Temperature(1.7), fit_isotonic(p, y), fit_dirichlet(p, y)):
        again = restore_calibration(json.loads(json.dumps(made.to_json())), classes)
        np.testing.assert_array_equal(again.apply(p), made.apply(p))
        assert str(again) == str(made)


@pytest.mark.parametrize(
    "data",
    [
        {"method": "magic"},
        {"method": "dirichlet", "weights": [[1.0]], "bias": [0.0]},
        {"method": "dirichlet", "weights": [[1.0, float("nan")]] * 2, "bias": [0.0, 0.0]},
        {"method": "isotonic", "said": [], "came": []},
        {"method": "isotonic", "said": [[0.0, 1.0]], "came": [[0.5, 0.2]]},
        {"method": "isotonic", "said": [[0.0, 1.0]], "came": [[0.5, 2.0]]},
        {"method": "isotonic", "said": [[0.0]], "came": [[0.5]]},
        {"value": 2.0},
    ],
)
def test_unsound_json_is_refused(data: dict[str, object]) -> None:
    with pytest.raises((ValueError, LookupError)):
        restore_calibration(data, 2)


def test_one_curve_only_where_a_class_is_never_told() -> None:
    flat = np.tile([[1.0, 0.0]], (50, 1))
    made = fit_isotonic(flat, Target(np.zeros(50, np.int64), 2))
    assert isinstance(made, Isotonic)
    assert np.isfinite(made.apply(flat)).all()
