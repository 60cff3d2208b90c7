"""AdamW over groups of parameters that learn and decay at their own factors."""

from __future__ import annotations

from collections.abc import Mapping

from modelwright.nets.library import nn, torch

__all__ = ["Optimiser"]


class Optimiser:
    """AdamW (Loshchilov and Hutter 2019), fused, with a group for each pair of factors.

    A layer says in `rates` and `decays` by what the rate and the decay of each of its parameters
    are multiplied; a parameter that is not named has factors of 1.

    Parameters
    ----------
    net : nn.Module
        What learns.
    betas : tuple of float
        Decay of the means of the gradient and of its square.
    clip : float
        The greatest norm of all gradients together; 0: any.

    Examples
    --------
    >>> net = nn.Linear(2, 1)
    >>> optimiser = Optimiser(net, (0.9, 0.95))
    >>> net(torch.ones(1, 2)).sum().backward()
    >>> before = net.bias.item()
    >>> optimiser.step(rate=0.1, decay=0.0)
    >>> round(before - net.bias.item(), 4)
    0.1
    """

    def __init__(self, net: nn.Module, betas: tuple[float, float], clip: float = 0.0) -> None:
        grouped: dict[tuple[float, float], list[nn.Parameter]] = {}
        for module in net.modules():
            rates: Mapping[str, float] = getattr(module, "rates", {})
            decays: Mapping[str, float] = getattr(module, "decays", {})
            for name, parameter in module.named_parameters(recurse=False):
                factors = rates.get(name, 1.0), decays.get(name, 1.0)
                grouped.setdefault(factors, []).append(parameter)
        self._factors = [*grouped]
        self._clip = clip
        self._parameters = [parameter for group in grouped.values() for parameter in group]
        groups = [{"params": parameters} for parameters in grouped.values()]
        self._adam = torch.optim.AdamW(groups, betas=betas, eps=1e-8, fused=True)

    def step(self, rate: float, decay: float) -> None:
        """Move along the gradients at this rate, and forget them."""
        if self._clip:
            nn.utils.clip_grad_norm_(self._parameters, self._clip)
        for group, (faster, fading) in zip(self._adam.param_groups, self._factors, strict=True):
            group["lr"] = rate * faster
            group["weight_decay"] = decay * fading
        self._adam.step()
        self._adam.zero_grad()
