"""What several rooms measure: columns at a glance."""

from modelwright.stats.profiles import profile_table

__all__ = ["profile_table"]
