"""All steps of a model in order: from a table to the matrix that learners see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from modelwright.core.errors import ModelFileError, did_you_mean
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import FittedEncoder, FittedStep, State, Step
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.arithmetic import Arithmetic, FittedArithmetic
from modelwright.features.categories import Categories, FittedCategories
from modelwright.features.crossfit import Blocks, clear_features, cross_fitted, make_blocks
from modelwright.features.dates import Dates, FittedDates
from modelwright.features.history import FittedHistory
from modelwright.features.images import FittedImages
from modelwright.features.keys import FittedKeys, Keys
from modelwright.features.lists import FittedLists, Lists
from modelwright.features.means import FittedMeans, Means
from modelwright.features.numbers import FittedNumbers, Numbers
from modelwright.features.pictures import FittedPictureColumns, PictureColumns
from modelwright.features.places import FittedPlaces, Places
from modelwright.features.related import FittedRelated
from modelwright.features.scores import FittedScores, Scores
from modelwright.features.text import FittedText, Text

__all__ = ["RECIPES", "FittedRecipe", "Recipe", "default_recipe", "rich_recipe"]


# The only names that a model file may ask for.
_KNOWN: tuple[type[FittedStep], ...] = (
    FittedNumbers,
    FittedCategories,
    FittedDates,
    FittedText,
    FittedLists,
    FittedPlaces,
    FittedKeys,
    FittedScores,
    FittedMeans,
    FittedArithmetic,
    FittedImages,
    FittedPictureColumns,
    FittedRelated,
    FittedHistory,
)
_REGISTRY: Mapping[str, type[FittedStep]] = MappingProxyType({step.name: step for step in _KNOWN})


@dataclass(frozen=True)
class FittedRecipe:
    """Fitted steps in order.

    Parameters
    ----------
    steps : tuple of FittedStep
        Those that found a column to work on.

    Examples
    --------
    >>> FittedRecipe(()).names
    ()
    """

    steps: tuple[FittedStep, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns that are needed, each once."""
        return tuple(dict.fromkeys(column for step in self.steps for column in step.columns))

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in the order of the matrix: all numbers, then all codes."""
        numbers = (name for step in self.steps for name in step.number_names)
        codes = (name for step in self.steps for name in step.code_names)
        return (*numbers, *codes)

    def transform(self, table: Table) -> Matrix:
        """Make the matrix.

        Parameters
        ----------
        table : Table
            Rows with at least `columns`, in any order; others are not looked at.

        Returns
        -------
        Matrix
            One row for each row of the table, in order.

        Raises
        ------
        ColumnError
            When a column is absent, or stored as something else than at fit.
        """
        return Matrix.beside([step.transform(table) for step in self.steps], table.height)

    def export(self) -> list[tuple[str, State]]:
        """Give the name and the state of every step."""
        return [(step.name, step.export()) for step in self.steps]

    @classmethod
    def restore(cls, states: Sequence[tuple[str, State]]) -> FittedRecipe:
        """Rebuild from what `export` gave.

        Parameters
        ----------
        states : sequence of (str, State)
            Names come from a closed registry.

        Returns
        -------
        FittedRecipe
            It transforms equal to the bit.

        Raises
        ------
        ModelFileError
            When a name is unknown, or a state is unsound.
        """
        steps: list[FittedStep] = []
        for name, state in states:
            if name not in _REGISTRY:
                cure = did_you_mean(name, _REGISTRY)
                raise ModelFileError("a known feature step", repr(name), cure)
            steps.append(_REGISTRY[name].restore(state))
        return cls(tuple(steps))


@dataclass(frozen=True)
class Recipe:
    """Steps in order, to be fitted on the training rows of a fold.

    Parameters
    ----------
    steps : tuple of Step
        Each takes the columns of its own kinds.

    Examples
    --------
    >>> import numpy as np
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> schema = Schema((Column("area", Kind.NUMBER), Column("town", Kind.CATEGORY)))
    >>> frame = pl.DataFrame({"area": [50.0, 70.0, 60.0], "town": ["Rome", "Rome", "Bonn"]})
    >>> table = Table(frame, schema)
    >>> fitted = default_recipe().fit(table, Target(np.array([1.0, 2.0, 3.0])), seed=0)
    >>> fitted.names
    ('area', 'town')
    >>> fitted.transform(table).codes.ravel().tolist()
    [0, 0, -1]
    """

    steps: tuple[Step, ...]

    @property
    def uses_target(self) -> bool:
        """Whether any step looks at the answers, and so must be fitted fold by fold."""
        return any(step.uses_target for step in self.steps)

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedRecipe:
        """Fit every step.

        Parameters
        ----------
        table : Table
            Training rows; only columns that `Table.features` lists are looked at.
        y : Target
            Their answers.
        seed : int
            The only source of randomness.

        Returns
        -------
        FittedRecipe
        """
        fitted = (step.fit(table, y, seed=seed) for step in self.steps)
        return FittedRecipe(tuple(step for step in fitted if step is not None))

    def fit_transform(
        self, table: Table, y: Target, *, seed: int, blocks: Blocks | None = None
    ) -> tuple[FittedRecipe, Matrix]:
        """Fit every step, and make the matrix of the training rows that a learner may see.

        Where a step holds answers (`FittedEncoder`), the features of a training row come from an
        encoder that did not learn from it, as those of a new row do. Encodings that then say
        nothing of the answers are left out.

        Parameters
        ----------
        table, y, seed
            As for `fit`.
        blocks : Blocks, optional
            Which training rows may learn from which; by default drawn at random, or in time where
            the rows have an order.

        Returns
        -------
        fitted : FittedRecipe
            For all other rows.
        matrix : Matrix
            One row for each training row.
        """
        blocks = blocks or make_blocks(table, seed)
        assert blocks is not None  # without a plan there are always blocks
        kept: list[FittedStep] = []
        made = []
        for step in self.fit(table, y, seed=seed).steps:
            if not isinstance(step, FittedEncoder):
                kept.append(step)
                made.append(step.transform(table))
                continue
            encoded = cross_fitted(step, table, y, blocks)
            encoder = step.keeping(clear_features(encoded, y))
            if encoder is not None:
                kept.append(encoder)
                made.append(encoded.numbered(encoder.number_names))
        return FittedRecipe(tuple(kept)), Matrix.beside(made, table.height)

    def without_answers(self) -> Recipe:
        """Give the steps that never look at the target."""
        return Recipe(tuple(step for step in self.steps if not step.uses_target))


def default_recipe() -> Recipe:
    """Give the steps for numbers, booleans, categories, dates, text, lists, places and pictures.

    Returns
    -------
    Recipe

    Examples
    --------
    >>> default_recipe().uses_target
    False
    """
    words = (Categories(), Dates(), Text(), Lists())
    return Recipe((Numbers(), *words, Places(), Keys(), PictureColumns()))


def rich_recipe() -> Recipe:
    """Give the steps of `default_recipe`, and those that look at the answers.

    Examples
    --------
    >>> rich_recipe().uses_target
    True
    """
    more = (Scores(), Means(), Arithmetic())
    return Recipe((*default_recipe().steps, *more))


RECIPES: Mapping[str, Callable[[], Recipe]] = MappingProxyType(
    {"lean": default_recipe, "rich": rich_recipe}
)
"""The recipes among which trials choose, by name."""
