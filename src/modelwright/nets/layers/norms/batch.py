"""Batch norm: each channel at mean 0 and variance 1 over the rows of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from modelwright.core.errors import OptionError
from modelwright.nets.library import nn, torch

__all__ = ["BatchNorm", "moving"]


def moving(
    old: torch.Tensor, new: torch.Tensor, momentum: float, convention: str = "new"
) -> torch.Tensor:
    """Move a statistic towards that of the newest batch, by either meaning of momentum.

    ``"new"`` (PyTorch): ``(1 - m) old + m new``, with m = 0.1 by habit. ``"old"`` (Keras, and the
    original paper's implementations): ``m old + (1 - m) new``, with m = 0.9 or 0.99. A number taken
    from one library into the other freezes the statistics or makes them jump; here the convention
    has a name, and that of PyTorch is the default.

    Parameters
    ----------
    old, new : Tensor
        What is remembered, and what the batch shows.
    momentum : float
        From 0 to 1.
    convention : str
        Whose share the momentum is: that of the ``"new"`` or of the ``"old"`` statistic.

    Examples
    --------
    >>> old, new = torch.tensor(0.0), torch.tensor(1.0)
    >>> round(moving(old, new, 0.1).item(), 3), round(moving(old, new, 0.9, "old").item(), 3)
    (0.1, 0.1)
    """
    share = _share_of_new(momentum, convention)
    return (1.0 - share) * old + share * new


def _share_of_new(momentum: float, convention: str) -> float:
    if convention not in ("new", "old"):
        raise OptionError("the convention 'new' or 'old'", repr(convention))
    if not 0.0 <= momentum <= 1.0:
        raise OptionError("a momentum from 0 to 1", str(momentum))
    return momentum if convention == "new" else 1.0 - momentum


class BatchNorm(nn.BatchNorm2d):
    r"""``y = g (x - m) / sqrt(v + e) + b``, mean ``m`` and variance ``v`` of each channel.

    In training they are those of the batch: over its rows for a table (n, channels), over all
    pixels of all images for (n, channels, rows, columns): the same, with each pixel as a row.
    Evaluated, they are moving means of those of training (see `moving`), so that the answer for a
    row does not depend on the rows beside it. ``g`` and ``b`` recover what the norm takes away, and
    do not decay. Ioffe and Szegedy 2015; why it helps: Santurkar et al. 2018 (a smoother loss).

    The variance of the batch divides by n, the remembered one by n - 1, as in PyTorch (Keras
    remembers the first). Weights and statistics have the names of `torch.nn.BatchNorm2d`.

    Parameters
    ----------
    channels : int
        Second dimension of what comes in.
    eps : float
        ``e``.
    momentum : float
        How quickly statistics move.
    convention : str
        What `momentum` means: the share of the ``"new"`` statistic, or of the ``"old"`` one.

    Examples
    --------
    >>> layer = BatchNorm(3)
    >>> x = 5 + 2 * torch.randn(8, 3, 4, 4)
    >>> y = layer(x)
    >>> bool(y.mean().abs() < 1e-5), round(y.var(correction=0).item(), 3)
    (True, 1.000)
    >>> torch.allclose(y, BatchNorm(3).written_out(x), atol=1e-5)
    True
    """

    decays: ClassVar[Mapping[str, float]] = {"weight": 0.0, "bias": 0.0}

    def __init__(
        self, channels: int, *, eps: float = 1e-5, momentum: float = 0.1, convention: str = "new"
    ) -> None:
        super().__init__(channels, eps=eps, momentum=_share_of_new(momentum, convention))

    def _check_input_dim(self, input: torch.Tensor) -> None:
        """Take tables and sequences as well as images, where PyTorch has a class for each."""
        if input.ndim < 2 or input.shape[1] != self.num_features:
            raise OptionError(
                f"a tensor of shape (n, {self.num_features}, ...)", str(tuple(input.shape))
            )

    def written_out(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, ...) as `forward` does, and move the statistics in training."""
        self._check_input_dim(x)
        rows = x.movedim(1, -1)
        mean, variance = self._statistics(rows.flatten(0, -2))
        normal = (rows - mean) / torch.sqrt(variance + self.eps)
        return (self.weight * normal + self.bias).movedim(-1, 1)

    def _statistics(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Give mean and variance of (n_rows, channels), or what is remembered of them."""
        assert self.running_mean is not None  # tracked always: see __init__
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        if not self.training:
            return self.running_mean, self.running_var
        mean = rows.mean(dim=0)
        variance = ((rows - mean) ** 2).mean(dim=0)
        unbiased = variance.detach() * len(rows) / (len(rows) - 1)
        share = self.momentum if self.momentum is not None else 0.1
        self.running_mean.copy_(moving(self.running_mean, mean.detach(), share))
        self.running_var.copy_(moving(self.running_var, unbiased, share))
        self.num_batches_tracked += 1
        return mean, variance
