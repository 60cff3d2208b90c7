"""A moving average of weights, which is often better than the weights themselves."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from modelwright.nets.library import nn, torch

__all__ = ["Averaged"]


class Averaged:
    """The exponential moving average of everything that a net holds in floats.

    ``a <- d a + (1 - d) w`` after each step (Polyak and Juditsky 1992), with
    ``d = min(decay, (1 + n) / (10 + n))`` after `n` steps, so that the first weights, which are
    random, are soon forgotten. Moving statistics of norms are averaged too.

    Parameters
    ----------
    net : nn.Module
        Whose weights are averaged.
    decay : float
        Near 1: about ``1 / (1 - decay)`` steps count.

    Examples
    --------
    >>> net = nn.Linear(1, 1, bias=False)
    >>> averaged = Averaged(net, 0.5)
    >>> before = net.weight.item()
    >>> _ = nn.init.constant_(net.weight, before + 1)
    >>> averaged.update()
    >>> with averaged.applied():
    ...     print(round(net.weight.item() - before, 3), round(averaged.decay_now, 3))
    0.818 0.182
    """

    def __init__(self, net: nn.Module, decay: float) -> None:
        self._net, self._decay = net, decay
        self.count = 0
        self.state = copy.deepcopy(net.state_dict())

    @property
    def decay_now(self) -> float:
        """The decay of the last update."""
        return min(self._decay, (1 + self.count) / (10 + self.count))

    def update(self) -> None:
        """Take in the weights as they are now."""
        self.count += 1
        held, new = [], []
        for name, value in self._net.state_dict().items():
            if value.is_floating_point():
                held.append(self.state[name])
                new.append(value)
            else:
                self.state[name].copy_(value)
        with torch.no_grad():
            torch._foreach_lerp_(held, new, 1.0 - self.decay_now)

    def remember(self, state: Mapping[str, torch.Tensor], count: int) -> None:
        """Take back an average and how many updates made it."""
        self.count = count
        for name, value in self.state.items():
            value.copy_(state[name])

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Give the net the average while the block runs, and then its own weights again."""
        own = copy.deepcopy(self._net.state_dict())
        self._net.load_state_dict(self.state)
        try:
            yield
        finally:
            self._net.load_state_dict(own)
