"""Pitfall: a model that stops by the rows that it is scored on.

Boosting on a few rows of the diabetes study, with half of the answers' spread added as noise. The
round that is best on the scored rows is kept: the rows chose their own model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import r2_score

import modelwright as mw

rng = np.random.default_rng(0)
X, y = load_diabetes(return_X_y=True)
rows = rng.permutation(len(y))[:160]
X, y = X[rows], y[rows] + rng.normal(0, 40, 160)
train, test = np.arange(120), np.arange(120, 160)


class Stops(RegressorMixin, BaseEstimator):
    """Boosting that keeps the best of many models by some rows."""

    def __init__(self, X_stop: Any = None, y_stop: Any = None) -> None:
        self.X_stop = X_stop
        self.y_stop = y_stop

    def fit(self, X: np.ndarray, y: np.ndarray) -> Stops:
        """Fit, and keep the best."""
        best = -np.inf
        judged = (X[90:], y[90:]) if self.X_stop is None else (self.X_stop, self.y_stop)
        seen = slice(0, 90) if self.X_stop is None else slice(None)
        for seed in range(3):
            boosted = GradientBoostingRegressor(
                n_estimators=40, subsample=0.3, learning_rate=0.3, random_state=seed
            )
            boosted.fit(X[seen], y[seen])
            for rounds, said in enumerate(boosted.staged_predict(judged[0])):
                score = r2_score(judged[1], said)
                if score > best:
                    best, self.model_, self.rounds_ = score, boosted, rounds
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Predict by the model that was kept."""
        return list(self.model_.staged_predict(X))[self.rounds_]


leaky, honest = Stops(X[test], y[test]), Stops()
scores = [r2_score(y[test], m.fit(X[train], y[train]).predict(X[test])) for m in (leaky, honest)]
print(f"stopped by the scored rows:         R2 {scores[0]:.3f}")
print(f"stopped by a part of the fitted:    R2 {scores[1]:.3f}")
found = mw.audit(Stops(X[test], y[test]), X, y, [(train, test)])
print(found)
assert "scored-rows" in [one.code for one in found.errors]
assert mw.audit(Stops(), X, y, [(train, test)]).clean
assert scores[0] > scores[1]
