"""Means of neighbouring answers: those that hold later ones are found, honest lags are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.leaks.moving import _orthonormal
from modelwright.leaks.windows import find_made_columns

Floats = NDArray[np.float64]
Window = Callable[[Floats], Floats]
ROWS = 480


def series(kind: str, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=ROWS)
    if kind == "numbers":
        return noise
    if kind == "skewed":
        return np.exp(noise).round(2)
    smooth = np.zeros(ROWS)
    for t in range(1, ROWS):
        smooth[t] = 0.9 * smooth[t - 1] + noise[t]
    return smooth if kind == "smooth" else (smooth > 0.5).astype(float)


def mean_of(low: int, high: int) -> Window:
    """Average the answers from so many rows before to so many after; the ends are cut short."""

    def made(y: Floats) -> Floats:
        sums = np.append(0.0, np.cumsum(y))
        at = np.arange(len(y))
        start, end = np.clip(at + low, 0, len(y)), np.clip(at + high + 1, 0, len(y))
        counts = np.maximum(end - start, 1)
        return (sums[end] - sums[start]) / counts

    return made


def fading(back: bool) -> Window:
    """Smooth exponentially, the row's own answer among those that count."""

    def made(y: Floats) -> Floats:
        found, level = np.empty(len(y)), y.mean()
        for t in range(len(y)):
            level = 0.7 * level + 0.3 * y[t]
            found[t] = level
        return np.append(y.mean(), found[:-1]) if back else found

    return made


def so_far(own: bool) -> Window:
    """Average all answers so far."""

    def made(y: Floats) -> Floats:
        means = np.cumsum(y) / np.arange(1, len(y) + 1)
        return means if own else np.append(y.mean(), means[:-1])

    return made


def rest_of_block(size: int) -> Window:
    """Average the other answers of a block, of which the table says nothing."""

    def made(y: Floats) -> Floats:
        block = np.arange(len(y)) // size
        sums, counts = np.bincount(block, y)[block], np.bincount(block)[block]
        return (sums - y) / np.maximum(counts - 1, 1)

    return made


LEAKY: dict[str, Window] = {
    "around": mean_of(-4, 4),
    "up to the row": mean_of(-9, 0),
    "ahead": mean_of(1, 6),
    "fading": fading(back=False),
    "so far": so_far(own=True),
    "weighted": lambda y: np.convolve(y, [0.1, 0.2, 0.4, 0.2, 0.1], "same"),
    "the next": lambda y: np.append(y[1:], y[-1]) + 0.5 * np.append(y[2:], [y[-1]] * 2),
}
HONEST: dict[str, Window] = {
    "the last week": mean_of(-7, -1),
    "the last month": mean_of(-30, -1),
    "yesterday": lambda y: np.append(y[0], y[:-1]),
    "the same day last week": lambda y: np.append(y[:7], y[:-7]),
    "fading": fading(back=True),
    "so far": so_far(own=False),
    "sum so far": lambda y: np.append(0.0, np.cumsum(y)[:-1]),
    "the change before": lambda y: np.append([0.0, 0.0], np.diff(y)[:-1]),
}


def found(columns: dict[str, object], y: Floats, classes: bool) -> list[str]:
    frame = pl.DataFrame(columns)
    kinds = {pl.String(): Kind.CATEGORY, pl.Date(): Kind.DATETIME}
    schema = Schema(tuple(Column(n, kinds.get(frame[n].dtype, Kind.NUMBER)) for n in frame.columns))
    frame = frame.with_columns(
        pl.col(c.name).cast(pl.Float64) for c in schema if c.kind is Kind.NUMBER
    )
    target = Target(y.astype(np.int64), 2) if classes else Target(y)
    names = tuple(frame.columns)
    return [one.columns[0] for one in find_made_columns(Table(frame, schema), target, names)]


@pytest.mark.parametrize("kind", ["numbers", "skewed", "smooth", "classes"])
@pytest.mark.parametrize("name", LEAKY)
def test_a_window_that_holds_its_own_or_later_answers_is_found(name: str, kind: str) -> None:
    y = series(kind, 1)
    columns = {"other": series("smooth", 2), "z": LEAKY[name](y).round(4)}
    assert found(columns, y, kind == "classes") == ["z"]


