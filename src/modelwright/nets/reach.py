"""The receptive field of any net, measured by its gradient."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.nets.library import nn, torch

__all__ = ["Seen", "measure_reach"]


@dataclass(frozen=True)
class Seen:
    """What a unit in the middle of a layer's output sees.

    Parameters
    ----------
    rows, columns : int
        Pixels from the first to the last that can change it.
    clipped : bool
        Whether the field ends at the border of the image: on a larger image it may be larger.
    """

    rows: int
    columns: int
    clipped: bool


def measure_reach(net: nn.Module, layer: str, shape: Sequence[int]) -> Seen:
    """Measure the receptive field of a layer inside a net: which pixels have a gradient.

    In a copy all weights become positive means and maxima become means, so that no gradient is
    lost or cancelled. For a plain chain it is what `receptive_field` says; for branches it is the
    longest one. Luo et al. 2016 show that most of the gradient lies in the middle of it.

    Parameters
    ----------
    net : nn.Module
        Takes images; not changed.
    layer : str
        The dotted name of a layer whose output is (n, channels, rows, columns).
    shape : sequence of int
        Channels, rows and columns of an image; large enough, or the field is clipped.

    Returns
    -------
    Seen

    Raises
    ------
    OptionError
        When there is no such layer, or it gives no places.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 1, 3))
    >>> measure_reach(net, "2", (1, 15, 15))
    Seen(rows=5, columns=5, clipped=False)
    """
    names = dict(net.named_modules())
    if layer not in names:
        raise OptionError("a layer of the net", repr(layer), did_you_mean(layer, names))
    positive = copy.deepcopy(net).double().eval()
    _average(positive)
    _make_positive(positive)
    kept: list[torch.Tensor] = []
    hook = dict(positive.named_modules())[layer].register_forward_hook(
        lambda module, inputs, output: kept.append(output)
    )
    image = torch.ones(1, *shape, dtype=torch.float64, requires_grad=True)
    positive(image)
    hook.remove()
    if not kept or not isinstance(kept[-1], torch.Tensor) or kept[-1].ndim != 4:
        got = tuple(kept[-1].shape) if kept and isinstance(kept[-1], torch.Tensor) else "none"
        raise OptionError(
            "a layer whose output is (n, channels, rows, columns)", f"{layer!r}: {got}"
        )
    rows, columns = kept[-1].shape[-2:]
    (slope,) = torch.autograd.grad(kept[-1][0, :, rows // 2, columns // 2].sum(), image)
    lit = slope[0].abs().sum(dim=0) > 0
    spans = [torch.nonzero(lit.any(dim=dim)).flatten() for dim in (1, 0)]
    sizes = [int(span[-1] - span[0] + 1) if len(span) else 0 for span in spans]
    ends = zip(spans, lit.shape, strict=True)
    clipped = any(
        len(span) > 0 and (int(span[0]) == 0 or int(span[-1]) == side - 1) for span, side in ends
    )
    return Seen(sizes[0], sizes[1], clipped)


def _average(net: nn.Module) -> None:
    """Put a mean in the place of each maximum: the gradient of a maximum goes to one pixel."""
    for module in net.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.MaxPool2d):
                if child.dilation not in (1, (1, 1)):
                    raise OptionError("max pooling without dilation", str(child.dilation))
                mean = nn.AvgPool2d(child.kernel_size, child.stride, child.padding)
                setattr(module, name, mean)


@torch.no_grad()
def _make_positive(net: nn.Module) -> None:
    """Let layers be means and norms the identity, so that numbers stay about 1."""
    for module in net.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.ndim > 1:
                parameter.fill_(1.0 / math.prod(parameter.shape[1:]))
            else:
                parameter.fill_(0.0 if "bias" in name else 1.0)
        for name, buffer in module.named_buffers(recurse=False):
            if name in ("running_mean", "running_var"):
                buffer.fill_(0.0 if name == "running_mean" else 1.0)
