"""Parts of pipelines as users write them; each can be used honestly, and is, in clean cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

__all__ = ["Balanced", "Booster", "GroupsOf", "Means", "Pick", "Some", "with_words", "words_of"]


def words_of(X: pd.DataFrame) -> list[str]:
    """Name the columns that are not numbers."""
    return [name for name in X if not pd.api.types.is_numeric_dtype(X[name])]


def with_words(X: pd.DataFrame, *steps: Any) -> Pipeline:
    """Make a pipeline whose first step codes words as numbers, where there are words."""
    words = words_of(X)
    if not words:
        return make_pipeline(*steps)
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
    )
    coded = ColumnTransformer([("words", codes, words)], remainder="passthrough")
    return make_pipeline(coded, *steps)


class Some(TransformerMixin, BaseEstimator):
    """Keep some columns by name.

    Parameters
    ----------
    names : list of str
        Which.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def fit(self, X: pd.DataFrame, y: Any = None) -> Some:
        """Learn nothing."""
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Keep them."""
        return X[list(self.names)]


class Means(TransformerMixin, BaseEstimator):
    """Replace a category by a number from a list.

    Parameters
    ----------
    name : str
        The column.
    table : dict
        The number of each category.
    otherwise : float
        The number of a category that is not in the list.
    """

    def __init__(self, name: str, table: dict[Any, float], otherwise: float = 0.0) -> None:
        self.name = name
        self.table = table
        self.otherwise = otherwise

    def fit(self, X: pd.DataFrame, y: Any = None) -> Means:
        """Learn nothing: the list is given."""
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Look the categories up."""
        return X.assign(**{self.name: X[self.name].map(self.table).fillna(self.otherwise)})


class Balanced(ClassifierMixin, BaseEstimator):
    """Repeat the rows of the rarer class of what is fitted, then fit.

    Parameters
    ----------
    model : estimator
        What is fitted.
    times : int
        How often a rare row is there in the end.
    """

    def __init__(self, model: Any, times: int = 4) -> None:
        self.model = model
        self.times = times

    def fit(self, X: Any, y: NDArray[Any]) -> Balanced:
        """Repeat, and fit."""
        rare = np.flatnonzero(y == (y.mean() < 0.5))
        rows = np.concatenate([np.arange(len(y)), np.tile(rare, self.times - 1)])
        seen = X.iloc[rows] if isinstance(X, pd.DataFrame) else X[rows]
        self.model_ = clone(self.model).fit(seen, y[rows])
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Give the chances."""
        return self.model_.predict_proba(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """Give the likelier class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _checked(
    X: pd.DataFrame, y: NDArray[Any], check_X: pd.DataFrame | None, check_y: NDArray[Any] | None
) -> tuple[pd.DataFrame, NDArray[Any], pd.DataFrame, NDArray[Any]]:
    """Give rows to fit on, and rows to check on: given ones not fitted on, or a part."""
    if check_X is None or check_y is None:
        seen, held, a, b = train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)
        return seen, a, held, b
    other = ~check_X.index.isin(X.index) if isinstance(X, pd.DataFrame) else slice(None)
    return X, y, check_X[other], check_y[other]


class Booster(ClassifierMixin, BaseEstimator):
    """Boosted trees that stop at the best round by some rows to check on.

    Parameters
    ----------
    rounds, depth : int
        The most rounds, and how deep a tree is.
    rate : float
        The learning rate.
    check_X, check_y : DataFrame and ndarray, optional
        Rows to check on, those that are not fitted on; a quarter of the training rows when None.
    """

    def __init__(
        self, rounds: int = 100, depth: int = 2, rate: float = 0.2,
        check_X: pd.DataFrame | None = None, check_y: NDArray[Any] | None = None,
    ) -> None:  # fmt: skip
        self.rounds = rounds
        self.depth = depth
        self.rate = rate
        self.check_X = check_X
        self.check_y = check_y

    def fit(self, X: pd.DataFrame, y: NDArray[Any]) -> Booster:
        """Boost, and remember the best round."""
        X, y, held, answers = _checked(X, y, self.check_X, self.check_y)
        self.model_ = GradientBoostingClassifier(
            n_estimators=self.rounds, max_depth=self.depth, learning_rate=self.rate, subsample=0.6,
            max_features=0.5, random_state=0,
        ).fit(np.nan_to_num(X, nan=-999), y)  # fmt: skip
        stages = self.model_.staged_predict_proba(np.nan_to_num(held, nan=-999))
        self.best_ = int(np.argmax([roc_auc_score(answers, p[:, 1]) for p in stages]))
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[Any]:
        """Give the chances at the best round."""
        stages = self.model_.staged_predict_proba(np.nan_to_num(X, nan=-999))
        return next(p for i, p in enumerate(stages) if i == self.best_)

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """Give the likelier class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Pick(ClassifierMixin, BaseEstimator):
    """Fit many candidates and keep the best by some rows to check on.

    Parameters
    ----------
    candidates : list of estimators
        Among which to choose.
    check_X, check_y : DataFrame and ndarray, optional
        As for `Booster`.
    """

    def __init__(
        self, candidates: list[Any], check_X: pd.DataFrame | None = None,
        check_y: NDArray[Any] | None = None,
    ) -> None:  # fmt: skip
        self.candidates = candidates
        self.check_X = check_X
        self.check_y = check_y

    def fit(self, X: pd.DataFrame, y: NDArray[Any]) -> Pick:
        """Fit all, keep one."""
        X, y, held, answers = _checked(X, y, self.check_X, self.check_y)
        fitted = [clone(one).fit(X, y) for one in self.candidates]
        scores = [roc_auc_score(answers, one.predict_proba(held)[:, 1]) for one in fitted]
        self.model_ = fitted[int(np.argmax(scores))]
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[Any]:
        """Give the chances by the one that was kept."""
        return self.model_.predict_proba(X)

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """Give the likelier class."""
        return self.model_.predict(X)


class GroupsOf:
    """Fold by the groups that a column of X names.

    Parameters
    ----------
    name : str
        The column.
    folds : int
        How many.
    """

    def __init__(self, name: str, folds: int = 4) -> None:
        self.name = name
        self.folds = folds

    def split(self, X: pd.DataFrame, y: Any = None, groups: Any = None) -> Iterator[Any]:
        """Give training and test rows."""
        return GroupKFold(self.folds).split(X, y, X[self.name])

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Say how many folds."""
        return self.folds
