"""Score a file of predictions by scikit-learn, without any code of modelwright."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Known:
    """The rows of a test file whose answer is known.

    Parameters
    ----------
    mask : ndarray of bool, shape (n_rows,)
        Which they are.
    truth : ndarray, shape (n_known,)
        Numbers, or words.
    """

    mask: NDArray[np.bool_]
    truth: NDArray[Any]


def known_rows(test: Path, meta: Mapping[str, Any]) -> Known:
    """Find the answers of a test file; rows without one are left out."""
    truth = read_target(test, meta)
    if meta["metric"] == "rmse":
        numbers = pd.to_numeric(truth, errors="coerce")
        mask = numbers.notna().to_numpy()
        return Known(mask, numbers.to_numpy()[mask])
    words = truth.map(_word)
    labels = {_word(label) for label in meta["classes"]}
    mask = (words.isin(labels) | ~truth.str.strip().isin(MISSING)).to_numpy()
    return Known(mask, words.to_numpy()[mask])


@dataclass(frozen=True)
class Scored:
    """Predictions beside answers, ready to be scored on any draw of the rows.

    Parameters
    ----------
    metric : str
        ``roc_auc``, ``log_loss`` or ``rmse``.
    truth : ndarray, shape (n_known,)
        Numbers; whether the class is the positive one; or the position of the class in `p`.
    p : ndarray, shape (n_known,) or (n_known, n_classes)
        Numbers, probabilities of the positive class, or of all.
    """

    metric: str
    truth: NDArray[Any]
    p: NDArray[np.float64]

    @classmethod
    def of(cls, answers: pd.DataFrame, rows: Known, meta: Mapping[str, Any]) -> Scored:
        """Put the columns `prediction` or `p_<class>` beside the answers."""
        if len(answers) != len(rows.mask):
            raise ValueError(f"{len(answers)} predictions for {len(rows.mask)} rows")
        if meta["metric"] == "rmse":
            return cls("rmse", rows.truth, answers["prediction"].to_numpy(float)[rows.mask])
        chances = {
            _word(name.removeprefix("p_")): answers[name].to_numpy(float)[rows.mask]
            for name in answers.columns
            if name.startswith("p_")
        }
        if meta["metric"] == "roc_auc":
            positive = positive_class(meta)
            return cls("roc_auc", rows.truth == positive, chances[positive])
        # A class that only the test rows have gets probability zero.
        names = sorted(set(rows.truth) | set(chances))
        nothing = np.zeros(len(rows.truth))
        table = np.column_stack([chances.get(name, nothing) for name in names])
        codes = np.searchsorted(np.array(names), rows.truth.astype(str))
        return cls("log_loss", codes, table / table.sum(axis=1, keepdims=True))

    @property
    def kept(self) -> NDArray[np.float64]:
        """What scores can be found from again, shape (n_known,): of classes, that of the truth."""
        if self.metric != "log_loss":
            return self.p
        return np.take_along_axis(self.p, self.truth[:, None], axis=1)[:, 0]

    @property
    def greater_is_better(self) -> bool:
        """Whether the greatest score is the best."""
        return self.metric == "roc_auc"

    def score(self, index: NDArray[np.int64] | None = None) -> float:
        """Score all rows, or a draw of them; NaN where a draw holds one class only."""
        truth, p = (self.truth, self.p) if index is None else (self.truth[index], self.p[index])
        if self.metric == "rmse":
            return float(root_mean_squared_error(truth, p))
        if self.metric == "roc_auc":
            return float(roc_auc_score(truth, p)) if 0 < truth.sum() < len(truth) else np.nan
        return float(log_loss(truth, p, labels=np.arange(p.shape[1])))


def score(answers: Path, test: Path, meta: Mapping[str, Any]) -> float:
    """Score predictions by the metric that the set's description names.

    Parameters
    ----------
    answers : path
        A CSV with `prediction`, and `p_<class>` for classes.
    test : path
        The test file with its target.
    meta : mapping
        ``target``, ``task``, ``metric``, and for classes ``classes`` and ``positive_class``.

    Returns
    -------
    float
        ROC AUC, log loss or RMSE.
    """
    given = pd.read_csv(answers, low_memory=False)
    return Scored.of(given, known_rows(test, meta), meta).score()


def positive_class(meta: Mapping[str, Any]) -> str:
    """Name the positive class of a binary set, in the one way of writing labels."""
    labels = {_word(label) for label in meta["classes"]}
    return _word(meta.get("positive_class") or sorted(labels)[-1])


def _word(label: object) -> str:
    """Write a label in one way: 1, 1.0 and "1 " are the same, as are True and true."""
    text = str(label).strip()
    try:
        number = float(text)
    except ValueError:
        return text.lower() if text.lower() in ("true", "false") else text
    return str(int(number)) if number.is_integer() else str(number)
