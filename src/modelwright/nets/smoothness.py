"""How smooth the loss is along the step that a net is about to take."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from modelwright.core.errors import OptionError
from modelwright.nets.library import nn, torch

__all__ = ["Smoothness", "smoothness"]


@dataclass(frozen=True)
class Smoothness:
    """What happens along a step of several lengths, after Santurkar et al. 2018, figure 4.

    Parameters
    ----------
    loss : float
        Where the net is.
    losses : tuple of float
        After a step of each length, against the gradient.
    turn : float
        The largest distance between the gradient here and after a step, over the gradient's size:
        how much of what the gradient says is still true there. Far below 1: smooth.
    bend : float
        The largest change of the gradient for the way gone: the ``beta`` of beta-smoothness along
        this line.
    """

    loss: float
    losses: tuple[float, ...]
    turn: float
    bend: float

    @property
    def spread(self) -> float:
        """The highest minus the lowest loss along the step."""
        return max(self.losses) - min(self.losses)


def smoothness(
    net: nn.Module, loss: Callable[[nn.Module], torch.Tensor], rates: Sequence[float]
) -> Smoothness:
    """Measure how the loss and its gradient change along the gradient.

    Parameters
    ----------
    net : nn.Module
        Not changed.
    loss : callable
        Gives the loss of a net on one batch, always the same one, without randomness.
    rates : sequence of float
        Learning rates of plain gradient descent to look at, above zero.

    Returns
    -------
    Smoothness

    Raises
    ------
    OptionError
        When there is no rate, or one that is not above zero.

    Examples
    --------
    A square bends everywhere alike: its second derivative.

    >>> net = nn.Linear(1, 1, bias=False)
    >>> found = smoothness(net, lambda net: 3 * (net.weight**2).sum() + 1, [0.01, 0.1])
    >>> round(found.bend, 3), round(found.turn, 3)
    (6.0, 0.6)
    """
    if not rates or min(rates) <= 0:
        raise OptionError("rates above zero", str([*rates]))
    moved = copy.deepcopy(net)
    start = [parameter.detach().clone() for parameter in moved.parameters()]
    buffers = [buffer.detach().clone() for buffer in moved.buffers()]
    first, gradient = _at(moved, loss)
    size = float(gradient.norm())
    losses, changes = [], []
    for rate in rates:
        with torch.no_grad():
            steps = _apart(gradient, start)
            for parameter, begun, step in zip(moved.parameters(), start, steps, strict=True):
                parameter.copy_(begun - rate * step)
            for buffer, begun in zip(moved.buffers(), buffers, strict=True):
                buffer.copy_(begun)
        there, other = _at(moved, loss)
        losses.append(there)
        changes.append(float((other - gradient).norm()))
    whole = max(size, 1e-30)
    bends = [change / (rate * whole) for change, rate in zip(changes, rates, strict=True)]
    return Smoothness(first, tuple(losses), max(changes) / whole, max(bends))


def _at(net: nn.Module, loss: Callable[[nn.Module], torch.Tensor]) -> tuple[float, torch.Tensor]:
    """Give the loss, and the gradient of all parameters as one vector."""
    value = loss(net)
    slopes = torch.autograd.grad(value, [*net.parameters()], allow_unused=True)
    pairs = zip(slopes, net.parameters(), strict=True)
    flat = [
        torch.zeros_like(parameter).flatten() if slope is None else slope.flatten()
        for slope, parameter in pairs
    ]
    return float(value.detach()), torch.cat(flat)


def _apart(flat: torch.Tensor, like: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Cut a vector into tensors of these shapes."""
    parts = torch.split(flat, [part.numel() for part in like])
    return [part.reshape(other.shape) for part, other in zip(parts, like, strict=True)]
