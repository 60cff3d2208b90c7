"""The one door to PyTorch: whoever needs it takes `torch` and `nn` from here.

Where PyTorch is not installed, importing this module raises a `MissingExtraError` that names the
extra. So nothing imports it before it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from modelwright.core.deferred import Deferred

try:
    import torch as torch
    from torch import nn as nn
except ModuleNotFoundError:
    Deferred("torch", extra="deep").load()

__all__ = ["reproducible"]


@contextmanager
def reproducible(seed: int, threads: int = 1) -> Iterator[None]:
    """Seed PyTorch and limit its threads, and put both back in the end.

    Equal seeds on an equal number of threads give equal bits on one machine.

    Parameters
    ----------
    seed : int
        Of dropout, and of whatever else draws from the global generator.
    threads : int
        Threads of one operation; operations never run beside each other.

    Examples
    --------
    >>> with reproducible(seed=3):
    ...     first = torch.rand(1)
    >>> with reproducible(seed=3):
    ...     bool(torch.rand(1) == first)
    True
    """
    with suppress(RuntimeError):  # it was set before, and may be set once only
        torch.set_num_interop_threads(1)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before)
