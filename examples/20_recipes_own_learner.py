"""A learner of your own, beside the built-in ones: the same splits, the same kind of model file.

The learner is k nearest neighbours (Cover and Hart 1967), in NumPy. It is compared with extra trees,
whose out-of-bag predictions come from one fit: each row is predicted by the trees that did not see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.datasets import load_wine

from modelwright.acquire import read_raw
from modelwright.core.budget import Budget
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Learner, State
from modelwright.core.result import Card, Leaderboard, Standing
from modelwright.core.settings import Question, Settings
from modelwright.core.task import Target
from modelwright.core.version import __version__
from modelwright.evaluate import Temperature, choose_splitter, find_metric
from modelwright.features import default_recipe
from modelwright.model import Member, Model, Part, load
from modelwright.models import ExtraTreesLearner
from modelwright.plan import pose


@dataclass(frozen=True)
class FittedNeighbours:
    """The training rows, in units of their spread: everything that is needed to predict."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    points: NDArray[np.float32]
    answers: NDArray[np.float32]
    k: int
    units: int = 1
    stages: None = None
    out_of_bag: None = None

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Average the answers of the k nearest training rows."""
        seen = np.nan_to_num((X.numbers - self.mean) / self.scale)
        near = ((seen[:, None, :] - self.points[None]) ** 2).sum(axis=2).argsort(axis=1)
        return self.answers[near[:, : self.k]].mean(axis=1)

    def at(self, units: int) -> Self:
        """Give itself: there is nothing that grows."""
        return self

    def export(self) -> State:
        """Give the whole state."""
        arrays = {"mean": self.mean, "scale": self.scale, "points": self.points}
        return State({"k": self.k}, {**arrays, "answers": self.answers})

    @classmethod
    def restore(cls, state: State) -> Self:
        """Rebuild from an exported state."""
        a = state.arrays
        return cls(a["mean"], a["scale"], a["points"], a["answers"], int(state.config["k"]))


@dataclass(frozen=True)
class Neighbours:
    """k nearest neighbours on the numbers of a matrix."""

    k: int = 15
    name: ClassVar[str] = "neighbours"
    bags: ClassVar[bool] = False

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
    ) -> FittedNeighbours:
        """Keep the rows."""
        mean, scale = np.nanmean(X.numbers, axis=0), np.nanstd(X.numbers, axis=0) + 1e-9
        answers = np.eye(y.classes)[y.values] if y.classes else y.values[:, None]
        points = np.nan_to_num((X.numbers - mean) / scale)
        return FittedNeighbours(mean, scale, points, answers.astype(np.float32), self.k)


# Typed rows, a task, and one plan of splits: the same for every learner.
wine = load_wine()
frame = pl.DataFrame(wine.data, schema=[f"c{i}" for i in range(wine.data.shape[1])])
frame = frame.with_columns(cultivar=pl.Series(wine.target_names[wine.target]))
rows = pose(read_raw(frame), Question("cultivar"), Settings()).rows
splits = choose_splitter(rows.table, rows.y).split(rows.table, rows.y, seed=0)
metric = find_metric("log_loss", rows.task.kind)
print(splits.reason)


def out_of_fold(learner: Learner) -> NDArray[np.float32]:
    """Predict each row by a model, and by features, that did not see it."""
    answers = np.zeros((len(rows.y), rows.y.outputs), np.float32)
    for fold in splits.folds:
        train = rows.table.rows(fold.train), rows.y.rows(fold.train)
        recipe = default_recipe().fit(*train, seed=0)
        fitted = learner.fit(recipe.transform(train[0]), train[1], budget=Budget(), seed=0)
        answers[fold.valid] = fitted.predict(recipe.transform(rows.table.rows(fold.valid)))
    return answers


mine = metric.score(rows.y, np.clip(out_of_fold(Neighbours()), 0.01, 1))
recipe = default_recipe().fit(rows.table, rows.y, seed=0)
matrix = recipe.transform(rows.table)
bagged = ExtraTreesLearner().fit(matrix, rows.y, budget=Budget(), seed=0).out_of_bag
assert bagged is not None
print(f"log loss: neighbours {mine:.3f}, extra trees {metric.score(rows.y, bagged):.3f}")

# A model file with it. Opening one never runs unknown code: own classes have to be named.
fitted = Neighbours().fit(matrix, rows.y, budget=Budget(), seed=0)
board = Leaderboard("log_loss", (Standing("neighbours", mine, 1.0, 0.0),))
card = Card(
    version=__version__,
    created="",
    run="by hand",
    rows=len(rows.y),
    data=rows.table.fingerprint(),
    plan=splits.reason,
    score=mine,
    leaderboard=board,
)
member = Member("neighbours", 1.0, (Part(recipe, fitted),))
model = Model(rows.task, rows.table.schema, (member,), Temperature(), card)
path = model.save("neighbours.mw")
again = load(path, allow=[FittedNeighbours])
assert again.predict(frame).equals(model.predict(frame))
print(again)
