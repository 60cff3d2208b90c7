"""Rows that come again in tables of few values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsClassifier

import modelwright as mw

FOLDS = KFold(4, shuffle=True, random_state=0)


def few_values(seed: int, rows: int = 300) -> tuple[pd.DataFrame, np.ndarray]:
    """Make rows of nine columns of four values each; answers are half chance."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.integers(0, 4, (rows, 9)), columns=list("abcdefghi"))
    return X, (X["a"] + X["b"] + rng.normal(0, 2.5, rows) > 3).to_numpy().astype(int)


@pytest.mark.parametrize("seed", range(2))
def test_copies_with_one_cell_changed_are_found(seed: int) -> None:
    X, y = few_values(seed)
    rng = np.random.default_rng(seed)
    again = rng.permutation(300)[:90]
    copies = X.iloc[again].to_numpy().copy()
    copies[np.arange(90), rng.integers(0, 9, 90)] = rng.integers(0, 4, 90)
    more = pd.DataFrame(np.vstack([X.to_numpy(), copies]), columns=X.columns)
    answers = np.append(y, y[again])
    mixed = rng.permutation(len(answers))
    found = mw.audit(KNeighborsClassifier(3), more.iloc[mixed].reset_index(drop=True),
                     answers[mixed], FOLDS)  # fmt: skip
    assert "copies-across" in [one.code for one in found.errors]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_rows_that_are_alike_by_chance_are_left_in_peace(seed: int) -> None:
    X, y = few_values(seed, 600)
    found = mw.audit(KNeighborsClassifier(3), X[list("abcdef")], y, FOLDS)
    assert "copies-across" not in [one.code for one in found.errors]
