"""From raw data to a model you can trust, on the machine you have.

Names are imported on first use, so that ``import modelwright`` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from modelwright.core.version import __version__

if TYPE_CHECKING:
    from modelwright.core.errors import (
        ColumnError,
        DataError,
        ModelFileError,
        ModelwrightError,
        OptionError,
        OutputError,
        UserError,
    )
    from modelwright.core.settings import Bounds, Frame, Question, Settings, Validation
    from modelwright.dependence import effects
    from modelwright.diagnosis import bias_variance, complexity_curve, diagnose, learning_curve
    from modelwright.doubts import doubtful_labels
    from modelwright.estimators import AutoClassifier, AutoRegressor
    from modelwright.evaluate.fairness import fairness
    from modelwright.evaluate.metrics import Metric, metric
    from modelwright.evaluate.slices import find_slices
    from modelwright.flow import Result, fit
    from modelwright.framing import frame
    from modelwright.label import label_noise
    from modelwright.leaks import audit
    from modelwright.model import Model, load
    from modelwright.plan.findings.expected import expected_score
    from modelwright.plan.tables.check import check
    from modelwright.plan.tables.drift import drift
    from modelwright.plan.tables.explore import explore
    from modelwright.readable import tree_drawing, tree_rules
    from modelwright.report import write_report
    from modelwright.versus import compare_models

_HOMES = {
    "AutoClassifier": "modelwright.estimators",
    "AutoRegressor": "modelwright.estimators",
    "Bounds": "modelwright.core.settings",
    "ColumnError": "modelwright.core.errors",
    "DataError": "modelwright.core.errors",
    "Frame": "modelwright.core.settings",
    "Metric": "modelwright.evaluate.metrics",
    "Model": "modelwright.model",
    "ModelFileError": "modelwright.core.errors",
    "ModelwrightError": "modelwright.core.errors",
    "OptionError": "modelwright.core.errors",
    "OutputError": "modelwright.core.errors",
    "Question": "modelwright.core.settings",
    "Result": "modelwright.flow",
    "Settings": "modelwright.core.settings",
    "UserError": "modelwright.core.errors",
    "Validation": "modelwright.core.settings",
    "audit": "modelwright.leaks",
    "bias_variance": "modelwright.diagnosis",
    "check": "modelwright.plan.tables.check",
    "compare_models": "modelwright.versus",
    "complexity_curve": "modelwright.diagnosis",
    "diagnose": "modelwright.diagnosis",
    "doubtful_labels": "modelwright.doubts",
    "drift": "modelwright.plan.tables.drift",
    "effects": "modelwright.dependence",
    "expected_score": "modelwright.plan.findings.expected",
    "explore": "modelwright.plan.tables.explore",
    "fairness": "modelwright.evaluate.fairness",
    "find_slices": "modelwright.evaluate.slices",
    "fit": "modelwright.flow",
    "frame": "modelwright.framing",
    "label_noise": "modelwright.label",
    "learning_curve": "modelwright.diagnosis",
    "load": "modelwright.model",
    "metric": "modelwright.evaluate.metrics",
    "tree_drawing": "modelwright.readable",
    "tree_rules": "modelwright.readable",
    "write_report": "modelwright.report",
}

__all__ = [
    "AutoClassifier",
    "AutoRegressor",
    "Bounds",
    "ColumnError",
    "DataError",
    "Frame",
    "Metric",
    "Model",
    "ModelFileError",
    "ModelwrightError",
    "OptionError",
    "OutputError",
    "Question",
    "Result",
    "Settings",
    "UserError",
    "Validation",
    "__version__",
    "audit",
    "bias_variance",
    "check",
    "compare_models",
    "complexity_curve",
    "diagnose",
    "doubtful_labels",
    "drift",
    "effects",
    "expected_score",
    "explore",
    "fairness",
    "find_slices",
    "fit",
    "frame",
    "label_noise",
    "learning_curve",
    "load",
    "metric",
    "tree_drawing",
    "tree_rules",
    "write_report",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'modelwright' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


def _keep_the_room_aside() -> None:
    """Load the room `explore` now: loaded later, it would take the place of the function."""
    importlib.import_module("modelwright.explore")
    globals().pop("explore", None)


_keep_the_room_aside()
