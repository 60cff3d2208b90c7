"""Images looked at before a long training: copies across parts, scales, labels that say nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.findings import Finding, Severity
from modelwright.plan.picture_rows import PictureRows

__all__ = ["check_pictures", "look_at_pictures"]

# Images that nearly equal each other are looked for among so many; among fewer when time is short.
_MANY, _FEW, _SHORT = 6_000, 1_500, 60.0
# So many standard deviations above the commonest class, or the quick net knows nothing.
_KNOWING = 2.5
_MOST_BYTES = 2**28


def look_at_pictures(
    rows: PictureRows, said: NDArray[np.float32], seconds: float
) -> tuple[list[str], dict[str, Any]]:
    """Give what `check_pictures` finds as notes for the user, and as facts for the run.

    Parameters
    ----------
    rows, said, seconds
        As of `check_pictures`.
    """
    found = check_pictures(rows, said, seconds)
    notes = [
        f"{one.evidence[:1].upper()}{one.evidence[1:]}: {one.cure}"
        for one in found
        if one.severity is not Severity.INFO
    ]
    return notes, {"findings": [one.to_json() for one in found]}


def check_pictures(
    rows: PictureRows, said: NDArray[np.float32], seconds: float
) -> tuple[Finding, ...]:
    """Find what would spoil a training on these images; takes well below a second.

    Parameters
    ----------
    rows : PictureRows
        All images.
    said : ndarray of float32, shape (n_valid, n_classes)
        What the quick net says of the held-out images.
    seconds : float
        That are left for everything: with less than a minute fewer images are compared.
    """
    from modelwright.training.diagnostics.overlap import (
        find_differing,
        find_overlap,
        find_twins,
        row_keys,
    )

    train, valid = _taken(rows, rows.train), _taken(rows, rows.valid)
    most = _MANY if seconds > _SHORT else _FEW
    found = [find_differing(train, valid)]
    parts = [("held-out", rows.valid), *([("test", rows.test)] if len(rows.test) else [])]
    known = set(row_keys(train))
    for called, places in parts:
        others = _taken(rows, places)
        same = find_overlap(train, others, called, known)
        found.append(same)
        if same is None or same.severity is Severity.INFO:
            found.append(find_twins(train, others, called=called, most=most))
    found.append(_unrelated(rows, said))
    return tuple(one for one in found if one is not None)


def _taken(rows: PictureRows, places: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Give images evenly over all, as many as memory is worth."""
    every = -(-len(places) * rows.form.size // _MOST_BYTES)
    return rows.pixels[places[:: max(every, 1)]]


def _unrelated(rows: PictureRows, said: NDArray[np.float32]) -> Finding | None:
    """Tell when neither the quick net, nor the nearest image, nor a linear model knows anything."""
    from modelwright.nets.library import torch
    from modelwright.training.batches import Examples
    from modelwright.training.diagnostics.case import Answers
    from modelwright.training.diagnostics.labels import related

    y = rows.y.values[rows.valid]
    share = float(np.bincount(y).max() / len(y))
    right = float((said.argmax(axis=1) == y).mean())
    if right - share > _KNOWING * np.sqrt(share * (1 - share) / len(y)):
        return None
    some = rows.train[:: max(len(rows.train) // 2_500, 1)]
    pixels = torch.from_numpy(np.ascontiguousarray(rows.pixels[some]))
    examples = Examples((pixels,), torch.from_numpy(rows.y.values[some]))
    return related(examples, Answers.CLASSES).finding()
