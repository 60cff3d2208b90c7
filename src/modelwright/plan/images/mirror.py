"""Whether a mirror image shows the same: asked of predictors that have seen none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.features.picture_numbers import SIDE, describe
from modelwright.plan.images.rows import PictureRows
from modelwright.plan.images.split import first_of_copies

__all__ = ["Knowledge", "Mirror", "ask_gradients", "compare", "decide", "shows_the_same"]

_TAKEN = (
    "nothing is known yet of mirror images: they are taken to show the same, as photographs in "
    "colour do. If left and right tell classes apart, give it more time or more images."
)

# What is known counts from so many standard errors above naming the commonest class.
_SURE = 3.0
# A mirror image shows the same when it loses at most this share of what is known.
_LOST = 0.15
# Images whose gradients are looked at.
_ROWS = 600
# Penalties of the ridge regression that are tried, as shares of the mean variance.
_PENALTIES = (10.0, 1.0, 0.1)
_TINY = 1e-9  # of images that are all the same

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Knowledge:
    """What a predictor says of images that it has not seen, and of their mirror images.

    Parameters
    ----------
    plain, turned : float
        Its accuracy on the images, and on their mirror images.
    usual : float
        The share of the commonest class.
    error : float
        The standard error of the difference of the two accuracies.
    rows : int
        How many images were asked about.
    """

    plain: float
    turned: float
    usual: float
    error: float
    rows: int

    @property
    def known(self) -> bool:
        """Whether it knows enough to be asked."""
        chance = math.sqrt(self.usual * (1 - self.usual) / self.rows)
        return self.plain - self.usual > _SURE * chance

    @property
    def same(self) -> bool:
        """Whether it knows mirror images as well, up to chance."""
        lost = self.plain - self.turned
        return lost <= _LOST * (self.plain - self.usual) + self.error


@dataclass(frozen=True)
class Mirror:
    """Whether mirror images are taken to show the same.

    Parameters
    ----------
    same : bool
        What is taken.
    asked : tuple of Knowledge
        Of whom it is known.
    notes : tuple of str
        What the user should know.
    """

    same: bool
    asked: tuple[Knowledge, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> list[dict[str, float]]:
        """Give what each that was asked knows."""
        return [asdict(each) for each in self.asked]


def decide(rows: PictureRows, net: Knowledge, seed: int) -> Mirror:
    """Decide by what a net knows of mirror images, and then by what gradients know.

    Where nobody knows anything, those of images in colour are taken to show the same.

    Parameters
    ----------
    rows : PictureRows
        The images.
    net : Knowledge
        Of a net that has seen no mirror image.
    seed : int
        Of the images whose gradients are looked at.
    """
    asked: tuple[Knowledge, ...] = (net,)
    if shows_the_same(asked) is not False:  # a net of seconds may not see directions yet
        asked += (ask_gradients(rows, seed),)
    found = shows_the_same(asked)
    if found is not None:
        return Mirror(found, asked)
    colour = rows.form.channels == 3
    return Mirror(colour, asked, (_TAKEN,) if colour else ())


def compare(right: Flags, turned: Flags, codes: NDArray[np.int64]) -> Knowledge:
    """Compare which images were answered rightly with which mirror images were.

    Parameters
    ----------
    right, turned : ndarray of bool, shape (n_rows,)
        Of the images, and of their mirror images.
    codes : ndarray of int64, shape (n_rows,)
        Their classes.

    Examples
    --------
    >>> codes = np.arange(400) % 2
    >>> arrows = compare(np.full(400, True), np.full(400, False), codes)
    >>> arrows.known, arrows.same
    (True, False)
    """
    rows = len(codes)
    changed = float((right != turned).sum())
    usual = float(np.bincount(codes).max()) / rows
    return Knowledge(
        float(right.mean()), float(turned.mean()), usual, math.sqrt(changed) / rows, rows
    )


def shows_the_same(asked: Sequence[Knowledge]) -> bool | None:
    """Whether all who know anything know mirror images as well; None when nobody knows anything.

    Parameters
    ----------
    asked : sequence of Knowledge
        Of several predictors.
    """
    known = [each.same for each in asked if each.known]
    return all(known) if known else None


def ask_gradients(rows: PictureRows, seed: int) -> Knowledge:
    """Ask a linear model of gradients and colours by place, each image by all others.

    It knows directions from a few hundred images, where a net that has seen them for a few seconds
    does not yet. Leaving one image out of a ridge regression has a closed form (Hastie et al. 2009,
    7.52), and so has what is then said of another view of it.

    Parameters
    ----------
    rows : PictureRows
        The images that may be learned from or chosen by.
    seed : int
        Of those that are looked at.
    """
    places = np.concatenate([rows.train, rows.valid])
    if len(places) > _ROWS:
        places = np.random.default_rng(seed).choice(places, _ROWS, replace=False)
    # a copy tells of its image, and not of the mirror image of it
    places = places[first_of_copies(rows.pixels, places) == np.arange(len(places))]
    codes = rows.y.values[places]
    pixels = _sized(rows.pixels[places])
    plain, turned = (describe(p).astype(np.float64) for p in (pixels, pixels[..., ::-1]))
    mean, spread = plain.mean(axis=0), np.maximum(plain.std(axis=0), 1.0)
    wanted = np.eye(rows.y.classes)[codes]
    said, said_turned = _left_out((plain - mean) / spread, (turned - mean) / spread, wanted)
    return compare(said.argmax(axis=1) == codes, said_turned.argmax(axis=1) == codes, codes)


def _sized(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring images to the size and the colours that are described."""
    height, width = pixels.shape[2:]
    down, across = (np.arange(SIDE) * side // SIDE for side in (height, width))
    sized = pixels[:, :, down][:, :, :, across]
    return np.broadcast_to(sized, (len(sized), 3, SIDE, SIDE))


def _left_out(x: Floats, other: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """Say of each row, and of another view of it, what a ridge regression on the others says."""
    values, vectors = np.linalg.eigh(x.T @ x)
    x, other = x @ vectors, other @ vectors
    mean = wanted.mean(axis=0)
    rotated = x.T @ (wanted - mean)
    found = list[tuple[float, Floats, Floats]]()
    for penalty in _PENALTIES:
        shrunk = 1 / (np.maximum(values, 0.0) + penalty * max(float(values.mean()), _TINY))
        lever = (x * x * shrunk).sum(axis=1, keepdims=True)
        error = (wanted - mean - x * shrunk @ rotated) / (1 - lever)
        across = (x * other * shrunk).sum(axis=1, keepdims=True)
        found.append(
            (
                float((error**2).mean()),
                wanted - error,
                other * shrunk @ rotated - across * error + mean,
            )
        )
    _, said, said_of_other = min(found, key=lambda each: each[0])
    return said, said_of_other
