"""Convolution, as nets mean it: a weighted sum under a sliding window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from modelwright.nets.layers.windows.sizes import Window
from modelwright.nets.layers.windows.slide import slide
from modelwright.nets.library import nn, torch

__all__ = ["Convolution"]


class Convolution(nn.Conv2d):
    r"""``y[o, a, b] = c[o] + sum_{i, j, k} W[o, k, i, j] x[k, a s + i d - p, b s + j d - p]``.

    Each output channel ``o`` adds up what its kernel sees in all input channels ``k`` (in its own
    group of them). The kernel is not flipped: in mathematics this is a cross-correlation (LeCun et
    al. 1989; dilation: Yu and Koltun 2016; groups: Krizhevsky, Sutskever and Hinton 2012). With as
    many groups as channels it is depthwise, with a window of 1 it mixes channels only.

    Weights are of shape (outputs, inputs / groups, kernel, kernel), under the names of PyTorch.
    Biases do not decay.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    window : Window
        Kernel, stride, padding, dilation.
    groups : int
        Parts of the channels that do not see each other; divides both numbers of channels.
    bias : bool
        Add ``c``. A norm right after it takes a constant off again: leave it out there.

    Examples
    --------
    >>> layer = Convolution(3, 8, Window(3, stride=2, padding=1))
    >>> x = torch.randn(4, 3, 32, 32)
    >>> layer(x).shape
    torch.Size([4, 8, 16, 16])
    >>> torch.allclose(layer(x), layer.written_out(x), atol=1e-5)
    True
    """

    decays: ClassVar[Mapping[str, float]] = {"bias": 0.0}

    def __init__(
        self, inputs: int, outputs: int, window: Window, *, groups: int = 1, bias: bool = True
    ) -> None:
        super().__init__(
            inputs,
            outputs,
            window.kernel,
            stride=window.stride,
            padding=window.padding,
            dilation=window.dilation,
            groups=groups,
            bias=bias,
        )
        self.window = window

    def written_out(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, rows, columns) as `forward` does, a place of the kernel at a time."""
        weight = self.weight.reshape(self.groups, -1, *self.weight.shape[1:])
        total: torch.Tensor | None = None
        for i, j, seen in slide(x, self.window):
            parts = seen.reshape(len(seen), self.groups, -1, *seen.shape[2:])
            term = torch.einsum("ngkab,gok->ngoab", parts, weight[..., i, j])
            total = term if total is None else total + term
        assert total is not None  # a window has at least one place
        y = total.flatten(1, 2)
        return y if self.bias is None else y + self.bias[:, None, None]
