"""Contract suites that a learner, step or splitter of yours can inherit. They need pytest."""

from __future__ import annotations

from modelwright.testing.data import Puzzle, made_up
from modelwright.testing.learners import LearnerContract
from modelwright.testing.splitters import SplitterContract
from modelwright.testing.steps import StepContract

__all__ = ["LearnerContract", "Puzzle", "SplitterContract", "StepContract", "made_up"]
