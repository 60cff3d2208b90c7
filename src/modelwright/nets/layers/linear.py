"""A linear layer whose weights all have the size of one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

from modelwright.nets.library import nn, torch

__all__ = ["NTKLinear"]


class NTKLinear(nn.Module):
    r"""``y = x W / sqrt(inputs) + b``, with weights and biases from a standard normal.

    The division that other layers put into the first draw of ``W`` stays a part of the formula (the
    neural tangent parametrisation; Jacot, Gabriel and Hongler 2018), so that one rate suits layers
    of any width. Biases learn ten times slower and do not decay (RealMLP, Holzmüller et al. 2024).

    Parameters
    ----------
    inputs, outputs : int
        Widths.
    zero : bool
        Begin with zeros: a last layer whose first answer is the same for every row.

    Examples
    --------
    >>> NTKLinear(3, 2, zero=True)(torch.ones(4, 3)).shape
    torch.Size([4, 2])
    """

    rates: ClassVar[Mapping[str, float]] = {"bias": 0.1}
    decays: ClassVar[Mapping[str, float]] = {"bias": 0.0}

    def __init__(self, inputs: int, outputs: int, *, zero: bool = False) -> None:
        super().__init__()
        self.shrink = 1.0 / math.sqrt(inputs)
        draw = torch.zeros if zero else torch.randn
        self.weight = nn.Parameter(draw(inputs, outputs))
        self.bias = nn.Parameter(draw(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n_rows, inputs) to (n_rows, outputs)."""
        return torch.addmm(self.bias, x, self.weight, alpha=self.shrink)

    @torch.no_grad()
    def suit(self, x: torch.Tensor) -> torch.Tensor:
        """Begin anew so that, on these rows, every output has unit variance and bends inside them.

        Columns of ``W`` are divided by the standard deviation of what they give; each bias is minus
        a random mean of five of its outputs (``std`` and ``he+5`` of RealMLP; the second is from
        Steinwart 2019, "A sober look at neural network initializations").

        Parameters
        ----------
        x : Tensor of shape (n_rows, inputs)
            Some training rows, as this layer gets them.

        Returns
        -------
        Tensor of shape (n_rows, outputs)
            What the layer makes of them now.
        """
        self.weight.normal_()
        y = (x @ self.weight) * self.shrink
        spread = y.std(dim=0, correction=0).clamp_min(1e-6)
        self.weight.div_(spread)
        y = y / spread
        rows = torch.randint(len(y), (5, y.shape[1]))
        share = -torch.log(torch.rand(5, y.shape[1]).clamp_min(1e-12))
        self.bias.copy_(-(y.gather(0, rows) * share).sum(dim=0) / share.sum(dim=0))
        return y + self.bias
