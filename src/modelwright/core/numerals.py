"""Numbers as people read them, in plain letters; pages dress them up further."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["aligned", "beside", "number", "plain", "signed"]

_SMALLEST, _LARGEST = 1e-4, 1e15  # beyond, powers of ten are easier to read
_THOUSAND = 1000
_ROUNDING = 1e-9
_MILLION = 10**6
_MOST_DECIMALS = 6


def beside(value: float, largest: float) -> float:
    """Give a number as it counts beside a larger one: what is mere rounding of that is 0.

    Examples
    --------
    >>> beside(-8.95e-17, 0.12), beside(0.001, 0.12)
    (0.0, 0.001)
    """
    return 0.0 if abs(value) < _ROUNDING * abs(largest) else value


def number(value: float, digits: int = 5) -> str:
    """Write a number with so many significant digits, thousands apart, no power of ten in between.

    Parameters
    ----------
    value : float
        Any.
    digits : int
        How many digits count; a whole number keeps all of them.

    Returns
    -------
    str

    Examples
    --------
    >>> [number(x) for x in (154321.4, 1234.56, 54.321987, 0.5, 0.000012345, -0.0)]
    ['154,321', '1,234.6', '54.322', '0.5', '1.23e-05', '0']
    """
    size = abs(value)
    if not math.isfinite(value) or (size and not _SMALLEST <= size < _LARGEST):
        return f"{value:.3g}"
    text = f"{value + 0.0:.{digits}g}"
    if abs(float(text)) < _THOUSAND and "e" not in text:
        return text
    decimals = max(digits - 1 - math.floor(math.log10(size)), 0)
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def plain(value: float) -> str:
    """Write a value of a column, which may be a year: thousands stand apart from a million on.

    Examples
    --------
    >>> [plain(x) for x in (1996.0, 43998.2, 1016280.0)]
    ['1996', '43998.2', '1,016,280']
    """
    return f"{value:.6g}" if abs(value) < _MILLION else number(value, 6)


def signed(value: float, digits: int = 5) -> str:
    """Write a number with its sign.

    Examples
    --------
    >>> signed(2), signed(-154321.4)
    ('+2', '-154,321')
    """
    return f"+{number(value, digits)}" if value >= 0 else number(value, digits)


def aligned(values: Sequence[float], digits: int = 4, *, sign: bool = False) -> list[str]:
    """Write numbers that stand below each other: as many decimals as the largest needs, no more.

    Parameters
    ----------
    values : sequence of float
        Any.
    digits : int
        How many digits of the largest count.
    sign : bool
        Whether a plus stands before numbers from zero on.

    Returns
    -------
    list of str
        One a value, none longer than the longest: right-aligned they can be compared.

    Examples
    --------
    >>> aligned([154321.4, 27.6, -0.2]), aligned([0.1234, 0.00456], sign=True)
    (['154,321', '28', '0'], ['+0.1234', '+0.0046'])
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    decimals = digits - 1 - (math.floor(math.log10(largest)) if largest else 0)
    if decimals > _MOST_DECIMALS or largest >= _LARGEST:
        return [signed(value, digits) if sign else number(value, digits) for value in values]
    decimals = max(decimals, 0)
    plus = "+" if sign else ""
    return [f"{round(value, decimals) + 0.0:{plus},.{decimals}f}" for value in values]
