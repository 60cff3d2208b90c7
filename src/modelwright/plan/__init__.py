"""What to fit next within the budget: cost, portfolio, the anytime loop."""

from modelwright.plan.pose import Posed, pose, reading_for
from modelwright.plan.session import Session, open_session

__all__ = ["Posed", "Session", "open_session", "pose", "reading_for"]
