"""Features of rows whose cells come partly from one row and partly from background rows.

A feature of one column is that of the row or that of the background row, and nothing has to be
computed again. Only steps with features of several columns, such as a ratio, are run anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.protocols import FittedStep
from modelwright.core.table import Table
from modelwright.explain.attribution import Coalitions
from modelwright.features import FittedRecipe

__all__ = ["MixedFeatures"]

Shown = NDArray[np.bool_]


@dataclass(frozen=True)
class MixedFeatures:
    """What a recipe makes of the coalitions of one row.

    Parameters
    ----------
    behind : Matrix
        The features of the background row of each coalition.
    numbers, codes : ndarray of bool, shapes (n_coalitions, n_numbers) and (n_coalitions, n_codes)
        Whether a feature is that of the row.
    again : tuple of (FittedStep, slice, slice)
        Steps that are run on mixed cells, with the places of their numbers and of their codes.
    """

    behind: Matrix
    numbers: Shown
    codes: Shown
    again: tuple[tuple[FittedStep, slice, slice], ...]

    @classmethod
    def of(
        cls,
        recipe: FittedRecipe,
        made: tuple[tuple[str, ...], ...],
        behind: Matrix,
        drawn: Coalitions,
    ) -> MixedFeatures:
        """Find out which features are whose.

        Parameters
        ----------
        recipe : FittedRecipe
            What makes the features.
        made : tuple of tuple of str
            The columns that each feature is made of; see `modelwright.features.made_of`.
        behind : Matrix
            The features of the background rows.
        drawn : Coalitions
            The coalitions.
        """
        number = drawn.player
        players = [{number[name] for name in columns} for columns in made]
        # whoever it is of a feature of several players: its step is run again
        first = np.array([min(one) for one in players], np.int64)
        width = len(behind.number_names)
        shown = drawn.shown[:, first[:width]], drawn.shown[:, first[width:]]
        again = tuple(
            (step, numbers, codes)
            for step, numbers, codes in _places(recipe)
            if any(len(players[at]) > 1 for at in _positions(numbers, 0))
            or any(len(players[at]) > 1 for at in _positions(codes, width))
        )
        return cls(behind.rows(drawn.behind), *shown, again)

    def of_row(self, row: Matrix, cells: Callable[[], Table]) -> Matrix:
        """Give the features of each coalition.

        Parameters
        ----------
        row : Matrix
            Those of the row alone.
        cells : callable
            Gives the cells of each coalition, where they are needed.
        """
        numbers = np.where(self.numbers, row.numbers, self.behind.numbers)
        codes = np.where(self.codes, row.codes, self.behind.codes)
        for step, own_numbers, own_codes in self.again:
            made = step.transform(cells())
            numbers[:, own_numbers], codes[:, own_codes] = made.numbers, made.codes
        names = row.number_names, row.code_names
        return Matrix(numbers, codes, *names, row.levels)


def _places(recipe: FittedRecipe) -> Iterator[tuple[FittedStep, slice, slice]]:
    """Say where the numbers and the codes of each step stand in the matrix."""
    number = code = 0
    for step in recipe.steps:
        numbers, codes = len(step.number_names), len(step.code_names)
        yield step, slice(number, number + numbers), slice(code, code + codes)
        number, code = number + numbers, code + codes


def _positions(places: slice, offset: int) -> range:
    return range(places.start + offset, places.stop + offset)
