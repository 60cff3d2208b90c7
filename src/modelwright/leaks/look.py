"""A table as the checks of its columns see it: a bounded sample, coded once, with folds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.seed import Seed
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features import default_recipe
from modelwright.models import make_learner
from modelwright.stats.cells import Cells, code_cells
from modelwright.stats.nearest import scaled_answers

__all__ = ["FOLDS", "Look", "look_at", "out_of_fold", "resolutions", "unexplained"]

Codes = NDArray[np.integer]
Floats = NDArray[np.floating]

FOLDS = 5
ROWS = 20_000
_QUICK_ROWS = 4_000
_QUICK_FOLDS = 3
_ROUNDS = 60
_RESOLUTIONS = (8, 32, 128)
# One row of doubt in each part: a level seen once is not believed.
_DOUBT = 1.0


def unexplained(part: Codes, answers: Floats, fold: Codes) -> float:
    """Say which share of the answers' variation the mean answers of parts leave, out of fold.

    Parameters
    ----------
    part : ndarray of int, shape (n_rows,)
        The part of each row, at or above zero.
    answers : ndarray of float, shape (n_rows, n_outputs)
        What `scaled_answers` gives.
    fold : ndarray of int, shape (n_rows,)
        Each row is judged by the rows of other folds.

    Returns
    -------
    float
        0: nothing is left; about 1: the parts say nothing.

    Examples
    --------
    >>> answers = scaled_answers(Target(np.arange(100) % 2, 2))
    >>> fold = np.arange(100) // 2 % 5
    >>> unexplained(np.arange(100) % 2, answers, fold) < 0.01
    True
    >>> unexplained(np.arange(100) // 50, answers, fold) > 0.9
    True
    """
    left = answers - _predicted(part, answers, fold)
    whole = float((answers.astype(np.float64) ** 2).sum())
    return float((left.astype(np.float64) ** 2).sum()) / whole if whole > 0 else 1.0


def _predicted(part: Codes, answers: Floats, fold: Codes) -> NDArray[np.float64]:
    """Give the mean answer of each row's part in the other folds."""
    size = int(part.max(initial=0)) + 1
    folds = int(fold.max(initial=0)) + 1
    cell = fold.astype(np.int64) * size + part
    counts = np.bincount(cell, minlength=folds * size).reshape(folds, size).astype(np.float64)
    others = counts.sum(axis=0) - counts
    found = np.empty(answers.shape, np.float64)
    for k in range(answers.shape[1]):
        sums = np.bincount(cell, answers[:, k], folds * size).reshape(folds, size)
        whole = sums.sum(axis=1)
        mean = (whole.sum() - whole) / np.maximum(others.sum(axis=1), 1)
        said = (sums.sum(axis=0) - sums + _DOUBT * mean[:, None]) / (others + _DOUBT)
        found[:, k] = said[fold, part]
    return found


@dataclass(frozen=True)
class Look:
    """Some rows of a table, coded.

    Parameters
    ----------
    table : Table
        The rows that are looked at, all columns.
    y : Target
        Their answers.
    answers : ndarray of float32, shape (n_rows, n_outputs)
        The answers, scaled to a variance of 1.
    fold : ndarray of int64, shape (n_rows,)
        In which fold each row is judged.
    cells : Cells
        All columns but the answer and the weights.
    seed : Seed
        The root of what is random.
    """

    table: Table
    y: Target
    answers: NDArray[np.float32]
    fold: NDArray[np.int64]
    cells: Cells
    seed: Seed

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return self.cells.names

    def codes(self, name: str) -> Codes:
        """Give the codes of a column: ranks from 1, 0 for a missing value."""
        return self.cells.codes[:, self.cells.names.index(name)]

    @cached_property
    def alone(self) -> dict[str, float]:
        """What each column leaves unexplained alone."""
        return {name: self.left_by(i) for i, name in enumerate(self.cells.names)}

    def left_by(self, i: int) -> float:
        """Say what one column leaves unexplained: the best of a few resolutions of numbers."""
        codes = self.cells.codes[:, i]
        if not self.cells.ordered[i]:
            few = int(codes.max(initial=0)) <= max(20, len(codes) // 20)
            return self.left(codes) if few else 1.0
        return min(self.left(part) for part in resolutions(codes))

    def left(self, part: Codes) -> float:
        """Say what parts of the rows leave unexplained."""
        return unexplained(part, self.answers, self.fold)

    def quick(self, without: frozenset[str]) -> NDArray[np.float64] | None:
        """Ask a quick model of all other columns about a sample of the rows, out of fold.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_outputs) or None
            As `answers`; NaN for rows outside the sample. None when nothing is left to learn from.
        """
        said = self.asked(without)
        return None if said is None else _scaled(self, said)

    def asked(self, without: frozenset[str]) -> NDArray[np.float64] | None:
        """Ask the same, and get the answers as they come.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_classes or 1) or None
            Probabilities, or numbers; NaN for rows outside the sample.
        """
        return _quick(self, without)

    def left_by_others(self, without: frozenset[str]) -> float:
        """Say what all other columns together leave unexplained."""
        said = self.quick(without)
        if said is None:
            return 1.0
        known = ~np.isnan(said[:, 0])
        left = ((self.answers[known] - said[known]) ** 2).sum(axis=1).mean()
        whole = (self.answers[known] ** 2).sum(axis=1).mean()
        return min(float(left / max(float(whole), 1e-12)), 1.0)


def resolutions(codes: Codes) -> list[Codes]:
    """Cut ranks into parts, coarsely and finely; few values stay as they are."""
    distinct = int(codes.max(initial=0))
    if distinct <= _RESOLUTIONS[1]:
        return [codes]
    ordered = np.sort(codes)
    found = []
    for count in _RESOLUTIONS:
        if count > max(8, len(codes) // 8):
            break
        edges = np.unique(ordered[np.arange(1, count) * len(codes) // count])
        part = np.searchsorted(edges, codes, side="right") + 1
        found.append(np.where(codes == 0, 0, part))
    return found


def look_at(table: Table, y: Target, seed: int, most: int = ROWS) -> Look:
    """Code a bounded sample of a table, and deal its rows to folds.

    Parameters
    ----------
    table : Table
        Typed rows.
    y : Target
        Their answers.
    seed : int
        The only source of randomness.
    most : int
        Of more rows a sample is drawn.

    Returns
    -------
    Look
    """
    root = Seed(seed)
    rng = np.random.default_rng(root.derive("leaks", "rows"))
    if table.height > most:
        rows = np.sort(rng.choice(table.height, most, replace=False))
        table, y = table.rows(rows), y.rows(rows)
    names = tuple(c.name for c in table.schema if c.role not in (Role.TARGET, Role.WEIGHT))
    fold = rng.permutation(table.height) % FOLDS
    cells = code_cells(table, names)
    return Look(table, y, scaled_answers(y), fold, cells, root)


def _quick(look: Look, without: frozenset[str]) -> NDArray[np.float64] | None:
    keep = [c for c in look.table.schema if c.name in look.names and c.name not in without]
    keep = [c for c in keep if c.kind is not Kind.ID and c.role is not Role.IGNORED]
    rows = np.arange(look.table.height)
    rng = np.random.default_rng(look.seed.derive("leaks", "quick"))
    if len(rows) > _QUICK_ROWS:
        rows = np.sort(rng.choice(len(rows), _QUICK_ROWS, replace=False))
    if not keep:
        return None
    plain = [Column(c.name, c.kind, format=c.format, levels=c.levels) for c in keep]
    names = [c.name for c in keep]
    table = Table(look.table.frame[names], Schema(tuple(plain))).rows(rows)
    said = out_of_fold(table, look.y.rows(rows), look.seed.derive("leaks", "fit"))
    if said is None:
        return None
    found = np.full((look.table.height, said.shape[1]), np.nan)
    found[rows] = said
    return found


def out_of_fold(
    table: Table, y: Target, seed: int, fold: NDArray[np.int64] | None = None
) -> NDArray[np.float32] | None:
    """Ask a quick model about each row, fitted on the rows of other folds.

    Parameters
    ----------
    table : Table
        The features.
    y : Target
        Their answers.
    seed : int
        The only source of randomness.
    fold : ndarray of int64, shape (n_rows,), optional
        Drawn at random when None.

    Returns
    -------
    ndarray of float32, shape (n_rows, n_outputs), or None
        None when nothing can be learned.
    """
    if fold is None:
        fold = np.random.default_rng(seed).permutation(table.height) % _QUICK_FOLDS
    said = np.empty((table.height, y.outputs), np.float32)
    parts = np.unique(fold)
    if len(parts) < 2:
        return None  # there are no other folds
    try:
        for number in parts:
            train, valid = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            seen, answers = table.rows(train), y.rows(train)
            recipe = default_recipe().fit(seen, answers, seed=seed)
            learner = make_learner("lightgbm", {"learning_rate": 0.1})
            fitted = learner.fit(
                recipe.transform(seen), answers, budget=Budget(units=_ROUNDS), seed=seed
            )
            said[valid] = fitted.predict(recipe.transform(table.rows(valid)))
    except FitError:
        return None
    return said


def _scaled(look: Look, said: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring predictions to the scale of the answers: the mean is 0, the variance 1."""
    y = look.y
    if y.classes:
        counts = np.bincount(y.values, minlength=y.classes)
        common = np.argsort(-counts, kind="stable")[: look.answers.shape[1]]
        shares = counts[common] / max(len(y), 1)
        spread = np.sqrt((shares * (1 - shares)).sum())
        return np.asarray((said[:, common] - shares) / (spread or 1.0), np.float64)
    known, place = np.unique(y.values, return_index=True)
    return np.asarray(np.interp(said[:, 0], known, look.answers[place, 0])[:, None], np.float64)
