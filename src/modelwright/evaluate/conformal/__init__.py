"""Intervals and sets that hold the answers of new rows with a probability that is asked for."""

from modelwright.evaluate.conformal.cross import cross_conformal
from modelwright.evaluate.conformal.intervals import NumberIntervals
from modelwright.evaluate.conformal.labels import prediction_sets
from modelwright.evaluate.conformal.quantiles import conformalized_quantiles
from modelwright.evaluate.conformal.reached import Reached
from modelwright.evaluate.conformal.rows import CalibrationRows
from modelwright.evaluate.conformal.sets import LabelSets
from modelwright.evaluate.conformal.split import split_conformal
from modelwright.evaluate.conformal.times import adaptive_conformal, recency_weight

__all__ = [
    "CalibrationRows",
    "LabelSets",
    "NumberIntervals",
    "Reached",
    "adaptive_conformal",
    "conformalized_quantiles",
    "cross_conformal",
    "prediction_sets",
    "recency_weight",
    "split_conformal",
]
