"""How fast nets of images are here, and which are too slow to be measured."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from modelwright.plan.images.net import form_of
from modelwright.plan.images.rows import PictureRows

if TYPE_CHECKING:
    from modelwright.training.batches import Source
    from modelwright.training.machine import Machine

__all__ = ["fastest_setting", "hopeless", "speed_of"]
# How much faster wide nets multiply.
_GAIN = 2.0


def speed_of(rows: PictureRows, source: Source, widths: tuple[int, ...], machine: Machine) -> float:
    """Time a step of a net: images a second."""
    from modelwright.nets.quick import QuickNet
    from modelwright.training.losses import cross_entropy
    from modelwright.training.machine import measure

    return measure(QuickNet(form_of(rows, widths)), source, cross_entropy, machine)


def fastest_setting(
    rows: PictureRows, source: Source, widths: tuple[int, ...], machine: Machine, threads: int
) -> Machine:
    """Measure a net; a wide one may gain by threads and by 16 bits that a narrow one loses by.

    What the plain setting comes to was measured of the narrow one, and says nothing of this.

    Parameters
    ----------
    rows : PictureRows
        The images.
    source : Source
        Those to learn from.
    widths : tuple of int
        Of the net.
    machine : Machine
        What suits the narrow one.
    threads : int
        The most.
    """
    from modelwright.training.machine import multiplies_short

    precisions = (False, True) if multiplies_short() else (False,)
    found = []
    for count, short in product({machine.threads, threads}, precisions):
        tried = replace(machine, threads=count, bfloat16=short, plain=0.0)
        found.append(replace(tried, rows_a_second=speed_of(rows, source, widths, tried)))
    return max(found, key=lambda one: one.rows_a_second)


def hopeless(
    rows: PictureRows,
    widths: tuple[int, ...],
    least: tuple[int, ...],
    smallest: float,
    wanted: float,
) -> bool:
    """Whether a net is far too large, by the images that the smallest one sees: unmeasured.

    Parameters
    ----------
    rows : PictureRows
        The images.
    widths, least : tuple of int
        Of the net, and of the smallest one.
    smallest, wanted : float
        Images that the smallest one sees in the time, and that a net has to see.
    """
    if widths == least:
        return False
    work, own = (form_of(rows, wide).work for wide in (least, widths))
    # wide nets use the machine better: they are up to so much faster than their work says
    return max(smallest, 0.0) * _GAIN * work / own < wanted
