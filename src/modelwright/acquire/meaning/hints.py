"""What the name of a column says about its values."""

from __future__ import annotations

import re

__all__ = [
    "says_any_code",
    "says_code",
    "says_count",
    "says_date",
    "says_entity",
    "says_event",
    "says_grade",
    "says_id",
    "says_person",
    "says_phone",
    "words_of",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IDS = _words(
    """
    id ids idx no nr num number key uid uuid guid pid isbn ean upc gtin vin ssn imei barcode
    """
)
_KEYS = _IDS - {"no", "nr", "num", "number"}
# English words in "id" that count something; every other word in "id" is likelier an identifier.
_NOT_IDS = _words(
    """
    acid aid amid avoid bid covid fluid grid humid hybrid kid laid lipid liquid mid paid
    raid rapid said solid steroid thyroid unpaid valid void
    """
)
# These name who or what a row is about, even without an "id" behind them.
_ENTITIES = frozenset(["household", "panelist", "participant", "patient", "respondent", "subject"])
_PEOPLE = _words(
    """
    account applicant author borrower candidate client customer driver employee member
    participant passenger patient person player pupil respondent seller student subject user
    visitor voter worker
    """
)
_DATES = _words(
    """
    date dates datetime time timestamp ts created updated modified epoch dob birthday
    birthdate day when posted published expires expiry deadline
    """
)
# Under these a number of eight digits may be a day; another is likelier a count or a length.
_EVENTS = _words(
    """
    arrived begin born cancelled closed delivered end ended ends enrolled finished hired joined left
    logged opened ordered paid registered released shipped signed since sold start started starts
    until
    anfang beginn bis ende geboren geburtstag seit tag fecha desde hasta naissance depuis
    """
)
_NOT_DATES = frozenset(["update", "candidate", "mandate", "validate"])
# What a digit under such a name stands for is a label, not a quantity.
_CODES = _words(
    """
    airline arm block branch brand carrier caste category channel city color colour country dept
    department ethnic label language marriage origin
    category cat class cluster code codes cohort condition county district
    ethnicity fips gender group icd item lot manufacturer marital naics nationality
    occupation plot postcode precinct race region religion room route sector segment sex
    shop sic site species state station status store stratum subtype teacher team treatment
    type vendor ward zip zipcode zone
    """
)
_ANY_NUMBER = _words(
    """
    code codes fips naics postal postalcode postcode sic zip zipcode
    """
)
_GRADES = _words(
    """
    class grade letter level mark rank rating score subgrade tier
    """
)
_COUNTS = frozenset(["n", "num", "nb", "number", "count", "total", "nof"])
_COUNTED = frozenset(["count", "counts", "cnt", "total", "number", "num"])
_PHONES = frozenset(["cell", "contact", "fax", "mobile", "phone", "tel", "telephone"])


def words_of(name: str) -> list[str]:
    """Split a name into its lower-case words.

    Examples
    --------
    >>> words_of("Customer-ID (old)"), words_of("PassengerClass")
    (['customer', 'id', 'old'], ['passenger', 'class'])
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.findall(r"[a-z]+", spaced.lower())


def _head(name: str) -> list[str]:
    """Give the words up to the noun that says what a value is: "type" of "type of work"."""
    words = words_of(name)
    if "of" in words[1:]:
        words = words[: words.index("of", 1)]
    return words


def says_id(name: str) -> bool:
    """Tell whether the name is one for identifiers.

    Examples
    --------
    >>> says_id("invoice no"), says_id("userid"), says_id("number of rooms"), says_id("paid")
    (True, True, False, False)
    """
    words = words_of(name)
    if not words:
        return not name.strip()
    # "invoice no", "user_id", "id_str"; but not "number of rooms".
    if words[-1] in _IDS or "id" in words:
        return True
    return words[-1].endswith("id") and words[-1] not in _NOT_IDS


def says_entity(name: str) -> bool:
    """Tell whether the name is one for identifiers, and cannot be one for a count.

    Examples
    --------
    >>> says_entity("teacher_id"), says_entity("plotid"), says_entity("room number")
    (True, True, False)
    """
    words = words_of(name)
    if not words:
        return False
    if words[-1] in _KEYS | _ENTITIES or "id" in words:
        return True
    stem = words[-1].removesuffix("id")
    return stem != words[-1] and stem in _PEOPLE | _CODES


def says_count(name: str) -> bool:
    """Tell whether the name is one for a count, of which 0 and 1 may be all that came.

    Examples
    --------
    >>> says_count("num_children"), says_count("number of dogs"), says_count("member")
    (True, True, False)
    """
    words = words_of(name)
    return len(words) > 1 and (words[0] in _COUNTS or words[-1] in _COUNTED)


def says_person(name: str) -> bool:
    """Tell whether the name is one for the identifiers of people.

    Examples
    --------
    >>> says_person("patient_id"), says_person("plot_id")
    (True, False)
    """
    return says_id(name) and bool(_PEOPLE.intersection(words_of(name)))


def says_date(name: str) -> bool:
    """Tell whether the name is one for dates.

    Examples
    --------
    >>> says_date("created_at"), says_date("BirthDate"), says_date("amount")
    (True, True, False)
    >>> says_date("update count")
    False
    """
    words = words_of(name)
    ends = any(w.startswith("date") or (w.endswith("date") and w not in _NOT_DATES) for w in words)
    return ends or bool(_DATES.intersection(words))


def says_event(name: str) -> bool:
    """Tell whether the name is one for what happened on a day, or for a day in another language.

    Examples
    --------
    >>> says_event("member since"), says_event("Kaufdatum"), says_event("amount")
    (True, True, False)
    """
    words = words_of(name)
    return any(word.endswith("datum") for word in words) or bool(_EVENTS.intersection(words))


def says_code(name: str) -> bool:
    """Tell whether whole numbers under this name are labels.

    Examples
    --------
    >>> says_code("region_code"), says_code("Plot ID"), says_code("class size")
    (True, True, False)
    """
    words = _head(name)
    while len(words) > 1 and words[-1] in _IDS:
        words = words[:-1]
    return bool(words) and (words[-1] in _CODES or words[-1].endswith(("code", "class", "type")))


def says_any_code(name: str) -> bool:
    """Tell whether even many distinct numbers under this name are labels, as postal codes are.

    Examples
    --------
    >>> says_any_code("zip"), says_any_code("store")
    (True, False)
    """
    words = _head(name)
    return bool(words) and (words[-1] in _ANY_NUMBER or words[-1].endswith("code"))


def says_grade(name: str) -> bool:
    """Tell whether single letters under this name are grades.

    Examples
    --------
    >>> says_grade("Sub-Grade"), says_grade("vitamin")
    (True, False)
    """
    words = _head(name)
    return bool(words) and (
        words[-1] in _GRADES or words[-1].endswith("grade") or words[-1] in ("gr", "grades")
    )


def says_phone(name: str) -> bool:
    """Tell whether the name is one for telephone numbers.

    Examples
    --------
    >>> says_phone("Mobile phone")
    True
    """
    return bool(_PHONES.intersection(words_of(name)))
