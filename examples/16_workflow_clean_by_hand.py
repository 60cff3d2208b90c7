"""What was done by hand in OpenRefine done again here, and what holds now written for pandera.

The table holds the 178 wines of three cultivars of load_wine (Forina et al. 1986), as two people
might have typed them: the cultivar in several spellings, a unit beside some numbers.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.datasets import load_wine

from modelwright.plan.tables.clean import Asked, clean, replayed, write_schema

wine = load_wine()
names = ["barolo", "grignolino", "barbera"]
draw = np.random.default_rng(0)
spellings = {
    "barolo": ["Barolo", "barolo ", "BAROLO"],
    "grignolino": ["Grignolino", "Grignolinoo", " grignolino"],
    "barbera": ["Barbera", "Barbera", "barbéra"],
}
sheet = pl.DataFrame(
    {
        "Cultivar": [str(draw.choice(spellings[names[i]])) for i in wine.target],
        "alcohol": [
            f"{value} %" if draw.random() < 0.3 else f"{value}" for value in wine.data[:, 0]
        ],
        "hue": [f"{value}" for value in wine.data[:, 10]],
    }
)[draw.permutation(178)]
sheet[:120].write_csv("spring.csv")
sheet[120:].write_csv("autumn.csv")

# What OpenRefine writes under "Undo / Redo", "Extract...". The last operation asks a web service:
# it means something else for every table, and is named instead of guessed.
everywhere = {"engineConfig": {"facets": [], "mode": "row-based"}}
history = [
    {"op": "core/text-transform", "columnName": "Cultivar", "expression": "value.trim()"},
    {"op": "core/text-transform", "columnName": "Cultivar", "expression": "value.toTitlecase()"},
    {
        "op": "core/mass-edit",
        "columnName": "Cultivar",
        "expression": "value",
        "edits": [{"from": ["Grignolinoo"], "to": "Grignolino"},
                  {"from": ["Barbéra"], "to": "Barbera"}],
    },
    {"op": "core/text-transform", "columnName": "alcohol",
     "expression": "grel:value.replace(' %', '')"},
    {"op": "core/column-rename", "oldColumnName": "Cultivar", "newColumnName": "cultivar"},
    {"op": "core/recon", "columnName": "cultivar", "description": "Reconcile cells"},
]  # fmt: skip
Path("history.json").write_text(json.dumps([{**one, **everywhere} for one in history]))

done = clean("spring.csv", Asked(history="history.json"))
for note in done.notes:
    print("note:", note)
for rule, count in done.log().filter("applied")["rule"].value_counts(sort=True).rows():
    print(f"{count:>4} {rule}")
assert set(done.table["cultivar"]) == {"Barolo", "Grignolino", "Barbera"}
assert done.table["alcohol"].cast(pl.Float64).is_between(11, 15).all()
assert any("Reconcile cells" in note for note in done.notes)

# The next file gets the same, without OpenRefine.
again = replayed("autumn.csv", done.recipe)
print(len(again.changes), "changes in the next file;", [str(one) for one in again.surprises])
assert set(again.table["cultivar"]) <= {"Barolo", "Grignolino", "Barbera"}

# What the cleaned table keeps, as a schema that other programs can check files by.
write_schema(done, Path("checks.py"))
print(Path("checks.py").read_text())
assert "'cultivar': pa.Column(pl.String, [pa.Check.isin(" in Path("checks.py").read_text()
