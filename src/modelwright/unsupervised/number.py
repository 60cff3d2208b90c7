"""How many groups there are: several criteria side by side, and "none" is an answer."""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from modelwright.core.seed import Seed
from modelwright.unsupervised.criteria import (
    one_cloud,
    prediction_strength,
    silhouette,
    uniform_boxes,
    within,
)
from modelwright.unsupervised.fitting import Asked, fit_k_means
from modelwright.unsupervised.groups import Centres
from modelwright.unsupervised.mixture import fit_mixture
from modelwright.unsupervised.space import Rows, Space

__all__ = ["STABLE", "Effort", "Number", "Trial", "choose_number"]

Floats = NDArray[np.float64]

STABLE = 0.8
"""The prediction strength from which on groups count as found again."""
# Fewer rows for each number of a cloud make its shape a guess.
_ROWS_EACH = 5


@dataclass(frozen=True)
class Effort:
    """How much is looked at.

    Parameters
    ----------
    most : int
        Up to how many groups.
    references : int
        How many tables without groups are drawn for comparison.
    splits : int
        How often rows are halved.
    draws : int
        How often rows are drawn again.
    rows : int
        On how many rows all this is measured; of more a sample.
    seconds : float
        Begin nothing more after about so long, but at least the look at three groups.
    """

    most: int = 10
    references: int = 10
    splits: int = 5
    draws: int = 20
    rows: int = 1_500
    seconds: float = math.inf


@dataclass(frozen=True)
class Trial:
    """What is known of so many groups; NaN where a criterion says nothing.

    Parameters
    ----------
    count : int
        How many groups.
    within : float
        Squares within groups, as a share of those of all rows.
    gap, gap_error : float
        How much less that is than in a box without groups, in logarithms, and its standard error.
    silhouette, chance : float
        How far groups stand apart, and what 19 of 20 clouds without groups stay below.
    strength : float
        How far groups are found again in other rows (prediction strength).
    bic, likelihood : float
        Of a mixture of so many clouds: Schwarz's criterion, and the mean log density of rows that
        it has not seen.
    """

    count: int
    within: float
    gap: float
    gap_error: float
    silhouette: float = math.nan
    chance: float = math.nan
    strength: float = 1.0
    bic: float = math.nan
    likelihood: float = math.nan

    @property
    def holds(self) -> bool:
        """Whether the groups are found again, and stand further apart than chance explains."""
        return self.strength >= STABLE and self.silhouette > self.chance


@dataclass(frozen=True)
class Number:
    """How many groups, and what speaks for it.

    Parameters
    ----------
    count : int
        1: no groups that hold.
    trials : tuple of Trial
        From one group on.
    votes : mapping of str to int
        How many groups each criterion asks for.
    why : str
        The reason in a sentence.
    """

    count: int
    trials: tuple[Trial, ...]
    votes: dict[str, int]
    why: str


