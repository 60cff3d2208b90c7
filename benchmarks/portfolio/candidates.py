"""What the library holds of each set: a name, a learner, its settings, and the features it sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["CANDIDATES", "Candidate"]

LEAN, RICH = "lean", "rich"


@dataclass(frozen=True)
class Candidate:
    """A configuration.

    Parameters
    ----------
    name : str
        Of its file, and in the portfolio.
    learner : str
        In the registry.
    recipe : str
        Which features it sees.
    config : mapping
        Its settings.
    """

    name: str
    learner: str
    recipe: str
    config: Mapping[str, Any] = field(default_factory=dict)


# As TabPrep's LightGBM is set (TabArena, 2026).
_PREPARED = {
    "leaves": 7, "learning_rate": 0.024, "column_share": 0.99, "row_share": 0.96,
    "extra_trees": True, "l2": 2.0, "min_rows_leaf": 1,
}  # fmt: skip
_SMALL = {"leaves": 7, "learning_rate": 0.05, "column_share": 0.6, "l2": 2.0}
_RANDOM = {"extra_trees": True, "leaves": 63, "column_share": 0.7}
_LARGE = {"leaves": 127, "learning_rate": 0.03, "column_share": 0.9, "row_share": 0.9}

CANDIDATES: tuple[Candidate, ...] = (
    Candidate("linear", "linear", LEAN),
    Candidate("lgbm", "lightgbm", LEAN),
    Candidate("lgbm-rich", "lightgbm", RICH),
    Candidate("xt", "extra-trees", LEAN),
    Candidate("xgb", "xgboost", LEAN),
    Candidate("xgb-rich", "xgboost", RICH),
    Candidate("cat", "catboost", LEAN),
    Candidate("cat-rich", "catboost", RICH),
    Candidate("additive-rich", "additive", RICH),
    Candidate("realmlp", "realmlp", LEAN),
    Candidate("tabm", "tabm", LEAN),
    Candidate("lgbm-random", "lightgbm", LEAN, _RANDOM),
    Candidate("lgbm-random-rich", "lightgbm", RICH, _RANDOM),
    Candidate("lgbm-small", "lightgbm", LEAN, _SMALL),
    Candidate("lgbm-small-rich", "lightgbm", RICH, _SMALL),
    Candidate("lgbm-prepared-rich", "lightgbm", RICH, _PREPARED),
    Candidate("lgbm-large-rich", "lightgbm", RICH, _LARGE),
    Candidate("linear-knots-rich", "linear", RICH, {"knots": 5}),
    Candidate("xt-rich", "extra-trees", RICH, {"min_rows_leaf": 5, "column_share": 0.7}),
    Candidate("rf", "random-forest", LEAN),
    Candidate("knn", "nearest-neighbours", LEAN),
    Candidate("cat-shallow", "catboost", LEAN, {"depth": 4, "learning_rate": 0.08}),
)
