"""Clean a table with a few labelled rows, and do the same to next month's file."""

from __future__ import annotations

import numpy as np
import polars as pl

from modelwright.clean.recipes import read_recipe, replay
from modelwright.plan.tables.clean import Asked, clean

# Shops report what they sold. The shop settles its town and its telephone; people mistype, some
# write a unit, and one till writes the day in a way of its own.
TOWNS = ["birmingham", "gadsden", "montgomery", "dothan", "huntsville", "anniston"]


def report(seed: int, rows: int = 400) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give what was written, and what should have been."""
    rng = np.random.default_rng(seed)
    shop = rng.integers(0, 12, rows)
    right = pl.DataFrame(
        {
            "shop": [f"S{i:02}" for i in shop],
            "town": [TOWNS[i % 6] for i in shop],
            "phone": [f"205325{8100 + 7 * i}" for i in shop],
            "day": [f"2024-{m:02}-{d:02}" for m, d in rng.integers(1, 13, (rows, 2)).tolist()],
            "litres": [f"{value:.1f}" for value in rng.gamma(4, 3, rows)],
        }
    )
    written = {name: right[name].to_list() for name in right.columns}
    for row in rng.choice(rows, 16, replace=False):
        column = str(rng.choice(["town", "phone"]))
        text, place = written[column][row], int(rng.integers(0, 6))
        written[column][row] = f"{text[:place]}x{text[place + 1 :]}"
    for row in rng.choice(rows, 40, replace=False):
        written["litres"][row] += " l"
    for row in rng.choice(rows, 120, replace=False):
        year, month, day = written["day"][row].split("-")
        written["day"][row] = f"{day}/{month}/{year}"
    return pl.DataFrame(written), right


dirty, right = report(1)
dirty.write_csv("may.csv")

# Somebody looked through twenty rows: this is how they ought to be.
looked = np.sort(np.random.default_rng(0).choice(dirty.height, 20, replace=False))
right[looked].with_columns(row=pl.Series(looked)).write_csv("few.csv")

done = clean("may.csv", Asked(labels="few.csv"))
wrong = sum(int((dirty[name] != right[name]).sum()) for name in dirty.columns)
left = sum(int((done.table[name] != right[name]).sum()) for name in dirty.columns)
print(f"{wrong} cells were wrong, {left} still are; {len(done.repairs.proposed)} more proposed")
for column, rule, applied, proposed in done.repairs.by_rule()[:8]:
    print(f"{column:>7}: {applied} mended, {proposed} proposed: {rule}")
assert left < wrong / 2
assert done.table.shape == dirty.shape

# Everything that was changed, cell by cell; and a recipe of it all.
done.log().write_parquet("changes.parquet")
done.recipe.write("recipe.json")

# On the same file the recipe gives the same table, to the last cell.
again = replay(pl.read_csv("may.csv", infer_schema=False), read_recipe("recipe.json"))
assert again.same
assert again.hash == done.recipe.origin.cleaned

# On next month's file it does what it learned, and says what is new there.
june, june_right = report(2)
june = pl.concat([june, june[:30].with_columns(shop=pl.lit("S99"), town=pl.lit("mobile"))])
result = replay(june, read_recipe("recipe.json"))
before = sum(int((june[:400][name] != june_right[name]).sum()) for name in june.columns)
after = sum(int((result.table[:400][name] != june_right[name]).sum()) for name in june.columns)
print(f"next month: {before} cells were wrong, {after} still are; {len(result.changes)} changes")
for one in result.surprises:
    print("new:", one)
assert after < before / 2
assert any("S99" in str(one) for one in result.surprises)
