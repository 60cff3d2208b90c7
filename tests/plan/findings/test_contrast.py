"""What a random split would have promised is measured where the plan has a structure."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.core.result import Contrast
from modelwright.core.splits import Fold
from modelwright.core.task import Target, TaskKind
from modelwright.evaluate import find_metric
from modelwright.plan.findings import contrast as module
from test_flow import quick


def shops(rows: int = 400) -> pl.DataFrame:
    """Make shops with a level of their own, which a column as good as a name gives away."""
    rng = np.random.default_rng(0)
    shop = np.repeat(np.arange(20), rows // 20)
    return pl.DataFrame(
        {
            "floor": rng.integers(100, 9999, 20)[shop].astype(float),
            "adverts": rng.normal(size=rows),
            "week": np.tile(np.arange(rows // 20), 20),
            "shop": [f"shop {i}" for i in shop],
            "sales": 3 * rng.normal(size=20)[shop] + 0.3 * rng.normal(size=rows),
        }
    )


def settings(**changes: object) -> mw.Settings:
    return quick(models=("linear",), **changes)


@pytest.mark.long
def test_groups_look_easier_when_they_are_mixed() -> None:
    card = mw.fit(shops(), "sales", group="shop", settings=settings()).model.card
    assert card.contrast is not None
    assert card.contrast.metric == "rmse"
    assert card.contrast.random < 0.5 * card.contrast.structured
    assert "a random split would have promised rmse" in str(card.contrast)


@pytest.mark.long
def test_a_random_plan_has_no_contrast() -> None:
    assert mw.fit(shops(), "sales", settings=settings()).model.card.contrast is None


@pytest.mark.long
def test_many_rows_are_thinned_by_whole_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 240)
    card = mw.fit(shops(2_000), "sales", group="shop", settings=settings()).model.card
    assert card.contrast is not None
    assert card.contrast.rows <= 240
    assert card.contrast.random < card.contrast.structured


@pytest.mark.long
def test_rows_in_time_are_thinned_towards_the_border(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 150)
    card = mw.fit(shops(), "sales", order="week", settings=settings()).model.card
    assert card.contrast is not None
    assert card.contrast.rows <= 150


def test_the_same_rows_in_the_same_sizes() -> None:
    y = Target(np.random.default_rng(0).choice(3, 90, p=[0.7, 0.2, 0.1]), 3)
    fold = Fold(np.arange(60), np.arange(60, 80))
    mixed = module._mixed(fold, y, seed=0)
    assert (len(mixed.train), len(mixed.valid)) == (60, 20)
    both = np.concatenate([mixed.train, mixed.valid])
    assert sorted(both) == list(range(80))
    shares = np.bincount(y.values[mixed.valid], minlength=3) / 20
    np.testing.assert_allclose(shares, np.bincount(y.values[:80], minlength=3) / 80, atol=0.06)


def test_a_difference_within_chance_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    p = rng.normal(size=(400, 1)).astype(np.float32)
    y = Target(p[:, 0] + rng.normal(0, 1, 400))
    rmse = find_metric("rmse", TaskKind.REGRESSION)
    alone = module._variance(rmse, y, p, None, np.arange(400))
    assert 0.5 < np.sqrt(alone) / (1 / np.sqrt(800)) < 2  # what theory gives
    noisy = Target(p[:, 0] + np.repeat(rng.normal(0, 1, 20), 20))
    assert module._variance(rmse, noisy, p, None, np.repeat(np.arange(20), 20)) > 2 * alone
    error = float(np.sqrt(2 * alone))
    assert not Contrast("rmse", 1.0, 1.0 + error, 400, error).matters
    assert Contrast("rmse", 1.0, 1.0 + 3 * error, 400, error).matters
