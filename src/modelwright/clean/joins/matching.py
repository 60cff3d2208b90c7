"""Names of one list found in another: equal ones first, then those that differ in spelling."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.joins.candidates import candidates
from modelwright.clean.joins.likeness import Weights
from modelwright.clean.joins.pairing import best_pairs, rivals, stable_pairs, sure
from modelwright.clean.joins.spelling import initials, same_words, tidy, words_of
from modelwright.core.errors import OptionError

__all__ = ["THRESHOLD", "Matches", "match_names"]

Places = NDArray[np.int64]
Floats = NDArray[np.float64]

THRESHOLD = 0.5
"""A match that is less sure is proposed, not applied; so is one with a rival as good."""

_LEAST = 0.3  # less alike than this is not even proposed
_SHORT_NAME = re.compile(r"[A-Z]{2,6}")
# What a match is worth that rests on equal forms, from the strictest form to the loosest.
_FORMS: tuple[tuple[str, float, Callable[[str], str]], ...] = (
    ("exact", 1.0, str.strip),
    ("case, accents and signs", 0.99, tidy),
    ("word order and abbreviations", 0.95, same_words),
)
_INITIALS = 0.8


@dataclass(frozen=True)
class Matches:
    """Which name of one list is which of another.

    Parameters
    ----------
    left, right : ndarray of int64, shape (n_matches,)
        Places of the names; the left ones ascend, none comes twice.
    how : tuple of str
        What the names have in common.
    likeness : ndarray of float64, shape (n_matches,)
        How alike they are: 1 is equal.
    rival : ndarray of float64, shape (n_matches,)
        How alike the best other partner is that either could have had.
    confidence : ndarray of float64, shape (n_matches,)
        The likeness, less what the rival takes.
    applied : ndarray of bool, shape (n_matches,)
        Whether the match is sure enough; the others are proposals.
    """

    left: Places
    right: Places
    how: tuple[str, ...]
    likeness: Floats
    rival: Floats
    confidence: Floats
    applied: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.left)


def match_names(
    left: Sequence[str],
    right: Sequence[str],
    *,
    one_to_one: bool = True,
    threshold: float = THRESHOLD,
    blocks: tuple[Places, Places] | None = None,
    decided: Mapping[tuple[str, str], bool] | None = None,
) -> Matches:
    """Find the names of one list in another that may spell them differently.

    Equal names are taken first, then names that are equal but for case, accents and signs, then
    but for word order and usual abbreviations, then initials ("UK"); of the rest those that are
    alike: see `Weights.likeness`. A form that several names have decides nothing.

    Parameters
    ----------
    left, right : sequence of str
        Names, each once in its list.
    one_to_one : bool
        Whether a right name may serve one left name only.
    threshold : float
        From 0 to 1: matches less sure than this are proposed, not applied.
    blocks : tuple of two ndarrays of int64, optional
        Only names of equal blocks can match: one number a left name, one a right name.
    decided : mapping of (str, str) to bool, optional
        Pairs that a person has said yes or no to.

    Returns
    -------
    Matches

    Raises
    ------
    OptionError
        When `threshold` is outside of 0 to 1.

    Examples
    --------
    >>> report = ["Côte d'Ivoire", "Korea, Rep.", "UK", "Luxemburg", "Atlantis"]
    >>> bank = ["Cote d'Ivoire", "Republic of Korea", "United Kingdom", "Luxembourg", "Peru"]
    >>> found = match_names(report, bank)
    >>> [(report[a], bank[b]) for a, b in zip(found.left, found.right, strict=True)][1:]
    [('Korea, Rep.', 'Republic of Korea'), ('UK', 'United Kingdom'), ('Luxemburg', 'Luxembourg')]
    >>> found.how[0], found.how[1], bool(found.applied.all())
    ('case, accents and signs', 'word order and abbreviations', True)
    """
    if not 0 <= threshold <= 1:
        raise OptionError("a threshold from 0 to 1", repr(threshold))
    no = (np.zeros(len(left), np.int64), np.zeros(len(right), np.int64))
    search = _Search(left, right, blocks or no, one_to_one, dict(decided or {}))
    search.given()
    for how, worth, form in _FORMS:
        search.equal(how, worth, form, form)
    search.equal("initials", _INITIALS, _short_name, initials)
    search.equal("initials", _INITIALS, initials, _short_name)
    search.alike()
    return search.matches(threshold)


def _short_name(name: str) -> str:
    letters = name.strip().strip("*").replace(".", "")
    return letters.casefold() if _SHORT_NAME.fullmatch(letters) else ""


@dataclass
class _Search:
    """What is matched so far, and who is still free."""

    left: Sequence[str]
    right: Sequence[str]
    blocks: tuple[Places, Places]
    one_to_one: bool
    decided: dict[tuple[str, str], bool]
    found: list[tuple[int, int, str, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free_left = np.ones(len(self.left), np.bool_)
        self.free_right = np.ones(len(self.right), np.bool_)

    def take(self, a: int, b: int, how: str, likeness: float, rival: float = 0.0) -> None:
        """Match two names."""
        self.found.append((a, b, how, likeness, rival))
        self.free_left[a] = False
        if self.one_to_one:
            self.free_right[b] = False

    def refused(self, a: int, b: int) -> bool:
        """Whether a person has said no to this pair."""
        return self.decided.get((self.left[a], self.right[b])) is False

    def given(self) -> None:
        """Take the pairs that a person has said yes to."""
        lefts, rights = defaultdict[str, list[int]](list), dict[tuple[str, int], int]()
        for i, name in enumerate(self.left):
            lefts[name].append(i)
        for i, name in enumerate(self.right):
            rights.setdefault((name, int(self.blocks[1][i])), i)
        for (one, other), yes in self.decided.items():
            for a in lefts.get(one, ()) if yes else ():
                b = rights.get((other, int(self.blocks[0][a])))
                if b is not None and self.free_left[a] and self.free_right[b]:
                    self.take(a, b, "given", 1.0)

    def equal(
        self, how: str, worth: float, ours: Callable[[str], str], theirs: Callable[[str], str]
    ) -> None:
        """Match the names whose forms are equal, where only one name has the form."""
        lefts = self._by_form(self.left, self.free_left, self.blocks[0], ours)
        rights = self._by_form(self.right, self.free_right, self.blocks[1], theirs)
        for form, mine in lefts.items():
            others = rights.get(form, [])
            if len(others) != 1 or (self.one_to_one and len(mine) != 1):
                continue
            for a in mine:
                if not self.refused(a, others[0]):
                    self.take(a, others[0], how, worth)

    def _by_form(
        self,
        names: Sequence[str],
        free: NDArray[np.bool_],
        block: Places,
        form: Callable[[str], str],
    ) -> dict[tuple[int, str], list[int]]:
        groups = defaultdict[tuple[int, str], list[int]](list)
        for i in np.flatnonzero(free).tolist():
            written = form(names[i])
            if written:
                groups[int(block[i]), written].append(i)
        return dict(groups)

    def alike(self) -> None:
        """Match what is left by likeness, the most alike first."""
        ours, theirs = np.flatnonzero(self.free_left), np.flatnonzero(self.free_right)
        all_ours, all_theirs = [words_of(n) for n in self.left], [words_of(n) for n in self.right]
        mine, others = [all_ours[i] for i in ours], [all_theirs[j] for j in theirs]
        a, b = candidates(mine, others, self.blocks[0][ours], self.blocks[1][theirs])
        weights = Weights.of([*all_ours, *all_theirs])
        pairs = zip(a.tolist(), b.tolist(), strict=True)
        likeness = np.array([weights.likeness(mine[i], others[j]) for i, j in pairs], np.float64)
        left, right = ours[a], theirs[b]
        refused = (self.refused(i, j) for i, j in zip(left.tolist(), right.tolist(), strict=True))
        kept = (likeness >= _LEAST) & ~np.fromiter(refused, np.bool_, len(left))
        left, right, likeness = left[kept], right[kept], likeness[kept]
        choose = stable_pairs if self.one_to_one else best_pairs
        chosen = choose(left, right, likeness)
        if self.one_to_one:
            rival = _contested(left, right, likeness, chosen)
            rival = np.maximum(rival, _contested(right, left, likeness, chosen))
        else:
            rival = rivals(left, likeness, chosen)
        for place, against in zip(chosen.tolist(), rival.tolist(), strict=True):
            self.take(int(left[place]), int(right[place]), "alike", likeness[place], against)

    def matches(self, threshold: float) -> Matches:
        """Give what was found, in the order of the left names."""
        rows = sorted(self.found)
        likeness = np.array([row[3] for row in rows], np.float64)
        rival = np.array([row[4] for row in rows], np.float64)
        confidence = sure(likeness, rival)
        given = np.array([row[2] == "given" for row in rows], np.bool_)
        return Matches(
            np.array([row[0] for row in rows], np.int64),
            np.array([row[1] for row in rows], np.int64),
            tuple(row[2] for row in rows),
            likeness,
            rival,
            confidence,
            ((confidence >= threshold) & (rival < likeness)) | given,
        )


def _contested(names: Places, partners: Places, likeness: Floats, chosen: Places) -> Floats:
    """Give how alike the best other partner of each chosen name is, of those it could have had.

    A partner that belongs to somebody more alike is no rival.
    """
    got = np.zeros(int(partners.max(initial=-1)) + 1)
    np.maximum.at(got, partners[chosen], likeness[chosen])
    open_ = np.flatnonzero(likeness >= got[partners])
    places = np.searchsorted(open_, chosen)
    return rivals(names[open_], likeness[open_], places)
