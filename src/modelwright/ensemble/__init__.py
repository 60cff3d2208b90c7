"""Several models answer as one."""

from modelwright.ensemble.greedy import Selection, select_members

__all__ = ["Selection", "select_members"]
