"""How many letters have to change to make one text of another, for many pairs at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["LONGEST", "edit_distances"]

LONGEST = 64
"""Of what two texts do not share at their ends, so many letters are compared."""
_CHUNK = 4096


def edit_distances(left: Sequence[str], right: Sequence[str]) -> NDArray[np.int64]:
    """Count the letters to put in, take out or change between the texts of each pair.

    Parameters
    ----------
    left, right : sequence of str
        As many of each. What they share at their ends costs nothing; of the rest no more than the
        first 64 letters are compared.

    Returns
    -------
    int array of shape (pairs,)
        Levenshtein distances (Levenshtein 1966).

    Examples
    --------
    >>> edit_distances(["kitten", "yxs", ""], ["sitting", "yes", "ab"]).tolist()
    [3, 1, 2]
    """
    pairs = [_inner(a, b) for a, b in zip(left, right, strict=True)]
    found = np.zeros(len(pairs), np.int64)
    # Pairs of about the same length are worked on together: what is padded is wasted.
    order = np.argsort([len(a) + len(b) for a, b in pairs], kind="stable")
    for start in range(0, len(order), _CHUNK):
        chosen = order[start : start + _CHUNK]
        found[chosen] = _distances([pairs[i] for i in chosen.tolist()])
    return found


def _inner(a: str, b: str) -> tuple[str, str]:
    """Take off what both texts begin and end with."""
    if a == b:
        return "", ""
    start = _shared(a, b)
    a, b = a[start:], b[start:]
    shared = _shared(a[::-1], b[::-1])
    return a[: len(a) - shared][:LONGEST], b[: len(b) - shared][:LONGEST]


def _shared(a: str, b: str) -> int:
    """Count the letters with which both texts begin."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((i for i, (x, y) in pairs if x != y), min(len(a), len(b)))


def _letters(texts: list[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Give texts as rows of letters, filled up with -1."""
    lengths = np.array([len(text) for text in texts], np.int64)
    letters = np.full((len(texts), int(lengths.max(initial=0))), -1, np.int32)
    flat = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.int32)
    letters[np.arange(letters.shape[1]) < lengths[:, None]] = flat
    return letters, lengths


def _distances(pairs: list[tuple[str, str]]) -> NDArray[np.int64]:
    a, rows = _letters([pair[0] for pair in pairs])
    b, columns = _letters([pair[1] for pair in pairs])
    steps = np.arange(b.shape[1] + 1, dtype=np.int32)
    above = np.tile(steps, (len(pairs), 1))
    found = columns.copy()
    for i in range(a.shape[1]):
        here = np.empty_like(above)
        here[:, 0] = i + 1
        changed = above[:, :-1] + (b != a[:, i : i + 1])
        here[:, 1:] = np.minimum(changed, above[:, 1:] + 1)
        # letters put in, one after the other: a running minimum in place of a loop
        above = np.minimum.accumulate(here - steps, axis=1) + steps
        ends = np.flatnonzero(rows == i + 1)
        found[ends] = above[ends, columns[ends]]
    return found
