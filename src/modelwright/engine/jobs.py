"""What is run and what comes of it: jobs, outcomes, and the one interface of engines."""

from __future__ import annotations

import importlib
import json
import re
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from modelwright.core.errors import ModelwrightError

__all__ = ["Engine", "Job", "Outcome", "Report", "Status", "one_line", "perform", "resolve"]

_CALL = re.compile(r"(modelwright(?:\.\w+)+):(\w+)", re.ASCII)
_MODULE = re.compile(r"modelwright(?:\.\w+)+", re.ASCII)


class Status(StrEnum):
    """How a job ended."""

    DONE = "done"
    FAILED = "failed"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Job:
    """A function to call elsewhere.

    Parameters
    ----------
    key : str
        What the caller calls it; unique among unfinished jobs.
    call : str
        ``"modelwright.package.module:function"``; nothing outside modelwright is ever called.
    arguments : mapping
        Keyword arguments, plain JSON. Large data travel as files, by name.
    cores : int
        How many cores the call keeps busy; more than exist means all.
    seconds : float, optional
        It is killed so long after it (or its first attempt) was started.
    memory : int, optional
        It is killed when its worker holds more bytes, loaded libraries included.
    retries : int
        How often it is started anew after its worker died of itself.
    runtime : str
        A module that its worker has imported at its start, in place of what the engine preloads;
        empty: an ordinary worker. Jobs of different runtimes never share a process, so that
        libraries which fight in one process never meet.

    Raises
    ------
    ValueError
        When `call` or `runtime` is of another form.

    Examples
    --------
    >>> Job("first", "modelwright.testing.jobs:echo", {"value": 1}).cores
    1
    """

    key: str
    call: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    cores: int = 1
    seconds: float | None = None
    memory: int | None = None
    retries: int = 1
    runtime: str = ""

    def __post_init__(self) -> None:
        if self.runtime and _MODULE.fullmatch(self.runtime) is None:
            raise ValueError(f"a runtime is 'modelwright.module', not {self.runtime!r}")
        if _CALL.fullmatch(self.call) is None:
            raise ValueError(f"a job calls 'modelwright.module:function', not {self.call!r}")


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Parameters
    ----------
    job : Job
        The job.
    status : Status
        How it ended.
    value : Any
        What the function returned, plain JSON; None unless done.
    error : str
        One line; empty when done.
    seconds : float
        How long it ran, without waiting.
    memory_peak : int
        The most bytes its worker was seen to hold; 0 where nobody looked.
    trace : str
        The traceback, or the last words of a dead worker; for debugging.
    """

    job: Job
    status: Status
    value: Any = None
    error: str = ""
    seconds: float = 0.0
    memory_peak: int = 0
    trace: str = ""


class Engine(AbstractContextManager["Engine"], Protocol):
    """Where work runs. It knows nothing of learners."""

    @property
    def pending(self) -> tuple[str, ...]:
        """The keys of submitted jobs whose outcome has not been decided."""
        ...

    @property
    def free_cores(self) -> int:
        """Cores that no submitted, unfinished job asks for; never below zero."""
        ...

    def submit(self, job: Job) -> None:
        """Take a job; it starts as soon as a worker and enough cores are free.

        Raises
        ------
        TypeError
            When its arguments are not plain JSON.
        ValueError
            When an unfinished job has the same key.
        RuntimeError
            When the engine is closed.
        """
        ...

    def wait(self, timeout: float | None = None) -> list[Outcome]:
        """Wait for outcomes.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most.

        Returns
        -------
        list of Outcome
            Each outcome is given once; empty when time is up or nothing is pending.
        """
        ...

    def cancel(self, key: str) -> None:
        """Stop a job: its outcome will be "cancelled", unless it ended before."""
        ...

    def cancel_all(self) -> None:
        """Stop every job."""
        ...

    def close(self) -> None:
        """Kill what runs and forget what waits; a second time does nothing."""
        ...


@dataclass(frozen=True)
class Report:
    """What a worker says of one call.

    Parameters
    ----------
    value : str
        The returned value as JSON text; empty when the call failed.
    error, trace : str
        One line, and the traceback; empty when it did not fail.
    seconds : float
        How long the call took.
    """

    value: str
    error: str
    trace: str
    seconds: float


def resolve(call: str) -> Callable[..., Any]:
    """Find the function of a job.

    Parameters
    ----------
    call : str
        As in `Job`.

    Raises
    ------
    ValueError
        When it names nothing inside modelwright.
    ImportError, AttributeError
        When there is no such module or function.

    Examples
    --------
    >>> resolve("os:getcwd")
    Traceback (most recent call last):
    ValueError: a job calls 'modelwright.module:function', not 'os:getcwd'
    """
    match = _CALL.fullmatch(call)
    if match is None:
        raise ValueError(f"a job calls 'modelwright.module:function', not {call!r}")
    function: Callable[..., Any] = getattr(importlib.import_module(match[1]), match[2])
    return function


def perform(call: str, arguments: Mapping[str, Any]) -> Report:
    """Call the function of a job in this process.

    Parameters
    ----------
    call : str
        As in `Job`.
    arguments : mapping
        Keyword arguments.

    Returns
    -------
    Report
        With an error when the function raised, or returned what is no JSON.

    Examples
    --------
    >>> perform("modelwright.testing.jobs:echo", {"value": [1, 2]}).value
    '[1, 2]'
    """
    start = time.perf_counter()
    try:
        value, error, trace = json.dumps(resolve(call)(**arguments)), "", ""
    except (Exception, SystemExit) as problem:
        value, error, trace = "", one_line(problem), traceback.format_exc()
    return Report(value, error, trace, time.perf_counter() - start)


def one_line(error: BaseException) -> str:
    r"""Say an exception in one line: one raised on purpose by its words, others named as well.

    Examples
    --------
    >>> from modelwright.core.errors import FitError
    >>> one_line(ValueError("too\nlong")), one_line(FitError("no rows"))
    ('ValueError: too long', 'no rows')
    """
    text, name = " ".join(str(error).split()), type(error).__name__
    if isinstance(error, ModelwrightError) and text:
        return text[:600]
    return f"{name}: {text}"[:600] if text else name
