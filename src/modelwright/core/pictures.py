"""What is kept of a fit on images, so that a report can show it without the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CurvePoint", "Pictures", "Thumbnail"]

KINDS = ("mistake", "confusion", "augmented", "example", "saliency")
_MOST_PIXELS = 2**24


@dataclass(frozen=True)
class CurvePoint:
    """A net after an epoch.

    Parameters
    ----------
    epoch : float
        How often it had seen its rows.
    loss : float
        The mean loss of the epoch's batches: augmented, with smoothed labels.
    valid_loss, valid_accuracy : float
        On validation images.
    seconds : float
        Since the training began.
    """

    epoch: float
    loss: float
    valid_loss: float
    valid_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Thumbnail:
    """A small image with what is known of it.

    Parameters
    ----------
    kind : str
        Why it is shown: ``"mistake"``, ``"confusion"``, ``"augmented"``, ``"example"``, or
        ``"saliency"``: the example before it, bright where the answer rests on it.
    name : str
        Its place in the folder.
    true, said : int
        Codes of its class and of the answer.
    p : float
        The probability of the answer.
    """

    kind: str
    name: str
    true: int
    said: int
    p: float


@dataclass(frozen=True)
class Pictures:
    """Curves of a training, and images worth looking at.

    Parameters
    ----------
    curve : tuple of CurvePoint
        Of the net that predicts.
    thumbnails : tuple of Thumbnail
        In the order of `pixels`.
    pixels : ndarray of uint8, shape (n, channels, height, width)
        The thumbnails.
    facts : mapping of str to str
        What was done, in words: the net, the machine, the augmentation.

    Examples
    --------
    >>> shown = Pictures((CurvePoint(1.0, 2.0, 1.5, 0.4, 3.0),))
    >>> config, arrays = shown.export()
    >>> Pictures.restore(config, arrays) == shown
    True
    """

    curve: tuple[CurvePoint, ...] = ()
    thumbnails: tuple[Thumbnail, ...] = ()
    pixels: NDArray[np.uint8] = field(
        default_factory=lambda: np.empty((0, 1, 1, 1), np.uint8), compare=False
    )
    facts: Mapping[str, str] = field(default_factory=dict)

    def export(self) -> tuple[dict[str, Any], NDArray[np.uint8]]:
        """Give plain JSON and the pixels."""
        config = {
            "curve": [asdict(point) for point in self.curve],
            "thumbnails": [asdict(one) for one in self.thumbnails],
            "facts": dict(self.facts),
        }
        return config, self.pixels

    @classmethod
    def restore(cls, config: Mapping[str, Any], pixels: NDArray[Any]) -> Pictures:
        """Rebuild what `export` gave.

        Raises
        ------
        LookupError, TypeError or ValueError
            When it is unsound.
        """
        names = ("epoch", "loss", "valid_loss", "valid_accuracy", "seconds")
        curve = tuple(CurvePoint(*(_finite(p[name]) for name in names)) for p in config["curve"])
        shown = tuple(_thumbnail(item) for item in config["thumbnails"])
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.size > _MOST_PIXELS:
            raise ValueError("thumbnails of a strange form")
        if len(pixels) != len(shown) or pixels.shape[1] not in (1, 3):
            raise ValueError("thumbnails of another number, or of strange colours")
        facts = {str(key): str(value) for key, value in dict(config["facts"]).items()}
        return cls(curve, shown, pixels, facts)


def _thumbnail(item: Mapping[str, Any]) -> Thumbnail:
    if item["kind"] not in KINDS:
        raise ValueError("a thumbnail of an unknown kind")
    true, said = int(item["true"]), int(item["said"])
    if min(true, said) < 0:
        raise ValueError("a thumbnail of no class")
    return Thumbnail(str(item["kind"]), str(item["name"]), true, said, _finite(item["p"]))


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"{value!r:.40} is no finite number")
    return float(value)
