"""A uniform sample of the rows of a text file that is too large for the memory there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sampled", "sample_note", "sample_rows"]

_BLOCK = 2**22


@dataclass(frozen=True)
class Sampled:
    """Some rows of a file.

    Parameters
    ----------
    path : Path
        A file of the same header and the chosen rows, in their order.
    note : str
        How many of how many rows, for the user.
    total : int
        How many rows the file has.
    """

    path: Path
    note: str
    total: int


def sample_rows(
    path: Path, room: int, folder: Path, *, header: bool, quoted: bool, seed: int
) -> Sampled:
    """Draw rows, each with the same chance, without putting any back.

    Rows are counted first, then chosen, then copied: two passes, in bounded memory.

    Parameters
    ----------
    path : Path
        UTF-8 text.
    room : int
        How many bytes the sample may have.
    folder : Path
        Where the sample goes.
    header : bool
        Whether the first row is kept whatever happens.
    quoted : bool
        Whether line feeds between quotes end no row.
    seed : int
        The same seed draws the same rows.
    """
    total, last = -int(header), b""
    for block, ends in _row_ends(path, quoted):
        total, last = total + len(ends), block
    total += not last.endswith(b"\n")
    total = max(total, 0)  # nothing, or only a header that does not end
    keep = min(total, max(int(total * room / path.stat().st_size), 1))
    chosen = np.zeros(total + header + 2, dtype=bool)
    draw = np.random.default_rng([seed, total])
    chosen[draw.choice(total, size=keep, replace=False, shuffle=False) + header] = True
    chosen[:header] = True
    into = folder / "sample.txt"
    with into.open("wb") as out:
        row = 0
        for block, ends in _row_ends(path, quoted):
            # the last part of a block belongs to the row that ends in a later one
            lengths = np.diff(np.concatenate([[0], ends + 1, [len(block)]]))
            mask = np.repeat(chosen[row : row + len(ends) + 1], lengths)
            out.write(np.frombuffer(block, dtype=np.uint8)[mask].tobytes())
            row += len(ends)
    note = f"{sample_note(keep, total)} Lines are counted within it."
    return Sampled(into, note, total)


def sample_note(kept: int, total: int) -> str:
    """Tell the user that a sample stands for a file.

    Examples
    --------
    >>> sample_note(2, 1000)
    'The file is larger than memory allows: a uniform sample of 2 of its 1,000 rows was read.'
    """
    return (
        f"The file is larger than memory allows: a uniform sample of {kept:,} of its {total:,} "
        "rows was read."
    )


def _row_ends(path: Path, quoted: bool) -> Iterator[tuple[bytes, NDArray[np.int64]]]:
    """Give each block and where in it rows end."""
    inside = False
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            data = np.frombuffer(block, dtype=np.uint8)
            ends = data == ord("\n")
            if quoted and b'"' in block:
                quotes = np.bitwise_xor.accumulate(data == ord('"')) ^ inside
                inside = bool(quotes[-1])
                ends &= ~quotes
            yield block, np.flatnonzero(ends)
