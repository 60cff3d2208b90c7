"""Labels that are ranges of numbers, such as 10-19, <5, 65+ or $60K - $80K, by rising bounds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["bounds", "order_numbered", "order_ranges"]

_NUMBER = r"[$€£¥]?\s*(-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)\s*([KkMmBb](?![A-Za-z]))?\s*%?"
_UNIT = r"(?:\s*[A-Za-z°\"'/][A-Za-z°\"'/ .()-]*)?"
_BELOW = (
    r"(?:<=?|≤|under|below|less than|fewer than|lower than|up to|at most|younger than|before"
    r"|lt\b|le\b)"
)
_ABOVE = (
    r"(?:>=?|≥|over|above|more than|greater than|higher than|at least|from|older than|after"
    r"|gt\b|ge\b|mt\b)"
)
_TAIL = r"(?:\s*(?:\+|or more|or over|or above|or older|or higher|and over|and above|and older" \
        r"|and up|and more|plus))"  # fmt: skip
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("below", re.compile(rf"^{_BELOW}\s*{_NUMBER}{_UNIT}$", re.I)),
    ("above", re.compile(rf"^{_ABOVE}\s*{_NUMBER}{_UNIT}$", re.I)),
    ("above", re.compile(rf"^{_NUMBER}{_UNIT}{_TAIL}{_UNIT}$", re.I)),
    (
        "below",
        re.compile(rf"^{_NUMBER}{_UNIT}\s*(?:or|and) (?:less|fewer|under|below|younger)$", re.I),
    ),
    (
        "range",
        re.compile(
            rf"^[\[(]?\s*(?:between |from )?{_NUMBER}{_UNIT}\s*"
            rf"(?:-|\u2013|\u2014|to|and|,|\.\.|through)\s*{_NUMBER}{_UNIT}\s*[\])]?$",
            re.I,
        ),
    ),
    ("point", re.compile(rf"^{_NUMBER}{_UNIT}$", re.I)),
)
# What people do not do at all lies below what they do least.
_NOTHING = re.compile(
    r"(?i)^(none|never|zero|nothing|no|non|not|do(es)? not|did not|don'?t|didn'?t)\b"
)
_FEET = re.compile(
    r"(\d)\s*['\u2019\u2032]\s*(\d{1,2}(?:\.\d+)?)\s*(?:[\"\u201d\u2033]|'')"
)  # 5'11"
_ONLY_FEET = re.compile(r"\b(\d)\s*(?:['\u2019\u2032]|ft\b\.?|feet\b|foot\b)")
_UNLIMITED = float("inf")
_MOST = 60
_LONGEST = 60  # characters of a label
_MOST_OTHERS = 3
_NUMBERED = re.compile(
    r"^\(?(\d{1,3})\s*(?:[.):=]|-|\u2013|\s-)\s*\(?[A-Za-z].*|^(\d{1,3})$|^(\d{1,3}) \(?[A-Za-z].*"
)


def bounds(label: str) -> tuple[float, float] | None:
    """Read the bounds of a range; a plain number is a range of one; None when it is neither.

    Examples
    --------
    >>> bounds("$60K - $80K"), bounds("65+"), bounds("Under 18"), bounds("7 years"), bounds("red")
    ((60000.0, 80000.0), (65.0, inf), (-inf, 18.0), (7.0, 7.0), None)
    """
    text = re.sub(r"(?i)\btimes?\b", "", label).strip().rstrip(".")
    text = _FEET.sub(lambda found: str(12 * int(found[1]) + float(found[2])), text)
    for shape, pattern in _SHAPES if len(text) <= _LONGEST else ():
        found = pattern.match(text)
        if found is None:
            continue
        numbers = [_value(*pair) for pair in _pairs(found.groups())]
        if shape == "below":
            return -_UNLIMITED, numbers[0]
        if shape == "above":
            return numbers[0], _UNLIMITED
        low, high = numbers[0], numbers[-1]
        if shape == "range" and found[4] and not found[2]:  # "60-80K"
            low = min(_value(found[1], found[4]), high)
        return low, high
    return None


def _pairs(groups: Sequence[str | None]) -> list[tuple[str, str | None]]:
    pairs = zip(groups[::2], groups[1::2], strict=True)
    return [(number, scale) for number, scale in pairs if number is not None]


def _value(number: str, scale: str | None) -> float:
    factor = {"k": 1e3, "m": 1e6, "b": 1e9}[scale.lower()] if scale else 1.0
    return float(number.replace(",", "")) * factor


def order_ranges(labels: Sequence[str]) -> tuple[str, ...]:
    """Order labels that are ranges by their lower bounds.

    Parameters
    ----------
    labels : sequence of str
        Distinct. A few may be something else, such as "unknown": they get no place, but for
        those that say "none", which come first.

    Returns
    -------
    tuple of str
        In rising order; empty when these are no ranges, or ranges that overlap.

    Examples
    --------
    >>> order_ranges(["30-44", "18-29", "60+", "45-59", "Rather not say"])
    ('18-29', '30-44', '45-59', '60+')
    >>> order_ranges(["1-2", "2-1", "0-0"])
    ()
    """
    if not 2 <= len(labels) <= _MOST:
        return ()
    texts = _comparable(labels)
    found = {label: bounds(text) for label, text in texts.items()}
    known = {label: pair for label, pair in found.items() if pair is not None}
    others = [label for label, pair in found.items() if pair is None]
    spans = [pair for pair in known.values() if pair[0] < pair[1]]
    nothing = [label for label in others if _NOTHING.match(label)]
    spanning = spans or nothing or any(_FEET.search(label) for label in known)
    if not spanning or len(known) < 2 or len(others) > min(_MOST_OTHERS, len(known) - 1):
        return ()
    if any(low > high for low, high in known.values()):
        return ()
    ordered = sorted(known, key=lambda label: known[label])
    for one, other in pairwise(ordered):
        if known[one][1] > known[other][0] or known[one] == known[other]:
            return ()
    # "no answer" and its like say nothing about how much.
    nothing = [
        label for label in nothing if not re.search(r"(?i)answer|respon|data|say|know", label)
    ]
    return (*nothing, *ordered) if len(nothing) == 1 else tuple(ordered)


def _comparable(labels: Sequence[str]) -> dict[str, str]:
    """Write feet as inches beside 5'11", and leave out a word that begins every label."""
    texts = {label: label for label in labels}
    if any(_FEET.search(label) for label in labels):
        texts = {
            label: text
            if _FEET.search(text)
            else _ONLY_FEET.sub(lambda found: str(12 * int(found[1])), text)
            for label, text in texts.items()
        }
    first = {re.split(r"[_ ]", text, maxsplit=1)[0] for text in texts.values()}
    if len(first) == 1 and next(iter(first)).isalpha():
        return {
            label: re.sub(r"^[A-Za-z]+[_ ]+", "", t).replace("_", " ") for label, t in texts.items()
        }
    return texts


def order_numbered(labels: Sequence[str]) -> tuple[str, ...]:
    """Order labels that begin with their number, such as "1. very bad".

    Parameters
    ----------
    labels : sequence of str
        Distinct.

    Returns
    -------
    tuple of str
        In rising order; empty when the numbers are not dense, or there are no words.

    Examples
    --------
    >>> order_numbered(["2 - fair", "1 - poor", "3", "4", "5 - best"])
    ('1 - poor', '2 - fair', '3', '4', '5 - best')
    """
    if not 3 <= len(labels) <= _MOST or all(label.isdigit() for label in labels):
        return ()
    numbers = {}
    for label in labels:
        found = _NUMBERED.match(label)
        if found is None:
            return ()
        numbers[label] = int(found[1] or found[2] or found[3])
    distinct = set(numbers.values())
    if len(distinct) < len(labels) or max(distinct) - min(distinct) + 1 > 2 * len(labels):
        return ()
    return tuple(sorted(labels, key=numbers.__getitem__)) if min(distinct) <= 1 else ()
