"""Read files as people have them: titles, decimal commas, units, a zip, a database."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path

import polars as pl
from sklearn.datasets import load_wine

from modelwright.acquire import cast, infer, read_raw

wine = load_wine()
rows = [
    (f"W-{i:03}", wine.target_names[wine.target[i]], *wine.data[i, [0, 4, 12]]) for i in range(178)
]
names = ["bottle", "cultivar", "alcohol", "magnesium", "proline"]

# 1. A sheet that was saved as CSV in Germany, zipped: titles above, commas, units.
lines = [f"{a};{b};{c:.2f} %;{d:.0f} mg;{e:.0f}".replace(".", ",") for a, b, c, d, e in rows]
text = "\n".join(["sep=;", "Weinliste", "", ";".join(names), *lines]) + "\n"
with zipfile.ZipFile("wine.zip", "w") as archive:
    archive.writestr("wine.csv", text)
raw = read_raw("wine.zip")
schema, _ = infer(raw.frame)
table = cast(raw.frame, schema)
print(raw.notes[-1])
for column in schema:
    print(f"{column.name:10} {column.kind.value:9} {column.evidence}")
assert abs(table.frame["alcohol"][0] - wine.data[0, 0]) < 0.01

# 2. The same rows in a database, through a query that only reads.
Path("wine.db").unlink(missing_ok=True)
with sqlite3.connect("wine.db") as base:
    base.execute("CREATE TABLE wine (bottle TEXT, alcohol REAL)")
    base.executemany("INSERT INTO wine VALUES (?, ?)", [(r[0], float(r[2])) for r in rows])
base.close()
strong = read_raw("sqlite:///wine.db#SELECT bottle, alcohol FROM wine WHERE alcohol > 14")
print(strong.frame.height, "strong wines")
assert strong.frame.height == (wine.data[:, 0] > 14).sum()

# 3. What an interface of the web answers: records in records.
answer = [{"bottle": r[0], "measured": {"alcohol": r[2], "proline": r[4]}} for r in rows]
Path("wine.jsonl").write_text("\n".join(map(json.dumps, answer)))
assert read_raw("wine.jsonl").frame.columns == ["bottle", "measured.alcohol", "measured.proline"]
assert table.frame.schema["magnesium"] == pl.Float64
