"""Cross norm and self norm: mean and spread of channels as style, exchanged or weighed.

Tang, Gao, Zhu, Zhang, Li and Metaxas 2021, "CrossNorm and SelfNorm for generalization under
distribution shifts".
"""

from __future__ import annotations

from modelwright.core.errors import OptionError
from modelwright.nets.layers.norms.batch import BatchNorm
from modelwright.nets.library import nn, torch

__all__ = ["CrossNorm", "SelfNorm", "channel_statistics"]


def channel_statistics(x: torch.Tensor, eps: float = 1e-5) -> tuple[torch.Tensor, torch.Tensor]:
    """Give mean and standard deviation of each channel of each image, of shape (n, channels, 1, 1).

    Examples
    --------
    >>> mean, spread = channel_statistics(torch.tensor([1.0, 3.0]).reshape(1, 1, 1, 2), eps=0.0)
    >>> mean.item(), spread.item()
    (2.0, 1.0)
    """
    mean = x.mean(dim=(2, 3), keepdim=True)
    variance = ((x - mean) ** 2).mean(dim=(2, 3), keepdim=True)
    return mean, torch.sqrt(variance + eps)


class CrossNorm(nn.Module):
    """``y_i = s_j (x_i - m_i) / s_i + m_j``: an image takes the channel statistics of another one.

    The other ``j`` is drawn from the batch. What an image shows stays, its style is a stranger's: a
    cheap augmentation inside the net, against new cameras and weather. Evaluated, ``y = x``.

    Parameters
    ----------
    p : float
        How often a batch is treated so.

    Examples
    --------
    >>> x = torch.randn(4, 3, 5, 5)
    >>> CrossNorm()(x).shape, bool((CrossNorm().eval()(x) == x).all())
    (torch.Size([4, 3, 5, 5]), True)
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0.0 <= p <= 1.0:
            raise OptionError("a share from 0 to 1", str(p))
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Exchange styles: (n, channels, rows, columns) to the same shape."""
        if not self.training or float(torch.rand(())) >= self.p:
            return x
        return self.exchanged(x, torch.randperm(len(x), device=x.device))

    @staticmethod
    def exchanged(x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """Give image ``i`` the statistics of image ``other[i]``."""
        mean, spread = channel_statistics(x)
        return (x - mean) / spread * spread[other] + mean[other]


class SelfNorm(nn.Module):
    """``y = g s (x - m) / s + f m``: recovery by a small net, channel by channel.

    ``f`` and ``g`` are ``sigmoid(BN(u m + v s))`` with two weights a channel each: how much of an
    image's own mean and spread is to be believed.

    Parameters
    ----------
    channels : int
        Second dimension of what comes in.

    Examples
    --------
    >>> SelfNorm(3)(torch.randn(4, 3, 5, 5)).shape
    torch.Size([4, 3, 5, 5])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.of_mean = nn.Parameter(0.1 * torch.randn(channels, 2))
        self.of_spread = nn.Parameter(0.1 * torch.randn(channels, 2))
        self.mean_norm = BatchNorm(channels)
        self.spread_norm = BatchNorm(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Weigh the statistics: (n, channels, rows, columns) to the same shape."""
        mean, spread = channel_statistics(x)
        seen = torch.stack([mean.flatten(1), spread.flatten(1)], dim=-1)
        f = torch.sigmoid(self.mean_norm((seen * self.of_mean).sum(dim=-1)))
        g = torch.sigmoid(self.spread_norm((seen * self.of_spread).sum(dim=-1)))
        return (x - mean) * g[:, :, None, None] + mean * f[:, :, None, None]
