from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from modelwright.engine import LocalEngine, supervisor
from modelwright.engine.crew import Crew, Limits
from modelwright.engine.jobs import Engine, Job, Outcome, Status

JOBS = "modelwright.testing.jobs:"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


@pytest.fixture(scope="module")
def shared() -> Iterator[LocalEngine]:
    with LocalEngine(workers=2, cores=2, preload=("modelwright.testing.jobs",)) as engine:
        yield engine


def job(key: str, name: str, arguments: dict[str, Any] | None = None, **limits: Any) -> Job:
    return Job(key, JOBS + name, arguments or {}, **limits)


def collect(engine: Engine, timeout: float = 15.0) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    end = time.monotonic() + timeout
    while engine.pending and time.monotonic() < end:
        found |= {outcome.job.key: outcome for outcome in engine.wait(end - time.monotonic())}
    return found | {outcome.job.key: outcome for outcome in engine.wait(0)}


def one(engine: Engine, work: Job) -> Outcome:
    engine.submit(work)
    return collect(engine)[work.key]


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def gone_within(pids: list[int], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.long
def test_value_comes_back(shared: LocalEngine) -> None:
    value = {"a": [1, None, "é", float("inf")], "b": {}}
    outcome = one(shared, job("x", "echo", {"value": value}))
    assert (outcome.status, outcome.value, outcome.error) == (Status.DONE, value, "")


@pytest.mark.long
def test_none_comes_back_as_none(shared: LocalEngine) -> None:
    assert one(shared, job("x", "echo", {"value": None})).status is Status.DONE


@pytest.mark.long
def test_megabytes_go_through_the_pipe(shared: LocalEngine) -> None:
    text = "x" * 3_000_000
    assert one(shared, job("x", "echo", {"value": text})).value == text


def test_two_hundred_tiny_jobs(shared: LocalEngine) -> None:
    one(shared, job("warm", "echo", {"value": 0}))
    start = time.monotonic()
    for number in range(200):
        shared.submit(job(str(number), "echo", {"value": number}))
    found = collect(shared)
    assert {int(key): outcome.value for key, outcome in found.items()} == {n: n for n in range(200)}
    assert time.monotonic() - start < 4


def test_exception_is_one_line_and_not_retried(shared: LocalEngine) -> None:
    before = one(shared, job("who", "whoami")).value["pid"]
    outcome = one(shared, job("x", "fail", {"message": "two\nlines"}, retries=5))
    assert (outcome.status, outcome.error) == (Status.FAILED, "ValueError: two lines")
    assert "testing/jobs.py" in outcome.trace.replace("\\", "/")
    assert alive(before)


def test_unknown_function_fails(shared: LocalEngine) -> None:
    outcome = one(shared, job("x", "no_such_function"))
    assert outcome.status is Status.FAILED
    assert outcome.error.startswith("AttributeError: ")


def test_value_that_is_no_json_fails(shared: LocalEngine) -> None:
    outcome = one(
        shared, Job("x", "modelwright.engine.jobs:Job", {"key": "k", "call": "modelwright.a:b"})
    )
    assert outcome.status is Status.FAILED
    assert "not JSON serializable" in outcome.error


def test_stray_prints_do_not_reach_the_channel(shared: LocalEngine) -> None:
    outcome = one(shared, job("x", "chatter", {"lines": 500}))
    assert (outcome.status, outcome.value) == (Status.DONE, "quiet")


def test_crash_is_retried_in_a_fresh_worker(shared: LocalEngine, tmp_path: Path) -> None:
    outcome = one(shared, job("x", "crash_once", {"marker": str(tmp_path / "seen")}))
    assert (outcome.status, outcome.value) == (Status.DONE, "survived")


def test_crash_without_retries(shared: LocalEngine, tmp_path: Path) -> None:
    marker = tmp_path / "seen"
    outcome = one(shared, job("x", "crash_once", {"marker": str(marker)}, retries=0))
    assert outcome.status is Status.CRASHED
    assert marker.exists()


@pytest.mark.long
def test_crash_tells_the_last_words(shared: LocalEngine) -> None:
    outcome = one(shared, job("x", "crash", {"words": "noise\nstd::bad_alloc\n"}))
    assert outcome.status is Status.CRASHED
    assert outcome.error == "the worker died: exit code 3 std::bad_alloc"
    assert outcome.trace == "noise\nstd::bad_alloc"


@pytest.mark.long
def test_deadline_is_kept_while_the_caller_computes(shared: LocalEngine) -> None:
    pid = one(shared, job("who", "whoami")).value["pid"]
    start = time.monotonic()
    shared.submit(job("x", "nap", {"seconds": 30}, seconds=0.5))
    shared.submit(job("y", "nap", {"seconds": 30}, seconds=0.5))
    total = 0
    while time.monotonic() - start < 1.3:  # pure Python that gives the lock up only when asked
        total += sum(range(1000))
    assert not alive(pid)
    found = collect(shared)
    for outcome in found.values():
        assert outcome.status is Status.TIMED_OUT
        assert 0.5 <= outcome.seconds < 1.0
        assert outcome.error == "stopped after 0.5 s"


@pytest.mark.long
def test_deadline_counts_from_the_first_attempt(shared: LocalEngine, tmp_path: Path) -> None:
    start = time.monotonic()
    outcome = one(shared, job("x", "crash", retries=10**6, seconds=0.6))
    assert outcome.status is Status.TIMED_OUT
    assert time.monotonic() - start < 5  # the first attempt may have waited for a worker


@pytest.mark.long
def test_waiting_does_not_count(shared: LocalEngine) -> None:
    for number in range(4):
        shared.submit(job(str(number), "nap", {"seconds": 0.3}, seconds=0.5))
    assert {outcome.status for outcome in collect(shared).values()} == {Status.DONE}


@pytest.mark.long
def test_memory_of_a_job(shared: LocalEngine) -> None:
    limit = 200 * 2**20
    outcome = one(shared, job("x", "allocate", {"megabytes": 400, "seconds": 20}, memory=limit))
    assert outcome.status is Status.OUT_OF_MEMORY
    assert outcome.memory_peak > limit
    assert outcome.seconds < 5
    assert "200 MiB are allowed" in outcome.error
    fine = one(shared, job("y", "allocate", {"megabytes": 50, "seconds": 0.3}, memory=limit))
    assert fine.status is Status.DONE
    assert fine.memory_peak > 50 * 2**20


@pytest.mark.long
def test_memory_of_all_kills_the_largest() -> None:
    with LocalEngine(workers=2, cores=2, memory=400 * 2**20) as engine:
        engine.submit(job("small", "allocate", {"megabytes": 60, "seconds": 1}))
        engine.submit(job("large", "allocate", {"megabytes": 450, "seconds": 20}))
        found = collect(engine)
    assert {key: outcome.status for key, outcome in found.items()} == {
        "small": Status.DONE,
        "large": Status.OUT_OF_MEMORY,
    }


@pytest.mark.long
def test_cores_are_respected(shared: LocalEngine) -> None:
    shared.submit(job("a", "nap", {"seconds": 0.3}, cores=1))
    shared.submit(job("b", "nap", {"seconds": 0.3}, cores=2))
    shared.submit(job("c", "nap", {"seconds": 0.3}, cores=99))
    assert shared.free_cores == 0
    spans = sorted(outcome.value for outcome in collect(shared).values())
    assert shared.free_cores == 2
    assert all(later[0] >= earlier[1] for earlier, later in pairwise(spans))


@pytest.mark.long
def test_single_core_jobs_run_side_by_side(shared: LocalEngine) -> None:
    for key in "ab":
        shared.submit(job(key, "nap", {"seconds": 0.4}))
    first, second = (outcome.value for outcome in collect(shared).values())
    assert max(first[0], second[0]) < min(first[1], second[1])


@pytest.mark.long
def test_wait(shared: LocalEngine) -> None:
    assert shared.wait() == []
    shared.submit(job("x", "nap", {"seconds": 0.5}))
    start = time.monotonic()
    assert shared.wait(0.1) == []
    assert 0.05 < time.monotonic() - start < 0.4
    assert shared.pending == ("x",)
    assert [outcome.status for outcome in shared.wait()] == [Status.DONE]
    assert shared.pending == ()


@pytest.mark.long
def test_cancel(shared: LocalEngine) -> None:
    for key in "abc":
        shared.submit(job(key, "nap", {"seconds": 30}))
    shared.cancel("c")
    assert [outcome.job.key for outcome in shared.wait(5)] == ["c"]
    shared.cancel("unknown")
    shared.cancel_all()
    assert {outcome.status for outcome in collect(shared).values()} == {Status.CANCELLED}
    assert one(shared, job("a", "echo", {"value": 1})).value == 1


@pytest.mark.long
def test_submit_refuses(shared: LocalEngine) -> None:
    with pytest.raises(TypeError):
        shared.submit(job("x", "echo", {"value": object()}))
    shared.submit(job("x", "nap", {"seconds": 0.1}))
    with pytest.raises(ValueError, match="key 'x' already"):
        shared.submit(job("x", "echo", {"value": 1}))
    collect(shared)


@pytest.mark.parametrize(
    "call", ["os:system", "modelwright:x", "modelwright.a.b", "modelwright..x:y"]
)
def test_only_modelwright_is_called(call: str) -> None:
    with pytest.raises(ValueError, match="a job calls"):
        Job("x", call)


@pytest.mark.long
def test_constructor_is_quick_and_preload_is_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "64")
    start = time.monotonic()
    engine = LocalEngine(workers=1, cores=3, preload=("no.such.module", "colorsys"))
    assert time.monotonic() - start < 0.05
    with engine:
        seen = one(engine, job("x", "whoami")).value
    assert "colorsys" in seen["modules"]
    assert seen["environment"] == {
        "OMP_NUM_THREADS": "3",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONHASHSEED": "0",
    }
    with pytest.raises(RuntimeError, match="closed"):
        engine.submit(job("y", "echo", {"value": 1}))
    engine.close()
    assert gone_within([seen["pid"]], 1)


