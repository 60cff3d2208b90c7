"""Norms of weights: nothing of a batch is looked at."""

from __future__ import annotations

from modelwright.nets.library import nn, torch

__all__ = ["StandardWeight", "WeightNorm", "norm_weights", "standardise_weights"]


class WeightNorm(nn.Module):
    """``w = g v / norm(v)`` for each output: its length apart from its direction.

    Salimans and Kingma 2016, "Weight normalization". To be registered on a weight of shape
    (outputs, ...), as `norm_weights` does.

    Examples
    --------
    >>> norm = WeightNorm()
    >>> weight = torch.tensor([[3.0, 4.0]])
    >>> length, direction = norm.right_inverse(weight)
    >>> length.item(), torch.allclose(norm(length, direction), weight)
    (5.0, True)
    """

    def forward(self, length: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
        """Build (outputs, ...) from lengths (outputs, 1...) and directions (outputs, ...)."""
        return length * direction / _length(direction)

    def right_inverse(self, weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Take a weight apart."""
        return _length(weight), weight


def _length(weight: torch.Tensor) -> torch.Tensor:
    others = tuple(range(1, weight.ndim))
    return torch.sqrt((weight**2).sum(dim=others, keepdim=True))


class StandardWeight(nn.Module):
    """``w = (v - mean(v)) / sqrt(var(v) + e)`` for each output: weight standardisation.

    Qiao et al. 2019, "Micro-batch training with batch-channel normalization and weight
    standardization". Together with group norm it stands in for batch norm in small batches.

    Examples
    --------
    >>> StandardWeight()(torch.tensor([[1.0, 3.0]])).tolist()
    [[-1.0000, 1.0000]]
    """

    def __init__(self, eps: float = 1e-10) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Map (outputs, ...) to the same shape."""
        others = tuple(range(1, weight.ndim))
        centred = weight - weight.mean(dim=others, keepdim=True)
        variance = (centred**2).mean(dim=others, keepdim=True)
        return centred / torch.sqrt(variance + self.eps)


def norm_weights(net: nn.Module) -> nn.Module:
    """Put `WeightNorm` on every linear layer and convolution of a net, in place.

    The net gives the same numbers as before; lengths and directions are learned apart from now on.

    Examples
    --------
    >>> net = norm_weights(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)))
    >>> [name for name, _ in net[0].named_parameters()][1:]
    ['parametrizations.weight.original0', 'parametrizations.weight.original1']
    """
    return _on_weights(net, WeightNorm)


def standardise_weights(net: nn.Module) -> nn.Module:
    """Put `StandardWeight` on every convolution of a net, in place.

    Examples
    --------
    >>> net = standardise_weights(nn.Sequential(nn.Conv2d(1, 2, 3)))
    >>> bool(net[0].weight.mean(dim=(1, 2, 3)).abs().max() < 1e-6)
    True
    """
    return _on_weights(net, StandardWeight, (nn.Conv2d,))


def _on_weights(
    net: nn.Module,
    kind: type[nn.Module],
    layers: tuple[type[nn.Module], ...] = (nn.Linear, nn.Conv2d),
) -> nn.Module:
    for module in [*net.modules()]:
        if isinstance(module, layers):
            nn.utils.parametrize.register_parametrization(module, "weight", kind())
    return net
