"""Intervals for a world that changes: old errors fade, or the level follows the misses."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import OptionError
from modelwright.evaluate.conformal.scores import Scores, check_level
from modelwright.evaluate.conformal.split import numbers

__all__ = ["adaptive_conformal", "choose_half_life", "recency_weight"]

Array = NDArray[np.float64]

# Half-lives that are tried, in shares of the time that the scores span; the first one: none fade.
HALF_LIVES = (math.inf, 1.0, 0.5, 0.25, 0.1)
# The span is cut into so many blocks; each is judged by those before it.
BLOCKS = 10
FIRST = 3
# With fewer rows, a change cannot be told from chance.
FEWEST = 200
# Fading must lower the loss by such a share.
GAIN = 0.01


def recency_weight(order: ArrayLike, half_life: float) -> Array:
    """Let rows count less the older they are.

    Barber, Candes, Ramdas and Tibshirani 2023, "Conformal prediction beyond exchangeability".

    Parameters
    ----------
    order : array_like, shape (n,)
        The time of each row.
    half_life : float
        After such a share of the whole span a row counts half; infinite: all count alike.

    Returns
    -------
    ndarray of float64, shape (n,)
        1 for the newest row.

    Raises
    ------
    OptionError
        When the half-life is not above zero.

    Examples
    --------
    >>> recency_weight([0, 5, 10], 0.5).tolist()
    [0.25, 0.5, 1.0]
    """
    if not half_life > 0:
        raise OptionError("a half-life above zero", repr(half_life))
    when = numbers("times", order)
    span = float(np.ptp(when)) if len(when) else 0.0
    if math.isinf(half_life) or span == 0:
        return np.ones(len(when))
    weight: Array = 0.5 ** ((when.max() - when) / span / half_life)
    return weight


def choose_half_life(scores: ArrayLike, order: ArrayLike, level: float = 0.9) -> float:
    """Find how fast errors should be forgotten, by how well each foretells the later ones.

    Blocks of later rows are judged one after the other: the quantile of the scores before them,
    weighed by recency, against their own scores, in pinball loss.

    Parameters
    ----------
    scores : array_like, shape (n,)
        How far off each row was.
    order : array_like, shape (n,)
        The time of each row.
    level : float
        At which quantile.

    Returns
    -------
    float
        A share of the span; infinite (nothing is forgotten) unless forgetting lowers the loss by
        1 % at least, and with fewer than 200 rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> calm = np.abs(rng.normal(size=2000))
    >>> choose_half_life(calm, np.arange(2000))
    inf
    >>> choose_half_life(calm * np.linspace(1, 9, 2000), np.arange(2000)) < 1
    True
    """
    found = numbers("scores", scores)
    when = numbers("times", order, found)
    if len(found) < FEWEST:
        return math.inf
    blocks = np.array_split(np.argsort(when, kind="stable"), BLOCKS)
    losses = [_foretelling(found, when, blocks, half, level) for half in HALF_LIVES]
    best = int(np.argmin(losses))
    return HALF_LIVES[best] if losses[best] < (1 - GAIN) * losses[0] else math.inf


def _foretelling(
    scores: Array, when: Array, blocks: list[NDArray[np.int64]], half_life: float, level: float
) -> float:
    """Give the mean pinball loss of the quantiles that earlier blocks give later ones."""
    span = float(np.ptp(when)) or 1.0
    total = 0.0
    for number in range(FIRST, len(blocks)):
        before, now = np.concatenate(blocks[:number]), scores[blocks[number]]
        share = half_life * span / (float(np.ptp(when[before])) or span)
        weight = recency_weight(when[before], share)
        known = Scores.of(scores[before], weight, own=1.0)
        line = known.upper(min(level, known.highest))
        total += float(np.maximum(level * (now - line), (level - 1) * (now - line)).sum())
    return total


def adaptive_conformal(
    y: ArrayLike, p: ArrayLike, level: float = 0.9, *, step: float = 0.01, window: int = 1_000
) -> tuple[Array, Array]:
    """Give each row of a stream the interval that the rows before it ask for.

    After a miss intervals get wider, after a hit a little narrower: in the long run the share of
    answers that are covered is the level, whatever the world does.

    Gibbs and Candes 2021, "Adaptive conformal inference under distribution shift".

    Parameters
    ----------
    y : array_like, shape (n,)
        The answers, in the order in which they became known.
    p : array_like, shape (n,)
        The predictions, each made before its answer was known.
    level : float
        The share of answers that are to lie in their interval.
    step : float
        How much a miss moves the level, between 0 and 1.
    window : int
        How many of the latest errors count.

    Returns
    -------
    lower, upper : ndarray of float64, shape (n,)
        Infinite for the first rows, of which nothing is known yet, and where misses in a row have
        driven the level to one.

    Raises
    ------
    OptionError
        When the level, the step or the window means nothing.
    DataError
        When the arrays do not fit together, or hold NaN.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=4000) * np.linspace(1, 5, 4000)  # ever wilder
    >>> lower, upper = adaptive_conformal(y, np.zeros(4000))
    >>> round(float(np.mean((lower <= y) & (y <= upper))), 2)
    0.9
    """
    target = check_level(level)
    if not 0 < step < 1 or window < 1:
        raise OptionError("a step between 0 and 1, and a window of 1 row or more",
                          f"{step!r} and {window!r}")  # fmt: skip
    answers = numbers("answers", y)
    said = numbers("predictions", p, answers)
    missed = np.abs(answers - said)
    half, miss = np.empty(len(answers)), 1 - target
    for row in range(len(answers)):
        known = missed[max(row - window, 0) : row]
        place = math.ceil((1 - miss) * (len(known) + 1)) - 1
        if place >= len(known):
            half[row] = math.inf
        else:
            half[row] = np.partition(known, place)[place] if place >= 0 else 0.0
        miss += step * ((1 - target) - float(missed[row] > half[row]))
    return said - half, said + half
