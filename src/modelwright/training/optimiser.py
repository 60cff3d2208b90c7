"""The optimiser: AdamW, momentum or Muon, over groups that learn and decay at their own factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.nets.library import nn, torch
from modelwright.training.momentum import Momentum
from modelwright.training.muon import Muon

__all__ = ["OPTIMISERS", "Optimiser"]

OPTIMISERS = ("adamw", "sgd", "muon")
"""What a net may learn by."""

# The momentum of what learns beside Muon (Jordan 2024).
_BESIDE = 0.85
# What AdamW remembers of a parameter.
_ADAM = {"step", "exp_avg", "exp_avg_sq"}


class Optimiser:
    """AdamW, momentum or Muon, with a group for each pair of factors.

    A layer says in `rates` and `decays` by what the rate and the decay of each of its parameters
    are multiplied; a parameter that is not named has factors of 1. It says in `turned` which of
    its weights Muon may take; the others learn by momentum meanwhile, at the rate and decay that
    `beside_muon` gives of each.

    Parameters
    ----------
    net : nn.Module
        What learns: the parameters that ask for gradients.
    betas : tuple of float
        Of AdamW: decay of the means of the gradient and of its square.
    clip : float
        The greatest norm of all gradients together; 0: any.
    kind : str
        ``"adamw"`` (Loshchilov and Hutter 2019), ``"sgd"`` with Nesterov's momentum, or
        ``"muon"``.
    momentum : float
        Of ``"sgd"`` and ``"muon"``: ``v <- momentum v + gradient``, not an average.
    penalties : tuple of float
        L1 and L2: weights of two dimensions and more get ``l1 sign(w) + l2 w`` added to their
        gradients. Unlike decay, AdamW divides these by the size of the gradients.

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

    def __init__(
        self,
        net: nn.Module,
        betas: tuple[float, float],
        clip: float = 0.0,
        kind: str = "adamw",
        momentum: float = 0.9,
        penalties: tuple[float, float] = (0.0, 0.0),
        *,
        short: bool = False,
    ) -> None:
        if kind not in OPTIMISERS:
            raise OptionError("a known optimiser", repr(kind), did_you_mean(kind, OPTIMISERS))
        turned, grouped = _grouped(net, kind)
        self._factors = [*grouped]
        self._clip, self._penalties = clip, penalties
        self._parameters = [*turned.values()]
        self._parameters += [parameter for group in grouped.values() for parameter in group]
        self._muon = Muon([*turned.values()], momentum, short=short) if turned else None
        self._adam: torch.optim.Optimizer | None = None
        self._slow: list[Momentum] = []
        if kind == "adamw":
            groups = [{"params": parameters} for parameters in grouped.values()]
            self._adam = torch.optim.AdamW(groups, betas=betas, eps=1e-8, fused=True)
        else:
            kept = _BESIDE if turned else momentum
            self._slow = [Momentum(parameters, kept) for parameters in grouped.values()]

    def step(self, rate: float, decay: float) -> None:
        """Move along the gradients at this rate, and forget them."""
        if any(self._penalties):
            self._penalise()
        if self._clip:
            nn.utils.clip_grad_norm_(self._parameters, self._clip)
        for slow, (faster, fading) in zip(self._slow, self._factors, strict=False):
            slow.step(rate * faster, decay * fading)
        if self._adam is not None:
            for group, (faster, fading) in zip(self._adam.param_groups, self._factors, strict=True):
                group["lr"] = rate * faster
                group["weight_decay"] = decay * fading
            self._adam.step()
        if self._muon is not None:
            self._muon.step(rate)
        self.forget()

    def forget(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    def _penalise(self) -> None:
        l1, l2 = self._penalties
        with torch.no_grad():
            for parameter in self._parameters:
                if parameter.grad is not None and parameter.ndim > 1:
                    parameter.grad.add_(parameter.sign(), alpha=l1).add_(parameter, alpha=l2)

    def tensors(self) -> dict[str, torch.Tensor]:
        """Give everything that it remembers, by name."""
        found: dict[str, torch.Tensor] = {}
        if self._adam is not None:
            state: Mapping[int, Mapping[str, Any]] = self._adam.state_dict()["state"]
            found = {
                f"{place}.{name}": value
                for place, values in state.items()
                for name, value in values.items()
                if isinstance(value, torch.Tensor)
            }
        return found | self._buffers()

    def remember(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Take back what `tensors` gave.

        Raises
        ------
        ValueError
            When these are no tensors of such an optimiser.
        """
        buffers = self._buffers()
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in tensors.items():
            place, _, what = name.partition(".")
            if name in buffers and value.shape == buffers[name].shape:
                buffers.pop(name).copy_(value)
            elif (
                self._adam is not None and place.isdecimal() and int(place) < len(self._parameters)
            ):
                parameter = self._parameters[int(place)]
                state.setdefault(int(place), {})[what] = _laid_out(what, value, parameter)
            else:
                raise ValueError(f"an optimiser of another net: {name!r:.60}")
        if buffers:
            raise ValueError(f"an optimiser of another net: no {next(iter(buffers))!r}")
        if self._adam is not None:
            if any(set(values) != _ADAM for values in state.values()):
                raise ValueError("an optimiser of another net: moments are absent")
            groups = self._adam.state_dict()["param_groups"]
            self._adam.load_state_dict({"state": state, "param_groups": groups})

    def _buffers(self) -> dict[str, torch.Tensor]:
        """Give the directions so far, by name."""
        slow = [buffer for slow in self._slow for buffer in slow.buffers]
        muon = [] if self._muon is None else self._muon.buffers
        return {
            **{f"slow.{i}": buffer for i, buffer in enumerate(slow)},
            **{f"muon.{i}": buffer for i, buffer in enumerate(muon)},
        }


def _laid_out(what: str, value: torch.Tensor, parameter: nn.Parameter) -> torch.Tensor:
    """Give a moment as its parameter lies in memory: AdamW goes through both number by number."""
    if value.shape != (() if what == "step" else parameter.shape):
        raise ValueError(f"an optimiser of another net: {what!r:.20} of shape {tuple(value.shape)}")
    return value if what == "step" else torch.empty_like(parameter).copy_(value)


def _grouped(
    net: nn.Module, kind: str
) -> tuple[dict[str, nn.Parameter], dict[tuple[float, float], list[nn.Parameter]]]:
    """Part the parameters into those that are turned and those of each pair of factors."""
    turned: dict[str, nn.Parameter] = {}
    grouped: dict[tuple[float, float], list[nn.Parameter]] = {}
    seen: set[nn.Parameter] = set()  # what two layers share learns once
    for path, module in net.named_modules():
        rates: Mapping[str, float] = getattr(module, "rates", {})
        decays: Mapping[str, float] = getattr(module, "decays", {})
        beside: Mapping[str, tuple[float, float]] = getattr(module, "beside_muon", {})
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad or parameter in seen:
                continue
            seen.add(parameter)
            if kind == "muon" and name in getattr(module, "turned", ()):
                turned[f"{path}.{name}"] = parameter
                continue
            factors = rates.get(name, 1.0), decays.get(name, 1.0)
            if kind == "muon":
                factors = beside.get(name, factors)
            grouped.setdefault(factors, []).append(parameter)
    return turned, grouped
