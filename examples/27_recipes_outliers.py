"""Outliers in real measurements: each number by itself, and all numbers of a row together.

The table holds thirteen measurements of 178 wines of three cultivars (Forina et al. 1986). Some are
spoilt here as hands and devices spoil them: a point forgotten, a sign, two columns swapped.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.datasets import load_wine

from modelwright.clean.detect import detect
from modelwright.clean.detectors.joint_outliers import apart_from_neighbours, isolated
from modelwright.clean.detectors.outliers import beyond_fences, by_deviation, by_score

wine = load_wine()
table = pl.DataFrame(wine.data, schema=[name.replace("/", "_") for name in wine.feature_names])
spoilt = table.clone()
spoilt[10, "alcohol"] = 1320.0  # the point forgotten
spoilt[25, "ash"] = -2.3  # a sign
spoilt[40, "alcohol"], spoilt[40, "proline"] = table[40, "proline"], table[40, "alcohol"]

# One column at a time: three rulers, each robust in its own way.
alcohol = spoilt["alcohol"].to_numpy()
rulers = {
    "median absolute deviation": np.abs(by_deviation(alcohol)) > 3.5,
    "inner nine tenths": np.abs(by_score(alcohol)) > 4,
    "fences of a box plot": beyond_fences(alcohol) > 0,
}
for name, marked in rulers.items():
    print(f"{name:<26} {np.flatnonzero(marked).tolist()}")
    assert {10, 40} <= set(np.flatnonzero(marked).tolist())

# The mean and the standard deviation are moved by what they should find: more of it hides it.
score = np.abs(alcohol - alcohol.mean()) / alcohol.std()
print(f"{'mean and deviation':<26} {np.flatnonzero(score > 3.5).tolist()}")

# All columns together: rows that few cuts set apart, and rows far from their neighbours. One wild
# number in thirteen columns is seldom cut at; it is far from its neighbours all the same.
numbers = spoilt.to_numpy()
by_cuts = np.argsort(-isolated(numbers, seed=0))[:3].tolist()
by_distance = np.argsort(-apart_from_neighbours(numbers, seed=0))[:3].tolist()
print(f"{'isolation forest':<26} {by_cuts}")
print(f"{'nearest neighbours':<26} {by_distance}")
assert {10, 40} <= set(by_distance)

# The detector reads the table as text, puts all of this together, and says why.
text = spoilt.select(pl.all().cast(pl.String))
found = detect(text)
for row, column in np.argwhere(found.wrong()).tolist():
    reason = found.reasons[found.reason[row, column]]
    print(f"row {row}, {found.columns[column]} = {text[row, column]}: {reason}")
assert found.wrong()[10, 0]
assert found.wrong()[40, 0]
assert found.wrong().mean() < 0.01
