"""Gradient descent with momentum, written out."""

from __future__ import annotations

from collections.abc import Sequence

from modelwright.nets.library import nn, torch

__all__ = ["Momentum"]


class Momentum:
    """Nesterov's momentum: ``v <- m v + g``, then ``w <- w - rate (g + m v)``.

    The gradient includes ``decay w``, as PyTorch has it. (To make an optimiser of PyTorch takes two
    seconds the first time, for what is never used here.)

    Parameters
    ----------
    parameters : sequence of Parameter
        What learns.
    momentum : float
        The share of the old direction that is kept; 0: plain gradient descent.

    Examples
    --------
    >>> weight = nn.Parameter(torch.tensor([1.0]))
    >>> descent = Momentum([weight], momentum=0.5)
    >>> for _ in range(2):
    ...     weight.grad = torch.tensor([1.0])
    ...     descent.step(rate=0.1, decay=0.0)
    >>> round(weight.item(), 3)
    0.675
    """

    def __init__(self, parameters: Sequence[nn.Parameter], momentum: float) -> None:
        self._parameters, self._momentum = [*parameters], momentum
        self.buffers = [torch.zeros_like(parameter) for parameter in self._parameters]

    def step(self, rate: float, decay: float) -> None:
        """Move along the gradients."""
        with torch.no_grad():
            for parameter, buffer in zip(self._parameters, self.buffers, strict=True):
                if parameter.grad is None:
                    continue
                slope = parameter.grad.add(parameter, alpha=decay) if decay else parameter.grad
                buffer.mul_(self._momentum).add_(slope)
                ahead = slope.add(buffer, alpha=self._momentum) if self._momentum else slope
                parameter.sub_(ahead, alpha=rate)
