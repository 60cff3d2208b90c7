"""What images are for: copies stay on one side of a draw, and nothing else changes by them."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.core.errors import DataError
from modelwright.core.progress import SilentProgress
from modelwright.core.schema import Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate import StratifiedKFold
from modelwright.plan.images.rows import read_pictures
from modelwright.plan.images.split import PictureSplit, first_of_copies, split_pictures
from pictured import write_classes


def images(count: int, side: int = 4) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 1, side, side)).astype(np.uint8)


def split(y: np.ndarray, pixels: np.ndarray, seed: int = 0) -> PictureSplit:
    part = np.full(len(y), "train", object)
    return split_pictures(Target(y, int(y.max()) + 1), np.ones(len(y), bool), part, pixels, seed)


@pytest.mark.parametrize(("count", "held"), [(100, 20), (6_000, 1_200), (60_000, 2_000)])
def test_of_more_images_a_smaller_share_is_held_out(count: int, held: int) -> None:
    train, valid, test, plan, notes = split(np.arange(count) % 4, images(count))
    assert (len(train), len(valid), len(test)) == (count - held, held, 0)
    assert plan.startswith(f"{held:,} of {count:,} images, each class evenly, were held out")
    assert notes == ()


@pytest.mark.parametrize("seed", [0, 7])
def test_without_copies_the_draw_is_that_of_stratified_folds(seed: int) -> None:
    y = np.random.default_rng(1).integers(0, 3, 200)
    table = Table(pl.DataFrame({"row": np.arange(200)}), Schema(()))
    fold = StratifiedKFold(5).split(table, Target(y, 3), seed=seed).folds[0]
    found = split(y, images(200), seed)
    assert (found.train == fold.train).all()
    assert (found.valid == fold.valid).all()


@pytest.mark.parametrize("seed", range(5))
def test_copies_are_all_learned_or_all_held_out_and_classes_stay_even(seed: int) -> None:
    y = np.arange(300) % 3
    copied = np.random.default_rng(seed).permutation(300)[:120]
    pixels, y = np.concatenate([images(300), images(300)[copied]]), np.append(y, y[copied])
    found = split(y, pixels, seed)
    known = {row.tobytes() for row in pixels[found.train]}
    assert not any(row.tobytes() in known for row in pixels[found.valid])
    assert 80 <= len(found.valid) <= 88  # a fifth of 420
    counts = np.bincount(y[found.valid])
    assert counts.max() - counts.min() <= 4
    assert "each class evenly and copies together" in found.plan
    assert found.notes[0].startswith("120 images are exact copies of others: copies were kept")


def test_copies_under_another_class_stay_together_and_are_told() -> None:
    y = np.arange(100) % 2
    pixels, y = np.concatenate([images(100), images(100)[:10]]), np.append(y, 1 - y[:10])
    found = split(y, pixels)
    sides = np.isin(np.arange(110), found.valid)
    assert (sides[:10] == sides[100:]).all()
    assert "10 images are exact copies of others (10 of them in the folder of an" in found.notes[0]


def test_many_copies_of_one_image_are_learned_from_and_no_class_is_lost() -> None:
    y = np.repeat([0, 1, 2], [100, 100, 10])
    pixels = images(210)
    pixels[:60], pixels[200:] = pixels[0], pixels[200]  # of class 2 there is one image only
    for seed in range(10):
        found = split(y, pixels, seed)
        assert set(y[found.train]) == {0, 1, 2}
        assert 0 not in found.valid
        assert 15 <= len(found.valid) <= 45


@pytest.mark.parametrize("side", [4, 80])
def test_images_are_copies_where_all_of_them_is_equal(side: int) -> None:
    pixels = images(6, side)
    pixels[3] = pixels[1]
    pixels[5] = pixels[0]
    pixels[5, 0, 0, 0] ^= 1  # far from the middle
    assert first_of_copies(pixels, np.array([0, 1, 3, 5])).tolist() == [0, 1, 1, 3]


@pytest.mark.long
def test_copies_among_sixty_thousand_images_are_found_in_a_second() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60_000, 1, 28, 28)).astype(np.uint8)
    pixels[50_000] = pixels[7]
    began = time.process_time()
    assert first_of_copies(pixels, np.arange(60_000))[50_000] == 7
    assert time.process_time() - began < 1.0


def test_the_notes_of_a_folder_say_that_copies_were_kept_together(tmp_path: Path) -> None:
    pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")
    folder = write_classes(tmp_path / "bars", {"": 30})
    for i in range(12):
        shutil.copy(folder / "lying" / f"{i:03}.png", folder / "lying" / f"copy{i}.png")
    rows = read_pictures(folder, None, tmp_path / "store", 0, SilentProgress())
    assert sum("12 images are exact copies of others" in note for note in rows.notes) == 1


def test_copies_of_one_image_of_each_class_are_nothing_to_check_by(tmp_path: Path) -> None:
    pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")
    folder = write_classes(tmp_path / "bars", {"": 1})
    for name in ("lying", "upright"):
        shutil.copy(folder / name / "000.png", folder / name / "001.png")
    with pytest.raises(DataError, match="add images that show something else"):
        read_pictures(folder, None, tmp_path / "store", 0, SilentProgress())
