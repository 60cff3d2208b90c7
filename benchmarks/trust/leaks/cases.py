"""What a case is: what a detector gets, what is true of it, and what the leak is worth."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

__all__ = ["Case", "DataCase", "Drawn", "PipelineCase", "Split", "Truth", "Worth", "generator"]

Split = tuple[NDArray[np.int64], NDArray[np.int64]]

LEAST_AUC = 0.02
LEAST_RMSE = 0.05


@dataclass(frozen=True)
class Truth:
    """What is true of a case; no detector sees it.

    Parameters
    ----------
    kind : str
        One of the kinds of leak, or ``"clean"``.
    family : str
        ``"data"`` (a table and its target) or ``"pipeline"`` (an estimator, X, y and splits).
    form : str
        Which variety of the kind.
    source : str
        The real set that it was made from.
    columns : tuple of str
        The columns that leak; empty when rows or a step do.
    severity : str
        The severity at which it has to be found; ``""`` when there is nothing to find.
    """

    kind: str
    family: str
    form: str
    source: str
    columns: tuple[str, ...] = ()
    severity: str = "error"


@dataclass(frozen=True)
class Worth:
    """What the leak does to the score of a plain model.

    Parameters
    ----------
    metric : str
        ``"auc"`` or ``"rmse"``.
    leaked, honest : float
        The score with the leak, and without it or on honest splits.
    """

    metric: str
    leaked: float
    honest: float

    @property
    def gap(self) -> float:
        """Give the difference of AUC, or the share of the honest RMSE."""
        away = abs(self.leaked - self.honest)
        return away if self.metric == "auc" else away / self.honest

    @property
    def enough(self) -> bool:
        """Say whether the leak is worth finding."""
        return self.gap >= (LEAST_AUC if self.metric == "auc" else LEAST_RMSE)


@dataclass(frozen=True)
class DataCase:
    """A table and its target, as `modelwright check DATA --target COL` gets them."""

    truth: Truth
    table: pl.DataFrame
    target: str

    def csv(self) -> bytes:
        """Give the file that a detector reads."""
        return self.table.write_csv().encode()

    def digest(self) -> str:
        """Give a fingerprint of everything that a detector sees."""
        return hashlib.sha256(self.csv() + self.target.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class PipelineCase:
    """An unfitted estimator, its rows and answers, and how its score is made."""

    truth: Truth
    estimator: Any
    X: pd.DataFrame
    y: NDArray[Any]
    splits: list[Split]

    def digest(self) -> str:
        """Give a fingerprint of the rows, the answers, the splits and the estimator's text."""
        told = hashlib.sha256(self.X.to_csv().encode())
        told.update(self.y.tobytes())
        for train, test in self.splits:
            told.update(train.tobytes() + test.tobytes())
        told.update(re.sub(" at 0x[0-9a-f]+", "", repr(self.estimator)).encode())
        return told.hexdigest()[:16]


Case = DataCase | PipelineCase


@dataclass(frozen=True)
class Drawn:
    """A case and how to measure what its leak is worth."""

    case: Case
    worth: Callable[[], Worth]


def generator(kind: str, seed: int, attempt: int = 0) -> np.random.Generator:
    """Make the source of randomness of one draw of one case."""
    word = hashlib.sha256(kind.encode()).digest()[:8]
    return np.random.default_rng([int.from_bytes(word, "big"), seed, attempt])
