"""The jobs at the end of a run, each waited for on its own, and why one gave nothing."""

from __future__ import annotations

from modelwright.engine import Engine, Job, Outcome, Status
from modelwright.plan.clock import Clock

__all__ = ["failure", "last_outcome"]


def last_outcome(engine: Engine, job: Job, clock: Clock, kept_back: float) -> Outcome:
    """Have a worker do one last job, until no more than the seconds kept back are left.

    Parameters
    ----------
    engine : Engine
        In which nothing else is under way.
    job : Job
        What is to be done.
    clock : Clock
        The time of the run.
    kept_back : float
        Seconds that what comes after it will take.

    Returns
    -------
    Outcome
        Cancelled where the time ended first.
    """
    engine.submit(job)
    told: dict[str, Outcome] = {}
    while job.key not in told and (left := clock.left - kept_back) > 0:
        # A fit that ended just as it was cancelled is told of only now: not the one asked for.
        ended = engine.wait(left if clock.timed else None)
        told |= {outcome.job.key: outcome for outcome in ended}
    engine.cancel_all()
    return told.get(job.key) or Outcome(job, Status.CANCELLED, error="cancelled")


def failure(outcome: Outcome) -> str:
    """Say what went wrong with a job; empty where nothing did, or the time ended first.

    Examples
    --------
    >>> job = Job("first", "modelwright.testing.jobs:echo")
    >>> failure(Outcome(job, Status.CRASHED, error="the worker died"))
    'crashed: the worker died'
    >>> failure(Outcome(job, Status.TIMED_OUT, error="longer than 2 s"))
    ''
    """
    if outcome.status in (Status.DONE, Status.CANCELLED, Status.TIMED_OUT):
        return ""
    return f"{outcome.status.value}: {outcome.error}"
