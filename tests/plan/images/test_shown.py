"""Labels of held-out images that are to be doubted, by their places."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")

from modelwright.core.progress import SilentProgress
from modelwright.doubts import review_table
from modelwright.plan.images.rows import read_pictures
from modelwright.plan.images.shown import _copies, _doubts
from pictured import write_classes


def test_wrong_labels_are_told_by_the_places_of_their_images(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "bars", {"train": 5, "val": 100})
    wrong = [folder / "val" / "lying" / f"{i:03}.png" for i in range(12)]
    for path in wrong:
        path.rename(folder / "val" / "upright" / f"not{path.name}")
    rows = read_pictures(folder, None, tmp_path / "store", 0, SilentProgress())
    names = [Path(rows.names[row]) for row in rows.valid]
    true = np.array([name.parent.name == "upright" and name.name[:3] != "not" for name in names])
    sure = np.random.default_rng(0).uniform(0.9, 0.96, (len(true), 1))
    p = np.where(true[:, None] == [False, True], sure, 1 - sure).astype(np.float32)
    found = _doubts(rows, p)
    assert found is not None
    assert found.mislabelled == 12
    assert {one.values[0] for one in found.suspects} == {
        f"val/upright/not{path.name}" for path in wrong
    }
    table = review_table(found.suspects, columns=found.columns)
    assert table["image"].to_list() == [one.values[0] for one in found.suspects]


def test_few_images_are_not_judged(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "bars", {"train": 5, "val": 10})
    rows = read_pictures(folder, None, tmp_path / "store", 0, SilentProgress())
    assert _doubts(rows, np.eye(2, dtype=np.float32)[rows.y.values[rows.valid]]) is None


def test_held_out_copies_are_drawn_together(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "bars", {"train": 5, "val": 4})
    assert _copies(read_pictures(folder, None, tmp_path / "store", 0, SilentProgress())) is None
    place = folder / "val" / "lying"
    shutil.copy(place / "001.png", place / "copy.png")
    found = _copies(read_pictures(folder, None, tmp_path / "store", 0, SilentProgress()))
    assert found is not None
    assert found.tolist() == [0, 1, 2, 3, 1, 5, 6, 7, 8]
