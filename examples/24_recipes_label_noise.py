"""Labels that are wrong: how many, which ones, and what looking at them again is worth.

The table holds thirty measurements of 569 breast tumours (Street, Wolberg and Mangasarian 1993); of
the 449 training labels thirty are swapped here, as if somebody had pressed the wrong key.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.datasets import load_breast_cancer

import modelwright as mw

cancer = load_breast_cancer()
names = [name.replace(" ", "_") for name in cancer.feature_names]
labels = cancer.target_names[cancer.target]
table = pl.DataFrame(cancer.data, schema=names).with_columns(tumour=pl.Series(labels))
order = np.random.default_rng(1).permutation(table.height)
fresh, known = table[order[:120]], table[order[120:]]

rng = np.random.default_rng(0)
swapped = rng.choice(known.height, 30, replace=False)
told = known["tumour"].to_numpy().copy()
told[swapped] = np.where(told[swapped] == "benign", "malignant", "benign")
wrong = known.with_columns(tumour=pl.Series(told))

quick = mw.Settings(trials=1, models=("linear",), workers=0, store="runs")
before = mw.fit(wrong, "tumour", metric="log_loss", settings=quick)
found = mw.doubtful_labels(before.model)
print(f"{found.rate:.1%} of the labels look wrong (95 %: {found.low:.1%} to {found.high:.1%})")
assert found.low < 30 / known.height < found.high

suspects = [one.row for one in found.suspects if one.kind == "mislabelled"]
right = len(set(suspects) & set(swapped.tolist()))
print(f"{len(suspects)} rows to look at; {right} of the 30 swapped labels are among them")
assert right > 10
assert right >= 0.8 * len(suspects)

# A person looks at these rows and mends what is wrong; the others stay as they are.
told[suspects] = known["tumour"].to_numpy()[suspects]
mended = known.with_columns(tumour=pl.Series(told))
after = mw.fit(mended, "tumour", metric="log_loss", settings=quick)
losses = [one.model.evaluate(fresh)["log_loss"] for one in (before, after)]
print(f"log loss on fresh rows: {losses[0]:.3f} before, {losses[1]:.3f} after")
assert losses[1] < losses[0]
