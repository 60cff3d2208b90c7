"""Pitfall: the visits of a patient on both sides of the split.

Each patient of the diabetes study is measured four times with a little noise; the course of the
disease belongs to the patient. A forest recognises patients.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import GroupKFold, KFold, cross_val_score

import modelwright as mw

rng = np.random.default_rng(0)
measured, course = load_diabetes(return_X_y=True, as_frame=True)
patient = np.repeat(np.arange(120), 4)
X = measured.iloc[patient].reset_index(drop=True)
X = X + rng.normal(0, 0.004, X.shape)
X.insert(0, "patient", [f"P{i:03}" for i in patient])
y = course.to_numpy()[patient] + rng.normal(0, 15, len(patient))


class WithoutNames(RandomForestRegressor):
    """A forest that does not see who a row is about."""

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> WithoutNames:
        """Fit on the measurements."""
        return super().fit(X.drop(columns="patient"), y)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Predict from the measurements."""
        return super().predict(X.drop(columns="patient"))


model = WithoutNames(20, min_samples_leaf=2, random_state=0)
mixed, apart = KFold(4, shuffle=True, random_state=0), GroupKFold(4)
flattering = cross_val_score(model, X, y, cv=mixed).mean()
honest = cross_val_score(model, X, y, cv=apart, groups=patient).mean()

print(f"visits mixed:  R2 {flattering:.3f}")
print(f"new patients:  R2 {honest:.3f}")
leaky = mw.audit(model, X, y, mixed)
print(leaky)
assert {one.code for one in leaky.errors} & {"entities-across", "copies-across"}
assert mw.audit(model, X, y, apart, groups="patient").clean
assert flattering > honest + 0.1
