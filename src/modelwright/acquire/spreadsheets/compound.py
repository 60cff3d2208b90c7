"""The streams of a compound file, in which a book of .xls lies (Microsoft, [MS-CFB])."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence

from modelwright.acquire.spreadsheets.extent import MalformedError

__all__ = ["stream_of"]

_END = 0xFFFFFFFE
_SPECIAL = 0xFFFFFFFA  # from here on a number names no sector
_SMALL = 4096  # a shorter stream lies in pieces of 64 bytes within another
_PIECE = 64
_ENTRY = 128


def stream_of(data: bytes, names: Sequence[str]) -> bytes:
    """Give the stream with the first of some names that there is; nothing when there is none.

    Parameters
    ----------
    data : bytes
        A whole compound file.
    names : sequence of str
        As they are written in its directory.

    Raises
    ------
    MalformedError
        When the file is cut short, or its sectors follow each other without end.
    """
    try:
        return _Compound(data).stream(names)
    except struct.error:
        raise MalformedError("a compound file cut short") from None


class _Compound:
    """A file of sectors, and of tables that say which sector follows which."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._size = 4096 if data[26:28] == b"\x04\0" else 512
        self._next = self._numbers(b"".join(map(self._sector, self._listed())))
        directory, small_next = (self._whole(self._at(place)) for place in (48, 60))
        self._small_next = self._numbers(small_next)
        self._entries = list(self._read(directory))
        self._small = self._whole(self._entries[0][1]) if self._entries else b""

    def stream(self, names: Sequence[str]) -> bytes:
        """Find a stream."""
        for wanted in names:
            for name, first, size in self._entries:
                if name == wanted and size < _SMALL:
                    return self._chain(first, self._small_next, self._piece)[:size]
                if name == wanted:
                    return self._whole(first)[:size]
        return b""

    def _at(self, place: int) -> int:
        return int(struct.unpack_from("<I", self._data, place)[0])

    def _listed(self) -> list[int]:
        """List the sectors of the table: the first stand in the header."""
        listed = self._numbers(self._data[76:512])
        more, seen = self._at(68), 0
        while more < _SPECIAL:
            *numbers, more = self._numbers(self._sector(more))
            listed += numbers
            seen += 1
            self._check(seen * self._size)
        listed = [number for number in listed if number < _SPECIAL]
        self._check(len(listed) * self._size)
        return listed

    def _numbers(self, block: bytes) -> list[int]:
        return list(struct.unpack(f"<{len(block) // 4}I", block[: len(block) // 4 * 4]))

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        if start >= len(self._data):
            raise MalformedError("a compound file cut short")
        return self._data[start : start + self._size]

    def _piece(self, number: int) -> bytes:
        return self._small[number * _PIECE : (number + 1) * _PIECE]

    def _whole(self, first: int) -> bytes:
        return self._chain(first, self._next, self._sector) if first < _SPECIAL else b""

    def _chain(self, number: int, follows: list[int], take: Callable[[int], bytes]) -> bytes:
        parts: list[bytes] = []
        size = 0
        while number != _END:
            if number >= len(follows):
                raise MalformedError("a sector that is not there")
            parts.append(take(number))
            size += max(len(parts[-1]), _PIECE)
            self._check(size)
            number = follows[number]
        return b"".join(parts)

    def _check(self, size: int) -> None:
        if size > len(self._data):
            raise MalformedError("sectors that follow each other without end")

    def _read(self, directory: bytes) -> Iterator[tuple[str, int, int]]:
        """Read names, first sectors and sizes."""
        form = "<IQ" if self._size > 512 else "<II"
        for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
            name = directory[at : at + 64].decode("utf-16-le", "replace").partition("\0")[0]
            first, size = struct.unpack_from(form, directory, at + 116)
            yield name, first, size
