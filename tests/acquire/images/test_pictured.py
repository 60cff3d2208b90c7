"""Columns of names of images are told from other text by files that are there."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from modelwright.acquire import infer, read_raw
from modelwright.acquire.images.columns import tell_absent
from modelwright.core.picture_folder import PictureFolder
from modelwright.core.schema import Kind


@pytest.fixture
def folder(tmp_path: Path) -> PictureFolder:
    for i in range(20):
        (tmp_path / f"{i}.JPG").write_bytes(b"x")
    return PictureFolder(tmp_path)


def kinds(columns: dict[str, list[str | None]], folder: PictureFolder | None) -> list[Kind]:
    return [column.kind for column in infer(pl.DataFrame(columns), pictures=folder)[0]]


def test_names_of_files_that_are_there_are_images(folder: PictureFolder) -> None:
    names = [f"{i}.JPG" for i in range(20)]
    assert kinds({"photo": [*names, None, "NA"]}, folder) == [Kind.IMAGE]
    assert kinds({"photo": names}, None) != [Kind.IMAGE]


def test_a_column_repeating_two_images_is_one_of_images(folder: PictureFolder) -> None:
    assert kinds({"icon": ["1.JPG", "2.JPG"] * 30}, folder) == [Kind.IMAGE]


@pytest.mark.parametrize("there", [0, 9, 11, 20])
def test_half_of_them_have_to_be_there(folder: PictureFolder, there: int) -> None:
    names = [f"{i}.JPG" if i < there else f"absent {i}.JPG" for i in range(20)]
    found = kinds({"photo": names}, folder) == [Kind.IMAGE]
    assert found is (there > 10)
    told = tell_absent(pl.Series("photo", names), folder)
    assert "name their folder with --images" in told


def test_other_text_is_no_image(folder: PictureFolder) -> None:
    few = ["0.JPG", "1.JPG", *(f"word {i}" for i in range(18))]
    assert kinds({"note": few}, folder) != [Kind.IMAGE]
    assert tell_absent(pl.Series("note", few), folder) == ""
    assert tell_absent(pl.Series("size", [1.0, 2.0]), folder) == ""


def test_the_answer_is_never_an_image(folder: PictureFolder) -> None:
    for name in ("cat.png", "dog.png"):
        (folder.path / name).write_bytes(b"x")
    frame = pl.DataFrame({"icon": ["cat.png", "dog.png"] * 30})
    assert infer(frame, pictures=folder)[0]["icon"].kind is Kind.IMAGE
    assert infer(frame, target="icon", pictures=folder)[0]["icon"].kind is Kind.CATEGORY


def test_files_are_looked_for_a_bounded_number_of_times(
    folder: PictureFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(PictureFolder, "place_of", lambda self, cell: asked.append(cell))
    kinds({"photo": [f"{i}.png" for i in range(30_000)]}, folder)
    assert 0 < len(asked) <= 100


def test_a_table_knows_its_folder(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n3,4\n")
    assert read_raw(tmp_path / "rows.csv").folder == tmp_path
    assert read_raw({"a": [1]}).folder is None
