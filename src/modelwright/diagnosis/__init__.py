"""Why a model errs, and what would help: bias and variance, learning and complexity curves."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelwright.diagnosis.complexity import ComplexityCurve, complexity_curve
    from modelwright.diagnosis.curves import Diagnosis, diagnose
    from modelwright.diagnosis.figures import (
        bias_variance_figure,
        complexity_curve_figure,
        learning_curve_figure,
    )
    from modelwright.diagnosis.learning import LearningCurve, learning_curve
    from modelwright.diagnosis.resamples import BiasVariance, bias_variance

# Names are imported on first use: a worker that fits for somebody looks at this room, and has to
# be ready soon.
_HOMES = {
    "BiasVariance": "resamples",
    "ComplexityCurve": "complexity",
    "Diagnosis": "curves",
    "LearningCurve": "learning",
    "bias_variance": "resamples",
    "bias_variance_figure": "figures",
    "complexity_curve": "complexity",
    "complexity_curve_figure": "figures",
    "diagnose": "curves",
    "learning_curve": "learning",
    "learning_curve_figure": "figures",
}

__all__ = [
    "BiasVariance",
    "ComplexityCurve",
    "Diagnosis",
    "LearningCurve",
    "bias_variance",
    "bias_variance_figure",
    "complexity_curve",
    "complexity_curve_figure",
    "diagnose",
    "learning_curve",
    "learning_curve_figure",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
