"""Columns that name pictures: opened once, described, and features like all others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")

from modelwright.core.errors import ModelFileError, OptionError
from modelwright.core.picture_folder import PictureFolder
from modelwright.core.protocols import State, Step
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.picture_numbers import PLAIN, SIDE, SIZE, describe
from modelwright.features.pictures import (
    FittedPictureColumns,
    PictureColumns,
    cell_of,
    described,
)
from modelwright.testing.steps import StepContract, through_a_file
from pictured import draw, save

SCHEMA = Schema((Column("photo", Kind.IMAGE),))


def pixels(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Pictures of one colour with a bright bar each, and noise."""
    rng = np.random.default_rng(seed)
    made = rng.integers(0, 120, (count, 3, 1, 1)) + rng.integers(0, 30, (count, 3, SIDE, SIDE))
    for row, place in enumerate(rng.integers(0, SIDE - 8, count)):
        made[row, :, place : place + 8] = 220
    return made.astype(np.uint8)


def cells(count: int, seed: int = 0) -> list[str | None]:
    told = [cell_of(numbers) for numbers in describe(pixels(count, seed))]
    return [None if row % 9 == 4 else cell for row, cell in enumerate(told)]


def table(**columns: list[str | None]) -> Table:
    schema = Schema(tuple(Column(name, Kind.IMAGE) for name in columns))
    return Table(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), schema)


class TestPictureColumns(StepContract):
    def step(self) -> Step:
        return PictureColumns()

    def table(self) -> Table:
        return table(front=cells(40), back=cells(40, seed=1))


def test_numbers_say_what_a_picture_looks_like() -> None:
    grey = np.full((1, 3, SIDE, SIDE), 100, np.uint8)
    red = grey.copy()
    red[:, 0], red[:, 1:] = 200, 0
    lines = grey.copy()
    lines[..., ::2] = 200
    told = {name: dict(zip(PLAIN, describe(image)[0].tolist(), strict=False))
            for name, image in (("grey", grey), ("red", red), ("lines", lines))}  # fmt: skip
    assert told["grey"] == {"brightness": 100, "contrast": 0, "colour": 0, "sharpness": 0}
    assert told["red"]["colour"] > 80 > told["lines"]["colour"]
    assert told["lines"]["sharpness"] == 255
    assert told["lines"]["contrast"] > 80


def test_directions_tell_upright_from_lying_bars() -> None:
    made = np.zeros((2, 3, SIDE, SIDE), np.uint8)
    made[0, :, 30:34] = 255
    made[1, ..., 30:34] = 255
    parts = describe(made)[:, len(PLAIN) : len(PLAIN) + 512].reshape(2, 64, 8).astype(int)
    lying, upright = parts.sum(axis=1)
    assert lying.argmax() == 4
    assert upright.argmax() == 0


@pytest.mark.long
@pytest.mark.parametrize("count", [1, 3, 300])
def test_a_picture_is_described_alike_whatever_stands_beside_it(count: int) -> None:
    many = pixels(300)
    assert np.array_equal(describe(many[:count]), describe(many)[:count])
    assert describe(many).shape == (300, SIZE)


@pytest.mark.long
def test_parts_have_unit_variance_and_are_uncorrelated() -> None:
    fitted = PictureColumns().fit(table(photo=cells(200)), Target(np.zeros(200)), seed=0)
    assert fitted is not None
    block = fitted.transform(table(photo=cells(200))).numbers
    parts = block[:, [name.startswith("photo: part") for name in fitted.number_names]]
    parts = parts[np.isfinite(parts).all(axis=1)].astype(np.float64)
    assert 2 <= parts.shape[1] <= 40
    np.testing.assert_allclose(np.cov(parts.T, bias=True), np.eye(parts.shape[1]), atol=2e-3)