def choose_number(rows: Rows, space: Space, effort: Effort, seed: int) -> Number:
    """Look at one group, two, three and more, and say how many hold.

    Groups hold when they are found again in other rows (prediction strength of .8 or more) and
    stand further apart than those found in 19 of 20 tables of one cloud without groups. Among the
    numbers that hold, the one that most criteria ask for is taken; of several, the one that is
    found again best.

    Parameters
    ----------
    rows : Rows
        Rows; of many a sample is looked at.
    space : Space
        How they are measured.
    effort : Effort
        How much is looked at.
    seed : int
        The only source of randomness.

    Returns
    -------
    Number
    """
    root = Seed(seed)
    rng = np.random.default_rng(root.derive("number", "rows"))
    if len(rows) > effort.rows:
        rows = rows.take(np.sort(rng.choice(len(rows), effort.rows, replace=False)))
    boxes = uniform_boxes(rows, rng, effort.references)
    clouds = [one_cloud(rows, space, rng) for _ in range(effort.references)]
    deadline, trials = time.monotonic() + effort.seconds, []
    most = max(1, min(effort.most, len(np.unique(rows.points, axis=0)) - 1, len(rows) // 5))
    for count in range(1, most + 1):
        began = time.monotonic()
        trials.append(_trial(rows, space, count, (boxes, clouds), effort, root))
        spent = time.monotonic() - began
        if count >= 3 and time.monotonic() + spent > deadline:
            break
    return _chosen(tuple(trials))


def _trial(
    rows: Rows,
    space: Space,
    count: int,
    nulls: tuple[list[Rows], list[Rows]],
    effort: Effort,
    root: Seed,
) -> Trial:
    seed = root.derive("number", count) % 2**32
    whole = max(within(rows.points, np.zeros(len(rows), np.int64)), 1e-300)

    def fit(some: Rows, starts: int = 3) -> Centres:
        return fit_k_means(some, Asked(min(count, len(some)), seed, starts=starts))

    labels = fit(rows, 8).labels(rows)
    tight = max(within(rows.points, labels), 1e-300)
    logs = [math.log(max(within(box.points, fit(box).labels(box)), 1e-300)) for box in nulls[0]]
    gap = float(np.mean(logs)) - math.log(tight) if logs else math.nan
    error = float(np.std(logs)) * math.sqrt(1 + 1 / max(len(logs), 1)) if logs else math.nan
    bic, likelihood = _as_mixture(rows, space, count, seed)
    first = Trial(count, tight / whole, gap, error, bic=bic, likelihood=likelihood)
    if count == 1:
        return first
    apart = [silhouette(cloud.points, fit(cloud).labels(cloud)) for cloud in nulls[1]]
    strength = prediction_strength(rows, fit, splits=effort.splits, seed=seed)
    chance = _above_most(np.array(apart))
    shape = silhouette(rows.points, labels)
    return Trial(count, tight / whole, gap, error, shape, chance, strength, bic, likelihood)


def _above_most(values: Floats) -> float:
    """Estimate what 19 of 20 values stay below: mean and spread, as there are few of them."""
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return math.nan
    return float(values.mean() + 1.645 * values.std(ddof=1) * math.sqrt(1 + 1 / len(values)))


def _as_mixture(rows: Rows, space: Space, count: int, seed: int) -> tuple[float, float]:
    """Fit so many clouds: the criterion of Schwarz, and the likelihood of rows not seen."""
    size = rows.numbers.shape[1]
    if not size or len(rows) < _ROWS_EACH * count * (size + 1):
        return math.nan, math.nan
    whole = fit_mixture(rows, space.sizes, count, seed=seed)
    part = np.random.default_rng(seed).permutation(len(rows)) % 3
    seen = []
    for k in range(3):
        fitted = fit_mixture(rows.take(part != k), space.sizes, count, seed=seed, starts=1)
        seen.append(fitted.log_density(rows.take(part == k)))
    return whole.bic(rows), float(np.concatenate(seen).mean())


def _chosen(trials: tuple[Trial, ...]) -> Number:
    votes = _votes(trials)
    holding = {trial.count: trial for trial in trials if trial.holds}
    if not holding:
        return Number(1, trials, votes, _none(trials))
    asked = Counter(votes.values())
    best = max(holding, key=lambda count: (asked[count], holding[count].strength))
    named = [name for name, count in votes.items() if count == best]
    told = f"asked for by {_listed(named)}" if named else "found again best"
    one = holding[best]
    why = (
        f"{best} groups: {told}; found again in other rows (prediction strength "
        f"{one.strength:.2f}), and further apart (silhouette {one.silhouette:.2f}) than in one "
        f"cloud without groups ({one.chance:.2f})"
    )
    return Number(best, trials, votes, why)


def _votes(trials: tuple[Trial, ...]) -> dict[str, int]:
    """Say how many groups each criterion asks for."""
    votes: dict[str, int] = {}
    pairs = pairwise(trials)
    gaps = [one.count for one, after in pairs if one.gap >= after.gap - after.gap_error]
    if all(math.isfinite(one.gap) for one in trials):
        votes["gap statistic"] = gaps[0] if gaps else trials[-1].count
    votes["prediction strength"] = max(one.count for one in trials if one.strength >= STABLE)
    for name, values, sign in (
        ("silhouette", [one.silhouette for one in trials], 1),
        ("BIC of a mixture", [one.bic for one in trials], -1),
        ("held-out likelihood", [one.likelihood for one in trials], 1),
    ):
        known = np.isfinite(values)
        if known.any():
            best = int(np.argmax(np.where(known, sign * np.array(values), -np.inf)))
            votes[name] = trials[best].count
    return votes


def _none(trials: tuple[Trial, ...]) -> str:
    stable = [one for one in trials[1:] if one.strength >= STABLE]
    if not stable:
        best = max(trials[1:], key=lambda one: one.strength, default=None)
        if best is None:
            return "no groups: too few different rows"
        return (
            "no groups hold: other rows give other groups (the best, "
            f"{best.count}, have a prediction strength of {best.strength:.2f}; {STABLE} is asked)"
        )
    one = max(stable, key=lambda trial: trial.silhouette - trial.chance)
    return (
        f"no groups hold: {one.count} are found again, but stand no further apart (silhouette "
        f"{one.silhouette:.2f}) than in one cloud without groups ({one.chance:.2f})"
    )


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
