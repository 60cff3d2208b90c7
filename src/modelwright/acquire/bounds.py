"""Compressed files that would swell beyond all bounds are refused before they are opened."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import BinaryIO

from modelwright.core.errors import DataError

__all__ = ["GZIP", "ZSTD", "check_size", "compression"]

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"

_MOST_BYTES = 64 * 2**30
_FREE_BYTES = 2**30
_MOST_RATIO = 1000
_DEFLATE_RATIO = 1032  # the format's own ceiling
_ZSTD_BLOCK = 128 * 2**10  # the most that one block may hold
_WINDOW = 16 * 2**10


def compression(path: Path) -> bytes:
    """Tell how a file is compressed: `GZIP`, `ZSTD` or ``b""``, by its first bytes."""
    with path.open("rb") as file:
        start = file.read(4)
    return next((magic for magic in (GZIP, ZSTD) if start.startswith(magic)), b"")


def check_size(path: Path) -> None:
    """Refuse a compressed file that holds too much.

    Raises
    ------
    DataError
        When more than 64 GiB would come out, or more than 1 GiB at over 1000 to 1.
    """
    size = path.stat().st_size
    magic = compression(path)
    if magic == GZIP and _suspicious(path, size):
        full = _gzip_size(path)
    elif magic == ZSTD:
        full = _zstd_bound(path)
    else:
        return
    if full > _MOST_BYTES or (full > _FREE_BYTES and full > _MOST_RATIO * size):
        raise DataError(
            f"a compressed file of at most {_MOST_BYTES // 2**30} GiB inside",
            f"{path.name} of {size:,} bytes that holds more than {full / 2**30:.0f} GiB",
            "decompress it yourself if you trust it",
        )


def _suspicious(path: Path, size: int) -> bool:
    # Deflate reaches a ratio of 1000 only with bytes so regular that they compress again;
    # an honest file's do not. So a few windows tell, without inflating everything.
    if size * _DEFLATE_RATIO <= _FREE_BYTES:
        return False
    if size > _MOST_BYTES // 64:
        return True
    with path.open("rb") as file:
        for part in range(8):
            file.seek(size * part // 8)
            window = file.read(_WINDOW)
            if len(zlib.compress(window, 1)) < len(window) // 4:
                return True
    return False


def _gzip_size(path: Path) -> int:
    total, size = 0, path.stat().st_size
    with path.open("rb") as file:
        inflate = zlib.decompressobj(wbits=31)
        data = file.read(_WINDOW)
        while data and total <= max(_FREE_BYTES, min(_MOST_BYTES, _MOST_RATIO * size)):
            total += len(inflate.decompress(data, 2**20))
            if inflate.eof:
                data = inflate.unused_data or file.read(_WINDOW)
                inflate = zlib.decompressobj(wbits=31)
            else:
                data = inflate.unconsumed_tail or file.read(_WINDOW)
    return total


def _zstd_bound(path: Path) -> int:
    """Walk the block headers (RFC 8878, 3.1.1.2) and add up what each can hold at most."""
    total = 0
    with path.open("rb") as file:
        while len(head := file.read(4)) == 4:
            if head[1:] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F:  # a skippable frame
                file.seek(int.from_bytes(file.read(4), "little"), 1)
            elif head == ZSTD:
                total += _zstd_frame(file)
            else:
                break
    return total


def _zstd_frame(file: BinaryIO) -> int:
    flags = file.read(1)[0]
    single = bool(flags & 0x20)
    content = (1 if single else 0, 2, 4, 8)[flags >> 6]
    file.seek((0 if single else 1) + (0, 1, 2, 4)[flags & 3] + content, 1)
    total, last = 0, False
    while not last and len(header := file.read(3)) == 3:
        word = int.from_bytes(header, "little")
        last, kind, size = bool(word & 1), (word >> 1) & 3, word >> 3
        total += size if kind < 2 else _ZSTD_BLOCK
        file.seek(1 if kind == 1 else size, 1)
    if flags & 4:
        file.seek(4, 1)
    return total
