"""Groups of people: what is measured, how sure it is, and what is said of small ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from modelwright.core.errors import ColumnError, DataError
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target, Task, TaskKind
from modelwright.evaluate import Answered
from modelwright.evaluate.fairness import Fairness, GroupShare, fairness, groups_of

HIRED = Task(TaskKind.BINARY, "hired", "roc_auc", ("no", "yes"))


def answered(y: object, p: object, raw: pl.DataFrame | None = None) -> Answered:
    chance = np.asarray(p, np.float32)
    both = np.column_stack([1 - chance, chance])
    return Answered(HIRED, Target(np.asarray(y), 2), both, None, None, seen=False, raw=raw)


def share(found: Fairness, group: str, measure: str) -> GroupShare:
    (one,) = [s for s in found.shares if (s.group, s.measure) == (group, measure)]
    return one


def test_shares_and_their_intervals_are_those_of_the_counts() -> None:
    # 40 women: 10 chosen; 60 men: 30 chosen
    p = np.r_[np.full(10, 0.9), np.full(30, 0.1), np.full(30, 0.9), np.full(30, 0.1)]
    y = np.r_[np.ones(8), np.zeros(2), np.ones(12), np.zeros(18), np.ones(30), np.zeros(30)]
    groups = ["woman"] * 40 + ["man"] * 60
    found = fairness(answered(y.astype(int), p), groups, "sex")
    chosen = share(found, "woman", "chosen")
    assert (chosen.value, chosen.others) == (0.25, 0.5)
    low, high = stats.binomtest(10, 40).proportion_ci(method="wilson")
    assert (chosen.low, chosen.high) == pytest.approx((low, high), rel=1e-5)
    assert chosen.gap_low < -0.25 < chosen.gap_high
    assert found.ratio == 0.5
    equal = share(found, "woman", "true positive")
    assert (equal.rows, equal.value, equal.others) == (20, 0.4, 1.0)
    assert share(found, "woman", "false positive").value == pytest.approx(2 / 20)
    assert share(found, "man", "accuracy").value == 1.0
    assert any("four fifths" in note for note in found.notes)


def test_groups_that_are_treated_alike_are_rarely_called_different() -> None:
    differs = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p = rng.uniform(0.02, 0.98, 600)
        y = (rng.random(600) < p).astype(int)
        found = fairness(answered(y, p), rng.choice(["a", "b", "c"], 600).tolist(), "group")
        differs += any(s.differs and s.measure == "calibration" for s in found.shares)
    assert differs <= 6


def test_calibration_is_seen_by_group() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.2, 0.8, 2000)
    group = np.array(["a", "b"])[np.arange(2000) % 2]
    y = (rng.random(2000) < p - 0.15 * (group == "b")).astype(int)
    found = fairness(answered(y, p), group.tolist(), "group")
    off = share(found, "b", "calibration")
    assert abs(off.value - 0.15) < 0.05
    assert off.low > 0.05
    assert off.differs
    assert not share(found, "a", "calibration").low > 0


def test_small_groups_come_with_a_warning_and_do_not_decide() -> None:
    p = np.r_[np.full(50, 0.9), np.full(50, 0.1), np.full(5, 0.1)]
    groups = ["a", "b"] * 50 + [None] * 5
    found = fairness(answered((p > 0.5).astype(int), p), groups, "group")
    assert any("(missing) (5)" in note for note in found.notes)
    assert found.ratio == 1.0


def test_numbers_have_bias_and_error_by_group() -> None:
    rng = np.random.default_rng(1)
    y = rng.normal(size=400)
    p = (y + np.where(np.arange(400) < 200, 0.5, 0.0) + rng.normal(0, 0.1, 400))[:, None]
    task = Task(TaskKind.REGRESSION, "pay", "rmse")
    rows = Answered(task, Target(y), p.astype(np.float32), None, None, seen=False)
    found = fairness(rows, ["a"] * 200 + ["b"] * 200, "group")
    bias = share(found, "a", "bias")
    assert bias.low < 0.5 < bias.high
    assert bias.differs
    assert np.isnan(found.ratio)
    assert share(found, "b", "error").value < 0.1


@pytest.mark.parametrize("groups", [["a"] * 60, [str(i) for i in range(60)]])
def test_one_group_or_too_many_are_refused(groups: list[str]) -> None:
    y = np.arange(60) % 2
    with pytest.raises(DataError, match="2 to 50 groups"):
        fairness(answered(y, y), groups, "group")


def test_groups_are_read_from_the_data_as_it_came() -> None:
    ages = [str(age) for age in range(20, 80)]
    raw = pl.DataFrame({"sex": ["f", "m", "?"] * 20, "age": ages})
    y = np.arange(60) % 2
    rows = answered(y, y, raw)
    assert groups_of(rows, "sex")[:3] == ["f", "m", None]
    cut = groups_of(rows, "age")
    assert cut[0] == "up to 31.8"
    assert len(set(cut)) == 5
    with pytest.raises(ColumnError, match="sex"):
        groups_of(rows, "sexx")


def test_spellings_that_the_fit_joins_are_one_group() -> None:
    towns = ["Rome", "rome", "ROME ", "Rome", "Oslo", "oslo", "Oslo", None]
    raw = pl.DataFrame({"town": towns, "size": ["1", "1.0", "2", " 2", "3", "3", "3", "?"]})
    schema = Schema((Column("town", Kind.CATEGORY, format="any case"), Column("size", Kind.NUMBER)))
    typed = Table(
        pl.DataFrame(
            {
                "town": ["rome"] * 4 + ["oslo"] * 3 + [None],
                "size": [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 3.0, None],
            }
        ),
        schema,
    )
    rows = replace(answered(np.zeros(8, int), np.zeros(8), raw), table=typed)
    assert groups_of(rows, "town") == ["Rome"] * 4 + ["Oslo"] * 3 + [None]
    assert groups_of(rows, "size") == ["1", "1", "2", "2", "3", "3", "3", None]
    alone = Table(typed.frame.select("town"), schema.select(["town"]))
    assert groups_of(replace(rows, table=None), "town", alone)[:3] == ["Rome"] * 3
