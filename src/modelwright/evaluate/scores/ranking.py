"""Lists that are ordered by a score, and correlations of ranks.

`y` is how relevant each item is, `p` the score that orders them (the greatest first), and `query`
says which items belong to one list; without it all items are one list. Items of equal score are
taken in every order alike, so that the result does not hang on the order of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from modelwright.core.errors import OptionError
from modelwright.evaluate.scores.basics import NAN, Array, mean
from modelwright.evaluate.scores.ordering import average_precision

__all__ = [
    "concordance",
    "kendall",
    "mean_average_precision",
    "mean_reciprocal_rank",
    "ndcg",
    "spearman",
]


def _flat(p: Array) -> Array:
    flat: Array = p.reshape(len(p)).astype(np.float64)
    return flat


def _lists(rows: int, query: Array | None) -> Iterator[Array]:
    """Give the rows of each list."""
    if query is None:
        yield np.arange(rows)
        return
    codes = np.unique(query, return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def _averaged(
    of: Callable[[Array], float], rows: int, query: Array | None, weight: Array | None
) -> float:
    """Average a figure over lists that have one; a list counts as its mean row."""
    found, counts = [], []
    for index in _lists(rows, query):
        figure = of(index) if len(index) else NAN
        if np.isfinite(figure):
            found.append(figure)
            counts.append(1.0 if weight is None else float(weight[index].mean()))
    return mean(np.array(found), np.array(counts)) if found else NAN


def ndcg(
    y: Array,
    p: Array,
    weight: Array | None = None,
    query: Array | None = None,
    *,
    k: int | None = None,
    exponential: bool = False,
) -> float:
    """Give the discounted gain of the first k items, as a share of the best possible.

    Jarvelin and Kekalainen (2002); equal scores: McSherry and Najork (2008).

    Parameters
    ----------
    y : ndarray of shape (n_items,)
        How relevant each item is; at or above zero.
    p : ndarray of shape (n_items,)
        The scores that order them.
    weight : ndarray of shape (n_items,), optional
        How much each counts; a list counts as the mean of its items.
    query : ndarray of shape (n_items,), optional
        Which list each item belongs to.
    k : int, optional
        How many items of a list are looked at; None: all.
    exponential : bool
        Whether the gain is 2^y - 1 (Burges et al. 2005) instead of y.

    Returns
    -------
    float
        Between 0 and 1; lists without a relevant item are left out, and NaN is given when none is
        left.

    Raises
    ------
    OptionError
        When `k` is below 1, or a relevance below 0.

    Examples
    --------
    >>> round(ndcg(np.array([3, 0, 1]), np.array([0.9, 0.8, 0.1])), 4)
    0.9639
    """
    if k is not None and k < 1:
        raise OptionError("k to be at least 1", str(k))
    if len(y) and y.min() < 0:
        raise OptionError("relevances at or above zero", f"{y.min():g}")
    gain = np.exp2(y) - 1 if exponential else y.astype(np.float64)

    def of(index: Array) -> float:
        discount = 1 / np.log2(np.arange(len(index)) + 2)
        if k is not None:
            discount[k:] = 0
        best = float(np.sort(gain[index])[::-1] @ discount)
        return _discounted(gain[index], p[index], discount) / best if best > 0 else NAN

    return _averaged(of, len(y), query, weight)


def _discounted(gain: Array, p: Array, discount: Array) -> float:
    """Sum the gains by the discount of their places; equal scores share their places."""
    order = np.argsort(-p, kind="stable")
    starts = np.append(0, np.flatnonzero(np.diff(p[order])) + 1)
    gains, places = np.add.reduceat(gain[order], starts), np.add.reduceat(discount, starts)
    return float(gains @ (places / np.diff(np.append(starts, len(p)))))


def mean_average_precision(
    y: Array, p: Array, weight: Array | None = None, query: Array | None = None
) -> float:
    """Give the average precision of each list, averaged over those that have a relevant item.

    Parameters as for `ndcg`; an item is relevant when `y` is above 0.

    Examples
    --------
    >>> y, p = np.array([0, 1, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1])
    >>> mean_average_precision(y, p, query=np.array([0, 0, 1, 1]))
    0.75
    """
    relevant = (y > 0).astype(np.int64)
    return _averaged(
        lambda index: average_precision(relevant[index], p[index]), len(y), query, weight
    )


def mean_reciprocal_rank(
    y: Array, p: Array, weight: Array | None = None, query: Array | None = None
) -> float:
    """Give one over the place of the first relevant item, averaged over lists.

    Parameters as for `ndcg`; an item is relevant when `y` is above 0. Among equal scores the place
    is the one expected of an order drawn at random. A list without a relevant item counts 0.

    Examples
    --------
    >>> mean_reciprocal_rank(np.array([0, 1, 0]), np.array([0.9, 0.8, 0.7]))
    0.5
    """

    def of(index: Array) -> float:
        score, relevant = p[index], y[index] > 0
        if not relevant.any():
            return 0.0
        best = score[relevant].max()
        tied = score == best
        hits = int((tied & relevant).sum())
        return 1 / (int((score > best).sum()) + (int(tied.sum()) + 1) / (hits + 1))

    return _averaged(of, len(y), query, weight)


def _ranks(values: Array, weight: Array) -> Array:
    """Give the middle of the weight at each value, by weight."""
    _, place = np.unique(values, return_inverse=True)
    at = np.bincount(place, weight)
    ranks: Array = (np.cumsum(at) - at / 2)[place]
    return ranks


def spearman(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the correlation of ranks (Spearman 1904); NaN when either never varies.

    Examples
    --------
    >>> round(spearman(np.array([1.0, 2.0, 9.0]), np.array([1.0, 3.0, 4.0])), 12)
    1.0
    """
    own = np.ones(len(y)) if weight is None else weight.astype(np.float64)
    kept = own > 0
    if not kept.any():
        return NAN
    own = own[kept] / own[kept].sum()
    one, other = _ranks(y[kept], own), _ranks(_flat(p)[kept], own)
    one, other = one - own @ one, other - own @ other
    spread = float((own @ one**2) * (own @ other**2))
    return float(own @ (one * other)) / spread**0.5 if spread > 1e-24 else NAN


