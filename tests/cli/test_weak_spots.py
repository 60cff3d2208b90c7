"""From the fit to the command line: wrong labels, drift, slices and groups of people."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.cli import main
from modelwright.core.errors import ModelwrightWarning
from modelwright.core.weaknesses import TOO_WEAK, LabelDoubts
from modelwright.report import render

ROWS, FLIPPED = 900, 60


def mails(rows: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    words, links = rng.normal(size=rows), rng.normal(size=rows)
    spam = words + links + 0.1 * rng.normal(size=rows) > 0
    return pl.DataFrame(
        {
            "words": words,
            "links": links,
            "team": rng.choice(["red", "blue"], rows),
            "spam": np.where(spam, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, set[int]]:
    """Fit mails of which some have the wrong label; one line in the file has no label at all."""
    folder = tmp_path_factory.mktemp("mails")
    table = mails(ROWS, 0)
    wrong = set(range(100, 100 + FLIPPED))
    other = {"yes": "no", "no": "yes"}
    labels: list[str | None] = [
        other[label] if row in wrong else label for row, label in enumerate(table["spam"])
    ]
    labels[3] = None
    table = table.with_columns(spam=pl.Series(labels))
    table.write_csv(folder / "mails.csv")
    settings = mw.Settings(
        trials=1, models=("linear",), workers=0, out=folder / "m.mw", store=folder / "store"
    )
    mw.fit(folder / "mails.csv", "spam", settings=settings)
    return folder / "m.mw", folder / "mails.csv", wrong


@pytest.mark.long
def test_a_fit_says_which_labels_look_wrong(fitted: tuple[Path, Path, set[int]]) -> None:
    model = mw.load(fitted[0])
    found = mw.doubtful_labels(model)
    rows = {one.row for one in found.suspects if not one.hard}
    assert len(rows & fitted[2]) >= 0.5 * FLIPPED  # where they stand in the file
    assert len(rows - fitted[2]) <= 0.1 * FLIPPED  # others lie between the classes
    assert found.low < FLIPPED / ROWS < found.high
    assert any("labels look wrong" in note for note in model.card.notes)
    page = render(model)
    assert "Labels to doubt" in page
    assert "Probably mislabelled" in page


def test_rows_to_review_are_written_with_their_lines(
    fitted: tuple[Path, Path, set[int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, data, wrong = fitted
    out = tmp_path / "review.csv"
    assert main(["label", "noise", str(model), str(data), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    review = pl.read_csv(out)
    assert review["row"].to_list() == [one["row"] for one in told["suspects"]]
    lines = data.read_text(encoding="utf-8").splitlines()
    for row in review.head(10).iter_rows(named=True):
        assert row["row"] in wrong
        line = lines[row["line"] - 1]
        assert line.endswith(f",{row['given']}")
        assert float(line.split(",")[0]) == row["words"]
        assert row["given"] != row["suggested"]
    assert main(["label", "noise", str(model)]) == 0
    assert "to doubt first" in capsys.readouterr().out


def test_new_rows_are_judged_by_the_model(
    fitted: tuple[Path, Path, set[int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = mails(400, 1)
    new = new.with_columns(spam=pl.Series(["no", *new["spam"][1:]]), words=pl.Series(
        [4.0, *new["words"][1:]]), links=pl.Series([4.0, *new["links"][1:]]))  # fmt: skip
    new.write_csv(tmp_path / "new.csv")
    assert main(["label", "noise", str(fitted[0]), str(tmp_path / "new.csv"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == 400
    assert told["suspects"][0]["row"] == 0
    assert told["suspects"][0]["line"] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--most", "0"], "--most to be at least 1"),
        (["--out", "x.doc"], "x.doc"),
        (["no-such.csv"], "no-such.csv"),
    ],
)
def test_bad_input_is_refused(
    fitted: tuple[Path, Path, set[int]], words: list[str], said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert main(["label", "noise", str(fitted[0]), *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.long
def test_evaluate_tells_weak_spots_and_groups(
    fitted: tuple[Path, Path, set[int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = mails(1500, 2)
    rng = np.random.default_rng(5)
    red = (new["team"] == "red").to_numpy()
    guessed = np.where(rng.random(1500) < 0.5, "yes", "no")
    new = new.with_columns(
        spam=pl.Series(np.where(red, guessed, new["spam"].to_numpy())),
        sex=pl.Series(rng.choice(["f", "m"], 1500)),
    )
    new.write_csv(tmp_path / "new.csv")
    words = ["evaluate", str(fitted[0]), str(tmp_path / "new.csv"), "--fairness"]
    assert main([*words, "sex", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["slices"][0]["where"] == "team is red"
    assert {share["group"] for share in told["fairness"]["shares"]} == {"f", "m"}
    assert main([*words, "team"]) == 0
    out = capsys.readouterr().out
    assert "team is red" in out
    assert "groups of 'team' (chosen: yes)" in out
    assert main([*words, "seks"]) == 2
    assert "--fairness" in capsys.readouterr().err


def test_rows_that_drifted_are_said_and_others_are_not(
    fitted: tuple[Path, Path, set[int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = mw.load(fitted[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(mails(500, 3))
    moved = mails(500, 3).with_columns(pl.col("words") + 3)
    with pytest.warns(ModelwrightWarning, match="differ from those of the fit in 1 of 3 columns"):
        model.predict(moved)
    moved.write_csv(tmp_path / "moved.csv")
    out = tmp_path / "p.csv"
    assert main(["predict", str(fitted[0]), str(tmp_path / "moved.csv"), "--out", str(out)]) == 0
    assert "'words' (median" in capsys.readouterr().err


@pytest.mark.long
def test_check_compares_new_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mails(400, 4).write_csv(tmp_path / "old.csv")
    mails(400, 5).write_csv(tmp_path / "alike.csv")
    mails(400, 5).with_columns(pl.col("links") * 2 + 2).write_csv(tmp_path / "moved.csv")
    words = ["check", str(tmp_path / "old.csv"), "--target", "spam", "--json", "--new"]
    assert main([*words, str(tmp_path / "alike.csv")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "drift" not in {one["code"] for one in told["findings"]}
    assert 0.4 < told["drift"]["together"]["auc"] < 0.6
    assert main([*words, str(tmp_path / "moved.csv")]) == 0
    told = json.loads(capsys.readouterr().out)
    (one,) = [one for one in told["findings"] if one["code"] == "drift"]
    assert one["columns"] == ["links"]
    assert told["drift"]["together"]["low"] > 0.7


def test_groups_fit_into_any_terminal_and_spellings_are_one(
    fitted: tuple[Path, Path, set[int]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new = mails(300, 1)
    shops = [["Rome", "rome", "ROME"][i % 3] if i % 2 else "Oslo" for i in range(299)]
    new = new.with_columns(shop=pl.Series([*shops, "Kyoto"]))  # which the model does not know
    new.write_csv(tmp_path / "new.csv")
    monkeypatch.setenv("COLUMNS", "60")
    given = ["evaluate", str(fitted[0]), str(tmp_path / "new.csv"), "--fairness", "shop"]
    assert main(given) == 0
    out = capsys.readouterr().out
    table = out[out.index("groups of 'shop'") :].split("\n\n")[0].splitlines()[1:]
    assert [line.split()[0] for line in table[:4]] == ["shop", "Oslo", "Rome", "Kyoto"]
    assert max(map(len, table)) <= 60
    assert "…" not in "".join(table)
    assert "nan" not in out


@pytest.mark.long
def test_a_model_that_knows_nothing_judges_no_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    table = pl.DataFrame({"x": rng.normal(size=300), "y": rng.choice(["a", "b"], 300)})
    settings = mw.Settings(trials=1, models=("linear",), workers=0, out=tmp_path / "m.mw")
    model = mw.fit(table, "y", settings=settings).model
    assert [note for note in model.card.notes if "label" in note] == [TOO_WEAK]
    assert "too weak to judge labels" in render(model)
    fresh = pl.DataFrame({"x": rng.normal(size=60), "y": rng.choice(["a", "b"], 60)})
    for found in (mw.doubtful_labels(model), mw.doubtful_labels(model, fresh)):
        assert not found.judged
        assert not found.suspects
    assert main(["label", "noise", str(tmp_path / "m.mw")]) == 0
    assert "too weak to judge labels" in capsys.readouterr().out


def test_what_cannot_be_told_is_not_denied(capsys: pytest.CaptureFixture[str]) -> None:
    from modelwright.cli.labelling import _summary

    said = _summary(LabelDoubts(240, 0.0, 0.0, 0.105, 0, 18))
    assert said.startswith("240 labels: none can be told to be wrong, up to 10.5 % may be; look at")
    assert "more likely wrong" in _summary(LabelDoubts(240, 0.0, 0.0, 0.07, 0, 0))
