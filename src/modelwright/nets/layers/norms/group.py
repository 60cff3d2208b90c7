"""Group norm and instance norm: each image by itself, some channels together or each alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

from modelwright.nets.library import nn, torch

__all__ = ["GroupNorm", "InstanceNorm"]


class GroupNorm(nn.GroupNorm):
    """``y = g (x - m) / sqrt(v + e) + b``, over the channels of a group and all their places.

    Each image by itself, so that the size of the batch does not matter (Wu and He 2018). One group
    is layer norm over channels and places; as many groups as channels are instance norm.

    Parameters
    ----------
    channels : int
        Second dimension of what comes in.
    groups : int
        Of channels; where it does not divide `channels`, the greatest common divisor of both is
        taken (8 for 32 groups and 24 channels).
    eps : float
        ``e``.

    Examples
    --------
    >>> layer = GroupNorm(6, groups=3)
    >>> x = torch.randn(2, 6, 4, 4)
    >>> torch.allclose(layer(x), layer.written_out(x), atol=1e-5)
    True
    """

    decays: ClassVar[Mapping[str, float]] = {"weight": 0.0, "bias": 0.0}

    def __init__(self, channels: int, groups: int = 32, *, eps: float = 1e-5) -> None:
        super().__init__(math.gcd(channels, groups), channels, eps=eps)

    def written_out(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, ...) to the same shape as `forward` does."""
        parts = x.reshape(len(x), self.num_groups, -1)
        centred = parts - parts.mean(dim=2, keepdim=True)
        variance = (centred**2).mean(dim=2, keepdim=True)
        normal = (centred / torch.sqrt(variance + self.eps)).reshape(x.shape)
        each = (-1, *[1] * (x.ndim - 2))
        y: torch.Tensor = self.weight.reshape(each) * normal + self.bias.reshape(each)
        return y


class InstanceNorm(nn.InstanceNorm2d):
    """``y = g (x - m) / sqrt(v + e) + b``, over the places of each channel of each image.

    It takes contrast and brightness off, which is style: made for pictures that are drawn anew
    (Ulyanov, Vedaldi and Lempitsky 2016). Where the brightness is what tells classes apart, it
    takes that away too.

    Parameters
    ----------
    channels : int
        Second dimension of what comes in.
    eps : float
        ``e``.

    Examples
    --------
    >>> layer = InstanceNorm(3)
    >>> x = torch.randn(2, 3, 4, 4)
    >>> torch.allclose(layer(x), layer.written_out(x), atol=1e-5)
    True
    """

    decays: ClassVar[Mapping[str, float]] = {"weight": 0.0, "bias": 0.0}

    def __init__(self, channels: int, *, eps: float = 1e-5) -> None:
        super().__init__(channels, eps=eps, affine=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, ...) to the same shape, whatever the number of dimensions."""
        # PyTorch's own takes three dimensions for one image without rows
        return nn.functional.instance_norm(x, weight=self.weight, bias=self.bias, eps=self.eps)

    def written_out(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, ...) to the same shape as `forward` does."""
        places = tuple(range(2, x.ndim))
        centred = x - x.mean(dim=places, keepdim=True)
        variance = (centred**2).mean(dim=places, keepdim=True)
        normal = centred / torch.sqrt(variance + self.eps)
        each = (-1, *[1] * len(places))
        y: torch.Tensor = self.weight.reshape(each) * normal + self.bias.reshape(each)
        return y
