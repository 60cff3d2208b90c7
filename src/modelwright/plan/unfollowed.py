"""A structure of rows that is likely and not followed: how a plan says it, how it is read."""

from __future__ import annotations

__all__ = ["unfollowed", "untried"]

_WORDS = "but not followed unasked"
_WHAT = {"time": ("an order in time", "times"), "group": ("groups", "groups")}


def unfollowed(kind: str, *, certain: bool) -> str:
    """Say that rows have a structure that the splits do not follow.

    Parameters
    ----------
    kind : str
        ``"time"`` or ``"group"``.
    certain : bool
        How sure that is.

    Examples
    --------
    >>> unfollowed("group", certain=False)
    'That rows have groups is likely, but not followed unasked'
    """
    sure = "nearly sure" if certain else "likely"
    return f"That rows have {_WHAT[kind][0]} is {sure}, {_WORDS}"


def untried(plan: str) -> str:
    """Say what new rows may be about that no row was held out for.

    Parameters
    ----------
    plan : str
        How a model's card says that rows were split.

    Returns
    -------
    str
        ``"groups"``, ``"times"``, or nothing.

    Examples
    --------
    >>> untried(f"5 folds. {unfollowed('time', certain=True)}: --order day does.")
    'times'
    >>> untried("5 folds, rows dealt at random.")
    ''
    """
    for words, what in _WHAT.values():
        if f"That rows have {words} is" in plan and _WORDS in plan:
            return what
    return ""
