"""Pooling: the largest, or the mean, of what a window sees, channel by channel."""

from __future__ import annotations

import math

from modelwright.core.errors import OptionError
from modelwright.nets.layers.windows.sizes import Window
from modelwright.nets.layers.windows.slide import slide
from modelwright.nets.library import nn, torch

__all__ = ["AveragePool", "MaxPool", "global_average"]


class MaxPool(nn.MaxPool2d):
    """``y[a, b] = max_{i, j} x[a s + i d - p, b s + j d - p]``.

    A small shift of the image changes little (Riesenhuber and Poggio 1999). Padding is never the
    largest. The gradient goes to the largest place alone.

    Parameters
    ----------
    window : Window
        Kernel, stride, padding (at most half of the kernel), dilation.

    Examples
    --------
    >>> MaxPool(Window(2, stride=2))(torch.arange(16.0).reshape(1, 1, 4, 4)).flatten().tolist()
    [5.0, 7.0, 13.0, 15.0]
    """

    def __init__(self, window: Window) -> None:
        super().__init__(window.kernel, window.stride, window.padding, window.dilation)
        self.window = window

    def written_out(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, rows, columns) as `forward` does."""
        seen = [part for _, _, part in slide(x, self.window, fill=-math.inf)]
        return torch.stack(seen).amax(dim=0)


class AveragePool(nn.AvgPool2d):
    """``y[a, b] = mean_{i, j} x[a s + i - p, b s + j - p]`` (LeCun et al. 1990).

    Parameters
    ----------
    window : Window
        Kernel, stride, padding; no dilation.
    padding_counts : bool
        Divide by all places of the kernel, padding too; else by the pixels that are there.

    Examples
    --------
    >>> AveragePool(Window(2, stride=2))(torch.arange(16.0).reshape(1, 1, 4, 4)).flatten().tolist()
    [2.5, 4.5, 10.5, 12.5]
    """

    def __init__(self, window: Window, *, padding_counts: bool = True) -> None:
        if window.dilation != 1:
            raise OptionError("a dilation of 1 for average pooling", str(window.dilation))
        super().__init__(
            window.kernel, window.stride, window.padding, count_include_pad=padding_counts
        )
        self.window = window

    def written_out(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, rows, columns) as `forward` does."""
        total = torch.stack([part for _, _, part in slide(x, self.window)]).sum(dim=0)
        if self.count_include_pad:
            return total / self.window.kernel**2
        there = torch.ones_like(x[:1, :1])
        return total / torch.stack([part for _, _, part in slide(there, self.window)]).sum(dim=0)


def global_average(x: torch.Tensor) -> torch.Tensor:
    """Give the mean of each channel: (n, channels, rows, columns) to (n, channels).

    What stands between the last convolution and the classifier, so that a net takes images of any
    size (Lin, Chen and Yan 2014, "Network in network").

    Examples
    --------
    >>> global_average(torch.ones(2, 3, 4, 4)).shape
    torch.Size([2, 3])
    """
    return x.mean(dim=(2, 3))
