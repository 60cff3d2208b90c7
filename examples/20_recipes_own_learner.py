"""A learner of your own, beside the built-in ones: the same splits, the same kind of model file.

The learner is Gaussian naive Bayes (Hastie et al. 2009, section 6.6.3), in NumPy. It is compared
with extra trees, whose out-of-bag predictions come from one fit: each row is predicted by the trees
that did not see it.
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
from modelwright.core.errors import FitError
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
class FittedBayes:
    """How each column is spread within each class: everything that is needed to predict."""

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    share: NDArray[np.float64]
    units: int = 1
    stages: None = None
    out_of_bag: None = None

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict class probabilities; a missing value says nothing."""
        logs = np.tile(np.log(self.share), (X.shape[0], 1))
        for code in range(len(self.share)):
            z = (X.numbers - self.mean[code]) / self.spread[code]
            logs[:, code] -= np.nansum(0.5 * z**2 + np.log(self.spread[code]), axis=1)
        chances = np.exp(logs - logs.max(axis=1, keepdims=True))
        return (chances / chances.sum(axis=1, keepdims=True)).astype(np.float32)

    def at(self, units: int) -> Self:
        """Give itself: there is nothing that grows."""
        return self

    def export(self) -> State:
        """Give the whole state."""
        return State({}, {"mean": self.mean, "spread": self.spread, "share": self.share})

    @classmethod
    def restore(cls, state: State) -> Self:
        """Rebuild from an exported state."""
        return cls(state.arrays["mean"], state.arrays["spread"], state.arrays["share"])


@dataclass(frozen=True)
class NaiveBayes:
    """Gaussian naive Bayes on the numbers of a matrix."""

    name: ClassVar[str] = "naive-bayes"
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
    ) -> FittedBayes:
        """Take the mean and the spread of each column in each class."""
        if not y.classes:
            raise FitError("naive Bayes needs classes")
        parts = [X.numbers[y.values == code].astype(np.float64) for code in range(y.classes)]
        return FittedBayes(
            mean=np.array([np.nanmean(part, axis=0) for part in parts]),
            spread=np.array([np.nanstd(part, axis=0) + 1e-6 for part in parts]),
            share=np.array([len(part) for part in parts]) / len(y),
        )


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


mine = metric.score(rows.y, out_of_fold(NaiveBayes()))
recipe = default_recipe().fit(rows.table, rows.y, seed=0)
matrix = recipe.transform(rows.table)
bagged = ExtraTreesLearner().fit(matrix, rows.y, budget=Budget(), seed=0).out_of_bag
assert bagged is not None
print(f"log loss: naive Bayes {mine:.3f}, extra trees {metric.score(rows.y, bagged):.3f}")

# A model file with it. Opening one never runs unknown code: own classes have to be named.
fitted = NaiveBayes().fit(matrix, rows.y, budget=Budget(), seed=0)
board = Leaderboard("log_loss", (Standing("naive-bayes", mine, 1.0, 0.0),))
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
member = Member("naive-bayes", 1.0, (Part(recipe, fitted),))
model = Model(rows.task, rows.table.schema, (member,), Temperature(), card)
path = model.save("bayes.mw")
again = load(path, allow=[FittedBayes])
assert again.predict(frame).equals(model.predict(frame))
print(again)
