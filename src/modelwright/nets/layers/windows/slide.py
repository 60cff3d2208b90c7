"""A window at all its stops at once, one place of it after the other."""

from __future__ import annotations

from collections.abc import Iterator

from modelwright.nets.layers.windows.sizes import Window
from modelwright.nets.library import nn, torch

__all__ = ["slide"]


def slide(
    x: torch.Tensor, window: Window, fill: float = 0.0
) -> Iterator[tuple[int, int, torch.Tensor]]:
    """Give for each place (i, j) of the window what lies under it at every stop.

    At the stop (a, b) the place (i, j) lies on the padded pixel (a s + i d, b s + j d).

    Parameters
    ----------
    x : Tensor of shape (n, channels, rows, columns)
        Images.
    window : Window
        What slides.
    fill : float
        The value of padding.

    Yields
    ------
    i, j : int
        The place, up to the kernel's side.
    seen : Tensor of shape (n, channels, stops, stops)
        The pixels.

    Examples
    --------
    >>> image = torch.arange(9.0).reshape(1, 1, 3, 3)
    >>> [seen.flatten().tolist() for _, _, seen in slide(image, Window(2, stride=1))][:2]
    [[0.0, 1.0, 3.0, 4.0], [1.0, 2.0, 4.0, 5.0]]
    """
    down, across = (window.output(size) for size in x.shape[-2:])
    padded = nn.functional.pad(x, [window.padding] * 4, value=fill)
    for i in range(window.kernel):
        for j in range(window.kernel):
            yield i, j, padded[..., _stops(i, down, window), _stops(j, across, window)]


def _stops(place: int, count: int, window: Window) -> slice:
    first = place * window.dilation
    return slice(first, first + (count - 1) * window.stride + 1, window.stride)
