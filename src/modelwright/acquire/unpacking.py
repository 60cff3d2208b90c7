"""From a compressed file or an archive of one table to a plain file."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from modelwright.acquire.bounds import copy_bounded
from modelwright.acquire.images.listing import is_image
from modelwright.core.deferred import Deferred
from modelwright.core.errors import DataError, did_you_mean

__all__ = ["Plain", "damaged", "unpacked"]

_zstd = Deferred("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")

_MOST_LAYERS = 2  # a table in a gzip in a zip; more is a bomb or an accident
_MOST_ENTRIES = 10_000
_NO_ENTRIES = b"PK\5\6"
_BINARY = ("mimetype", "[Content_Types].xml", "_rels/.rels")  # a zip that is a document


@dataclass(frozen=True)
class Plain:
    """A file that is not compressed.

    Parameters
    ----------
    path : Path
        Where it lies.
    name : str
        What it is called; its ending tells the format.
    shown : str
        What the user calls it.
    notes : tuple of str
        What was chosen on the way.
    sheet : str
        Which sheet of a spreadsheet is meant; empty when nobody said.
    """

    path: Path
    name: str
    shown: str
    notes: tuple[str, ...] = ()
    sheet: str = ""


_OPENERS: tuple[tuple[bytes, Callable[[BinaryIO], Any]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"\x28\xb5\x2f\xfd", lambda file: _zstd.ZstdFile(file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
)
_ENDINGS = (".gz", ".zst", ".bz2", ".xz")


def unpacked(plain: Plain, folder: Path, inner: str | None = None) -> Plain:
    """Decompress a file, as often as needed.

    Parameters
    ----------
    plain : Plain
        Any file.
    folder : Path
        Where what comes out is put.
    inner : str, optional
        Which entry of a zip is meant.

    Returns
    -------
    Plain
        The same file when it is not compressed. Spreadsheets, which are zips, stay as they are.

    Raises
    ------
    DataError
        When it is damaged or locked, swells beyond bounds, or is a zip of several tables.
    """
    for layer in range(_MOST_LAYERS + 1):
        with plain.path.open("rb") as file:
            start = file.read(8)
        if start.startswith(_NO_ENTRIES):
            raise DataError("a zip with a table", f"an empty zip: {plain.shown}")
        opener = next((opener for magic, opener in _OPENERS if start.startswith(magic)), None)
        entry = _entry(plain, inner) if start.startswith(b"PK\3\4") else None
        if opener is None and entry is None:
            if inner is not None and layer == 0:
                raise DataError("a zip archive", plain.shown, "name a file that is in one")
            return plain
        if layer == _MOST_LAYERS:
            break
        into = folder / f"unpacked-{layer}"
        if opener is not None:
            plain = _decompressed(plain, opener, into)
        elif entry is not None:
            plain = _extracted(plain, entry, into)
        inner = None
    raise DataError(
        f"at most {_MOST_LAYERS} layers of compression", f"more in {plain.shown}", "unpack it first"
    )


def _decompressed(plain: Plain, opener: Callable[[BinaryIO], Any], into: Path) -> Plain:
    packed = plain.path.stat().st_size
    with plain.path.open("rb") as file, into.open("wb") as out:
        try:
            copy_bounded(opener(file), out, plain.shown, packed)
        except _damages() as error:
            raise damaged(plain.shown, error) from None
    name = plain.name
    for ending in _ENDINGS:
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
            break
    return Plain(into, name, plain.shown, plain.notes)


def _damages() -> tuple[type[Exception], ...]:
    # asked only when something failed, so that Zstandard is not imported for nothing
    return (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError, _zstd.ZstdError)


def damaged(shown: str, error: BaseException) -> DataError:
    """Say that a file cannot be decompressed."""
    reason = (str(error).splitlines() or [""])[0] or type(error).__name__
    return DataError("a readable file", f"{shown}: {reason}", "fetch it again: it is damaged")


def _entry(plain: Plain, inner: str | None) -> zipfile.ZipInfo | None:
    """Find the one table of a zip; None when the zip is a document of its own kind."""
    try:
        with zipfile.ZipFile(plain.path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise damaged(plain.shown, error) from None
    if any(info.filename in _BINARY for info in infos[:100]):
        return None
    if len(infos) > _MOST_ENTRIES:
        raise DataError(f"at most {_MOST_ENTRIES:,} files in a zip", f"{len(infos):,}")
    files = {
        info.filename: info for info in infos if not info.is_dir() and not _is_litter(info.filename)
    }
    if inner is not None:
        if inner in files:
            return files[inner]
        raise DataError(f"a file in {plain.shown}", repr(inner), did_you_mean(inner, files))
    if len(files) == 1:
        return next(iter(files.values()))
    if not files:
        raise DataError("a zip with a table", f"no file in {plain.shown}")
    if 2 * sum(map(is_image, files)) > len(files):
        cure = "unpack it: images are read from a folder, or from a zip that is in no other"
        got = f"{len(files):,} files in {plain.shown}, most of them images"
        raise DataError("a zip with a table", got, cure)
    first = next(iter(files))
    raise DataError(
        "a zip with one file",
        f"{len(files):,} in {plain.shown}",
        f"name one, such as {plain.shown}/{first}",
    )


def _is_litter(name: str) -> bool:
    last = name.rsplit("/", 1)[-1]
    return name.startswith("__MACOSX/") or last in (".DS_Store", "Thumbs.db")


def _extracted(plain: Plain, info: zipfile.ZipInfo, into: Path) -> Plain:
    if info.flag_bits & 1:
        raise DataError(
            "a zip without a password", f"{plain.shown}, which has one", "unpack it first"
        )
    try:
        with (
            zipfile.ZipFile(plain.path) as archive,
            archive.open(info) as source,
            into.open("wb") as out,
        ):
            copy_bounded(source, out, plain.shown, plain.path.stat().st_size)
    except (
        zipfile.BadZipFile,
        RuntimeError,
        OSError,
        EOFError,
        zlib.error,
        lzma.LZMAError,
    ) as error:
        raise damaged(plain.shown, error) from None
    name = info.filename.rsplit("/", 1)[-1]
    return Plain(into, name, f"{plain.shown}/{info.filename}", plain.notes)
