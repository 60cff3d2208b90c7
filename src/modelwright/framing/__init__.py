"""From a question to a task file: what is asked, checked against the data at once."""

from modelwright.framing.draft import STEPS, Draft, Study, accept, applies
from modelwright.framing.frame import complete, finish, frame
from modelwright.framing.proposals import Proposal, candidates, propose

__all__ = [
    "STEPS",
    "Draft",
    "Proposal",
    "Study",
    "accept",
    "applies",
    "candidates",
    "complete",
    "finish",
    "frame",
    "propose",
]
