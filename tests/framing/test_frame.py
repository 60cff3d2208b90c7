"""Questions are checked against the data, and what is left open is proposed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from evaluate import worlds
from framing.tables import kiosks, patients
from modelwright.core.errors import ColumnError, DataError, OptionError, UserError
from modelwright.core.settings import Question, Settings
from modelwright.framing import Draft, Study, accept, candidates, propose
from modelwright.framing.draft import names_in
from modelwright.store.task_file import read_task


def study(frame: pl.DataFrame, target: str) -> tuple[Study, Draft]:
    made = Study.of(frame, Question(target), Settings())
    return made, accept("target", target, made, Draft(Question("")))


def test_what_is_left_open_is_proposed_by_the_data() -> None:
    task = mw.frame(kiosks(), mw.Question("sold", unknown=("till",)))
    asked = task.question
    assert (asked.task, asked.metric, asked.unit) == ("regression", "rmse", "row")
    assert (asked.order, asked.horizon, asked.group) == ("day", None, None)
    assert asked.baseline == next(iter(task.data["rules"]))


def test_a_key_that_comes_back_is_proposed_as_group() -> None:
    task = mw.frame(patients(), mw.Question("state", unknown=("letter",)))
    assert task.question.group == "patient_id"
    assert task.question.order is None
    assert task.question.positive in ("ill", "well")
    assert task.data["groups"]["different"] == patients()["patient_id"].n_unique()


def test_what_check_finds_is_proposed_with_its_evidence() -> None:
    frame = worlds.patients(0, shuffled=True)
    high = frame["y"] > frame["y"].median()
    frame = frame.with_columns(
        subject=pl.col("subject").str.replace("S", "Subject "),
        state=pl.when(high).then(pl.lit("ill")).otherwise(pl.lit("well")),
        sent=pl.when(high & (pl.int_range(frame.height) % 3 > 0)).then(pl.lit("R2")),
    ).drop("y")
    task = mw.frame(frame, "state")
    assert (task.question.group, task.question.unknown) == ("subject", ("sent",))
    assert task.data["proposed"]["unknown"].startswith("sent: after-the-fact")
    assert "'subject' has 70 values" in task.data["proposed"]["group"]
    turned_down = mw.frame(frame, Question("state", group="none", unknown=("rate",)))
    assert (turned_down.question.group, turned_down.question.unknown) == (None, ("rate",))


def test_a_proposal_can_be_turned_down() -> None:
    asked = mw.Question("state", group="none", baseline="none", order="none")
    question = mw.frame(patients(), asked).question
    assert (question.group, question.baseline, question.order) == (None, None, None)


def test_what_is_said_is_kept() -> None:
    asked = mw.Question(
        "sold",
        order="day",
        horizon="7d",
        group="none",
        unit="kiosk and day",
        unknown=(" till ",),
        metric="MAE",
        baseline="last by kiosk",
    )
    question = mw.frame(kiosks(), asked).question
    assert question.unknown == ("till",)
    assert (question.metric, question.horizon) == ("mae", "7 days")
    assert question.baseline == "last by kiosk"
    assert question.unit == "kiosk and day"


def test_rows_in_no_order_propose_none() -> None:
    mixed = kiosks().sample(fraction=1, shuffle=True, seed=1)
    made, draft = study(mixed, "sold")
    proposal = propose("order", made, draft)
    assert proposal.value == ""
    assert "'day'" in proposal.why
    newest_first = kiosks().reverse()
    made, draft = study(newest_first, "sold")
    assert propose("order", made, draft).value == "day"


def test_the_baseline_is_scored_as_a_model_would_be() -> None:
    frame = kiosks()
    asked = mw.Question("sold", order="none", baseline="mean by kiosk", unknown=("till",))
    task = mw.frame(frame, asked)
    known = {key: part["sold"].to_numpy() for (key,), part in frame.group_by("kiosk")}
    inside = np.concatenate([values - values.mean() for values in known.values()])
    # In five folds the mean is that of the other four: a little worse than that of all rows.
    exact = np.sqrt(np.mean(inside**2))
    assert exact < task.data["baseline_score"] < 1.03 * exact
    assert task.data["rules"]["mean"] > 1.5 * task.data["baseline_score"]


def test_a_horizon_makes_the_last_answer_older() -> None:
    def score(horizon: str) -> float:
        asked = mw.Question("sold", order="day", horizon=horizon, baseline="last by kiosk")
        return float(mw.frame(kiosks(), replace(asked, unknown=("till",))).data["baseline_score"])

    # A week ago it was the same day of the week; three days ago it often was not.
    assert score("7 days") < score("3 days")


@pytest.mark.long
def test_what_the_data_says_is_counted() -> None:
    frame = patients().with_columns(state=pl.when(pl.col("age") > 30).then("state"))
    task = mw.frame(frame, mw.Question("state", unknown=("letter",)))
    answered = frame["state"].count()
    assert task.data["rows"] == 240
    assert task.data["answered"] == answered
    assert task.data["answer_rate"] == round(answered / 240, 4)
    share = (frame["state"] == "ill").sum() / answered
    assert task.data["classes"]["ill"] == pytest.approx(share, abs=1e-4)
    numbers = mw.frame(kiosks(), "sold").data["answers"]
    assert numbers["mean"] == pytest.approx(kiosks()["sold"].mean(), rel=1e-5)


def test_candidates_come_best_first() -> None:
    _, draft = study(kiosks().drop("till"), "sold")
    assert draft.posed is not None
    bars = candidates(draft.posed)
    assert [bar.score for bar in bars] == sorted(bar.score for bar in bars)
    assert {"mean", "median", "mean by kiosk"} <= {bar.name for bar in bars}
    _, draft = study(patients().drop("letter"), "state")
    assert draft.posed is not None
    best = candidates(draft.posed)
    assert [bar.score for bar in best] == sorted((bar.score for bar in best), reverse=True)
    assert best[0].name.startswith("frequencies by today")


REFUSED: list[tuple[dict[str, Any], type[UserError], str]] = [
    ({"target": "solt"}, ColumnError, "did you mean 'sold'"),
    ({"target": "same"}, DataError, "at least 2 distinct values in target 'same'"),
    ({"unit": "kiosk"}, OptionError, "3 values of it in 360 rows"),
    ({"order": "dya"}, ColumnError, "for --order"),
    ({"order": "sold"}, OptionError, "--target and --order"),
    ({"order": "day", "horizon": "7"}, OptionError, "a horizon with a unit"),
    ({"order": "day", "horizon": "20 years"}, OptionError, "leaves rows to learn from"),
    ({"order": "none", "horizon": "7 days"}, OptionError, "an order column beside a horizon"),
    ({"order": "forecast", "horizon": "1 day"}, OptionError, "holds numbers"),
    ({"group": "nobody"}, ColumnError, "for --group"),
    ({"group": "same"}, OptionError, "at least 2 groups"),
    ({"unknown": ("tills",)}, ColumnError, "did you mean 'till'"),
    ({"order": "day", "unknown": ("day",)}, OptionError, "a known column for --order"),
    ({"unknown": ("sold",)}, OptionError, "a known column for --target"),
    ({"metric": "auc"}, OptionError, "a metric for regression"),
    ({"baseline": "frequencies"}, OptionError, "write mean"),
    ({"baseline": "last", "order": "none"}, OptionError, "an order column for the baseline"),
    ({"baseline": "mean by"}, OptionError, "a baseline"),
    ({"baseline": "mean by till", "unknown": ("till",)}, OptionError, "'till' is called unknown"),
    ({"baseline": "column kiosk"}, OptionError, "numbers in column 'kiosk'"),
    ({"baseline": "column sold"}, OptionError, "does not know the answer"),
    ({"positive": "yes"}, OptionError, "a binary task"),
    (
        {"unknown": ("day", "kiosk", "weekday", "forecast", "till", "same")},
        DataError,
        "at least one column to learn from",
    ),
]


@pytest.mark.long
@pytest.mark.parametrize(
    ("said", "error", "text"), REFUSED, ids=[" ".join(map(str, r[0].items())) for r in REFUSED]
)
def test_what_does_not_fit_is_refused(
    said: dict[str, Any], error: type[UserError], text: str
) -> None:
    frame = kiosks().with_columns(same=pl.lit("x"))
    with pytest.raises(error) as caught:
        mw.frame(frame, Question(**{"target": "sold", **said}))
    assert text in str(caught.value)


@pytest.mark.long
@pytest.mark.parametrize(
    ("baseline", "metric", "expected"),
    [
        ("column today", "accuracy", 0.8),
        ("column risk", "roc_auc", 0.8),
        ("column risk", "accuracy", 0.8),
        ("frequencies by today", "roc_auc", 0.8),
        ("0.77", "accuracy", 0.77),
        ("most-frequent", "roc_auc", 0.5),
    ],
)
def test_what_is_done_today_is_scored(baseline: str, metric: str, expected: float) -> None:
    asked = mw.Question("state", group="none", metric=metric, baseline=baseline, positive="ill")
    score = mw.frame(patients(rows=900), asked).data["baseline_score"]
    assert score == pytest.approx(expected, abs=0.03)


def test_yes_and_no_in_words_are_classes_too() -> None:
    frame = patients().with_columns(
        state=pl.when(pl.col("state") == "ill").then(pl.lit("yes")).otherwise(pl.lit("no")),
        today=pl.when(pl.col("today") == "ill").then(pl.lit("yes")).otherwise(pl.lit("no")),
    )
    right = (frame["state"] == frame["today"]).mean()
    asked = mw.Question("state", group="none", metric="accuracy", baseline="column today")
    score = mw.frame(frame, asked).data["baseline_score"]
    assert score == pytest.approx(right, abs=1e-5)


def test_names_may_have_commas() -> None:
    assert names_in("a, b,c", ["a, b", "c"]) == ("a, b", "c")
    assert names_in("", ["a"]) == ()
    assert names_in(" b ", ["a", " b"]) == (" b",)
    with pytest.raises(ColumnError):
        names_in("a,,b", ["a", "b"])


@pytest.mark.long
def test_a_file_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "task.toml"
    mw.frame(kiosks(), "sold", out=out)
    with pytest.raises(OptionError, match="a new file for the task"):
        mw.frame(kiosks(), "sold", out=out)
    assert mw.frame(kiosks(), "sold", out=out, overwrite=True).file == str(out)
    assert read_task(out).question.target == "sold"


def test_the_file_says_what_the_frame_says(tmp_path: Path) -> None:
    asked = mw.Question("sold", horizon="2 days", unknown=("till",), metric="mae")
    task = mw.frame(kiosks(), asked, out=tmp_path / "task.toml")
    read = read_task(tmp_path / "task.toml")
    assert read.question == task.question
    assert read.data == task.data


def test_labels_are_read_as_they_are_written(tmp_path: Path) -> None:
    rows = 400
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"x": rng.normal(size=rows), "zone": rng.choice(["01", "02", "03"], rows)})
    frame.write_csv(tmp_path / "zones.csv")
    task = mw.frame(tmp_path / "zones.csv", "zone")
    assert set(task.data["classes"]) == {"01", "02", "03"}


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "order", "group"),
    [
        ("bike_sharing", "date", None),
        ("nyc_taxis_tip", "pickup", None),
        ("portal_weight", "year", None),
        ("star_math", None, "id"),
        ("ibm_attrition", None, None),
        ("stroke", None, None),
    ],
)
def test_real_tables_get_sensible_proposals(
    shared_data: Path, name: str, order: str | None, group: str | None
) -> None:
    import json

    folder = shared_data / "tabular" / name
    target = json.loads((folder / "meta.json").read_text())["target"]
    raw = pl.read_csv(folder / "train.csv.gz", infer_schema=False).head(8_000)
    made, draft = study(raw, target)
    draft = accept("order", propose("order", made, draft).value, made, draft)
    assert draft.question.order == order
    assert propose("group", made, draft).value == (group or "")
