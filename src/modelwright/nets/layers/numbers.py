"""Numbers as vectors, so that a net sees more of a column than one straight line.

Both kinds are from Gorishniy, Rubachev and Babenko 2022, "On embeddings for numerical features in
tabular deep learning".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

from modelwright.nets.library import nn, torch

__all__ = ["PeriodicEmbedding", "PiecewiseEmbedding"]


class PeriodicEmbedding(nn.Module):
    """``y = (x, V cos(2 pi w x + c) + b)`` for each number ``x``: PBLD, as in RealMLP.

    Waves of learned frequencies ``w`` and phases ``c``, a linear map of them, and the number itself
    beside (periodic, bias, linear, densely connected; Holzmüller et al. 2024). It learns ten times
    slower than the rest of the net.

    Parameters
    ----------
    numbers : int
        Columns.
    waves : int
        Frequencies a column.
    width : int
        Outputs a column, of which the first is the number.
    spread : float
        The standard deviation of the first frequencies.

    Examples
    --------
    >>> PeriodicEmbedding(5)(torch.zeros(2, 5)).shape
    torch.Size([2, 20])
    """

    rates: ClassVar[Mapping[str, float]] = {
        "frequency": 0.1, "phase": 0.1, "mix": 0.1, "offset": 0.1,
    }  # fmt: skip

    def __init__(self, numbers: int, waves: int = 16, width: int = 4, spread: float = 0.1) -> None:
        super().__init__()
        bound = 1.0 / math.sqrt(waves)
        self.frequency = nn.Parameter(spread * torch.randn(numbers, waves))
        self.phase = nn.Parameter(math.pi * (2 * torch.rand(numbers, waves) - 1))
        self.mix = nn.Parameter(bound * (2 * torch.rand(numbers, waves, width - 1) - 1))
        self.offset = nn.Parameter(bound * (2 * torch.rand(numbers, width - 1) - 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n_rows, numbers) to (n_rows, numbers * width)."""
        waves = torch.cos(2 * math.pi * x[:, :, None] * self.frequency + self.phase)
        mixed = torch.einsum("ncw,cwo->nco", waves, self.mix) + self.offset
        return torch.cat([x[:, :, None], mixed], dim=2).flatten(1)


class PiecewiseEmbedding(nn.Module):
    """``y = u x + b + V ple(x)`` for each number ``x``, straight pieces between given edges.

    ``ple(x)_i = min(max((x - left_i) / width_i, 0), 1)``: which bins lie below ``x``, and how far
    it is through its own. Beyond the outer edges it is flat, where the paper goes on straight: a
    wild value cannot explode. ``V`` is zero at first: pieces bend only where the rows ask for it.

    Parameters
    ----------
    left, width : Tensor of shape (numbers, bins)
        Where each bin of each column begins, and how wide it is. A column with fewer bins has
        others that begin where no value lies.
    outputs : int
        Outputs a column.

    Examples
    --------
    >>> PiecewiseEmbedding(torch.zeros(5, 1), torch.ones(5, 1), 4)(torch.zeros(2, 5)).shape
    torch.Size([2, 20])
    """

    left: torch.Tensor
    width: torch.Tensor

    def __init__(self, left: torch.Tensor, width: torch.Tensor, outputs: int) -> None:
        super().__init__()
        numbers, bins = left.shape
        bound = 1.0 / math.sqrt(outputs)
        self.register_buffer("left", left)
        self.register_buffer("width", width)
        self.slope = nn.Parameter(bound * (2 * torch.rand(numbers, outputs) - 1))
        self.offset = nn.Parameter(bound * (2 * torch.rand(numbers, outputs) - 1))
        self.mix = nn.Parameter(torch.zeros(numbers, bins, outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n_rows, numbers) to (n_rows, numbers * outputs)."""
        through = ((x[:, :, None] - self.left) / self.width).clamp(0.0, 1.0)
        bent = torch.einsum("ncb,cbo->nco", through, self.mix)
        return (bent + x[:, :, None] * self.slope + self.offset).flatten(1)
