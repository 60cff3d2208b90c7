"""Look at a real table before anything is fitted: what is in it, and what would hurt a model."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from sklearn.datasets import load_diabetes

import modelwright as mw
from modelwright.explore import (
    association_figure,
    box_figure,
    correlation_figure,
    covariance_figure,
    distribution_figure,
    missing_figure,
)

# 442 people with diabetes (Efron et al. 2004), with what real files have beside the numbers.
diabetes = load_diabetes(scaled=False, as_frame=False)
people = pl.DataFrame(diabetes.data, schema=diabetes.feature_names).with_columns(
    sex=pl.when(pl.col("sex") == 1).then(pl.lit("a")).otherwise(pl.lit("b")),
    course=pl.Series(diabetes.target),
    clinic=pl.lit("north"),
    # a device that writes 999 where it measured nothing, and one that most people never met
    pulse=pl.Series([999.0 if i % 9 == 0 else 60.0 + i % 31 for i in range(442)]),
    scan=pl.Series([None if i % 3 else 20.0 + i % 7 for i in range(442)]),
)
people.write_csv("people.csv")

found = mw.explore("people.csv", "course")
print(found)  # a summary: what would hurt first, then a line for each column
found.write("profile.html")  # the page: one file, to be sent on

# The missing ratio of each column, and the 30 % rule: what is sparse is worth a second look.
table = found.describe()
print(table.select("column", "kind", "missing_share", "distinct", "median", "outliers"))
sparse = table.filter(pl.col("missing_share") > 0.3)["column"].to_list()
assert sparse == ["scan"]

# What was found, for programs. Each finding has its cure; this one tells fit of the 999.
hidden = next(one for one in found.findings if one.code == "disguised-missing")
print(hidden.evidence, "->", hidden.cure)
mended = mw.explore(
    "people.csv",
    "course",
    settings=mw.Settings(types={"pulse": {"missing": ["999"]}}),
)
assert not any(one.code == "disguised-missing" for one in mended.findings)
assert mended["pulse"].missing == 50

# What goes with the answer, on one scale for numbers and words.
assert found.target is not None
for one in found.target.associations[:3]:
    print(f"{one.left:>8} {one.right:>8} {one.strength:.2f} ({one.measure})")

# Each plot is also a function that gives a figure; notebooks show it by itself.
pictures = {
    "distribution": distribution_figure(people["bmi"].to_numpy(), "bmi"),
    "boxes": box_figure(
        people["course"].to_numpy(), people["sex"].to_list(), name="course", by="sex"
    ),
    "correlations": correlation_figure({name: people[name] for name in diabetes.feature_names[2:]}),
    "covariances": covariance_figure({name: people[name] for name in diabetes.feature_names[2:]}),
    "associations": association_figure(found.relations),
    "missing": missing_figure(found.missing, found.columns),
}
for name, figure in pictures.items():
    print(figure.save(Path(f"{name}.svg")), figure.description)

# Other rows of the same columns: do they differ?
older = people.filter(pl.col("age") > 55)
younger = people.filter(pl.col("age") <= 55)
moved = mw.explore(younger, "course", test=older)
assert moved.comparison is not None
print([(one.column, one.words) for one in moved.comparison.drifted])
