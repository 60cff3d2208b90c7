"""Layer norm and RMS norm: each row, or each place of it, by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from modelwright.nets.library import nn, torch

__all__ = ["LayerNorm", "RMSNorm"]


class LayerNorm(nn.LayerNorm):
    """``y = g (x - m) / sqrt(v + e) + b``, mean and variance over the last dimension of each place.

    No row sees another and nothing is remembered, so that training and evaluation are the same, and
    sequences may be of any length (Ba, Kiros and Hinton 2016). For images it is a `GroupNorm` of
    one group.

    Parameters
    ----------
    width : int
        The last dimension.
    eps : float
        ``e``.

    Examples
    --------
    >>> layer = LayerNorm(4)
    >>> x = torch.randn(2, 7, 4)
    >>> torch.allclose(layer(x), layer.written_out(x), atol=1e-6)
    True
    """

    decays: ClassVar[Mapping[str, float]] = {"weight": 0.0, "bias": 0.0}

    def __init__(self, width: int, *, eps: float = 1e-5) -> None:
        super().__init__(width, eps=eps)

    def written_out(self, x: torch.Tensor) -> torch.Tensor:
        """Map (..., width) to the same shape as `forward` does."""
        centred = x - x.mean(dim=-1, keepdim=True)
        variance = (centred**2).mean(dim=-1, keepdim=True)
        return self.weight * centred / torch.sqrt(variance + self.eps) + self.bias


class RMSNorm(nn.RMSNorm):
    """``y = g x / sqrt(mean(x^2) + e)``: the size alone, without taking the mean off.

    Zhang and Sennrich 2019, "Root mean square layer normalization": as good as layer norm in
    Transformers, and cheaper.

    Parameters
    ----------
    width : int
        The last dimension.
    eps : float
        ``e``.

    Examples
    --------
    >>> RMSNorm(2)(torch.tensor([[3.0, 4.0]])).tolist()
    [[0.8485, 1.1314]]
    """

    decays: ClassVar[Mapping[str, float]] = {"weight": 0.0}

    def __init__(self, width: int, *, eps: float = 1e-6) -> None:
        super().__init__(width, eps=eps)

    def written_out(self, x: torch.Tensor) -> torch.Tensor:
        """Map (..., width) to the same shape as `forward` does."""
        size = torch.sqrt((x**2).mean(dim=-1, keepdim=True) + (self.eps or 0.0))
        return self.weight * x / size
