"""Two models on the same rows: which one is better, and how sure that is."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from modelwright.core.errors import ModelwrightWarning, OptionError
from modelwright.core.task import TaskKind
from modelwright.evaluate import Answered, Metric
from modelwright.evaluate.catalogue import metrics_of
from modelwright.evaluate.paired import (
    DeLong,
    McNemar,
    Paired,
    Said,
    delong,
    mcnemar,
    paired_bootstrap,
)
from modelwright.model import Model

__all__ = ["Versus", "compare_models"]

# For drawing rows again and again; far less is usual.
_SECONDS = 20.0


@dataclass(frozen=True)
class Versus:
    """Two models on the same rows.

    Parameters
    ----------
    rows : int
        How many rows have an answer.
    scores : tuple of Paired
        The metric that decided for the first model comes first, then that of the second, then the
        usual ones.
    delong : DeLong, optional
        Of the areas under the ROC curves; None for other tasks than binary, and where rows have
        weights or belong together.
    mcnemar : McNemar, optional
        Of the accuracies; None for numbers, and where rows have weights or belong together.
    """

    rows: int
    scores: tuple[Paired, ...]
    delong: DeLong | None = None
    mcnemar: McNemar | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        scores = [{**asdict(pair), "difference": pair.difference} for pair in self.scores]
        tests = {
            name: None if test is None else asdict(test)
            for name, test in (("delong", self.delong), ("mcnemar", self.mcnemar))
        }
        return {"rows": self.rows, "scores": scores, **tests}


def compare_models(
    one: Model, other: Model, data: object, metrics: Sequence[str | Metric] = ()
) -> Versus:
    """Score two models on the same rows, and say how sure their difference is.

    Parameters
    ----------
    one, other : Model
        Two models of the same column.
    data : path or frame
        Rows with answers, as `Model.evaluate` takes them. A path is read twice.
    metrics : sequence of str or Metric
        What to score beside the usual ones.

    Returns
    -------
    Versus

    Raises
    ------
    OptionError
        When the models do not answer the same question.
    ColumnError or DataError
        When the rows cannot be used.

    Examples
    --------
    >>> import modelwright as mw
    >>> x = np.linspace(0, 1, 120)
    >>> table = {"x": x, "z": np.sin(40 * x), "y": 3 * x + np.sin(40 * x)}
    >>> quick = mw.Settings(trials=1, workers=0, models=("linear",))
    >>> whole = mw.fit(table, "y", settings=quick).model
    >>> part = mw.fit({"x": x, "y": table["y"]}, "y", settings=quick).model
    >>> x = np.linspace(0.004, 0.996, 60)
    >>> new = {"x": x, "z": np.sin(40 * x), "y": 3 * x + np.sin(40 * x)}
    >>> found = compare_models(part, whole, new)
    >>> found.scores[0].metric, found.scores[0].high < 0, found.scores[0].better
    ('rmse', True, 1.0)
    """
    _check_alike(one, other)
    more = [*one.metrics(metrics), *metrics_of(other.task)[:1]]
    first, second = _answered((one, other), data)
    if not np.array_equal(first.y.values, second.y.values):
        got = f"{len(first.y):,} and {len(second.y):,} rows with answers that differ"
        raise OptionError("the same answers as both models read them", got, "fit one of them again")
    weight = first.weight if first.weight is not None else second.weight
    groups = first.groups if first.groups is not None else second.groups
    listed = list(metrics_of(one.task, more, first.y))
    listed.sort(key=lambda m: (m.name != one.task.metric, m.name != other.task.metric))
    said = Said(first.p, first.decision), Said(second.p, second.decision)
    scores = paired_bootstrap(
        listed, first.y, *said, weight=weight, groups=groups, seconds=_SECONDS
    )
    if weight is not None or groups is not None:  # the tests take rows as independent and equal
        return Versus(len(first.y), scores)
    return Versus(len(first.y), scores, _areas(first, second), _answers(first, second))


def _answered(models: tuple[Model, Model], data: object) -> tuple[Answered, Answered]:
    """Ask both models; what is noticed of both alike is said once, and else of which it is."""
    found, noticed = [], []
    for model in models:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", ModelwrightWarning)
            found.append(model.answered(data))
        noticed.append([str(note.message) for note in told])
    for name, mine, theirs in zip(("first", "second"), noticed, noticed[::-1], strict=True):
        for note in mine:
            if note not in theirs:
                warnings.warn(f"the {name} model: {note}", ModelwrightWarning, stacklevel=3)
            elif name == "first":
                warnings.warn(note, ModelwrightWarning, stacklevel=3)
    return found[0], found[1]


def _check_alike(one: Model, other: Model) -> None:
    for what, mine, yours in (
        ("of one column", one.task.target, other.task.target),
        ("of one kind of task", one.task.kind.value, other.task.kind.value),
        ("of the same classes in the same order", one.task.classes, other.task.classes),
    ):
        if mine != yours:
            got = " and ".join(
                ", ".join(side) if isinstance(side, tuple) else repr(side) for side in (mine, yours)
            )
            raise OptionError(f"two models {what}", got, "compare models of the same question")


def _areas(one: Answered, other: Answered) -> DeLong | None:
    counts = np.bincount(one.y.values, minlength=2) if one.y.classes == 2 else np.zeros(2)
    if one.task.kind is not TaskKind.BINARY or counts.min() < 2:
        return None
    return delong(one.y.values, one.p, other.p)


def _answers(one: Answered, other: Answered) -> McNemar | None:
    if not one.task.is_classification:
        return None
    return mcnemar(one.y.values, one.answers, other.answers)
