"""What a small picture looks like, in some hundred numbers that need no training.

Gradients by direction and place (Dalal and Triggs 2005), colours by place, how often each colour
comes, and four plain words: brightness, contrast, colour, sharpness.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PLAIN", "SIDE", "SIZE", "describe"]

SIDE = 64
"""Pixels a side of a picture that is described."""

PLAIN = ("brightness", "contrast", "colour", "sharpness")
"""The numbers that stand first, and mean something by themselves."""

_CELL, _DIRECTIONS = 8, 8
_CELLS = SIDE // _CELL
_GRID, _SHADES = 4, 4
SIZE = len(PLAIN) + _CELLS**2 * _DIRECTIONS + 3 * _GRID**2 + _SHADES**3
"""How many numbers there are."""

# No direction counts for more than this share of what is around (Dalal and Triggs 2005).
_CLIPPED = 0.2
# What a contrast, a colourfulness and a sharpness of 255 are, in steps of a pixel.
_MOST = (127.5, 160.0, 64.0)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)

Floats = NDArray[np.float32]


def describe(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Describe pictures.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, 3, 64, 64)
        Red, green and blue.

    Returns
    -------
    ndarray of uint8, shape (n, 628)
        `PLAIN` first; then gradients in eight directions of 8 x 8 cells, each as its share of
        what is around; the mean colours of a 4 x 4 grid; the roots of the shares of 64 colours.

    Examples
    --------
    >>> white = np.full((1, 3, 64, 64), 255, np.uint8)
    >>> describe(white)[0, :4].tolist()
    [255, 0, 0, 0]
    """
    colours = pixels.astype(np.float32)
    grey = np.einsum("nchw,c->nhw", colours, _LUMA)
    parts = [_plain(colours, grey), _directions(grey), _places(colours), _shades(pixels)]
    numbers = np.concatenate([part.reshape(len(pixels), -1) for part in parts], axis=1)
    found: NDArray[np.uint8] = np.rint(np.clip(numbers, 0, 255)).astype(np.uint8)
    return found


def _plain(colours: Floats, grey: Floats) -> Floats:
    """Give brightness, contrast, colourfulness (Hasler and Süsstrunk 2003) and sharpness."""
    red, green, blue = colours[:, 0], colours[:, 1], colours[:, 2]
    one, other = red - green, (red + green) / 2 - blue
    spread = np.sqrt(one.var(axis=(1, 2)) + other.var(axis=(1, 2)))
    mean = np.sqrt(one.mean(axis=(1, 2)) ** 2 + other.mean(axis=(1, 2)) ** 2)
    inner = grey[:, 1:-1, 1:-1]
    around = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    edges = np.abs(4 * inner - around).mean(axis=(1, 2))
    told = (grey.std(axis=(1, 2)), spread + 0.3 * mean, edges)
    scaled = [255 * values / most for values, most in zip(told, _MOST, strict=True)]
    return np.stack([grey.mean(axis=(1, 2)), *scaled], axis=1)


def _directions(grey: Floats) -> Floats:
    """Give how much of the gradient of each cell points where: (n, cells, cells, directions)."""
    wide = np.pad(grey, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = wide[:, 1:-1, 2:] - wide[:, 1:-1, :-2]
    down = wide[:, 2:, 1:-1] - wide[:, :-2, 1:-1]
    size = np.hypot(across, down)
    # a light edge and a dark one count alike; each gradient is shared by the two nearest directions
    turn = np.arctan2(down, across) * np.float32(_DIRECTIONS / np.pi) % _DIRECTIONS
    cells = np.empty((len(grey), _CELLS, _CELLS, _DIRECTIONS), np.float32)
    for i in range(_DIRECTIONS):
        away = np.abs(turn - i)
        near = np.clip(1 - np.minimum(away, _DIRECTIONS - away), 0, None)
        cells[..., i] = _summed(near * size, _CELL)
    return _shares(cells) * np.float32(255 / _CLIPPED)


def _shares(cells: Floats) -> Floats:
    """Divide each cell by what it and its neighbours have, in the four blocks that it is in."""
    energy = np.pad((cells**2).sum(axis=3), ((0, 0), (1, 1), (1, 1)), mode="edge")
    pairs = energy[:, :-1] + energy[:, 1:]
    blocks = np.sqrt(pairs[:, :, :-1] + pairs[:, :, 1:]) + np.float32(_CELL**2)
    total = np.zeros_like(cells)
    for down in (0, 1):
        for across in (0, 1):
            block = blocks[:, down : down + _CELLS, across : across + _CELLS, None]
            total += np.minimum(cells / block, np.float32(_CLIPPED), dtype=np.float32)
    return total / np.float32(4)


def _places(colours: Floats) -> Floats:
    """Give the mean colour of each field of a grid: (n, 3, grid, grid)."""
    side = SIDE // _GRID
    return _summed(colours, side) / np.float32(side**2)


def _shades(pixels: NDArray[np.uint8]) -> Floats:
    """Give the root of the share of each colour: (n, shades ** 3)."""
    steps = (pixels // (256 // _SHADES)).astype(np.int64)
    codes = (steps[:, 0] * _SHADES + steps[:, 1]) * _SHADES + steps[:, 2]
    kinds = _SHADES**3
    rows = np.arange(len(pixels))[:, None, None] * kinds
    counts = np.bincount((codes + rows).ravel(), minlength=len(pixels) * kinds)
    return np.sqrt(counts.reshape(-1, kinds) / SIDE**2).astype(np.float32) * np.float32(255)


def _summed(values: Floats, side: int) -> Floats:
    """Sum squares of so many pixels a side: (..., height / side, width / side)."""
    *outer, height, width = values.shape
    fields = values.reshape(*outer, height // side, side, width // side, side)
    total: NDArray[Any] = fields.sum(axis=(-3, -1))
    return total
