"""What all detectors say of a table, column by column."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import Coded, code_table
from modelwright.clean.dependencies import Dependency, dependencies
from modelwright.clean.detectors.contested import contested, reality_of
from modelwright.clean.detectors.disguised import disguised
from modelwright.clean.detectors.frequency import rare_values
from modelwright.clean.detectors.grams import odd_letters
from modelwright.clean.detectors.joint_outliers import Joint, joint_numbers, odd_together
from modelwright.clean.detectors.minority import differing, support_of
from modelwright.clean.detectors.outliers import far_numbers
from modelwright.clean.detectors.patterns import odd_shapes
from modelwright.clean.detectors.spelling import inconsistent
from modelwright.clean.detectors.told import Told
from modelwright.clean.detectors.twins import Pairs, differing_from_twins, twin_rows
from modelwright.clean.detectors.typos import misspelled
from modelwright.clean.entities import Claims, claims_of, entities, without_reversals
from modelwright.clean.numbers import Numbers, numbers_of
from modelwright.clean.shapes import Shapes, shapes_of
from modelwright.clean.truth import believed

__all__ = ["DEPENDENCIES", "DETECTORS", "TRUTH", "Evidence", "gather"]

Floats = NDArray[np.float64]

DETECTORS = (
    "shapes", "letters", "typos", "spelling", "disguised", "outliers", "joint outliers",
    "dependencies", "truth", "twins", "frequency",
)  # fmt: skip
"""The detectors, in the order in which `Evidence.told` gives them."""
DEPENDENCIES = DETECTORS.index("dependencies")
TRUTH = DETECTORS.index("truth")
_KEPT = 2_000_000


@dataclass(frozen=True)
class Evidence:
    """A table with what detectors need to know of it.

    Parameters
    ----------
    coded : Coded
        The table.
    found : tuple of tuple of Dependency
        What settles each column.
    claims : tuple of Claims
        What rows claim of things.
    beliefs : tuple of float arrays
        How likely each of those claims is true.
    weights : tuple of float arrays
        How much each source counts.
    pairs : Pairs
        Rows that are nearly equal.
    numbers : tuple of Numbers or None
        Columns of numbers.
    joint : Joint or None
        How odd a row's numbers are together.
    kept : dict of int to tuple of Told, optional
        What detectors said of columns, where they are asked more than once.
    """

    coded: Coded
    found: tuple[tuple[Dependency, ...], ...]
    claims: tuple[Claims, ...]
    beliefs: tuple[Floats, ...]
    weights: tuple[Floats, ...]
    pairs: Pairs
    numbers: tuple[Numbers | None, ...]
    joint: Joint | None
    kept: dict[int, tuple[Told, ...]] | None = field(default=None, compare=False)

    def shapes(self, column: int) -> Shapes:
        """Give the shapes of a column's values."""
        return shapes_of(self.coded.values[column])

    def home(self, column: int) -> int:
        """Find the thing whose fact a column is: a place in `claims`, -1 for none."""
        for place, each in enumerate(self.claims):
            if column in each.entity.columns:
                return place
        return -1

    def reality(self, column: int) -> float:
        """Say how surely a column is a fact of the thing that settles it."""
        place = self.home(column)
        if place < 0:
            return 0.0
        entity = self.claims[place].entity
        for one in self.found[column]:
            if one.given == entity.given:
                return reality_of(one, sourced=entity.source >= 0)
        return 0.0

    def told(self, column: int, beliefs: tuple[Floats, ...] | None = None) -> tuple[Told, ...]:
        """Ask all detectors about a column.

        Parameters
        ----------
        column : int
            Its place.
        beliefs : tuple of float arrays, optional
            What is believed of claims; None for what was found without labels.
        """
        told = (self.kept or {}).get(column) or self._asked(column)
        if self.kept is not None:
            self.kept[column] = told
        home = self.home(column)
        if beliefs is None or home < 0:
            return told
        reality = self.reality(column)
        changed = contested(self.coded, column, self.claims[home], beliefs[home], reality)
        return (*told[:TRUTH], changed, *told[TRUTH + 1 :])

    def _asked(self, column: int) -> tuple[Told, ...]:
        coded, numbers = self.coded, self.numbers[column]
        home = self.home(column)
        claims, belief = (self.claims[home], self.beliefs[home]) if home >= 0 else (None, None)
        return (
            odd_shapes(coded, column, self.shapes(column)),
            odd_letters(coded, column),
            misspelled(coded, column),
            inconsistent(coded, column, numbers),
            disguised(coded, column, numbers),
            far_numbers(coded, column, numbers),
            odd_together(coded, column, numbers, self.joint),
            differing(coded, column, self.found[column]),
            contested(coded, column, claims, belief, self.reality(column)),
            differing_from_twins(coded, column, self.pairs),
            rare_values(coded, column),
        )

    def support(self, column: int) -> NDArray[np.float32]:
        """Say how well the rows of its group bear each cell of a column out."""
        home = self.home(column)
        given = self.claims[home].entity.given if home >= 0 else ()
        found = [one for i, one in enumerate(self.found[column]) if i < 2 or one.given == given]
        return support_of(self.coded, column, tuple(found))


def gather(cells: pl.DataFrame, seed: int, *, keep: bool = False) -> Evidence:
    """Look at a table as a whole.

    Parameters
    ----------
    cells : polars.DataFrame
        Columns of text.
    seed : int
        Of what is drawn.
    keep : bool
        Whether to keep what detectors say of a table of at most two million cells: about 300 bytes
        for each cell.

    Returns
    -------
    Evidence
    """
    coded = code_table(cells)
    found = dependencies(coded)
    things = entities(coded, found)
    found = without_reversals(found, things)
    claims = [claims_of(coded, thing) for thing in things]
    told = tuple(each for each in claims if each is not None)
    believes = [believed(each.world) for each in told]
    numbers = tuple(numbers_of(coded, column) for column in range(cells.width))
    return Evidence(
        coded=coded,
        found=found,
        claims=told,
        beliefs=tuple(chance for chance, _ in believes),
        weights=tuple(weight for _, weight in believes),
        pairs=twin_rows(coded),
        numbers=numbers,
        joint=joint_numbers(coded, numbers, seed),
        kept={} if keep and coded.codes.size <= _KEPT else None,
    )
