"""Between which values the score on fresh rows will lie: an interval for a score that is to come.

A score on held-out rows and a score on fresh rows are both drawn: each differs from what the model
is worth, by its own rows. An interval of the one alone is too narrow to hold the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.evaluate.flawless import (
    chances_for_error,
    draw_shares,
    is_extreme,
    is_flawless,
)
from modelwright.evaluate.held_out import HeldOut
from modelwright.evaluate.intervals import FEWEST_ROUNDS, Spread, bootstrap
from modelwright.evaluate.metrics import Metric

__all__ = ["Expected", "expect"]

Array = NDArray[np.float64]

# Pairs of a draw of held-out rows and a draw of fresh rows.
_PAIRS = 4_000
# A loss below this is none.
_LEAST = 1e-12
# Degrees of freedom at least: with the one of two periods an interval would hold everything.
_FREE = 3


@dataclass(frozen=True)
class Expected:
    """What a model will score on fresh rows that come as those did that it was fitted on.

    Parameters
    ----------
    metric : str
        What is scored.
    score : float
        What is expected.
    low, high : float
        Between them the score on fresh rows will lie, as often as `level` says.
    level : float
        A share, such as 0.9.
    rows : int, optional
        How many fresh rows; None: so many that their number does not matter.
    untried : str
        What they may not be new in, as no row was held out for that: ``"groups"`` or ``"times"``.

    Examples
    --------
    >>> found = Expected("rmse", 2.5, 2.2, 2.8, 0.9, 400)
    >>> print(found)
    rmse 2.5 expected on 400 fresh rows; 90 % interval 2.2 to 2.8
    >>> found.holds(2.3), found.holds(3.0)
    (True, False)
    """

    metric: str
    score: float
    low: float
    high: float
    level: float
    rows: int | None = None
    untried: str = ""

    def holds(self, score: float) -> bool:
        """Whether a score on fresh rows lies where it was expected."""
        return self.low <= score <= self.high

    @property
    def of(self) -> str:
        """Say of which rows the interval is."""
        count = "" if self.rows is None else f"{self.rows:,} "
        same = f" of the same {self.untried}" if self.untried else ""
        return f"{count}fresh row{'s' * (self.rows != 1)}{same}"

    @property
    def between(self) -> str:
        """Say the interval."""
        ends = f"{self.low + 0.0:.5g} to {self.high + 0.0:.5g}"
        return f"{100 * self.level:g} % interval {ends}"

    def __str__(self) -> str:
        score = f"{self.metric} {self.score + 0.0:.5g}"
        return f"{score} expected on {self.of}; {self.between}"

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        same = f" of the same {self.untried}" if self.untried else ""
        return {**asdict(self), "of": f"fresh rows{same}"}


def expect(
    held: HeldOut,
    score: float,
    *,
    rows: int | None = None,
    level: float = 0.9,
    seconds: float = math.inf,
    seed: int = 0,
) -> Expected | None:
    """Find between which values the score on fresh rows will lie.

    Parameters
    ----------
    held : HeldOut
        Held-out predictions in whose making no row's own answer had a say.
    score : float
        What they come to.
    rows : int, optional
        How many fresh rows will be scored; None: very many.
    level : float
        How often the interval is to hold the score, between 0.5 and 0.999.
    seconds : float
        What it may take.
    seed : int
        The only source of randomness.

    Returns
    -------
    Expected or None
        None when the metric is a Python function, when there are fewer than 5 rows or groups, when
        the score has no value, when there was no time, or when the score is the best or worst there
        is whatever rows are drawn, of a metric that is no share.

    Raises
    ------
    OptionError
        When `rows` or `level` is out of range.

    Notes
    -----
    Held-out rows are drawn again and again, and fresh rows as they might come around these, whole
    groups where rows belong together (Efron and Tibshirani 1993). Where rows were held out period
    after period, the next one differs as those did, beyond what their rows tell (DerSimonian and
    Laird 1986). Where no row was wrong, some of the fresh ones may be all the same (Jeffreys 1946).
    It does not know how much another set of training rows would have changed the
    model, nor a change such as there was none before.
    """
    _check(rows, level)
    metric = held.deciding
    if metric is None or not math.isfinite(score):
        return None
    judge, p = held.judged(metric.for_part_of(float(held.weights.sum())))
    spread = bootstrap(
        _statistic(judge, held, p),
        len(held),
        weight=held.weight,
        groups=held.group,
        seconds=seconds,
        seed=seed,
    )
    if spread is None:
        return None
    scale = _Scale.of(metric)
    off = _differences(spread, scale, (held.stands_for or len(held)), len(held), rows)
    if len(off) < FEWEST_ROUNDS:
        return None
    off = off + _of_periods(_scores_of_periods(judge, held, p, scale), spread, scale, len(off))
    tails = (1 - level) / 2
    if not off.any() and is_flawless(metric, score, spread.rounds):
        chances = chances_for_error(metric, held.target, held.weight, held.group)
        drawn = np.quantile(draw_shares(score, chances, rows), (tails, 1 - tails))
        # no wrong row speaks against none: the end at the score is the score (Brown et al. 2001)
        ends = np.array([min(drawn[0], score), max(drawn[1], score)])
    elif not off.any() and is_extreme(metric, score, spread.rounds):
        return None
    else:
        ends = scale.back(scale.to(np.array(score)) + np.quantile(off, (tails, 1 - tails)))
    low, high = (min(max(float(end), metric.least), metric.most) for end in ends)
    return Expected(metric.name, score, low, high, level, rows)


@dataclass(frozen=True)
class _Scale:
    """A scale on which scores spread evenly: near an end they cannot go beyond it.

    Parameters
    ----------
    kind : str
        ``"angle"`` of scores from 0 to 1, where shares have the same variance (Anscombe 1948),
        ``"ratio"`` of losses from 0, else ``"plain"``.
    """

    kind: str

    @classmethod
    def of(cls, metric: Metric) -> _Scale:
        """Choose by the range of a metric."""
        if metric.least == 0 and metric.most == 1:
            return cls("angle")
        ratio = metric.least == 0 and not metric.greater_is_better
        return cls("ratio" if ratio else "plain")

    def to(self, scores: Array) -> Array:
        """Carry scores over to the scale."""
        if self.kind == "angle":
            return np.asarray(np.arcsin(np.sqrt(np.clip(scores, 0.0, 1.0))))
        return np.asarray(np.log(np.maximum(scores, _LEAST)) if self.kind == "ratio" else scores)

    def back(self, values: Array) -> Array:
        """Carry values back to scores."""
        if self.kind == "angle":
            return np.asarray(np.sin(np.clip(values, 0.0, np.pi / 2)) ** 2)
        return np.asarray(np.exp(values) if self.kind == "ratio" else values)


def _check(rows: int | None, level: float) -> None:
    if rows is not None and rows < 1:
        raise OptionError("at least 1 fresh row", str(rows))
    if not 0.5 <= level <= 0.999:
        cure = "write 0.9 for an interval that holds nine of ten"
        raise OptionError("a level from 0.5 to 0.999", f"{level:g}", cure)


def _statistic(
    judge: Metric, held: HeldOut, p: NDArray[Any]
) -> Callable[[NDArray[np.int64]], Callable[[Array], Array]]:
    def of(rows: NDArray[np.int64]) -> Callable[[Array], Array]:
        y, said = held.target.rows(rows), p[rows]
        return lambda own: np.array([judge.score(y, said, own)])

    return of


def _scores_of_periods(
    judge: Metric, held: HeldOut, p: NDArray[Any], scale: _Scale
) -> list[tuple[float, float]]:
    """Score each period: its share of the rows, and its score on the scale, where it has one."""
    if held.period is None:
        return []
    score, found = _statistic(judge, held, p), []
    for period in np.unique(held.period):
        rows = np.flatnonzero(held.period == period)
        own = float(score(rows)(held.weights[rows])[0])
        if math.isfinite(own):
            found.append((len(rows) / len(held), float(scale.to(np.array(own)))))
    return found


def _of_periods(
    periods: list[tuple[float, float]], spread: Spread, scale: _Scale, count: int
) -> Array:
    """Draw by how much the score of one more period differs, beyond what its rows tell."""
    if len(periods) < 2:
        return np.zeros(count)
    shares, scores = np.array(periods).T
    drawn = spread.rounds[:, 0]
    whole = float(np.var(spread.scale * scale.to(drawn[np.isfinite(drawn)])))
    beyond = float(np.var(scores, ddof=1)) - float(np.mean(whole / shares))
    free = max(len(scores) - 1, _FREE)
    width = math.sqrt(max(beyond, 0.0) * (1 + 1 / len(scores)))
    other: Array = width * np.random.default_rng(1).standard_t(free, count)
    return other


def _differences(spread: Spread, scale: _Scale, whole: int, kept: int, rows: int | None) -> Array:
    """Draw how far a score on fresh rows is from the one on held-out rows; finite ones."""
    drawn = spread.rounds[:, 0]
    found = scale.to(drawn[np.isfinite(drawn)]) - scale.to(spread.middle[0])
    found = spread.scale * found[np.isfinite(found)]
    if len(found) < FEWEST_ROUNDS:
        return found[:0]
    rng = np.random.default_rng(0)
    held, fresh = rng.integers(0, len(found), (2, _PAIRS))
    # the spread of `kept` rows; where they stand for more, it is narrower
    own = math.sqrt(kept / whole)
    their = 0.0 if rows is None else math.sqrt(kept / rows)
    differences: Array = their * found[fresh] + own * found[held]
    return differences
