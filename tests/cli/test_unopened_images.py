"""New images that cannot be opened: named with their cause, and no row is lost."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")
pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")

import modelwright as mw
from modelwright.cli import main
from modelwright.core.errors import DataError
from modelwright.core.unopened import UnopenedWarning
from modelwright.plan.findings.calibrate import calibrate
from pictured import draw, save, write_classes, zipped

BAD = {
    "cut.png": "cut short",
    "empty.png": "an empty file",
    "text.png": "no image, or a damaged one",
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of bars."""
    folder = tmp_path_factory.mktemp("bars")
    data, out = write_classes(folder, {"train": 30}), folder / "m.mw"
    words = ["--trials", "1", "--out", str(out), "--store", str(folder / "store")]
    assert main(["fit", str(data), *words]) == 0
    return out


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Four images, and three that are none."""
    folder = tmp_path / "new"
    for i in range(4):
        save(folder / f"{i}.png", draw(i % 2, i))
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("hello")
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:-30])
    return folder


def predicted(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], str]:
    capsys.readouterr()
    assert main(["predict", *words, "--json"]) == 0
    said = capsys.readouterr()
    return json.loads(said.out), said.err


@pytest.mark.parametrize("packed", [False, True])
def test_every_row_is_predicted_or_named(
    packed: bool, model: Path, new: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = zipped(new, tmp_path / "new.zip") if packed else new, tmp_path / "p.csv"
    told, notes = predicted([str(model), str(source), "--out", str(out)], capsys)
    assert (told["rows"], told["predicted"]) == (7, 4)
    assert {Path(one["image"]).name: one["why"] for one in told["unopened"]} == BAD
    (note,) = [line for line in notes.splitlines() if "could not be opened" in line]
    assert "3 of 7 images could not be opened and were given no prediction" in note
    inside = f"{source}/new" if packed else source
    assert all(f"{why} (1): {inside}/{name}" in note for name, why in BAD.items())
    answers = pl.read_csv(out)
    empty = answers.filter(pl.col("prediction").is_null())
    assert {Path(place).name for place in empty["image"]} == set(BAD)
    assert answers.height == 7
    assert empty.drop("image").null_count().row(0) == (3, 3, 3)


def test_a_person_reads_how_many_rows_have_no_prediction(
    model: Path, new: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["predict", str(model), str(new), "--out", str(tmp_path / "p.csv")]) == 0
    assert capsys.readouterr().out.startswith("7 rows, 4 of them with a prediction: ")


def test_in_python_the_warning_holds_the_images(model: Path, new: Path) -> None:
    fitted = mw.load(model)
    with pytest.warns(UnopenedWarning) as caught:
        p = fitted.probabilities(new)
    assert np.isnan(p).all(axis=1).sum() == 3
    (one,) = [w.message for w in caught if isinstance(w.message, UnopenedWarning)]
    assert {Path(place).name: why for place, why in one.images} == BAD


def test_what_cannot_be_opened_is_not_scored(model: Path, new: Path, tmp_path: Path) -> None:
    data = write_classes(tmp_path / "known", {"test": 4})
    for name in BAD:
        (data / "test" / "lying" / name).write_bytes((new / name).read_bytes())
    fitted = mw.load(model)
    with pytest.warns(UnopenedWarning, match=r"3 of 11 images .* were not scored"):
        rows = fitted.answered(data)
    assert len(rows.y) == len(rows.p) == 8
    with pytest.warns(UnopenedWarning, match=r"3 of 11 images .* were not calibrated on"):
        calibrated = calibrate(fitted, data)
    with pytest.warns(UnopenedWarning):
        answers = calibrated.predict(data, interval=0.5)
    assert answers["set"].null_count() == 3


def test_nothing_that_can_be_opened_is_not_scored(model: Path, tmp_path: Path) -> None:
    (tmp_path / "in" / "lying").mkdir(parents=True)
    (tmp_path / "in" / "lying" / "1.png").write_bytes(b"")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnopenedWarning)
        with pytest.raises(DataError, match="images that can be opened; got none of 1"):
            mw.load(model).answered(tmp_path / "in")


@pytest.mark.long
def test_an_image_column_names_them_and_keeps_all_rows(
    new: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, out = new / "rows.csv", tmp_path / "t.mw"
    names = [f"{i % 4}.png" for i in range(40)]
    rows = pl.DataFrame({"photo": names, "x": range(40), "y": [i % 2 for i in range(40)]})
    rows.write_csv(table)
    words = ["--target", "y", "--trials", "1", "--workers", "0", "--store", str(tmp_path / "s")]
    assert main(["fit", str(table), *words, "--out", str(out)]) == 0
    fresh = pl.DataFrame({"photo": [*names[:4], *BAD, "gone.png"], "x": range(8)})
    fresh.write_csv(table)
    told, notes = predicted([str(out), str(table), "--out", str(tmp_path / "p.csv")], capsys)
    assert (told["rows"], told["predicted"]) == (8, 8)
    why = {one["image"]: one["why"] for one in told["unopened"]}
    assert why == {**BAD, "gone.png": "no such file"}
    assert "no such file (1): gone.png" in notes