def _pairs(weight: Array, *of: Array) -> float:
    """Sum the products of weights over pairs that are equal in all of these columns."""
    if not of:
        return float((weight.sum() ** 2 - (weight**2).sum()) / 2)
    key = of[0]
    for column in of[1:]:
        key = key * (int(column.max()) + 1) + column
    place = np.unique(key, return_inverse=True)[1]
    sums, squares = np.bincount(place, weight), np.bincount(place, weight**2)
    return float((sums**2 - squares).sum() / 2)


def _concordant(one: Array, other: Array, weight: Array) -> float:
    """Sum the products of weights over pairs that both columns order alike.

    Rows lie in the order of `one`; the codes of `other` are compared bit by bit from the highest,
    as in a radix sort: of two rows that agree so far, the one with the bit set is greater.
    """
    order = np.lexsort((-other, one))  # equal in `one`: falling, so that none counts
    codes, mass = other[order], weight[order]
    total = 0.0
    for bit in range(int(codes.max(initial=0)).bit_length() - 1, -1, -1):
        group = codes >> (bit + 1)
        within = np.argsort(group, kind="stable")
        group, codes, mass = group[within], codes[within], mass[within]
        high = (codes >> bit) & 1 == 1
        below = np.cumsum(np.where(high, 0.0, mass))
        starts = np.flatnonzero(np.append(True, np.diff(group) > 0))
        before = np.repeat(below[starts] - np.where(high, 0.0, mass)[starts], _sizes(starts, group))
        total += float(mass[high] @ (below - before)[high])
    return total


def _sizes(starts: Array, group: Array) -> Array:
    return np.diff(np.append(starts, len(group)))


def _counted(y: Array, p: Array, weight: Array | None) -> tuple[float, float, float, float, float]:
    """Give the weight of pairs: all, equal in y, equal in p, equal in both, ordered alike."""
    own = np.ones(len(y)) if weight is None else weight.astype(np.float64)
    kept = own > 0
    one = np.unique(y[kept], return_inverse=True)[1]
    other = np.unique(_flat(p)[kept], return_inverse=True)[1]
    own = own[kept] / own[kept].mean() if kept.any() else own[kept]
    if not len(own):
        return 0.0, 0.0, 0.0, 0.0, 0.0
    ties = _pairs(own, one), _pairs(own, other), _pairs(own, one, other)
    return (_pairs(own), *ties, _concordant(one, other, own))


def kendall(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give Kendall's tau-b: pairs ordered alike less pairs ordered otherwise, as a share.

    Kendall (1945); a pair counts the product of its weights. NaN when either never varies.

    Examples
    --------
    >>> round(kendall(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])), 4)
    0.3333
    """
    pairs, in_y, in_p, in_both, alike = _counted(y, p, weight)
    otherwise = pairs - in_y - in_p + in_both - alike
    spread = (pairs - in_y) * (pairs - in_p)
    return (alike - otherwise) / spread**0.5 if spread > 1e-12 * pairs**2 else NAN


def concordance(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the share of pairs of different answers that predictions order alike.

    Harrell et al. (1982), nothing censored; equal predictions count half. For two classes it is
    the area under the ROC curve. NaN when all answers are equal.

    Examples
    --------
    >>> concordance(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0]))
    0.6666666666666666
    """
    pairs, in_y, in_p, in_both, alike = _counted(y, p, weight)
    unlike = pairs - in_y
    return (alike + (in_p - in_both) / 2) / unlike if unlike > 1e-12 * pairs else NAN
