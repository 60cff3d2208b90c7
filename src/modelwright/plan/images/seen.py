"""Which images were learned from: by this model, for its file, and by a backbone before it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from modelwright.acquire.images.listing import IMAGE
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.features.image_marks import marks_of
from modelwright.plan.images.rows import PictureRows
from modelwright.stats.learned_rows import LearnedRows

if TYPE_CHECKING:
    from modelwright.nets.backbone_file import BackboneCard

__all__ = ["learned_images", "seen_before"]

_SCHEMA = Schema((Column(IMAGE, Kind.IMAGE),))
_BLOCK = 2**24  # bytes of images that are hashed at once
# Ways to learn that are told the classes.
_TOLD = ("fit", "supervised")


def seen_before(name: str, card: BackboneCard, rows: PictureRows) -> tuple[str, ...]:
    """Warn of scores that are too good because a backbone knows what is held out.

    With another number of classes it is taken to have learned other images.

    Parameters
    ----------
    name : str
        Of the backbone's file.
    card : BackboneCard
        What it says of itself.
    rows : PictureRows
        The images.
    """
    if card.method not in _TOLD:
        return ()
    same = card.data == rows.digest
    if same and rows.seed in (None, card.seed):  # the same ones were held out
        return ()
    if same and card.seed is not None:
        return (
            f"{name} has learned most of the images that are held out here, with their classes: it "
            f"learned these very images by another draw, and the score of held-out images is too "
            f"good. Take --seed {card.seed} as it did, or put images that it never saw under val/.",
        )
    if not same and card.classes != rows.y.classes:
        return ()
    return (
        f"{name} has learned {card.images:,} images with their classes, as many classes as here: "
        f"if what is held out here was among them (another --seed, or images that came later), the "
        f"scores are too good. Images that it never saw, under val/ and test/, say how good it is.",
    )


def learned_images(rows: PictureRows) -> LearnedRows:
    """Hash the images that a model learned from or was chosen by, for its file.

    Parameters
    ----------
    rows : PictureRows
        The images.
    """
    index = np.concatenate([rows.train, rows.valid])
    learned = LearnedRows.of(_marked([]), (IMAGE,), np.empty(0, np.int64))
    for some in np.array_split(index, max(math.ceil(len(index) * rows.form.size / _BLOCK), 1)):
        learned = learned.also(_marked(marks_of(rows.pixels[some])), rows.y.values[some])
    return learned


def _marked(marks: list[str]) -> Table:
    return Table(pl.DataFrame({IMAGE: pl.Series(marks, dtype=pl.String)}), _SCHEMA)
