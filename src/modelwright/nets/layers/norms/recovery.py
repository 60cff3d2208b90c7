"""Recovery by a small net: scale and shift are not learned once, but said for each row."""

from __future__ import annotations

from modelwright.nets.layers.dense import Dense
from modelwright.nets.library import nn, torch

__all__ = ["NetRecovery"]


class NetRecovery(nn.Module):
    """``y = (1 + G c + g) * x + H c + h`` after a norm, with ``c`` what the row is about.

    In place of one ``g`` and ``b`` for all rows a dense layer makes them for each: of the row
    itself (``c`` is the mean of its channels; Jia, Chen and Chen 2019, "Instance-level meta
    normalization"), or of a condition such as a class or a time (feature-wise linear modulation;
    Perez et al. 2018). The layer is zero at first, so that a net begins with the plain norm.

    Parameters
    ----------
    channels : int
        Second dimension of what comes in.
    condition : int
        Width of the condition; 0: the row's own mean, before the norm.
    norm : nn.Module
        A norm without recovery of its own, or with one.

    Examples
    --------
    >>> layer = NetRecovery(3, nn.BatchNorm2d(3, affine=False))
    >>> x = torch.randn(4, 3, 5, 5)
    >>> torch.allclose(layer(x), layer.norm(x), atol=1e-6)
    True
    """

    def __init__(self, channels: int, norm: nn.Module, condition: int = 0) -> None:
        super().__init__()
        self.norm = norm
        self.dense = Dense(condition or channels, 2 * channels)
        nn.init.zeros_(self.dense.weight)
        nn.init.zeros_(self.dense.bias)

    def forward(self, x: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
        """Map (n, channels, ...) to the same shape, by a condition of shape (n, width) if any."""
        if condition is None:
            condition = x.flatten(2).mean(dim=2) if x.ndim > 2 else x
        scale, shift = self.dense(condition).chunk(2, dim=1)
        each = (*scale.shape, *[1] * (x.ndim - 2))
        y: torch.Tensor = self.norm(x) * (1.0 + scale.reshape(each)) + shift.reshape(each)
        return y
