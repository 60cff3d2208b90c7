"""Every metric that can be named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from modelwright.core.errors import OptionError, UserError, did_you_mean
from modelwright.core.task import Target, Task, TaskKind
from modelwright.evaluate.forms import FORMS
from modelwright.evaluate.metrics import PYTHON, Metric
from modelwright.evaluate.written import Call, read_call

__all__ = [
    "METRICS",
    "default_metric",
    "find_metric",
    "greater_is_better",
    "metric_or_usual",
    "metrics_of",
]

METRICS: Mapping[str, Metric] = MappingProxyType(
    {form.name: form.filled(Call(form.name), ()) for form in FORMS if not form.sample}
)
"""The metrics that need no parameters, by their names."""

_ALIASES = {
    "auc": "roc_auc",
    "auroc": "roc_auc",
    "rocauc": "roc_auc",
    "logloss": "log_loss",
    "neg_log_loss": "log_loss",
    "cross_entropy": "log_loss",
    "acc": "accuracy",
    "ap": "average_precision",
    "brier_score": "brier",
    "ece": "calibration_error",
    "matthews_corrcoef": "mcc",
    "cohen_kappa": "kappa",
    "sensitivity": "recall",
    "root_mean_squared_error": "rmse",
    "mean_absolute_error": "mae",
    "mean_absolute_percentage_error": "mape",
    "medae": "median_absolute_error",
    "kendall_tau": "kendall",
    "c_index": "concordance",
}

# What is shown of a model beside the metric that decided.
_SHOWN = {
    TaskKind.BINARY: (
        *("roc_auc", "log_loss", "brier", "accuracy", "balanced_accuracy", "f1"),
        *("average_precision", "precision", "recall", "specificity", "mcc"),
    ),
    TaskKind.MULTICLASS: (
        *("roc_auc", "log_loss", "brier", "accuracy", "balanced_accuracy", "f1"),
        *("precision", "recall", "mcc"),
    ),
    TaskKind.REGRESSION: ("rmse", "mae", "r2", "rmsle", "median_absolute_error"),
}


def find_metric(name: str, kind: TaskKind, classes: Sequence[str] = ()) -> Metric:
    """Find a metric by its name or a common alias, with its parameters.

    Parameters
    ----------
    name : str
        In any case, with hyphens or underscores: ``"auc"``, ``"log-loss"``, ``"RMSE"``;
        parameters in brackets: ``"profit(tp=100, fp=-5)"``.
    kind : TaskKind
        The task that it shall judge.
    classes : sequence of str
        The classes in code order, for a matrix of costs that names them.

    Returns
    -------
    Metric
        Its name is the text in its plainest form, from which it can be found again.

    Raises
    ------
    OptionError
        When no such metric judges this kind of task (the error lists those that do), or a
        parameter is absent or wrong.
    DataError
        When a file of costs cannot be used.

    Examples
    --------
    >>> find_metric("AUC", TaskKind.BINARY).name
    'roc_auc'
    >>> find_metric("cost(fn=20.0, fp=1)", TaskKind.BINARY).name
    'cost(fp=1, fn=20)'
    >>> find_metric("log-lss", TaskKind.BINARY)
    Traceback (most recent call last):
    ...
    modelwright.core.errors.OptionError: expected a metric for binary (roc_auc, ...
    """
    if name.startswith(PYTHON):
        cure = "give the function again, as metric= in Python"
        raise OptionError("a metric that its name defines", f"the Python function {name!r}", cure)
    call = read_call(name)
    word = _ALIASES.get(call.name, call.name)
    forms = {form.name: form for form in FORMS if kind in form.kinds}
    if word not in forms:
        listed = [one for one in forms if one in _SHOWN[kind]]
        listed += [form.example for name, form in forms.items() if name not in listed]
        near = did_you_mean(word, forms)
        cure = near if near.startswith("did") else "the page Metrics of the guide explains them"
        raise OptionError(f"a metric for {kind.value} ({', '.join(listed)})", repr(name), cure)
    return forms[word].filled(call, classes)


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


def metric_or_usual(task: Task) -> Metric:
    """Find the metric of a task; the usual one when it was a Python function.

    Examples
    --------
    >>> metric_or_usual(Task(TaskKind.REGRESSION, "price", "python:mine")).name
    'rmse'
    """
    known = not task.metric.startswith(PYTHON)
    return find_metric(task.metric if known else default_metric(task.kind), task.kind)


def metrics_of(
    task: Task, more: Sequence[Metric] = (), y: Target | None = None
) -> tuple[Metric, ...]:
    """List what is shown of a model: the metric that decided first, then the usual ones.

    Parameters
    ----------
    task : Task
        The question.
    more : sequence of Metric
        What the user asks for beside; a Python function that decided may be among them.
    y : Target, optional
        The answers: usual metrics that have no value for them are left out, such as a logarithmic
        error of numbers below zero.

    Returns
    -------
    tuple of Metric
        Each name once. A Python function that is not given is absent.

    Examples
    --------
    >>> [metric.name for metric in metrics_of(Task(TaskKind.REGRESSION, "price", "mae"))][:3]
    ['mae', 'rmse', 'r2']
    """
    found = {metric.name: metric for metric in more}
    first = [found[task.metric]] if task.metric in found else []
    if not first and not task.metric.startswith(PYTHON):
        first = [find_metric(task.metric, task.kind)]
    usual = [METRICS[name] for name in _SHOWN[task.kind]]
    fitting = [metric for metric in usual if y is None or metric.suits(y)]
    return tuple({metric.name: metric for metric in (*first, *fitting, *more)}.values())


def greater_is_better(name: str) -> bool | None:
    """Say whether more is better; None when the name alone does not tell.

    Examples
    --------
    >>> greater_is_better("profit(tp=1, fp=-1)"), greater_is_better("rmse")
    (True, False)
    """
    for kind in TaskKind:
        try:
            return find_metric(name, kind).greater_is_better
        except UserError:
            continue
    return None
