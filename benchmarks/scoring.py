"""Score a file of predictions by scikit-learn, without any code of modelwright."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error

MISSING = ("", "NA", "NaN", "nan", "null", "?")


def read_target(path: Path, meta: Mapping[str, Any]) -> pd.Series:
    """Read the target column as words."""
    frame = pd.read_csv(
        path, usecols=[meta["target"]], dtype=str, keep_default_na=False, low_memory=False
    )
    return frame[meta["target"]]


def score(answers: Path, test: Path, meta: Mapping[str, Any]) -> float:
    """Score predictions by the metric that the set's description names.

    Parameters
    ----------
    answers : path
        A CSV with `prediction`, and `p_<class>` for classes.
    test : path
        The test file with its target. Rows without one are left out.
    meta : mapping
        ``target``, ``task``, ``metric``, and for classes ``classes`` and ``positive_class``.

    Returns
    -------
    float
        ROC AUC, log loss or RMSE.
    """
    truth = read_target(test, meta)
    given = pd.read_csv(answers, low_memory=False)
    if len(given) != len(truth):
        raise ValueError(f"{len(given)} predictions for {len(truth)} rows")
    if meta["metric"] == "rmse":
        numbers = pd.to_numeric(truth, errors="coerce")
        known = numbers.notna().to_numpy()
        return float(root_mean_squared_error(numbers[known], given["prediction"][known]))
    labels = {_word(label) for label in meta["classes"]}
    words = truth.map(_word)
    known = (words.isin(labels) | ~truth.str.strip().isin(MISSING)).to_numpy()
    chances = {
        _word(name.removeprefix("p_")): given[name].to_numpy(dtype=float)[known]
        for name in given.columns
        if name.startswith("p_")
    }
    if meta["metric"] == "roc_auc":
        positive = _word(meta.get("positive_class") or sorted(labels)[-1])
        return float(roc_auc_score(words[known] == positive, chances[positive]))
    return _log_loss(words[known].to_numpy(), chances)


def _log_loss(words: NDArray[Any], chances: Mapping[str, NDArray[np.float64]]) -> float:
    """Score probabilities; a class that only the test rows have gets probability zero."""
    names = sorted(set(words) | set(chances))
    nothing = np.zeros(len(words))
    table = np.column_stack([chances.get(name, nothing) for name in names])
    return float(log_loss(words, table / table.sum(axis=1, keepdims=True), labels=names))


def _word(label: object) -> str:
    """Write a label in one way: 1, 1.0 and "1 " are the same, as are True and true."""
    text = str(label).strip()
    try:
        number = float(text)
    except ValueError:
        return text.lower() if text.lower() in ("true", "false") else text
    return str(int(number)) if number.is_integer() else str(number)
