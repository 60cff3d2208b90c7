"""Bends between linear layers, plain and with a learned strength."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar

from modelwright.nets.library import nn, torch

__all__ = ["ACTIVATIONS", "Activation"]

ACTIVATIONS: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = MappingProxyType(
    {
        "relu": nn.functional.relu,
        "selu": nn.functional.selu,
        "mish": nn.functional.mish,
    }
)
"""ReLU; SELU (Klambauer et al. 2017); Mish, x tanh(log(1 + exp x)) (Misra 2019)."""


class Activation(nn.Module):
    """``y = f(x)``, or ``y = x + a (f(x) - x)`` with a learned strength ``a`` for each unit.

    A strength of 1, the first, is ``f``; 0 is a linear unit; above 1 bends more than ``f`` (the
    parametric activations of RealMLP, Holzmüller et al. 2024; they learn ten times slower).

    Parameters
    ----------
    name : str
        A key of `ACTIVATIONS`.
    width : int
        Units with a strength of their own; 0: plain.

    Examples
    --------
    >>> Activation("relu")(torch.tensor([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    rates: ClassVar[Mapping[str, float]] = {"strength": 0.1}

    def __init__(self, name: str, width: int = 0) -> None:
        super().__init__()
        self.name = name
        self.strength = nn.Parameter(torch.ones(width)) if width else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Bend: (..., width) to the same shape."""
        bent = ACTIVATIONS[self.name](x)
        return bent if self.strength is None else x + self.strength * (bent - x)
