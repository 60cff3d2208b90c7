"""What to fit next within the budget: cost, portfolio, the anytime loop."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from modelwright.plan.asked import take_frame
from modelwright.plan.bar import Bar, bar_of, score_rule, splits_of
from modelwright.plan.pose import Posed, pose, reading_for

if TYPE_CHECKING:
    from modelwright.plan.session import Session, open_session

__all__ = [
    "Bar",
    "Posed",
    "Session",
    "bar_of",
    "open_session",
    "pose",
    "reading_for",
    "score_rule",
    "splits_of",
    "take_frame",
]


def __getattr__(name: str) -> object:
    # Imported on first use: a fit on images needs none of it, and takes its first step the sooner.
    if name not in ("Session", "open_session"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("modelwright.plan.session"), name)
