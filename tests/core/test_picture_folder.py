"""The folder of a table's images: what is in it is found, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelwright.core.errors import OptionError
from modelwright.core.picture_folder import PictureFolder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "cats").mkdir(parents=True)
    for name in ("in/cats/1.png", "in/a b.png", "secret.png"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path / "in"


def test_files_of_the_folder_are_found(folder: Path) -> None:
    known = PictureFolder(folder)
    for cell in ("cats/1.png", " cats/1.png ", "./cats/1.png", "cats\\1.png"):
        assert known.place_of(cell) == (folder / "cats" / "1.png").resolve()
    assert known.place_of("a b.png") == (folder / "a b.png").resolve()


@pytest.mark.parametrize("cell", ["", "  ", "../secret.png", "cats/../../secret.png", "a\0b.png"])
@pytest.mark.parametrize("named", [False, True])
def test_nothing_leads_out_of_it(folder: Path, cell: str, named: bool) -> None:
    assert PictureFolder(folder, named).place_of(cell) is None


def test_full_places_count_in_a_folder_that_was_named(folder: Path) -> None:
    inside, outside = str(folder / "cats" / "1.png"), str(folder.parent / "secret.png")
    assert PictureFolder(folder).place_of(inside) is None
    named = PictureFolder(folder, named=True)
    assert named.place_of(inside) == Path(inside).resolve()
    assert named.place_of(outside) is None
    assert named.place_of("/etc/hostname") is None


@pytest.mark.parametrize("named", [False, True])
def test_a_link_out_of_the_folder_is_not_followed(folder: Path, named: bool) -> None:
    try:
        (folder / "link.png").symlink_to(folder.parent / "secret.png")
        (folder / "round").symlink_to(folder / "round")
    except OSError:
        pytest.skip("no links here")
    assert PictureFolder(folder, named).place_of("link.png") is None
    assert PictureFolder(folder, named).place_of("round/1.png") in (None, folder / "round/1.png")


def test_a_folder_that_is_none_is_refused(folder: Path) -> None:
    with pytest.raises(OptionError, match="no such folder"):
        PictureFolder.found(folder / "absent", None)
    with pytest.raises(OptionError, match="a file"):
        PictureFolder.found(folder / "a b.png", None)
    assert PictureFolder.found(None, None) is None
    beside = PictureFolder.found(None, folder)
    assert beside is not None
    assert not beside.named


@pytest.mark.parametrize("cell", ["x" * 300 + ".png", "a\\" + "x" * 300 + ".png", "x/" * 3_000])
def test_a_name_too_long_for_a_file_is_no_file(folder: Path, cell: str) -> None:
    known = PictureFolder(folder)
    assert not known.holds(cell)
    assert known.holds("a b.png")
