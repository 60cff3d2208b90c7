"""Intervals and sets as a model file holds them."""

from __future__ import annotations

from collections.abc import Mapping

from modelwright.core.task import Task
from modelwright.evaluate.conformal.intervals import NumberIntervals
from modelwright.evaluate.conformal.sets import LabelSets
from modelwright.store import unpack_state

__all__ = ["restore_intervals"]


def restore_intervals(
    entries: Mapping[str, bytes], task: Task
) -> NumberIntervals | LabelSets | None:
    """Rebuild what a model makes intervals of; None when it has nothing.

    Raises
    ------
    ModelFileError or ValueError
        When the entries are unsound, or of another kind of task.
    """
    if not entries:
        return None
    state = unpack_state(entries)
    if task.is_classification != (state.config["kind"] == "sets"):
        raise ValueError("intervals of another task")
    return (LabelSets if task.is_classification else NumberIntervals).restore(state)
