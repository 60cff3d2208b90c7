"""Columns in a few words and in a picture as small as a word."""

from __future__ import annotations

import math

from modelwright.core.schema import Kind
from modelwright.explore.columns import ColumnProfile
from modelwright.pages import Markup, element, shorten
from modelwright.pages.numerals import date, number, percent, plural

__all__ = ["amount", "blocks", "duration", "heights", "rows_told", "spark", "typical"]

_WIDTH, _HEIGHT, _BARS = 120, 24, 20
_BLOCKS = "▁▂▃▄▅▆▇█"
_LEVELS = 12
_OFTEN = 0.01
_YEARS = 10_000
_YEAR, _DAY, _HOUR, _MINUTE = 31_557_600.0, 86_400.0, 3_600.0, 60.0


def heights(column: ColumnProfile, most: int = _BARS) -> list[float]:
    """Give the bars of a column: of numbers a histogram, of words the most frequent."""
    if column.numbers is not None:
        counts = [max(count, 0.0) for count in column.numbers.counts]
    elif column.texts is not None and column.kind == Kind.TEXT:
        return []
    else:
        counts = [float(count) for _, count in column.top[:_LEVELS]]
        if column.distinct > 3 and counts and max(counts) < _OFTEN * column.present:
            return []
    if len(counts) > most:
        step = math.ceil(len(counts) / most)
        counts = [sum(counts[i : i + step]) for i in range(0, len(counts), step)]
    return counts if counts and max(counts) > 0 else []


def spark(column: ColumnProfile) -> Markup | None:
    """Draw the bars of a column in few bytes: thousands of them stand on one page."""
    counts = heights(column)
    if not counts:
        return None
    wide = min(_WIDTH // len(counts), 18)
    most = max(counts)
    path = ""
    for i, count in enumerate(counts):
        high = max(round(count / most * _HEIGHT), 1 if count else 0)
        if high:
            path += f"M{i * wide} {_HEIGHT}v-{high}h{max(wide - 1, 1)}v{high}"
    at = {"viewBox": f"0 0 {_WIDTH} {_HEIGHT}", "aria-hidden": "true"}
    shade = "a.bar" if column.numbers is not None else "m.bar"
    return element("svg.figure-svg", element(f"path.{shade}", at={"d": path}), at=at)


def blocks(column: ColumnProfile, wide: int = 10) -> str:
    """Draw the bars of a column in letters.

    Examples
    --------
    >>> column = ColumnProfile("a", "category", "feature", "", 9, 0, 0, 2, True,
    ...                        (("x", 8), ("y", 1)), 0)
    >>> blocks(column)
    '█▂'
    """
    counts = heights(column, wide)
    if not counts:
        return ""
    most = max(counts)
    marks = [_BLOCKS[min(int(count / most * 8), 7)] if count else " " for count in counts]
    return "".join(marks).rstrip()


def typical(column: ColumnProfile, most: int = 70) -> str:
    """Say in a few words what the values are.

    Examples
    --------
    >>> column = ColumnProfile("a", "category", "feature", "", 10, 0, 0, 3, True,
    ...                        (("x", 8), ("y", 1), ("z", 1)), 0)
    >>> typical(column).replace(chr(160), " ")
    'x 80 %, y 10 %, z 10 %'
    """
    if not column.present:
        return "no value"
    numbers = column.numbers
    if numbers is not None:
        low, middle, high = numbers.quantiles[0], numbers.median, numbers.quantiles[-1]
        if column.kind == Kind.DATETIME:
            return f"{date(low)} to {date(high)}"
        years = all(_like_a_year(end) for end in (low, middle, high))
        told = [f"{end:.0f}" if years else number(end, 3) for end in (middle, low, high)]
        return f"{told[0]} ({told[1]} to {told[2]})"
    if column.kind == Kind.TEXT and column.texts is not None:
        texts = column.texts
        characters = f"{texts.shortest:,} to {texts.longest:,} characters"
        return f"{number(texts.words, 2)} words, {characters}"
    if column.top and (column.top[0][1] >= _OFTEN * column.present or column.distinct <= 3):
        shown = [
            f"{shorten(value, 24)} {percent(count / column.present)}"
            for value, count in column.top[:3]
        ]
        rest = column.distinct - len(shown)
        return shorten(", ".join(shown), most) + (f", {rest:,} more" if rest > 0 else "")
    example = f", such as {shorten(column.top[0][0], 24)}" if column.top else ""
    return plural(column.distinct, "different value") + example


def amount(value: float, digits: int = 4) -> str:
    """Write a number of a column, which may be a year.

    Examples
    --------
    >>> amount(1996.0), amount(12345.0), amount(0.12345)
    ('1996', '12,345', '0.1235')
    """
    return f"{value:.0f}" if _like_a_year(value) else number(value, digits)


def _like_a_year(value: float) -> bool:
    return math.isfinite(value) and value == math.floor(value) and 0 <= value < _YEARS


def rows_told(count: int, total: int, digits: int = 1) -> str:
    """Write a number of rows with its share.

    Examples
    --------
    >>> rows_told(5, 200).replace(chr(160), " "), rows_told(0, 200)
    ('5 (2.5 %)', 'none')
    """
    return f"{count:,} ({percent(count / max(total, 1), digits)})" if count else "none"


def duration(seconds: float) -> str:
    """Write a stretch of time in its largest unit.

    Examples
    --------
    >>> duration(90.0), duration(86400.0 * 45)
    ('1.5 minutes', '45 days')
    """
    units = ((_YEAR * 2, _YEAR, "years"), (_DAY * 2, _DAY, "days"), (_HOUR, _HOUR, "hours"),
             (_MINUTE, _MINUTE, "minutes"))  # fmt: skip
    for least, unit, word in units:
        if seconds >= least:
            return f"{number(seconds / unit, 3)} {word}"
    return f"{number(seconds, 3)} seconds"
