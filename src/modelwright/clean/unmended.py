"""Wrong cells that nobody could mend: emptied when somebody asks for it, otherwise told."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.cells import Errors, Labels
from modelwright.clean.coded import Coded, code_table
from modelwright.clean.detectors.disguised import surely_missing
from modelwright.clean.repairs import Repair, Repairs

__all__ = ["EMPTY", "MASKED", "MOST", "abnormal_rows", "doubts", "emptied"]

MASKED = "wrong, and nobody knows better: emptied"
"""The rule of a cell that is emptied."""
EMPTY = "stands for a missing value: emptied"
"""The rule of a cell that held a word or a code for "missing"."""
MOST = 100_000
"""So many doubted cells are listed, the likeliest wrong ones."""
_SLACK = 1e-6  # chances are float32

Cells = set[tuple[int, str]]


def emptied(
    table: pl.DataFrame,
    errors: Errors,
    repairs: Repairs,
    labels: Labels | None,
    threshold: float,
    *,
    wrong: bool = True,
) -> Repairs:
    """Empty cells that are wrong for certain, and that nobody could mend.

    Parameters
    ----------
    table : polars.DataFrame
        The cells as they stand.
    errors : Errors
        How likely each of them is wrong.
    repairs : Repairs
        What is mended and proposed.
    labels : Labels, optional
        Cells that somebody spoke of stay; a word that they call right means something.
    threshold : float
        How sure it has to be that a cell is wrong: as sure as of a repair that is applied.
    wrong : bool
        Whether cells are emptied that are wrong; otherwise only those that hold a word or a code
        for "missing" and nothing else.

    Returns
    -------
    Repairs
        With the emptied cells among those that are applied. A wrong cell for which something is
        proposed is left to whoever looks at proposals, unless it only says "missing".
    """
    said = _said(labels)
    done = said | {(one.row, one.column) for one in repairs.applied}
    waiting = {(one.row, one.column) for one in repairs.proposed}
    coded = code_table(table)
    more: list[Repair] = []
    for place, name in enumerate(table.columns):
        nothing = _nothing(coded, place, labels, said)
        chance = errors.chance[:, place] if wrong else np.zeros(table.height, np.float32)
        sure = np.maximum(chance, nothing)
        for row in np.flatnonzero(sure >= threshold - _SLACK).tolist():
            old, empty = table[name][row], bool(nothing[row] >= threshold - _SLACK)
            if old is None or (row, name) in done or (not empty and (row, name) in waiting):
                continue
            rule = EMPTY if empty else MASKED
            more.append(Repair(row, name, old, None, rule, round(float(sure[row]), 4), True))
    gone = {(one.row, one.column) for one in more}
    kept = [one for one in repairs if (one.row, one.column) not in gone]
    return Repairs.of([*kept, *more], repairs.means)


def _said(labels: Labels | None) -> Cells:
    if labels is None:
        return set()
    return {(row, name) for row in labels.rows.tolist() for name in labels.values.columns}


def _nothing(coded: Coded, place: int, labels: Labels | None, said: Cells) -> NDArray[np.float32]:
    """Say how surely cells only say "missing"; never of a value that labels call right."""
    sure = surely_missing(coded, place)
    name = coded.columns[place]
    if labels is None or name not in labels.values.columns:
        return sure
    codes, values = coded.codes[:, place], coded.values[place]
    right = [
        int(codes[row])
        for row, text in zip(labels.rows.tolist(), labels.values[name].to_list(), strict=True)
        if (row, name) in said and codes[row] >= 0 and values[int(codes[row])] == text
    ]
    return np.where(np.isin(codes, right), np.float32(0.0), sure)


def _left(marked: NDArray[np.bool_], errors: Errors, repairs: Repairs) -> NDArray[np.bool_]:
    """Keep of some cells those for which nothing is done or proposed."""
    left = marked.copy()
    places = {name: i for i, name in enumerate(errors.columns)}
    for one in repairs:
        left[one.row, places[one.column]] = False
    return left


def abnormal_rows(
    table: pl.DataFrame, errors: Errors, repairs: Repairs, threshold: float
) -> list[int]:
    """List the rows with a cell that is wrong for certain, and that nobody could mend.

    Parameters
    ----------
    table : polars.DataFrame
        The cells as they stand: one that is missing, or that only says so, makes no row abnormal.
    errors : Errors
        How likely each cell is wrong.
    repairs : Repairs
        What is mended and proposed.
    threshold : float
        How sure it has to be that a cell is wrong.
    """
    left = _left(errors.chance >= threshold - _SLACK, errors, repairs)
    if left.any():
        coded = code_table(table)
        for place in np.flatnonzero(left.any(axis=0)).tolist():
            left[:, place] &= (coded.codes[:, place] >= 0) & (surely_missing(coded, place) == 0)
    return np.flatnonzero(left.any(axis=1)).tolist()


def doubts(table: pl.DataFrame, errors: Errors, repairs: Repairs) -> tuple[Repair, ...]:
    """List the cells that look wrong and for which nobody knows better.

    Parameters
    ----------
    table : polars.DataFrame
        The cells as they stand.
    errors : Errors
        How likely each of them is wrong.
    repairs : Repairs
        What is mended, emptied and proposed.

    Returns
    -------
    tuple of Repair
        At most `MOST`, by row: `new` is what stands there, `rule` why it is doubted, and
        `confidence` how likely it is wrong.

    Examples
    --------
    >>> chance = np.array([[0.8], [0.1]], np.float32)
    >>> errors = Errors(("a",), chance, np.zeros((2, 1), np.int16), ("far from the others",))
    >>> [one] = doubts(pl.DataFrame({"a": ["900", "9"]}), errors, Repairs(()))
    >>> one.row, one.old, one.new, one.rule, one.applied
    (0, '900', '900', 'looks wrong: far from the others', False)
    """
    left = _left(errors.wrong(), errors, repairs)
    count = int(left.sum())
    if count > MOST:
        least = np.partition(errors.chance[left], count - MOST)[count - MOST]
        left &= errors.chance >= least
    rows, columns = (each.tolist() for each in np.nonzero(left))
    found = []
    for row, place in zip(rows[:MOST], columns[:MOST], strict=True):
        text, number = table.item(row, place), int(errors.reason[row, place])
        why = f"looks wrong: {errors.reasons[number]}" if number >= 0 else "looks wrong"
        sure = round(float(errors.chance[row, place]), 4)
        found.append(Repair(row, errors.columns[place], text, text, why, sure, False))
    return tuple(found)
