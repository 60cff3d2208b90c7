"""Where batches come from: rows in memory, or rows on the disk that do not fit into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modelwright.nets.library import torch

__all__ = ["Changed", "Examples", "Source", "Streamed"]


class Source(Protocol):
    """Rows that can be taken in any order."""

    def __len__(self) -> int:
        """Count the rows."""
        ...

    def order(self, epoch: int = 0) -> torch.Tensor:
        """Draw the order of an epoch, of which so many were before, from PyTorch's generator."""
        ...

    def at(self, index: torch.Tensor) -> Examples:
        """Give the rows at these positions, as they enter the net."""
        ...


@dataclass(frozen=True)
class Examples:
    """Rows in memory.

    Parameters
    ----------
    inputs : tuple of Tensor
        What the net is called with; the first dimension of each counts rows.
    targets : Tensor
        The answers.
    weight : Tensor of float32, optional
        How much each row counts; 1 on average.

    Examples
    --------
    >>> rows = Examples((torch.arange(4.0)[:, None],), torch.zeros(4))
    >>> rows.at(torch.tensor([2, 0])).inputs[0].flatten().tolist()
    [2.0, 0.0]
    """

    inputs: tuple[torch.Tensor, ...]
    targets: torch.Tensor
    weight: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def order(self, epoch: int = 0) -> torch.Tensor:
        """Draw an order in which every one is as likely."""
        return torch.randperm(len(self))

    def at(self, index: torch.Tensor) -> Examples:
        """Give the rows at these positions."""
        weight = None if self.weight is None else self.weight[index]
        inputs = tuple(part.index_select(0, index) for part in self.inputs)
        return Examples(inputs, self.targets.index_select(0, index), weight)


@dataclass(frozen=True)
class Changed:
    """Rows that are changed whenever they are taken: augmented, say.

    Parameters
    ----------
    rows : Source
        The rows as they are.
    change : callable
        Takes a batch and gives one.

    Examples
    --------
    >>> rows = Examples((torch.ones(3, 1),), torch.zeros(3))
    >>> twice = Changed(rows, lambda batch: Examples((2 * batch.inputs[0],), batch.targets))
    >>> twice.at(torch.tensor([1])).inputs[0].item()
    2.0
    """

    rows: Source
    change: Callable[[Examples], Examples]

    def __len__(self) -> int:
        return len(self.rows)

    def order(self, epoch: int = 0) -> torch.Tensor:
        """Draw an order as the rows do."""
        return self.rows.order(epoch)

    def at(self, index: torch.Tensor) -> Examples:
        """Give the rows at these positions, changed."""
        return self.change(self.rows.at(index))


@dataclass(frozen=True)
class Streamed:
    """Rows in a memory-mapped array, of which only what is used has to be in memory.

    Rows that lie side by side on the disk are read together: whole blocks come in an order of
    their own, and rows are mixed among so many blocks as a window holds. With one window over all
    blocks every order is as likely.

    Parameters
    ----------
    rows : ndarray, shape (n_rows, ...)
        Such as ``np.load(path, mmap_mode="r")``.
    targets : Tensor
        The answers.
    block : int
        Rows read side by side.
    window : int
        Blocks whose rows are mixed.
    places : ndarray of int64, optional
        Which rows of the array are meant, ascending; None: all.

    Examples
    --------
    >>> stream = Streamed(np.arange(10, dtype=np.uint8)[:, None], torch.arange(10), block=4)
    >>> sorted(stream.order().tolist()) == list(range(10))
    True
    >>> stream.at(torch.tensor([7, 2])).inputs[0].flatten().tolist()
    [7, 2]
    """

    rows: NDArray[np.generic]
    targets: torch.Tensor
    block: int = 1_024
    window: int = 32
    places: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def order(self, epoch: int = 0) -> torch.Tensor:
        """Draw an order of blocks, and within each window one of rows."""
        every = torch.split(torch.arange(len(self)), self.block)
        mixed = []
        for window in torch.split(torch.randperm(len(every)), self.window):
            rows = torch.cat([every[place] for place in window.tolist()])
            mixed.append(rows[torch.randperm(len(rows))])
        return torch.cat(mixed)

    def at(self, index: torch.Tensor) -> Examples:
        """Read the rows at these positions, in the order in which they lie on the disk."""
        ascending, back = index.sort()
        wanted = ascending.numpy()
        read = np.asarray(self.rows[wanted if self.places is None else self.places[wanted]])
        inputs = torch.empty((len(index), *read.shape[1:]), dtype=torch.from_numpy(read).dtype)
        inputs[back] = torch.from_numpy(read)
        return Examples((inputs,), self.targets.index_select(0, index))
