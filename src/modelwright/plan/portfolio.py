"""Which trials to fit, in the order of what is expected of them.

First a few strong and diverse ones (`learned.py`), then draws from a wide space. How many are worth
fitting grows with the number of rows: on small tables the best of many is the luckiest (docs: log).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from modelwright.core.errors import MissingExtraError, OptionError, did_you_mean
from modelwright.core.schema import Kind, Role
from modelwright.core.seed import Seed
from modelwright.core.splits import Splits
from modelwright.features import Recipe
from modelwright.models import LEARNERS
from modelwright.models.registry import NETS
from modelwright.plan.learned import WORDY, learned_trials
from modelwright.plan.trial import LEAN, RICH, TrialSpec
from modelwright.plan.workspace import Rows

__all__ = ["bagging_learners", "make_portfolio", "most_trials", "recipes_for"]

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
        "bagged-trees": 50_000,
        "gradient-boosting": 50_000,
        "adaboost": 50_000,
        "tree": 100_000,
        "additive": 50_000,
        "nearest-neighbours": 20_000,
        "gaussian-process": 2_000,
        "perceptron": 50_000,
        "realmlp": 50_000,
        "tabm": 50_000,
    }
)
# What a learner is tried with when it is named, where its defaults are one choice of several.
_VARIANTS: Mapping[str, tuple[Mapping[str, Any], ...]] = MappingProxyType(
    {"selected": ({"by": "filter"}, {"by": "model"}, {"by": "wrapper"})}
)
# Above so many rows curves of single columns add nothing that is worth their time.
_ADDITIVE_ROWS = 10_000

_WORDS = frozenset([Kind.TEXT, Kind.CATEGORY, Kind.ID])
# A table is wordy with text, or a category of more levels than this.
_MANY = 30
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
        The same list for the same rows, learners and seed; where CatBoost and PyTorch are
        installed they take part, unless others are named.

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
    count = most_trials(len(rows.y))
    usual = {trial.learner for trial in learned_trials()}
    default = {learner for learner in usual if _belongs(learner, len(rows.y))}
    named = [(n, config) for n in models if n not in usual for config in _VARIANTS.get(n, ({},))]
    specs = [_placed(TrialSpec(i, n, config), rows) for i, (n, config) in enumerate(named)]
    recipes = recipes_for(rows)
    number = 0
    while usual.intersection(models or usual) and len(specs) < count and number < 10 * _MOST:
        spec = _shape(number, len(rows.y), rows.seed)
        if spec.learner in (models or default):
            recipe = recipes.get(spec.recipe, spec.recipe)
            specs.append(_placed(replace(spec, number=len(specs), recipe=recipe), rows))
        number += 1
    return _each_first(specs) if models else specs


def _each_first(specs: list[TrialSpec]) -> list[TrialSpec]:
    """Begin with one trial of each learner: who names them wants to see all, however few fit in."""
    first = {spec.learner: spec for spec in reversed(specs)}
    order = sorted(specs, key=lambda spec: spec is not first[spec.learner])
    return [replace(spec, number=i) for i, spec in enumerate(order)]


def _belongs(learner: str, rows: int) -> bool:
    """Whether a learner is fitted when none is named."""
    if learner == "catboost":
        return _installed(learner)
    if learner in NETS:
        return _installed("torch")
    return learner != "additive" or rows <= _ADDITIVE_ROWS


def _installed(library: str) -> bool:
    return importlib.util.find_spec(library) is not None


def most_trials(rows: int) -> int:
    """Say how many trials are worth fitting.

    Examples
    --------
    >>> most_trials(90), most_trials(1_000_000)
    (4, 100)
    """
    return next((most for limit, most in _COUNTS if rows <= limit), _MOST)


def recipes_for(rows: Rows) -> Mapping[str, str]:
    """Say which recipes stand for which: what answers tell is sought where there may be some."""
    table = rows.table
    names = [name for name in table.features() if table.schema[name].kind in _WORDS]
    numbers = table.schema.names(Role.FEATURE, Kind.NUMBER)
    read = len(rows.y) * sum(table.schema[name].kind is Kind.TEXT for name in names)
    if max(len(rows.y), read) > _LARGE or not (names or len(numbers) > 1):
        return {RICH: LEAN, WORDY: LEAN}
    wordy = not table.schema.names(Role.ORDER) and any(
        table.schema[name].kind is Kind.TEXT or table.frame[name].n_unique() > _MANY
        for name in names
    )
    return {WORDY: RICH if wordy else LEAN}


def _shape(number: int, rows: int, seed: int) -> TrialSpec:
    """Give the trial at a place of the portfolio."""
    if rows > _LARGE:  # the linear one, which is quick, stays the first
        if 0 < number <= len(_SAMPLES):
            learner, config, gain = _SAMPLES[number - 1]
            return TrialSpec(number, learner, config, _SAMPLE_ROWS, gain)
        number -= len(_SAMPLES) if number else 0
    if number < len(learned_trials()):
        trial = learned_trials()[number]
        return TrialSpec(number, trial.learner, trial.config, None, trial.gain, trial.recipe)
    rng = np.random.default_rng(Seed(seed).derive("portfolio", number))
    gain, recipe = 2.0 / number, (LEAN, WORDY, RICH)[number % 3]
    if number % 7 == 0:
        knots = {"min_count": int(rng.integers(2, 30)), "knots": int(rng.integers(3, 9))}
        return TrialSpec(number, "linear", knots, None, gain, recipe)
    if number % 4 == 0:
        shares = {"column_share": float(rng.uniform(0.3, 1.0))}
        config = {"min_rows_leaf": int(rng.integers(1, 20)), **shares}
        return TrialSpec(number, "extra-trees", config, None, gain, LEAN)
    return TrialSpec(number, "lightgbm", _drawn_boosting(rng), None, gain, recipe)


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


def _placed(spec: TrialSpec, rows: Rows) -> TrialSpec:
    """Give a trial its share of rows and its threads."""
    height, width = rows.table.height, len(rows.table.features())
    chosen = dict(spec.config)
    most = _ROWS.get(spec.learner) if spec.rows is None else spec.rows
    if hasattr(LEARNERS[spec.learner], "threads") and spec.learner != "realmlp":  # gains nothing
        chosen["threads"] = 2 if min(height, most or height) * width > _TWO_THREADS else 1
    return replace(spec, config=chosen, rows=most)
