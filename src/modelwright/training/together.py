"""One net learned by several processes, each from its share of every batch.

``torchrun --nproc-per-node 4 ...`` starts them, on one machine or on several, and tells each its
place. They draw the same order of rows, add up their gradients after every batch, and so take the
same step: as one process would with the whole batch (Li et al. 2020). The first one leads: it
alone says when to stop, and it alone writes. When one of them ends, all do.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from modelwright.core.errors import LostError, OptionError
from modelwright.core.launch import Launch, launched
from modelwright.engine import core_count
from modelwright.nets.library import nn, torch
from modelwright.training.pace import Pacer

__all__ = ["Agreed", "Together", "current", "joined"]

# Those that help wait for the first one while it reads and measures.
_PATIENCE = timedelta(hours=24)
# How long all have to come, and how long one that ends waits until the first one has heard why.
_ARRIVAL, _HEARING, _MOMENT, _LOOK = 300.0, 5.0, 1.0, 0.05
_AGAIN = "start them again (with --resume they go on where they were)"
# Each time that processes join they speak under names of their own.
_TIMES = itertools.count()
# Where Gloo listens: by itself it asks what address the name of the machine has.
_INTERFACE = "GLOO_SOCKET_IFNAME"
_CURRENT: ContextVar[Together | None] = ContextVar("together", default=None)


@dataclass(frozen=True)
class Together:
    """A process among those that learn one net.

    Parameters
    ----------
    rank : int
        Its place; 0 leads.
    size : int
        How many there are.
    store : torch.distributed.Store, optional
        Where one that ends leaves a word.

    Examples
    --------
    >>> Together(1, 2).share(5)
    slice(3, 5, None)
    """

    rank: int
    size: int
    store: Any = field(default=None, repr=False, compare=False)

    @property
    def leads(self) -> bool:
        """Whether this one says when to stop, and writes."""
        return self.rank == 0

    def share(self, rows: int) -> slice:
        """Say which of so many rows are for this process.

        Raises
        ------
        OptionError
            When there are fewer rows than processes.
        """
        if rows < self.size:
            got = f"{rows} for {self.size}"
            raise OptionError("a row a step for each process", got, "start fewer processes")
        each, more = divmod(rows, self.size)
        start = self.rank * each + min(self.rank, more)
        return slice(start, start + each + (self.rank < more))

    def add_up(self, net: nn.Module, loss: float) -> float:
        """Add up the gradients of all, in place; gives the sum of their losses."""
        found = [p.grad for p in net.parameters() if p.grad is not None]
        total = torch.cat([torch.tensor([loss]), *(grad.flatten() for grad in found)])
        self.sum(total)
        parts = torch.split(total[1:], [grad.numel() for grad in found])
        for grad, part in zip(found, parts, strict=True):
            grad.copy_(part.view(grad.shape))
        return float(total[0])

    def sum(self, values: torch.Tensor) -> None:
        """Put the sum over all processes in place of the values of each."""
        self._all(torch.distributed.all_reduce, values)

    def summed(self, values: list[float]) -> list[float]:
        """Give the sums of what each process says."""
        said = torch.tensor(values, dtype=torch.float64)
        self.sum(said)
        return [float(value) for value in said]

    def begin_alike(self, net: nn.Module) -> None:
        """Take the weights of the first one."""
        for value in net.state_dict().values():
            plain = value.detach().contiguous()  # whatever order its numbers lie in
            self._all(torch.distributed.broadcast, plain, 0)
            value.copy_(plain)

    def average_buffers(self, net: nn.Module) -> None:
        """Average what layers found in their shares of the rows: moving means, say."""
        for buffer in net.buffers():
            if buffer.is_floating_point():
                plain = buffer.detach().contiguous()
                self.sum(plain)
                buffer.copy_(plain / self.size)

    def draw_alike(self) -> None:
        """Draw from now on what the first one draws."""
        state = torch.get_rng_state()
        self._all(torch.distributed.broadcast, state, 0)
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
        self._all(torch.distributed.broadcast, said, 0)
        return [float(value) for value in said]

    def data(self, said: bytes | None = None) -> bytes:
        """Give the bytes that the first one says; it gives them here."""
        given = said or b""
        length = int(self.told([float(len(given))])[0])
        whole = torch.zeros(length, dtype=torch.uint8)
        if self.leads and length:
            whole.copy_(torch.frombuffer(bytearray(given), dtype=torch.uint8))
        if length:
            self._all(torch.distributed.broadcast, whole, 0)
        return whole.numpy().tobytes()

    def read(self, said: dict[str, Any] | None = None) -> dict[str, Any]:
        """Give the JSON that the first one says; it gives it here."""
        found: dict[str, Any] = json.loads(self.data(json.dumps(said or {}).encode()))
        return found

    def leave(self, why: str) -> bool:
        """Close the connections, so that all end; whether who tells the user has heard why."""
        with suppress(RuntimeError):  # whoever holds the words may be gone
            said = json.dumps({"rank": self.rank, "why": why})
            self.store.compare_set("ended", "", said)  # the first word is the cause
        _close()
        if self.leads:
            return _awaited(self.store, [f"heard/{rank}" for rank in range(1, self.size)], _MOMENT)
        return _awaited(self.store, ["heard/0"], _HEARING)

    def _all(self, operation: Callable[..., object], *given: Any) -> None:
        """Do what all processes do at once."""
        try:
            operation(*given)
        except RuntimeError as error:
            raise self._lost() from error

    def _lost(self) -> LostError:
        """Make the error for the end of another process, with its last word."""
        whole, word = f"{self.size} processes to the end", None
        with suppress(RuntimeError, ValueError):
            if _awaited(self.store, ["ended"], _MOMENT):
                word = json.loads(self.store.get("ended"))
                self.store.set(f"heard/{self.rank}", "")
        if word is None:
            return LostError(whole, "one that is gone without a word", _AGAIN)
        who = f"process {word['rank']}" if word["rank"] else "the first one"
        return LostError(whole, f"{who} ended: {word['why']}", _AGAIN, told=not self.leads)


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
        self.total = together.told(None if pace is None else [pace.total])[0]

    def goes_on(self, done: float) -> bool:
        """Say whether there is more after so many epochs, as the first one says."""
        said = None if self._pace is None else [float(self._pace.goes_on(done)), self._pace.total]
        goes, self.total = self._together.told(said, count=2)
        return goes > 0


def current() -> Together | None:
    """Give the processes that this one has joined; None where it works alone.

    Examples
    --------
    >>> current() is None
    True
    """
    return _CURRENT.get()


@contextmanager
def joined() -> Iterator[Together | None]:
    """Join the processes that torchrun started; gives None where it started none, or one.

    Threads are limited to those that a process has when all on a machine are as busy. An error in
    one of the processes ends the others: the first one raises a `LostError` that says which and
    why, and so does the one that had it.

    Raises
    ------
    OptionError
        When this process belongs to a group of PyTorch's already.
    LostError
        When not all of them come within five minutes, or one ends before the others.

    Examples
    --------
    >>> with joined() as together:
    ...     together is None
    True
    """
    place = launched()
    if place is None:
        yield None
        return
    together = _joined(place)
    mark, threads = _CURRENT.set(together), torch.get_num_threads()
    torch.set_num_threads(max(min(threads, core_count() // place.here), 1))
    try:
        yield together
    except LostError:
        raise
    except Exception as error:
        why = " ".join(f"{error}".split()) or type(error).__name__
        heard = together.leave(why)
        if together.leads:
            raise
        ended = f"process {place.rank}, which ended: {why}"
        raise LostError(f"{place.size} processes to the end", ended, told=heard) from error
    except BaseException:
        together.leave("interrupted")
        raise
    finally:
        _close()
        _CURRENT.reset(mark)
        torch.set_num_threads(threads)


def _joined(place: Launch) -> Together:
    if torch.distributed.is_initialized():
        cure = "call torch.distributed.destroy_process_group() first"
        raise OptionError("a process that belongs to no group of PyTorch's", "one that does", cure)
    size = place.size
    try:
        waits = timedelta(seconds=_ARRIVAL)
        found, *_ = next(torch.distributed.rendezvous("env://", timeout=waits))  # type: ignore[attr-defined]
        store = torch.distributed.PrefixStore(f"modelwright/{next(_TIMES)}", found)  # type: ignore[attr-defined]
        store.set(f"here/{place.rank}", "")
        if not _awaited(store, [f"here/{rank}" for rank in range(size)], _ARRIVAL):
            raise RuntimeError(f"not all of them came within {_ARRIVAL:.0f} s")
        with _nearby(place):
            torch.distributed.init_process_group(
                "gloo", store=store, rank=place.rank, world_size=size, timeout=_PATIENCE
            )
    except (RuntimeError, ValueError, OSError) as error:
        why = " ".join(f"{error}".split())[:120]
        cure = "make the same call in each of them, and see that they reach each other"
        raise LostError(f"{size} processes that find each other", why, cure) from error
    return Together(place.rank, size, store)


@contextmanager
def _nearby(place: Launch) -> Iterator[None]:
    """Listen to this machine alone where all are on it, whatever its name leads to."""
    loops = [name for _, name in socket.if_nameindex() if name.startswith("lo")]
    if place.here < place.size or not loops or _INTERFACE in os.environ:
        yield
        return
    os.environ[_INTERFACE] = loops[0]
    try:
        yield
    finally:
        del os.environ[_INTERFACE]


def _awaited(store: Any, names: list[str], seconds: float) -> bool:
    """Look for words until all are there; whether they came in time."""
    until = time.monotonic() + seconds
    with suppress(RuntimeError):  # whoever holds the words may be gone
        while not (there := bool(store.check(names))) and time.monotonic() < until:
            time.sleep(_LOOK)
        return there
    return False


def _close() -> None:
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
