"""Which trials to fit, in the order of what is expected of them.

A few strong and diverse models first: a linear one, boosted trees, random trees, boosting by other
rules, an additive one, a net where PyTorch is installed; then boosted trees of other shapes; then
draws from a wide space. How many are worth fitting grows with the number of rows: on small tables
the best of many is the luckiest (docs: log).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from modelwright.core.errors import MissingExtraError, OptionError, did_you_mean
from modelwright.core.seed import Seed
from modelwright.core.splits import Splits
from modelwright.features import Recipe
from modelwright.models import LEARNERS
from modelwright.models.registry import NETS
from modelwright.plan.trial import TrialSpec
from modelwright.plan.workspace import Rows

__all__ = ["bagging_learners", "make_portfolio"]

# Up to so many rows, at most so many trials.
_COUNTS = ((100, 4), (500, 8), (2_500, 15), (10_000, 40))
_MOST = 100
# Cells (rows x columns) above which a fit uses two threads.
_TWO_THREADS = 2_000_000
# Rows above which slow learners are fitted on a sample.
_ROWS: Mapping[str, int] = MappingProxyType(
    {
        "linear": 50_000,
        "extra-trees": 100_000,
        "random-forest": 100_000,
        "tree": 100_000,
        "additive": 50_000,
        "nearest-neighbours": 20_000,
        "realmlp": 50_000,
        "tabm": 50_000,
    }
)
# Above so many rows curves of single columns add nothing that is worth their time.
_ADDITIVE_ROWS = 10_000

_SHAPES: tuple[tuple[str, Mapping[str, Any], float], ...] = (
    ("linear", {}, 1.0),
    ("lightgbm", {}, 3.0),
    ("extra-trees", {}, 1.0),
    ("xgboost", {}, 0.9),
    ("additive", {}, 0.9),
    ("catboost", {}, 2.5),
    ("realmlp", {}, 3.0),
    ("lightgbm", {"extra_trees": True, "leaves": 63, "column_share": 0.7}, 0.8),
    ("lightgbm", {"leaves": 7, "learning_rate": 0.05, "column_share": 0.6, "l2": 2.0}, 0.7),
    ("linear", {"knots": 5}, 0.6),
    ("extra-trees", {"min_rows_leaf": 5, "column_share": 0.7}, 0.5),
    (
        "lightgbm",
        {"leaves": 127, "learning_rate": 0.03, "column_share": 0.9, "row_share": 0.9},
        0.5,
    ),
)

# Above so many rows boosting first sees a sample: a model of all rows may not end in time, and
# where rows drift it may be no better (docs: log).
_LARGE = 200_000
_SAMPLES: tuple[tuple[str, Mapping[str, Any], float], ...] = (
    ("lightgbm", {"extra_trees": True, "leaves": 63, "column_share": 0.7}, 5.0),
    ("lightgbm", {"learning_rate": 0.1}, 4.0),
)
_SAMPLE_ROWS = 100_000


def bagging_learners(splits: Splits, recipe: Recipe) -> frozenset[str]:
    """Name the learners whose out-of-bag predictions are honest under this plan.

    Out-of-bag rows are drawn at random: groups and time would leak, so there, and after one large
    hold-out, these learners are fitted fold by fold as all others are. The same holds when a step
    of the recipe looks at the answers: fitted on all rows, it would have seen the scored ones.
    """
    if not splits.exchangeable or len(splits) == 1 or recipe.uses_target:
        return frozenset()
    return frozenset(name for name, learner in LEARNERS.items() if learner.bags)


def make_portfolio(rows: Rows, models: tuple[str, ...]) -> list[TrialSpec]:
    """List the trials for a table.

    Parameters
    ----------
    rows : Rows
        What is learned from.
    models : tuple of str
        Learners to use; empty means all.

    Returns
    -------
    list of TrialSpec
        The same list for the same rows, learners and seed; where CatBoost is installed it takes
        part, unless others are named.

    Raises
    ------
    OptionError
        When a learner does not exist.
    MissingExtraError
        When nets are named, and PyTorch is not installed.
    """
    for name in models:
        if name not in LEARNERS:
            near = did_you_mean(name, LEARNERS)
            raise OptionError("a known learner for --models", repr(name), near)
        if name in NETS and not _installed("torch"):
            raise MissingExtraError(
                f"PyTorch to be installed for --models {name}",
                "no module named 'torch'",
                "run: pip install 'modelwright[deep]'",
            )
    count = next((most for limit, most in _COUNTS if len(rows.y) <= limit), _MOST)
    usual = {learner for learner, _, _ in _SHAPES}
    default = {learner for learner in usual if _belongs(learner, len(rows.y))}
    unusual = [name for name in models if name not in usual]
    specs = [_spec(i, name, {}, 1.0, rows) for i, name in enumerate(unusual)]
    number = 0
    while usual.intersection(models or usual) and len(specs) < count and number < 10 * _MOST:
        learner, config, gain, most = _shape(number, len(rows.y), rows.seed)
        if learner in (models or default):
            specs.append(_spec(len(specs), learner, config, gain, rows, most))
        number += 1
    return specs


def _belongs(learner: str, rows: int) -> bool:
    """Whether a learner is fitted when none is named."""
    if learner == "catboost":
        return _installed(learner)
    if learner in NETS:
        return _installed("torch")
    return learner != "additive" or rows <= _ADDITIVE_ROWS


def _installed(library: str) -> bool:
    return importlib.util.find_spec(library) is not None


def _shape(number: int, rows: int, seed: int) -> tuple[str, Mapping[str, Any], float, int | None]:
    """Give the learner, its settings, its gain, and how many rows it may see at most."""
    if rows > _LARGE:  # the linear one, which is quick, stays the first
        if 0 < number <= len(_SAMPLES):
            return *_SAMPLES[number - 1], _SAMPLE_ROWS
        number -= len(_SAMPLES) if number else 0
    if number < len(_SHAPES):
        return *_SHAPES[number], None
    rng = np.random.default_rng(Seed(seed).derive("portfolio", number))
    gain = 2.0 / number
    if number % 7 == 0:
        return (
            "linear",
            {"min_count": int(rng.integers(2, 30)), "knots": int(rng.integers(3, 9))},
            gain,
            None,
        )
    if number % 4 == 0:
        shares = {"column_share": float(rng.uniform(0.3, 1.0))}
        return "extra-trees", {"min_rows_leaf": int(rng.integers(1, 20)), **shares}, gain, None
    return "lightgbm", _drawn_boosting(rng), gain, None


def _drawn_boosting(rng: np.random.Generator) -> dict[str, Any]:
    """Draw from the space that TabArena tunes LightGBM in (Erickson et al., 2025)."""
    return {
        "learning_rate": float(np.exp(rng.uniform(np.log(0.02), np.log(0.1)))),
        "leaves": int(np.exp(rng.uniform(np.log(4), np.log(200)))),
        "min_rows_leaf": int(np.exp(rng.uniform(np.log(2), np.log(64)))),
        "column_share": float(rng.uniform(0.4, 1.0)),
        "row_share": float(rng.uniform(0.7, 1.0)),
        "l2": float(np.exp(rng.uniform(np.log(1e-3), np.log(10)))),
        "extra_trees": bool(rng.random() < 0.5),
    }


def _spec(
    number: int,
    learner: str,
    config: Mapping[str, Any],
    gain: float,
    rows: Rows,
    most: int | None = None,
) -> TrialSpec:
    height, width = rows.table.height, len(rows.table.features())
    chosen = dict(config)
    most = _ROWS.get(learner) if most is None else most
    if hasattr(LEARNERS[learner], "threads") and learner != "realmlp":  # which gains nothing
        chosen["threads"] = 2 if min(height, most or height) * width > _TWO_THREADS else 1
    return TrialSpec(number, learner, chosen, most, gain)
