"""Norms of gradients: applied between the backward pass and the step of the optimiser."""

from __future__ import annotations

from collections.abc import Callable

from modelwright.nets.library import nn, torch

__all__ = ["centralise", "centralise_gradients", "normalise", "normalise_gradients"]


def centralise(gradient: torch.Tensor) -> torch.Tensor:
    """Give ``g - mean(g)`` for each output: the mean over all other dimensions is taken off.

    Gradient centralisation (Yong et al. 2020): a projection onto weights of one sum, which smooths
    the loss and regularises. Vectors (biases, scales) are left as they are.

    Examples
    --------
    >>> centralise(torch.tensor([[1.0, 3.0], [5.0, 5.0]])).tolist()
    [[-1.0, 1.0], [0.0, 0.0]]
    """
    if gradient.ndim < 2:
        return gradient
    return gradient - gradient.mean(dim=tuple(range(1, gradient.ndim)), keepdim=True)


def normalise(gradient: torch.Tensor, eps: float = 1e-12) -> torch.Tensor:
    """Give ``g / norm(g)``, of the tensor as a whole: the direction alone.

    Block-normalised gradient (Yu et al. 2017): a layer whose gradient has vanished or exploded
    moves as far as any other; the learning rate is then the length of the step.

    Examples
    --------
    >>> normalise(torch.tensor([3e-9, 4e-9])).tolist()
    [0.600, 0.800]
    """
    unit: torch.Tensor = gradient / gradient.norm().clamp_min(eps)
    return unit


def centralise_gradients(net: nn.Module) -> None:
    """Apply `centralise` to the gradient of each parameter, in place.

    Examples
    --------
    >>> net = nn.Linear(3, 2)
    >>> net(torch.randn(5, 3)).sum().backward()
    >>> centralise_gradients(net)
    >>> bool(net.weight.grad.mean(dim=1).abs().max() < 1e-6)
    True
    """
    _on_gradients(net, centralise)


def normalise_gradients(net: nn.Module) -> None:
    """Apply `normalise` to the gradient of each parameter, in place.

    Examples
    --------
    >>> net = nn.Linear(3, 2)
    >>> net(torch.randn(5, 3)).sum().backward()
    >>> normalise_gradients(net)
    >>> round(net.weight.grad.norm().item(), 4)
    1.0
    """
    _on_gradients(net, normalise)


@torch.no_grad()
def _on_gradients(net: nn.Module, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    for parameter in net.parameters():
        if parameter.grad is not None:
            parameter.grad.copy_(change(parameter.grad))
