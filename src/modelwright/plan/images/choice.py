"""The best of several nets by a few held-out images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target, TaskKind
from modelwright.evaluate import Metric, find_metric, fit_temperature
from modelwright.evaluate.metrics import Decided
from modelwright.plan.images.net import Trained

__all__ = ["UNTUNED", "best_of", "calibrated", "level_told", "tuning_told"]

UNTUNED = "there was no time for tuning: more time (--time) may give a better net."
"""What is told of a net that was not tuned."""

# A training of less is told as none: its epochs are 0.0.
_NOTHING = 0.05


def best_of(trials: Sequence[Trained], metric: Metric, y: Target) -> Trained:
    """Choose the best net by a metric; of those that are as good up to chance, by log loss.

    Of 144 images a good net answers two or three wrongly: which of two good nets has fewer of
    them is chance, and how sure they are of all images is not.

    Parameters
    ----------
    trials : sequence of Trained
        At least one, with what they say of held-out images; the last one learned longest.
    metric : Metric
        What decides.
    y : Target
        The true classes of these images.
    """
    latest = [*reversed(trials)]
    best = min(latest, key=lambda trial: metric.loss(y, calibrated(trial, y)))
    if not isinstance(metric.function, Decided):
        return best
    level = [trial for trial in latest if _as_good(trial, best, y)]
    return min(level, key=lambda trial: _log_loss(trial, y))


def level_told(trials: Sequence[Trained], best: Trained, metric: Metric, y: Target) -> list[str]:
    """Say why another net than the first one of the leaderboard is taken, where that is so.

    Parameters
    ----------
    trials, metric, y
        As of `best_of`.
    best : Trained
        What it gave.
    """
    first = min(trials, key=lambda trial: metric.loss(y, calibrated(trial, y)))
    if metric.loss(y, calibrated(first, y)) >= metric.loss(y, calibrated(best, y)):
        return []
    return [
        f"by {metric.name} held-out images do not tell {first.spec.name} and {best.spec.name} "
        f"apart: {best.spec.name} is taken, whose log loss is lower."
    ]


def tuning_told(trials: Sequence[Trained], best: Trained, metric: Metric, y: Target) -> str:
    """Say what held-out images think of tuning, or that there was no time for it.

    Parameters
    ----------
    trials : sequence of Trained
        The net before it, and after it.
    best : Trained
        The one of them that is taken.
    metric, y
        As of `best_of`.
    """
    features, tuned = trials
    if not tuned.curve or tuned.curve[-1].epoch < _NOTHING:
        return UNTUNED
    other = features if best is tuned else tuned
    if metric.loss(y, calibrated(other, y)) <= metric.loss(y, calibrated(best, y)):
        return (
            f"by {metric.name} held-out images do not tell {features.spec.name} and "
            f"{tuned.spec.name} apart: {best.spec.name} is taken."
        )
    return f"held-out images say: {best.spec.name} is the better one."


def _as_good(trial: Trained, best: Trained, y: Target) -> bool:
    """Whether one net answers no more images wrongly than chance makes of two equal ones.

    Of images that one of them alone answers rightly each has half (McNemar 1947).
    """
    right, rights = ((one.valid.argmax(axis=1) == y.values) for one in (trial, best))
    fewer, more = int((rights & ~right).sum()), int((right & ~rights).sum())
    return fewer - more <= math.sqrt(fewer + more)


def _log_loss(trial: Trained, y: Target) -> float:
    """Give the log loss of a net as it will be calibrated."""
    kind = TaskKind.BINARY if y.classes == 2 else TaskKind.MULTICLASS
    return find_metric("log_loss", kind).loss(y, calibrated(trial, y))


def calibrated(trial: Trained, y: Target) -> NDArray[np.float32]:
    """Give what a net says of held-out images as its model will: calibrated on them.

    Parameters
    ----------
    trial : Trained
        The net.
    y : Target
        The true classes of these images.
    """
    return fit_temperature(trial.valid, y).apply(trial.valid)
