"""The multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from modelwright.nets.init import initialise
from modelwright.nets.layers.activations import Activation
from modelwright.nets.layers.dense import Dense
from modelwright.nets.layers.dropping import Dropout
from modelwright.nets.layers.norms.make import make_norm
from modelwright.nets.library import nn, torch

__all__ = ["MLP"]


class MLP(nn.Module):
    """``h <- f(N(h W' + b))`` for each hidden layer, then a linear one.

    With one hidden layer and an activation that is no polynomial it comes as near to any continuous
    function on a bounded set as wanted, if it is wide enough (Cybenko 1989; Leshno et al. 1993).
    First weights by He et al. 2015.

    Parameters
    ----------
    inputs : int
        Numbers a row; an image is taken as the row of its pixels.
    widths : sequence of int
        Units of the hidden layers; none: a linear model.
    classes : int
        Outputs.
    activation : str
        A key of `ACTIVATIONS`: ``f``.
    norm : str
        A key of `NORMS`: ``N``.
    dropout : float
        The share of hidden units that is dropped.

    Examples
    --------
    >>> net = MLP(28 * 28, [128, 64], classes=10)
    >>> net(torch.randn(5, 1, 28, 28)).shape
    torch.Size([5, 10])
    """

    head_name: ClassVar[str] = "head"

    def __init__(
        self,
        inputs: int,
        widths: Sequence[int],
        *,
        classes: int,
        activation: str = "relu",
        norm: str = "none",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        sizes = [inputs, *widths]
        self.hidden = nn.ModuleList(
            nn.Sequential(
                Dense(a, b, bias=norm == "none"),
                make_norm(norm, b),
                Activation(activation),
                Dropout(dropout),
            )
            for a, b in pairwise(sizes)
        )
        self.head = Dense(sizes[-1], classes)
        initialise(self, activation=activation)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, ...) to the last hidden units, (n, width)."""
        x = x.flatten(1)
        for layer in self.hidden:
            x = layer(x)
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, ...) to raw scores, (n, classes)."""
        y: torch.Tensor = self.head(self.embed(x))
        return y
