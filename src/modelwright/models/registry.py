"""The closed list of learners and fitted models: no other name in a model file means anything."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from modelwright.core.errors import (
    MissingExtraError,
    ModelFileError,
    OptionError,
    did_you_mean,
    sentences,
)
from modelwright.core.protocols import Fitted, Learner, State
from modelwright.models import boosting, forest, perceptron
from modelwright.models.adaboost import AdaBoostLearner, FittedAdaBoost
from modelwright.models.additive import AdditiveLearner, FittedAdditive
from modelwright.models.boosting import FittedLightGBM, LightGBMLearner
from modelwright.models.catboost import CatBoostLearner
from modelwright.models.forest import (
    BaggedTreesLearner,
    ExtraTreesLearner,
    FittedForest,
    RandomForestLearner,
)
from modelwright.models.gaussian_process import FittedGaussianProcess, GaussianProcessLearner
from modelwright.models.gradient_boosting import GradientBoostingLearner
from modelwright.models.histogram import FittedHistogram, HistogramBoosting
from modelwright.models.linear import FittedLinear, LinearLearner
from modelwright.models.neighbours import FittedNeighbours, NeighboursLearner
from modelwright.models.nets import FittedNet
from modelwright.models.pictures import FittedPictures
from modelwright.models.realmlp import RealMLPLearner
from modelwright.models.selected import FittedSelected, SelectedLearner
from modelwright.models.tabm import TabMLearner
from modelwright.models.transferred import FittedTransferred
from modelwright.models.tree import FittedTree, TreeLearner
from modelwright.models.xgboost import XGBoostLearner

__all__ = [
    "FITTED",
    "LEARNERS",
    "NETS",
    "fitted_name",
    "learner_config",
    "make_learner",
    "restore_fitted",
    "warm_up",
]

LEARNERS: Mapping[str, type[Any]] = MappingProxyType(
    {
        learner.name: learner
        for learner in (
            LinearLearner,
            perceptron.PerceptronLearner,
            LightGBMLearner,
            XGBoostLearner,
            CatBoostLearner,
            ExtraTreesLearner,
            RandomForestLearner,
            BaggedTreesLearner,
            HistogramBoosting,
            GradientBoostingLearner,
            AdaBoostLearner,
            TreeLearner,
            AdditiveLearner,
            NeighboursLearner,
            GaussianProcessLearner,
            SelectedLearner,
            RealMLPLearner,
            TabMLearner,
        )
    }
)
"""Every learner by the word for it."""

NETS = frozenset({RealMLPLearner.name, TabMLearner.name})
"""Learners that PyTorch fits, in a process that holds no booster: two OpenMP runtimes fight."""

FITTED: Mapping[str, type[Any]] = MappingProxyType(
    {
        "linear": FittedLinear,
        "perceptron": perceptron.FittedPerceptron,
        "lightgbm": FittedLightGBM,
        "extra-trees": FittedForest,
        "histogram-boosting": FittedHistogram,
        "tree": FittedTree,
        "adaboost": FittedAdaBoost,
        "additive": FittedAdditive,
        "nearest-neighbours": FittedNeighbours,
        "gaussian-process": FittedGaussianProcess,
        "selected": FittedSelected,
        "realmlp": FittedNet,
        "pictures": FittedPictures,
        "transferred": FittedTransferred,
    }
)
"""Every fitted model by the name that model files write."""


def make_learner(name: str, config: Mapping[str, Any]) -> Learner:
    """Make a learner from its name and hyper-parameters.

    Parameters
    ----------
    name : str
        A key of `LEARNERS`.
    config : mapping
        Some of its fields, as plain JSON; the others keep their defaults.

    Returns
    -------
    Learner

    Raises
    ------
    OptionError
        When the name or a field is unknown, or a value has another type or means nothing.

    Examples
    --------
    >>> make_learner("extra-trees", {"trees": 50}).trees
    50
    """
    if name not in LEARNERS:
        raise OptionError("a known model", repr(name), did_you_mean(name, LEARNERS))
    kind = LEARNERS[name]
    defaults = learner_config(kind())
    for key, value in config.items():
        if key not in defaults:
            raise OptionError(f"an option of {name}", repr(key), did_you_mean(key, defaults))
        _check_type(f"{name}: {key}", value, defaults[key])
    return cast(Learner, kind(**config))


def _check_type(what: str, value: object, default: object) -> None:
    if isinstance(default, float) and not isinstance(value, bool):
        right = isinstance(value, (int, float))
    else:
        right = type(value) is type(default)
    if not right:
        raise OptionError(f"{what} to be of type {type(default).__name__}", repr(value))


def learner_config(learner: Learner) -> dict[str, Any]:
    """Give a learner's hyper-parameters as plain JSON.

    Examples
    --------
    >>> learner_config(LinearLearner())["positions"]
    16
    """
    return dataclasses.asdict(cast(Any, learner))


def fitted_name(fitted: Fitted) -> str:
    """Give the name under which a model file stores a fitted model.

    Returns
    -------
    str
        A key of `FITTED`; for a class of the user's, its module and name.
    """
    for name, kind in FITTED.items():
        if type(fitted) is kind:
            return name
    return _path(type(fitted))


def _path(kind: type[Any]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def restore_fitted(name: str, state: State, allow: Sequence[type[Any]] = ()) -> Fitted:
    """Rebuild a fitted model from its stored name and state.

    Parameters
    ----------
    name : str
        What `fitted_name` gave.
    state : State
        What `export` gave.
    allow : sequence of type
        Classes of the user's that may be restored too.

    Returns
    -------
    Fitted

    Raises
    ------
    ModelFileError
        When the name is not registered or allowed, or the state is unsound.
    """
    known = {**FITTED, **{_path(kind): kind for kind in allow}}
    if name not in known:
        raise ModelFileError(
            "a registered kind of model",
            repr(name),
            sentences(did_you_mean(name, known), "custom kinds load with allow=[Class]"),
        )
    return cast(Fitted, known[name].restore(state))


def warm_up() -> None:
    """Import the libraries that the first fits need, so that none of their time goes into it."""
    forest.tree_library.load()
    with contextlib.suppress(MissingExtraError, OSError, ImportError):
        boosting.lightgbm.load()
