"""Which ways of changing images are used, each on its own."""

from __future__ import annotations

import math
from dataclasses import dataclass

from modelwright.core.errors import OptionError
from modelwright.nets.library import torch
from modelwright.training.augmentation import colours, mixing, places
from modelwright.training.batches import Examples

__all__ = ["Augmentation"]

# How strong each may be at most.
_MOST = {
    "shift": math.inf,
    "rotation": 180.0,
    "crop": 0.99,
    "jitter": 0.99,
    "elastic": math.inf,
    "exposure": 1.0,
    "colour": 1.0,
    "noise": 255.0,
    "erasing": 1.0,
    "mixup": math.inf,
    "cutmix": math.inf,
}
_WHITE = 255.0


@dataclass(frozen=True)
class Augmentation:
    """Each way of changing images with its strength; 0 leaves it out.

    Used as ``Changed(rows, Augmentation(flip=True, shift=2))``. The order is that of the fields.
    Exposure, colour and noise take pixels from 0 to 255; what normalises them belongs behind.

    Parameters
    ----------
    flip : bool
        Mirror half of the images, left for right.
    shift : int
        Pixels.
    rotation : float
        Degrees.
    crop : float
        The share of the area that may be cut away.
    jitter : float
        The share by which sides are stretched or squeezed.
    elastic : float
        Pixels.
    exposure, colour : float
        Shares.
    noise : float
        Of 255.
    erasing : float
        The share of the area that is wiped out.
    mixup, cutmix : float
        Alpha of the shares; with both of them either is used for a batch, by chance.
    classes : int
        How many there are; `mixup` and `cutmix` need to know.

    Raises
    ------
    OptionError
        When a strength is out of its range; when called, for pixels that are not from 0 to 255.

    Examples
    --------
    >>> rows = Examples((torch.zeros(4, 1, 8, 8, dtype=torch.uint8),), torch.arange(4))
    >>> Augmentation(flip=True, shift=1)(rows).inputs[0].dtype
    torch.uint8
    >>> Augmentation(mixup=0.2, classes=4)(rows).targets.shape
    torch.Size([4, 4])
    """

    flip: bool = False
    shift: int = 0
    rotation: float = 0.0
    crop: float = 0.0
    jitter: float = 0.0
    elastic: float = 0.0
    exposure: float = 0.0
    colour: float = 0.0
    noise: float = 0.0
    erasing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    classes: int = 0

    def __post_init__(self) -> None:
        """Refuse strengths that mean nothing."""
        for name, most in _MOST.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                end = "or more" if math.isinf(most) else f"to {most:g}"
                raise OptionError(f"{name} of 0 {end}", f"{value}")
        if (self.mixup or self.cutmix) and self.classes < 2:
            got = f"classes={self.classes}"
            raise OptionError("the number of classes beside mixup and cutmix", got)

    def __call__(self, batch: Examples) -> Examples:
        """Change the images of a batch, and its answers where images are mixed."""
        if self.exposure or self.colour or self.noise:
            _check_pixels(batch.inputs[0])
        x = self._lit(self._placed(batch.inputs[0]))
        if self.erasing:
            x = mixing.erasing(x, self.erasing)
        x, targets = self._mixed(x, batch.targets)
        return Examples((x, *batch.inputs[1:]), targets, batch.weight)

    def _placed(self, x: torch.Tensor) -> torch.Tensor:
        if self.flip:
            x = places.flip(x)
        if self.shift:
            x = places.shift(x, self.shift)
        if self.rotation:
            x = places.rotation(x, self.rotation)
        if self.crop:
            x = places.crop(x, 1 - self.crop)
        if self.jitter:
            x = places.jitter(x, self.jitter)
        if self.elastic:
            x = places.elastic(x, self.elastic)
        return x

    def _lit(self, x: torch.Tensor) -> torch.Tensor:
        if self.exposure:
            x = colours.exposure(x, self.exposure)
        if self.colour:
            x = colours.colour(x, self.colour)
        if self.noise:
            x = colours.noise(x, self.noise)
        return x

    def _mixed(self, x: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if not (self.mixup or self.cutmix):
            return x, targets
        shares = mixing.one_hot(targets, self.classes)
        cut = bool(self.cutmix) and (not self.mixup or bool(torch.rand(()) < 0.5))
        if cut:
            return mixing.cutmix(x, shares, self.cutmix)
        return mixing.mixup(x, shares, self.mixup)


def _check_pixels(x: torch.Tensor) -> None:
    """Refuse images whose pixels were divided or normalised before."""
    if x.dtype == torch.uint8 or not x.numel():
        return
    low, high = float(x.min()), float(x.max())
    if low < 0 or 0 < high <= 1 or high > _WHITE:
        got = f"numbers from {low:.3g} to {high:.3g}"
        cure = "augment first, normalise after"
        raise OptionError("pixels from 0 to 255 for exposure, colour and noise", got, cure)
