"""What scores mean in plain words."""

from __future__ import annotations

import math

import numpy as np

from modelwright.core.result import brief
from modelwright.evaluate import Metric
from modelwright.evaluate.decisions import USUAL, Best
from modelwright.evaluate.held_out import HeldOut
from modelwright.pages import shorten
from modelwright.pages.numerals import number, percent
from modelwright.report.curves import quantile

__all__ = ["in_short", "meaning", "title"]

_TITLES = {
    "roc_auc": "area under the ROC curve",
    "log_loss": "log loss",
    "brier": "Brier score",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1": "F1",
    "average_precision": "average precision",
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
    "r2": "R², share of variance explained",
    "rmsle": "root mean squared log error",
    "mcc": "Matthews correlation",
    "mape": "mean absolute percentage error",
    "smape": "symmetric mean absolute percentage error",
    "wape": "absolute error, as a share of all answers",
}


def title(metric: str) -> str:
    """Spell a metric out; one with parameters stays as it is written.

    Examples
    --------
    >>> title("rmse"), title("cost(fp=1, fn=20)")
    ('root mean squared error', 'cost(fp=1, fn=20)')
    """
    plain = metric if "(" in metric else metric.replace("_", " ")
    return _TITLES.get(metric, brief(plain))


def meaning(held: HeldOut, metric: Metric, score: float, guess: float) -> str:
    """Say in one sentence what the score means, beside a plain guess.

    Parameters
    ----------
    held : HeldOut
        Held-out answers and predictions.
    metric : Metric
        What was measured.
    score, guess : float
        Of the model, and of one who knows nothing but the answers.
    """
    if metric.name in ("rmse", "mae"):
        sort = "typically (root mean square)" if metric.name == "rmse" else "on average"
        target = shorten(held.task.target, 60)
        return (
            f"Predictions of {target} miss by {number(score)} {sort}; always predicting the mean "
            f"misses by {number(guess)}."
        )
    sentences = {"r2": _variance, "rmsle": _factor}
    if metric.name in sentences:
        return sentences[metric.name](score, guess)
    if metric.name.startswith(("profit(", "cost(")):
        return _of_money(held, metric, score, guess)
    if not held.task.is_classification:
        mean = "always predicting the mean"
        return f"{_sentence(title(metric.name))}: {number(score)}; {mean}: {number(guess)}."
    return _of_classes(held, metric, score, guess)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _of_money(held: HeldOut, metric: Metric, score: float, guess: float) -> str:
    verb = "earn" if metric.name.startswith("profit") else "cost"
    if not held.task.is_classification:
        return (
            f"Errors cost {number(score)} a row on average; always predicting the mean costs "
            f"{number(guess)}."
        )
    if isinstance(metric.decision, Best):
        other = "as many rows drawn at random"
    else:
        other = f"always answering {shorten(held.task.classes[held.constant(metric)], 40)}"
    return (
        f"Decisions {verb} {number(score)} a row on average; {other} would {verb} {number(guess)}."
    )


def _variance(score: float, _: float) -> str:
    if score < 0:
        return "The model predicts worse than always answering the mean would."
    return f"The model explains {percent(score)} of the variance between rows."


def _factor(score: float, guess: float) -> str:
    return (
        f"Predictions are typically off by a factor of {number(math.exp(score), 3)}; always "
        f"predicting the mean, by {number(math.exp(guess), 3)}."
    )


def _of_classes(held: HeldOut, metric: Metric, score: float, guess: float) -> str:
    name = metric.name
    labels = [shorten(label, 40) for label in held.task.classes]
    common = labels[held.constant(metric)]
    answer = "The most probable class" if held.decision == USUAL else "The answer"
    positive = labels[-1]
    each = f"for {positive}" if len(labels) == 2 else "averaged over classes"
    if name == "roc_auc" and len(labels) == 2:
        return (
            f"Of two rows, one of class {positive} and one of class {labels[0]}, the model finds "
            f"the first more likely to be {positive} in {percent(score)} of cases; guessing, in "
            "half of them."
        )
    if name == "log_loss":
        return (
            f"The true class gets a probability of {percent(math.exp(-score))} (geometric mean); "
            f"going by the class frequencies alone, {percent(math.exp(-guess))}."
        )
    sentences = {
        "roc_auc": (
            "Of two rows, one of a class and one of the others, the model ranks the first one "
            f"higher in {percent(score)} of cases, averaged over classes; guessing, in half."
        ),
        "accuracy": (
            f"{answer} is the true one in {percent(score)} of rows; always "
            f"answering {common} is right in {percent(guess)}."
        ),
        "balanced_accuracy": (
            f"Averaged over classes, {percent(score)} of the rows of a class are recognised; "
            f"always giving one answer reaches {percent(guess)}."
        ),
        "f1": (
            f"The balance of precision and recall {each} is {number(score)} of 1; always "
            f"answering {common} reaches {number(guess)}."
        ),
        "average_precision": (
            f"Averaged over all thresholds, {percent(score)} of the rows called {positive} are; "
            f"calling rows so at random, {percent(guess)}."
        ),
        "brier": (
            f"Probabilities are {number(score)} away from what came true (mean square; 0 is "
            f"perfect); the class frequencies alone, {number(guess)}."
        ),
    }
    return sentences.get(name, f"{title(name)} {number(score)}; a plain guess: {number(guess)}.")


def in_short(held: HeldOut) -> str:
    """Say how often, or by how much, single predictions are right."""
    if not held.task.is_classification:
        half, most = quantile(np.abs(held.errors()), [0.5, 0.9], held.weight).tolist()
        return (
            f"Half of the predictions are within {number(half, 3)} of the truth, nine in ten "
            f"within {number(most, 3)}."
        )
    plain = held.decision == USUAL or held.answers is None
    answers = held.p.argmax(axis=1) if held.answers is None else held.answers
    right = float(np.average(answers == held.y, weights=held.weight))
    common = int(held.shares.argmax())
    label = shorten(held.task.classes[common], 40)
    return (
        f"The {'most probable class' if plain else 'answer'} is the true one in {percent(right)} "
        "of rows; always answering "
        f"{label} would be right in {percent(float(held.shares[common]))}."
    )
