"""Pitfall: columns chosen by all answers, before the split.

The labels are real (469 tumours), the columns are not: real measurements, shuffled row by row, so
that nothing in them tells the label. Of 900 such columns, the 20 that go best with the labels are
kept, and only then the rows are split.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import modelwright as mw

rng = np.random.default_rng(0)
real, y = load_breast_cancer(return_X_y=True)
X = np.hstack([rng.permuted(real, axis=0) for _ in range(30)])
folds = StratifiedKFold(5, shuffle=True, random_state=0)

chosen = SelectKBest(k=20).fit_transform(X, y)
model = make_pipeline(StandardScaler(), LogisticRegression())
flattering = cross_val_score(model, chosen, y, cv=folds, scoring="roc_auc").mean()

inside = make_pipeline(SelectKBest(k=20), StandardScaler(), LogisticRegression())
honest = cross_val_score(inside, X, y, cv=folds, scoring="roc_auc").mean()

print(f"chosen before the split: AUC {flattering:.3f}")
print(f"chosen inside each fold: AUC {honest:.3f}")
leaky = mw.audit(model, chosen, y, folds)
print(leaky)
assert [one.code for one in leaky.errors] == ["selected-before"]
assert mw.audit(inside, X, y, folds).clean
assert flattering > honest + 0.1
