"""Ways to plan which rows are fitted on and which are scored.

Every splitter gives at least one fold, takes fewer folds where the rows do not allow as many as
were asked for, and says so in `Splits.reason`.
"""

from modelwright.evaluate.splitters.balanced import ClassBalanced
from modelwright.evaluate.splitters.entities import EntityHoldOut
from modelwright.evaluate.splitters.given import Given, GivenFolds, says_test, says_where_to_score
from modelwright.evaluate.splitters.group_time import GroupTime
from modelwright.evaluate.splitters.groups import GroupKFold
from modelwright.evaluate.splitters.hold_out import HoldOut
from modelwright.evaluate.splitters.k_fold import KFold
from modelwright.evaluate.splitters.purged import PurgedKFold
from modelwright.evaluate.splitters.repeated import Repeated
from modelwright.evaluate.splitters.stratified import StratifiedKFold
from modelwright.evaluate.splitters.time_ordered import TimeOrdered

__all__ = [
    "ClassBalanced",
    "EntityHoldOut",
    "Given",
    "GivenFolds",
    "GroupKFold",
    "GroupTime",
    "HoldOut",
    "KFold",
    "PurgedKFold",
    "Repeated",
    "StratifiedKFold",
    "TimeOrdered",
    "says_test",
    "says_where_to_score",
]
