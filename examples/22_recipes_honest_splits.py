"""What a split promises, and what it keeps: at random, by group, in time, and a test file.

Wine and digits have no groups and no dates, so a world is made here: machines that wear, each with
a level of its own, watched for a hundred days. The question is how hot a machine will be in a week.
"""

from __future__ import annotations

import numpy as np
import polars as pl

import modelwright as mw

MACHINES, DAYS = 12, 90
rng = np.random.default_rng(0)
level = rng.normal(0, 5, MACHINES)
wear = np.cumsum(rng.normal(0.05, 0.4, (MACHINES, DAYS + 7)), axis=1)
heat = 60 + level[:, None] + wear
machine, day = (index.ravel() for index in np.indices((MACHINES, DAYS)))
start = np.datetime64("2025-01-01")
frame = pl.DataFrame(
    {
        "machine": [f"m{i}" for i in machine],
        "day": (start + day).astype("datetime64[us]"),
        "weight": rng.integers(900, 9999, MACHINES)[machine],  # as good as the machine's name
        "load": rng.normal(size=len(day)),
        "heat": heat[machine, day + 7] + rng.normal(0, 0.3, len(day)),
    }
)

known = frame.filter((pl.col("day") < pl.datetime(2025, 3, 10)) & (pl.col("machine") != "m0"))
fresh = frame.filter((pl.col("day") > pl.datetime(2025, 3, 17)) & (pl.col("machine") == "m0"))
fresh.write_csv("fresh.csv")


def asked(checked: mw.Validation) -> mw.Settings:
    """Ask for one quick model, checked in some way."""
    return mw.Settings(trials=1, models=("linear",), workers=0, store="runs", validation=checked)


# The same rows, four promises. The answer looks a week ahead: with a gap it is not there too early.
plain = mw.Validation(folds=4)
ahead = mw.Validation(folds=4, gap="7d")
mixed = mw.fit(known, "heat", settings=asked(plain))
later = mw.fit(known, "heat", order="day", settings=asked(ahead))
others = mw.fit(known, "heat", group="machine", settings=asked(plain))
both = mw.fit(known, "heat", group="machine", order="day", settings=asked(ahead))
for words, result in (
    ("rows mixed", mixed),
    ("the same machines later", later),
    ("new machines", others),
    ("new machines later", both),
):
    print(f"{words:<24} rmse {result.score:5.2f}  {result.model.card.contrast or ''}")

# A new machine, later: which of the four promises is kept?
tested = mw.Validation(folds=4, gap="7d", test="fresh.csv")
result = mw.fit(known, "heat", group="machine", order="day", settings=asked(tested))
print(result.test)

# A second look at the same rows is counted.
tried = mw.Validation(folds=3, gap="7d", test="fresh.csv")
again = mw.fit(known, "heat", group="machine", order="day", settings=asked(tried))
print(*(note for note in again.notes if "scored in" in note))
assert again.test is not None
assert again.test.looks == 1
assert mixed.score is not None
assert both.score is not None
assert mixed.score < both.score
