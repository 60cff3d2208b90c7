"""The queue before the workers: first come, first served, with gaps filled for a while."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from modelwright.engine.jobs import Job

__all__ = ["Item", "choose"]

# How often later jobs may slip past an earlier one that needs more cores than are free.
_OVERTAKES = 4


@dataclass(eq=False)
class Item:
    """A submitted job and what has happened to it so far.

    Parameters
    ----------
    job : Job
        The job.
    arguments : str
        Its arguments as JSON text.
    cores : int
        The cores it gets: no more than exist.
    started : float, optional
        The moment of `time.monotonic` at which its first attempt began.
    crashes : int
        How many attempts ended with the worker's death.
    overtaken : int
        How many later jobs have started before it.
    peak : int
        The most bytes that its workers were seen to hold.
    """

    job: Job
    arguments: str
    cores: int
    started: float | None = None
    crashes: int = 0
    overtaken: int = 0
    peak: int = 0

    @property
    def deadline(self) -> float | None:
        """When it is killed; None before it has started, and without a limit."""
        if self.started is None or self.job.seconds is None:
            return None
        return self.started + self.job.seconds


def choose(waiting: Sequence[Item], free: int, offered: Collection[str] = ("",)) -> Item | None:
    """Choose the job that starts next, and count whom it overtakes.

    Parameters
    ----------
    waiting : sequence of Item
        In the order of submission.
    free : int
        Free cores.
    offered : collection of str
        The runtimes of which a worker is free.

    Returns
    -------
    Item or None
        The first that fits, unless one before it has been overtaken too often: then the cores
        are kept for that one.

    Examples
    --------
    >>> call = "modelwright.testing.jobs:echo"
    >>> big, small = Item(Job("big", call), "{}", 2), Item(Job("small", call), "{}", 1)
    >>> choose([big, small], free=1) is small
    True
    """
    skipped: list[Item] = []
    for item in waiting:
        if item.cores <= free and item.job.runtime in offered:
            for earlier in skipped:
                earlier.overtaken += 1
            return item
        if item.overtaken >= _OVERTAKES:
            return None
        skipped.append(item)
    return None
