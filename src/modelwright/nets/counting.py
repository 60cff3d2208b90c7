"""What a net costs: output sizes, parameters and operations, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from types import MappingProxyType
from typing import Any

from modelwright.nets.layers.attention import MultiHeadAttention
from modelwright.nets.layers.lora import LoRA
from modelwright.nets.library import nn, torch

__all__ = ["LayerCost", "NetCost", "count"]

Inputs = Mapping[str, torch.Tensor]
"""What a layer was called with, by the names of its arguments."""

Rule = Callable[[Any, Inputs, torch.Tensor], int]
"""Counts the products of a layer, given what went in and what came out."""


@dataclass(frozen=True)
class LayerCost:
    """What one layer costs for one row.

    Parameters
    ----------
    name : str
        Dotted, as in the net's weights.
    kind : str
        Its class.
    output : tuple of int
        The shape that it gives, without rows.
    parameters : int
        Learned numbers of its own.
    products : int
        Multiplications, each with an addition (MACs). Norms, activations and poolings count as
        none, as everywhere in the field.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    products: int


@dataclass(frozen=True)
class NetCost:
    """What a net costs for one row.

    Parameters
    ----------
    layers : tuple of LayerCost
        In the order in which they are called.
    parameters : int
        Learned numbers of the whole net, each once.
    uncounted : tuple of str
        Layers with weights whose operations are not known here: add them yourself.
    """

    layers: tuple[LayerCost, ...]
    parameters: int
    uncounted: tuple[str, ...]

    @property
    def products(self) -> int:
        """Multiply-adds of a row (MACs; papers often call them FLOPs)."""
        return sum(layer.products for layer in self.layers)

    @property
    def flops(self) -> int:
        """Operations of a row, multiplications and additions each counted."""
        return 2 * self.products


def _convolution(layer: Any, inputs: Inputs, output: torch.Tensor) -> int:
    places = output[0].numel()
    return int(places * layer.in_channels // layer.groups * math.prod(layer.kernel_size))


def _linear(layer: Any, inputs: Inputs, output: torch.Tensor) -> int:
    return int(output[0].numel() * layer.in_features)


def _attention(layer: Any, inputs: Inputs, output: torch.Tensor) -> int:
    """Scores and their use; the products before and after are layers of their own."""
    steps, width = output.shape[1:]
    return int(2 * steps * steps * width)


def _fused_attention(layer: Any, inputs: Inputs, output: torch.Tensor) -> int:
    """All of PyTorch's own attention, which calls no layers for the products around the scores."""
    query, key, value = (inputs[name].numel() for name in ("query", "key", "value"))
    width, asked = layer.embed_dim, query // layer.embed_dim
    around = (2 * query + key + value) * width
    return int(around + 2 * asked * (key // layer.kdim) * width)


def _low_rank(layer: Any, inputs: Inputs, output: torch.Tensor) -> int:
    """Count the two thin matrices at each place; what they change is a layer of its own."""
    places = output[0].numel() // len(layer.up)
    return int(places * (layer.down.numel() + layer.up.numel()))


def _recurrent(layer: Any, inputs: Inputs, output: torch.Tensor) -> int:
    steps = output.shape[1] if layer.batch_first else output.shape[0]
    weights = (value for name, value in layer.named_parameters() if name.startswith("weight"))
    return int(steps * sum(weight.numel() for weight in weights))


_PRODUCTS: Mapping[type[nn.Module], Rule] = MappingProxyType(
    {
        nn.Conv1d: _convolution,
        nn.Conv2d: _convolution,
        nn.Linear: _linear,
        MultiHeadAttention: _attention,
        nn.MultiheadAttention: _fused_attention,
        LoRA: _low_rank,
        nn.RNN: _recurrent,
        nn.GRU: _recurrent,
        nn.LSTM: _recurrent,
    }
)


def count(net: nn.Module, shape: Sequence[int]) -> NetCost:
    """Count what a net costs for one row.

    The net is called once on a row of zeros, in evaluation mode. A net that was built under
    ``torch.device("meta")`` has shapes and no numbers: then nothing is computed.

    Parameters
    ----------
    net : nn.Module
        Not changed.
    shape : sequence of int
        Of one row, such as (3, 32, 32).

    Returns
    -------
    NetCost

    Examples
    --------
    >>> from modelwright.nets.resnet import resnet
    >>> cost = count(resnet(18, classes=1000), (3, 224, 224))
    >>> cost.parameters, round(cost.products / 1e9, 2)
    (11689512, 1.81)
    """
    found: list[LayerCost] = []
    hooks = [
        module.register_forward_hook(_noting(name, found), with_kwargs=True)
        for name, module in net.named_modules()
        if not [*module.children()] or _known(module)
    ]
    was_training = [module for module in net.modules() if module.training]
    net.eval()
    like = next(net.parameters(), torch.zeros(()))
    try:
        with torch.no_grad(), _called_layer_by_layer():
            net(torch.zeros(1, *shape, dtype=like.dtype, device=like.device))
    finally:
        for hook in hooks:
            hook.remove()
        for module in was_training:
            module.training = True
    learned = sum(parameter.numel() for parameter in net.parameters())
    unknown = (name for name, module in net.named_modules() if _is_unknown(module))
    return NetCost(tuple(found), learned, tuple(unknown))


@contextmanager
def _called_layer_by_layer() -> Iterator[None]:
    """Have PyTorch's transformers call their layers, which they pass by when they do not learn."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _known(module: nn.Module) -> Rule | None:
    return next((rule for kind, rule in _PRODUCTS.items() if isinstance(module, kind)), None)


def _is_unknown(module: nn.Module) -> bool:
    """Say whether a layer, or a part of a net, has matrices of its own and no rule.

    What a part of a net adds to each row, such as places, has a first axis of 1.
    """
    if _known(module):
        return False
    own = list(module.parameters(recurse=False))
    if not [*module.children()]:
        return any(parameter.squeeze().ndim > 1 for parameter in own)
    return any(parameter.ndim > 1 and len(parameter) > 1 for parameter in own)


def _noting(name: str, found: list[LayerCost]) -> Callable[..., None]:
    def note(module: nn.Module, given: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
        first = output[0] if isinstance(output, tuple) else output
        rule = _known(module)
        own = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        inputs = {**dict(zip(signature(module.forward).parameters, given, strict=False)), **named}
        products = 0 if rule is None else rule(module, inputs, first)
        shape = tuple(first.shape[1:])
        found.append(LayerCost(name, type(module).__name__, shape, own, products))

    return note
