"""Where work runs: deadlines, memory limits, retries. It knows nothing of learners."""

from modelwright.engine.inline import InlineEngine
from modelwright.engine.jobs import Engine, Job, Outcome, Status
from modelwright.engine.local import LocalEngine
from modelwright.engine.platform import (
    available_memory,
    core_count,
    is_locked,
    lock_file,
    process_started,
    thread_count,
    total_memory,
)
from modelwright.engine.start import start_engine, worker_count

__all__ = [
    "Engine",
    "InlineEngine",
    "Job",
    "LocalEngine",
    "Outcome",
    "Status",
    "available_memory",
    "core_count",
    "is_locked",
    "lock_file",
    "process_started",
    "start_engine",
    "thread_count",
    "total_memory",
    "worker_count",
]
