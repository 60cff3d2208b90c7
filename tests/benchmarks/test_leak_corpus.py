"""The leak corpus: the same every time, telling nothing away, worth what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from leaks.cases import Case, DataCase, PipelineCase, Worth
from leaks.catalogue import KINDS, SEEDS, clean, drawn, leak, proof_file
from leaks.judge import Share, all_cases, counts, score_detector
from leaks.naming import POOL
from leaks.topics import ACCEPTED, TOPICS

pytestmark = [pytest.mark.usefixtures("shared_data"), pytest.mark.long]

TELLTALE = ("leak", "target", "answer", "label", "copy", "encod", "dup", "future", "predict",
            "mean", "closed", "after", "smote", "truth")  # fmt: skip
IN_TABLES = ("target_copy", "spelled_answer", "after_the_fact", "row_order")


def records(kind: str) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = json.loads(proof_file(kind).read_text("utf-8"))["cases"]
    return kept


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_kind_and_seed_give_the_same_bytes(kind: str) -> None:
    record = records(kind)[3]
    case = leak(kind, record["seed"])
    assert case.digest() == leak(kind, record["seed"]).digest() == record["digest"]
    assert case.digest() != drawn(kind, record["seed"], record["attempt"] + 1).case.digest()


@pytest.mark.parametrize("seed", range(0, 50, 11))
def test_an_honest_case_is_the_same_every_time(seed: int) -> None:
    assert clean(seed).digest() == clean(seed).digest()
    assert clean(seed).truth.kind == "clean"
    assert clean(seed).truth.severity == ""


@pytest.mark.parametrize("kind", KINDS)
def test_every_leak_is_proved(kind: str) -> None:
    kept = records(kind)
    assert sorted(one["seed"] for one in kept) == list(SEEDS)
    assert all(Worth(one["metric"], one["leaked"], one["honest"]).enough for one in kept)
    assert len({one["source"] for one in kept}) >= 4
    assert len({one["form"] for one in kept}) >= 2


@pytest.mark.parametrize("kind", ["target_copy", "row_order", "encoder", "oversampling"])
def test_a_proof_comes_out_again(kind: str) -> None:
    record = records(kind)[2]
    worth = drawn(kind, record["seed"], record["attempt"]).worth()
    assert worth.gap == pytest.approx(record["gap"], abs=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_the_truth_names_columns_that_are_there(kind: str) -> None:
    case = leak(kind, 4)
    there = case.table.columns if isinstance(case, DataCase) else list(case.X)
    assert set(case.truth.columns) <= set(there)
    assert case.truth.kind == kind
    assert case.truth.severity == "error"
    if kind in IN_TABLES:
        assert isinstance(case, DataCase)
        assert case.target not in case.truth.columns
        assert case.truth.columns
    else:
        assert kind in ACCEPTED


@pytest.mark.parametrize("kind", IN_TABLES)
@pytest.mark.parametrize("seed", [0, 15])
def test_names_give_nothing_away(kind: str, seed: int) -> None:
    case = leak(kind, seed)
    for name in case.truth.columns:
        assert not any(word in name.lower() for word in TELLTALE)
        assert name in POOL or name.rstrip("0123456789") in ("x", "v", "col_", "f", "c")


def test_honest_tables_have_columns_of_the_same_names() -> None:
    seen = {name for seed in range(0, 60, 2) for name in clean(seed).table.columns}  # type: ignore[union-attr]
    assert len(seen & set(POOL)) > len(POOL) / 2


@pytest.mark.parametrize("kind", ACCEPTED)
def test_splits_are_sound_positions(kind: str) -> None:
    case = leak(kind, 3)
    assert isinstance(case, PipelineCase)
    assert len(case.X) == len(case.y)
    for train, test in case.splits:
        assert not set(train) & set(test)
        assert max(train.max(), test.max()) < len(case.y)


def test_every_accepted_topic_is_in_plain_words() -> None:
    assert {topic for topics in ACCEPTED.values() for topic in topics} == set(TOPICS)


Sample = list[tuple[str, Case]]
CODES = {topic: (f"code of {topic}",) for topic in TOPICS}
ALL_LEAKS = 24


@pytest.fixture(scope="module")
def sample(shared_data: Path) -> Sample:
    return [*all_cases(seeds=[1, 2], cleans=range(12))]


def test_a_silent_detector_finds_nothing_and_alarms_nobody(sample: Sample) -> None:
    scores = score_detector(
        lambda path, target: [], lambda *all_four: [], codes=CODES, cases=sample
    )
    assert str(scores.recall()).startswith(f"0/{ALL_LEAKS}")
    assert scores.false_alarms() == Share(0, 12)
    assert len(scores.wrong()) == ALL_LEAKS


def test_a_detector_that_shouts_always_alarms_always(sample: Sample) -> None:
    loud = [{"code": topics[0], "severity": "error", "columns": []} for topics in CODES.values()]

    def for_data(path: Path, target: str) -> list[dict[str, Any]]:
        names = [name for name in pd.read_csv(path, nrows=5) if name != target]
        return [{"code": "any", "severity": "error", "columns": [name]} for name in names]

    scores = score_detector(for_data, lambda *all_four: loud, codes=CODES, cases=sample)
    assert scores.recall().value == 1.0
    assert scores.false_alarms() == Share(12, 12)


def test_naming_all_columns_at_once_names_none(sample: Sample) -> None:
    def for_data(path: Path, target: str) -> list[dict[str, Any]]:
        names = [name for name in pd.read_csv(path, nrows=5) if name != target]
        return [{"code": "any", "severity": "error", "columns": names}]

    scores = score_detector(for_data, lambda *all_four: [], codes=CODES, cases=sample)
    assert scores.recall("target_copy") == Share(0, 2)


def test_a_detector_that_knows_the_truth_is_right_always(sample: Sample) -> None:
    tables = {case.csv(): case.truth for _, case in sample if isinstance(case, DataCase)}
    rows = {case.X.to_csv(): case.truth for _, case in sample if isinstance(case, PipelineCase)}

    def for_data(path: Path, target: str) -> list[dict[str, Any]]:
        truth = tables[path.read_bytes()]
        return [{"code": "any", "severity": truth.severity or "info", "columns": truth.columns}]

    def for_pipelines(estimator: Any, X: pd.DataFrame, y: Any, splits: Any) -> list[dict[str, Any]]:
        truth = rows[X.to_csv()]
        topic = ACCEPTED.get(truth.kind, ("encoder",))[-1]
        return [{"code": CODES[topic][0], "severity": truth.severity or "warning", "columns": []}]

    scores = score_detector(for_data, for_pipelines, codes=CODES, cases=sample)
    assert scores.recall() == Share(ALL_LEAKS, ALL_LEAKS)
    assert scores.false_alarms() == Share(0, 12)
    assert set(scores.to_json()["kinds"]) == set(KINDS)


def test_a_warning_is_not_enough_and_another_topic_neither() -> None:
    case = leak("stacking", 1)
    wrong = [{"code": "code of encoder", "severity": "error", "columns": case.truth.columns}]
    assert not counts(case, wrong, CODES)
    soft = [{"code": "code of inner split", "severity": "warning", "columns": []}]
    scores = score_detector(
        lambda *two: [], lambda *four: soft, codes=CODES, cases=[("stacking 1", case)]
    )
    assert scores.recall("stacking") == Share(0, 1)


def test_a_detector_that_breaks_has_missed_and_shouted(sample: Sample) -> None:
    def broken(*given: Any) -> Any:
        raise KeyError("no")

    scores = score_detector(broken, broken, codes=CODES, cases=sample)
    assert scores.recall().hits == 0
    assert scores.false_alarms() == Share(12, 12)
    assert scores.wrong()[0].said == ("KeyError: 'no'",)


def test_wilson_interval_as_published() -> None:
    # 81 of 263: Newcombe 1998, Table I: .2553 to .3662
    low, high = Share(81, 263).interval()
    assert (low, high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    assert Share(0, 20).interval()[0] == 0.0
    assert Share(0, 0).interval() == (0.0, 1.0)


def test_gaps_are_shares_of_the_honest_error() -> None:
    assert Worth("rmse", 9.4, 10.0).enough
    assert not Worth("rmse", 9.6, 10.0).enough
    assert Worth("auc", 0.77, 0.75).gap == pytest.approx(0.02)
    assert not Worth("auc", 0.765, 0.75).enough
    assert np.isclose(Worth("rmse", 12.0, 10.0).gap, 0.2)
