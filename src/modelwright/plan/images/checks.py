"""Images looked at: copies across parts, scales, labels that they say nothing about."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.findings import Finding, Severity
from modelwright.core.picture_place import short_place
from modelwright.plan.images.rows import PictureRows

__all__ = ["check_pictures", "doubt_labels", "find_unrelated", "look_at_pictures", "told"]

# Images that nearly equal each other are looked for among so many; among fewer when time is short.
_MANY, _FEW, _SHORT = 6_000, 1_500, 60.0
# So many standard deviations better than with labels in another order, or a net knows nothing.
_KNOWING, _ORDERS = 3.0, 200
_LEAST = 1e-6
# Bytes of pixels: at most to compare, to hash for each second (a twentieth of it), and in a block.
_MOST_BYTES, _HASHED, _BLOCK = 2**28, 2**26, 2**24


def look_at_pictures(rows: PictureRows, seconds: float) -> tuple[list[str], dict[str, Any]]:
    """Give what `check_pictures` finds as notes for the user, and as facts for the run.

    Parameters
    ----------
    rows, seconds
        As of `check_pictures`.
    """
    found = check_pictures(rows, seconds)
    notes = [told(one) for one in found if one.severity is not Severity.INFO]
    return notes, {"findings": [one.to_json() for one in found]}


def doubt_labels(
    rows: PictureRows, said: NDArray[np.float32]
) -> tuple[list[str], list[dict[str, Any]]]:
    """Give what `find_unrelated` finds as notes for the user, and as findings for the run.

    Parameters
    ----------
    rows, said
        As of `find_unrelated`.
    """
    found = find_unrelated(rows, said)
    return ([told(found)], [found.to_json()]) if found is not None else ([], [])


def told(found: Finding) -> str:
    """Say a finding about rows in the words of who has images."""
    said = f"{found.evidence[:1].upper()}{found.evidence[1:]}: {found.cure}"
    return re.sub(r"\brow(s?)\b", r"image\1", said)


def check_pictures(rows: PictureRows, seconds: float) -> tuple[Finding, ...]:
    """Find what would spoil a training on these images; takes at most a small part of the time.

    Copies to the bit are looked for among all images, or so many as the time allows; images that
    are nearly equal among some.

    Parameters
    ----------
    rows : PictureRows
        All images.
    seconds : float
        That are left for everything: with less than a minute fewer images are compared.
    """
    from modelwright.training.diagnostics.overlap import (
        NARROW,
        find_differing,
        find_twins,
        judge_overlap,
    )

    some = _evenly(rows, rows.train, _MOST_BYTES)
    train = rows.pixels[some]
    most = _MANY if seconds > _SHORT else _FEW
    found = [find_differing(train, rows.pixels[_evenly(rows, rows.valid, _MOST_BYTES)])]
    hashed = max(_HASHED * min(seconds, 1e9), _MOST_BYTES)
    keyed = _evenly(rows, rows.train, hashed)
    known = set(_keys(rows, keyed)) if rows.form.size >= NARROW else set()
    parts = [("held-out", rows.valid), *([("test", rows.test)] if len(rows.test) else [])]
    for called, places in parts:
        asked = _evenly(rows, places, hashed)
        fresh = asked[[key not in known for key in _keys(rows, asked)]]
        same, looked = len(asked) - len(fresh), (len(asked), len(places))
        found.append(judge_overlap(same, looked, (len(keyed), len(rows.train)), called))
        others = _evenly(rows, fresh, _MOST_BYTES)
        if len(others):
            called = f"other {called}" if same else called
            names = _names(rows, some), _names(rows, others)
            found.append(find_twins(train, rows.pixels[others], 0, called, most, names))
    return tuple(one for one in found if one is not None)


def _evenly(rows: PictureRows, places: NDArray[np.int64], most_bytes: float) -> NDArray[np.int64]:
    """Give places evenly over all, as many as their pixels may be."""
    return places[:: max(math.ceil(len(places) * rows.form.size / most_bytes), 1)]


def _keys(rows: PictureRows, places: NDArray[np.int64]) -> list[int]:
    """Hash images, a part of which is in memory."""
    from modelwright.training.diagnostics.overlap import row_keys

    parts = np.array_split(places, max(math.ceil(len(places) * rows.form.size / _BLOCK), 1))
    return [key for some in parts for key in row_keys(rows.pixels[some])]


def _names(rows: PictureRows, places: NDArray[np.int64]) -> Callable[[int], str]:
    """Say what each of some images is called."""
    return lambda i: short_place(rows.names[places[i]])


def find_unrelated(rows: PictureRows, said: NDArray[np.float32]) -> Finding | None:
    """Tell when neither a net, nor the nearest image, nor a linear model knows anything.

    Parameters
    ----------
    rows : PictureRows
        All images.
    said : ndarray of float32, shape (n_valid, n_classes)
        The net's probabilities for the held-out images.
    """
    from modelwright.nets.library import torch
    from modelwright.training.batches import Examples
    from modelwright.training.diagnostics.case import Answers
    from modelwright.training.diagnostics.labels import related

    if _knows(said, rows.y.values[rows.valid]):
        return None
    some = rows.train[:: max(len(rows.train) // 2_500, 1)]
    pixels = torch.from_numpy(np.ascontiguousarray(rows.pixels[some]))
    examples = Examples((pixels,), torch.from_numpy(rows.y.values[some]))
    found = related(examples, Answers.CLASSES).finding()
    return found and replace(found, cure="look at some images of each class.")


def _knows(said: NDArray[np.float32], y: NDArray[np.int64]) -> bool:
    """Whether a net finds labels likelier than the same labels in any other order."""
    sure = np.log(np.maximum(said, _LEAST))
    rng = np.random.default_rng(0)
    rows = np.arange(len(y))
    own = float(sure[rows, y].mean())
    others = [float(sure[rows, rng.permutation(y)].mean()) for _ in range(_ORDERS)]
    return own - float(np.mean(others)) > _KNOWING * max(float(np.std(others)), _LEAST)
