"""Words that have an order of their own, such as low, medium, high."""

from __future__ import annotations

import re
from collections.abc import Sequence

from modelwright.acquire.meaning.hints import says_grade
from modelwright.acquire.meaning.ordered_words import SCALES
from modelwright.acquire.meaning.ranges import order_numbered, order_ranges

__all__ = ["find_levels"]

# What such words order only under a name that says so: alone they are as likely mere labels.
_NAMED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)grade|rating|rank|class|tier|band|level|score"), "a+"),
    (re.compile(r"(?i)grade|rating|rank|tier|band|bond"), "aaa"),
    (re.compile(r"(?i)alert|risk|level|status|flag|light|warning|threat"), "green"),
    (re.compile(r"(?i)stage|class|phase|level|degree|grade|nyha"), "i"),
    (re.compile(r"(?i)urban|rural|area|density|resid|locality|community"), "rural"),
    (re.compile(r"(?i)tier|member|plan|card|level|class|status|grade|rank|package|medal"), "iron"),
    (re.compile(r"(?i)truth|rating|verdict|veracity"), "false"),
)


def _folded(label: str) -> str:
    text = re.sub(r"[\s_.,/-]+(?=.)", " ", label.casefold().replace("\u2019", "'"))
    text = re.sub(r"\bthe |\bper\b", lambda found: "a" if found[0] == "per" else "", text)
    return re.sub(r"\bnot (.+) at all\b", r"not at all \1", text).strip(" .")


def _without_shared(texts: dict[str, str]) -> dict[str, str]:
    """Take away the words that all labels share, as "travel" in "travel rarely"."""
    shared = set.intersection(*(set(text.split()) for text in texts.values()))
    return {
        label: " ".join(word for word in text.split() if word not in shared)
        for label, text in texts.items()
    }


_RANKS = tuple(
    {_folded(word): rank for rank, words in enumerate(scale) for word in words} for scale in SCALES
)
_DEGREES = next(ranks for ranks in _RANKS if "not at all" in ranks and "extremely" in ranks)
_ADVERBS = sorted(_DEGREES.items(), key=lambda item: -len(item[0]))
_DEGREE = re.compile(r"^(?:yes|no),?\s+")
_NO_ANSWER = re.compile(
    r"(?i)^(don'?t know|do not know|dk|unknown|unsure|not sure|undecided|no answer|no response"
    r"|other|refused?|prefer not to (say|answer|disclose)|rather not say|not applicable|n/?a"
    r"|missing|not stated|unmeasured|not measured|untested|not tested|not available|no opinion"
    r"|unspecified|undetermined|no data|not rated|unrated"
    r"|i prefer not to say|declined?( to (answer|state))?)\.?$"
)
_MOST = 60
_LONGEST = 500  # letters of a label
_DOES_NOT = re.compile(r"(?i)^(?:i )?(?:do|did|does|have|has|is|are|was)(?: not|n'?t)\b")
_LETTER = re.compile(r"^[A-Z]$")
_SCHOOL = re.compile(r"^(?:\d{1,2}|(?i:K|KG|kindergarten))$")
_CODED = re.compile(r"^([A-Za-z])(\d)$")
_NTH = re.compile(r"(?i)^(?:grade )?(\d{1,2})(?:st|nd|rd|th)(?: grade| year| class| floor)?$")