@pytest.mark.long
@settings(max_examples=25)
@given(
    kind=st.sampled_from(["numbers", "skewed", "smooth", "classes"]),
    name=st.sampled_from(list(HONEST)),
    digits=st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_an_honest_lag_of_the_same_series_raises_nothing(
    kind: str, name: str, digits: int, seed: int
) -> None:
    y = series(kind, seed)
    columns = {"other": series("smooth", seed + 100), "z": HONEST[name](y).round(digits)}
    assert found(columns, y, kind == "classes") == []


@settings(max_examples=10)
@given(seed=st.integers(0, 99), lead=st.integers(0, 6), weight=st.floats(0.1, 3.0))
def test_a_measurement_that_runs_ahead_raises_nothing(seed: int, lead: int, weight: float) -> None:
    rng = np.random.default_rng(seed + 1_000)
    orders = series("smooth", seed)
    y = weight * np.roll(orders, lead) + rng.normal(size=ROWS)
    assert found({"orders": orders.round(3), "day": np.arange(ROWS)}, y, classes=False) == []


@pytest.mark.parametrize("name", ["around", "up to the row", "ahead", "so far"])
def test_within_each_shop_in_the_order_of_a_date_in_a_shuffled_file(name: str) -> None:
    rng = np.random.default_rng(3)
    shop, day = np.repeat(np.arange(24), 20), np.tile(np.arange(20), 24)
    y = series("numbers", 4) + rng.normal(size=24)[shop]
    z = np.concatenate([LEAKY[name](y[shop == one]) for one in range(24)])
    lag = np.concatenate([HONEST["yesterday"](y[shop == one]) for one in range(24)])
    mixed = rng.permutation(ROWS)
    dates = np.datetime64("2024-03-01") + day
    columns = {"shop": [f"s{n}" for n in shop[mixed]], "day": pl.Series(dates[mixed]).cast(pl.Date),
               "lag": lag[mixed], "z": z[mixed]}  # fmt: skip
    assert found(columns, y[mixed], classes=False) == ["z"]


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_the_mean_of_the_rest_of_a_block_that_the_table_does_not_name(kind: str) -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=ROWS) + np.repeat(rng.normal(size=40), 12)
    y = y if kind == "numbers" else (y > 0).astype(float)
    assert found({"z": rest_of_block(12)(y)}, y, kind == "classes") == ["z"]


def test_the_rest_of_a_month_is_found_though_it_was_rounded() -> None:
    rng = np.random.default_rng(0)
    days = np.sort(np.datetime64("2023-01-01") + rng.integers(0, 360, ROWS))
    month = days.astype("datetime64[M]").astype(int)
    month -= month.min()
    y = rng.normal(size=ROWS) + rng.normal(size=12)[month]
    rest = (np.bincount(month, y)[month] - y) / (np.bincount(month)[month] - 1)
    columns = {"day": pl.Series(days).cast(pl.Date), "z": rest.round(3)}
    mixed = rng.permutation(ROWS)
    frame = pl.DataFrame(columns)[mixed]
    assert found({n: frame[n] for n in frame.columns}, y[mixed], classes=False) == ["z"]


@pytest.mark.parametrize("name", ["the last week", "fading", "so far"])
def test_a_lag_in_a_file_that_has_the_last_rows_first(name: str) -> None:
    y = series("numbers", 5)
    days = pl.Series(np.datetime64("2020-01-01") + np.arange(ROWS)).cast(pl.Date)
    columns: dict[str, object] = {"day": days[::-1], "z": HONEST[name](y)[::-1]}
    assert found(columns, y[::-1], classes=False) == []


def test_columns_are_made_orthonormal_and_what_says_nothing_new_is_left_out() -> None:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(400, 9)).cumsum(axis=1)
    columns[:, 6] = columns[:, 1] - columns[:, 4]
    basis = _orthonormal(columns)
    assert not basis[:, 6].any()
    np.testing.assert_allclose(basis.T @ basis, np.diag(np.arange(9) != 6), atol=1e-9)
    np.testing.assert_allclose(basis @ (basis.T @ columns), columns, atol=1e-6)
