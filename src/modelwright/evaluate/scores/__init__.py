"""The formulas of the metrics, one family a file, in plain NumPy.

===============  ===================================================================
`classes`        what follows from a table of true and decided classes
`ordering`       how rows are ordered by a probability: ROC, precision and recall, lift
`probabilities`  whether probabilities mean what they say
`numbers`        distances between numbers
`quantiles`      predicted quantiles and intervals
`ranking`        lists ordered by a score, and rank correlations
`multilabel`     several labels a row
`business`       what decisions earn or cost
===============  ===================================================================

Each takes answers `y` of shape (n_rows,), predictions and weights of shape (n_rows,) or None, and
gives a float; those of `classes` and `business` take a table instead. Where a formula has no value
the result is NaN. A task of `fit` is binary, multiclass or regression; the families `quantiles`,
`ranking` and `multilabel` are for arrays of your own.
"""
