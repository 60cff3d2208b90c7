"""What a column does: shuffled alone and with its twins, set in every row, or moved in small steps.

Radius, perimeter and area of a tumour say the same. Shuffled one by one each seems to matter
little; set alone, a small radius meets a large area: tumours that never occur.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.datasets import load_breast_cancer

import modelwright as mw
from modelwright.report import dependence_figure

cancer = load_breast_cancer()
names = [name.replace(" ", "_") for name in cancer.feature_names[:10]]
table = pl.DataFrame(cancer.data[:, :10], schema=names)
table = table.with_columns(tumour=pl.Series(cancer.target_names[cancer.target]))
known, fresh = table[:380], table[380:]

halves = mw.Validation(folds=2)
quick = mw.Settings(trials=1, models=("lightgbm",), workers=0, store="runs", validation=halves)
model = mw.fit(known, "tumour", settings=quick).model

found = model.importances(fresh)
for one in found[:5]:
    print(f"{one.column[:60]:<60} {one.loss:.3f} ({one.low:.3f} to {one.high:.3f})")
together = next(one for one in found if one.together)
alone = [one.loss for one in found if one.column in together.together]
assert together.loss > max(alone)

columns = ("mean_radius", "mean_smoothness")
(steps, smooth) = mw.effects(model, fresh, columns)
(setting,) = mw.effects(model, fresh, columns[:1], how="partial")
print(f"{steps.column} goes with {steps.beside} ({steps.strength:.2f}): {steps.how}")
print(f"{smooth.column} goes with {smooth.beside} ({smooth.strength:.2f}): {smooth.how}")
assert steps.how == "ale"
for curve in (steps, setting):
    change = curve.means[-1][1] - curve.means[0][1]
    print(f"{curve.how}: from the least to the greatest radius {change:+.2f}")
spread = np.ptp(np.array(setting.lines), axis=1)
print(f"single rows move by {spread.min():.2f} to {spread.max():.2f}")

drawing = dependence_figure(setting, classes=model.task.classes).save("radius.svg")
print(f"a drawing of {drawing.stat().st_size:,} bytes")
