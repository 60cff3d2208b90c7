"""The encoding of a file, from fit to predict."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import modelwright as mw
from modelwright.cli import main
from modelwright.core.errors import DataError
from modelwright.model.file import pack, unpack

CITIES = ("się", "plain", "Łódź")  # "się" of Windows-1250 is "siê" of Windows-1252
ROWS = "\n".join(
    ["city,size,y", *(f"{CITIES[i % 3]},{i % 7},{100 * (i % 3) + i % 5}" for i in range(60))]
)
NEW = "city,size\nsię,3\n"
HOW = ["--models", "linear", "--trials", "1", "--workers", "0"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give rows in Windows-1250 and a model that was told so."""
    place = tmp_path_factory.mktemp("told")
    (place / "rows.csv").write_bytes(ROWS.encode("cp1250"))
    (place / "new.csv").write_bytes(NEW.encode("cp1250"))
    (place / "utf8.csv").write_text(NEW, encoding="utf-8")
    settings = mw.Settings(
        encoding="windows-1250",
        models=("linear",),
        trials=1,
        workers=0,
        out=place / "m.mw",
        store=place / "store",
    )
    mw.fit(place / "rows.csv", "y", settings=settings)
    return place


def answer(model: mw.Model, path: Path) -> float:
    found: float = model.predict(path)["prediction"][0]
    return found


def test_a_model_reads_new_files_as_it_was_told(folder: Path) -> None:
    model = mw.load(folder / "m.mw")
    assert model.card.encoding == "cp1250"
    assert answer(model, folder / "new.csv") == answer(model, folder / "utf8.csv") < 50
    (folder / "plain.csv").write_text(NEW.replace("się", "plain"))
    assert answer(model, folder / "plain.csv") > 50


def test_it_may_be_told_otherwise(folder: Path) -> None:
    with pytest.raises(DataError, match="expected text in UTF-8; got the byte 0xEA in line 2"):
        mw.load(folder / "m.mw", encoding="utf8").predict(folder / "new.csv")
    other = mw.load(folder / "m.mw", encoding="cp1252").predict(folder / "new.csv")
    assert other["prediction"][0] != answer(mw.load(folder / "m.mw"), folder / "new.csv")


@pytest.mark.long
def test_the_commands_take_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    said = ["--encoding", "cp1250"]
    for words in (
        ["fit", "rows.csv", "--target", "y", *HOW, "--out", "n.mw"],
        ["check", "rows.csv", "--target", "y"],
        ["frame", "rows.csv", "--target", "y", "--yes", "--overwrite"],
        ["acquire", "rows.csv", "--out", "rows.parquet"],
        ["predict", "m.mw", "new.csv", "--out", "p.csv"],
        ["evaluate", "m.mw", "rows.csv"],
        ["evaluate", "m.mw", "rows.csv", "--against", "n.mw"],
        ["explain", "m.mw", "new.csv"],
        ["explain", "m.mw", "rows.csv", "--columns"],
    ):
        assert main([*words, *said]) == 0, words
        assert "Windows-1252" not in str(capsys.readouterr())
        assert main([*words, "--encoding", "utf-9"]) == 2, words
        shown = capsys.readouterr().err
        assert "error: expected a known encoding for --encoding; got 'utf-9'" in shown
        assert main([*words, "--encoding", "utf-8"]) == 2, words
        shown = capsys.readouterr().err
        assert "error: expected text in UTF-8; got the byte 0xEA in line 2" in shown
    assert pl.read_parquet("rows.parquet")["city"][0] == "się"
    assert mw.load("n.mw").card.encoding == "cp1250"


@pytest.mark.long
def test_test_rows_are_read_as_those_before_them(folder: Path) -> None:
    fresh = folder / "fresh.csv"
    fresh.write_bytes(
        "\n".join(["city,size,y", "się,3,1", "się,4,2", "plain,1,103"]).encode("cp1250")
    )
    settings = mw.Settings(
        encoding="cp1250",
        models=("linear",),
        trials=1,
        workers=0,
        validation=mw.Validation(test=fresh),
    )
    result = mw.fit(folder / "rows.csv", "y", settings=settings)
    assert result.test is not None
    assert result.test.score < 20


@pytest.mark.long
def test_a_found_one_is_kept_as_well(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(ROWS.encode("cp1250"))
    settings = mw.Settings(models=("linear",), trials=1, workers=0)
    model = mw.fit(path, "y", settings=settings).model
    assert model.card.encoding == "cp1250"
    (tmp_path / "new.csv").write_bytes(NEW.encode("cp1250"))
    assert answer(model, tmp_path / "new.csv") < 50


def test_a_strangers_model_names_no_other_codec(folder: Path) -> None:
    entries = pack(mw.load(folder / "m.mw"))
    entries["model.json"] = entries["model.json"].replace(b'"cp1250"', b'"zlib_codec"')
    with pytest.raises(ValueError, match="no encoding"):
        unpack(entries, ())


@pytest.mark.long
def test_labels_are_reviewed_in_the_encoding_of_their_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["word,size,kind"]
    rows += [f"{CITIES[i % 3]},{i % 40},{'big' if i % 40 >= 20 else 'small'}" for i in range(200)]
    rows[40] = f"{CITIES[39 % 3]},39,small"  # should be big
    (tmp_path / "rows.csv").write_bytes("\n".join(rows).encode("cp1250"))
    data, model = str(tmp_path / "rows.csv"), str(tmp_path / "m.mw")
    asked = ["--target", "kind", "--encoding", "cp1250", "--out", model]
    assert main(["fit", data, *asked, *HOW]) == 0
    out = tmp_path / "review.csv"
    for told in ([], ["--encoding", "cp1250"]):
        assert main(["label", "noise", model, data, *told, "--out", str(out)]) == 0
        words = pl.read_csv(out)["word"]
        assert len(words)
        assert set(words) <= set(CITIES)
    assert main(["label", "noise", model, data, "--encoding", "utf-8"]) == 2
    assert "expected text in UTF-8" in capsys.readouterr().err
