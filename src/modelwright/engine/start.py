"""An engine that suits the machine it is on."""

from __future__ import annotations

from modelwright.engine.local import LocalEngine
from modelwright.engine.platform import available_memory, core_count

__all__ = ["start_engine"]

# What is left to the rest of the machine.
MEMORY_SHARE = 0.8


def start_engine(workers: int | None = None, preload: tuple[str, ...] = ()) -> LocalEngine:
    """Start local workers: one a core, within the memory that is free now.

    Parameters
    ----------
    workers : int, optional
        How many processes; None: one a core, at most 8.
    preload : tuple of str
        Modules that each worker imports at once.

    Returns
    -------
    LocalEngine

    Examples
    --------
    >>> with start_engine(1) as engine:
    ...     engine.pending
    ()
    """
    cores = core_count()
    count = workers or min(cores, 8)
    return LocalEngine(count, cores, int(available_memory() * MEMORY_SHARE), preload)
