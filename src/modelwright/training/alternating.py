"""Images that are mirrored every other epoch, so that two epochs show each of them both ways."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.nets.library import torch
from modelwright.training.batches import Examples, Source

__all__ = ["Alternating"]

# Of the half of the images that is mirrored first: which ones they are is nobody's choice.
_SEED = 0


@dataclass(frozen=True)
class Alternating:
    """Rows of images, one half of which is mirrored in even epochs, the other half in odd ones.

    A coin for each image and epoch shows half of them the same way twice in two epochs, and
    teaches less (alternating flip, Jordan 2024, arXiv:2404.00498).

    Parameters
    ----------
    rows : Source
        Their first inputs are images, of shape (n_rows, channels, height, width).

    Examples
    --------
    >>> x = torch.tensor([[1, 2]] * 6).reshape(6, 1, 1, 2)
    >>> images = Alternating(Examples((x,), torch.zeros(6)))
    >>> first, second = (images.at(images.order(epoch)).inputs[0][:, 0, 0, 0] for epoch in (0, 1))
    >>> sorted([*first.tolist(), *second.tolist()])
    [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]
    """

    rows: Source

    def __len__(self) -> int:
        return len(self.rows)

    def order(self, epoch: int = 0) -> torch.Tensor:
        """Draw an order; a position beyond the last row means the mirror image of one."""
        drawn = self.rows.order(epoch)
        coin = torch.Generator().manual_seed(_SEED)
        mirrored = torch.randint(0, 2, (len(self),), generator=coin)
        return drawn + len(self) * ((mirrored[drawn] + epoch) % 2)

    def at(self, index: torch.Tensor) -> Examples:
        """Give the rows at these positions."""
        batch = self.rows.at(index % len(self))
        mirrored = (index >= len(self))[:, None, None, None]
        first = torch.where(mirrored, batch.inputs[0].flip(3), batch.inputs[0])
        return Examples((first, *batch.inputs[1:]), batch.targets, batch.weight)
