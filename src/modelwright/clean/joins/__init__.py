"""Tables brought together: by equal keys, by keys that are spelled differently, and by groups."""

from modelwright.clean.joins.aggregates import aggregate, join_aggregates
from modelwright.clean.joins.matching import Matches, match_names
from modelwright.clean.joins.tables import Joined, join

__all__ = ["Joined", "Matches", "aggregate", "join", "join_aggregates", "match_names"]
