"""How far to trust a model: one judgement, for the report and for the terminal."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from modelwright.core.result import Baseline, Leaderboard, Standing
from modelwright.evaluate.expected import expect
from modelwright.evaluate.held_out import HeldOut
from modelwright.evaluate.intervals import FEWEST_GROUPS
from modelwright.evaluate.metrics import Metric
from modelwright.pages.numerals import number, percent

__all__ = ["Verdict", "shown_better", "skill", "skills", "verdict", "verdict_on"]

# Shares of the way from a plain guess to perfect; the guide's page on the report states them.
NOTHING, LITTLE, LARGE, ALL = 0.005, 0.1, 0.6, 0.995
# Where fewer rows are positive than that, these scores are high without finding many of them.
RARE = 0.05
_FLATTERING = ("roc_auc", "accuracy", "specificity", "log_loss", "brier")


@dataclass(frozen=True)
class Verdict:
    """How far to trust a model.

    Parameters
    ----------
    sentence : str
        For a person who reads one sentence only.
    word : str
        The same in one or two words.
    tone : str
        ``"good"``, ``"care"`` or ``"bad"``.
    """

    sentence: str
    word: str
    tone: str

    def __str__(self) -> str:
        return self.sentence


_THINGS = "rows", "images"
# What is to be done, in the words of who has a table, and of who has images.
_MORE = "more rows or other columns are needed.", "more images of each class are needed."
_LEAKS = (
    "check that no column gives the answer away before relying on it.",
    "check that nothing beside what is shown gives the class away, such as a mark, a border or a "
    "size, before relying on it.",
)


def verdict(
    metric: Metric,
    line: Standing,
    guess: float,
    perfect: float | None = None,
    *,
    pictured: bool = False,
) -> Verdict:
    """Judge a score by its distance from a plain guess, and by what its interval leaves open.

    `perfect` as for `skill`; `pictured` for a model of images, which has no columns.

    Examples
    --------
    >>> from modelwright.evaluate import METRICS
    >>> verdict(METRICS["roc_auc"], Standing("ensemble", 0.9, 1, 1, 0.88, 0.92), 0.5).word
    'Far better than a plain guess'
    >>> verdict(METRICS["roc_auc"], Standing("ensemble", 0.6, 1, 1, 0.45, 0.75), 0.5).word
    'Not shown to help'
    """
    if not (math.isfinite(line.score) and math.isfinite(guess)):
        return Verdict(
            "The score has no value on these rows, so nothing can be said of the model.",
            "No score",
            "bad",
        )
    share = skill(metric, line.score, guess, perfect)
    every = skills(metric, line, guess, perfect)
    if len(every) > 1 and max(every) < 0:
        return Verdict(
            "The model predicts worse than a plain guess. Do not use it: it had too little time, "
            "or what it was fitted on is unlike the rows that it was scored on.",
            "Worse than a plain guess",
            "bad",
        )
    if not shown_better(metric, line, guess, perfect):
        return Verdict(
            "The model is not shown to predict better than a plain guess. Do not rely on it: "
            + _MORE[pictured],
            "Not shown to help",
            "bad",
        )
    if share >= ALL and min(every) < LARGE:
        return Verdict(
            f"The model makes hardly a mistake on the {_THINGS[pictured]} held out, but they are "
            "too few to tell how good it is: from their number it may go only "
            f"{percent(min(every))} of the way from a plain guess to perfect.",
            "Too few to tell",
            "care",
        )
    if share >= ALL:
        return Verdict(
            f"The model is almost perfect on {_THINGS[pictured]} it has not seen. "
            f"Real data rarely allow that: {_LEAKS[pictured]}",
            "Too good?",
            "care",
        )
    if share < LITTLE:
        return Verdict(
            "The model finds a weak signal: better than a plain guess, but single predictions say "
            "little.",
            "Weak",
            "care",
        )
    way = f"It goes {percent(share)} of the way from a plain guess to perfect."
    if share < LARGE:
        sentence = f"The model predicts clearly better than a plain guess. {way}"
        return Verdict(sentence, "Better than a plain guess", "good")
    sentence = f"The model predicts far better than a plain guess. {way}"
    return Verdict(sentence, "Far better than a plain guess", "good")


def shown_better(
    metric: Metric, line: Standing, guess: float, perfect: float | None = None
) -> bool:
    """Whether a score and its whole interval are better than a plain guess.

    `perfect` as for `skill`.

    Examples
    --------
    >>> from modelwright.evaluate import METRICS
    >>> shown_better(METRICS["roc_auc"], Standing("ensemble", 0.51, 1, 1, 0.47, 0.55), 0.5)
    False
    """
    share, *ends = skills(metric, line, guess, perfect)
    return share > NOTHING and min(ends, default=share) > 0


def skills(
    metric: Metric, line: Standing, guess: float, perfect: float | None = None
) -> list[float]:
    """Give the skill of a score, and those of the ends of its interval as far as they are known.

    `perfect` as for `skill`.

    Examples
    --------
    >>> from modelwright.evaluate import METRICS
    >>> line = Standing("ensemble", 0.75, 1, 1, 0.7, 0.8)
    >>> [round(one, 2) for one in skills(METRICS["roc_auc"], line, 0.5)]
    [0.5, 0.4, 0.6]
    """
    known = [v for v in (line.low, line.high) if v is not None and math.isfinite(v)]
    return [skill(metric, v, guess, perfect) for v in (line.score, *known)]


def verdict_on(
    held: HeldOut,
    line: Standing,
    board: Leaderboard | None = None,
    *,
    untried: str = "",
    pictured: bool = False,
) -> Verdict:
    """Judge a model by the metric that decided, and by what it had to beat.

    Parameters
    ----------
    held : HeldOut
        Its held-out predictions.
    line : Standing
        Its score with an interval.
    board : Leaderboard, optional
        Where what it had to beat stands, if something was named.
    untried : str
        What new rows may be about that no row was held out for: ``"groups"`` or ``"times"``.
    pictured : bool
        Whether it is a model of images, which has no columns.

    Returns
    -------
    Verdict
        Never a good one for a model that is not shown to beat what was named, nor for one that new
        groups or times may be too much for.
    """
    metric = held.metrics[0]
    line = _over_periods(held, line)
    judged = (
        _of_few(held, pictured=pictured)
        or _of_rare(held, metric, pictured=pictured)
        or verdict(metric, line, held.guess(metric), held.perfect(metric), pictured=pictured)
    )
    if board is not None and board.baseline is not None:
        judged = _against(board.baseline, board.verdict, judged)
    if untried and judged.tone != "bad":
        told = f"Whether that holds for new {untried} was not tried."
        judged = replace(judged, sentence=f"{judged.sentence} {told}", tone="care")
    return judged


def _over_periods(held: HeldOut, line: Standing) -> Standing:
    """Widen an interval by how much scores differ from period to period, if there are any."""
    if held.period is None or line.low is None or line.high is None:
        return line
    found = expect(held, line.score, level=0.95)
    if found is None:
        return line
    return replace(line, low=min(line.low, found.low), high=max(line.high, found.high))


def _of_few(held: HeldOut, *, pictured: bool) -> Verdict | None:
    """Say that so few held-out rows, or groups of them, have no interval; None: more of them."""
    grouped = held.group is not None
    count = len(held) if held.group is None else len(np.unique(held.group))
    if count >= FEWEST_GROUPS:
        return None
    things = f"{'groups of ' * grouped}{_THINGS[pictured]}"
    return Verdict(
        f"Only {count} {things} were held out: too few to tell whether the model predicts better "
        "than a plain guess.",
        "Too few to tell",
        "care",
    )


def _of_rare(held: HeldOut, metric: Metric, *, pictured: bool) -> Verdict | None:
    """Judge by the precision among few positives, which other scores do not show; None: not few."""
    if metric.name not in _FLATTERING or len(held.shares) != 2 or not 0 < held.shares[1] < RARE:
        return None
    telling = next(one for one in held.metrics if one.name == "average_precision")
    low, high = held.interval(telling)
    score, guess = held.score(telling), held.guess(telling)
    line = Standing("model", score, 1.0, 0.0, low, high)
    judged = verdict(telling, line, guess, pictured=pictured)
    lead = (
        f"Only {percent(float(held.shares[1]), 1)} of the {_THINGS[pictured]} are "
        f"{held.task.positive}: the average precision is {number(score, 3)}, of a plain guess "
        f"{number(guess, 3)}."
    )
    return replace(judged, sentence=f"{lead} {judged.sentence}")


def _against(named: Baseline, sentence: str, judged: Verdict) -> Verdict:
    if named.beaten or judged.tone == "bad":
        return judged
    if named.beaten is False:
        return Verdict(sentence, "Not better than the baseline", "bad")
    return Verdict(sentence, "Not shown to be better", "care")


def skill(metric: Metric, score: float, guess: float, perfect: float | None = None) -> float:
    """Give the share of the way from a plain guess (0) to perfect (1); below 0 is worse than it.

    `perfect` says what that is where the metric has no best score.

    Examples
    --------
    >>> from modelwright.evaluate import METRICS
    >>> round(skill(METRICS["roc_auc"], 0.8, 0.5), 3), skill(METRICS["rmse"], 2.0, 8.0)
    (0.6, 0.75)
    """
    best = metric.best if perfect is None else perfect
    way = math.nan if best is None else best - guess
    return (score - guess) / way if way and math.isfinite(way) else 0.0
