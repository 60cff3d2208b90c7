"""Strings as bags of pieces: runs of characters and words, each piece an integer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["LONGEST", "Bag", "bag"]

LONGEST = 2_000
"""Characters of a string that are looked at."""
_WORD = 32  # bytes of a word that tell it from others
_ODD = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio: a multiplier that spreads bits well
_WORDS_FROM = np.uint64(1 << 63)  # words have the highest bit, runs of up to four bytes never


@dataclass(frozen=True)
class Bag:
    """The pieces of some strings, one entry an occurrence.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_pieces,)
        The string that a piece is in.
    codes : ndarray of uint64, shape (n_pieces,)
        What the piece is.
    height : int
        How many strings there are.
    """

    rows: NDArray[np.int64]
    codes: NDArray[np.uint64]
    height: int


def bag(strings: pl.Series, *, runs: tuple[int, ...] = (), words: int = 0) -> Bag:
    """Cut strings into pieces, whatever their case.

    Parameters
    ----------
    strings : polars.Series of String
        A missing one has no pieces. Of a long one the first 2,000 characters are looked at.
    runs : tuple of int
        Lengths of runs of characters, 1 to 4, in UTF-8 bytes; a string starts and ends with a
        blank, and blanks in a row count as one. A run of so few bytes is its own code, without
        collisions.
    words : int
        Up to how many words in a row are a piece: 0, 1 or 2. Their codes are hashed, the same on
        every machine.

    Returns
    -------
    Bag

    Examples
    --------
    >>> found = bag(pl.Series(["cat", "CAT", None, "at"]), runs=(3,))
    >>> found.rows.tolist()
    [0, 0, 0, 1, 1, 1, 3, 3]
    >>> [int(code).to_bytes(3, "big").decode() for code in found.codes[:3]]
    [' ca', 'cat', 'at ']
    """
    data, rows = _letters(strings)
    pieces = [_runs(data, rows, length) for length in runs]
    if words:
        pieces += _words(data, rows, words)
    parts = [np.concatenate(part) for part in zip(*pieces, strict=True)]
    return Bag(parts[0], parts[1], len(strings))


def _letters(strings: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Give the bytes of all strings, each framed by blanks and ended by a zero, and their rows."""
    plain = pl.nth(0).str.slice(0, LONGEST).str.to_lowercase()
    plain = plain.str.replace_all(r"[\s\x00]+", " ").str.strip_chars(" ")
    framed = pl.concat_str(pl.lit(" "), plain, pl.lit(" ")).fill_null("")
    lines = strings.to_frame().select(framed).to_series().to_list()
    text = "".join(f"{line}\0" for line in lines)
    data = np.frombuffer(text.encode(), np.uint8)
    ends = data == 0
    return data, np.cumsum(ends) - ends


def _runs(
    data: NDArray[np.uint8], rows: NDArray[np.int64], length: int
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    count = max(len(data) - length + 1, 0)
    codes = np.zeros(count, np.uint64)
    for j in range(length):
        codes = (codes << np.uint64(8)) | data[j : j + count]
    last = slice(length - 1, length - 1 + count)
    inside = (rows[:count] == rows[last]) & (data[last] > 0)
    return rows[:count][inside], codes[inside]


def _words(
    data: NDArray[np.uint8], rows: NDArray[np.int64], most: int
) -> list[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
    """Hash words by a polynomial in their bytes, and pairs of neighbours by both hashes."""
    place = np.flatnonzero(_WORD_BYTES[data])
    begins = np.flatnonzero(np.diff(place, prepend=-2) > 1)
    if not len(begins):
        none = np.empty(0, np.int64), np.empty(0, np.uint64)
        return [none] * most
    inside = np.arange(len(place)) - np.repeat(begins, np.diff(begins, append=len(place)))
    weights = _POWERS[np.minimum(inside, _WORD)]
    sums = np.add.reduceat((data[place].astype(np.uint64) + np.uint64(1)) * weights, begins)
    row, codes = rows[place[begins]], _mixed(sums)
    found = [(row, codes)]
    if most > 1:
        pairs = row[1:] == row[:-1]
        both = codes[:-1] * _ODD + codes[1:]
        found.append((row[1:][pairs], _mixed(both[pairs])))
    return found


def _mixed(codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    codes = (codes ^ (codes >> np.uint64(31))) * _ODD
    return (codes ^ (codes >> np.uint64(29))) | _WORDS_FROM


def _table() -> NDArray[np.bool_]:
    """Say which bytes belong to words: ASCII letters and digits, and all beyond ASCII."""
    byte = np.arange(256)
    digit, letter = (byte >= 48) & (byte <= 57), (byte >= 97) & (byte <= 122)
    table: NDArray[np.bool_] = digit | letter | (byte >= 128)
    return table


def _powers() -> NDArray[np.uint64]:
    powers = np.full(_WORD + 1, _ODD)
    powers[0], powers[-1] = 1, 0
    powers[:-1] = np.multiply.accumulate(powers[:-1])
    return powers


_WORD_BYTES = _table()
_POWERS = _powers()
