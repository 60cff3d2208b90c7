"""Names and texts in which a piece spells the answer.

A code such as ``R-17-b`` may hold the class of its row in its last letter. Every column of names,
codes and texts is taken apart into simple pieces: the words at its ends, the characters at each
place, the number in it, its length, the words that many rows share. A piece that nearly solves the
task alone, where the other columns do not, is no feature: it was written by somebody who knew.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding
from modelwright.core.schema import Kind
from modelwright.leaks.look import Look
from modelwright.stats.cells import code_values

__all__ = ["find_spelled", "pieces"]

Codes = NDArray[np.integer]

_KINDS = (Kind.ID, Kind.TEXT, Kind.CATEGORY, Kind.LIST)
# Fewer different values are a category like any other.
_DISTINCT = 20
_VARIED = 0.2
_PLACES = 8
_LEVELS = 60
_WORDS = 30
_ROWS_PIECE = 12
_COMMON = (0.02, 0.98)
_REMAINDERS = (2, 3, 4, 5, 7, 10)
_LEFT = 0.4
_TIMES = 2.0
_BARE = 0.6


def find_spelled(look: Look) -> tuple[Finding, ...]:
    """Find names and texts a piece of which tells the answer.

    Parameters
    ----------
    look : Look
        The rows.

    Returns
    -------
    tuple of Finding
        ``spelled-answer``.
    """
    found = []
    for column in look.table.schema:
        if column.name not in look.names or not _varied(look, column.name, column.kind):
            continue
        values = look.table.frame[column.name]
        if column.kind is Kind.NUMBER:
            values = values.cast(pl.Int64, strict=False).cast(pl.String)
        left, words, piece = _best(look, values)
        if left > _BARE or (column.kind is Kind.TEXT and left > _LEFT):
            continue
        others = look.left_by_others(frozenset([column.name]))
        if others < max(_TIMES * left, 0.1):
            continue
        code = CODES["spelled-answer"]
        evidence = (
            f"{words} of {column.name!r} alone leaves {left:.0%} of the answers' variation "
            f"unexplained, all other columns together {others:.0%} (such as {piece})"
        )
        found.append(Finding(code.name, code.severity, (column.name,), evidence, code.cure))
    return tuple(found)


def _varied(look: Look, name: str, kind: Kind) -> bool:
    distinct = int(look.cells.distinct[look.names.index(name)])
    if kind is Kind.NUMBER:  # a number that names rows: whole, and never the same
        values = look.table.frame[name].drop_nulls()
        return distinct >= 0.98 * len(values) and bool((values == values.floor()).all())
    if kind not in _KINDS or look.table.frame[name].dtype != pl.String:
        return False
    wordy = kind in (Kind.TEXT, Kind.LIST)
    return distinct >= (_DISTINCT if wordy else max(_DISTINCT, _VARIED * look.table.height))


def _best(look: Look, values: pl.Series) -> tuple[float, str, str]:
    """Give the piece that tells most: what it leaves, what it is, an example."""
    best = 1.0, "", ""
    whole = values.n_unique()  # a piece that says as much as the whole is no piece
    for words, part in pieces(values):
        codes = code_values(part)
        levels = int(codes.max(initial=0))
        if not 2 <= levels <= min(max(_LEVELS, len(codes) // 10), whole // 2):
            continue
        if len(codes) < _ROWS_PIECE * levels:  # a name of a thing that comes again, not a class
            continue
        left = look.left(codes)
        if left < best[0]:
            row = int(np.flatnonzero(codes > 0)[0])
            best = left, words, f"{part[row]!r} in {_short(values[row])!r}"
    return best


def _short(text: object) -> str:
    whole = str(text)
    return whole if len(whole) <= 40 else whole[:37] + "..."


def pieces(values: pl.Series) -> Iterator[tuple[str, pl.Series]]:
    """Take texts apart.

    Parameters
    ----------
    values : polars.Series of String, shape (n_rows,)
        The texts; null stays null.

    Yields
    ------
    str
        What the piece is, in words.
    polars.Series, shape (n_rows,)
        The piece of each text.

    Examples
    --------
    >>> found = dict(pieces(pl.Series(["A-1x", "B-2y"])))
    >>> found["the last word"].to_list(), found["character 1"].to_list()
    (['1x', '2y'], ['a', 'b'])
    """
    yield "the length", values.str.len_chars()
    text = values.str.to_lowercase()
    parted = text.str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars().str.split(" ")
    yield "the first word", parted.list.first()
    yield "the last word", parted.list.last()
    yield "the second word", parted.list.get(1, null_on_oob=True)
    yield "the number of words", parted.list.len()
    yield "the separators", values.str.replace_all(r"[\p{L}\p{N}]+", "a")
    yield "the kind of characters", _shape(values)
    for place in range(_PLACES):
        yield f"character {place + 1}", text.str.slice(place, 1)
    for place in range(1, _PLACES + 1):
        yield f"character {place} from the end", text.str.slice(-place, 1)
    for count in (2, 3):
        yield f"the first {count} characters", text.str.slice(0, count)
        yield f"the last {count} characters", text.str.slice(-count, count)
    yield "the letters", text.str.replace_all(r"[^\p{L}]+", "")
    yield from _numbers(text)
    yield from _words(text)


def _shape(values: pl.Series) -> pl.Series:
    shaped = values.str.replace_all(r"\p{Lu}", "A").str.replace_all(r"\p{Ll}", "a")
    return shaped.str.replace_all(r"\p{N}", "0").str.slice(0, 24)


def _numbers(text: pl.Series) -> Iterator[tuple[str, pl.Series]]:
    """Take the last number in a text, its remainders and the sum of its digits."""
    for words, found in (
        ("the last number", text.str.extract(r"(\d+)\D*$", 1)),
        ("the first number", text.str.extract(r"(\d+)", 1)),
    ):
        number = found.str.slice(-15).cast(pl.Int64, strict=False)
        yield words, number
        for base in _REMAINDERS:
            yield f"{words} divided by {base}, the remainder,", number % base
    digits = text.str.replace_all(r"\D", "")
    total = sum(digits.str.count_matches(str(d)).cast(pl.Int64) * d for d in range(1, 10))
    assert isinstance(total, pl.Series)
    yield "the sum of the digits", total
    for base in _REMAINDERS[:3]:
        yield f"the sum of the digits divided by {base}, the remainder,", total % base


def _words(text: pl.Series) -> Iterator[tuple[str, pl.Series]]:
    """Take each word, or run of letters or digits, that many rows share and many do not."""
    runs = text.str.extract_all(r"\p{L}+|\p{N}+").list.unique()
    height = len(text)
    counts = runs.drop_nulls().explode().drop_nulls().value_counts(sort=True)
    low, high = (share * height for share in _COMMON)
    common = counts.filter((pl.col("count") >= low) & (pl.col("count") <= high)).head(_WORDS)
    for word in common[common.columns[0]].to_list():
        yield f"whether {word!r} stands in a value", runs.list.contains(word).cast(pl.Int8)
