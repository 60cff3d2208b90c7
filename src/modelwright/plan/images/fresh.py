"""The score on images under test/: once, at the end, and told when it was done before."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace

from modelwright.core.result import FreshScore
from modelwright.evaluate import Metric, bootstrap_interval
from modelwright.model import Model
from modelwright.plan.findings.judging import looked
from modelwright.plan.images.net import Trained, answers_of
from modelwright.plan.images.rows import PictureRows

__all__ = ["digest_of_tested", "score_fresh"]


def score_fresh(
    model: Model,
    best: Trained,
    rows: PictureRows,
    metric: Metric,
    name: str,
    looks: Callable[[str], int],
) -> Model:
    """Score the images under test/, and write it into the card; without any the model stays.

    Parameters
    ----------
    model : Model
        The final one.
    best : Trained
        Its net.
    rows : PictureRows
        All images.
    metric : Metric
        What decides.
    name : str
        What the images are called.
    looks : callable
        Says in how many earlier runs those of a digest were scored.
    """
    if not len(rows.test):
        return model
    y, digest = rows.y.rows(rows.test), digest_of_tested(rows)
    p = model.calibration.apply(answers_of(rows, best.fitted, rows.test))
    low, high = bootstrap_interval(metric, y, p, seconds=0.5)
    known = math.isfinite(low)
    score = FreshScore(
        metric.name, metric.score(y, p), low if known else None, high if known else None,
        len(y), len(y), looks(digest), digest, name,
    )  # fmt: skip
    notes = (*model.card.notes, *looked(score, "images", "scores of held-out images"))
    return replace(model, card=replace(model.card, test=score, notes=notes))


def digest_of_tested(rows: PictureRows) -> str:
    """Hash the pixels and classes of the images under test/, whatever their names and order.

    Images that are added elsewhere make no new ones of them.

    Parameters
    ----------
    rows : PictureRows
        All images.
    """
    keys = []
    for place in rows.test.tolist():
        name = rows.task.classes[int(rows.y.values[place])]
        found = hashlib.blake2b(rows.pixels[place].tobytes(), digest_size=16)
        found.update(str(name).encode("utf-8", "surrogateescape"))
        keys.append(found.digest())
    return hashlib.blake2b(b"".join(sorted(keys)), digest_size=16).hexdigest()
