"""What to fit next within the budget: cost, portfolio, the anytime loop."""

from modelwright.plan.asked import take_frame
from modelwright.plan.bar import Bar, bar_of, score_rule, splits_of
from modelwright.plan.pose import Posed, pose, reading_for
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
