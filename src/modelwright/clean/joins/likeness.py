"""How alike two names are: words that nearly agree, rare words counting more.

The measure is that of Cohen, Ravikumar and Fienberg ("A comparison of string distance metrics for
name-matching tasks", 2003), SoftTFIDF: words are weighed by how rare they are among all names, and
two words agree as far as they are alike by Jaro (1989) and Winkler (1990). Unlike there, what the
shorter name has in the longer one counts more than the other way round: "Egypt" is all of "Egypt,
Arab Rep." that matters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from modelwright.clean.joins.spelling import FUNCTION_WORDS

__all__ = ["Weights", "jaro_winkler", "word_likeness"]

_SMALL = 0.1  # what a word such as "the" counts of a word as rare
_LEAST_PREFIX = 3
_PER_LETTER = 0.05
_LONGEST_ENDING = 4
_LONGEST_WORD = 40
_STRANGE = 0.8  # two words drawn at random are as alike by Jaro and Winkler as this, seldom more


def jaro_winkler(a: str, b: str) -> float:
    """Measure how alike two words are by the letters they share in about the same place.

    Parameters
    ----------
    a, b : str
        Two words.

    Returns
    -------
    float
        From 0 to 1 (equal).

    Examples
    --------
    The example of Winkler (1990):

    >>> round(jaro_winkler("martha", "marhta"), 3), round(jaro_winkler("dixon", "dicksonx"), 3)
    (0.961, 0.813)
    """
    if a == b:
        return 1.0
    reach = max(max(len(a), len(b)) // 2 - 1, 0)
    free = [True] * len(b)
    mine = []
    for i, letter in enumerate(a):
        for j in range(max(0, i - reach), min(len(b), i + reach + 1)):
            if free[j] and b[j] == letter:
                free[j] = False
                mine.append(letter)
                break
    if not mine:
        return 0.0
    theirs = [letter for letter, still in zip(b, free, strict=True) if not still]
    shared = len(mine)
    turned = sum(x != y for x, y in zip(mine, theirs, strict=True)) / 2
    jaro = (shared / len(a) + shared / len(b) + (shared - turned) / shared) / 3
    prefix = 0
    for x, y in zip(a[:4], b[:4], strict=False):
        if x != y:
            break
        prefix += 1
    return jaro + prefix * 0.1 * (1 - jaro)


@lru_cache(maxsize=1 << 18)
def word_likeness(a: str, b: str) -> float:
    """Say how far two words may be the same: 1 equal, 0 not at all.

    A word with a digit in it is a number or a code, and equals only itself, as one of more than 40
    letters does. A word with another
    ending ("Slovak", "Slovakia") loses a twentieth a letter. Any other pair counts what Jaro and
    Winkler say above what chance gives, or twice the share of letters that were mistyped less than
    1, whichever is more.

    Examples
    --------
    >>> word_likeness("lao", "laos"), word_likeness("a1001", "a1002")
    (0.95, 0.0)
    >>> round(word_likeness("luxembourg", "luxemburg"), 2), word_likeness("rome", "oslo")
    (0.9, 0.0)
    """
    if a == b:
        return 1.0
    if max(len(a), len(b)) > _LONGEST_WORD or any(letter.isdigit() for letter in a + b):
        return 0.0
    short, long = sorted((a, b), key=len)
    ending = len(long) - len(short)
    if len(short) >= _LEAST_PREFIX and ending <= _LONGEST_ENDING and long.startswith(short):
        return 1.0 - _PER_LETTER * ending
    above = (jaro_winkler(a, b) - _STRANGE) / (1 - _STRANGE)
    if above <= 0:
        return 0.0
    return max(above, 1.0 - 2.0 * _mistyped(short, long) / len(long))


def _mistyped(a: str, b: str) -> int:
    """Count letters added, left out, changed or swapped (Damerau 1964)."""
    before, last = list[int](), list(range(len(b) + 1))
    for i, x in enumerate(a):
        row = [i + 1]
        for j, y in enumerate(b):
            cost = min(last[j] + (x != y), last[j + 1] + 1, row[j] + 1)
            if i and j and x == b[j - 1] and y == a[i - 1]:
                cost = min(cost, before[j - 1] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


@dataclass(frozen=True)
class Weights:
    """What each word counts: the logarithm of how rare it is among all names.

    Parameters
    ----------
    names : int
        How many names there are.
    having : mapping of str to int
        How many of them have a word.

    Examples
    --------
    >>> weights = Weights.of([("congo", "republic"), ("congo",), ("chad", "republic"), ("peru",)])
    >>> weights["peru"] > weights["congo"]
    True
    >>> round(weights.likeness(("congo",), ("congo", "republic")), 2)
    0.85
    """

    names: int
    having: Counter[str]

    @classmethod
    def of(cls, names: Sequence[tuple[str, ...]]) -> Weights:
        """Count the names that have each word."""
        return cls(len(names), Counter(word for name in names for word in set(name)))

    def __getitem__(self, word: str) -> float:
        """Give the weight of a word; one that is new is as rare as can be."""
        weight = float(np.log1p(self.names / max(self.having[word], 1)))
        return weight * _SMALL if word in FUNCTION_WORDS else weight

    def covered(self, name: tuple[str, ...], other: tuple[str, ...]) -> float:
        """Give the share of a name, by weight, that is found in another."""
        whole = sum(self[word] for word in name)
        found = (self[w] * max((word_likeness(w, o) for o in other), default=0.0) for w in name)
        return sum(found) / whole if whole else 0.0

    def likeness(self, a: tuple[str, ...], b: tuple[str, ...]) -> float:
        """Say how alike two names are, from 0 to 1.

        The mean of two views: how much of either is found in the other (their geometric mean), and
        how much of that one is found that is found more completely.
        """
        one, two = self.covered(a, b), self.covered(b, a)
        return (float(np.sqrt(one * two)) + max(one, two)) / 2
