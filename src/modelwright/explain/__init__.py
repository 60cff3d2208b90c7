"""Why a model says what it says: columns shuffled, set to a value, taken apart."""

from modelwright.explain.background import background_table
from modelwright.explain.dependence import partial_dependence
from modelwright.explain.importance import by_association, permutation_importance
from modelwright.explain.rows import Explainer, telling_rows

__all__ = [
    "Explainer",
    "background_table",
    "by_association",
    "partial_dependence",
    "permutation_importance",
    "telling_rows",
]
