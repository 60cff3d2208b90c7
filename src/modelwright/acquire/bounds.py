"""How much may come out of a compressed file: counted while it comes, never believed beforehand."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from modelwright.core.errors import DataError

__all__ = ["MOST_BYTES", "MOST_RATIO", "Readable", "copy_bounded"]

MOST_BYTES = 64 * 2**30
"""The most bytes that are taken from a compressed file or from standard input."""

MOST_RATIO = 1000
"""The most that one compressed byte may become, from `_FREE_BYTES` on; text reaches 100."""

_FREE_BYTES = 2**28
_BLOCK = 2**20


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Give at most `size` bytes; none at the end."""
        ...


def copy_bounded(source: Readable, into: BinaryIO, name: str, packed: int | None = None) -> int:
    """Copy a stream block by block, and stop when it holds too much.

    Parameters
    ----------
    source : readable
        Gives decompressed bytes.
    into : BinaryIO
        Open for writing.
    name : str
        Of the source, for the error.
    packed : int, optional
        Bytes of the compressed file; None when the stream is not compressed.

    Returns
    -------
    int
        How many bytes were copied.

    Raises
    ------
    DataError
        When more than 64 GiB come out, or more than 256 MiB at over 1000 to 1.
    """
    most = MOST_BYTES
    if packed is not None:
        most = min(most, max(_FREE_BYTES, MOST_RATIO * packed))
    total = 0
    while block := source.read(_BLOCK):
        total += len(block)
        if total > most:
            held = "that gives" if packed is None else f"of {packed:,} bytes that holds"
            raise DataError(
                f"at most {most / 2**30:.0f} GiB of data",
                f"{name} {held} more",
                "decompress it yourself if you trust it",
            )
        into.write(block)
    return total
