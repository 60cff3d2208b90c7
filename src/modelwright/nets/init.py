"""How weights begin: the families of `torch.nn.init`, whole nets, and heads by themselves.

A signal keeps its size through a layer when the variance of a weight is ``gain^2 / fan``. ``fan``
is the number of inputs of a unit (``"fan_in"``: what goes forward keeps its size; He et al. 2015),
of outputs (``"fan_out"``: what comes back does) or the mean of both (Glorot and Bengio 2010). The
gain makes up for what the activation takes away: `gain`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.nets.layers.activations import ACTIVATIONS
from modelwright.nets.library import nn, torch

__all__ = ["FAMILIES", "draw", "draw_heads", "gain", "initialise", "start_at_prior"]

_Draw = Callable[[torch.Tensor, float, str], torch.Tensor]


def _kaiming(weight: torch.Tensor, size: float, mode: str) -> torch.Tensor:
    return nn.init.normal_(weight, 0.0, size / math.sqrt(_fan(weight, mode)))


def _kaiming_uniform(weight: torch.Tensor, size: float, mode: str) -> torch.Tensor:
    bound = size * math.sqrt(3.0 / _fan(weight, mode))
    return nn.init.uniform_(weight, -bound, bound)


def _fan(weight: torch.Tensor, mode: str) -> int:
    """Count the inputs, or the outputs, of a unit; places of a kernel are units of their own."""
    if mode not in ("fan_in", "fan_out"):
        raise OptionError("'fan_in' or 'fan_out'", repr(mode))
    into, out_of = nn.init._calculate_fan_in_and_fan_out(weight)
    return max(into if mode == "fan_in" else out_of, 1)


FAMILIES: Mapping[str, _Draw] = MappingProxyType(
    {
        "zeros": lambda weight, size, mode: nn.init.zeros_(weight),
        "ones": lambda weight, size, mode: nn.init.ones_(weight),
        "constant": lambda weight, size, mode: nn.init.constant_(weight, size),
        "eye": lambda weight, size, mode: nn.init.eye_(weight),
        "dirac": lambda weight, size, mode: nn.init.dirac_(weight),
        "uniform": lambda weight, size, mode: nn.init.uniform_(weight, -size, size),
        "normal": lambda weight, size, mode: nn.init.normal_(weight, 0.0, size),
        "trunc_normal": lambda weight, size, mode: nn.init.trunc_normal_(
            weight, 0.0, size, -2 * size, 2 * size
        ),
        "xavier_uniform": lambda weight, size, mode: nn.init.xavier_uniform_(weight, size),
        "xavier_normal": lambda weight, size, mode: nn.init.xavier_normal_(weight, size),
        "kaiming_uniform": _kaiming_uniform,
        "kaiming_normal": _kaiming,
        "orthogonal": lambda weight, size, mode: nn.init.orthogonal_(weight, size),
        "sparse": lambda weight, size, mode: nn.init.sparse_(weight, 0.9, size),
    }
)
"""By name. What `size` means: the value (constant), the bound (uniform), the standard deviation
(normal, trunc_normal, sparse: one weight in ten is not zero), else the gain. Saxe, McClelland and
Ganguli 2014 for orthogonal; Martens 2010 for sparse; eye and dirac pass the input on."""


def draw(
    weight: torch.Tensor, family: str, *, size: float = 1.0, mode: str = "fan_in"
) -> torch.Tensor:
    """Draw a weight anew, in place.

    Parameters
    ----------
    weight : Tensor of shape (outputs, inputs, ...)
        A weight of a linear layer or a convolution.
    family : str
        A key of `FAMILIES`.
    size : float
        Gain, standard deviation, bound or value: see `FAMILIES`.
    mode : str
        ``"fan_in"`` or ``"fan_out"``, of the Kaiming families.

    Returns
    -------
    Tensor
        The weight.

    Raises
    ------
    OptionError
        When there is no such family.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> weight = draw(torch.empty(1000, 100), "kaiming_normal", size=gain("relu"))
    >>> round(weight.var().item() * 100, 1)
    2.0
    """
    if family not in FAMILIES:
        raise OptionError("a family of first weights", repr(family), did_you_mean(family, FAMILIES))
    with torch.no_grad():
        return FAMILIES[family](weight, size, mode)


def draw_heads(
    weight: torch.Tensor, heads: int, family: str = "xavier_uniform", *, size: float = 1.0
) -> torch.Tensor:
    """Draw the block of each head by itself, in place.

    A weight that holds all heads of attention one below the other is not one matrix: its fans are
    those of a head. Drawn as one, blocks come out too small; an orthogonal one would even tie the
    heads to each other.

    Parameters
    ----------
    weight : Tensor of shape (heads * width, inputs)
        Queries, keys or values of all heads.
    heads : int
        How many there are.
    family : str
        A key of `FAMILIES`.
    size : float
        See `FAMILIES`.

    Raises
    ------
    OptionError
        When the outputs cannot be divided among the heads.

    Examples
    --------
    >>> weight = draw_heads(torch.empty(8, 4), heads=2, family="orthogonal")
    >>> torch.allclose(weight[:4] @ weight[:4].T, torch.eye(4), atol=1e-5)
    True
    """
    if heads < 1 or len(weight) % heads:
        raise OptionError(f"a number of heads that divides {len(weight)} outputs", str(heads))
    for block in weight.detach().chunk(heads):
        draw(block, family, size=size)
    return weight


@cache
def gain(activation: str) -> float:
    """Give ``1 / sqrt(E f(z)^2)`` for a standard normal ``z``: what `activation` takes away.

    For ReLU the square root of 2 (He et al. 2015). `torch.nn.init.calculate_gain` gives 5/3 for
    tanh, a rule of thumb; this is 1.59. Of activations that are not straight on both sides, GELU
    and SiLU among them, it keeps a signal of size 1; one that has left that size drifts on.

    Parameters
    ----------
    activation : str
        A key of `ACTIVATIONS`.

    Examples
    --------
    >>> round(gain("relu") ** 2, 2), round(gain("tanh"), 2)
    (2.00, 1.59)
    """
    if activation not in ACTIVATIONS:
        raise OptionError("an activation", repr(activation), did_you_mean(activation, ACTIVATIONS))
    z = torch.linspace(-8.0, 8.0, 16_001, dtype=torch.float64, device="cpu")
    share = torch.exp(-(z**2) / 2)
    mean = (share * ACTIVATIONS[activation](z) ** 2).sum() / share.sum()
    return float(1.0 / torch.sqrt(mean))


def initialise(
    net: nn.Module,
    family: str = "kaiming_normal",
    *,
    size: float | None = None,
    mode: str = "fan_in",
    activation: str = "relu",
) -> nn.Module:
    """Draw the weights of all linear layers and convolutions anew, and set their biases to zero.

    Norms, embeddings and parameters of other layers stay as they are.

    Parameters
    ----------
    net : nn.Module
        Changed in place.
    family : str
        A key of `FAMILIES`.
    size : float, optional
        See `FAMILIES`; by default the `gain` of the activation.
    mode : str
        ``"fan_in"`` or ``"fan_out"``.
    activation : str
        What follows the layers: a key of `ACTIVATIONS`.

    Returns
    -------
    nn.Module
        The net.

    Examples
    --------
    >>> net = initialise(nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1)), "orthogonal")
    >>> net[0].bias.tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    chosen = gain(activation) if size is None else size
    for module in net.modules():
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
            draw(module.weight, family, size=chosen, mode=mode)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return net


