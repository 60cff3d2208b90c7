"""A fit leaves behind what a report and explanations need."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import modelwright as mw
from modelwright.core.evidence import Evidence
from modelwright.core.task import Target
from modelwright.evaluate import find_metric


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> mw.Result:
    rng = np.random.default_rng(0)
    n = 240
    strong, town = rng.normal(size=n), rng.choice(["Rome", "Bonn"], n)
    table = {
        "strong": strong,
        "noise": rng.normal(size=n),
        "town": town,
        "same": ["x"] * n,
        "won": np.where(strong + (town == "Rome") + 0.3 * rng.normal(size=n) > 0, "yes", "no"),
    }
    store = tmp_path_factory.mktemp("store")
    settings = mw.Settings(trials=3, workers=0, store=store, out=store / "model.mw")
    return mw.fit(table, "won", settings=settings)


def evidence_of(result: mw.Result) -> Evidence:
    assert result.model.evidence is not None
    return result.model.evidence


def test_the_evidence_gives_the_score_again(fitted: mw.Result) -> None:
    evidence, task = evidence_of(fitted), fitted.model.task
    metric = find_metric(task.metric, task.kind)
    again = metric.score(Target(evidence.y, len(task.classes)), evidence.p, evidence.weight)
    assert again == pytest.approx(fitted.score)
    sizes = np.bincount(evidence.fold)
    assert [valid for _, valid in evidence.splits] == sizes.tolist()
    assert all(train + valid == 240 for train, valid in evidence.splits)


def test_every_column_is_described_the_ignored_ones_and_the_target_too(fitted: mw.Result) -> None:
    profiles = {profile.name: profile for profile in evidence_of(fitted).profiles}
    assert list(profiles) == ["strong", "noise", "town", "same", "won"]
    assert (profiles["same"].role, profiles["same"].why) == ("ignored", "constant")
    assert profiles["won"].role == "target"


def test_what_the_answer_hangs_on_leads(fitted: mw.Result) -> None:
    evidence = evidence_of(fitted)
    assert [one.column for one in evidence.importances][:2] == ["strong", "town"]
    curves = {curve.column: curve for curve in evidence.dependences}
    rising = [means[1] for means in curves["strong"].means]
    assert rising[-1] - rising[0] > 0.3
    for one in evidence.attributions:
        assert one.base + sum(one.shares) == pytest.approx(one.prediction, abs=1e-4)
        assert one.output == fitted.model.task.classes[1]


def test_the_leading_lines_have_intervals(fitted: mw.Result) -> None:
    for line in fitted.leaderboard:
        assert line.low is not None
        assert line.high is not None
        assert line.low <= line.score <= line.high


def test_a_model_file_keeps_it_all(fitted: mw.Result) -> None:
    again = mw.load(fitted.folder / "model.mw")
    kept, first = again.evidence, evidence_of(fitted)
    assert kept is not None
    assert kept.p.tobytes() == first.p.tobytes()
    assert (kept.profiles, kept.importances) == (first.profiles, first.importances)
    assert (kept.dependences, kept.attributions) == (first.dependences, first.attributions)
    assert again.leaderboard == fitted.leaderboard


def test_single_rows_are_explained_from_the_file_alone(fitted: mw.Result) -> None:
    model = mw.load(fitted.folder / "model.mw")
    rows = {"strong": [3.0, -3.0], "noise": [0.0, 0.0], "town": ["Rome", "Bonn"]}
    high, low = model.explain(rows, rows=[0, 1])
    assert (high.row, high.columns[0]) == ("row 0", "strong")
    assert high.shares[0] > 0 > low.shares[0]
    p = model.predict(rows)
    assert [high.prediction, low.prediction] == pytest.approx(p["p_yes"].to_list(), abs=1e-5)
    with pytest.raises(mw.DataError, match="rows 0 to 1; got row 2"):
        model.explain(rows, rows=[2])


def test_a_model_without_evidence_says_so(fitted: mw.Result, tmp_path: Path) -> None:
    from dataclasses import replace

    bare = replace(fitted.model, evidence=None)
    loaded = mw.load(bare.save(tmp_path / "bare.mw"))
    assert loaded.evidence is None
    with pytest.raises(mw.DataError, match="no time to describe"):
        loaded.explain({"strong": [1.0], "noise": [0.0], "town": ["Rome"]})


def test_evidence_that_does_not_fit_together_is_refused(fitted: mw.Result) -> None:
    from dataclasses import replace

    state = replace(evidence_of(fitted), y=np.zeros(3)).export()
    with pytest.raises(ValueError, match="different lengths"):
        Evidence.restore(state)


@pytest.mark.long
def test_members_that_have_seen_every_row_are_not_asked_what_matters() -> None:
    rng = np.random.default_rng(1)
    table = {name: rng.normal(size=120) for name in "abcde"}
    table["y"] = rng.normal(size=120)
    settings = mw.Settings(trials=1, workers=0, models=("extra-trees",))
    evidence = evidence_of(mw.fit(table, "y", settings=settings))
    assert (evidence.importances, evidence.attributions) == ((), ())
    assert evidence.heard == 0.0
    assert len(evidence.profiles) == 6
