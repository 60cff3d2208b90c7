"""Pitfall: a category replaced by its mean answer, before the split.

The diabetes study, with a category of many levels: the neighbourhood of a patient in three
measurements. Encoded with all answers, a level of two patients says half of each one's answer.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import TargetEncoder

import modelwright as mw

measured, y = load_diabetes(return_X_y=True, as_frame=True)
parts = [
    pd.qcut(measured[name].rank(method="first"), 6, labels=False) for name in ("s1", "s4", "s6")
]
level = parts[0].astype(str) + "-" + parts[1].astype(str) + "-" + parts[2].astype(str)
X = pd.DataFrame({"age": measured["age"], "level": level})
folds = KFold(5, shuffle=True, random_state=0)

means = y.groupby(level).mean()
encoded = X.assign(level=level.map(means))  # all answers, those of scored rows among them
flattering = cross_val_score(Ridge(0.01), encoded, y, cv=folds).mean()

inside = make_pipeline(
    make_column_transformer(
        (TargetEncoder(target_type="continuous"), ["level"]), remainder="passthrough"
    ),
    Ridge(0.01),
)
honest = cross_val_score(inside, X, y, cv=folds).mean()

print(f"encoded before the split: R2 {flattering:.3f}")
print(f"encoded inside each fold: R2 {honest:.3f}")
leaky = mw.audit(Ridge(0.01), encoded, y, folds)
print(leaky)
assert [(one.code, one.columns) for one in leaky.errors] == [("answers-in-column", ("level",))]
assert mw.audit(inside, X, y, folds).clean
assert np.isfinite(honest)
assert flattering > honest + 0.2
