"""Images looked at: copies across parts, scales, labels that they say nothing about."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.findings import Finding, Severity
from modelwright.plan.picture_rows import PictureRows

__all__ = ["check_pictures", "doubt_labels", "find_unrelated", "look_at_pictures", "told"]

# Images that nearly equal each other are looked for among so many; among fewer when time is short.
_MANY, _FEW, _SHORT = 6_000, 1_500, 60.0
# So many standard deviations better than with labels in another order, or a net knows nothing.
_KNOWING, _ORDERS = 3.0, 200
_LEAST = 1e-6
_MOST_BYTES = 2**28


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
    """Find what would spoil a training on these images; takes well below a second.

    Parameters
    ----------
    rows : PictureRows
        All images.
    seconds : float
        That are left for everything: with less than a minute fewer images are compared.
    """
    from modelwright.training.diagnostics.overlap import (
        find_copies,
        find_differing,
        row_keys,
    )

    train, valid = _taken(rows, rows.train), _taken(rows, rows.valid)
    most = _MANY if seconds > _SHORT else _FEW
    differing = find_differing(train, valid)
    found = [] if differing is None else [differing]
    parts = [("held-out", rows.valid), *([("test", rows.test)] if len(rows.test) else [])]
    known = set(row_keys(train))
    for called, places in parts:
        others = _taken(rows, places)
        found += find_copies(train, others, called=called, most=most, known=known)
    return tuple(found)


def _taken(rows: PictureRows, places: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Give images evenly over all, as many as memory is worth."""
    every = -(-len(places) * rows.form.size // _MOST_BYTES)
    return rows.pixels[places[:: max(every, 1)]]


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
