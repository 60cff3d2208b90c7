"""Pitfall: a rare class filled up before the split.

Of the tumours 40 malignant ones are kept, and made as many as the benign ones by rows between
them, as SMOTE does. Split after that, a scored row lies between two rows that are fitted on.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

import modelwright as mw

rng = np.random.default_rng(0)
X, y = load_breast_cancer(return_X_y=True)
X = X[:, :5] + rng.normal(0, 0.6, (len(y), 5)) * X[:, :5].std(axis=0)  # a coarse instrument
rare = rng.permutation(np.flatnonzero(y == 0))[:40]
rows = np.concatenate([rare, np.flatnonzero(y == 1)])
X, y = X[rows], y[rows]

one, other = rng.integers(0, 40, (2, 317))
between = X[one] + rng.random((317, 1)) * (X[other] - X[one])
filled, answers = np.vstack([X, between]), np.concatenate([y, np.zeros(317, int)])

folds = StratifiedKFold(5, shuffle=True, random_state=0)
model = KNeighborsClassifier(5)
flattering = cross_val_score(model, filled, answers, cv=folds, scoring="roc_auc").mean()
honest = cross_val_score(model, X, y, cv=folds, scoring="roc_auc").mean()

print(f"filled up, then split: AUC {flattering:.3f}")
print(f"rows as they came:     AUC {honest:.3f}")
leaky = mw.audit(model, filled, answers, folds)
print(leaky)
assert "oversampled" in [one.code for one in leaky.errors]
assert mw.audit(model, X, y, folds).clean
assert flattering > honest + 0.02
