"""What becomes of numbers on their way through a net, and of gradients on the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from modelwright.core.errors import OptionError
from modelwright.nets.library import nn, torch

__all__ = ["Signal", "SignalProfile", "signal_profile"]

_TOLERATED = 1.35
"""A factor a layer up to which nothing is said: over twenty layers it comes to 400."""

_LEAST = 30.0
"""And a factor from end to end below which nothing is said."""

_CURES = {
    "vanishes": "ReLU in place of a bounded activation, first weights that suit it (initialise), "
    "a norm, residual branches; in a recurrent net gates",
    "explodes": "first weights that suit the activation (initialise), a norm, a smaller rate, "
    "clipping; in a recurrent net clipping above all",
}


@dataclass(frozen=True)
class Signal:
    """What passes one layer.

    Parameters
    ----------
    name : str
        Of the layer.
    spread : float
        Standard deviation of what it gives.
    gradient : float
        Root mean square of the gradient of the loss by what it gives.
    """

    name: str
    spread: float
    gradient: float


@dataclass(frozen=True)
class SignalProfile:
    """The layers of a net with weights, in the order in which they are called.

    Parameters
    ----------
    signals : tuple of Signal
        One a layer.
    """

    signals: tuple[Signal, ...]

    @property
    def gradient_factor(self) -> float:
        """By what the gradient is multiplied from a layer to the one before it, on average."""
        first, last = self.signals[0].gradient, self.signals[-1].gradient
        steps = max(len(self.signals) - 1, 1)
        return float((max(first, 1e-300) / max(last, 1e-300)) ** (1.0 / steps))

    @property
    def verdict(self) -> str:
        """Say whether the gradient vanishes or explodes on its way back, and the cure."""
        factor = self.gradient_factor
        whole = factor ** (len(self.signals) - 1)
        if 1 / _LEAST < whole < _LEAST or 1 / _TOLERATED < factor < _TOLERATED:
            return "the gradient reaches the first layer"
        word = "vanishes" if factor < 1 else "explodes"
        told = f"times {factor:.2g} a layer, {whole:.1e} in all"
        return f"the gradient {word}: {told}; cures: {_CURES[word]}"


def signal_profile(
    net: nn.Module, inputs: torch.Tensor, loss: Callable[[torch.Tensor], torch.Tensor]
) -> SignalProfile:
    """Measure spreads forward and gradients backward, in one pass each.

    Parameters
    ----------
    net : nn.Module
        As it is; statistics of batch norm move if it is in training mode.
    inputs : Tensor
        A batch.
    loss : callable
        Gives one number for the answers of the net.

    Returns
    -------
    SignalProfile
        Of linear layers and convolutions.

    Raises
    ------
    OptionError
        When the net has none.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> layers = [part for _ in range(30) for part in (nn.Linear(64, 64), nn.Sigmoid())]
    >>> profile = signal_profile(nn.Sequential(*layers), torch.randn(8, 64), torch.mean)
    >>> profile.verdict[:21]
    'the gradient vanishes'
    """
    found: list[tuple[str, torch.Tensor]] = []

    def noting(name: str) -> Callable[..., None]:
        def note(module: nn.Module, given: object, output: torch.Tensor) -> None:
            found.append((name, output))

        return note

    hooks = [
        module.register_forward_hook(noting(name))
        for name, module in net.named_modules()
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d)
    ]
    if not hooks:
        raise OptionError("a net with linear layers or convolutions", type(net).__name__)
    try:
        value = loss(net(inputs))
    finally:
        for hook in hooks:
            hook.remove()
    slopes = torch.autograd.grad(value, [output for _, output in found], allow_unused=True)
    return SignalProfile(
        tuple(
            Signal(name, float(output.detach().std()), _size(slope))
            for (name, output), slope in zip(found, slopes, strict=True)
        )
    )


def _size(slope: torch.Tensor | None) -> float:
    return 0.0 if slope is None else float(slope.double().square().mean().sqrt())
