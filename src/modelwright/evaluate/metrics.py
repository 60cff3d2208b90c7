"""What decides which model is better, in plain NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.core.task import Target, Task, TaskKind
from modelwright.evaluate import scores

__all__ = ["METRICS", "Metric", "MetricFunction", "default_metric", "find_metric", "metrics_of"]


class MetricFunction(Protocol):
    """A score of predictions, from plain arrays."""

    def __call__(
        self, y: NDArray[Any], p: NDArray[Any], weight: NDArray[Any] | None = None, /
    ) -> float:
        """Score predictions `p` of shape (n_rows, n_outputs) for answers `y` of shape (n_rows,)."""
        ...


@dataclass(frozen=True)
class Metric:
    """A way to say how good predictions are.

    Parameters
    ----------
    name : str
        The word for it on the command line.
    kinds : frozenset of TaskKind
        The tasks that it can judge.
    greater_is_better : bool
        Whether the best score is the greatest, which is 1 for every such metric here; of the
        others the best score is 0.
    function : MetricFunction
        The formula.

    Examples
    --------
    >>> metric = find_metric("accuracy", TaskKind.BINARY)
    >>> y, p = Target(np.array([0, 1]), classes=2), np.array([[0.9, 0.1], [0.8, 0.2]])
    >>> metric.score(y, p), metric.loss(y, p)
    (0.5, 0.5)
    """

    name: str
    kinds: frozenset[TaskKind]
    greater_is_better: bool
    function: MetricFunction

    def score(self, y: Target, p: NDArray[Any], weight: NDArray[np.float64] | None = None) -> float:
        """Score predictions.

        Parameters
        ----------
        y : Target
            The answers of n_rows rows.
        p : ndarray of shape (n_rows, n_outputs)
            Probabilities in class order, or one column of numbers.
        weight : ndarray of shape (n_rows,), optional
            How much each row counts; above or equal zero.

        Returns
        -------
        float
            NaN where the metric has no value: no rows, predictions that are not finite, or one
            class only for a metric that compares classes.
        """
        if len(y) == 0 or not np.isfinite(p).all():
            return float("nan")
        return float(self.function(y.values, p, weight))

    def loss(self, y: Target, p: NDArray[Any], weight: NDArray[np.float64] | None = None) -> float:
        """Score so that lower is always better and 0 is perfect; parameters as in `score`."""
        score = self.score(y, p, weight)
        return 1 - score if self.greater_is_better else score


_CLASSES = frozenset({TaskKind.BINARY, TaskKind.MULTICLASS})
_BINARY = frozenset({TaskKind.BINARY})
_NUMBERS = frozenset({TaskKind.REGRESSION})

METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            Metric("roc_auc", _CLASSES, True, scores.roc_auc),
            Metric("log_loss", _CLASSES, False, scores.log_loss),
            Metric("brier", _CLASSES, False, scores.brier),
            Metric("accuracy", _CLASSES, True, scores.accuracy),
            Metric("balanced_accuracy", _CLASSES, True, scores.balanced_accuracy),
            Metric("f1", _CLASSES, True, scores.f1),
            Metric("average_precision", _BINARY, True, scores.average_precision),
            Metric("rmse", _NUMBERS, False, scores.rmse),
            Metric("mae", _NUMBERS, False, scores.mae),
            Metric("r2", _NUMBERS, True, scores.r2),
            Metric("rmsle", _NUMBERS, False, scores.rmsle),
        )
    }
)

_ALIASES = {
    "auc": "roc_auc",
    "rocauc": "roc_auc",
    "logloss": "log_loss",
    "neg_log_loss": "log_loss",
    "cross_entropy": "log_loss",
    "acc": "accuracy",
    "ap": "average_precision",
    "brier_score": "brier",
    "root_mean_squared_error": "rmse",
    "mean_absolute_error": "mae",
}


def find_metric(name: str, kind: TaskKind) -> Metric:
    """Find a metric by its name or a common alias.

    Parameters
    ----------
    name : str
        In any case, with hyphens or underscores: ``"auc"``, ``"log-loss"``, ``"RMSE"``.
    kind : TaskKind
        The task that it shall judge.

    Returns
    -------
    Metric

    Raises
    ------
    OptionError
        When no such metric judges this kind of task; the error lists those that do.

    Examples
    --------
    >>> find_metric("AUC", TaskKind.BINARY).name
    'roc_auc'
    >>> find_metric("auc", TaskKind.REGRESSION)
    Traceback (most recent call last):
    ...
    modelwright.core.errors.OptionError: expected a metric for regression (rmse, mae, r2, rmsle);
    got 'auc'; ...
    """
    valid = [metric.name for metric in METRICS.values() if kind in metric.kinds]
    word = name.strip().lower().replace("-", "_").replace(" ", "_")
    word = _ALIASES.get(word, word)
    if word not in valid:
        expected = f"a metric for {kind.value} ({', '.join(valid)})"
        raise OptionError(expected, repr(name), did_you_mean(word, valid))
    return METRICS[word]


def metrics_of(task: Task) -> list[Metric]:
    """List every metric of a task; the one that decides comes first.

    Examples
    --------
    >>> [metric.name for metric in metrics_of(Task(TaskKind.REGRESSION, "price", "mae"))]
    ['mae', 'rmse', 'r2', 'rmsle']
    """
    fitting = [metric for metric in METRICS.values() if task.kind in metric.kinds]
    return sorted(fitting, key=lambda metric: metric.name != task.metric)


def default_metric(kind: TaskKind) -> str:
    """Name the metric that decides when the user names none.

    Parameters
    ----------
    kind : TaskKind
        The task.

    Returns
    -------
    str

    Examples
    --------
    >>> [default_metric(kind) for kind in TaskKind]
    ['roc_auc', 'log_loss', 'rmse']
    """
    names = {TaskKind.BINARY: "roc_auc", TaskKind.MULTICLASS: "log_loss"}
    return names.get(kind, "rmse")
