"""The deployable model, and its file."""

from modelwright.model.file import Member, Part
from modelwright.model.model import SEEN, Model, load, read_rows

__all__ = ["SEEN", "Member", "Model", "Part", "load", "read_rows"]
