"""The model file: a zip of named entries and a manifest, safe to open from a stranger.

What a hostile file can try, and what meets it: a bomb (counts, sizes and ratios are bounded before
and while inflating), a lying directory (declared sizes must agree with the manifest, with the file
and with what comes out), names that escape, repeat or hide (refused), altered bytes (SHA-256), a
forger (HMAC over the manifest, RFC 2104, when the reader has the key).
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright.core.errors import ModelFileError, OutputError
from modelwright.store.files import atomic_write, digest
from modelwright.store.zips import MAX_JSON, MAX_NAME, check_directory

__all__ = ["FORMAT", "read_archive", "write_archive"]

FORMAT = 1
"""The format that is written, and the newest that can be read."""

_MANIFEST = "manifest.json"
_SIGNATURE = "signature"
_RESERVED = (_MANIFEST, _SIGNATURE)

_MAX_ENTRIES = 20_000
_MAX_MANIFEST = 8 * 2**20
_MAX_ENTRY = 2 * 2**30
_MAX_TOTAL = 3 * 2**30  # below 4 GiB, so that the zip never needs its 64-bit extension
_LEVEL = 1  # twice as fast as the usual 6, and a tenth larger
_MAX_RATIO = 100
_RATIO_FROM = 2**20  # below it a ratio says nothing: a megabyte hurts nobody

_EPOCH = (1980, 1, 1, 0, 0, 0)
_PART = re.compile(r"[^\x00-\x1f\x7f/\\:]{1,120}")
_SMALLER = "fit fewer or smaller models (--size)"
_CURE = "fetch the file again from where it was made"


@dataclass(frozen=True)
class _Entry:
    size: int
    sha256: str


def write_archive(
    path: Path, entries: Mapping[str, bytes], *, writer: str, key: bytes | None = None
) -> None:
    """Write a model file; equal entries give equal bytes.

    Parameters
    ----------
    path : Path
        Where; its folder exists.
    entries : mapping of str to bytes
        Names are relative paths with forward slashes.
    writer : str
        The version of modelwright that writes, named when an older one cannot read the file.
    key : bytes, optional
        A secret with which the file is signed.

    Raises
    ------
    OutputError
        When the file cannot be written, or would be larger than any reader accepts.
    ValueError
        When an entry has a name that no reader accepts.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_archive(Path(folder) / "m.mw", {"task.json": b"{}"}, writer="0.1.0")
    ...     read_archive(Path(folder) / "m.mw")
    {'task.json': b'{}'}
    """
    for name in entries:
        if not _is_safe(name) or name in _RESERVED:
            raise ValueError(f"an entry of a model file cannot be named {name!r}")
    _check_sizes({name: len(data) for name, data in entries.items()})
    manifest = _manifest(entries, writer)
    _check_entry(_MANIFEST, len(manifest))
    head = {_MANIFEST: manifest}
    if key is not None:
        head[_SIGNATURE] = _sign(manifest, key)
    everything = head | {name: entries[name] for name in sorted(entries)}
    atomic_write(path, _zip(everything))


def _check_sizes(sizes: Mapping[str, int]) -> None:
    total = sum(sizes.values())
    if len(sizes) > _MAX_ENTRIES or total > _MAX_TOTAL:
        raise OutputError(
            f"a model of at most {_MAX_TOTAL / 2**30:g} GiB in {_MAX_ENTRIES} entries",
            f"{total / 2**30:.1f} GiB in {len(sizes)} entries",
            _SMALLER,
        )
    for name, size in sizes.items():
        _check_entry(name, size)


def _check_entry(name: str, size: int) -> None:
    most = _most(name)
    if size > most:
        raise OutputError(
            f"at most {most / 2**20:g} MiB in each entry of that kind",
            f"{size / 2**20:.1f} MiB in {name[:60]!r}",
            _SMALLER,
        )


def _most(name: str) -> int:
    if name in _RESERVED:
        return _MAX_MANIFEST
    return MAX_JSON if name.lower().endswith(".json") else _MAX_ENTRY


def _manifest(entries: Mapping[str, bytes], writer: str) -> bytes:
    listed = {
        name: {"size": len(entries[name]), "sha256": digest(entries[name])}
        for name in sorted(entries)
    }
    return json.dumps({"format": FORMAT, "writer": writer, "entries": listed}, indent=1).encode()


def _sign(manifest: bytes, key: bytes) -> bytes:
    return hmac.new(key, manifest, hashlib.sha256).hexdigest().encode()


def _zip(entries: Mapping[str, bytes]) -> bytes:
    # What deflates so well that a reader would take it for a bomb is stored as it is.
    stored: set[str] = set()
    while True:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, data in entries.items():
                info = zipfile.ZipInfo(name, _EPOCH)
                info.create_system = 3
                info.external_attr = 0o644 << 16
                kind = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
                archive.writestr(info, data, compress_type=kind, compresslevel=_LEVEL)
            dense = {info.filename for info in archive.infolist() if _is_dense(info)}
        if not dense:
            return buffer.getvalue()
        stored |= dense


def _is_dense(info: zipfile.ZipInfo) -> bool:
    return info.file_size > max(_RATIO_FROM, _MAX_RATIO * info.compress_size)


def _is_safe(name: str) -> bool:
    parts = name.split("/")
    # A byte at least for each character: what is too long is refused before it is encoded.
    return (
        len(name) <= MAX_NAME
        and len(name.encode("utf-8", "replace")) <= MAX_NAME
        and all(_PART.fullmatch(part) and part not in (".", "..") for part in parts)
    )


def read_archive(path: Path, *, key: bytes | None = None) -> dict[str, bytes]:
    """Read a model file, trusting none of it.

    Parameters
    ----------
    path : Path
        A file that `write_archive` wrote, or says so.
    key : bytes, optional
        When given, the file must carry a valid signature made with this secret.

    Returns
    -------
    dict of str to bytes
        Every entry of the manifest, verified.

    Raises
    ------
    ModelFileError
        When the file is missing, truncated, altered, unsafe, unsigned though `key` is given, or
        written by a newer modelwright.
    """
    if not path.is_file():
        got = "a folder" if path.is_dir() else "no such file"
        raise ModelFileError(f"a model file at {path}", got, "check the path")
    try:
        with path.open("rb") as file:
            check_directory(file, _MAX_ENTRIES + len(_RESERVED))
            with zipfile.ZipFile(file) as archive:
                return _read(archive, os.fstat(file.fileno()).st_size, key)
    except ModelFileError as error:
        raise ModelFileError(f"{error.expected} in {path}", error.got, error.cure) from error
    except OSError as error:
        why = (error.strerror or "a damaged file").lower()
        raise ModelFileError(f"a readable model file at {path}", why, _CURE) from error
    except Exception as error:  # zipfile meets hostile bytes with a dozen kinds of exception
        why = f"a damaged one ({type(error).__name__})"
        raise ModelFileError(f"a model file at {path}", why, _CURE) from error


def _read(archive: zipfile.ZipFile, size: int, key: bytes | None) -> dict[str, bytes]:
    infos = _checked_infos(archive.infolist(), size)
    if _MANIFEST not in infos:
        raise ModelFileError("a model file", "a zip without a manifest", _CURE)
    raw = _inflate(archive, infos[_MANIFEST])
    if key is not None:
        given = _inflate(archive, infos[_SIGNATURE]) if _SIGNATURE in infos else b""
        _check_signature(raw, given, key)
    listed = _parse_manifest(raw)
    if set(listed) != set(infos) - set(_RESERVED):
        odd = sorted(set(listed) ^ (set(infos) - set(_RESERVED)))[0]
        raise ModelFileError("the entries of the manifest", f"a difference at {odd[:60]!r}", _CURE)
    wrong = [name for name, entry in listed.items() if infos[name].file_size != entry.size]
    if wrong:
        raise ModelFileError("sizes as in the manifest", f"another of {wrong[0][:60]!r}", _CURE)
    return {name: _verified(archive, infos[name], entry) for name, entry in listed.items()}


def _checked_infos(infos: list[zipfile.ZipInfo], size: int) -> dict[str, zipfile.ZipInfo]:
    checked: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename
        # orig_filename is the name before zipfile cuts it at a NUL.
        if not _is_safe(info.orig_filename) or name in checked:
            raise ModelFileError("safe names of entries", repr(info.orig_filename[:60]), _CURE)
        if info.file_size > _most(name):
            most = f"at most {_most(name) / 2**20:g} MiB in {name[:60]!r}"
            raise ModelFileError(most, f"{info.file_size / 2**20:.1f} MiB declared", _CURE)
        if _is_dense(info):
            raise ModelFileError("entries of a sane size", f"{name[:60]!r} inflates wildly", _CURE)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ModelFileError("plain or deflated entries", repr(name[:60]), _CURE)
        checked[name] = info
    # Entries that overlap would count the same compressed bytes twice.
    packed = sum(info.compress_size for info in infos)
    if packed > size or sum(info.file_size for info in infos) > _MAX_TOTAL + 2 * _MAX_MANIFEST:
        raise ModelFileError("entries of a sane size", "more declared than can be there", _CURE)
    return checked


def _inflate(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    # zipfile inflates no more than the directory declares, and that was bounded above.
    with archive.open(info) as file:
        data = file.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise ModelFileError("a whole model file", f"{info.filename[:60]!r} cut short", _CURE)
    return data


def _verified(archive: zipfile.ZipFile, info: zipfile.ZipInfo, entry: _Entry) -> bytes:
    data = _inflate(archive, info)
    if digest(data) != entry.sha256:
        raise ModelFileError("unaltered entries", f"{info.filename[:60]!r} was altered", _CURE)
    return data


def _check_signature(manifest: bytes, given: bytes, key: bytes) -> None:
    if not hmac.compare_digest(given, _sign(manifest, key)):
        raise ModelFileError(
            "a signature made with this key",
            "another signature" if given else "an unsigned file",
            "ask who made the file, or open it without a key if you trust it",
        )


def _parse_manifest(raw: bytes) -> dict[str, _Entry]:
    try:
        manifest: Any = json.loads(raw)
        form, writer = int(manifest["format"]), str(manifest["writer"])
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
        raise ModelFileError("a sound manifest", type(error).__name__, _CURE) from error
    if form != FORMAT:
        # The file may be anyone's: its words never become part of a command to type.
        known = re.fullmatch(r"\d[\w.+-]{0,39}", writer, re.ASCII)
        raise ModelFileError(
            f"a model file of format {FORMAT}",
            f"format {form}, written by modelwright {writer if known else 'of an unknown version'}",
            f"install that version: pip install 'modelwright>={writer}'"
            if known
            else "install a newer one: pip install --upgrade modelwright",
        )
    try:
        return {
            str(name): _Entry(int(entry["size"]), str(entry["sha256"]))
            for name, entry in manifest["entries"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ModelFileError("a sound manifest", type(error).__name__, _CURE) from error
