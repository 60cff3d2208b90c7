"""Copies across parts, and labels that say nothing, are told before the long training."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")
pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")

from modelwright.core.findings import Severity
from modelwright.core.progress import SilentProgress
from modelwright.plan.picture_checks import check_pictures, look_at_pictures
from modelwright.plan.picture_rows import PictureRows, read_pictures
from pictured import draw, save, write_classes


def read(folder: Path, store: Path) -> PictureRows:
    return read_pictures(folder, None, store, 0, SilentProgress())


def knowing(rows: PictureRows) -> np.ndarray:
    return np.eye(2, dtype=np.float32)[rows.y.values[rows.valid]]


def test_a_sound_folder_is_left_in_peace(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "bars", {"train": 60, "val": 20, "test": 20})
    rows = read(folder, tmp_path / "store")
    assert check_pictures(rows, knowing(rows), 100.0) == ()


def test_test_images_that_were_learned_from_are_told(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "bars", {"train": 60, "val": 20, "test": 20})
    for i in range(5):
        place = folder / "test" / "lying" / f"copy{i}.png"
        shutil.copy(folder / "train" / "lying" / f"{i:03}.png", place)
    rows = read(folder, tmp_path / "store")
    (found,) = check_pictures(rows, knowing(rows), 10.0)
    assert (found.code, found.severity) == ("valid-overlap", Severity.ERROR)
    notes, facts = look_at_pictures(rows, knowing(rows), 10.0)
    assert notes[0].startswith("5 of 45 test rows are among the 120 training rows")
    assert facts["findings"][0]["code"] == "valid-overlap"


def test_labels_that_images_say_nothing_about_are_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for part, count in (("train", 320), ("val", 60)):
        for i in range(count):
            name = ("one", "other")[int(rng.integers(2))]
            save(tmp_path / "mixed" / part / name / f"{i}.png", draw(i % 2, 7 * i + len(part)))
    rows = read(tmp_path / "mixed", tmp_path / "store")
    blind = np.full((60, 2), 0.5, np.float32)
    assert [one.code for one in check_pictures(rows, blind, 100.0)] == ["labels-unrelated"]
    assert check_pictures(rows, knowing(rows), 100.0) == (), "the net knows them"
