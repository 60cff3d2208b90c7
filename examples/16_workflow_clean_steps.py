"""Steps that are done only when asked: sparse columns, abnormal rows, masked cells, filled gaps.

The table holds thirteen measurements of 178 wines (Forina et al. 1986), as a laboratory might send
them: a device that writes -999 where it measured nothing, a column that hardly anybody filled in, a
slip of the decimal point, and a sum below it all.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.datasets import load_wine

from modelwright.plan.tables.clean import Asked, clean, replayed

wine = load_wine()
names = [name.replace("/", "_") for name in wine.feature_names]
truth = pl.DataFrame(wine.data, schema=names)
draw = np.random.default_rng(0)

text = truth.select(pl.all().cast(pl.String))
unmeasured = draw.choice(178, 20, replace=False)
spoilt = {
    "proline": {int(row): "-999" for row in unmeasured},
    "alcohol": {10: "1320.0"},
    "hue": {int(row): None for row in draw.choice(178, 25, replace=False)},
}
sheet = text.with_columns(
    pl.Series(name, [cells.get(i, old) for i, old in enumerate(text[name])])
    for name, cells in spoilt.items()
).with_columns(remark=pl.Series(["corked" if i % 11 == 0 else None for i in range(178)]))
total = {"alcohol": "Total", "malic_acid": f"{truth['malic_acid'].sum():.2f}"}
sheet = pl.concat([sheet, pl.DataFrame([{name: total.get(name) for name in sheet.columns}],
                                       schema=sheet.schema)])  # fmt: skip
sheet.write_csv("wine.csv")

# By default every row, column and cell that nobody can mend stays, and is told: the sum below the
# table is no wine, and 1320 is no alcohol.
plain = clean("wine.csv")
assert plain.table.shape == sheet.shape
for note in plain.notes:
    print("note:", note)
for one in plain.doubts[:3]:
    print(f"row {one.row}, {one.column} = {one.old}: {one.rule} ({one.confidence:.2f})")
assert any((one.row, one.column) == (10, "alcohol") for one in plain.doubts)

# The 30 % rule, as a logged step: columns of which more than that is missing are left out.
dense = clean("wine.csv", Asked(drop=("sparse-columns", "stray-rows")))
assert "remark" not in dense.table.columns
assert dense.table.height == 178
print([(one.column, one.rule) for one in dense.changes if one.row == -1])

# data[~abnormal]: rows with a cell that is surely wrong, and that nobody could mend.
normal = clean("wine.csv", Asked(drop=("stray-rows", "abnormal-rows")))
gone = sorted({one.row for one in normal.changes if not one.column})
print("rows left out:", gone)
assert 10 in gone
assert normal.table.height == 179 - len(gone)

# Or only the cells: emptied when they are as surely wrong as a repair that is applied is right. A
# code such as -999 that comes again, far from all other numbers, is a missing value.
masked = clean("wine.csv", Asked(mask=True))
emptied = [one for one in masked.changes if one.new is None]
print(len(emptied), "cells emptied, such as", emptied[0])
assert {one.row for one in emptied if one.column == "proline"} == set(spoilt["proline"])
assert masked.table["alcohol"][10] is None

# And filled: ways are compared on known cells that are hidden, and each column gets the best. Every
# filled cell is in the log with how far it can be trusted, and written as its column is written.
filled = clean("wine.csv", Asked(mask=True, impute="auto", drop=("sparse-columns", "stray-rows")))
for note in filled.notes:
    print("note:", note)
assert sum(filled.table.null_count().row(0)) == 0
rows = sorted(spoilt["proline"])
for name, table in (
    ("as chosen", filled.table),
    ("median", clean("wine.csv", Asked(mask=True, impute="median")).table),
):
    guess = table["proline"].cast(pl.Float64)[rows].to_numpy()
    off = np.sqrt(((guess - truth["proline"][rows].to_numpy()) ** 2).mean())
    print(f"proline, {name}: off by {off:.0f}")

# The recipe holds all of it, the fitted ways to fill gaps included: the same file gives the same
# table to the last cell, another file is filled by what was learned from this one.
filled.recipe.write("recipe.json")
again = replayed("wine.csv", "recipe.json")
assert again.same
assert again.hash == filled.recipe.origin.cleaned
