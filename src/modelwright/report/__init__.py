"""One self-contained HTML report, and plots as functions that give a figure."""

from modelwright.pages import Figure
from modelwright.report.classes import (
    calibration_figure,
    confusion_figure,
    precision_recall_figure,
    roc_figure,
    scores_figure,
)
from modelwright.report.influence import attribution_figure, dependence_figure, importance_figure
from modelwright.report.numbers import (
    predicted_actual_figure,
    residuals_figure,
)
from modelwright.report.page import render, write_evaluation, write_report
from modelwright.report.ranking import leaderboard_figure

__all__ = [
    "Figure",
    "attribution_figure",
    "calibration_figure",
    "confusion_figure",
    "dependence_figure",
    "importance_figure",
    "leaderboard_figure",
    "precision_recall_figure",
    "predicted_actual_figure",
    "render",
    "residuals_figure",
    "roc_figure",
    "scores_figure",
    "write_evaluation",
    "write_report",
]
