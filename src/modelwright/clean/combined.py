"""One chance for each cell from what all detectors say, without labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.detectors.told import Told
from modelwright.clean.evidence import DETECTORS, Evidence

__all__ = ["MOST_REASONS", "Combined", "by_themselves", "combine", "together"]

Floats = NDArray[np.float32]

# What a cell looks like matters less when the rows of its group bear it out.
_LOOKS = frozenset(
    ["shapes", "letters", "typos", "spelling", "outliers", "joint outliers", "frequency"]
)
_BORNE_OUT = 0.8
_SILENT = 0.02
MOST_REASONS = 30_000
"""So many reasons are told: their places are short numbers."""


@dataclass(frozen=True)
class Combined:
    """What all detectors say together.

    Parameters
    ----------
    chance : float array of shape (rows, columns)
        How likely each cell is wrong.
    reason : int array of shape (rows, columns)
        The place of the strongest reason in `reasons`; -1 for none.
    reasons : tuple of str
        Reasons in plain words.
    speakers : tuple of int
        The detector that gives each reason, as its place in `DETECTORS`.
    """

    chance: Floats
    reason: NDArray[np.int16]
    reasons: tuple[str, ...]
    speakers: tuple[int, ...] = ()


def together(told: tuple[Told, ...], support: Floats, settled: bool) -> Floats:
    """Combine what detectors say of a column.

    Parameters
    ----------
    told : tuple of Told
        Their answers, in the order of `DETECTORS`.
    support : float array of shape (rows,)
        How well the rows of its group bear each cell out.
    settled : bool
        Whether the column is a fact of a thing that several rows tell about; then what is believed
        of the thing stands for the vote of the group.

    Returns
    -------
    float array of shape (rows, detectors)
        How far each detector speaks against each cell.
    """
    weighed = []
    for name, one in zip(DETECTORS, told, strict=True):
        chance = one.chance
        if name in _LOOKS:
            chance = chance * (1 - _BORNE_OUT * support)
        elif name == "dependencies" and settled:
            chance = np.zeros_like(chance)
        weighed.append(chance)
    return np.column_stack(weighed)


def by_themselves(
    evidence: Evidence, column: int, beliefs: tuple[NDArray[np.float64], ...] | None = None
) -> Floats:
    """Say how likely the cells of a column are wrong by what detectors say, without labels.

    Chances are put together as if detectors erred on their own (a noisy or; Pearl 1988).

    Parameters
    ----------
    evidence : Evidence
        The table.
    column : int
        Its place.
    beliefs : tuple of float arrays, optional
        What is believed of claims; None for what was found without labels.

    Returns
    -------
    float array of shape (rows,)
    """
    return _either(_weighed(evidence, column, evidence.told(column, beliefs)))


def _weighed(evidence: Evidence, column: int, told: tuple[Told, ...]) -> Floats:
    return together(told, evidence.support(column), evidence.home(column) >= 0)


def _either(weighed: Floats) -> Floats:
    return np.asarray(1 - np.prod(1 - weighed, axis=1), np.float32)


def combine(evidence: Evidence) -> Combined:
    """Ask all detectors about all columns.

    Chances are put together as if detectors erred on their own (a noisy or; Pearl 1988).

    Parameters
    ----------
    evidence : Evidence
        The table.

    Returns
    -------
    Combined
    """
    coded = evidence.coded
    shape = (coded.height, len(coded.columns))
    chance = np.zeros(shape, np.float32)
    reason = np.full(shape, -1, np.int16)
    reasons: dict[str, int] = {}
    speakers: list[int] = []
    for column in range(shape[1]):
        told = evidence.told(column)
        weighed = _weighed(evidence, column, told)
        chance[:, column] = _either(weighed)
        strongest = weighed.argmax(axis=1)
        spoken = weighed.max(axis=1) > _SILENT
        for place in np.unique(strongest[spoken]).tolist():
            if len(reasons) < MOST_REASONS:
                number = reasons.setdefault(told[place].reason, len(reasons))
                speakers += [place] * (number == len(speakers))
                reason[spoken & (strongest == place), column] = number
    return Combined(chance, reason, tuple(reasons), tuple(speakers))
