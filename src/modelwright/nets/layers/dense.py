"""The plain linear layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from modelwright.nets.library import nn, torch

__all__ = ["Dense"]


class Dense(nn.Linear):
    """``y = x W' + b``: every output sees every input (Rosenblatt 1958).

    Weights are of shape (outputs, inputs), as in PyTorch. Biases do not decay.

    Parameters
    ----------
    inputs, outputs : int
        Widths.
    bias : bool
        Add ``b``.

    Examples
    --------
    >>> layer = Dense(3, 2)
    >>> x = torch.randn(5, 3)
    >>> torch.allclose(layer(x), layer.written_out(x), atol=1e-6)
    True
    """

    decays: ClassVar[Mapping[str, float]] = {"bias": 0.0}

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True) -> None:
        super().__init__(inputs, outputs, bias=bias)

    def written_out(self, x: torch.Tensor) -> torch.Tensor:
        """Map (..., inputs) to (..., outputs) as `forward` does."""
        y = (x[..., None, :] * self.weight).sum(dim=-1)
        return y if self.bias is None else y + self.bias