@pytest.mark.long
def test_one_worker_wakes_up_and_the_others_come_with_the_first_job() -> None:
    crew = Crew(Limits(workers=3, cores=3), queue.SimpleQueue())
    try:
        crew.hire(Counter())
        assert len(crew.tasks()) == 1
        crew.hire(Counter([""]))
        assert len(crew.tasks()) == 3
        crew.discard(next(iter(crew.tasks())))
        crew.hire(Counter())
        assert len(crew.tasks()) == 3
    finally:
        crew.dismiss()


@pytest.mark.long
def test_without_a_bound_workers_hold_most_of_what_is_free_at_the_first_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with LocalEngine(workers=1, cores=1) as engine:
        monkeypatch.setattr(supervisor, "available_memory", lambda: 200 * 2**20)
        outcome = one(engine, job("x", "allocate", {"megabytes": 300, "seconds": 20}))
    assert outcome.status is Status.OUT_OF_MEMORY
    assert "160 MiB are allowed" in outcome.error


def test_a_worker_is_light() -> None:
    script = (
        "import sys, modelwright.engine.worker\n"
        "sys.exit(str({'numpy', 'polars', 'asyncio'} & set(sys.modules) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr.strip() == ""


def test_workers_that_cannot_start_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with LocalEngine(workers=2, cores=2) as engine:
        outcome = one(engine, job("x", "echo", {"value": 1}))
    assert outcome.status is Status.CRASHED
    assert outcome.error.startswith("no worker can be started: FileNotFoundError")


@pytest.mark.long
def test_a_module_in_the_users_folder_does_not_shadow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise RuntimeError('shadowed')")
    monkeypatch.chdir(tmp_path)
    with LocalEngine(workers=1, cores=1) as engine:
        assert one(engine, job("x", "echo", {"value": 1})).value == 1


def test_kill_reaches_what_the_job_started(shared: LocalEngine) -> None:
    pid = one(shared, job("who", "whoami")).value["pid"]
    busy = psutil.Process(pid)
    for key in "ab":
        shared.submit(job(key, "child", {"seconds": 30}))
    end = time.monotonic() + 5
    while not (children := busy.children()) and time.monotonic() < end:
        time.sleep(0.02)
    shared.cancel_all()
    collect(shared)
    assert children
    assert gone_within([child.pid for child in children], 2)


_PARENT = """
import sys, time
from modelwright.engine import Job, LocalEngine
engine = LocalEngine(workers=2, cores=2)
for key in "ab":
    engine.submit(Job(key, "modelwright.testing.jobs:whoami"))
pids = set()
while engine.pending:
    pids |= {outcome.value["pid"] for outcome in engine.wait()}
for key in "ab":
    engine.submit(Job(key, "modelwright.testing.jobs:nap", {"seconds": 2.5}))
time.sleep(0.3)
try:
    sys.stdout.write("ready\\n")
    sys.stdout.flush()
    time.sleep(60)
except KeyboardInterrupt:
    sys.stdout.write(",".join(o.status for o in engine.wait()) + "\\n")
    sys.stdout.flush()
    time.sleep(60)
"""


@pytest.fixture
def parent() -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process, [child.pid for child in psutil.Process(process.pid).children()]
        process.kill()


def test_workers_die_with_a_killed_parent(
    parent: tuple[subprocess.Popen[str], list[int]],
) -> None:
    process, workers = parent
    assert len(workers) == 2
    assert all(alive(pid) for pid in workers)
    process.kill()
    assert gone_within(workers, 2)


@pytest.mark.long
@POSIX
def test_interrupt_of_the_terminal_does_not_reach_workers(
    parent: tuple[subprocess.Popen[str], list[int]],
) -> None:
    process, workers = parent
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does on Ctrl-C
    assert process.stdout is not None
    assert process.stdout.readline().startswith("done")
    assert all(alive(pid) for pid in workers)


OTHER = "modelwright.engine.waiting"  # stands for a runtime: any module of ours


@pytest.mark.long
def test_jobs_of_different_runtimes_never_share_a_process(shared: LocalEngine) -> None:
    ordinary, other = set(), set()
    for number in range(6):
        shared.submit(job(f"a{number}", "whoami"))
        shared.submit(job(f"b{number}", "whoami", runtime=OTHER))
    for key, outcome in collect(shared).items():
        assert outcome.status is Status.DONE
        (ordinary if key.startswith("a") else other).add(outcome.value["pid"])
    assert ordinary.isdisjoint(other)
    assert 1 <= len(other) <= 2


@pytest.mark.long
def test_a_runtime_is_loaded_in_place_of_what_is_preloaded() -> None:
    with LocalEngine(workers=1, cores=1, preload=("colorsys",)) as engine:
        plain = one(engine, job("a", "whoami")).value["modules"]
        other = one(engine, job("b", "whoami", runtime="modelwright.core.seed")).value["modules"]
    assert "colorsys" in plain
    assert "modelwright.core.seed" not in plain
    assert "colorsys" not in other
    assert "modelwright.core.seed" in other


@pytest.mark.long
def test_workers_of_two_runtimes_do_not_work_at_once_when_one_may() -> None:
    with LocalEngine(workers=1, cores=2) as engine:
        for key in "abcd":
            runtime = OTHER if key in "bd" else ""
            engine.submit(job(key, "nap", {"seconds": 0.1}, runtime=runtime))
        spans = sorted(outcome.value for outcome in collect(engine).values())
    assert len(spans) == 4
    assert all(later[0] >= earlier[1] for earlier, later in pairwise(spans))


@pytest.mark.long
def test_workers_of_a_runtime_are_kept(shared: LocalEngine) -> None:
    pids = {one(shared, job("x", "whoami", runtime=OTHER)).value["pid"] for _ in range(3)}
    one(shared, job("y", "whoami"))
    assert one(shared, job("x", "whoami", runtime=OTHER)).value["pid"] in pids


@pytest.mark.long
def test_a_runtime_that_cannot_start_is_told_and_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with LocalEngine(workers=1, cores=1) as engine:
        one(engine, job("a", "echo", {"value": 1}))
        monkeypatch.setattr(sys, "executable", "/no/such/python")
        outcome = one(engine, job("b", "echo", {"value": 1}, runtime=OTHER))
        assert outcome.status is Status.CRASHED
        assert outcome.error.startswith("no worker can be started: FileNotFoundError")
        assert one(engine, job("c", "echo", {"value": 2})).value == 2


@pytest.mark.parametrize("runtime", ["os", "modelwright", "modelwright.a:b", "modelwright..x"])
def test_only_modules_of_modelwright_are_runtimes(runtime: str) -> None:
    with pytest.raises(ValueError, match="a runtime is"):
        Job("x", JOBS + "echo", runtime=runtime)
