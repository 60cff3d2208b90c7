"""Predictions of an ensemble taken apart: exactly where its members are trees, else by sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial

import numpy as np
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.table import Table
from modelwright.core.task import Task
from modelwright.evaluate.calibration import Calibration
from modelwright.explain.attribution import Coalitions, Shares
from modelwright.features import FittedRecipe
from modelwright.features.made_of import made_of
from modelwright.model.file import Member, Part
from modelwright.model.mixed import MixedFeatures
from modelwright.models.apart import Apart, apart
from modelwright.models.grown import ROWS_A_WORD
from modelwright.models.tree_shares import Ways

__all__ = ["EnsembleShares"]

Floats = NDArray[np.float64]
Outputs = NDArray[np.int64]


@dataclass(frozen=True)
class _Trees:
    """Trees that are taken apart.

    Parameters
    ----------
    part : Part
        Where they come from.
    apart : Apart
        The trees.
    weight : float
        How much they count.
    ways : Ways
        Who is asked on the way to each leaf.
    divided : ndarray of float64, shape (n_players, n_columns)
        The share that each column of the table has in a player.
    """

    part: Part
    apart: Apart
    weight: float
    ways: Ways
    divided: Floats


@dataclass(frozen=True)
class EnsembleShares:
    """Takes predictions of a weighted mean of models apart.

    Trees are taken apart exactly, beside each background row, with all columns as players; what a
    feature made of several columns adds is divided among them. All other members are asked
    together, with columns in orders drawn at random. What a calibration changes in the end is
    divided by the size of the shares.

    Recipes are run once for all rows: of coalitions, only features of several columns are made
    anew.

    Parameters
    ----------
    voices : tuple of (Part, float)
        The members and how much each counts.
    calibration : Calibration, optional
        What makes the probabilities of the mean mean what they say; None for numbers.
    background : Table
        Rows to compare with.
    """

    voices: tuple[tuple[Part, float], ...]
    calibration: Calibration | None
    background: Table

    @classmethod
    def of(
        cls, members: Sequence[Member], task: Task, calibration: Calibration, background: Table
    ) -> EnsembleShares:
        """Take the members of a model, each the mean of its parts."""
        voices = tuple((p, m.weight / len(m.parts)) for m in members for p in m.parts)
        return cls(voices, calibration if task.is_classification else None, background)

    def __call__(
        self, rows: Table, columns: Sequence[str], outputs: Outputs, *, seed: int = 0
    ) -> tuple[Shares, ...]:
        """Take the prediction of each row apart; see `TakeApart`."""
        found: list[Shares] = []
        for start in range(0, rows.height, ROWS_A_WORD):
            some = np.arange(start, min(start + ROWS_A_WORD, rows.height))
            found += self._shares(rows.rows(some), columns, outputs[some], seed)
        return tuple(found)

    def _shares(
        self, rows: Table, columns: Sequence[str], outputs: Outputs, seed: int
    ) -> list[Shares]:
        own = {key: recipe.transform(rows) for key, recipe in self._recipes.items()}
        opened = self._by_trees(own, outputs)
        place = {name: i for i, name in enumerate(self.background.frame.columns)}
        asked = [place[name] for name in columns]
        others = np.setdiff1d(np.arange(len(place)), asked)
        gains = np.hstack([opened[:, asked], opened[:, others].sum(axis=1, keepdims=True)])
        if self._rest:
            gains += self._by_drawing(rows, own, columns, outputs, seed)
        each = np.arange(rows.height)
        said, base = self._said(own)[each, outputs], self._said_behind[:, outputs].mean(axis=0)
        size = np.abs(gains)
        whole = size.sum(axis=1)
        missed = said - base - gains.sum(axis=1)
        gains += size * np.divide(missed, whole, out=np.zeros(len(whole)), where=whole > 0)[:, None]
        return [
            Shares(float(base[i]), float(said[i]), gains[i, :-1], float(gains[i, -1])) for i in each
        ]

    def _by_trees(self, own: dict[int, Matrix], outputs: Outputs) -> Floats:
        """Give what trees add for each column of the table, shape (n_rows, n_columns)."""
        total = np.zeros((len(outputs), len(self.background.frame.columns)))
        for one in self._trees:
            key = id(one.part.recipe)
            shares = one.apart.shares(own[key], self._matrices[key], one.ways, outputs)
            total += one.weight * shares @ one.divided
        return total

    def _by_drawing(
        self,
        rows: Table,
        own: dict[int, Matrix],
        columns: Sequence[str],
        outputs: Outputs,
        seed: int,
    ) -> Floats:
        """Give what all other members add, shape (n_rows, n_columns + 1)."""
        behind = self.background
        drawn = Coalitions.drawn(behind.frame.columns, columns, behind.height, seed=seed)
        mixed = {
            key: MixedFeatures.of(self._recipes[key], self._made[key], self._matrices[key], drawn)
            for key in dict.fromkeys(id(part.recipe) for part, _ in self._rest)
        }
        found = np.zeros((rows.height, len(columns) + 1))
        for i, output in enumerate(outputs):
            one = np.array([i])
            cells = cache(partial(drawn.cells, rows.rows(one), behind))
            made = {key: features.of_row(own[key].rows(one), cells)
                    for key, features in mixed.items()}  # fmt: skip
            shares = drawn.shares(_mean(self._rest, made)[:, output])
            found[i] = [*shares.of, shares.rest]
        return found

    def _said(self, matrices: dict[int, Matrix]) -> Floats:
        p = _mean(self.voices, matrices)
        return p if self.calibration is None else self.calibration.apply(p).astype(np.float64)

    @cached_property
    def _said_behind(self) -> Floats:
        return self._said(self._matrices)

    @cached_property
    def _recipes(self) -> dict[int, FittedRecipe]:
        return {id(part.recipe): part.recipe for part, _ in self.voices}

    @cached_property
    def _matrices(self) -> dict[int, Matrix]:
        """What recipes make of the background rows."""
        return {key: recipe.transform(self.background) for key, recipe in self._recipes.items()}

    @cached_property
    def _made(self) -> dict[int, tuple[tuple[str, ...], ...]]:
        """Which columns each feature is made of."""
        return {key: made_of(recipe, self.background) for key, recipe in self._recipes.items()}

    @cached_property
    def _opened(self) -> tuple[tuple[Part, float, Apart | None], ...]:
        return tuple((part, weight, apart(part.fitted)) for part, weight in self.voices)

    @cached_property
    def _rest(self) -> tuple[tuple[Part, float], ...]:
        return tuple((part, weight) for part, weight, one in self._opened if one is None)

    @cached_property
    def _trees(self) -> tuple[_Trees, ...]:
        """Open trees: features of the same columns are one player."""
        found = []
        for part, weight, one in self._opened:
            if one is not None:
                made = self._made[id(part.recipe)]
                players = list(dict.fromkeys(made))
                number = {columns: i for i, columns in enumerate(players)}
                ways = one.ways(np.array([number[columns] for columns in made]), len(players))
                found.append(_Trees(part, one, weight, ways, self._divided(players)))
        return tuple(found)

    def _divided(self, players: Sequence[tuple[str, ...]]) -> Floats:
        place = {name: i for i, name in enumerate(self.background.frame.columns)}
        divided = np.zeros((len(players), len(place)))
        for i, columns in enumerate(players):
            divided[i, [place[name] for name in columns]] = 1 / len(columns)
        return divided


def _mean(voices: Sequence[tuple[Part, float]], matrices: dict[int, Matrix]) -> Floats:
    said = (weight * part.fitted.predict(matrices[id(part.recipe)]) for part, weight in voices)
    return np.asarray(sum(said), np.float64)
