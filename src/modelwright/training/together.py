"""One net learned by several processes, each from its share of every batch.

``torchrun --nproc-per-node 4 ...`` starts them, on one machine or on several, and tells each its
place. They draw the same order of rows, add up their gradients after every batch, and so take the
same step: as one process would with the whole batch (Li et al. 2020). The first one leads: it
alone says when to stop, and it alone writes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from modelwright.core.errors import OptionError
from modelwright.nets.library import nn, torch
from modelwright.training.pace import Pacer

__all__ = ["Agreed", "Together", "joined"]

# Those that help wait for the first one while it reads and measures.
_PATIENCE = timedelta(hours=24)


@dataclass(frozen=True)
class Together:
    """A process among those that learn one net.

    Parameters
    ----------
    rank : int
        Its place; 0 leads.
    size : int
        How many there are.

    Examples
    --------
    >>> Together(1, 2).share(torch.arange(5)).tolist()
    [3, 4]
    """

    rank: int
    size: int

    @property
    def leads(self) -> bool:
        """Whether this one says when to stop, and writes."""
        return self.rank == 0

    def share(self, index: torch.Tensor) -> torch.Tensor:
        """Give the rows of a batch that are for this process.

        Raises
        ------
        OptionError
            When there are fewer rows than processes.
        """
        if len(index) < self.size:
            got = f"{len(index)} for {self.size}"
            raise OptionError("a row a step for each process", got, "start fewer processes")
        return index.tensor_split(self.size)[self.rank]

    def add_up(self, net: nn.Module, loss: float) -> float:
        """Add up the gradients of all, in place; gives the sum of their losses."""
        found = [p.grad for p in net.parameters() if p.grad is not None]
        total = torch.cat([torch.tensor([loss]), *(grad.flatten() for grad in found)])
        torch.distributed.all_reduce(total)
        parts = torch.split(total[1:], [grad.numel() for grad in found])
        for grad, part in zip(found, parts, strict=True):
            grad.copy_(part.view(grad.shape))
        return float(total[0])

    def begin_alike(self, net: nn.Module) -> None:
        """Take the weights of the first one."""
        for value in net.state_dict().values():
            torch.distributed.broadcast(value, 0)

    def average_buffers(self, net: nn.Module) -> None:
        """Average what layers found in their shares of the rows: moving means, say."""
        for buffer in net.buffers():
            if buffer.is_floating_point():
                torch.distributed.all_reduce(buffer)
                buffer.div_(self.size)

    def draw_alike(self) -> None:
        """Draw from now on what the first one draws."""
        state = torch.get_rng_state()
        torch.distributed.broadcast(state, 0)
        torch.set_rng_state(state)

    def draw_apart(self) -> None:
        """Draw from now on what no other one draws; the first one goes on as it would alone."""
        if not self.leads:
            drawn = int(torch.randint(2**31, ()))
            torch.manual_seed(drawn + self.rank)

    def told(self, values: list[float] | None = None, *, count: int = 1) -> list[float]:
        """Give the numbers that the first one says; it gives them here."""
        said = torch.zeros(count if values is None else len(values), dtype=torch.float64)
        if values is not None:
            said.copy_(torch.tensor(values, dtype=torch.float64))
        torch.distributed.broadcast(said, 0)
        return [float(value) for value in said]

    def agreed(self, going_on: bool) -> bool:
        """Give what the first one says of going on; the others only listen."""
        return self.told([float(going_on)])[0] > 0

    def read(self, said: dict[str, Any] | None = None) -> dict[str, Any]:
        """Give the JSON that the first one says; it gives it here."""
        text = b"" if said is None else json.dumps(said).encode()
        length = int(self.told([float(len(text))])[0])
        data = torch.zeros(length, dtype=torch.uint8)
        if said is not None:
            data.copy_(torch.frombuffer(bytearray(text), dtype=torch.uint8))
        torch.distributed.broadcast(data, 0)
        found: dict[str, Any] = json.loads(bytes(data.tolist()))
        return found


class Agreed:
    """A pace that all keep: that of the first one.

    Parameters
    ----------
    pace : Pacer, optional
        That of the first one; None for the others.
    together : Together
        The processes.
    by_step : bool
        Whether it is asked before every step.
    """

    def __init__(self, pace: Pacer | None, together: Together, *, by_step: bool) -> None:
        self._pace, self._together = pace, together
        self.by_step = by_step
        self.total = 1.0 if pace is None else pace.total

    def goes_on(self, done: float) -> bool:
        """Say whether there is more after so many epochs, as the first one says."""
        said = None if self._pace is None else [float(self._pace.goes_on(done)), self._pace.total]
        goes, self.total = self._together.told(said, count=2)
        return goes > 0


@contextmanager
def joined() -> Iterator[Together | None]:
    """Join the processes that torchrun started; gives None where it started none, or one.

    Examples
    --------
    >>> with joined() as together:
    ...     together is None
    True
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size < 2:
        yield None
        return
    torch.distributed.init_process_group("gloo", timeout=_PATIENCE)
    try:
        yield Together(torch.distributed.get_rank(), size)
    finally:
        torch.distributed.destroy_process_group()
