"""The few shapes that every part of the house fits into.

A new learner, step or splitter is a class with these methods; nothing is inherited. The suites in
`modelwright.testing` say in tests what the docstrings here say in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.matrix import Matrix
from modelwright.core.splits import Splits
from modelwright.core.table import Table
from modelwright.core.task import Target

__all__ = [
    "Fitted",
    "FittedEncoder",
    "FittedStep",
    "Learner",
    "Splitter",
    "Stages",
    "State",
    "Step",
]


@dataclass(frozen=True)
class State:
    """Everything that a fitted part is, in forms that are safe to read from a stranger.

    Parameters
    ----------
    config : mapping
        Plain JSON.
    arrays : mapping of str to ndarray
        Numeric arrays (no objects), saved as npz.
    blobs : mapping of str to bytes
        A booster's own format.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    blobs: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Stages:
    """Predictions for the validation rows at several points of a growing model.

    A boosted model at 50, 55, 60... rounds, or a linear model along its regularisation path. Which
    stage to keep for the rows of one fold is decided on the *other* folds (`plan.selection`), so
    that no row's label chooses its own prediction.

    Parameters
    ----------
    units : ndarray of int64, shape (n_stages,)
        Rounds, or positions on a path; ascending.
    predictions : ndarray of float32, shape (n_stages, n_valid, n_outputs)
        What the model would say after so many units.
    """

    units: NDArray[np.int64]
    predictions: NDArray[np.float32]


class Fitted(Protocol):
    """A fitted model, which IS its exported state and predicts from it."""

    @property
    def units(self) -> int:
        """How many units (rounds, trees, path steps) it holds; 1 where nothing is counted."""
        ...

    @property
    def stages(self) -> Stages | None:
        """Predictions for `valid` along the way; None for a model that does not grow."""
        ...

    @property
    def out_of_bag(self) -> NDArray[np.float32] | None:
        """Predictions for its own training rows by the parts that did not see them.

        Shape (n_rows, n_outputs); NaN for a row that every part saw. None for a learner that does
        not bag, and for a model that was restored or cut back.
        """
        ...

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict: shape (n_rows, n_classes) of probabilities, or (n_rows, 1) of numbers."""
        ...

    def at(self, units: int) -> Self:
        """Give the same model cut back to so many units, without its stages."""
        ...

    def export(self) -> State:
        """Give the whole state; `restore` of it predicts equal to the bit."""
        ...

    @classmethod
    def restore(cls, state: State) -> Self:
        """Rebuild from an exported state; raises `ModelFileError` when the state is unsound."""
        ...


class Learner(Protocol):
    """A way to fit a model: a frozen dataclass of hyper-parameters with a `fit`."""

    name: ClassVar[str]
    """The word for it on the command line and in a leaderboard."""

    bags: ClassVar[bool]
    """Whether one fit on all rows gives honest `out_of_bag` predictions for exchangeable rows."""

    def fit(
        self,
        X: Matrix,
        y: Target,
        *,
        weight: NDArray[np.float64] | None = None,
        valid: Matrix | None = None,
        valid_y: Target | None = None,
        budget: Budget,
        seed: int,
    ) -> Fitted:
        """Fit on the rows of `X`.

        Parameters
        ----------
        X : Matrix
            Training rows; not changed.
        y : Target
            Their answers.
        weight : ndarray of shape (n_rows,), optional
            How much each row counts; above or equal zero.
        valid, valid_y : Matrix and Target, optional
            Rows on which a growing model records its `Stages` and decides when to stop growing.
        budget : Budget
            When to stop at the latest, or how many units to fit exactly.
        seed : int
            The only source of randomness.

        Returns
        -------
        Fitted

        Raises
        ------
        FitError
            When this data cannot be learned from by this learner.
        """
        ...


class FittedStep(Protocol):
    """A step that has seen its training rows."""

    name: ClassVar[str]
    """The word for it in a model file."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table that it needs."""
        ...

    @property
    def number_names(self) -> tuple[str, ...]:
        """The number features that it makes, in order."""
        ...

    @property
    def code_names(self) -> tuple[str, ...]:
        """The category features that it makes, in order."""
        ...

    def transform(self, table: Table) -> Matrix:
        """Make features of the columns that the step is for; one row out for each row in."""
        ...

    def export(self) -> State:
        """Give the whole state."""
        ...

    @classmethod
    def restore(cls, state: State) -> Self:
        """Rebuild from an exported state."""
        ...


@runtime_checkable
class FittedEncoder(FittedStep, Protocol):
    """A fitted step whose features hold answers: the mean answer of a level, say.

    What it says of a row that it learned from would give that row's own answer away. So a recipe
    never shows a learner such features of training rows; it shows what `relearned` encoders say,
    each of rows that it did not learn from (`Recipe.fit_transform`).
    """

    def relearned(self, table: Table, y: Target) -> Self:
        """Give the same features, learned from these rows and answers alone; maybe from none."""
        ...

    def keeping(self, clear: NDArray[np.bool_]) -> Self | None:
        """Leave out what encodes nothing: columns none of whose features is `clear`."""
        ...


class Step(Protocol):
    """A way to make features of some columns of a table."""

    uses_target: ClassVar[bool]
    """Whether fitting looks at the answers; such a step is never fitted on rows it is scored on."""

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedStep | None:
        """Fit on the rows of `table`; None when no column of the table is for this step."""
        ...


class Splitter(Protocol):
    """A way to make the one plan of row indices."""

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the folds; raises a `UserError` when the table cannot be split that way."""
        ...
