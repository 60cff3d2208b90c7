"""What the name of a column hints at: a hint is weak evidence, and never decides alone."""

from __future__ import annotations

import re
from enum import Enum

__all__ = ["Hint", "hint_of", "parts_of"]


class Hint(Enum):
    """What a name suggests."""

    WHEN = "when the row came about"
    BEFORE = "when something about it began or ended"
    LENGTH = "how long something took, or a time of day"
    WHO = "whom or what the row is about"
    WHERE = "a place"
    SORT = "a sort of thing"
    NONE = ""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WHEN = _words(
    """
    date dates datetime time timestamp ts year yr month week day season quarter period wave
    round epoch when dt issue created posted published issued recorded observed reported pickup
    departure
    """
)
_BEFORE = _words(
    """
    birth born dob birthdate birthday birthyear built build construction constructed founded
    foundation established est hire hired joined since graduated graduation model manufacture
    manufactured made debut renovated renovation remodel remodeled remod garage blt expires expiry
    expiration deadline due end ended last next first previous prev enrolled enrollment married
    diagnosis onset opened inception registration earliest vintage
    """
)
_LENGTH = _words(
    """
    age duration elapsed hour minute second weekday dow dayofweek tenure experience wait delay lag
    interval span length survival follow followup num number count total avg mean per to since until
    spent
    """
)
_SPANS = frozenset(["seconds", "minutes", "hours", "days", "weeks", "months", "years"])
# A student number is no length.
_NUMBERED = frozenset(["num", "number"])
_WHO = _words(
    """
    id ids key uid uuid guid account applicant athlete author batter borrower candidate child client
    country customer device dog driver employee family firm company household institution lender
    member molecule nation passenger panelist participant patient person pitcher player provider
    pupil respondent school seller site speaker station student subject taxi team teacher user
    vehicle vendor visitor voter worker
    """
)
_WHERE = _words(
    """
    address area block borough city county district lat latitude lon lng longitude location
    neighborhood neighbourhood place postal postcode region state street town tract zip zipcode
    """
)
_SORT = _words(
    """
    brand category cat class color colour cuisine department dept division genre grade industry
    job kind label language level make manufacturer model occupation product profession race
    religion rating sector sort species status style subtype title type
    """
)
_GLUED = (
    (re.compile(r"birth|born|built|founded|establish|expir|hired"), Hint.BEFORE),
    (re.compile(r"(date|datetime|timestamp|year)$|^(date|year)"), Hint.WHEN),
    (re.compile(r"(user|patient|subject|customer|client|person|player|member|account)_?id$"),
     Hint.WHO),
)  # fmt: skip


def parts_of(name: str) -> list[str]:
    """Take a name apart, in small letters.

    Examples
    --------
    >>> parts_of("pickUp_DateTime2")
    ['pick', 'up', 'date', 'time', '2']
    """
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return [part.lower() for part in found]


def hint_of(name: str) -> Hint:
    """Say what a name hints at.

    Examples
    --------
    >>> [hint_of(name).name for name in ("Sale Date", "birth_date", "patientID", "city", "x3")]
    ['WHEN', 'BEFORE', 'WHO', 'WHERE', 'NONE']
    """
    parts = parts_of(name)
    held = set(parts)
    if held & _SPANS:
        return Hint.LENGTH
    if held & _BEFORE:
        return Hint.SORT if held & _SORT and not held & _WHEN else Hint.BEFORE
    if held & _WHEN:
        return Hint.LENGTH if held & _LENGTH else Hint.WHEN
    if held & _WHERE:
        return Hint.WHERE
    if parts and parts[-1] in _SORT:
        return Hint.SORT
    if held & (_LENGTH - _NUMBERED):
        return Hint.LENGTH
    if held & _WHO:
        return Hint.WHO
    glued = "".join(parts)
    return next((hint for pattern, hint in _GLUED if pattern.search(glued)), Hint.NONE)
