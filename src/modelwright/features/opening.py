"""Images opened into a file of pixels: many of them by worker processes.

Threads share Python's lock, which small images hold for most of their time; processes do not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.engine import Job, Status, start_engine, worker_count
from modelwright.engine.platform import reserve
from modelwright.features.image_files import ImageFiles
from modelwright.features.images import ImageForm, Opened, Pixels, open_images

__all__ = ["open_again", "open_into", "open_some"]

_MANY = 20_000  # images: fewer are opened before worker processes are up
_TURNS = 8  # jobs a worker at least, so that they end together
_MOST = 4_096  # images a job


def open_into(
    path: Path, places: Sequence[str], form: ImageForm, tell: Callable[[int], None]
) -> Opened:
    """Open images, and write their pixels into a new ``.npy`` file.

    Parameters
    ----------
    path : pathlib.Path
        The file: uint8, shape (n_rows, channels, height, width).
    places, form
        As for `open_images`.
    tell : callable
        Is told now and then how many are done.

    Returns
    -------
    Opened

    Raises
    ------
    OSError
        When the file cannot be written, or the disk has too little room for it.
    """
    shape = (len(places), form.channels, form.height, form.width)
    into = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    reserve(path)
    if len(places) < _MANY or worker_count() == 1:
        opened = open_images(places, form, into, tell=tell)
    else:
        opened = _by_workers(path, into, places, form, tell)
    into.flush()
    return opened


def open_again(path: Path, places: Sequence[str], form: ImageForm, before: Opened) -> Opened | None:
    """Try what was out of reach once more, and add the pixels of what opens now to the file.

    Parameters
    ----------
    path, places, form
        As for `open_into`, which made the file.
    before : Opened
        What came of it then.

    Returns
    -------
    Opened or None
        What has come of all of it; None when that is the same as before.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    why, changes = dict(before.why), Counter(before.changes)
    good, rows = before.good.copy(), before.passing
    for first in range(0, len(rows), _MOST):
        some = np.array(rows[first : first + _MOST])
        pixels = np.empty((len(some), form.channels, form.height, form.width), np.uint8)
        opened = open_images([places[row] for row in some], form, pixels)
        if opened.good.any():
            into = np.lib.format.open_memmap(path, mode="r+")
            into[some[opened.good]] = pixels[opened.good]
            into.flush()
        good[some] = opened.good
        why |= {int(some[row]): reason for row, reason in opened.why.items()}
        changes.update(opened.changes)
    why = {row: reason for row, reason in why.items() if not good[row]}
    return None if why == before.why else Opened(good, why, dict(changes.most_common()))


def open_some(path: str, first: int, places: list[str], form: list[int]) -> dict[str, Any]:
    """Open some images in a worker, and write their pixels into a file that is there.

    Parameters
    ----------
    path : str
        The ``.npy`` file.
    first : int
        The row of the first one.
    places : list of str
        As for `open_images`.
    form : list of int
        Channels, height and width.

    Returns
    -------
    dict
        ``why`` and ``changes`` as in `Opened`; rows count from `first`.
    """
    into = np.lib.format.open_memmap(path, mode="r+")
    opened = open_images(
        places, ImageForm(*form), into[first : first + len(places)], threads=1, files=_files()
    )
    return {"why": list(opened.why.items()), "changes": dict(opened.changes)}


@lru_cache(maxsize=1)
def _files() -> ImageFiles:
    """Keep zips open while the worker lives: the list of 100,000 entries takes a second to read."""
    return ImageFiles()


def _by_workers(
    path: Path,
    into: Pixels,
    places: Sequence[str],
    form: ImageForm,
    tell: Callable[[int], None],
) -> Opened:
    good = np.ones(len(places), bool)
    why, changes, done = dict[int, str](), Counter[str](), 0
    size = min(_MOST, len(places) // (_TURNS * worker_count()) + 1)
    sizes = [form.channels, form.height, form.width]
    call = f"{open_some.__module__}:{open_some.__name__}"
    with start_engine(preload=(open_some.__module__,)) as engine:
        for first in range(0, len(places), size):
            some = list(places[first : first + size])
            arguments = {"path": str(path), "first": first, "places": some, "form": sizes}
            engine.submit(Job(str(first), call, arguments))
        while engine.pending:
            for outcome in engine.wait():
                first = int(outcome.job.key)
                rows = slice(first, first + size)
                if outcome.status is Status.DONE:
                    bad, changed = dict(outcome.value["why"]), outcome.value["changes"]
                else:  # no worker could, for want of memory perhaps: this process takes longer
                    here = open_images(places[rows], form, into[rows])
                    bad, changed = dict(here.why), here.changes
                why |= {first + row: reason for row, reason in bad.items()}
                changes.update(changed)
                done += len(good[rows])
                tell(done)
    good[list(why)] = False
    return Opened(good, dict(sorted(why.items())), dict(changes.most_common()))
