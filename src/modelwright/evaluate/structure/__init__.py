"""What the rows of a table are to each other: in order, about the same things, copies."""

from modelwright.evaluate.structure.judge import Recommendation, Structure, detect_structure

__all__ = ["Recommendation", "Structure", "detect_structure"]
