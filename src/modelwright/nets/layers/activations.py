"""Bends between linear layers, plain and with a learned strength; and what a bend needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import ClassVar

from modelwright.nets.library import nn, torch

__all__ = ["ACTIVATIONS", "FORMULAS", "Activation", "Traits", "traits"]

_Bend = Callable[[torch.Tensor], torch.Tensor]


def _identity(x: torch.Tensor) -> torch.Tensor:
    return x


ACTIVATIONS: Mapping[str, _Bend] = MappingProxyType(
    {
        "elu": nn.functional.elu,
        "gelu": nn.functional.gelu,
        "identity": _identity,
        "leaky_relu": nn.functional.leaky_relu,
        "mish": nn.functional.mish,
        "relu": torch.relu,
        "selu": nn.functional.selu,
        "sigmoid": torch.sigmoid,
        "silu": nn.functional.silu,
        "softplus": nn.functional.softplus,
        "tanh": torch.tanh,
    }
)
"""ReLU (Nair and Hinton 2010); leaky ReLU (Maas, Hannun and Ng 2013); softplus (Dugas et al. 2001);
ELU (Clevert, Unterthiner and Hochreiter 2016); SELU (Klambauer et al. 2017); GELU (Hendrycks and
Gimpel 2016); SiLU or swish (Elfwing, Uchibe and Doya 2018); Mish (Misra 2019)."""

FORMULAS: Mapping[str, _Bend] = MappingProxyType(
    {
        "elu": lambda x: torch.where(x > 0, x, torch.exp(x.clamp(max=0)) - 1),
        "gelu": lambda x: x * (1 + torch.erf(x / math.sqrt(2))) / 2,
        "identity": _identity,
        "leaky_relu": lambda x: torch.where(x > 0, x, 0.01 * x),
        "mish": lambda x: x * torch.tanh(torch.log1p(torch.exp(x))),
        "relu": lambda x: torch.where(x > 0, x, 0.0),
        "selu": lambda x: (
            1.0507009873554805
            * torch.where(x > 0, x, 1.6732632423543772 * (torch.exp(x.clamp(max=0)) - 1))
        ),
        "sigmoid": lambda x: 1 / (1 + torch.exp(-x)),
        "silu": lambda x: x / (1 + torch.exp(-x)),
        "softplus": lambda x: torch.log1p(torch.exp(x)),
        "tanh": lambda x: (torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x)),
    }
)
"""The same written out, to be read: for large numbers they overflow, `ACTIVATIONS` do not."""


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


@dataclass(frozen=True)
class Traits:
    """What an activation is like, measured from -20 to 20.

    Parameters
    ----------
    linear : bool
        Whether it bends at all: linear layers without a bend between them are one linear layer.
    smooth : bool
        Whether its slope has no jump. A jump at one point does no harm in practice.
    monotone : bool
        Whether more in is never less out.
    low, high : float
        Between what its values lie; infinite where it is not bounded. Bounded ones keep numbers
        small and lose gradients; that is why unbounded ones took over.
    steepest : float
        The largest slope. Below 1, each layer shrinks the gradient: 0.25 of the sigmoid is 1e-6
        after ten of them.
    flat_below, flat_above : bool
        Whether the slope goes to zero for small, or for large inputs. Flat on both sides saturates;
        exactly zero below (ReLU) lets units die.
    at_zero : float
        ``f(0)``: other than 0, the units of the next layer see a mean to correct.
    """

    linear: bool
    smooth: bool
    monotone: bool
    low: float
    high: float
    steepest: float
    flat_below: bool
    flat_above: bool
    at_zero: float

    @property
    def complaints(self) -> tuple[str, ...]:
        """What to expect of it in a deep net; empty when nothing is wrong."""
        found = {
            "it does not bend: all layers together are one linear map": self.linear,
            "it is flat on both sides: gradients vanish": self.flat_below and self.flat_above,
            "its slope is below 1 everywhere: gradients shrink": self.steepest < 0.99,
            "it is not centred: the next layer sees a mean": abs(self.at_zero) > 1e-6,
        }
        return tuple(text for text, true in found.items() if true)


@cache
def traits(name: str) -> Traits:
    """Measure an activation.

    Parameters
    ----------
    name : str
        A key of `ACTIVATIONS`.

    Examples
    --------
    >>> traits("sigmoid").steepest, traits("sigmoid").complaints[0]
    (0.25, 'it is flat on both sides: gradients vanish')
    >>> traits("relu").complaints
    ()
    """
    bend = ACTIVATIONS[name]
    x = torch.linspace(-20.0, 20.0, 40_001, dtype=torch.float64, requires_grad=True)
    y = bend(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    y = y.detach()
    jump = float((slope[1:] - slope[:-1]).abs().max())
    ends = (float(slope[0].abs()), float(slope[-1].abs()))
    return Traits(
        linear=bool((slope - slope[0]).abs().max() < 1e-9),
        smooth=jump < 0.01,
        monotone=bool((slope >= -1e-12).all()),
        low=float(y.min()) if ends[0] < 1e-3 else -math.inf,
        high=float(y.max()) if ends[1] < 1e-3 else math.inf,
        steepest=round(float(slope.max()), 6),
        flat_below=ends[0] < 1e-3,
        flat_above=ends[1] < 1e-3,
        at_zero=float(bend(torch.zeros(1, dtype=torch.float64))),
    )
