"""Where things are: images shifted, turned, mirrored, zoomed and bent."""

from __future__ import annotations

import math

from modelwright.nets.library import nn, torch

__all__ = ["crop", "elastic", "flip", "jitter", "rotation", "shift"]

# Images bent at a time: the grid of so many stays in the cache.
_CHUNK = 256


def flip(x: torch.Tensor, share: float = 0.5) -> torch.Tensor:
    """Mirror a share of the images, left for right.

    Parameters
    ----------
    x : Tensor, shape (n_rows, channels, height, width)
    share : float
        In [0, 1].

    Examples
    --------
    >>> x = torch.tensor([[[[1, 2, 3]]]])
    >>> flip(x, 1.0).flatten().tolist()
    [3, 2, 1]
    """
    turned = torch.rand(len(x)) < share
    return torch.where(turned[:, None, None, None], x.flip(3), x)


def shift(x: torch.Tensor, most: int = 2, *, mirrored: bool = True) -> torch.Tensor:
    """Move each image by up to so many pixels, upwards or downwards and to a side.

    Parameters
    ----------
    x : Tensor, shape (n_rows, channels, height, width)
    most : int
        Pixels.
    mirrored : bool
        What moves in is the image mirrored at its edge; else the pixels of the edge.

    Examples
    --------
    >>> shift(torch.arange(36.0).reshape(1, 1, 6, 6), 2).shape
    torch.Size([1, 1, 6, 6])
    """
    height, width = x.shape[2:]
    rows = _moved(len(x), height, most, mirrored)
    columns = _moved(len(x), width, most, mirrored)
    # One gather a direction: contiguous rows first, which are copied whole.
    picked = torch.arange(len(x))[:, None]
    upright = x.transpose(1, 2)[picked, rows].transpose(1, 2)
    return upright.gather(3, columns[:, None, None, :].expand(*upright.shape))


def _moved(count: int, length: int, most: int, mirrored: bool) -> torch.Tensor:
    """Say for each image which line of pixels stands in each place."""
    reach = min(most, length - 1)
    at = torch.arange(length) + torch.randint(-reach, reach + 1, (count, 1))
    if not mirrored:
        return at.clamp(0, length - 1)
    at = at.abs()
    return torch.where(at > length - 1, 2 * (length - 1) - at, at)


def rotation(x: torch.Tensor, degrees: float = 10.0) -> torch.Tensor:
    """Turn each image by an angle up to so many degrees, about its centre.

    Parameters
    ----------
    x : Tensor, shape (n_rows, channels, height, width)
    degrees : float
        The largest angle, either way.

    Examples
    --------
    >>> rotation(torch.full((1, 1, 5, 5), 7.0), 30.0)[0, 0, 2, 2].item()
    7.0
    """
    angle = _between(len(x), -degrees, degrees) * (math.pi / 180)
    cos, sin = angle.cos(), angle.sin()
    ratio = x.shape[2] / x.shape[3]
    zero = torch.zeros_like(cos)
    rows = (torch.stack([cos, -sin * ratio, zero], 1), torch.stack([sin / ratio, cos, zero], 1))
    return _warped(x, torch.stack(rows, 1))


def crop(x: torch.Tensor, least: float = 0.7) -> torch.Tensor:
    """Enlarge a part of each image to the whole.

    Parameters
    ----------
    x : Tensor, shape (n_rows, channels, height, width)
    least : float
        The least share of the area that the part has; its form is that of the image.

    Examples
    --------
    >>> crop(torch.full((2, 3, 8, 8), 9.0), 0.5).round().unique().tolist()
    [9.0]
    """
    side = _between(len(x), least, 1.0).sqrt()
    return _zoomed(x, side, side, 1 - side, 1 - side)


def jitter(x: torch.Tensor, most: float = 0.1) -> torch.Tensor:
    """Stretch and squeeze height and width of each image, each for itself.

    Parameters
    ----------
    x : Tensor, shape (n_rows, channels, height, width)
    most : float
        By up to this share.

    Examples
    --------
    >>> jitter(torch.full((2, 1, 8, 8), 9.0), 0.2)[:, :, 4, 4].flatten().tolist()
    [9.0, 9.0]
    """
    low, high = 1 / (1 + most), 1 + most
    still = torch.zeros(len(x))
    return _zoomed(x, _between(len(x), low, high), _between(len(x), low, high), still, still)


def _zoomed(
    x: torch.Tensor, wide: torch.Tensor, high: torch.Tensor, aside: torch.Tensor, up: torch.Tensor
) -> torch.Tensor:
    """Look at parts of so many shares of the sides, moved at random by at most so much."""
    right = aside * _between(len(x), -1.0, 1.0)
    down = up * _between(len(x), -1.0, 1.0)
    zero = torch.zeros_like(wide)
    rows = (torch.stack([wide, zero, right], 1), torch.stack([zero, high, down], 1))
    return _warped(x, torch.stack(rows, 1))


def elastic(x: torch.Tensor, strength: float = 1.5, smooth: int = 4) -> torch.Tensor:
    """Bend each image by a smooth field of random arrows (Simard, Steinkraus and Platt 2003).

    Parameters
    ----------
    x : Tensor, shape (n_rows, channels, height, width)
    strength : float
        Standard deviation of the arrows, in pixels.
    smooth : int
        Pixels between two arrows that are drawn; those between are interpolated.

    Examples
    --------
    >>> elastic(torch.full((2, 1, 12, 12), 3.0))[:, :, 5:7, 5:7].round().unique().tolist()
    [3.0]
    """
    height, width = x.shape[2:]
    knots = (max(height // smooth, 2), max(width // smooth, 2))
    arrows = torch.randn(len(x), 2, *knots) * strength
    field = nn.functional.interpolate(arrows, (height, width), mode="bicubic", align_corners=False)
    scale = torch.tensor([2.0 / width, 2.0 / height])
    straight = torch.eye(2, 3).expand(len(x), 2, 3)
    grid = nn.functional.affine_grid(straight, [*x.shape], align_corners=False)
    return _sampled(x, grid + field.permute(0, 2, 3, 1) * scale)


def _warped(x: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """Look up each pixel where an affine map of (n_rows, 2, 3) says."""
    return _sampled(x, nn.functional.affine_grid(maps, [*x.shape], align_corners=False))


def _sampled(x: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    pieces = [
        nn.functional.grid_sample(some.float(), at, padding_mode="border", align_corners=False)
        for some, at in zip(torch.split(x, _CHUNK), torch.split(grid, _CHUNK), strict=True)
    ]
    return torch.cat(pieces)


def _between(count: int, low: float, high: float) -> torch.Tensor:
    return torch.rand(count) * (high - low) + low
