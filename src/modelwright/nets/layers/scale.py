"""A factor for each input: what the net may turn up, down or off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from modelwright.nets.library import nn, torch

__all__ = ["Scale"]


class Scale(nn.Module):
    """``y = s * x``, with one learned factor ``s`` for each input, 1 at first.

    As the first layer of a net it is a soft selection of features. Its rate is six times that of
    the other weights (Holzmüller, Grinsztajn and Steinwart 2024, "Better by default", RealMLP).

    Parameters
    ----------
    width : int
        Inputs.

    Examples
    --------
    >>> Scale(2)(torch.tensor([[3.0, 4.0]])).tolist()
    [[3.0, 4.0]]
    """

    rates: ClassVar[Mapping[str, float]] = {"factor": 6.0}

    def __init__(self, width: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scale: (..., width) to the same shape."""
        return x * self.factor
