"""Category levels as learned vectors."""

from __future__ import annotations

import math

from modelwright.nets.library import nn, torch

__all__ = ["CategoryEmbedding"]


class CategoryEmbedding(nn.Module):
    """``y = T[code]``: a learned vector for each level (Guo and Berkhahn 2016).

    All columns share one table, in which each has its own rows.

    Parameters
    ----------
    rows : int
        Levels of all columns together.
    width : int
        Outputs a column.

    Examples
    --------
    >>> CategoryEmbedding(10, 8)(torch.tensor([[0, 4], [3, 9]])).shape
    torch.Size([2, 16])
    """

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(rows, width) / math.sqrt(width))

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Map (n_rows, columns) of rows of the table to (n_rows, columns * width)."""
        return nn.functional.embedding(codes, self.table).flatten(1)
