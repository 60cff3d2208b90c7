"""An engine that suits the machine it is on."""

from __future__ import annotations

from modelwright.engine.inline import InlineEngine
from modelwright.engine.local import LocalEngine
from modelwright.engine.platform import core_count

__all__ = ["start_engine", "worker_count"]


def worker_count(workers: int | None = None) -> int:
    """Say how many workers there are when so many are asked for.

    One a core, at most 8; asked for, up to two a core: more would only wait for each other. None
    asked for (0) means that this process works alone.
    """
    if workers == 0:
        return 1
    return min(workers or min(core_count(), 8), 2 * core_count())


def start_engine(
    workers: int | None = None, preload: tuple[str, ...] = ()
) -> LocalEngine | InlineEngine:
    """Start local workers: one a core, within the memory that is free.

    Parameters
    ----------
    workers : int, optional
        How many processes; see `worker_count`. 0: the work is done in this one.
    preload : tuple of str
        Modules that each worker imports at once.

    Returns
    -------
    LocalEngine or InlineEngine

    Examples
    --------
    >>> with start_engine(1) as engine:
    ...     engine.pending
    ()
    """
    if workers == 0:
        return InlineEngine()
    return LocalEngine(worker_count(workers), core_count(), preload=preload)
