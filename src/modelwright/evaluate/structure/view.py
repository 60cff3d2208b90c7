"""A table as the detectors see it: a bounded sample of its rows, coded once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelwright.core.schema import Kind, Role
from modelwright.core.seed import Seed
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.stats.cells import Cells, code_cells
from modelwright.stats.nearest import ask_nearest, place_rows, scaled_answers

__all__ = ["MOST_ROWS", "PROBED", "Gap", "View", "gap_between", "look"]

MOST_ROWS = 20_000
"""All measurements are taken on at most so many rows, unless fewer are asked for."""
PROBED = 3_000
"""So many rows are predicted from the rows nearest to them."""
MOST_COLUMNS = 200


@dataclass(frozen=True)
class View:
    """Some rows of a table, coded.

    Parameters
    ----------
    table : Table
        All rows and columns.
    y : Target
        All answers.
    rows : ndarray of int64, shape (n_seen,)
        The positions of the rows that are coded, ascending.
    cells : Cells
        The cells of these rows: all columns but the answer and the weights.
    answers : ndarray of float32, shape (n_seen, n_outputs)
        Their answers, scaled.
    seed : Seed
        The root of what is random.
    most : int
        How many rows may be looked at at once.
    """

    table: Table
    y: Target
    rows: NDArray[np.int64]
    cells: Cells
    answers: NDArray[np.float32]
    seed: Seed
    most: int = MOST_ROWS

    @property
    def whole(self) -> bool:
        """Whether all rows are seen."""
        return len(self.rows) == self.table.height

    @property
    def probed(self) -> int:
        """How many rows may be predicted from those nearest to them."""
        return min(PROBED, max(self.most // 3, 1_000))

    def at(self, rows: NDArray[np.int64]) -> View:
        """See other rows of the same table."""
        some = code_cells(self.table.select(self.cells.names).rows(rows), self.cells.names)
        answers = scaled_answers(self.y.rows(rows))
        return View(self.table, self.y, rows, some, answers, self.seed, self.most)

    def part(self, places: NDArray[np.int64]) -> View:
        """Keep some of the coded rows, in the order of `places`."""
        return replace(
            self,
            rows=self.rows[places],
            cells=self.cells.rows(places),
            answers=self.answers[places],
        )


def look(table: Table, y: Target, seed: int, most: int = MOST_ROWS) -> View:
    """Code a bounded sample of a table.

    Parameters
    ----------
    table : Table
        Typed rows.
    y : Target
        Their answers.
    seed : int
        Of the sample.
    most : int
        Of more rows a sample is drawn.

    Returns
    -------
    View
    """
    root = Seed(seed)
    rows = np.arange(table.height)
    if len(rows) > most:
        rng = np.random.default_rng(root.derive("structure", "rows"))
        rows = np.sort(rng.choice(len(rows), most, replace=False))
    names = _columns(table)
    cells = code_cells(table.select(names).rows(rows), names)
    return View(table, y, rows, cells, scaled_answers(y.rows(rows)), root, most)


def _columns(table: Table) -> tuple[str, ...]:
    """Choose the columns to look at: of very many, every k-th number and all others."""
    names = [c.name for c in table.schema if c.role not in (Role.TARGET, Role.WEIGHT)]
    if len(names) <= MOST_COLUMNS:
        return tuple(names)
    others = [name for name in names if table.schema[name].kind is not Kind.NUMBER]
    others = others[: MOST_COLUMNS // 2]
    numbers = [name for name in names if table.schema[name].kind is Kind.NUMBER]
    step = -(-len(numbers) // (MOST_COLUMNS - len(others)))
    kept = {*others, *numbers[::step]}
    return tuple(name for name in names if name in kept)


@dataclass(frozen=True)
class Gap:
    """What a quick model promises when rows are dealt at random, and what it keeps.

    Parameters
    ----------
    random, apart : float
        The share of the answers' variation that it leaves unexplained, for the same rows: when
        any other rows may be asked, and when the rows of the same structure may not.
    z : float
        The difference in standard errors, with rows that belong together counted as one.
    """

    random: float
    apart: float
    z: float

    @property
    def worse(self) -> float:
        """By which share the error grows."""
        return self.apart / max(self.random, 1e-3) - 1

    @property
    def sure(self) -> bool:
        """Whether it is beyond chance, and large enough to speak of."""
        return self.z >= 3 and self.worse >= 0.01


def gap_between(
    view: View,
    names: tuple[str, ...],
    asking: NDArray[np.int64],
    together: NDArray[np.int64],
    masks: tuple[NDArray[np.bool_] | None, NDArray[np.int64]],
) -> tuple[Gap, NDArray[np.float32]]:
    """Predict rows twice: from any others, and only from those of another structure.

    Parameters
    ----------
    view : View
        The rows.
    names : tuple of str
        Columns that the quick model must not see.
    asking : ndarray of int64, shape (n_asking,)
        Places of the rows to predict.
    together : ndarray of int64, shape (n_asking,)
        Which of them count as one when chance is judged.
    masks : (ndarray of bool or None, ndarray of int64)
        Rows that nobody may ask, shape (n_seen,), None for none; and a code for each row, shape
        (n_seen,): rows of equal code may not ask each other.

    Returns
    -------
    gap : Gap
    left : ndarray of float32, shape (n_asking, n_outputs)
        What the quick model leaves unexplained, without the rows of the same structure.
    """
    points = place_rows(
        view.cells.without(names), view.answers, view.seed.derive("structure", "points")
    )
    shut, codes = masks
    everyone = np.arange(len(view.rows))
    rng = np.random.default_rng(view.seed.derive("structure", "others"))
    mixed = rng.permutation(codes)
    mixed_shut = None if shut is None else rng.permutation(shut)

    def apart(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        mask: NDArray[np.bool_] = (codes[rows][:, None] == codes) | (rows[:, None] == everyone)
        return mask if shut is None else mask | shut

    def random(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        mask: NDArray[np.bool_] = (mixed[rows][:, None] == mixed) | (rows[:, None] == everyone)
        return mask if mixed_shut is None else mask | mixed_shut

    y = view.answers[asking]
    left = y - ask_nearest(points, view.answers, asking, apart)
    right = y - ask_nearest(points, view.answers, asking, random)
    lost, usual = (np.asarray(part, np.float64) ** 2 for part in (left, right))
    return _gap(lost.sum(axis=1), usual.sum(axis=1), together), left


def _gap(
    apart: NDArray[np.float64], random: NDArray[np.float64], together: NDArray[np.int64]
) -> Gap:
    more = apart - random
    _, place = np.unique(together, return_inverse=True)
    sums = np.bincount(place, more - more.mean())
    error = float(np.sqrt((sums**2).sum())) / max(len(more), 1)
    z = float(more.mean()) / max(error, 1e-9)
    return Gap(float(random.mean()), float(apart.mean()), z if len(sums) >= 5 else 0.0)
