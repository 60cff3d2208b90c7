"""Whether a backbone has learned the images that are held out here, with their classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelwright.plan.picture_rows import PictureRows

if TYPE_CHECKING:
    from modelwright.nets.backbone_file import BackboneCard

__all__ = ["seen_before"]

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
