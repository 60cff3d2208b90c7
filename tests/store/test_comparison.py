from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from modelwright.store import RunRecord, TrialRecord
from modelwright.store.comparison import SUBJECTS, compare

FACTS: dict[str, Any] = {
    "data": "/a/houses.csv",
    "rows": 100,
    "columns": [{"name": "zip", "kind": "category"}, {"name": "price", "kind": "number"}],
    "splits": {"kind": "k-fold", "folds": 5, "reason": "why"},
    "settings": {"trials": None, "models": [], "seed": 0, "workers": 2},
    "libraries": {"python": "3.11.7", "polars": "2.1.0"},
    "machine": {"cores": 2, "free_memory_gib": 3.5, "system": "Linux x86_64"},
}
RUN = RunRecord(
    "a", data_hash="d", request={"question": {"target": "price", "group": None}}, budget=60.0,
    target="price", metric="rmse", score=2.0, version="0.1.0", facts=FACTS,
)  # fmt: skip
TRIALS = [TrialRecord("a", 0, "linear-0", "linear", {"l2": 1.0}, score=2.5)]


def found(other: RunRecord, trials: list[TrialRecord] | None = None) -> set[tuple[str, str]]:
    differences = compare(RUN, other, TRIALS, TRIALS if trials is None else trials).differences
    return {(d.about, d.what) for d in differences}


def test_equal_runs_differ_in_nothing() -> None:
    result = compare(RUN, replace(RUN, id="b"), TRIALS, TRIALS)
    assert result.differences == ()
    assert result.same == SUBJECTS
    assert result.unknown == ()
    assert result.same_data


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"data_hash": "e"}, ("data", "hash")),
        ({"request": {"question": {"target": "price", "group": "shop"}}}, ("question", "--group")),
        ({"metric": "mae"}, ("question", "metric")),
        ({"budget": 30.0}, ("settings", "--time")),
        ({"budget": float("inf")}, ("settings", "--time")),
        ({"version": "0.2.0"}, ("code", "modelwright")),
        ({"facts": {**FACTS, "rows": 99}}, ("data", "rows")),
        ({"facts": {**FACTS, "data": "/b/houses.csv"}}, ("data", "file")),
        ({"facts": {**FACTS, "columns": FACTS["columns"][:1]}}, ("data", "column price")),
        (
            {"facts": {**FACTS, "columns": [{**FACTS["columns"][0], "missing": ["-9"]},
                                            *FACTS["columns"][1:]]}},
            ("data", f"column {FACTS['columns'][0]['name']}"),
        ),
        ({"facts": {**FACTS, "splits": {**FACTS["splits"], "folds": 3}}}, ("validation", "folds")),
        ({"facts": {**FACTS, "settings": {**FACTS["settings"], "seed": 1}}},
         ("settings", "--seed")),
        ({"facts": {**FACTS, "libraries": {"python": "3.12.1", "polars": "2.1.0"}}},
         ("code", "python")),
        ({"facts": {**FACTS, "machine": {**FACTS["machine"], "cores": 8}}}, ("machine", "cores")),
    ],
)  # fmt: skip
def test_one_change_is_one_difference(changes: dict[str, Any], what: tuple[str, str]) -> None:
    assert found(replace(RUN, **changes)) == {what}


def test_free_memory_is_no_difference() -> None:
    machine = {**FACTS["machine"], "free_memory_gib": 0.5}
    assert found(replace(RUN, facts={**FACTS, "machine": machine})) == set()


def test_trials_are_told_apart_by_their_configuration() -> None:
    other = [replace(TRIALS[0], config={"l2": 2.0}), TrialRecord("b", 1, "lightgbm-1", "lightgbm")]
    assert found(RUN, other) == {("trials", "linear-0"), ("trials", "lightgbm-1")}
    pairs = compare(RUN, RUN, TRIALS, other).scores
    assert [pair.name for pair in pairs] == ["ensemble"]  # nothing else is like for like


def test_an_older_record_hides_what_it_never_held() -> None:
    old = replace(RUN, facts={}, version="0.0.9")
    result = compare(old, RUN, TRIALS, TRIALS)
    assert [(d.about, d.what) for d in result.differences] == [("code", "modelwright")]
    assert set(result.unknown) <= {"validation", "settings", "machine"}


def test_different_metrics_are_not_compared() -> None:
    assert compare(RUN, replace(RUN, metric="mae"), (), ()).metric == ""


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [((1, 2), (2, 3), True), ((2, 3), (1, 2), True), ((1, 2), (2.1, 3), False),
     ((2.1, 3), (1, 2), False), ((1, 5), (2, 3), True), ((1, None), (2, 3), None)],
)  # fmt: skip
def test_intervals_that_touch_overlap(one: Any, other: Any, overlap: bool | None) -> None:
    def with_interval(ends: Any) -> RunRecord:
        line = {"name": "ensemble", "score": 2.0, "low": ends[0], "high": ends[1]}
        return replace(RUN, facts={**FACTS, "leaderboard": {"standings": [line]}})

    pairs = compare(with_interval(one), with_interval(other), (), ()).scores
    assert pairs[0].overlap is overlap
