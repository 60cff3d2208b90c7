"""Images worth looking at: mistakes, what is confused, what a net is shown, labels to doubt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire.images.listing import IMAGE
from modelwright.core.picture_place import short_place
from modelwright.core.pictures import Pictures, Thumbnail
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.weaknesses import LabelDoubts
from modelwright.label import describe_doubts, label_noise
from modelwright.model import Model
from modelwright.plan.images.net import Trained, augmentation_of
from modelwright.plan.images.rows import PictureRows
from modelwright.plan.images.seen import learned_images
from modelwright.plan.images.split import first_of_copies

__all__ = ["shown_in"]

_MISTAKES, _PAIRS, _EACH, _SAMPLES = 24, 8, 4, 24
# Examples that are shown with what their answers rest on, and how dark the rest of one becomes.
_EXAMPLES, _DARK = 8, 0.15
_SIDE = 48  # of a thumbnail, at most


def shown_in(model: Model, rows: PictureRows, best: Trained, p: NDArray[np.float32]) -> Model:
    """Put the images of the report, doubts of labels, and what was learned from, into a model.

    Parameters
    ----------
    model : Model
        The final one, with its evidence.
    rows : PictureRows
        All images.
    best : Trained
        The net that was taken.
    p : ndarray of float32, shape (n_valid, n_classes)
        What it says of the held-out images.
    """
    # a fit on images takes its first step the sooner without these
    from modelwright.plan.findings.verdict import shown_to_help
    from modelwright.plan.findings.weaknesses import labels_note

    assert model.evidence is not None  # every fit on images writes some
    doubts = _doubts(rows, p)
    if doubts is not None and not shown_to_help(model):
        doubts = doubts.withdrawn()
    weak = replace(model.evidence.weak, labels=doubts)
    evidence = replace(model.evidence, pictures=_pictures(rows, best, p), weak=weak)
    if len(evidence.y) == len(rows.valid):  # all are kept
        evidence = replace(evidence, group=_copies(rows))
    notes = (*model.card.notes, *labels_note(doubts))
    card = replace(model.card, notes=notes)
    return replace(model, evidence=evidence, card=card, learned=learned_images(rows))


def _copies(rows: PictureRows) -> NDArray[np.int32] | None:
    """Group held-out images that are the same, which say as much as one; None without any."""
    first = first_of_copies(rows.pixels, rows.valid)
    return None if (first == np.arange(len(first))).all() else first.astype(np.int32)


def _doubts(rows: PictureRows, p: NDArray[np.float32]) -> LabelDoubts | None:
    """Say which labels of held-out images are to be doubted; None for too few of them."""
    from modelwright.plan.findings.weaknesses import FEWEST

    if len(rows.valid) < FEWEST:
        return None
    y = rows.y.rows(rows.valid)
    places = pl.DataFrame({IMAGE: [rows.names[row] for row in rows.valid.tolist()]})
    table = Table(places, Schema((Column(IMAGE, Kind.IMAGE),)))
    return describe_doubts(label_noise(p, y.values), y, rows.task, rows.valid, table, (IMAGE,))


def _pictures(rows: PictureRows, best: Trained, p: NDArray[np.float32]) -> Pictures:
    """Choose images for the report."""
    y = rows.y.values[rows.valid]
    said = p.argmax(axis=1)
    sure = p.max(axis=1)
    wrong = np.flatnonzero(said != y)
    order = wrong[np.argsort(p[wrong, y[wrong]], kind="stable")]  # the least probable truth first
    chosen = [("mistake", i) for i in order[:_MISTAKES].tolist()]
    chosen += [("confusion", i) for i in _confused(y, said, order)]
    shown = [
        Thumbnail(
            kind, short_place(rows.names[rows.valid[i]]), int(y[i]), int(said[i]), float(sure[i])
        )
        for kind, i in chosen
    ]
    pixels = rows.pixels[rows.valid[[i for _, i in chosen]]] if chosen else rows.pixels[:0]
    samples, more = _augmented(rows, best)
    lit, examples = _looked(rows, best, y, said, sure)
    step = -(-max(rows.form.height, rows.form.width) // _SIDE)
    together = np.concatenate([np.asarray(pixels), samples, lit])[:, :, ::step, ::step]
    facts = {
        "net": f"groups of {', '.join(map(str, best.spec.widths))} channels",
        "batch": f"{best.spec.batch} images",
        "mirror images": "show the same" if best.spec.mirrored else "are not the same",
        **best.facts,
    }
    every = (*shown, *more, *examples)
    return Pictures(tuple(best.curve), every, np.ascontiguousarray(together), facts)


def _confused(y: NDArray[np.int64], said: NDArray[np.int64], order: NDArray[np.int64]) -> list[int]:
    """Take a few of each of the commonest confusions."""
    pairs: dict[tuple[int, int], list[int]] = {}
    for i in order.tolist():
        pairs.setdefault((int(y[i]), int(said[i])), []).append(i)
    ranked = sorted(pairs.values(), key=len, reverse=True)[:_PAIRS]
    return [i for members in ranked for i in members[:_EACH]]


def _looked(
    rows: PictureRows,
    best: Trained,
    y: NDArray[np.int64],
    said: NDArray[np.int64],
    sure: NDArray[np.float32],
) -> tuple[NDArray[np.uint8], list[Thumbnail]]:
    """Give images of several classes, each with itself, dark where the answer does not rest on it.

    Half of them are the surest of those that are right, half the surest of those that are wrong.
    """
    order = np.argsort(-sure, kind="stable")
    right, wrong = order[said[order] == y[order]], order[said[order] != y[order]]
    each = [_one_a_class(some, y)[: _EXAMPLES // 2] for some in (right, wrong)]
    places = np.concatenate(each).astype(np.int64)
    pixels = np.ascontiguousarray(rows.pixels[rows.valid[places]])
    if not len(places):
        return pixels, []
    heat = best.fitted.saliency(pixels, said[places])[:, None]
    lit = (pixels * (_DARK + (1 - _DARK) * heat)).astype(np.uint8)
    told = [
        Thumbnail(
            kind, short_place(rows.names[rows.valid[i]]), int(y[i]), int(said[i]), float(sure[i])
        )
        for i in places.tolist()
        for kind in ("example", "saliency")
    ]
    return np.stack([pixels, lit], axis=1).reshape(-1, *pixels.shape[1:]), told


def _one_a_class(order: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.int64]:
    """Put the first of each class before the others."""
    first = np.zeros(len(order), bool)
    first[np.unique(y[order], return_index=True)[1]] = True
    return np.concatenate([order[first], order[~first]])


def _augmented(rows: PictureRows, best: Trained) -> tuple[NDArray[np.uint8], list[Thumbnail]]:
    """Give some training images as they entered the net."""
    from modelwright.nets.library import reproducible, torch
    from modelwright.training.batches import Examples

    places = rows.train[np.linspace(0, len(rows.train) - 1, _SAMPLES).astype(np.int64)]
    batch = Examples(
        (torch.from_numpy(np.ascontiguousarray(rows.pixels[places])),),
        torch.from_numpy(rows.y.values[places]),
    )
    with reproducible(0, torch.get_num_threads()):
        changed = augmentation_of(rows, best.spec)(batch).inputs[0].float()
    codes = rows.y.values[places].tolist()
    told = [
        Thumbnail("augmented", short_place(rows.names[place]), code, code, 1.0)
        for place, code in zip(places.tolist(), codes, strict=True)
    ]
    return changed.round().clamp(0, 255).to(torch.uint8).numpy(), told
