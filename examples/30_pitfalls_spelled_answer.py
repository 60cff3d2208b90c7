"""Pitfall: a sample number that spells the class.

The wines come with a sample number that the laboratory wrote: a running number, and the cultivar in
its last but one place. A model of it is perfect, until a bottle comes whose cultivar nobody knows.
"""

from __future__ import annotations

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_wine
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import modelwright as mw

rng = np.random.default_rng(0)
X, y = load_wine(return_X_y=True, as_frame=True)
X = X[["ash", "magnesium", "malic_acid"]]  # what is cheap to measure
X = X.assign(sample=[f"{rng.integers(10**4):04}-{'KLM'[one]}{rng.integers(10)}" for one in y])
folds = StratifiedKFold(5, shuffle=True, random_state=0)

numbers = (StandardScaler(), ["ash", "magnesium", "malic_acid"])
letters = (CountVectorizer(analyzer="char"), "sample")
with_name = make_pipeline(make_column_transformer(numbers, letters), LogisticRegression())
without = make_pipeline(make_column_transformer(numbers), LogisticRegression())
flattering = cross_val_score(with_name, X, y, cv=folds).mean()
honest = cross_val_score(without, X, y, cv=folds).mean()

print(f"with the sample number: accuracy {flattering:.3f}")
print(f"without it:             accuracy {honest:.3f}")
found = mw.check(X.assign(cultivar=[f"cultivar {one}" for one in y]), "cultivar")
print(found)
assert ("spelled-answer", ("sample",)) in [(one.code, one.columns) for one in found.findings]
assert flattering > honest + 0.1
