"""Probabilities that mean what they say."""

from modelwright.evaluate.calibration.choose import (
    Calibration,
    choose_calibration,
    restore_calibration,
)
from modelwright.evaluate.calibration.dirichlet import Dirichlet, fit_dirichlet
from modelwright.evaluate.calibration.error import expected_calibration_error
from modelwright.evaluate.calibration.isotonic import Isotonic, fit_isotonic
from modelwright.evaluate.calibration.temperature import Temperature, fit_temperature

__all__ = [
    "Calibration",
    "Dirichlet",
    "Isotonic",
    "Temperature",
    "choose_calibration",
    "expected_calibration_error",
    "fit_dirichlet",
    "fit_isotonic",
    "fit_temperature",
    "restore_calibration",
]
