"""How good a model is: metrics, the plan of folds, calibration and intervals."""

from modelwright.evaluate.answered import Answered
from modelwright.evaluate.calibration import (
    Temperature,
    expected_calibration_error,
    fit_temperature,
)
from modelwright.evaluate.catalogue import METRICS, default_metric, find_metric
from modelwright.evaluate.choose import choose_splitter
from modelwright.evaluate.intervals import bootstrap_interval
from modelwright.evaluate.metrics import Metric
from modelwright.evaluate.splitters import GroupKFold, HoldOut, KFold, StratifiedKFold, TimeOrdered

__all__ = [
    "METRICS",
    "Answered",
    "GroupKFold",
    "HoldOut",
    "KFold",
    "Metric",
    "StratifiedKFold",
    "Temperature",
    "TimeOrdered",
    "bootstrap_interval",
    "choose_splitter",
    "default_metric",
    "expected_calibration_error",
    "find_metric",
    "fit_temperature",
]
