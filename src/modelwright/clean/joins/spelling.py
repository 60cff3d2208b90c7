"""Names of the same thing, written in different ways: forms in which they are equal."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["FUNCTION_WORDS", "initials", "same_words", "tidy", "words_of"]

LONGEST = 300
"""Characters of a name that are looked at."""

# Letters that Unicode does not take apart.
_LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i",
    "ħ": "h",
})  # fmt: skip
_DOTTED = re.compile(r"\b(?:\w\.){2,}(?:\w\b)?")
_QUOTES = re.compile(r"(?<=\w)['`\u2019\u00b4](?=s\b)")
_SIGNS = re.compile(r"[\W_]+")
_AND = re.compile(r"\s*&\s*|\s+\+\s+")

# Words that are written short wherever names are; not those that mean two things.
_WHOLE = {
    "assn": "association", "assoc": "association", "ave": "avenue", "blvd": "boulevard",
    "bros": "brothers", "centre": "center", "co": "company", "corp": "corporation",
    "ctr": "center", "dem": "democratic", "dept": "department", "dist": "district",
    "fed": "federal", "ft": "fort", "gen": "general", "govt": "government", "hosp": "hospital",
    "inc": "incorporated", "inst": "institute", "intl": "international", "jr": "junior",
    "ltd": "limited", "mfg": "manufacturing", "mgmt": "management", "mt": "mount",
    "natl": "national", "prof": "professor", "rd": "road", "rep": "republic", "sr": "senior",
    "svc": "service", "tech": "technology", "univ": "university",
}  # fmt: skip
# Words that join others and name nothing.
FUNCTION_WORDS = frozenset({
    "a", "an", "and", "at", "by", "das", "de", "del", "den", "der", "des", "di", "die", "do", "dos",
    "du", "e", "el", "et", "for", "in", "la", "las", "le", "les", "los", "of", "on", "the", "to",
    "und", "van", "von", "y",
})  # fmt: skip


def tidy(name: str) -> str:
    """Give a name without case, accents and signs; initials with dots become one word.

    Parameters
    ----------
    name : str
        As it was written; of a long text the first 300 characters count.

    Returns
    -------
    str
        Words of letters and digits, one blank between two.

    Examples
    --------
    >>> tidy("  Côte d'Ivoire* "), tidy("Hong Kong S.A.R."), tidy("Smith & Sons")
    ('cote d ivoire', 'hong kong sar', 'smith and sons')
    """
    parts = unicodedata.normalize("NFKD", name[:LONGEST].casefold().translate(_LETTERS))
    plain = "".join(letter for letter in parts if not unicodedata.combining(letter))
    plain = _DOTTED.sub(lambda found: found[0].replace(".", "") + " ", plain)
    plain = _QUOTES.sub("", _AND.sub(" and ", plain))
    return _SIGNS.sub(" ", plain).strip()


def words_of(name: str) -> tuple[str, ...]:
    """Split a name into tidy words, each written out where it is a usual abbreviation.

    Examples
    --------
    >>> words_of("Korea, Rep."), words_of("Intl. Business Corp")
    (('korea', 'republic'), ('international', 'business', 'corporation'))
    """
    return tuple(_WHOLE.get(word, word) for word in tidy(name).split())


def same_words(name: str) -> str:
    """Give what two names share that differ in the order of words, abbreviations and small words.

    Examples
    --------
    >>> same_words("The Republic of Korea") == same_words("Korea, Rep.")
    True
    """
    words = words_of(name)
    telling = [word for word in words if word not in FUNCTION_WORDS]
    return " ".join(sorted(telling or words))


def initials(name: str) -> str:
    """Give the first letters of the words of a name; empty for a single word.

    Examples
    --------
    >>> initials("United States of America"), initials("Peru")
    ('usa', '')
    """
    words = [word for word in tidy(name).split() if word not in FUNCTION_WORDS]
    return "".join(word[0] for word in words) if len(words) > 1 else ""
