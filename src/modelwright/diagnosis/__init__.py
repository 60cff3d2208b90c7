"""Why a model errs, and what would help: bias and variance, learning and complexity curves."""

from modelwright.diagnosis.bias_variance import BiasVariance, bias_variance
from modelwright.diagnosis.complexity import ComplexityCurve, complexity_curve
from modelwright.diagnosis.curves import Diagnosis, diagnose
from modelwright.diagnosis.figures import (
    bias_variance_figure,
    complexity_curve_figure,
    learning_curve_figure,
)
from modelwright.diagnosis.learning import LearningCurve, learning_curve

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
