"""Predictions of an ensemble taken apart: exactly where its members are trees, else by sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.table import Table
from modelwright.core.task import Task
from modelwright.evaluate.calibration import Calibration
from modelwright.explain.attribution import Shares, attribute
from modelwright.features import FittedRecipe
from modelwright.features.made_of import made_of
from modelwright.model.file import Member, Part
from modelwright.models.apart import Apart, apart

__all__ = ["EnsembleShares"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Behind:
    """Background rows: what recipes make of them, of which columns, and what is said of them."""

    rows: Table
    matrices: dict[int, Matrix]
    made: dict[int, tuple[tuple[str, ...], ...]]
    said: Floats


@dataclass(frozen=True)
class EnsembleShares:
    """Takes predictions of a weighted mean of models apart.

    Trees are taken apart exactly, beside each background row, with all columns as players; what a
    feature made of several columns adds is divided among them. All other members are asked
    together, with columns in orders drawn at random. What a calibration changes in the end is
    divided by the size of the shares.

    Parameters
    ----------
    voices : tuple of (Part, float)
        The members and how much each counts.
    calibration : Calibration, optional
        What makes the probabilities of the mean mean what they say; None for numbers.
    """

    voices: tuple[tuple[Part, float], ...]
    calibration: Calibration | None
    _known: list[_Behind] = field(default_factory=list, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, members: Sequence[Member], task: Task, calibration: Calibration) -> EnsembleShares:
        """Take the members of a model, each the mean of its parts."""
        voices = tuple((p, m.weight / len(m.parts)) for m in members for p in m.parts)
        return cls(voices, calibration if task.is_classification else None)

    def __call__(
        self,
        table: Table,
        background: NDArray[np.int64],
        columns: Sequence[str],
        *,
        output: int = 0,
        seed: int = 0,
    ) -> Shares:
        """Take the prediction of the first row of a table apart; see `attribute`."""
        behind = self._behind(table, background)
        row = table.rows(np.zeros(1, np.int64))
        own = {key: recipe.transform(row) for key, recipe in self._recipes.items()}
        by_column = dict.fromkeys(table.frame.columns, 0.0)
        first, others = np.zeros(1, np.int64), np.arange(1, len(background) + 1)
        for key, made in behind.made.items():
            trees = [(one, weight) for part, one, weight in self._trees if id(part.recipe) == key]
            both = own[key].among(first, behind.matrices[key], others)
            _divide(trees, both, made, output, by_column)
        shares = [by_column.pop(name) for name in columns]
        found = np.array([*shares, sum(by_column.values())])
        if self._rest:
            drawn = attribute(
                self._said_by_rest, table, background, columns, output=output, seed=seed
            )
            found += np.array([*drawn.of, drawn.rest])
        base = float(behind.said[:, output].mean())
        prediction = float(self._said(own)[0, output])
        size = np.abs(found)
        if size.any():
            found += (prediction - base - found.sum()) * size / size.sum()
        return Shares(base, prediction, found[:-1], float(found[-1]))

    def _behind(self, table: Table, background: NDArray[np.int64]) -> _Behind:
        """Prepare background rows, once when the same come again."""
        rows = table.rows(background)
        if self._known and self._known[0].rows.frame.equals(rows.frame):
            return self._known[0]
        matrices = {key: recipe.transform(rows) for key, recipe in self._recipes.items()}
        some = table.rows(np.concatenate([np.zeros(1, np.int64), background]))
        asked = dict.fromkeys(id(part.recipe) for part, _, _ in self._trees)
        made = {key: made_of(self._recipes[key], some) for key in asked}
        self._known[:] = [_Behind(rows, matrices, made, self._said(matrices))]
        return self._known[0]

    @cached_property
    def _recipes(self) -> dict[int, FittedRecipe]:
        return {id(part.recipe): part.recipe for part, _ in self.voices}

    @cached_property
    def _trees(self) -> list[tuple[Part, Apart, float]]:
        opened = ((part, apart(part.fitted), weight) for part, weight in self.voices)
        return [(part, one, weight) for part, one, weight in opened if one is not None]

    @cached_property
    def _rest(self) -> list[tuple[Part, float]]:
        known = {id(part) for part, _, _ in self._trees}
        return [(part, weight) for part, weight in self.voices if id(part) not in known]

    def _said_by_rest(self, table: Table) -> NDArray[np.float32]:
        recipes = {id(part.recipe): part.recipe for part, _ in self._rest}
        made = {key: recipe.transform(table) for key, recipe in recipes.items()}
        return _mean(self._rest, made).astype(np.float32)

    def _said(self, matrices: dict[int, Matrix]) -> Floats:
        p = _mean(self.voices, matrices)
        return p if self.calibration is None else self.calibration.apply(p).astype(np.float64)


def _mean(voices: Sequence[tuple[Part, float]], matrices: dict[int, Matrix]) -> Floats:
    said = (weight * part.fitted.predict(matrices[id(part.recipe)]) for part, weight in voices)
    return np.asarray(sum(said), np.float64)


def _divide(
    trees: Sequence[tuple[Apart, float]],
    X: Matrix,
    made: tuple[tuple[str, ...], ...],
    output: int,
    by_column: dict[str, float],
) -> None:
    """Add what trees give to the columns that their features are made of."""
    players = list(dict.fromkeys(made))
    place = {columns: i for i, columns in enumerate(players)}
    player = np.array([place[columns] for columns in made], np.int64)
    total = np.zeros(len(players))
    for one, weight in trees:
        total += weight * one.shares(X, player, len(players), output)
    for columns, share in zip(players, total, strict=True):
        for name in columns:
            by_column[name] += share / len(columns)
