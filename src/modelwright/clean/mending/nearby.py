"""Values of a column that are written nearly like a text: what it may have been meant to say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.distances import edit_distances

__all__ = ["alike", "nearest"]

# A pair of letters that is in more values than this tells nothing.
_COMMON = 2_000
_COMPARED = 8
_LONGEST = 200


def alike(left: Sequence[str | None], right: Sequence[str | None]) -> NDArray[np.float64]:
    """Give the share of letters that the texts of each pair have in common, in their order.

    Parameters
    ----------
    left, right : sequence of str or None
        As many of each.

    Returns
    -------
    ndarray of float64, shape (n_pairs,)
        1 where they are equal, 0 where one is missing.

    Examples
    --------
    >>> alike(["yes", "yes", None], ["yxs", "yes", "yes"]).round(2).tolist()
    [0.67, 1.0, 0.0]
    """
    longest = np.array([max(len(a or ""), len(b or "")) for a, b in zip(left, right, strict=True)])
    far = edit_distances([a or "" for a in left], [b or "" for b in right])
    both = np.array([a is not None and b is not None for a, b in zip(left, right, strict=True)])
    close = 1.0 - far / np.maximum(longest, 1)
    found: NDArray[np.float64] = np.where(both, np.maximum(close, 0.0), 0.0)
    return found


def nearest(texts: Sequence[str], values: Sequence[str], most: int = 3) -> list[list[str]]:
    """Find for each text the values that share more than half of its letters.

    Parameters
    ----------
    texts : sequence of str
        What to look for.
    values : sequence of str
        Where: the likelier first.
    most : int
        How many for each text.

    Returns
    -------
    list of list of str
        The nearest first; never the text itself.

    Examples
    --------
    >>> nearest(["birminghxm", "zzz"], ["birmingham", "dothan", "boaz"])
    [['birmingham'], []]
    """
    holding: dict[str, list[int]] = defaultdict(list)
    for place, value in enumerate(values):
        for pair in _pairs(value):
            if len(holding[pair]) < _COMMON:
                holding[pair].append(place)
    asked: list[tuple[int, int]] = []
    for number, text in enumerate(texts):
        shared: Counter[int] = Counter()
        for pair in _pairs(text):
            shared.update(holding.get(pair, ()))
        likely = sorted(shared, key=lambda place: (-shared[place], place))[:_COMPARED]
        asked += [(number, place) for place in likely]
    close = alike([texts[n] for n, _ in asked], [values[p] for _, p in asked])
    found: list[list[tuple[float, int]]] = [[] for _ in texts]
    for (number, place), share in zip(asked, close.tolist(), strict=True):
        if 0.5 <= share < 1.0:
            found[number].append((-share, place))
    return [[values[place] for _, place in sorted(each)[:most]] for each in found]


def _pairs(text: str) -> set[str]:
    """Give the pairs of neighbouring letters; the ends of the text count as letters."""
    framed = f"\x02{text.lower()[:_LONGEST]}\x03"
    return {framed[i : i + 2] for i in range(len(framed) - 1)}
