"""Numbers, shares and dates as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from modelwright.core import numerals

__all__ = [
    "DASH",
    "FIRST",
    "LAST",
    "MINUS",
    "compact",
    "date",
    "number",
    "percent",
    "plural",
    "signed",
    "told_apart",
]

# What stands for nothing, and for less than nothing.
DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
_GAP = "\N{NO-BREAK SPACE}"
_DAY = 86_400.0
_YEAR = 365.25 * _DAY
# The first second of the year 1, and the last one of the year 9999.
FIRST = -62_135_596_800.0
LAST = 253_402_300_799.0


def number(value: float, digits: int = 4) -> str:
    """Write a number with about so many significant digits, and thousands apart.

    Examples
    --------
    >>> [number(x) for x in (1234567.8, 54.321987, 0.5, 1e20, float("inf"))]
    ['1,234,568', '54.32', '0.5', '1e+20', '∞']
    """
    if not math.isfinite(value):
        return DASH if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    return numerals.number(value, digits).replace("-", MINUS)


def told_apart(values: Sequence[float], digits: int = 3) -> list[str]:
    """Write numbers with so many significant digits, or more where they would look alike.

    Examples
    --------
    >>> told_apart([0.5, 0.00012, 0.99961, 0.99962])
    ['0.5', '0.00012', '0.99961', '0.99962']
    """
    texts: list[str] = []
    for some in range(digits, 18):
        texts = [f"{value:.{some}g}" for value in values]
        if len(set(texts)) == len(set(values)):
            break
    return texts


def compact(value: float) -> str:
    """Write a number as short as a tick of an axis.

    Examples
    --------
    >>> [compact(x) for x in (0.25, 1500, 2e6, 3.5e9)]
    ['0.25', '1.5k', '2M', '3.5B']
    """
    for size, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if size <= abs(value) < size * 1000:
            return f"{value / size:.4g}{suffix}".replace("-", MINUS)
    return f"{value:.4g}".replace("-", MINUS)


def signed(value: float) -> str:
    """Write a number with its sign.

    Examples
    --------
    >>> signed(2)
    '+2'
    """
    return f"+{number(value, 3)}" if value >= 0 else number(value, 3)


def percent(share: float, digits: int = 0) -> str:
    """Write a share in per cent; a small one never becomes 0, a large one never 100.

    Examples
    --------
    >>> [percent(x).replace(chr(160), " ") for x in (0.634, 0.0004, 0.9996, 1.0)]
    ['63 %', '<1 %', '>99 %', '100 %']
    """
    if not math.isfinite(share):
        return DASH
    step = 10.0**-digits
    value = round(share * 100, digits)
    if value == 0 and share < 0:
        return f"0{_GAP}%"
    if value <= 0 < share:
        return f"<{step:g}{_GAP}%"
    if value >= 100 and share < 1:
        return f">{100 - step:g}{_GAP}%"
    return f"{value:.{digits}f}{_GAP}%".replace("-", MINUS)


def plural(count: int, one: str, many: str = "") -> str:
    """Count things.

    Examples
    --------
    >>> plural(1, "row"), plural(2000, "row"), plural(2, "class", "classes")
    ('1 row', '2,000 rows', '2 classes')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def date(seconds: float, span: float = 0.0) -> str:
    """Write a moment as exactly as a span of so many seconds needs.

    Parameters
    ----------
    seconds : float
        Since 1970, UTC.
    span : float
        How far apart the first and the last moment lie; 0 writes the day.

    Examples
    --------
    >>> date(0.0), date(0.0, 10 * 365 * 86400.0), date(3600.0, 7200.0)
    ('1970-01-01', '1970', '01:00')
    """
    if not math.isfinite(seconds):
        return DASH
    moment = datetime.fromtimestamp(min(max(seconds, FIRST), LAST), UTC)
    year = f"{moment.year:04d}"  # strftime does not fill up early years on every system
    if span > 5 * _YEAR:
        return year
    if span > _YEAR / 2:
        return f"{year}-{moment:%m}"
    if 0 < span <= 2 * _DAY:
        return f"{moment:%H:%M}"
    return f"{moment:%m-%d}" if 0 < span <= 60 * _DAY else f"{year}-{moment:%m-%d}"
