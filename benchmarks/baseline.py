"""The baseline of the 50 sets: scikit-learn's histogram boosting, defaults, strings as numbers.

It is fitted as the sets' descriptions say, so that its recorded score comes out again, and row by
row, so that two models can be compared on the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scoring import Scored, known_rows
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

__all__ = ["Comparison", "baseline_answers", "compare"]

ROUNDS = 1000


def baseline_answers(train: Path, test: Path, meta: Mapping[str, Any]) -> pd.DataFrame:
    """Fit the baseline on a training file and predict a test file.

    Returns
    -------
    pandas.DataFrame
        `prediction`, or `p_<class>` for each class: one row for each row of the test file.
    """
    target = meta["target"]
    seen, new = (pd.read_csv(path, low_memory=False, na_values=["?"]) for path in (train, test))
    seen = seen[seen[target].notna()]
    X, Z = _as_numbers(seen.drop(columns=target), new.drop(columns=target))
    if meta["task"] == "regression":
        model = HistGradientBoostingRegressor(random_state=0).fit(X, seen[target])
        return pd.DataFrame({"prediction": model.predict(Z)})
    model = HistGradientBoostingClassifier(random_state=0).fit(X, seen[target].astype(str))
    return pd.DataFrame(model.predict_proba(Z), columns=[f"p_{c}" for c in model.classes_])


def _as_numbers(seen: pd.DataFrame, new: pd.DataFrame) -> tuple[NDArray[Any], NDArray[Any]]:
    columns = [name for name in seen if seen[name].notna().any()]
    pairs = [_pair(seen[name], new[name]) for name in columns]
    return np.column_stack([a for a, _ in pairs]), np.column_stack([b for _, b in pairs])


def _pair(seen: pd.Series, new: pd.Series) -> tuple[NDArray[Any], NDArray[Any]]:
    if pd.api.types.is_numeric_dtype(seen) and pd.api.types.is_numeric_dtype(new):
        return seen.to_numpy(float), new.to_numpy(float)
    words = pd.Index(sorted(seen.dropna().astype(str).unique()))
    codes = []
    for column in (seen, new):
        code = words.get_indexer(column.astype(str)).astype(float)
        code[column.isna().to_numpy()] = np.nan
        codes.append(code)
    return codes[0], codes[1]


@dataclass(frozen=True)
class Comparison:
    """Our score beside the baseline's on the same rows, drawn again and again.

    Parameters
    ----------
    baseline : float
        The baseline's score, from its own predictions here.
    better, worse : float
        The share of bootstrap draws in which ours is better, and worse.
    """

    baseline: float
    better: float
    worse: float


def compare(answers: Path, train: Path, test: Path, meta: Mapping[str, Any]) -> Comparison:
    """Compare predictions in a file with the baseline's (paired bootstrap over test rows)."""
    rows = known_rows(test, meta)
    ours = Scored.of(pd.read_csv(answers, low_memory=False), rows, meta)
    theirs = Scored.of(baseline_answers(train, test, meta), rows, meta)
    draw = np.random.default_rng(0)
    gaps = [_gap(ours, theirs, draw.integers(0, len(ours.truth), len(ours.truth)))
            for _ in range(_rounds(len(ours.truth)))]  # fmt: skip
    known = np.array([gap for gap in gaps if np.isfinite(gap)])
    return Comparison(theirs.score(), float((known > 0).mean()), float((known < 0).mean()))


def _rounds(rows: int) -> int:
    return ROUNDS if rows <= 50_000 else ROUNDS // 10


def _gap(ours: Scored, theirs: Scored, index: NDArray[np.int64]) -> float:
    gap = ours.score(index) - theirs.score(index)
    return gap if ours.greater_is_better else -gap
