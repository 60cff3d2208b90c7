"""Say how far off each prediction may be, for a model of ours and for one of yours."""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingRegressor

import modelwright as mw
from modelwright.evaluate.conformal import adaptive_conformal, split_conformal

rng = np.random.default_rng(0)
rows = 1200
size, age = rng.uniform(size=rows), rng.uniform(size=rows)
cost = 10 * size + rng.normal(size=rows) * (0.3 + 3 * age)  # what is old is hard to foretell
table = pl.DataFrame({"size": size, "age": age, "cost": cost})
past, new = table.head(800), table.tail(400)


def held(lower: np.ndarray, upper: np.ndarray, y: np.ndarray) -> float:
    """Give the share of answers within their interval."""
    return float(np.mean((lower <= y) & (y <= upper)))


# A fit calibrates itself on its out-of-fold errors; any level may be asked for later.
result = mw.fit(past, "cost", settings=mw.Settings(trials=1, models=("lightgbm",)))
print(result.model.intervals)
for level in (0.5, 0.9):
    answers = result.predict(new, interval=level)
    ends = answers["lower"].to_numpy(), answers["upper"].to_numpy()
    share = held(*ends, new["cost"].to_numpy())
    print(f"asked for {level:.0%}: held {share:.1%}, {np.mean(ends[1] - ends[0]):.2f} wide")
    assert abs(share - level) < 0.08

# Where rows are hard, intervals are wide.
width = ends[1] - ends[0]
old = new["age"].to_numpy() > 0.7
assert width[old].mean() > 1.3 * width[~old].mean()

# The same around any model: set rows apart, and give what it says of them.
X, y = table.select("size", "age").to_numpy(), cost
model = HistGradientBoostingRegressor(max_iter=30).fit(X[:500], y[:500])
lower, upper = split_conformal(y[500:800], model.predict(X[500:800]), model.predict(X[800:]))
print(f"yours: held {held(lower, upper, y[800:]):.1%}, {np.mean(upper - lower):.2f} wide")
assert held(lower, upper, y[800:]) > 0.84

# In a stream that gets wilder, the level follows the misses.
wild = rng.normal(size=3000) * np.linspace(1, 6, 3000)
low, high = adaptive_conformal(wild, np.zeros(3000), step=0.02, window=300)
print(f"a stream: held {held(low, high, wild):.1%}")
assert abs(held(low, high, wild) - 0.9) < 0.02
