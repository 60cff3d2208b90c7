"""Why a model says what it says: columns shuffled, set to a value, taken apart."""

from modelwright.explain.association import association, close_columns, with_close
from modelwright.explain.background import background_table
from modelwright.explain.curves import HOWS, curves
from modelwright.explain.dependence import RowCurves, partial_dependence, row_curves
from modelwright.explain.effects import accumulated_effects
from modelwright.explain.importance import by_association, permutation_importance
from modelwright.explain.rows import Asked, Explainer, telling_rows

__all__ = [
    "HOWS",
    "Asked",
    "Explainer",
    "RowCurves",
    "accumulated_effects",
    "association",
    "background_table",
    "by_association",
    "close_columns",
    "curves",
    "partial_dependence",
    "permutation_importance",
    "row_curves",
    "telling_rows",
    "with_close",
]
