"""How light and colours are: images brightened, dulled, tinted and made noisy."""

from __future__ import annotations

from modelwright.nets.library import torch

__all__ = ["colour", "exposure", "noise"]

# The shares of red, green and blue in what the eye sees as light (ITU-R BT.601).
_LIGHT = (0.299, 0.587, 0.114)


def exposure(x: torch.Tensor, most: float = 0.2) -> torch.Tensor:
    """Make each image brighter or darker, and its contrast stronger or weaker.

    Parameters
    ----------
    x : Tensor, shape (n_rows, channels, height, width)
    most : float
        By up to this share, both of them.

    Examples
    --------
    >>> bright = exposure(torch.full((8, 1, 2, 2), 100.0), 0.5).flatten(1)
    >>> bool((bright >= 49.9).all() and (bright <= 150.1).all())
    True
    """
    pixels = x.float()
    light = pixels * _factor(len(x), most)
    mean = light.mean(dim=(1, 2, 3), keepdim=True)
    return ((light - mean) * _factor(len(x), most) + mean).clamp(0, 255)


def colour(x: torch.Tensor, most: float = 0.2) -> torch.Tensor:
    """Make the colours of each image stronger or weaker, and tint it.

    Parameters
    ----------
    x : Tensor, shape (n_rows, channels, height, width)
        An image of one channel has no colours: it stays as it is.
    most : float
        By up to this share; a tint is half as strong.

    Examples
    --------
    >>> grey = torch.full((2, 1, 2, 2), 100.0)
    >>> bool((colour(grey) == grey).all())
    True
    """
    if x.shape[1] != 3:
        return x
    pixels = x.float()
    shares = torch.tensor(_LIGHT)[None, :, None, None]
    grey = (pixels * shares).sum(dim=1, keepdim=True)
    strong = (pixels - grey) * _factor(len(x), most) + grey
    tint = 1 + (torch.rand(len(x), 3, 1, 1) - 0.5) * most
    return (strong * tint).clamp(0, 255)


def noise(x: torch.Tensor, strength: float = 8.0) -> torch.Tensor:
    """Add noise to every pixel, of another strength in each image.

    Parameters
    ----------
    x : Tensor, shape (n_rows, channels, height, width)
    strength : float
        The largest standard deviation, of 255.

    Examples
    --------
    >>> bool(noise(torch.zeros(2, 1, 4, 4)).min() >= 0)
    True
    """
    each = torch.rand(len(x), 1, 1, 1) * strength
    return (x.float() + each * torch.randn(x.shape)).clamp(0, 255)


def _factor(count: int, most: float) -> torch.Tensor:
    return 1 + (2 * torch.rand(count, 1, 1, 1) - 1) * most
