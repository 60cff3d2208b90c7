"""Many images opened by worker processes: the same pixels, faults and changes as in this one."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")

from PIL import Image

from modelwright.engine import start_engine
from modelwright.features import images, opening
from modelwright.features.image_files import ImageFiles, UnfitError
from modelwright.features.images import ImageForm, Opened, open_images
from modelwright.features.opening import open_again, open_into
from modelwright.testing import jobs

FORM = ImageForm(3, 8, 8)


@pytest.fixture
def places(tmp_path: Path) -> list[str]:
    """Give 60 places in a zip: some transparent, one damaged, one that is not there."""
    rng, names = np.random.default_rng(0), [f"{i}.png" for i in range(60)]
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i, name in enumerate(names):
            values = rng.integers(0, 256, (8, 8, 4 if i % 9 == 0 else 3)).astype(np.uint8)
            Image.fromarray(values).save(tmp_path / name)
            data = (tmp_path / name).read_bytes()
            archive.writestr(name, data[:30] if i == 41 else data)
    return [*(str(path / name) for name in names), str(path / "absent.png")]


def here(places: list[str]) -> tuple[np.ndarray[Any, Any], Opened]:
    into = np.empty((len(places), 3, 8, 8), np.uint8)
    return into, open_images(places, FORM, into)


def agree(path: Path, opened: Opened, places: list[str]) -> None:
    pixels, expected = here(places)
    assert (np.load(path) == pixels).all()
    assert opened.good.tolist() == expected.good.tolist()
    assert dict(opened.why) == dict(expected.why) == {41: opened.why[41], 60: "no such file"}
    assert opened.changes == expected.changes == {"with transparent pixels put on white": 7}


@pytest.mark.parametrize("many", [1, 1_000])
def test_workers_open_the_same_pixels(
    tmp_path: Path, places: list[str], many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, told = list[object](), list[int]()

    def counted(**named: Any) -> Any:
        started.append(named)
        return start_engine(2, **named)

    monkeypatch.setattr(opening, "start_engine", counted)
    monkeypatch.setattr(opening, "worker_count", lambda: 2)
    monkeypatch.setattr(opening, "_MANY", many)
    opened = open_into(tmp_path / "pixels.npy", places, FORM, told.append)
    agree(tmp_path / "pixels.npy", opened, places)
    assert bool(started) == (many == 1)
    assert told == sorted(told)
    assert told[-1] == len(places)


def test_what_workers_cannot_do_is_done_here(
    tmp_path: Path, places: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_MANY", 1)
    monkeypatch.setattr(opening, "worker_count", lambda: 2)
    monkeypatch.setattr(opening, "start_engine", lambda preload: start_engine(0))
    monkeypatch.setattr(opening, "open_some", jobs.crash)  # which takes no such arguments
    opened = open_into(tmp_path / "pixels.npy", places, FORM, lambda done: None)
    agree(tmp_path / "pixels.npy", opened, places)


def test_what_was_out_of_reach_is_opened_another_time(
    tmp_path: Path, places: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, away, path = ImageFiles.bytes_of, {places[0], places[5]}, tmp_path / "pixels.npy"

    def watched(self: ImageFiles, place: str) -> bytes:
        asked.append(place)
        if place in away:
            raise UnfitError("input/output error")
        return usual(self, place)

    asked: list[str] = []
    monkeypatch.setattr(ImageFiles, "bytes_of", watched)
    first = open_into(path, places, FORM, lambda done: None)
    assert [*first.why] == [0, 5, 41, 60]
    asked.clear()
    assert open_again(path, places, FORM, first) is None
    assert asked == [places[0], places[5], places[60]], "not the damaged one"
    away.clear()
    again = open_again(path, places, FORM, first)
    assert again is not None
    agree(path, again, places)


@pytest.mark.parametrize(("side", "threads"), [(64, 1), (65, 3)])
def test_small_images_are_opened_by_one_thread(
    tmp_path: Path, side: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("L", (9, 9)).save(tmp_path / "a.png")
    seen, meet = set[int](), threading.Barrier(threads)
    usual = images._pixels

    def watched(*given: Any) -> Any:
        seen.add(threading.get_ident())
        meet.wait(30)
        return usual(*given)

    monkeypatch.setattr(images, "_pixels", watched)
    monkeypatch.setattr(images, "core_count", lambda: 3)
    form = ImageForm(1, 8, side)
    into = np.empty((12, 1, 8, side), np.uint8)
    assert open_images([str(tmp_path / "a.png")] * 12, form, into).good.all()
    assert len(seen) == threads
