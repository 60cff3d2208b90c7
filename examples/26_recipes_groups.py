"""Rows without a column to predict: whether there are groups, and which rows are unusual.

The table holds thirteen measurements of 178 wines of three cultivars (Forina et al. 1986); which
cultivar a wine is of stays hidden, and is looked at in the end only.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.datasets import load_wine
from sklearn.metrics import adjusted_rand_score

import modelwright as mw
from modelwright.unsupervised import load

wine = load_wine()
names = [name.replace("/", "_") for name in wine.feature_names]
table = pl.DataFrame(wine.data, schema=names)

groups = mw.fit(table, task="clustering", settings=mw.Settings(out="groups.mw"))
print(groups.findings.why)
for name, count in groups.findings.votes.items():
    print(f"  {name:<22} asks for {count}")
for number, group in enumerate(groups.findings.groups, start=1):
    typical = [f"{t.column} {t.here} (all {t.all})" for t in group.traits[:2]]
    print(f"group {number}: {group.rows} rows, stable {group.stability:.2f}; {'; '.join(typical)}")
mw.write_report(groups, "groups.html")

# The file answers the same; and the groups are, nearly, the cultivars that nobody told it.
found = load("groups.mw").predict(table)["cluster"].to_numpy()
same = adjusted_rand_score(wine.target, found)
print(f"agreement with the cultivars: {same:.2f} (0 is chance, 1 is the same)")
assert same > 0.8

# Rows of one cloud: "no groups" is an answer.
rng = np.random.default_rng(0)
cloud = table.select(names[:4]).to_numpy()
one = rng.multivariate_normal(cloud.mean(axis=0), np.cov(cloud, rowvar=False), 178)
none = mw.fit(one, task="clustering")
print(none.findings.why)
assert len(none.findings.groups) == 1

# How usual a row is.
density = mw.fit(table, task="density")
print(density.findings.why)
strange = density.findings.unusual[0]
for column, value, note in zip(strange.columns, strange.values, strange.notes, strict=True):
    print(f"row {strange.row}: {column} = {value}, {note}")
new = table.head(1).with_columns(alcohol=pl.lit(25.0))
assert density.predict(new)["percentile"][0] < 0.01
