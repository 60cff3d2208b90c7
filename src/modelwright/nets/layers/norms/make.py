"""Norms by name, for nets that take any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.nets.layers.norms.batch import BatchNorm
from modelwright.nets.layers.norms.group import GroupNorm, InstanceNorm
from modelwright.nets.layers.norms.whitening import Whitening
from modelwright.nets.library import nn

__all__ = ["NORMS", "make_norm"]


def _none(channels: int) -> nn.Module:
    return nn.Identity()


def _layer(channels: int) -> nn.Module:
    return GroupNorm(channels, groups=1)


NORMS: Mapping[str, Callable[[int], nn.Module]] = MappingProxyType(
    {
        "batch": BatchNorm,
        "group": GroupNorm,
        "instance": InstanceNorm,
        "layer": _layer,
        "none": _none,
        "whitening": Whitening,
    }
)
"""What a net for images takes between a convolution and its activation, by name."""


def make_norm(name: str, channels: int) -> nn.Module:
    """Build a norm over the second dimension of (n, channels, ...).

    Parameters
    ----------
    name : str
        A key of `NORMS`.
    channels : int
        Second dimension of what comes in.

    Raises
    ------
    OptionError
        When there is no such norm.

    Examples
    --------
    >>> make_norm("group", 64)
    GroupNorm(32, 64, ...)
    """
    if name not in NORMS:
        raise OptionError("a norm", repr(name), did_you_mean(name, NORMS))
    return NORMS[name](channels)
