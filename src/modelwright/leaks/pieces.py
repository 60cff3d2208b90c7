"""Names and texts taken apart into simple pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

__all__ = ["Piece", "pieces", "shared_words"]

_PLACES = 8
_COMMON = (0.02, 0.98)
_REMAINDERS = (2, 3, 4, 5, 7, 10)
_MOSTLY = 0.9
_SHORTEST = 2
_SPANS = ((0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4), (2, 2), (2, 3), (2, 4), (3, 3),
          (-2, 2), (-3, 3), (-4, 4), (-3, 2), (-4, 3), (-5, 4), (-5, 3))  # fmt: skip
# Longer values are texts; what their digits come to when glued together means nothing.
_CODE = 24
_MANY = 0.5
_NUMBER = r"(\d+(?:[.,]\d+)?)"


@dataclass(frozen=True)
class Piece:
    """A piece of each text.

    Parameters
    ----------
    words : str
        What it is, in words.
    values : polars.Series, shape (n_rows,)
        The piece of each row; null where there is none.
    ordered : bool
        Whether more and less of it mean something.
    """

    words: str
    values: pl.Series
    ordered: bool = False


def pieces(values: pl.Series) -> Iterator[Piece]:
    """Take texts apart.

    Parameters
    ----------
    values : polars.Series of String, shape (n_rows,)
        The texts; null stays null.

    Yields
    ------
    Piece

    Examples
    --------
    >>> found = {one.words: one.values.to_list() for one in pieces(pl.Series(["A-1x", "B-2y"]))}
    >>> found["the last word"], found["character 1"], found["the first number"]
    (['1x', '2y'], ['a', 'b'], [1.0, 2.0])
    """
    yield Piece("the length", values.str.len_chars(), ordered=True)
    text = values.str.to_lowercase()
    parted = text.str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars().str.split(" ")
    yield Piece("the first word", parted.list.first())
    yield Piece("the last word", parted.list.last())
    yield Piece("the second word", parted.list.get(1, null_on_oob=True))
    yield Piece("the number of words", parted.list.len(), ordered=True)
    yield Piece("the separators", values.str.replace_all(r"[\p{L}\p{N}]+", "a"))
    yield Piece("the kind of characters", _shape(values))
    for place in range(_PLACES):
        yield Piece(f"character {place + 1}", text.str.slice(place, 1))
    for place in range(1, _PLACES + 1):
        yield Piece(f"character {place} from the end", text.str.slice(-place, 1))
    for count in (2, 3):
        yield Piece(f"the first {count} characters", text.str.slice(0, count))
        yield Piece(f"the last {count} characters", text.str.slice(-count, count))
    yield Piece("the letters", text.str.replace_all(r"[^\p{L}]+", ""))
    yield from _numbers(text)
    yield from _spans(text)
    for word, part in shared_words(values, 30):
        yield Piece(f"whether {word!r} stands in a value", part)


def _shape(values: pl.Series) -> pl.Series:
    shaped = values.str.replace_all(r"\p{Lu}", "A").str.replace_all(r"\p{Ll}", "a")
    return shaped.str.replace_all(r"\p{N}", "0").str.slice(0, 24)


def _numbers(text: pl.Series) -> Iterator[Piece]:
    """Take the numbers in a text, their remainders and the sum of all digits."""
    found, code = text.str.extract_all(_NUMBER), _is_code(text)
    for words, at in (("the last number", -1), ("the first number", 0), ("the second number", 1)):
        written = found.list.get(at, null_on_oob=True).str.replace(",", ".", literal=True)
        number = written.str.slice(0, 15).cast(pl.Float64, strict=False)
        if number.null_count() == len(number) or (not code and _rare(number, text)):
            continue
        yield Piece(words, number, ordered=True)
        whole = number.floor().cast(pl.Int64, strict=False)
        for base in _REMAINDERS:
            yield Piece(f"{words} divided by {base}, the remainder,", whole % base)
    yield Piece("the numbers", found.list.len(), ordered=True)
    if not code:
        return
    digits = text.str.replace_all(r"\D", "")
    joined = digits.str.slice(0, 15).cast(pl.Float64, strict=False)
    yield Piece("all digits in a row", joined, ordered=True)
    total = sum(digits.str.count_matches(str(d)).cast(pl.Int64) * d for d in range(1, 10))
    assert isinstance(total, pl.Series)
    yield Piece("the sum of the digits", total, ordered=True)
    for base in _REMAINDERS[:3]:
        yield Piece(f"the sum of the digits divided by {base}, the remainder,", total % base)


def _rare(number: pl.Series, text: pl.Series) -> bool:
    """Tell whether most texts have no such number: then it says that there is one, not how much."""
    return number.count() < _MANY * text.count()


def _is_code(text: pl.Series) -> bool:
    usual = text.str.len_chars().median()
    return isinstance(usual, float) and usual <= _CODE


def _spans(text: pl.Series) -> Iterator[Piece]:
    """Take runs of digits inside longer numbers: an amount may stand in the middle of a code.

    Where letters stand among the digits, they are read as numbers to the base of 16 or 36.
    """
    if not _is_code(text):
        return
    for start, count in _SPANS:
        part = text.str.slice(start, count)
        if part.str.contains(rf"^\d{{{count}}}$").mean() >= _MOSTLY:  # type: ignore[operator]
            number = part.cast(pl.Float64, strict=False)
            where = f"from {start + 1}" if start >= 0 else f"from the {-start}. of the end"
            yield Piece(f"digits {where}, {count} of them,", number, ordered=True)
    for base, letters in ((16, "0-9a-f"), (36, "0-9a-z")):
        run = rf"([{letters}]+)"
        for words, pattern in (("first", run), ("last", rf"{run}[^{letters}]*$")):
            part = text.str.extract(pattern, 1)
            long = part.str.len_chars().median()
            if isinstance(long, float) and _SHORTEST <= long <= 10:
                number = part.str.slice(0, 10).str.to_integer(base=base, strict=False)
                yield Piece(f"the {words} number to the base of {base}", number, ordered=True)


def shared_words(text: pl.Series, most: int) -> list[tuple[str, pl.Series]]:
    """Take each word, or run of letters or digits, that many rows share and many do not.

    Parameters
    ----------
    text : polars.Series of String, shape (n_rows,)
        The texts.
    most : int
        How many words, the commonest first.

    Returns
    -------
    list of (str, polars.Series)
        A word, and 1 for each row that has it, 0 for others.

    Examples
    --------
    >>> [word for word, _ in shared_words(pl.Series(["red a", "red b", "blue c", "blue d"]), 2)]
    ['blue', 'red']
    """
    runs = text.alias("word").str.to_lowercase().str.extract_all(r"\p{L}+|\p{N}+").list.unique()
    height = len(text)
    counts = runs.drop_nulls().explode().drop_nulls().value_counts()
    low, high = (share * height for share in _COMMON)
    common = counts.filter((pl.col("count") >= low) & (pl.col("count") <= high))
    common = common.sort(["count", "word"], descending=[True, False]).head(most)
    return [
        (word, runs.list.contains(word).fill_null(False).cast(pl.Int8))
        for word in common["word"].to_list()
    ]
