"""Whether the quotes of a text file can be trusted to tell which line feeds end a row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["quotes_are_sound"]

_BLOCK = 2**22
_MOST_LETTERS = 2**18  # of a cell of several lines
_MARK = b"\xef\xbb\xbf"
_QUOTE, _FEED = ord('"'), ord("\n")


def quotes_are_sound(path: Path, separator: str) -> bool:
    """Tell whether every quoted stretch of several lines encloses a cell of bounded length.

    A single stray quote (``5" pipe``) turns inside and outside around for the rest of a file: what
    lies between quotes then begins or ends within a cell, or does not end.

    Parameters
    ----------
    path : Path
        Text of one byte a delimiter, such as UTF-8.
    separator : str
        Stands between cells.
    """
    edges = np.frombuffer(f'{separator}\r\n "'.encode(), dtype=np.uint8)
    with path.open("rb") as file:
        place = len(_MARK) if file.read(len(_MARK)) == _MARK else 0
        before = b"\n"
        while True:
            file.seek(place)
            block = file.read(_BLOCK + 1)  # the last byte is only looked at
            whole = len(block) <= _BLOCK
            if b'"' in block:
                data = np.frombuffer(before + block + b"\n" * whole, dtype=np.uint8)
                opened = _first_open(data, edges)
                if opened is None or (opened < len(data) and (whole or opened == 1)):
                    return False
            else:
                opened = len(block) + 1 - (not whole)
            if whole:
                return True
            # a cell that goes on behind the block is read again from its quote
            taken = min(opened - 1, _BLOCK)
            before = block[taken - 1 : taken]
            place += taken


def _first_open(data: NDArray[np.uint8], edges: NDArray[np.uint8]) -> int | None:
    """Find the quote that is not closed, or the end; None when a quote encloses no whole cell.

    The first and the last byte are neighbours that are only looked at.
    """
    quotes = np.flatnonzero(data[1:-1] == _QUOTE) + 1
    opens, closes = quotes[0::2], quotes[1::2]
    feeds = np.flatnonzero(data == _FEED)
    paired = opens[: len(closes)]
    several = np.searchsorted(feeds, closes) > np.searchsorted(feeds, paired)
    first, last = paired[several], closes[several]
    fine = np.isin(data[first - 1], edges) & np.isin(data[last + 1], edges)
    if not fine.all() or (len(first) and int((last - first).max()) > _MOST_LETTERS):
        return None
    return int(opens[-1]) if len(opens) > len(closes) else len(data)
