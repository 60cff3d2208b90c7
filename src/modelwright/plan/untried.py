"""Candidates that there was no time for: how many, and how much time would be enough."""

from __future__ import annotations

from modelwright.engine import Status
from modelwright.plan.clock import Clock, enough
from modelwright.plan.schedule import Schedule

__all__ = ["untried"]

# They are told of when so much of all that is expected was expected of them.
_WORTH = 0.2
# So many times what is predicted for them is said to be enough.
_ROOM = 1.25
_LATE = (Status.CANCELLED.value, Status.TIMED_OUT.value)


def untried(schedule: Schedule, clock: Clock) -> list[str]:
    """Say how many candidates there was no time for, where much was expected of them.

    Parameters
    ----------
    schedule : Schedule
        At the end of the search.
    clock : Clock
        The time of the run.

    Returns
    -------
    list of str
        A note for the user, or none.
    """
    if not clock.timed:
        return []
    stopped = [t.spec for t in schedule.trials if t.open or t.failed.startswith(_LATE)]
    missed = [*stopped, *schedule.waiting]
    specs = [*(trial.spec for trial in schedule.trials), *schedule.waiting]
    expected = sum(spec.gain for spec in specs)
    if not missed or sum(spec.gain for spec in missed) < _WORTH * expected:
        return []
    fitted, total = len(specs) - len(missed), len(specs)
    whole = enough(_ROOM * (clock.spent + sum(map(schedule.needs, missed))))
    verb = "was" if fitted == 1 else "were"
    return [
        f"{fitted} of {total} candidates {verb} fitted in the time, the most promising first: for "
        f"all of them --time {whole} is about enough"
    ]
