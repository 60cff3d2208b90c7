"""Rows that tell of the same thing, found by what they share, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.detectors.told import Told, silent

__all__ = ["Pairs", "differing_from_twins", "twin_rows"]

Ints = NDArray[np.int64]

MEASURES = 3
_ROWS = 200_000
_BLOCK = 50
_BLOCKS = 12
_WINDOW = 3
_ALIKE = 0.75
_CHUNK = 100_000


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows that are nearly equal.

    Parameters
    ----------
    left, right : int array of shape (pairs,)
        Rows; the left one comes first.
    alike : float array of shape (pairs,)
        From .75 to 1: how much of what tells rows apart they share.
    """

    left: Ints
    right: Ints
    alike: NDArray[np.float64]


def twin_rows(coded: Coded) -> Pairs:
    """Find rows that are nearly equal.

    Rows that share the value of a column are compared with the next three in the order of the
    other columns (blocks and sorted neighbourhoods; Hernandez and Stolfo 1995), so that time grows
    with the number of rows, not of pairs. A cell counts as much as it tells: the logarithm of how
    rarely two rows share it. Only the first 200,000 rows are compared.

    Parameters
    ----------
    coded : Coded
        The table.

    Returns
    -------
    Pairs

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.clean.coded import code_table
    >>> rows = [(f"n{i}", f"s{i}", f"t{i}", f"u{i}") for i in range(20)] + [("n3", "s3", "t3", "x")]
    >>> pairs = twin_rows(code_table(pl.DataFrame(rows, schema=list("abcd"), orient="row")))
    >>> list(zip(pairs.left.tolist(), pairs.right.tolist()))
    [(3, 20)]
    """
    codes = coded.codes[:_ROWS]
    none = np.empty(0, np.int64)
    weight = np.array([_tells(codes[:, i]) for i in range(codes.shape[1])])
    if len(codes) < 2 or not weight.sum():
        return Pairs(none, none, np.empty(0))
    keys = [i for i in range(codes.shape[1]) if 1.05 <= _mean_block(codes[:, i]) <= _BLOCK]
    keys.sort(key=lambda i: -weight[i])
    found = [_neighbours(codes, key, weight) for key in keys[:_BLOCKS]]
    if not found:
        return Pairs(none, none, np.empty(0))
    pairs = np.unique(np.concatenate(found))
    left, right = pairs // len(codes), pairs % len(codes)
    alike = np.empty(len(left))
    share = weight / weight.sum()
    for start in range(0, len(left), _CHUNK):
        part = slice(start, start + _CHUNK)
        a, b = codes[left[part]], codes[right[part]]
        equal = ((a == b) & (a != MISSING)) @ share
        # a missing cell neither speaks for a pair nor against it
        told = ((a != MISSING) & (b != MISSING)) @ share
        alike[part] = equal / np.maximum(told, 0.5)
    near = alike >= _ALIKE
    return Pairs(left[near], right[near], alike[near])


def _tells(codes: NDArray[np.int32]) -> float:
    """Say how much two equal cells of a column tell: nothing where all are equal."""
    known = codes[codes != MISSING]
    if len(known) < 2:
        return 0.0
    counts = np.bincount(known).astype(np.float64)
    if int((counts > 0).sum()) == len(known):
        return 0.0  # no two are equal: a number of the row
    same = float((counts * (counts - 1)).sum()) / (len(known) * (len(known) - 1))
    return -float(np.log(max(same, 1e-6)))


def _mean_block(codes: NDArray[np.int32]) -> float:
    known = codes[codes != MISSING]
    return len(known) / max(len(np.unique(known)), 1)


def _neighbours(codes: NDArray[np.int32], key: int, weight: NDArray[np.float64]) -> Ints:
    """Pair each row of a block with the next three, in the order of the other columns."""
    others = [i for i in np.argsort(-weight).tolist() if i != key and weight[i] > 0][:4]
    order = np.lexsort((*(codes[:, i] for i in reversed(others)), codes[:, key]))
    found = []
    for step in range(1, _WINDOW + 1):
        a, b = order[:-step], order[step:]
        same = (codes[a, key] == codes[b, key]) & (codes[a, key] != MISSING)
        low, high = np.minimum(a, b)[same], np.maximum(a, b)[same]
        found.append(low.astype(np.int64) * len(codes) + high)
    return np.unique(np.concatenate(found))


def differing_from_twins(coded: Coded, column: int, pairs: Pairs) -> Told:
    """Judge cells by those of rows that are otherwise nearly equal.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.
    pairs : Pairs
        What `twin_rows` gives.

    Returns
    -------
    Told
        A cell that differs from its only twin is as likely wrong as that; from several that agree
        with each other, more.
    """
    if not len(pairs.left):
        return silent(coded.height, MEASURES)
    value = coded.codes[:, column]
    a = np.concatenate([pairs.left, pairs.right])
    b = np.concatenate([pairs.right, pairs.left])
    told = value[b] != MISSING
    a, b = a[told], b[told]
    asked = np.bincount(a, minlength=coded.height).astype(np.float64)
    same = np.bincount(a, value[a] == value[b], minlength=coded.height)
    share = same / np.maximum(asked, 1)
    usual = float(same.sum()) / max(float(asked.sum()), 1.0)
    # only where twins nearly always agree does a difference mean anything
    firm = float(np.clip((usual - 0.7) / 0.25, 0, 1))
    against = np.where(asked > 0, 1 - share, 0.0)
    chance = firm * against * np.where(asked >= 3, 0.7, np.where(asked == 2, 0.5, 0.35))
    measures = np.column_stack([np.log1p(asked), against, against * firm]).astype(np.float32)
    reason = f"rows that are otherwise nearly equal hold another {coded.columns[column]!r}"
    return Told(reason, chance.astype(np.float32), measures)
