"""Intervals and sets of a model: what is chosen by evidence, and kept in a file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelwright.core.errors import DataError
from modelwright.core.protocols import State
from modelwright.evaluate.conformal import CalibrationRows, LabelSets, NumberIntervals


def numbers(count: int = 3000, seed: int = 0) -> tuple[CalibrationRows, CalibrationRows]:
    """Rows whose errors grow with a difficulty, to learn from and to judge by."""
    rng = np.random.default_rng(seed)
    hard = rng.uniform(0.2, 3, count)
    p = rng.normal(size=(count, 1)) * 5 - 3
    y = p[:, 0] + hard * rng.normal(size=count)
    rows = CalibrationRows(y, p, difficulty=hard)
    half = np.arange(count) < count // 2
    return rows.rows(half), rows.rows(~half)


def classes(count: int = 4000, seed: int = 0) -> tuple[CalibrationRows, CalibrationRows]:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet([0.6, 0.4, 0.3, 0.3], count)
    y = (rng.random((count, 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
    rows = CalibrationRows(y, p)
    half = np.arange(count) < count // 2
    return rows.rows(half), rows.rows(~half)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.99])
def test_every_level_is_held(level: float) -> None:
    known, new = numbers()
    held, width = NumberIntervals.learn(known).holding(new, level)
    assert held.mean() == pytest.approx(level, abs=0.03)
    assert np.isfinite(width).all()
    known, new = classes()
    held, size = LabelSets.learn(known).holding(new, level)
    assert held.mean() > level - 0.03
    assert (size >= 1).all()


def test_a_difficulty_is_used_only_if_it_helps() -> None:
    known, _ = numbers()
    assert NumberIntervals.learn(known).scaled
    rng = np.random.default_rng(1)
    noise = replace(known, difficulty=rng.uniform(0.2, 3, len(known)))
    assert not NumberIntervals.learn(noise).scaled


def test_misses_are_shared_out_where_errors_are_skewed() -> None:
    rng = np.random.default_rng(0)
    p = np.zeros((4000, 1))
    skewed = NumberIntervals.learn(CalibrationRows(rng.gamma(1.0, size=4000) - 1, p))
    assert skewed.below is not None
    assert skewed.below < 0.5  # the tail is above: nearly all misses are there
    assert NumberIntervals.learn(CalibrationRows(rng.normal(size=4000), p)).below is None


def test_no_interval_passes_a_border() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0, 2, (2000, 1))
    y = np.maximum(p[:, 0] + rng.normal(size=2000), 0.0)
    made = NumberIntervals.learn(CalibrationRows(y, p))
    assert made.least == 0.0
    lower, upper = made.between(np.array([[0.1], [-0.5]]), 0.9)
    assert lower.tolist() == [0.0, -0.5]  # the prediction itself is never outside
    assert (upper > 0).all()


def test_each_label_is_held_on_its_own() -> None:
    rng = np.random.default_rng(0)
    wild = rng.random(6000) < 0.3
    y = rng.normal(size=6000) * np.where(wild, 5, 1)
    labels = np.where(wild, "wild", "calm")
    rows = CalibrationRows(y, np.zeros((6000, 1)), labels=labels)
    known, new = rows.rows(np.arange(3000)), rows.rows(np.arange(3000, 6000))
    apart = NumberIntervals.learn(known, "kind").holding(new, 0.9)[0]
    together = NumberIntervals.learn(replace(known, labels=None)).holding(
        replace(new, labels=None), 0.9
    )[0]
    sides = new.labels == "wild"
    assert apart[sides].mean() == pytest.approx(0.9, abs=0.035)
    assert apart[~sides].mean() == pytest.approx(0.9, abs=0.035)
    assert together[sides].mean() < 0.8


def test_recent_rows_count_more_where_errors_grow() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=4000) * np.linspace(0.5, 5, 4000)
    rows = CalibrationRows(y, np.zeros((4000, 1)), order=np.arange(4000.0))
    known, new = rows.rows(np.arange(3000)), rows.rows(np.arange(3000, 4000))
    faded = NumberIntervals.learn(known)
    assert faded.half_life < 1
    plain = NumberIntervals.learn(replace(known, order=None))
    held, even = faded.holding(new, 0.9)[0].mean(), plain.holding(new, 0.9)[0].mean()
    assert even < held < 0.95


def test_what_is_measured_is_what_comes() -> None:
    known, new = numbers(6000)
    made = NumberIntervals.learn(known)
    for level in (0.5, 0.9):
        held, width = made.holding(new, level)
        assert made.reached.coverage(level) == pytest.approx(held.mean(), abs=0.03)
        assert made.reached.width(level) == pytest.approx(width.mean(), rel=0.06)


def test_sets_are_even_or_small_as_the_rows_ask() -> None:
    known, _ = classes()
    made = LabelSets.learn(known)
    assert made.worst >= 0.8
    sizes = {m: LabelSets.learn(known, method=m).reached.width(0.9) for m in ("lac", "aps", "raps")}
    assert sizes[made.method] == min(sizes.values())


@pytest.mark.parametrize("kind", [NumberIntervals, LabelSets])
def test_a_file_brings_back_the_same(kind: type[NumberIntervals] | type[LabelSets]) -> None:
    known, new = numbers() if kind is NumberIntervals else classes()
    labels = np.where(np.arange(len(known)) % 2 == 0, "even", "odd")
    made = kind.learn(replace(known, labels=labels), "side")
    again = kind.restore(made.export())
    assert again.export().config == made.export().config
    new = replace(new, labels=labels[: len(new)])
    for one, two in zip(made.holding(new, 0.9), again.holding(new, 0.9), strict=True):
        np.testing.assert_array_equal(one, two)
    assert "2 labels of side" in str(again)


@pytest.mark.parametrize(
    "change",
    [
        {"least": 5, "most": 1},
        {"below": 2.0},
        {"half_life": -1},
        {"units": [1]},
        {"names": ["a"]},
        {"reached": {"levels": [0.9], "covered": [], "widths": [], "rows": 1}},
    ],
)
def test_unsound_intervals_are_refused(change: dict[str, object]) -> None:
    state = NumberIntervals.learn(numbers()[0]).export()
    config = {**state.config, **change}
    if change == {"units": [1]}:
        config["names"] = ["a"]
    with pytest.raises((ValueError, LookupError)):
        NumberIntervals.restore(State(config, state.arrays))


def test_nothing_to_calibrate_on_is_told() -> None:
    none = CalibrationRows(np.empty(0), np.empty((0, 1)))
    for learn in (NumberIntervals.learn, LabelSets.learn):
        with pytest.raises(DataError, match="has not seen"):
            learn(none)
    few = NumberIntervals.learn(CalibrationRows(np.arange(30.0), np.zeros((30, 1))))
    with pytest.raises(DataError, match=r"ask for at most 0.967"):
        few.between(np.zeros((1, 1)), 0.99)
    with pytest.raises(DataError, match="1 that are NaN"):
        few.between(np.array([[np.nan]]), 0.9)


def test_rows_in_time_of_which_the_surest_come_first_are_judged() -> None:
    rng = np.random.default_rng(0)
    p = np.repeat([[0.95, 0.05], [0.6, 0.4]], [20, 100], axis=0)
    y = (rng.random(120) > p[:, 0]).astype(np.int64)
    made = LabelSets.learn(CalibrationRows(y, p, order=np.arange(120.0)))
    assert 0.5 < made.worst <= 1.0
