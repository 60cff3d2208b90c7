"""Fill the gaps of a table: ways compared on hidden cells, the best taken for each column."""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.datasets import load_diabetes

from modelwright.acquire import cast, infer_schema
from modelwright.clean.impute import Imputer, Neighbours, Plain
from modelwright.plan.tables.imputing import impute

# 442 people with diabetes (Efron et al. 2004). One value in five is lost, and in two columns on
# purpose unevenly: the blood of older people was sent to a laboratory that lost more.
diabetes = load_diabetes(scaled=False, as_frame=False)
people = pl.DataFrame(diabetes.data, schema=diabetes.feature_names).with_columns(
    sex=pl.when(pl.col("sex") == 1).then(pl.lit("a")).otherwise(pl.lit("b")),
    course=pl.Series(diabetes.target),
)
rng = np.random.default_rng(0)
older = (people["age"] > 55).to_numpy()
lost = {
    "bmi": rng.random(442) < 0.2,
    "sex": rng.random(442) < 0.2,
    "s1": rng.random(442) < np.where(older, 0.5, 0.05),
    "s2": rng.random(442) < np.where(older, 0.5, 0.05),
}
holes = people.with_columns(
    pl.when(~pl.Series(gone)).then(pl.col(name)).alias(name) for name, gone in lost.items()
)
holes.write_csv("people.csv")

# Known cells are hidden as gaps fall, and every way guesses them, out of fold.
found = impute("people.csv", "course")
print(found)
assert found.choice is not None
by_column = {one.column: one for one in found.choice.columns}
assert by_column["s1"].method != "median"  # s1, total cholesterol, is nearly s2 + s3 + s4
assert by_column["s1"].gaps.depends

# Every filled cell is in the log, with how far it can be trusted.
print(found.log.sort("confidence", descending=True).head(5))
assert found.log.height == sum(int(gone.sum()) for gone in lost.values())

# How near the guesses came is known here, because the gaps were made: beside the median.
gone = lost["s1"]
truth = people["s1"].filter(pl.Series(gone)).to_numpy()
for name, frame in (
    ("as chosen", found.table.frame),
    ("median", impute("people.csv", "course", method="median").table.frame),
):
    guess = frame["s1"].filter(pl.Series(gone)).to_numpy()
    print(f"s1, {name}: off by {np.sqrt(((guess - truth) ** 2).mean()):.1f}")

# The parts by themselves: fit on training rows, fill new ones the same way.
table = cast(holes, infer_schema(holes))
train, new = table.rows(np.arange(300)), table.rows(np.arange(300, 442))
imputer = Imputer(Neighbours(k=7), by_column={"sex": Plain("constant")}, indicators=True)
fitted = imputer.fit(train)
after = fitted.transform(new).frame
assert after["s1"].null_count() == 0
assert "s1 is missing" in after.columns
