"""Tables that name images, through the same commands: fitted, predicted, scored, explained."""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")

import modelwright as mw
from modelwright.cli import main
from modelwright.core.errors import ModelwrightWarning, OptionError
from modelwright.core.settings import TableSettings
from modelwright.report import render
from pictured import draw, save


def write_rows(folder: Path, count: int, seed: int) -> Path:
    """Write a table whose answer is a number of the row and what its picture shows."""
    rng = np.random.default_rng(seed)
    size, kind = rng.normal(size=count), rng.integers(0, 2, count)
    for i in range(count):
        save(folder / "photos" / f"{i}.png", draw(int(kind[i]), seed * 1_000 + i, side=24))
    price = 3 * size + 8 * kind + rng.normal(scale=0.3, size=count)
    names = [f"photos/{i}.png" for i in range(count)]
    frame = pl.DataFrame({"size": size, "photo": names, "price": price})
    frame.write_csv(folder / "rows.csv")
    return folder / "rows.csv"


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows to learn from, two of whose pictures are broken, and rows to predict."""
    folder = tmp_path_factory.mktemp("tables")
    write_rows(folder / "old", 160, 0)
    (folder / "old" / "photos" / "3.png").write_bytes(b"")
    (folder / "old" / "photos" / "4.png").unlink()
    write_rows(folder / "new", 40, 1)
    return folder


@pytest.fixture(scope="module")
def fitted(place: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a fit of two trials printed."""
    store = tmp_path_factory.mktemp("store")
    told = io.StringIO()
    with redirect_stdout(told):
        assert main(
            ["fit", str(place / "old" / "rows.csv"), "--target", "price", "--trials", "2",
             "--models", "linear,extra-trees", "--workers", "0", "--store", str(store),
             "--out", str(place / "m.mw"), "--test", str(place / "new" / "rows.csv"), "--json"]
        ) == 0  # fmt: skip
    found: dict[str, Any] = json.loads(told.getvalue())
    return found


@pytest.mark.long
def test_pictures_count_beside_the_other_columns(fitted: dict[str, Any], place: Path) -> None:
    (note,) = [note for note in fitted["notes"] if "could not be opened" in note]
    assert note.startswith("2 of 160 values of 'photo' became missing")
    assert "an empty file (1)" in note
    assert "no such file (1)" in note
    alone = mw.fit(
        place / "old" / "rows.csv",
        "price",
        settings=mw.Settings(
            trials=2, models=("linear", "extra-trees"), workers=0, types={"photo": "text"}
        ),
    )
    assert alone.score is not None
    assert alone.score > 3
    assert fitted["score"] < 0.6 * alone.score
    assert fitted["test"]["score"] < 0.6 * alone.score


def test_new_rows_are_predicted_by_the_same_column(
    fitted: dict[str, Any], place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = str(place / "m.mw"), tmp_path / "answers.csv"
    told = said(["predict", model, str(place / "new" / "rows.csv"), "--out", str(out)], capsys)
    answers = pl.read_csv(out)
    assert told["rows"] == 40
    assert answers.columns == ["prediction"]
    truth = pl.read_csv(place / "new" / "rows.csv")["price"]
    assert float(((answers["prediction"] - truth) ** 2).mean() ** 0.5) < 3  # type: ignore[arg-type, operator]
    # the same rows elsewhere, their pictures where they were
    shutil.copy(place / "new" / "rows.csv", tmp_path / "rows.csv")
    command = ["predict", model, str(tmp_path / "rows.csv"), "--out", str(tmp_path / "b.csv")]
    said([*command, "--images", str(place / "new")], capsys)
    assert pl.read_csv(tmp_path / "b.csv").equals(answers)
    scores = said(["evaluate", model, str(place / "new" / "rows.csv")], capsys)["scores"]
    assert scores["rmse"] == pytest.approx(fitted["test"]["score"])


def test_a_frame_needs_the_folder(fitted: dict[str, Any], place: Path) -> None:
    frame = pl.read_csv(place / "new" / "rows.csv")
    with pytest.raises(OptionError, match="a folder for the images of 'photo'"):
        mw.load(place / "m.mw").predict(frame)
    by_file = mw.load(place / "m.mw").predict(place / "new" / "rows.csv")
    assert mw.load(place / "m.mw", images=place / "new").predict(frame).equals(by_file)
    full = frame.with_columns(pl.lit(f"{place / 'new'}/").add(pl.col("photo")).alias("photo"))
    assert mw.load(place / "m.mw", images=place / "new").predict(full).equals(by_file)


def test_pictures_that_are_not_there_are_told(fitted: dict[str, Any], place: Path) -> None:
    frame = pl.read_csv(place / "new" / "rows.csv")
    model = mw.load(place / "m.mw", images=place / "new" / "photos")  # one level too deep
    with pytest.warns(ModelwrightWarning, match="40 of 40 values of 'photo' became missing"):
        answers = model.predict(frame)
    assert answers["prediction"].is_finite().all()


def test_no_cell_of_a_picture_is_shown(fitted: dict[str, Any], place: Path) -> None:
    model = mw.load(place / "m.mw")
    (one,) = model.explain(place / "new" / "rows.csv", rows=[0])
    assert dict(zip(one.columns, one.values, strict=True))["photo"] == "a picture"
    lost = {one.column: one.loss for one in model.importances(place / "new" / "rows.csv")}
    assert lost["photo"] > 1
    page = render(model)
    assert "picture:" not in page
    assert "photo" in page


@pytest.mark.long
def test_a_folder_may_be_named_for_a_fit(place: Path) -> None:
    frame = pl.read_csv(place / "old" / "rows.csv")
    quick = {"trials": 1, "models": ("linear",), "workers": 0}
    found = mw.fit(frame, "price", settings=mw.Settings(**quick))  # type: ignore[arg-type]
    assert any("name their folder with --images" in note for note in found.notes)
    named = TableSettings(**quick, images=place / "old")  # type: ignore[arg-type]
    known = mw.fit(frame, "price", settings=named)
    assert known.score is not None
    assert found.score is not None
    assert known.score < 0.6 * found.score


def test_an_order_to_take_the_column_for_images_needs_a_folder(place: Path) -> None:
    frame = pl.read_csv(place / "old" / "rows.csv")
    asked = mw.Settings(trials=1, workers=0, types={"photo": "image"})
    with pytest.raises(OptionError, match="a folder for the images of 'photo'"):
        mw.fit(frame, "price", settings=asked)


def test_check_opens_them_too(place: Path) -> None:
    notes = mw.check(place / "old" / "rows.csv", "price").notes
    assert any("values of 'photo' became missing" in note for note in notes)


@pytest.mark.long
def test_without_pillow_the_column_is_told_and_the_rest_is_learned_from(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "PIL" else known(name)
    )
    quick = mw.Settings(trials=1, models=("linear",), workers=0)
    found = mw.fit(place / "old" / "rows.csv", "price", settings=quick)
    assert any("name their folder with --images" in note for note in found.notes)
    assert "photo" not in found.model.columns
