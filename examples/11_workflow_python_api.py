"""Frames in, frames out: types and roles of columns, metrics, splits by group, run records.

The table holds 1,797 handwritten digits as 8 x 8 grey values (Alpaydin and Kaynak 1998). Rows of
one writer are not marked in it, so blocks of 40 rows in a row stand for a writer here.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from sklearn.datasets import load_digits

import modelwright as mw

digits = load_digits()
frame = pl.DataFrame(digits.data[:800, 16:48], schema=[f"pixel_{i}" for i in range(16, 48)])
frame = frame.with_columns(digit=pl.Series(digits.target[:800]))
frame = frame.with_row_index("row").with_columns(writer="w" + (pl.col("row") // 40).cast(pl.String))
known, new = frame.drop("row").head(640), frame.drop("row", "writer").tail(160)

# Rows of one writer are never on both sides of a split; the linear model is enough here, and a
# table of this size needs no worker processes.
quick = mw.Settings(trials=1, models=("linear",), workers=0)
settings = replace(quick, types={"digit": "category"}, store="runs")
result = mw.fit(known, target="digit", metric="log_loss", group="writer", settings=settings)
print(result)
print(result.model.card.plan)

# One column a class; they sum to one.
answers = result.predict(new)
chances = answers.select(pl.sum_horizontal(pl.col("^p_.*$")).alias("sum"))
assert chances["sum"].is_between(0.999, 1.001).all()
right = (answers["prediction"].cast(pl.String) == new["digit"].cast(pl.String)).mean()
print(f"{right:.1%} of 160 new digits are read right")

# The run is recorded: what was asked, what was fitted, how long it took.
print(f"run {result.run}: {result.timings}")

# Wrong input is one clear line.
try:
    mw.fit(known, target="digits")
except mw.ColumnError as error:
    print(error)
