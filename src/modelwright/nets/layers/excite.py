"""Squeeze and excite: channels turned up and down by what the whole image shows."""

from __future__ import annotations

from modelwright.nets.layers.activations import ACTIVATIONS
from modelwright.nets.layers.windows import Convolution, Window, global_average
from modelwright.nets.library import nn, torch

__all__ = ["SqueezeExcite"]


class SqueezeExcite(nn.Module):
    """``y = x * sigmoid(W2 f(W1 mean(x) + b1) + b2)``, a factor for each channel of each image.

    Hu, Shen and Sun 2018, "Squeeze-and-excitation networks". Names and shapes of the weights are
    those of EfficientNet in timm: two convolutions of one pixel.

    Parameters
    ----------
    channels : int
        In and out.
    squeezed : int
        Channels between.
    activation : str
        A key of `ACTIVATIONS`: ``f``.

    Examples
    --------
    >>> SqueezeExcite(8, 2)(torch.randn(4, 8, 5, 5)).shape
    torch.Size([4, 8, 5, 5])
    """

    def __init__(self, channels: int, squeezed: int, activation: str = "silu") -> None:
        super().__init__()
        self.conv_reduce = Convolution(channels, squeezed, Window(1))
        self.conv_expand = Convolution(squeezed, channels, Window(1))
        self.bend = ACTIVATIONS[activation]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Weigh channels: (n, channels, rows, columns) to the same shape."""
        squeezed = global_average(x)[:, :, None, None]
        factor = torch.sigmoid(self.conv_expand(self.bend(self.conv_reduce(squeezed))))
        return x * factor
