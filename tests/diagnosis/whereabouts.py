"""Estimators that say where they were fitted; in a module that workers find."""

from __future__ import annotations

import os
import time

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from threadpoolctl import threadpool_info


class Who(RegressorMixin, BaseEstimator):
    """Says in which process it was fitted, and how many threads libraries may use there."""

    def __init__(self, seconds: float = 0.0, random_state: int | None = None) -> None:
        self.seconds = seconds
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray) -> Who:
        time.sleep(self.seconds)
        threads = max((one["num_threads"] for one in threadpool_info()), default=1)
        self.said_ = [os.getpid(), self.random_state or 0, len(X), threads]
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.array(self.said_, np.float64)


class Broken(Who):
    """Fails, or dies, in workers only or everywhere."""

    def __init__(self, how: str, seconds: float = 0.0) -> None:
        super().__init__(seconds)
        self.how = how

    def fit(self, X: np.ndarray, y: np.ndarray) -> Broken:
        away = os.getpid() != int(self.how.split()[1])
        if away and self.how.startswith("dies"):
            os._exit(3)
        if away and self.how.startswith("fails"):
            raise ValueError("not in a worker")
        super().fit(X, y)
        return self
