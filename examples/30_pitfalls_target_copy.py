"""Pitfall: a column that is written down when the answer is known.

To two cheap measurements of each tumour the hospital's table has a column of the nights spent on
the ward: few after a harmless finding, many after an operation.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import modelwright as mw

rng = np.random.default_rng(0)
X, benign = load_breast_cancer(return_X_y=True, as_frame=True)
X = X[["mean symmetry", "mean texture"]]
nights = np.where(benign, rng.poisson(0.3, len(X)), 4 + rng.poisson(3, len(X)))
later = X.assign(nights=nights)

model = make_pipeline(StandardScaler(), LogisticRegression())
flattering = cross_val_score(model, later, benign, cv=5, scoring="roc_auc").mean()
honest = cross_val_score(model, X, benign, cv=5, scoring="roc_auc").mean()

print(f"with the nights: AUC {flattering:.3f}")
print(f"without them:    AUC {honest:.3f}")
found = mw.check(later.assign(benign=np.where(benign, "yes", "no")), "benign")
print(found)
bad = [one for one in found.findings if one.severity == "error"]
assert [one.columns for one in bad] == [("nights",)]
assert flattering > honest + 0.1
