"""A table at a glance: one pass over its rows, in bounded memory."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelwright.explore.column_figures import balance_figure, box_figure, distribution_figure
    from modelwright.explore.columns import ColumnProfile
    from modelwright.explore.heat import association_figure, correlation_figure, covariance_figure
    from modelwright.explore.one_pass import Batch, scan
    from modelwright.explore.table_figures import comparison_figure, missing_figure, strength_figure
    from modelwright.explore.table_profile import TableProfile, profile

# Names are imported on first use: `import modelwright` looks at this room, and has to stay light.
_HOMES = {
    "Batch": "one_pass",
    "ColumnProfile": "columns",
    "TableProfile": "table_profile",
    "association_figure": "heat",
    "balance_figure": "column_figures",
    "box_figure": "column_figures",
    "comparison_figure": "table_figures",
    "correlation_figure": "heat",
    "covariance_figure": "heat",
    "distribution_figure": "column_figures",
    "missing_figure": "table_figures",
    "profile": "table_profile",
    "scan": "one_pass",
    "strength_figure": "table_figures",
}

__all__ = [
    "Batch",
    "ColumnProfile",
    "TableProfile",
    "association_figure",
    "balance_figure",
    "box_figure",
    "comparison_figure",
    "correlation_figure",
    "covariance_figure",
    "distribution_figure",
    "missing_figure",
    "profile",
    "scan",
    "strength_figure",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'modelwright.explore' has no attribute {name!r}")
    return getattr(importlib.import_module(f"modelwright.explore.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
