"""From a question to a task file, and a model that has to beat what is done today."""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.datasets import load_diabetes

import modelwright as mw

diabetes = load_diabetes(scaled=False)
table = pl.DataFrame(diabetes.data, schema=diabetes.feature_names)
worse = diabetes.target > np.median(diabetes.target)
# Today a nurse goes by the body mass index alone; the letter is written when the year is over.
table = table.with_columns(
    today=pl.Series(np.where(diabetes.data[:, 2] > 26, "worse", "same")),
    letter=pl.Series(np.where(worse, "sent", "none needed")),
    course=pl.Series(np.where(worse, "worse", "same")),
)

question = mw.Question(
    "course",
    unit="patient",
    positive="worse",
    unknown=("letter",),  # without this line every score would be perfect, and worthless
    metric="accuracy",
    baseline="column today",
)
task = mw.frame(table, question, out="task.toml", overwrite=True)
print(f"answers: {task.data['classes']}")
print(f"today's rule is right in {task.data['baseline_score']:.1%} of the rows")

settings = mw.Settings(frame="task.toml", trials=2, models=("linear", "lightgbm"))
result = mw.fit(table, settings=settings)
print(result.leaderboard)
print(result.leaderboard.verdict)
