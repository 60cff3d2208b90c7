"""Times that the folds mix: columns that say when, and columns that may."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, TimeSeriesSplit

import modelwright as mw
from modelwright.leaks.mixed import _measures

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2))]
ROWS = 400
TIMES = np.arange(ROWS)
FOLDS = KFold(4, shuffle=True, random_state=0)
FOREST = RandomForestRegressor(20, min_samples_leaf=3, random_state=0)


def drifting(seed: int = 0) -> tuple[pd.DataFrame, Any]:
    """Make rows whose answers wander along the time."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(ROWS, 3)), columns=list("abc"))
    level = np.cumsum(rng.normal(0, 0.4, ROWS))
    return X, X["a"].to_numpy() + level + rng.normal(0, 0.5, ROWS)


SAYINGS: dict[str, Any] = {
    "seconds": 1_500_000_000 + 3_600 * TIMES,
    "days": [int(str(d).replace("-", "")) for d in np.datetime64("2015-01-01") + 3 * TIMES],
    "counter": 5 * TIMES + 11,
    "dates": (np.datetime64("2015-01-01") + 3 * TIMES).astype(str),
}


@pytest.mark.long
@pytest.mark.parametrize("how", SAYINGS)
def test_a_column_that_says_when_in_a_shuffled_file(how: str) -> None:
    X, y = drifting()
    mixed = np.random.default_rng(1).permutation(ROWS)
    X = X.assign(q=SAYINGS[how]).iloc[mixed].reset_index(drop=True)
    model: Any = FOREST
    if how == "dates":  # the estimator need not see the column itself
        model = _Numbers()
    found = mw.audit(model, X, y[mixed], FOLDS)
    assert [(one.code, one.columns) for one in found.errors if one.code == "later-rows"] == [
        ("later-rows", ("q",))
    ]


class _Numbers(LinearRegression):  # type: ignore[misc]
    """A forest of the numbers and of the month of a date."""

    def _seen(self, X: Any) -> Any:
        days = pd.to_datetime(X["q"])
        when = days.astype("int64").to_numpy()[:, None] / 1e15
        return np.hstack([X[list("abc")].to_numpy(), when])

    def fit(self, X: Any, y: Any) -> Any:
        """Fit."""
        self.forest_ = RandomForestRegressor(20, min_samples_leaf=3, random_state=0)
        self.forest_.fit(self._seen(X), y)
        return self

    def predict(self, X: Any) -> Any:
        """Predict."""
        return self.forest_.predict(self._seen(X))


@pytest.mark.long
def test_folds_in_time_are_left_in_peace() -> None:
    X, y = drifting()
    found = mw.audit(FOREST, X.assign(q=SAYINGS["counter"]), y, TimeSeriesSplit(4))
    assert "later-rows" not in [one.code for one in found.findings]


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_a_number_that_counts_and_means_nothing_raises_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(ROWS, 3)), columns=list("abc"))
    y = X["a"] + X["b"] ** 2 + rng.normal(size=ROWS)
    assert mw.audit(FOREST, X.assign(q=TIMES), y.to_numpy(), FOLDS).clean


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_a_measurement_that_matters_is_no_time(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = rng.uniform(20, 200, ROWS).round(1)
    rooms = rng.integers(1, 9, ROWS)
    y = 3.0 * size + 10 * rooms + rng.normal(0, 40, ROWS)
    X = pd.DataFrame({"size": size, "rooms": rooms, "a": rng.normal(size=ROWS)})
    assert "later-rows" not in [one.code for one in mw.audit(FOREST, X, y, FOLDS).findings]


@pytest.mark.long
def test_a_file_that_is_sorted_by_the_answer_says_nothing_of_times() -> None:
    X, y = drifting(3)
    X, y = X[["a"]].assign(b=np.round(y + np.random.default_rng(0).normal(0, 3, ROWS), 1)), y
    order = np.argsort(y)
    found = mw.audit(FOREST, X.iloc[order].reset_index(drop=True), y[order], FOLDS)
    assert "later-rows" not in [one.code for one in found.findings]


def test_things_of_nearly_equal_size_are_no_measurement() -> None:
    rng = np.random.default_rng(0)
    names = rng.choice(np.arange(1000, 9000), 80, replace=False)
    sizes = np.r_[np.full(76, 5), [4, 4, 6, 6]]
    assert not _measures(pl.Series(np.repeat(np.sort(names), sizes)))
    assert not _measures(pl.Series(np.repeat(np.sort(names), 5)))
    ages = pl.Series(np.clip(rng.normal(45, 15, 2000), 18, 90).round())
    assert _measures(ages)
    assert _measures(ages + 0.5)