@pytest.mark.long
def test_parts_are_those_of_a_reference() -> None:
    """The directions are principal components of the scaled numbers, as scikit-learn finds them."""
    decomposition = pytest.importorskip("sklearn.decomposition")
    numbers = describe(pixels(150))[:, len(PLAIN) :].astype(np.float64)
    groups = np.split(numbers.var(axis=0), [512, 560])
    loud = np.repeat([1 / np.sqrt(part.sum()) for part in groups], [512, 48, 64])
    known = decomposition.PCA(3, whiten=True, svd_solver="full").fit_transform(numbers * loud)
    plain = [cell_of(one) for one in describe(pixels(150))]
    fitted = PictureColumns().fit(table(photo=list(plain)), Target(np.zeros(150)), seed=0)
    assert fitted is not None
    at = fitted.number_names.index("photo: part 1")
    ours = fitted.transform(table(photo=list(plain))).numbers[:, at : at + 3]
    for one, other in zip(ours.T, known.T, strict=True):
        assert abs(np.corrcoef(one, other)[0, 1]) > 0.9999


def test_equal_pictures_make_no_features() -> None:
    same = [cell_of(describe(pixels(1))[0])] * 30
    assert PictureColumns().fit(table(photo=list(same)), Target(np.zeros(30)), seed=0) is None


def test_strange_cells_are_missing() -> None:
    fitted = PictureColumns().fit(table(photo=cells(40)), Target(np.zeros(40)), seed=0)
    assert fitted is not None
    strange = ["cat.png", "picture:", "picture:&&", "picture:AAAA", "", "picture:é", None]
    assert np.isnan(fitted.transform(table(photo=strange)).numbers).all()


@pytest.mark.parametrize("wrong", ["short", "columns", "plain", "endless", "absent"])
def test_an_unsound_state_is_refused(wrong: str) -> None:
    fitted = PictureColumns().fit(table(photo=cells(40)), Target(np.zeros(40)), seed=0)
    assert fitted is not None
    state = through_a_file(fitted.export())
    config, arrays = dict(state.config), dict(state.arrays)
    if wrong == "short":
        arrays["weights_0"] = arrays["weights_0"][1:]
    if wrong == "columns":
        config["columns"] = ["photo", "other"]
    if wrong == "plain":
        config["plain"] = [[0, 99]]
    if wrong == "endless":
        arrays["scales_0"] = arrays["scales_0"] * np.inf
    if wrong == "absent":
        del arrays["offsets_0"]
    with pytest.raises(ModelFileError, match="'pictures'"):
        FittedPictureColumns.restore(State(config, arrays))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(3):
        save(tmp_path / "in" / f"{i}.png", draw(i % 2, i))
    (tmp_path / "in" / "empty.png").write_bytes(b"")
    (tmp_path / "in" / "text.png").write_text("no image")
    save(tmp_path / "secret.png", draw(0, 9))
    return tmp_path / "in"


def test_what_cannot_be_opened_is_missing_and_told(folder: Path) -> None:
    names = ["0.png", "1.png", "0.png", None, "empty.png", "text.png", "9.png", "../secret.png"]
    made = described(table(photo=names), ["photo"], PictureFolder(folder))
    there = [cell is not None and cell.startswith("picture:") for cell in made.frame["photo"]]
    assert there == [True, True, True, *[False] * 5]
    assert made.frame["photo"][0] == made.frame["photo"][2] != made.frame["photo"][1]
    (note,) = made.notes
    assert note.startswith("4 of 8 values of 'photo' became missing, as 4 images could not be")
    for reason in (
        "an empty file (1)",
        "damaged one (1)",
        "no such file (1)",
        "outside of 'in' (1)",
    ):
        assert reason in note


def test_all_from_outside_are_missing(folder: Path) -> None:
    made = described(table(photo=["../secret.png"] * 3), ["photo"], PictureFolder(folder))
    assert made.frame["photo"].null_count() == 3


def test_columns_that_are_absent_need_no_folder() -> None:
    plain = table(photo=["a.png"])
    assert described(plain, ["other"], None) == plain
    with pytest.raises(OptionError, match="a folder for the images of 'photo'"):
        described(plain, ["photo"], None)
