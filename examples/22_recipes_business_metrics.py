"""Let money decide: a profit, the threshold it asks for, and a capacity.

A campaign calls customers. A call costs 5, a customer who buys brings 100.
"""

from __future__ import annotations

import numpy as np
import polars as pl

import modelwright as mw

rng = np.random.default_rng(0)
rows = 900
age, visits = rng.normal(size=rows), rng.normal(size=rows)
buys = 1.3 * age + visits + rng.normal(size=rows) > 2.3  # about one in eight
table = pl.DataFrame({"age": age, "visits": visits, "buys": np.where(buys, "yes", "no")})
past, new = table.head(600), table.tail(300)
settings = mw.Settings(trials=1, models=("linear",))

# The score is the mean profit of a row; the threshold is found on out-of-fold predictions.
calls = mw.fit(past, "buys", metric="profit(tp=100, fp=-5)", settings=settings)
print(calls)
print(calls.model.card.decision)

# On rows that nobody has seen: against the usual threshold of one half.
profit = "profit(tp=100, fp=-5)"
tuned = calls.model.evaluate(new)[profit]
half = calls.model.with_threshold(0.5).evaluate(new)[profit]
print(f"profit a customer: {tuned:.2f} with the tuned threshold, {half:.2f} with one half")
assert tuned > half

# Only a tenth can be called: the most probable ones are.
few = mw.fit(past, "buys", metric="profit(tp=100, fp=-5, capacity=10%)", settings=settings)
answers = few.predict(new)
print(f"called: {(answers['prediction'] == 'yes').sum()} of {answers.height}")
assert (answers["prediction"] == "yes").sum() == 30


# Any function of answers, predictions and weights may decide.
def hits_in_the_best_tenth(y: np.ndarray, p: np.ndarray, weight: np.ndarray | None) -> float:
    """Give the share of buyers among the most probable tenth."""
    best = np.argsort(-p)[: len(p) // 10]
    return float(y[best].mean())


own = mw.metric("hits in the best tenth", hits_in_the_best_tenth)
result = mw.fit(past, "buys", metric=own, settings=settings)
print(f"{own.name}: {result.model.evaluate(new, [own])[own.name]:.2f}")
