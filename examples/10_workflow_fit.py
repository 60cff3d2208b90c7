"""From a raw file to predictions: fit, read the leaderboard, save, load, predict.

The table holds ten measurements of 569 breast tumours (Street, Wolberg and Mangasarian 1993).
"""

from __future__ import annotations

import polars as pl
from sklearn.datasets import load_breast_cancer

import modelwright as mw

# 1. A raw file, as one finds it.
cancer = load_breast_cancer()
names = [name.replace(" ", "_") for name in cancer.feature_names[:10]]
table = pl.DataFrame(cancer.data[:, :10], schema=names)
table = table.with_columns(tumour=pl.Series(cancer.target_names[cancer.target]))
table = table.sample(fraction=1.0, shuffle=True, seed=0)
table.head(300).write_csv("known.csv")
table.tail(269).write_csv("new.csv")

# 2. One call. Under `trials` no clock has a say: everybody gets this very model.
result = mw.fit("known.csv", target="tumour", settings=mw.Settings(trials=2, out="tumours.mw"))
print(result.leaderboard)
print(result.model.card.plan)

# 3. Tomorrow, elsewhere: the file is all that is needed.
model = mw.load("tumours.mw")
answers = model.predict("new.csv")
print(answers.head(3))

# 4. How well did it do on rows that nobody looked at?
for name, value in model.evaluate("new.csv").items():
    print(f"{name:18} {value:.3f}")
assert model.evaluate("new.csv")["roc_auc"] > 0.97
