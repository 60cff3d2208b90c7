"""The place of this process among those that torchrun started, by what it put into the environment.

Nothing heavy is imported for it: every command asks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from modelwright.core.errors import OptionError

__all__ = ["Launch", "helps", "launched", "refuse_company"]

# What torchrun tells each process it starts; other launchers tell a part of it.
_TOLD = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True)
class Launch:
    """A process among several that were started together.

    Parameters
    ----------
    rank : int
        Its place; 0 leads: it alone reads options, decides, prints and writes.
    size : int
        How many there are; at least 2.
    here : int
        How many of them are on this machine.
    """

    rank: int
    size: int
    here: int


def launched() -> Launch | None:
    """Find this process among those that torchrun started; None where it started none, or one.

    Examples
    --------
    >>> launched() is None
    True
    """
    told = [os.environ.get(name, "") for name in _TOLD]
    if not all(told) or not (told[0].isdecimal() and told[1].isdecimal()):
        return None
    rank, size = int(told[0]), int(told[1])
    if not rank < size or size < 2:
        return None
    here = os.environ.get("LOCAL_WORLD_SIZE", "")
    return Launch(rank, size, max(int(here), 1) if here.isdecimal() else size)


def helps() -> bool:
    """Whether this process is one of several and not the first: it prints and writes nothing.

    Examples
    --------
    >>> helps()
    False
    """
    place = launched()
    return place is not None and place.rank > 0


def refuse_company(what: str) -> None:
    """Refuse several processes where they would all do the same.

    Parameters
    ----------
    what : str
        What is asked for, as in "to fit a table".

    Raises
    ------
    OptionError
        When torchrun started several.

    Examples
    --------
    >>> refuse_company("to fit a table")
    """
    place = launched()
    if place is not None:
        cure = "leave torchrun out: it is for fits on images; one process uses all cores by itself"
        raise OptionError(f"one process {what}", f"{place.size} that torchrun started", cure)
