"""Copies across parts, and labels that say nothing, are told before the long training."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")
pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")

from PIL import Image

from modelwright.core.findings import Severity
from modelwright.core.progress import SilentProgress
from modelwright.plan.images import checks as picture_checks
from modelwright.plan.images.checks import (
    _knows,
    check_pictures,
    find_unrelated,
    look_at_pictures,
    told,
)
from modelwright.plan.images.rows import PictureRows, read_pictures
from pictured import draw, save, write_classes


def read(folder: Path, store: Path) -> PictureRows:
    return read_pictures(folder, None, store, 0, SilentProgress())


def knowing(rows: PictureRows) -> np.ndarray:
    return np.eye(2, dtype=np.float32)[rows.y.values[rows.valid]]


def test_a_sound_folder_is_left_in_peace(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "bars", {"train": 60, "val": 20, "test": 20})
    rows = read(folder, tmp_path / "store")
    assert check_pictures(rows, 100.0) == ()


def test_test_images_that_were_learned_from_are_told(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "bars", {"train": 60, "val": 20, "test": 20})
    for i in range(5):
        place = folder / "test" / "lying" / f"copy{i}.png"
        shutil.copy(folder / "train" / "lying" / f"{i:03}.png", place)
    rows = read(folder, tmp_path / "store")
    (found,) = check_pictures(rows, 10.0)
    assert (found.code, found.severity) == ("valid-overlap", Severity.ERROR)
    notes, facts = look_at_pictures(rows, 10.0)
    assert notes[0].startswith("5 of 45 test images are among the 120 training images")
    assert facts["findings"][0]["code"] == "valid-overlap"


def test_copies_saved_again_are_told_beside_exact_ones(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "bars", {"train": 60, "val": 20, "test": 20})
    for i in range(5):
        known = folder / "train" / "lying" / f"{i:03}.png"
        shutil.copy(known, folder / "test" / "lying" / f"copy{i}.png")
    for i in range(5, 12):
        with Image.open(folder / "train" / "lying" / f"{i:03}.png") as image:
            image.save(folder / "test" / "lying" / f"again{i}.jpg", quality=90)
    rows = read(folder, tmp_path / "store")
    found = check_pictures(rows, 10.0)
    assert [one.code for one in found] == ["valid-overlap", "valid-near-duplicates"]
    assert found[0].evidence.startswith("5 of 52 test rows")
    assert found[1].evidence.startswith("7 of 47 other test images")
    assert "(test/lying/again10.jpg like train/lying/010.png, test/lying/" in found[1].evidence


def test_copies_are_looked_for_among_all_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_classes(tmp_path / "bars", {"train": 60, "val": 20, "test": 20})
    for i in range(3):
        place = folder / "test" / "lying" / f"copy{i}.png"
        shutil.copy(folder / "train" / "lying" / f"{i:03}.png", place)
    rows = read(folder, tmp_path / "store")
    monkeypatch.setattr(picture_checks, "_MOST_BYTES", 20 * rows.form.size)
    monkeypatch.setattr(picture_checks, "_BLOCK", 7 * rows.form.size)
    (found,) = check_pictures(rows, 100.0)
    assert found.evidence == "3 of 43 test rows are among the 120 training rows, to the bit"
    monkeypatch.setattr(picture_checks, "_HASHED", rows.form.size)
    (some,) = check_pictures(rows, 62.0)
    assert some.evidence.startswith("2 of 43 test rows are among 60 of the 120 training rows")
    (few,) = check_pictures(rows, 40.0)
    assert "1 of 22 test rows looked at are among 40 of the 120 training rows" in few.evidence


def test_images_of_four_pixels_are_equal_by_chance(tmp_path: Path) -> None:
    for i in range(12):
        for name, grey in (("dark", 10), ("light", 200)):
            part = ("train", "train", "val")[i % 3]
            save(tmp_path / "in" / part / name / f"{i}.png", np.full((2, 2), grey, np.uint8))
    assert check_pictures(read(tmp_path / "in", tmp_path / "store"), 100.0) == ()


def test_labels_that_images_say_nothing_about_are_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for part, count in (("train", 320), ("val", 60)):
        for i in range(count):
            name = ("one", "other")[int(rng.integers(2))]
            save(tmp_path / "mixed" / part / name / f"{i}.png", draw(i % 2, 7 * i + len(part)))
    rows = read(tmp_path / "mixed", tmp_path / "store")
    blind = np.full((60, 2), 0.5, np.float32)
    found = find_unrelated(rows, blind)
    assert found is not None
    assert found.code == "labels-unrelated"
    assert "Of 320 images the nearest other image" in told(found)
    assert find_unrelated(rows, knowing(rows)) is None, "the net knows them"


def test_a_net_that_names_one_class_may_know_something_all_the_same(tmp_path: Path) -> None:
    rows = read(write_classes(tmp_path / "bars", {"train": 60, "val": 20}), tmp_path / "store")
    y = rows.y.values[rows.valid]
    rng = np.random.default_rng(0)
    second = 0.1 + 0.1 * y + 0.02 * rng.random(len(y))  # never .5, and higher where it is true
    leaning = np.column_stack([1 - second, second]).astype(np.float32)
    random = np.column_stack([1 - rng.random(len(y)), rng.random(len(y))]).astype(np.float32)
    assert _knows(leaning, y)
    assert not _knows(random, y)
