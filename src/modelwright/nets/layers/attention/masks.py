"""Who may look at whom: True where a query may see a key."""

from __future__ import annotations

from modelwright.core.errors import OptionError
from modelwright.nets.library import torch

__all__ = ["causal_mask", "padding_mask"]


def causal_mask(steps: int) -> torch.Tensor:
    """Let each step see itself and what came before: (steps, steps).

    Examples
    --------
    >>> causal_mask(3).int().tolist()
    [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    """
    return torch.ones(steps, steps, dtype=torch.bool).tril()


def padding_mask(lengths: torch.Tensor, steps: int) -> torch.Tensor:
    """Say which steps of each row are there, and which are padding: (n, steps).

    Parameters
    ----------
    lengths : Tensor of int64, shape (n,)
        Steps of each row, from 0 to `steps`.
    steps : int
        Steps of the padded rows.

    Raises
    ------
    OptionError
        When a row is longer than the tensor, or shorter than nothing.

    Examples
    --------
    >>> padding_mask(torch.tensor([1, 3]), 3).int().tolist()
    [[1, 0, 0], [1, 1, 1]]
    """
    if len(lengths) and (int(lengths.min()) < 0 or int(lengths.max()) > steps):
        found = f"from {int(lengths.min())} to {int(lengths.max())}"
        raise OptionError(f"lengths from 0 to {steps}", found, "count the steps of each row")
    return torch.arange(steps, device=lengths.device) < lengths[:, None]
