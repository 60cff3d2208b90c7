"""Validation rows that training has seen: to the bit, nearly, or never the like of them.

All of it works on arrays, needs no net, and is bounded: what would take long is asked of a sample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.findings import Finding, Severity
from modelwright.core.numerals import number
from modelwright.training.diagnostics.case import noticed

__all__ = [
    "NARROW",
    "Twins",
    "find_copies",
    "find_differing",
    "find_overlap",
    "find_twins",
    "judge_overlap",
    "row_keys",
    "twins",
]

Rows = NDArray[np.generic]

# From which share of the validation rows copies are an error, and how many there have to be.
_MANY, _FEW = 0.01, 3
# Rows of fewer numbers are equal by chance.
NARROW = 8
_MOST_BYTES = 512 * 2**20
# The side that images are brought to, and the channels and sides that make rows images.
_SIDE, _LEAST_SIDE, _CHANNELS = 16, 8, (1, 3, 4)
# Nearly equal: so small a part of the usual distance to the nearest image, and of the largest.
_PART, _WHOLE = 0.25, 0.2
_TRAINED, _HELD, _USUAL = 20_000, 1_000, 300
_TWINS = 0.02
# Where validation stands otherwise: in standard deviations, and as a ratio of them.
_MOVED, _WIDER = 0.5, 2.0


def find_overlap(train: Rows, valid: Rows, called: str = "validation") -> Finding | None:
    """Find validation rows that equal training rows to the bit, by the hash of their numbers.

    Parameters
    ----------
    train, valid : ndarray, shape (n_rows, ...)
        Inputs, as they are before anything random is done to them.
    called : str
        What the second ones are.

    Returns
    -------
    Finding or None
        An error from 1 % of the validation rows on.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(100, 20))
    >>> find_overlap(rows, rows[:10]).evidence
    '10 of 10 validation rows are among the 100 training rows, to the bit'
    """
    if train.shape[1:] != valid.shape[1:] or int(np.prod(train.shape[1:])) < NARROW:
        return None
    most = max(_MOST_BYTES // max(train[:1].nbytes, 1), 1)
    found, asked = set(row_keys(train[:most])), row_keys(valid[:most])
    same = sum(key in found for key in asked)
    known = len(train[:most])
    return judge_overlap(same, (len(asked), len(valid)), (known, len(train)), called)


def judge_overlap(
    same: int, valid: tuple[int, int], train: tuple[int, int], called: str
) -> Finding | None:
    """Say how many validation rows are training rows.

    Parameters
    ----------
    same : int
        How many were found.
    valid, train : tuple of (int, int)
        How many rows of each were looked at, and how many there are.
    called : str
        What the first ones are.

    Examples
    --------
    >>> judge_overlap(3, (50, 50), (80, 100), "test").evidence
    '3 of 50 test rows are among 80 of the 100 training rows, to the bit'
    """
    if not same:
        return None
    asked = f"{valid[0]:,} {called} rows" + (" looked at" if valid[0] < valid[1] else "")
    known = f"{train[0]:,} of the {train[1]:,}" if train[0] < train[1] else f"the {train[1]:,}"
    told = f"{same:,} of {asked} are among {known} training rows, to the bit"
    loud = same >= max(_FEW, _MANY * valid[0])
    return noticed("valid-overlap", told, None if loud else Severity.INFO)


def find_copies(train: Rows, valid: Rows, seed: int = 0) -> tuple[Finding, ...]:
    """Find validation rows that equal training rows, and images among the others that nearly do.

    Parameters
    ----------
    train, valid
        As of `find_overlap`.
    seed
        As of `twins`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> images = rng.integers(0, 200, (60, 1, 16, 16)).astype(np.uint8)
    >>> brighter = images[5:9] + np.uint8(9)
    >>> [one.code for one in find_copies(images, np.concatenate([images[:5], brighter]))]
    ['valid-overlap', 'valid-near-duplicates']
    """
    same, called, others = find_overlap(train, valid), "validation", np.arange(len(valid))
    if same is not None:
        found = set(row_keys(train))
        others = np.flatnonzero([key not in found for key in row_keys(valid)])
        valid, called = valid[others], f"other {called}"
    names = int, others.item
    near = find_twins(train, valid, seed, called, names=names) if len(valid) else None
    return tuple(one for one in (same, near) if one is not None)


def row_keys(rows: Rows) -> list[int]:
    """Hash the numbers of each row; equal rows have equal hashes in one process.

    Examples
    --------
    >>> one, other, again = row_keys(np.array([[1, 2], [3, 4], [1, 2]]))
    >>> one == again, one == other
    (True, False)
    """
    if not len(rows):
        return []
    whole = np.ascontiguousarray(rows)
    size, buffer = whole[:1].nbytes, whole.data.cast("B")
    return [hash(bytes(buffer[at : at + size])) for at in range(0, whole.nbytes, size)]


@dataclass(frozen=True)
class Twins:
    """Images of one set that are nearly those of another.

    Parameters
    ----------
    pairs : ndarray of int64, shape (n, 2)
        Places of a validation image and of its twin among the training images.
    asked : int
        Validation images that were compared.
    usual : float
        How far a training image usually is from the nearest other one.
    """

    pairs: NDArray[np.int64]
    asked: int
    usual: float


def twins(train: Rows, valid: Rows, seed: int = 0, most: int = _TRAINED) -> Twins:
    """Find images that are nearly equal: re-encoded, brighter, mirrored, or a little larger.

    Images are brought to 16 x 16 grey pixels of mean 0 and length 1, and compared each with each.
    Nearly equal are two that are closer than a quarter of what is usual between a training image
    and the nearest other one.

    Parameters
    ----------
    train, valid : ndarray, shape (n_rows, channels, height, width)
        At most `most` and 1,000 of them are compared, drawn at random.
    seed : int
        Of the draw.
    most : int
        Training images that are compared.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> images = rng.integers(0, 200, (60, 1, 16, 16)).astype(np.uint8)
    >>> twins(images, images[:5, :, :, ::-1] + np.uint8(9)).pairs[:, 1].tolist()
    [0, 1, 2, 3, 4]
    """
    rng = np.random.default_rng(seed)
    some = np.sort(rng.permutation(len(train))[:most])
    asked = np.sort(rng.permutation(len(valid))[:_HELD])
    known, usable = _small(train, some)
    some, known = some[usable], known[usable]
    new, fine = _small(valid, asked)
    asked, new = asked[fine], new[fine]
    if len(known) < 2 or not len(new):
        return Twins(np.empty((0, 2), np.int64), 0, 0.0)
    drawn = rng.permutation(len(known))[:_USUAL]
    alike = known[drawn] @ known.T
    alike[np.arange(len(drawn)), drawn] = -1.0
    usual = float(np.median(_apart(alike.max(axis=1))))
    close = min(_PART * usual, _WHOLE)
    found = []
    for turned in (new, _mirrored(new)):
        alike = turned @ known.T
        nearest = alike.argmax(axis=1)
        hit = np.flatnonzero(_apart(alike[np.arange(len(new)), nearest]) < close)
        found.append(np.stack([asked[hit], some[nearest[hit]]], axis=1))
    pairs = np.concatenate(found)
    return Twins(pairs[np.unique(pairs[:, 0], return_index=True)[1]], len(asked), usual)


def _apart(alike: NDArray[np.float32]) -> NDArray[np.float32]:
    apart: NDArray[np.float32] = np.sqrt(np.maximum(2.0 - 2.0 * alike, 0.0)).astype(np.float32)
    return apart


def _small(
    images: Rows, places: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Bring images to a few grey pixels of mean 0 and length 1; those without contrast are told."""
    height, width = images.shape[2:]
    tall, wide = min(height, _SIDE), min(width, _SIDE)
    down = np.arange(tall) * height // tall
    over = np.arange(wide) * width // wide
    blocks = []
    for some in np.array_split(places, max(len(places) // 2_000, 1)):
        grey = np.asarray(images[some], np.float32).mean(axis=1)
        grey = np.add.reduceat(grey, down, axis=1) / np.diff(np.append(down, height))[:, None]
        grey = np.add.reduceat(grey, over, axis=2) / np.diff(np.append(over, width))
        blocks.append(grey.reshape(len(some), -1))
    flat = np.concatenate(blocks)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1)
    usable = length > 0.05 * np.median(length) + 1e-9
    return (flat / np.maximum(length, 1e-9)[:, None]).astype(np.float32), usable


def _mirrored(flat: NDArray[np.float32]) -> NDArray[np.float32]:
    side = round(flat.shape[1] ** 0.5)
    if side * side != flat.shape[1]:
        return flat
    return np.ascontiguousarray(flat.reshape(-1, side, side)[:, :, ::-1].reshape(len(flat), -1))


def find_twins(
    train: Rows,
    valid: Rows,
    seed: int = 0,
    called: str = "validation",
    most: int = _TRAINED,
    names: tuple[Callable[[int], object], Callable[[int], object]] = (int, int),
) -> Finding | None:
    """Find validation images that are nearly training images; None for what are no images.

    Parameters
    ----------
    train, valid, seed, most
        As of `twins`.
    called : str
        What the second ones are.
    names : tuple of callable
        What a training and a validation image are called, by their places.
    """
    if train.ndim != 4 or train.shape[1:] != valid.shape[1:] or train.shape[1] not in _CHANNELS:
        return None
    if min(train.shape[2:]) < _LEAST_SIDE:
        return None
    found = twins(train, valid, seed, most)
    if not len(found.pairs):
        return None
    trained, asked = names
    shown = ", ".join(f"{asked(i)} like {trained(j)}" for i, j in found.pairs[:3].tolist())
    told = (
        f"{len(found.pairs):,} of {found.asked:,} {called} images are closer to a training image "
        f"than a quarter of what is usual among these ({shown})"
    )
    loud = len(found.pairs) >= max(_FEW, _TWINS * found.asked)
    return noticed("valid-near-duplicates", told, None if loud else Severity.INFO)


def find_differing(train: Rows, valid: Rows) -> Finding | None:
    """Find validation inputs that are scaled otherwise than training inputs.

    Parameters
    ----------
    train, valid : ndarray, shape (n_rows, ...)
        Of tables the columns are compared, else all numbers together.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(100, 20))
    >>> find_differing(rows, rows * 255).code
    'valid-differs'
    """
    if train.dtype.kind not in "fu" or train.shape[1:] != valid.shape[1:] or len(valid) < 2:
        return None
    known, new = (rows[:: max(len(rows) // 2_000, 1)].astype(np.float64) for rows in (train, valid))
    if train.ndim != 2:
        known, new = known.reshape(-1, 1), new.reshape(-1, 1)
    spread = known.std(axis=0)
    kept = spread > 0
    if not kept.any():
        return None
    spread = spread[kept]
    moved = np.abs(new.mean(axis=0) - known.mean(axis=0))[kept] / spread
    ratio = new.std(axis=0)[kept] / spread
    middle, wider = float(np.median(moved)), float(np.median(ratio))
    if middle < _MOVED and 1 / _WIDER < wider < _WIDER:
        return None
    told = (
        f"validation inputs have {number(wider, 3)} times the spread of training inputs, and a "
        f"mean {number(middle, 3)} standard deviations away"
    )
    return noticed("valid-differs", told)
