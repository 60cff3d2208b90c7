"""Images that are small at first: what is coarse is learned from few pixels, at little cost."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.nets.library import torch

__all__ = ["Growing"]


@dataclass(frozen=True)
class Growing:
    """Which share of their sides images have, and for how much of a training.

    A convolution costs as much as there are pixels, and at a high rate a net learns nothing yet
    that fine pixels would show (progressive resizing, Howard 2018; Tan and Le 2021,
    arXiv:2104.00298). The last part sees images as they are, so that the net ends fitted to them.

    Parameters
    ----------
    stages : tuple of (float, float)
        Until which share of the training images have which share of their sides, in order of the
        first; afterwards they are whole.

    Examples
    --------
    >>> growing = Growing(((0.4, 0.5),))
    >>> growing.side(0.0), growing.side(0.4)
    (0.5, 1.0)
    >>> round(growing.work(0.4), 3), round(growing.work(1.0), 3)
    (0.1, 0.7)
    """

    stages: tuple[tuple[float, float], ...]

    def side(self, t: float) -> float:
        """Give the share of their sides that images have after a share `t` of the training."""
        return next((side for until, side in self.stages if t < until), 1.0)

    def cost(self, t: float) -> float:
        """Give what an image costs after a share `t`, against a whole one: ``side^2``."""
        return self.side(t) ** 2

    def work(self, t: float) -> float:
        """Give what a training costs up to a share `t` of it: 1 is all of it with whole images.

        The integral of `cost` from 0 to `t`.
        """
        total = begun = 0.0
        for until, _ in (*self.stages, (1.0, 1.0)):
            total += max(min(t, until) - begun, 0.0) * self.cost(begun)
            begun = until
        return total

    def small(self, x: torch.Tensor, t: float) -> torch.Tensor:
        """Bring images to the size that they have after a share `t` of the training.

        Parameters
        ----------
        x : Tensor, shape (n_rows, channels, height, width)
            Whole images.
        t : float
            From 0 to 1.

        Returns
        -------
        Tensor, shape (n_rows, channels, share of height, share of width)
            Each pixel is the mean of the area that it covers; `x` itself where images are whole.
        """
        side = self.side(t)
        if side == 1.0:
            return x
        down, across = (_means(length, max(round(length * side), 1)) for length in x.shape[2:])
        return down @ x.float() @ across.T


def _means(length: int, size: int) -> torch.Tensor:
    """Give the shares that pixels in a line have in those of a shorter line: (size, length).

    >>> _means(3, 2)
    tensor([[0.6667, 0.3333, 0.0000],
            [0.0000, 0.3333, 0.6667]])
    """
    edges = torch.arange(size + 1)[:, None] * (length / size)
    at = torch.arange(length)
    ends, begins = torch.minimum(edges[1:], at + 1), torch.maximum(edges[:-1], at)
    return (ends - begins).clamp(min=0.0) * (size / length)