def find_levels(name: str, labels: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Find the order of labels, if they have one of their own.

    Parameters
    ----------
    name : str
        Of the column.
    labels : sequence of str
        Distinct and stripped.

    Returns
    -------
    levels : tuple of str
        The labels in rising order; those that say nothing, such as "don't know", have no place.
        Empty when there is no order.
    evidence : str
        What orders them.

    Examples
    --------
    >>> find_levels("risk", ["High", "Low", "Medium", "don't know"])
    (('Low', 'Medium', 'High'), 'words in a known order')
    >>> find_levels("colour", ["red", "blue", "green"])
    ((), '')
    >>> find_levels("age", ["65+", "18-39", "40-64"])
    (('18-39', '40-64', '65+'), 'ranges of numbers')
    """
    if not 2 <= len(labels) <= _MOST or max(map(len, labels)) > _LONGEST:
        return (), ""
    said = [label for label in labels if not _NO_ANSWER.match(label)]
    doing = [label for label in said if not _DOES_NOT.match(label)]
    for find, evidence in (
        (_by_words, "words in a known order"),
        (_by_degree, "words that differ in degree"),
        (_by_code, "grades in order"),
    ):
        levels = find(name, said) or find(name, labels) or find(name, doing)
        if levels:
            return levels, evidence
    levels = order_ranges(said)
    if levels:
        return levels, "ranges of numbers"
    levels = order_numbered(said)
    return (levels, "labels that begin with their number") if levels else ((), "")


def _by_words(name: str, labels: Sequence[str]) -> tuple[str, ...]:
    if len(labels) < 2:
        return ()
    plain = {label: _folded(label) for label in labels}
    return _on_a_scale(name, plain) or _on_a_scale(name, _without_shared(plain))


def _on_a_scale(name: str, plain: dict[str, str]) -> tuple[str, ...]:
    for scale, ranks in zip(SCALES, _RANKS, strict=True):
        known = [label for label, text in plain.items() if text in ranks]
        if not known or len(known) < _least(len(plain)):
            continue
        if len({ranks[plain[label]] for label in known}) < 2 or not _named(name, scale, plain):
            continue
        return tuple(sorted(known, key=lambda label: (ranks[plain[label]], label)))
    return ()


def _least(count: int) -> int:
    """Say how many of the labels have to be on a scale: all, or nearly all of many."""
    return count if count < 8 else count - count // 4


def _by_degree(name: str, labels: Sequence[str]) -> tuple[str, ...]:
    """Order labels that differ by an adverb only, such as "very rude" and "somewhat rude"."""
    parts = {label: _DEGREE.sub("", _folded(label)) for label in labels}
    found = {label: _adverb(text) for label, text in parts.items()}
    degrees = {label: degree for label, (degree, _) in found.items() if degree is not None}
    if len(degrees) < max(2, len(labels)) or len(set(degrees.values())) < len(degrees):
        return ()
    if len({rest for _, rest in found.values()}) > 1:
        return ()
    return tuple(sorted(degrees, key=lambda label: degrees[label]))


def _adverb(text: str) -> tuple[int | None, str]:
    for word, rank in _ADVERBS:
        if re.search(rf"\b{word}\b", text):
            return rank, re.sub(rf"\s*\b{word}\b\s*", " ", text).strip()
    return None, text


def _named(name: str, scale: tuple[tuple[str, ...], ...], labels: dict[str, str]) -> bool:
    for pattern, first in _NAMED:
        if scale[0][0] == first:
            signed = any(re.search(r"[+-]$", text) for text in labels.values())
            return pattern.search(name) is not None or (signed and len(labels) > 3)
    return True


def _by_code(name: str, labels: Sequence[str]) -> tuple[str, ...]:
    """Order "1st", "2nd", "10th" under any name, and "A", "B", "C1", "K", "1" under grades."""
    if len(labels) < 3:
        return ()
    if all(_NTH.match(label) for label in labels):
        return tuple(sorted(labels, key=_nth))
    if not says_grade(name):
        return ()
    if all(_LETTER.match(label) for label in labels) and len(labels) > ord(max(labels)) - 65:
        return tuple(sorted(labels))
    if len(labels) > 4 and all(_CODED.match(label) for label in labels):
        return tuple(sorted(labels))
    if all(_SCHOOL.match(label) for label in labels):
        return tuple(sorted(labels, key=lambda label: int(label) if label.isdigit() else -1))
    return ()


def _nth(label: str) -> int:
    found = _NTH.match(label)
    return int(found[1]) if found else 0
