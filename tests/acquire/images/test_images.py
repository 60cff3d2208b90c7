"""Which images there are, of which class, and what for: folders and zips of every shape."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from modelwright.acquire import read_raw
from modelwright.acquire.images.listing import check_images, fresh_rows, holds_images, read_images
from modelwright.core.errors import DataError, ModelwrightWarning


def touched(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def meanings(folder: Path) -> list[tuple[str, ...]]:
    frame = read_images(folder).frame
    start = len(str(folder)) + 1
    return [(row[0][start:], *row[1:]) for row in frame.rows()]


def test_folders_are_classes(tmp_path: Path) -> None:
    touched(tmp_path, "cat/2.png", "cat/1.JPG", "dog/3.jpeg")
    assert meanings(tmp_path) == [
        ("cat/1.JPG", "cat"), ("cat/2.png", "cat"), ("dog/3.jpeg", "dog")
    ]  # fmt: skip


@pytest.mark.parametrize("above", ["", "all of it/", "a/b/"])
def test_a_level_of_parts_is_understood_also_below_others(tmp_path: Path, above: str) -> None:
    names = [f"{above}{part}/{name}/1.png" for part in ("Training", "valid", "TEST")
             for name in ("cat", "dog")]  # fmt: skip
    found = {row[1:] for row in meanings(touched(tmp_path, *names))}
    assert found == {(name, part) for name in ("cat", "dog") for part in ("train", "val", "test")}


def test_parts_that_are_classes_too_are_classes(tmp_path: Path) -> None:
    touched(tmp_path, "train/1.png", "plane/2.png", "train/b/3.png")
    assert {row[1] for row in meanings(tmp_path)} == {"train", "plane"}


def test_deeper_folders_belong_to_the_class_above(tmp_path: Path) -> None:
    touched(tmp_path, "cat/indoor/1.png", "dog/outdoor/far/2.png")
    assert [row[1] for row in meanings(tmp_path)] == ["cat", "dog"]


def test_one_class_alone_stays_a_class(tmp_path: Path) -> None:
    touched(tmp_path, "pets/cat/1.png", "pets/cat/2.png")
    assert [row[1] for row in meanings(tmp_path)] == ["cat", "cat"]


def test_images_of_no_class_and_other_files_are_told(tmp_path: Path) -> None:
    touched(tmp_path, "a/1.png", "b/2.png", "loose.png", "readme.txt", ".DS_Store", "a/Thumbs.tmp")
    raw = read_images(tmp_path)
    assert raw.frame["class"].to_list() == ["a", "b", None]
    assert raw.notes == (
        "left: 2 files with endings of no image: .tmp (1), .txt (1).",
        "1 image is in no folder of a class: nobody says what it shows.",
    )


def test_a_zip_is_read_as_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("x/train/0/1.png", "x/test/1/2.png", "__MACOSX/x/1.png", "x/.hidden.png"):
            archive.writestr(name, b"")
    assert meanings(path) == [
        ("x/test/1/2.png", "1", "test"), ("x/train/0/1.png", "0", "train")
    ]  # fmt: skip


def test_read_raw_takes_folders_of_images_and_refuses_others(tmp_path: Path) -> None:
    images = touched(tmp_path / "images", "a/1.png")
    assert read_raw(images).frame.columns == ["image", "class"]
    others = touched(tmp_path / "others", "a/1.txt")
    with pytest.raises(DataError, match="got the folder"):
        read_raw(others)


def test_what_holds_images(tmp_path: Path) -> None:
    touched(tmp_path, "in/a/1.png", "out/a/1.csv")
    table = tmp_path / "table.zip"
    with zipfile.ZipFile(table, "w") as archive:
        archive.writestr("rows.csv", "a,b\n1,2\n")
        archive.writestr("figure.png", b"")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\3\4 and so on")
    found = {name: holds_images(tmp_path / name)
             for name in ("in", "out", "table.zip", "broken.zip", "no such")}  # fmt: skip
    assert found == {
        "in": True, "out": False, "table.zip": False, "broken.zip": False, "no such": False
    }  # fmt: skip


def test_a_locked_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/1.png", b"")
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\1\2") + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match="without a password"):
        read_images(path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    touched(tmp_path, "in/a/1.png", "out/b/2.png")
    (tmp_path / "in" / "b").symlink_to(tmp_path / "out" / "b", target_is_directory=True)
    assert [row[1] for row in meanings(tmp_path / "in")] == ["a"]


def test_only_the_test_images_are_fresh_where_some_are(tmp_path: Path) -> None:
    frame = read_images(touched(tmp_path, "train/a/1.png", "test/a/2.png", "test/b/3.png")).frame
    with pytest.warns(ModelwrightWarning, match="of 3 images the 2 under test/"):
        kept = fresh_rows(frame)
    assert kept["class"].to_list() == ["a", "b"]
    assert fresh_rows(kept) is kept


def test_what_holds_no_images_is_refused_with_their_endings(tmp_path: Path) -> None:
    folder = touched(tmp_path / "notes", "a.txt", "b/c.md")
    packed = tmp_path / "some.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("a.png", "b.csv", "c.csv"):
            archive.writestr(name, "x")
    with pytest.raises(DataError, match=r"\.jpeg.*; got none in 'notes'.*--target"):
        check_images(folder)
    with pytest.raises(DataError, match=r"3 files, 1 of them images, in 'some\.zip'"):
        check_images(str(packed))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="none in 'empty'"):
        check_images(tmp_path / "empty")
    table = tmp_path / "one.zip"
    with zipfile.ZipFile(table, "w") as archive:
        archive.writestr("rows.csv", "a,b\n1,2\n")
    for other in (table, tmp_path / "absent", "a,b\n" * 2_000, {"a": [1]}, None):
        check_images(other)


def test_others_beside_two_parts_are_no_classes(tmp_path: Path) -> None:
    touched(tmp_path, "train/cat/1.png", "test/cat/2.png", "extras/3.png", "extras/dog/4.png")
    assert meanings(tmp_path) == [
        ("extras/3.png", None, None), ("extras/dog/4.png", None, None),
        ("test/cat/2.png", "cat", "test"), ("train/cat/1.png", "cat", "train"),
    ]  # fmt: skip
    assert "2 images are in no folder below train/" in read_images(tmp_path).notes[0]


PARTED = ("train/a/1.png", "train/b/2.png", "test/a/3.png", "test/b/4.png")


@pytest.mark.parametrize(
    ("above", "beside"),
    [
        ("data", "docs/figure.png"),
        ("all/data", "all/docs/deep/figure.png"),
        ("all/data", "logo.png"),
        ("data", "other/one/more/figure.png"),
        ("data", "train.png"),
    ],
)
def test_what_lies_beside_the_folder_of_parts_is_left(
    tmp_path: Path, above: str, beside: str
) -> None:
    touched(tmp_path, *(f"{above}/{name}" for name in PARTED), beside)
    found = {place: said for place, *said in meanings(tmp_path)}
    assert found.pop(beside) == [None, None]
    for name in PARTED:
        part, kind, _ = name.split("/")
        assert found[f"{above}/{name}"] == [kind, part]
    (note,) = read_images(tmp_path).notes
    assert note == (
        f"1 image does not lie in {above}/, where train/ and test/ are, and is left: {beside}."
    )


@pytest.mark.parametrize("loose", ["logo.png", "pets/logo.png"])
def test_a_loose_image_does_not_hide_the_classes(tmp_path: Path, loose: str) -> None:
    names = [f"pets/{name}/{i}.png" for name in ("cat", "dog") for i in range(8)]
    touched(tmp_path, *names, loose)
    frame = read_images(tmp_path).frame
    assert sorted(set(frame["class"].drop_nulls())) == ["cat", "dog"]
    assert frame["class"].null_count() == 1
    assert len(read_images(tmp_path).notes) == 1


@pytest.mark.parametrize("other", ["second", "cat"])
def test_parts_in_several_folders_are_told_as_unclear(tmp_path: Path, other: str) -> None:
    beside = PARTED if other == "second" else [f"indoor/{i}.png" for i in range(9)]
    touched(tmp_path, *(f"first/{name}" for name in PARTED), *(f"{other}/{n}" for n in beside))
    assert {row[1] for row in meanings(tmp_path)} == {"first", other}
    (note,) = read_images(tmp_path).notes
    assert note.startswith("folders such as train/ and test/ lie in first/")
    assert "what is in test/ is learned from; name the one folder" in note


def test_parts_inside_of_classes_are_told_as_unclear(tmp_path: Path) -> None:
    touched(tmp_path, *(f"{a}/{b}/1.png" for a in ("cat", "dog") for b in ("train", "test")))
    assert {row[1] for row in meanings(tmp_path)} == {"cat", "dog"}
    (note,) = read_images(tmp_path).notes
    assert "lie in cat/, dog/, and" in note
    assert "put the folders of the classes into them" in note


def test_an_entry_that_comes_twice_is_one_image(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a/1.png", "b/2.png"):
            archive.writestr(name, b"")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a/1.png", b"")
    assert [row[0] for row in meanings(path)] == ["a/1.png", "b/2.png"]


@pytest.mark.skipif(os.name == "nt", reason="names are always text there")
def test_names_that_are_no_text_are_told_and_left(tmp_path: Path) -> None:
    touched(tmp_path, "a/1.png", "b/2.png")
    try:
        (tmp_path / "a" / os.fsdecode(b"\xff.png")).write_bytes(b"")
    except OSError:
        pytest.skip("this disk takes UTF-8 only")
    raw = read_images(tmp_path)
    assert raw.frame.height == 2
    assert raw.notes == ("left: 1 file with a name that is no UTF-8.",)


def packed(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return path


def test_paths_in_a_zip_lead_nowhere_and_lose_nothing(tmp_path: Path) -> None:
    names = ("/a/1.png", "../b/2.png", "a/../b/3.png", "../../../etc/4.png", "./a//5.png")
    raw = read_images(packed(tmp_path / "x.zip", *names))
    assert sorted(raw.frame["class"].to_list()) == ["a", "a", "b", "b", "etc"]
    assert {row[len(str(tmp_path / "x.zip/")) + 1 :] for row in raw.frame["image"]} == set(names)
    assert raw.notes == ()


def test_backslashes_stand_between_the_folders_of_a_zip(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", "all\\", "all\\a\\1.png", "all\\b\\2.png")
    assert read_images(path).frame["class"].to_list() == ["a", "b"]


@pytest.mark.parametrize(
    ("written", "read"), [("é".encode(), "é"), (b"\x82", "é"), (b"\xff\xfe", "\u00a0■")]
)
def test_names_of_a_zip_without_a_mark_are_utf_8_where_they_can_be(
    tmp_path: Path, written: bytes, read: str
) -> None:
    path = packed(tmp_path / "x.zip", f"{'x' * len(written)}/1.png", "b/2.png")
    path.write_bytes(path.read_bytes().replace(b"x" * len(written) + b"/", written + b"/"))
    assert set(read_images(path).frame["class"].to_list()) == {"b", read}


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_hidden_images_are_counted_and_litter_is_not(tmp_path: Path, form: str) -> None:
    names = ("a/1.png", "b/2.png", ".c/3.png", "a/.4.png", "a/._1.png", "__MACOSX/a/._1.png",
             ".DS_Store", "a/.DS_Store", ".git/HEAD")  # fmt: skip
    data = packed(tmp_path / "x.zip", *names) if form == "zip" else touched(tmp_path / "x", *names)
    raw = read_images(data)
    assert raw.frame["class"].to_list() == ["a", "b"]
    assert raw.notes == ("left: 2 images hidden by a dot before a name.",)


def test_entries_that_come_again_are_counted(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        path = packed(tmp_path / "x.zip", "a/1.png", "b/2.png", "a/1.png", "n.txt", "n.txt")
    raw = read_images(path)
    assert raw.frame.height == 2
    assert raw.notes[1:] == ("1 image of the zip under a name that came before: the last counts.",)


def test_links_and_closed_folders_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = touched(tmp_path / "in", "a/1.png", "c/3.png")
    touched(tmp_path / "out", "2.png")
    (data / "b").symlink_to(tmp_path / "out", target_is_directory=True)
    usual = os.scandir

    def refusing(path: str | Path) -> object:
        if os.path.basename(path) == "c":
            raise PermissionError(13, "Permission denied", path)
        return usual(path)

    monkeypatch.setattr(os, "scandir", refusing)
    raw = read_images(data)
    assert raw.frame["class"].to_list() == ["a"]
    assert raw.notes == (
        "not followed: 1 link to folders.", "left: 1 folder that cannot be read."
    )  # fmt: skip


def test_one_image_is_a_row_without_a_class(tmp_path: Path) -> None:
    path = touched(tmp_path, "a/1.png") / "a" / "1.png"
    assert holds_images(path)
    assert read_images(path).frame.rows() == [(str(path), None)]


def test_a_zip_in_a_zip_and_an_empty_one_are_no_tables(tmp_path: Path) -> None:
    inner = packed(tmp_path / "inner.zip", "a/1.png", "b/2.png")
    outer = tmp_path / "outer.zip"
    with zipfile.ZipFile(outer, "w") as archive:
        archive.write(inner, "inner.zip")
    for path in (outer, packed(tmp_path / "none.zip")):
        with pytest.raises(DataError, match="a folder or zip of images"):
            check_images(path)
    with pytest.raises(DataError, match="most of them images; unpack it"):
        read_raw(outer)