def start_at_prior(head: nn.Linear, prior: NDArray[np.float64]) -> nn.Linear:
    """Let a net begin with the frequencies of the classes, or with the mean of the numbers.

    Weights of the last layer become zero, its biases the logarithm of the frequencies (or the
    means): the loss at the first step is then the entropy of the answers, and none of the training
    goes into learning it (Karpathy 2019, "A recipe for training neural networks").

    Parameters
    ----------
    head : nn.Linear
        The last layer; changed in place.
    prior : ndarray of shape (outputs,)
        Frequencies of classes, above or equal zero and of sum 1; for a single output the mean.

    Returns
    -------
    nn.Linear
        The layer.

    Raises
    ------
    OptionError
        When the numbers do not fit the layer.

    Examples
    --------
    >>> head = start_at_prior(nn.Linear(5, 2), np.array([0.9, 0.1]))
    >>> head(torch.randn(1, 5)).softmax(dim=1)
    tensor([[0.9000, 0.1000]]...)
    """
    values = np.asarray(prior, np.float64)
    if values.shape != (head.out_features,) or head.bias is None:
        raise OptionError(f"{head.out_features} numbers and a layer with biases", str(values.shape))
    if len(values) > 1:
        if (values < 0).any() or abs(values.sum() - 1.0) > 1e-6:
            raise OptionError("frequencies of sum 1", str(values.sum()))
        values = np.log(np.maximum(values, 1e-8))
    with torch.no_grad():
        head.weight.zero_()
        head.bias.copy_(torch.from_numpy(values))
    return head
