"""Images of every kind and damage: opened, brought to one form, or counted with the reason."""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")

from PIL import Image

from modelwright.core.errors import DataError, ModelFileError
from modelwright.core.protocols import State
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.features import images
from modelwright.features.images import (
    FittedImages,
    ImageForm,
    as_png,
    common_form,
    open_images,
)

FORM = ImageForm(3, 8, 8)


def opened(*places: Path, form: ImageForm = FORM):  # type: ignore[no-untyped-def]
    into = np.full((len(places), form.channels, form.height, form.width), 7, np.uint8)
    return into, open_images([str(place) for place in places], form, into)


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def test_pixels_are_those_of_the_file(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    into, done = opened(saved(tmp_path / "a.png", Image.fromarray(values)))
    assert (into[0] == values.transpose(2, 0, 1)).all()
    assert (done.good.all(), done.faults, done.changes) == (True, {}, {})


def test_an_image_in_a_zip_is_opened_by_its_place(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (1, 2, 3)).save(buffer, "PNG")
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("in/a.png", buffer.getvalue())
    into, done = opened(path / "in" / "a.png", path / "in" / "b.png")
    assert into[0, :, 0, 0].tolist() == [1, 2, 3]
    assert done.good.tolist() == [True, False]
    assert done.faults == {"no such file": 1}


MODES = ("1", "L", "P", "LA", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F")
CHANGED = {
    "CMYK": "CMYK",
    "I;16": "8 bits",
    "I": "8 bits",
    "F": "8 bits",
    "LA": "white",
    "RGBA": "white",
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_mode_becomes_pixels(tmp_path: Path, mode: str, channels: int) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.full((10, 10), 257 * 100, np.uint16))
    elif mode in ("I", "F"):
        ramp = np.linspace(0, 1000, 100).reshape(10, 10)
        image = Image.fromarray(ramp.astype(np.int32 if mode == "I" else np.float32))
    else:
        image = Image.new("RGB", (10, 10), (100, 100, 100)).convert(mode)
    path = saved(tmp_path / "a.tiff", image)
    into, done = opened(path, form=ImageForm(channels, 8, 8))
    assert done.good.all(), done.faults
    if mode in ("I", "F"):
        assert into.max() > 200 > 40 > into.min()
    elif mode != "1":
        assert abs(into.astype(int) - 100).max() <= 3
    told = "".join(done.changes)
    assert CHANGED.get(mode, "") in told
    assert bool(told) == (mode in CHANGED)


def test_what_is_transparent_becomes_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.putpixel((0, 0), (10, 20, 30, 255))
    into, done = opened(saved(tmp_path / "a.png", image))
    assert into[0, :, 0, 0].tolist() == [10, 20, 30]
    assert (into[0, :, 4:] == 255).all()
    assert done.changes == {"with transparent pixels put on white": 1}


@pytest.mark.parametrize(("turn", "corner"), [(1, (0, 0)), (3, (7, 7)), (6, (0, 7)), (8, (7, 0))])
def test_images_are_turned_as_their_exif_says(
    tmp_path: Path, turn: int, corner: tuple[int, int]
) -> None:
    image = Image.new("L", (8, 8), 0)
    image.paste(255, (0, 0, 2, 2))
    exif = Image.Exif()
    exif[0x0112] = turn
    into, done = opened(saved(tmp_path / "a.png", image, exif=exif), form=ImageForm(1, 8, 8))
    assert into[0, 0][corner] > 200
    assert int((into[0, 0] > 200).sum()) == 4
    assert bool(done.changes) == (turn != 1)


def test_other_sizes_are_cut_to_the_form_around_the_middle(tmp_path: Path) -> None:
    image = Image.new("L", (40, 20), 0)
    image.paste(255, (12, 0, 28, 20))
    into, _ = opened(saved(tmp_path / "a.png", image), form=ImageForm(1, 10, 10))
    assert (into[0, 0, :, 2:8] > 200).all()
    assert (into[0, 0, :, 0] < 60).all()


def test_large_photographs_are_brought_down(tmp_path: Path) -> None:
    image = Image.new("RGB", (1600, 1200), (200, 10, 60))
    into, _ = opened(saved(tmp_path / "a.jpg", image, quality=95))
    assert abs(into[0, :, 4, 4].astype(int) - [200, 10, 60]).max() < 8


def bomb(side: int) -> bytes:
    """Write a PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        sum_ = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + sum_

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("error")
def test_what_cannot_be_opened_is_counted_with_the_reason(tmp_path: Path) -> None:
    whole = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(whole, "JPEG")
    files = {
        "empty.png": b"",
        "words.png": b"this is no image",
        "short.jpg": whole.getvalue()[:900],
        "bomb.png": bomb(9_000),
        "larger.png": bomb(60_000),
        "good.jpg": whole.getvalue(),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    into, done = opened(*(tmp_path / name for name in files), tmp_path / "absent.png")
    assert done.good.tolist() == [False] * 5 + [True, False]
    assert (into[~done.good] == 0).all()
    assert done.faults == {
        "over 67 million pixels": 2, "an empty file": 1, "no image, or a damaged one": 1,
        "cut short": 1, "no such file": 1,
    }  # fmt: skip


def test_no_other_program_is_started_for_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*given: object, **named: object) -> None:
        programs.append(given)
        raise OSError("no such program")

    drawn, programs = io.BytesIO(), list[object]()
    Image.new("RGB", (8, 8)).save(drawn, "EPS")
    (tmp_path / "x.png").write_bytes(drawn.getvalue())
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", started)
    monkeypatch.setattr("subprocess.Popen.__init__", started)
    assert opened(tmp_path / "x.png")[1].faults == {"no image, or a damaged one": 1}
    assert programs == []


@pytest.mark.parametrize("kind", ["AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "MPO",
                                  "PNG", "PPM", "TIFF", "WEBP"])  # fmt: skip
def test_the_content_says_the_format_whatever_the_name(tmp_path: Path, kind: str) -> None:
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow writes no {kind}")
    data = io.BytesIO()
    Image.new("RGB", (16, 16), (200, 10, 60)).save(data, kind)
    (tmp_path / "x.png").write_bytes(data.getvalue())
    into, done = opened(tmp_path / "x.png")
    assert done.good.all()
    assert abs(into[0, :, 4, 4].astype(int) - [200, 10, 60]).max() < 20


def test_a_format_that_this_pillow_does_not_know_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "_FORMATS", (*images._FORMATS, "NONE SUCH"))
    good = saved(tmp_path / "a.png", Image.new("L", (8, 8)))
    (tmp_path / "b.png").write_bytes(b"words")
    _, done = opened(good, tmp_path / "b.png")
    assert done.faults == {"no image, or a damaged one": 1}


def test_a_damaged_entry_of_a_zip_is_counted(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "BMP")
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.bmp", "b.bmp"):
            archive.writestr(name, buffer.getvalue())
        start = archive.getinfo("b.bmp").header_offset
    data = bytearray(path.read_bytes())
    data[start + 30 + len("b.bmp")] = 0x07  # a block of a kind that there is not: zlib gives up
    path.write_bytes(bytes(data))
    _, done = opened(path / "a.bmp", path / "b.bmp")
    assert done.good.tolist() == [True, False]
    assert done.faults == {"in a damaged zip": 1}
    with pytest.raises(DataError, match="in a damaged zip"):
        common_form([str(path / "b.bmp")])


def test_a_place_that_the_system_refuses_is_counted(tmp_path: Path) -> None:
    good = saved(tmp_path / "a.png", Image.new("L", (8, 8)))
    endless = tmp_path / ("x" * 5_000 + ".png")
    _, done = opened(good, endless)
    assert done.good.tolist() == [True, False]
    assert done.faults == {"file name too long": 1}
    assert common_form([str(endless), str(good)]) == ImageForm(1, 8, 8)


def test_threads_open_the_same_pixels(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    places = [
        saved(tmp_path / f"{i}.png", Image.fromarray(rng.integers(0, 256, (9, 9)).astype(np.uint8)))
        for i in range(600)
    ]
    names = [str(place) for place in places]
    one, two = (np.empty((600, 3, 8, 8), np.uint8) for _ in range(2))
    open_images(names, FORM, one)
    open_images(names, FORM, two, threads=3)
    assert (one == two).all()


def test_small_images_of_one_size_keep_it(tmp_path: Path) -> None:
    grey = [saved(tmp_path / f"{i}.png", Image.new("L", (28, 20))) for i in range(3)]
    assert common_form([str(place) for place in grey]) == ImageForm(1, 20, 28)
    colour = saved(tmp_path / "c.png", Image.new("RGB", (28, 20)))
    assert common_form([str(place) for place in (*grey, colour)]) == ImageForm(3, 20, 28)


@pytest.mark.parametrize(("short", "side"), [(256, 96), (61, 64), (5, 16)])
def test_others_become_squares(tmp_path: Path, short: int, side: int) -> None:
    places = [
        str(saved(tmp_path / f"{i}.png", Image.new("RGB", (short + 3 + i, short))))
        for i in range(3)
    ]
    assert common_form(places) == ImageForm(3, side, side)


@pytest.mark.parametrize(
    ("size", "height", "width"),
    [
        ((180, 60), 56, 168),
        ((60, 180), 168, 56),
        ((1600, 900), 72, 128),
        ((1000, 900), 96, 96),
        ((4000, 10), 16, 40),
    ],
)
def test_a_shape_that_all_have_is_kept(
    size: tuple[int, int], height: int, width: int, tmp_path: Path
) -> None:
    places = [
        str(saved(tmp_path / f"{i}.png", Image.new("RGB", (size[0] + i, size[1]))))
        for i in range(3)
    ]
    assert common_form(places) == ImageForm(3, height, width)


def test_shapes_that_differ_become_squares_and_what_is_cut_off_is_told(tmp_path: Path) -> None:
    places = [
        str(saved(tmp_path / f"{i}.png", Image.new("RGB", (150, 100) if i % 2 else (100, 150))))
        for i in range(6)
    ]
    form = common_form(places)
    assert form == ImageForm(3, 96, 96)
    done = open_images(places, form, np.empty((6, 3, 96, 96), np.uint8))
    assert done.changes == {"of another shape cut to their middle, by a fifth or more": 6}


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_of_moving_pictures_the_first_frame_counts_and_it_is_told(
    ending: str, tmp_path: Path
) -> None:
    frames = [Image.new("L", (16, 16), light) for light in (250, 10)]
    path = tmp_path / f"a.{ending}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    into = np.empty((1, 1, 16, 16), np.uint8)
    done = open_images([str(path)], ImageForm(1, 16, 16), into)
    assert done.changes == {"of several frames seen by the first": 1}
    assert into.min() > 240


def test_photographs_lie_as_they_are_seen(tmp_path: Path) -> None:
    held = Image.Exif()
    held[0x0112] = 6
    paths = [tmp_path / f"{i}.jpg" for i in range(3)]
    for path in paths:
        Image.new("RGB", (900, 1600)).save(path, exif=held)
    assert common_form([str(path) for path in paths]) == ImageForm(3, 72, 128)


def test_a_form_needs_one_image_that_opens(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match="an empty file"):
        common_form([str(tmp_path / "a.png")])


def test_a_step_gives_pixels_and_nothing_for_what_is_no_image(tmp_path: Path) -> None:
    good = saved(tmp_path / "a.png", Image.new("RGB", (8, 8), (9, 8, 7)))
    frame = pl.DataFrame({"image": [str(good), str(tmp_path / "b.png"), None]})
    table = Table(frame, Schema((Column("image", Kind.IMAGE),)))
    step = FittedImages.restore(FittedImages("image", FORM).export())
    matrix = step.transform(table)
    assert matrix.numbers.shape == (3, 192)
    assert matrix.numbers[0].reshape(3, 8, 8)[:, 0, 0].tolist() == [9, 8, 7]
    assert np.isnan(matrix.numbers[1:]).all()


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"column": "a", "channels": 2, "height": 8, "width": 8},
        {"column": "a", "channels": 3, "height": 0, "width": 8},
        {"column": "a", "channels": 3, "height": 10**6, "width": 8},
    ],
)
def test_an_unsound_state_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(ModelFileError):
        FittedImages.restore(State(config))


def test_thumbnails_are_images() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 5, 6)).astype(np.uint8)
    image = Image.open(io.BytesIO(as_png(pixels)))
    assert (np.asarray(image).transpose(2, 0, 1) == pixels).all()


def packed(path: Path, names: list[str]) -> Path:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, buffer.getvalue())
    return path


@pytest.mark.parametrize("place", [0, 20, 100])
def test_damaged_bytes_of_a_zip_are_counted(tmp_path: Path, place: int) -> None:
    path = packed(tmp_path / "x.zip", ["a.png", "b.png"])
    data = bytearray(path.read_bytes())
    data[30 + len("a.png") + place] ^= 0xFF
    path.write_bytes(data)
    _, done = opened(path / "a.png", path / "b.png")
    assert done.good.tolist() == [False, True]
    assert done.faults == {"in a damaged zip": 1}


def test_letters_that_change_their_length_are_no_obstacle(tmp_path: Path) -> None:
    path = packed(tmp_path / "İİİ" / "X.ZIP", ["İ.png"])
    _, done = opened(path / "İ.png")
    assert done.good.all(), done.faults


def test_a_zip_is_opened_once_whatever_the_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path / "x.zip", [f"{i}.png" for i in range(40)])
    usual, times = zipfile.ZipFile, []

    def counted(name: str, **named: str) -> zipfile.ZipFile:
        times.append(name)
        time.sleep(0.02)  # as a directory of many entries takes
        return usual(name, **named)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(zipfile, "ZipFile", counted)
    into, told = np.empty((40, 3, 8, 8), np.uint8), list[int]()
    places = [str(path / f"{i}.png") for i in range(40)]
    done = open_images(places, FORM, into, threads=4, tell=told.append)
    assert done.good.all()
    assert len(times) == 1
    assert told == [*range(1, 41)]  # few images are shared among the threads, too


def test_large_images_are_decoded_one_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [str(saved(tmp_path / f"{i}.png", Image.new("L", (20, 20)))) for i in range(8)]
    usual, now, most = images._decoded, [0], [0]

    def watched(*given: Any) -> Any:
        now[0] += 1
        most[0] = max(most[0], now[0])
        time.sleep(0.005)
        found = usual(*given)
        now[0] -= 1
        return found

    monkeypatch.setattr(images, "_decoded", watched)
    monkeypatch.setattr(images, "_LARGE_PIXELS", 399)
    monkeypatch.setattr(images, "_CHUNK", 1)
    done = open_images(places, FORM, np.empty((8, 3, 8, 8), np.uint8), threads=4)
    assert done.good.all()
    assert most == [1]


def test_what_may_not_be_read_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.png", Image.new("L", (8, 8)))

    def refused(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refused)
    assert opened(path)[1].faults == {"permission denied": 1}
    with pytest.raises(DataError, match="permission denied"):
        common_form([str(path)])


@pytest.mark.parametrize(
    ("fault", "why", "passing"),
    [
        (MemoryError(), "too little memory", [0]),
        (OSError("out of memory when reading image file"), "too little memory", [0]),
        (OSError("image file is truncated (3 bytes not processed)"), "cut short", []),
        (ValueError("strange"), "no image, or a damaged one", []),
    ],
)
@pytest.mark.parametrize("where", ["PIL.Image.open", "PIL.ImageFile.ImageFile.load"])
def test_want_of_memory_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    where: str, fault: Exception, why: str, passing: list[int],
) -> None:  # fmt: skip
    def failing(*given: object, **named: object) -> None:
        raise fault

    path = saved(tmp_path / "a.png", Image.new("L", (8, 8)))
    monkeypatch.setattr(where, failing)
    if where.endswith("open") and why == "cut short":
        why = "no image, or a damaged one"
    _, done = opened(path)
    assert (done.faults, done.passing) == ({why: 1}, passing)


def test_a_zip_that_is_out_of_reach_is_not_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path / "x.zip", ["a.png"])
    for fault, why in ((OSError(5, "Input/output error"), "input/output error"),
                       (MemoryError(), "too little memory")):  # fmt: skip

        def failing(*given: object, fault: Exception = fault) -> None:
            raise fault

        with monkeypatch.context() as patch:
            patch.setattr("zipfile.ZipExtFile.read", failing)
            _, done = opened(path / "a.png")
        assert (done.faults, done.passing) == ({why: 1}, [0])


def test_images_too_small_for_a_net_are_enlarged(tmp_path: Path) -> None:
    places = [str(saved(tmp_path / f"{i}.png", Image.new("RGB", (8, 1)))) for i in range(3)]
    assert common_form(places) == ImageForm(3, 16, 16)
