"""Odd folders of images through every command: one clear line, and each name to the byte."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")
pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")

from modelwright.cli import main
from modelwright.cli.fitting import _tell_next
from modelwright.features.images import Opened
from modelwright.plan.images.rows import _told
from pictured import draw, save

NAMES = (
    " lead", "lead", "Lead", "trail ", "1.0", "1", "01", "true", "True", "None", "é", "e\u0301",
    "a,b", '"q"', "new\nline", "=cmd()", "<script>alert(1)<", "😀 x", "y" * 200,
)  # fmt: skip


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images in folders of odd names."""
    folder = tmp_path_factory.mktemp("odd") / "in"
    try:
        for kind, name in enumerate(NAMES):
            for i in range(5):
                image = draw(kind % 2, i) // 2 + 6 * kind
                save(folder / name / f"{i}.png", image.astype("uint8"))
    except OSError:
        pytest.skip("this disk does not take such names")
    if len([*folder.iterdir()]) < len(NAMES):
        pytest.skip("this disk takes some of them for one")
    return folder


@pytest.fixture(scope="module")
def model(odd: Path) -> Path:
    """A model of them."""
    out = odd.with_name("m.mw")
    words = ["--trials", "1", "--out", str(out), "--store", str(out.with_name("store"))]
    assert main(["fit", str(odd), *words]) == 0
    return out


@pytest.fixture(autouse=True)
def cleared(capsys: pytest.CaptureFixture[str], model: Path) -> None:
    """Forget what the fit said."""
    capsys.readouterr()


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_names_of_classes_come_back_to_the_byte(
    odd: Path, model: Path, tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"p.{ending}"
    assert main(["predict", str(model), str(odd), "--out", str(out)]) == 0
    if ending == "csv":
        with out.open(newline="", encoding="utf-8") as file:
            rows = [*csv.DictReader(file)]
    elif ending == "jsonl":
        rows = [json.loads(line) for line in out.read_text(encoding="utf-8").split("\n") if line]
    else:
        rows = pl.read_parquet(out).to_dicts()
    assert len(rows) == 5 * len(NAMES)
    assert set(rows[0]) == {"image", "prediction", *(f"p_{name}" for name in NAMES)}
    for row in rows:
        assert Path(row["image"]).is_file()
        shares = {name: float(row[f"p_{name}"]) for name in NAMES}
        assert shares[row["prediction"]] == max(shares.values())


@pytest.mark.long
def test_all_classes_are_scored_and_reported(
    odd: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(model), str(odd), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["class"]: one["rows"] for one in told["classes"]} == dict.fromkeys(NAMES, 5)
    page = tmp_path / "r.html"
    assert main(["report", str(model), "--out", str(page)]) == 0
    written = page.read_text(encoding="utf-8")
    assert "<script>alert" not in written
    assert "&lt;script&gt;alert(1)&lt;" in written


def test_one_image_is_predicted(odd: Path, model: Path, tmp_path: Path) -> None:
    out, image = tmp_path / "p.csv", odd / "lead" / "0.png"
    assert main(["predict", str(model), str(image), "--out", str(out)]) == 0
    assert pl.read_csv(out)["image"].to_list() == [str(image)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain", "{model}", "{odd}"], "got one of images; modelwright report"),
        (["explain", "{model}"], "got one of images; modelwright report"),
        (["explain", "{model}", "{odd}", "--columns"], "got one of images"),
        (["explain", "{model}", "{odd}", "--curves", "all"], "got one of images"),
        (["check", "{odd}", "--target", "class"], "a table to check; got images in 'in'"),
        (["explore", "{odd}", "--out", "e.html"], "a table to explore; got images in 'in'"),
        (["fit", "{odd}", "--task", "clustering"], "got images in 'in'"),
        (["fit", "{odd}", "--task", "binary"], "--task multiclass for 19 classes; got 'binary'"),
        (["fit", "{odd}", "--test", "rows.csv"], "train/, val/ and test/"),
        (["fit", "{odd}", "--models", "lightgbm"], "no --models beside images; got 'lightgbm'"),
        (["fit", "{odd}/lead/0.png"], "images in folders of classes"),
    ],
)
def test_what_images_have_not_is_refused_in_one_line(
    words: list[str],
    said: str,
    odd: Path,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("a,b\n1,2\n")
    given = [word.format(odd=odd, model=model) for word in words]
    given += ["--store", str(tmp_path / "store")] if words[0] == "fit" else []
    assert main(given) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("error: expected ")
    assert said in line


def test_clean_refuses_images_as_check_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "in" / "a" / "1.png", draw(0, 1))
    out = tmp_path / "a.csv"
    assert main(["clean", str(tmp_path / "in"), "--out", str(out)]) == 2
    assert "expected a table to clean; got images in 'in'" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "1 image turned as its EXIF data say."), (2, "2 images turned as their EXIF data say.")],
)
def test_one_image_is_not_many(count: int, said: str) -> None:
    opened = Opened(np.ones(3, bool), {}, {"turned as their EXIF data say": count})
    assert _told(opened, ["a", "b", "c"]) == (said,)


def test_the_next_line_can_be_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _tell_next(SimpleNamespace(folder=tmp_path), Path("my model.mw"))  # type: ignore[arg-type]
    assert "predict 'my model.mw' DATA" in capsys.readouterr().out
