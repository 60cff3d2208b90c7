"""Pitfall: a stack whose inner split mixes what the outer split keeps apart.

Each tumour is measured four times; the outer folds keep tumours together. Inside, scikit-learn's
stacking splits rows at random: the member that remembers tumours looks perfect, and wins.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import modelwright as mw
from modelwright.ensemble import StackingClassifier as GroupSafe

rng = np.random.default_rng(0)
measured, malignant = load_breast_cancer(return_X_y=True)
some = rng.permutation(len(malignant))[:120]
tumour = np.repeat(np.arange(120), 4)
# five weak measurements of the tumour, and five that only tell which tumour it is
noise = rng.normal(0, 0.6, (480, 5)) * measured[:, 15:20].std(axis=0)
weak = measured[some][tumour, 15:20] + noise
which = rng.normal(size=(120, 5))[tumour] + rng.normal(0, 0.02, (480, 5))
X = pd.DataFrame(np.hstack([weak, which]), columns=[f"m{i}" for i in range(10)])
X["tumour"] = [f"T{i:03}" for i in tumour]
y = malignant[some][tumour]

names = [f"m{i}" for i in range(10)]
scaled = make_column_transformer((StandardScaler(), names))
of_weak = make_column_transformer((StandardScaler(), names[:5]))
members = [
    ("remembers", make_pipeline(scaled, KNeighborsClassifier(3))),
    ("learns", make_pipeline(of_weak, LogisticRegression(C=0.1))),
]
folds = list(GroupKFold(4).split(X, y, tumour))
last = LogisticRegression(C=10)
by_row = StratifiedKFold(5, shuffle=True, random_state=0)
rowwise = StackingClassifier(members, last, cv=by_row)
safe = GroupSafe(members, last, admission=None)


def auc(model: object, *, told: bool) -> float:
    """Score on new tumours."""
    scores = []
    for train, test in folds:
        more = {"groups": tumour[train]} if told else {}
        fitted = model.fit(X.iloc[train], y[train], **more)
        scores.append(roc_auc_score(y[test], fitted.predict_proba(X.iloc[test])[:, 1]))
    return float(np.mean(scores))


by_rows, by_tumours = auc(rowwise, told=False), auc(safe, told=True)
print(f"inner split by rows:    AUC {by_rows:.3f}")
print(f"inner split by tumours: AUC {by_tumours:.3f}")
leaky = mw.audit(rowwise, X, y, folds)
print(leaky)
assert "inner-split" in [one.code for one in leaky.errors]
told = mw.audit(safe, X, y, folds, groups="tumour")
assert "inner-split" not in [one.code for one in told.findings]
assert by_tumours > by_rows
