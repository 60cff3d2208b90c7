"""What each image is for: to learn from, to choose by, to score; copies stay on one side."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate import StratifiedKFold

__all__ = ["PictureSplit", "first_of_copies", "split_pictures"]

Index = NDArray[np.int64]

# One image in so many is held out; of many a smaller share, about so many images.
_SHARE, _HELD = 5, 2_000
# Copies of one image that would be more than this part of what is held out are all learned from.
_PART = 0.25
# Images of fewer numbers are equal by chance.
_NARROW = 8
# Bytes from the middle of each image that are compared first, and bytes that are read at once.
_GLANCE, _BLOCK = 2**12, 2**24


class PictureSplit(NamedTuple):
    """Positions of the rows of each part, how they were told apart, and what copies there are."""

    train: Index
    valid: Index
    test: Index
    plan: str
    notes: tuple[str, ...] = ()


def split_pictures(
    y: Target,
    good: NDArray[np.bool_],
    part: NDArray[np.object_],
    pixels: NDArray[np.uint8],
    seed: int,
) -> PictureSplit:
    """Say which rows are learned from, chosen by, and scored.

    Parameters
    ----------
    y : Target
        The class of each image.
    good : ndarray of bool, shape (n,)
        Which can be used.
    part : ndarray of str, shape (n,)
        ``"train"``, ``"val"`` or ``"test"``, as the folders say.
    pixels : ndarray of uint8, shape (n, channels, height, width)
        The images.
    seed : int
        Of the draw, where no folder says what is held out.
    """
    train, valid, test = (
        np.flatnonzero(good & (part == name)) for name in ("train", "val", "test")
    )
    tested = f"; the {len(test):,} under test/ were scored once, at the end" if len(test) else ""
    if len(valid):
        plan = f"{len(valid):,} images under val/ were held out as given, {len(train):,} learned"
        return PictureSplit(train, valid, test, f"{plan} from{tested}.")
    first = first_of_copies(pixels, train)
    copies = int((first != np.arange(len(train))).sum())
    share = max(_SHARE, len(train) // _HELD)
    if copies:
        held = _held_whole(y.values[train], first, share, seed)
    else:
        empty = Table(pl.DataFrame({"row": train}), Schema(()))
        fold = StratifiedKFold(share).split(empty, y.rows(train), seed=seed).folds[0]
        held = np.isin(np.arange(len(train)), fold.valid)
    together = " and copies together" if copies else ""
    plan = (
        f"{int(held.sum()):,} of {len(train):,} images, each class evenly{together}, were held out "
        f"at random: none of them was learned from{tested}."
    )
    notes = (_told(y.values[train], first, copies),) if copies else ()
    return PictureSplit(train[~held], train[held], test, plan, notes)


def first_of_copies(pixels: NDArray[np.uint8], places: Index) -> Index:
    """Find for each image the first one that shows the same, to the bit: itself, if none does.

    The middle of each image is compared first, all of it only where that is equal.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, channels, height, width)
        All images.
    places : ndarray of int64, shape (m,)
        Those that are compared.

    Returns
    -------
    ndarray of int64, shape (m,)
        Positions among `places`.

    Examples
    --------
    >>> images = np.arange(48, dtype=np.uint8).reshape(3, 1, 4, 4)
    >>> first_of_copies(images[[0, 1, 0, 2, 0]], np.arange(5)).tolist()
    [0, 1, 0, 3, 0]
    """
    flat = pixels.reshape(len(pixels), -1)
    size = flat.shape[1]
    if size < _NARROW:
        return np.arange(len(places))
    start = max(size - _GLANCE, 0) // 2
    first = _first(flat[:, start : start + _GLANCE], places)
    if size > _GLANCE:
        alike = np.flatnonzero(np.bincount(first, minlength=len(first))[first] > 1)
        first = np.arange(len(places))
        first[alike] = alike[_first(flat, places[alike])]
    return first


def _first(flat: NDArray[np.uint8], places: Index) -> Index:
    """Find the first row that equals each one, by the hash of its bytes."""
    known: dict[int, int] = {}
    found = np.empty(len(places), np.int64)
    blocks = max(math.ceil(len(places) * flat.shape[1] / _BLOCK), 1)
    at = 0
    for some in np.array_split(places, blocks):
        for row in np.ascontiguousarray(flat[some]):
            found[at] = known.setdefault(hash(row.tobytes()), at)
            at += 1
    return found


def _held_whole(y: Index, first: Index, share: int, seed: int) -> NDArray[np.bool_]:
    """Draw which rows are held out, each class and each number of copies evenly."""
    leads, group, sizes = np.unique(first, return_inverse=True, return_counts=True)
    second = int(np.sort(np.bincount(y[leads]))[::-1][:2][-1])
    folds = min(share, max(second, 2))
    drawn = np.random.default_rng(seed).permutation(len(leads))
    order = np.lexsort((drawn, sizes, y[leads]))
    out = np.zeros(len(leads), bool)
    out[order[::folds]] = True
    out &= sizes <= max(_PART * len(y) / folds, 1)
    held: NDArray[np.bool_] = out[group]
    # a class of copies of one image, or of images that another class has too, is not lost
    lost = np.setdiff1d(y, y[~held])
    held[np.isin(group, group[np.isin(y, lost)])] = False
    return held


def _told(y: Index, first: Index, copies: int) -> str:
    """Say how many copies there are, and whether they carry other classes."""
    several = copies > 1
    other = int((y != y[first]).sum())
    odd = f" ({other:,} of them in the folder of another class)" if other else ""
    are = "images are exact copies of others" if several else "image is an exact copy of another"
    return (
        f"{copies:,} {are}{odd}: copies were kept together, all learned from or all held out, so "
        f"that the score counts none that was learned."
    )
