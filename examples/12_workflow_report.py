"""A report to send out, and its plots one by one."""

from __future__ import annotations

import polars as pl
from sklearn.datasets import load_breast_cancer

import modelwright as mw
from modelwright.report import calibration_figure, roc_figure

cancer = load_breast_cancer()
table = pl.DataFrame(cancer.data, schema=[str(name) for name in cancer.feature_names])
table = table.with_columns(tumour=pl.Series(cancer.target_names[cancer.target]))
held_out = pl.int_range(pl.len()) % 4 == 3
train, test = table.filter(~held_out), table.filter(held_out)

quick = mw.Settings(trials=1, models=("linear",), workers=0)  # in this process
result = mw.fit(train, target="tumour", settings=quick)
page = mw.write_report(result, "report.html")
print(f"{page}: {page.stat().st_size / 1e3:.0f} kB")

# The area under the ROC curve judges the ranking of the rows. Whether a probability of 80 % comes
# true in 80 of 100 cases is another question: calibration answers it.
y = [result.model.task.classes.index(label) for label in test["tumour"]]
p = result.model.probabilities(test)
for figure in (roc_figure(y, p), calibration_figure(y, p)):
    path = figure.save(f"{figure.title.split()[0].lower()}.svg")
    print(f"{path}: {figure.description}")
