"""Batch norm over the rows of all processes that learn one net.

Each of them has a share of the batch. Statistics of the share alone would make another net than one
process learns from the whole batch, and a noisier one the more processes there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from modelwright.nets.library import nn, torch
from modelwright.training.together import Together

__all__ = ["joint_norms"]


@contextmanager
def joint_norms(net: nn.Module, together: Together) -> Iterator[None]:
    """Let the batch norms of a net take mean and variance over the rows of all processes.

    In evaluation mode they do what they do alone, and so they do in the end.

    Parameters
    ----------
    net : nn.Module
        Of the same form in each process.
    together : Together
        The processes.
    """
    norms = [m for m in net.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        vars(norm)["forward"] = partial(_normed, norm, together)
    try:
        yield
    finally:
        for norm in norms:
            vars(norm).pop("forward", None)


def _normed(
    norm: nn.modules.batchnorm._BatchNorm, together: Together, x: torch.Tensor
) -> torch.Tensor:
    """Stand in for the `forward` of a batch norm."""
    if not norm.training:
        return type(norm).forward(norm, x)
    y, mean, variance, rows = _Joint.apply(  # type: ignore[no-untyped-call]
        x, norm.weight, norm.bias, norm.eps, together
    )
    if norm.track_running_stats and norm.running_mean is not None:
        assert norm.num_batches_tracked is not None  # kept beside the mean
        assert norm.running_var is not None  # likewise
        norm.num_batches_tracked.add_(1)
        new = norm.momentum
        new = 1.0 / float(norm.num_batches_tracked) if new is None else new
        count = float(rows)
        norm.running_mean.lerp_(mean.to(norm.running_mean.dtype), new)
        unbiased = variance * (count / max(count - 1.0, 1.0))
        norm.running_var.lerp_(unbiased.to(norm.running_var.dtype), new)
    found: torch.Tensor = y
    return found


class _Joint(torch.autograd.Function):
    """``(x - m) / sqrt(v + eps) w + b`` with mean and variance over all processes.

    Backwards ``dx = w / s (g - mean(g) - z mean(g z))`` for gradients ``g`` and normed ``z``, with
    means over all processes (Ioffe and Szegedy 2015); ``w`` and ``b`` get the share of this one, as
    all other weights do.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor | None,
        bias: torch.Tensor | None,
        eps: float,
        together: Together,
    ) -> tuple[torch.Tensor, ...]:
        """Give the normed rows, the mean, the variance, and how many numbers they are of."""
        over, shape = _others(x), _along(x)
        full = x.float()
        sums = torch.cat([full.sum(over), full.new_tensor([full.numel() / full.shape[1]])])
        together.sum(sums)
        count = sums[-1]
        mean = sums[:-1] / count
        # about the mean: a difference of large sums would lose what a small variance is
        variance = (full - mean.reshape(shape)).square().sum(over)
        together.sum(variance)
        variance /= count
        y = nn.functional.batch_norm(x, mean, variance, weight, bias, False, 0.0, eps)
        ctx.save_for_backward(x, weight, mean, torch.rsqrt(variance + eps), count)
        ctx.together = together
        ctx.mark_non_differentiable(mean, variance, count)
        return y, mean, variance, count

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Give the slopes of the rows, of the weight and of the bias."""
        x, weight, mean, scale, count = ctx.saved_tensors
        over, shape = _others(x), _along(x)
        slope = slopes[0].float()
        z = (x.float() - mean.reshape(shape)) * scale.reshape(shape)
        own = torch.cat([slope.sum(over), (slope * z).sum(over)])
        whole = own.clone()
        ctx.together.sum(whole)
        flat, steep = (part.reshape(shape) / count for part in whole.chunk(2))
        dx = (slope - flat - z * steep) * scale.reshape(shape)
        bias_slope, weight_slope = own.chunk(2)
        if weight is None:
            return dx.to(x.dtype), None, None, None, None
        dx = dx * weight.reshape(shape)
        return dx.to(x.dtype), weight_slope, bias_slope, None, None


def _others(x: torch.Tensor) -> list[int]:
    """List all dimensions but that of the channels."""
    return [0, *range(2, x.ndim)]


def _along(x: torch.Tensor) -> list[int]:
    """Give the shape of one number a channel."""
    return [1, -1, *[1] * (x.ndim - 2)]
