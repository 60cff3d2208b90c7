from __future__ import annotations

import os

import pytest

from modelwright.engine import InlineEngine
from modelwright.engine.jobs import Engine, Job, Status

JOBS = "modelwright.testing.jobs:"


def test_behaves_as_the_protocol_says() -> None:
    engine: Engine = InlineEngine(cores=2)
    with engine:
        engine.submit(Job("a", JOBS + "echo", {"value": (1, 2)}))
        engine.submit(Job("b", JOBS + "fail", {"message": "no"}))
        engine.submit(Job("c", JOBS + "nap", {"seconds": 60}))
        assert engine.pending == ("a", "b", "c")
        assert engine.free_cores == 0
        engine.cancel("c")
        assert [(o.job.key, o.status) for o in engine.wait()] == [("c", Status.CANCELLED)]
        done = engine.wait()[0]
        assert (done.status, done.value) == (Status.DONE, [1, 2])
        failed = engine.wait(0.1)[0]
        assert (failed.status, failed.error) == (Status.FAILED, "ValueError: no")
        assert engine.wait() == []
        assert engine.free_cores == 2


def test_refuses() -> None:
    engine = InlineEngine()
    engine.submit(Job("a", JOBS + "echo", {"value": 1}))
    with pytest.raises(ValueError, match="already"):
        engine.submit(Job("a", JOBS + "echo", {"value": 1}))
    with pytest.raises(TypeError):
        engine.submit(Job("b", JOBS + "echo", {"value": object()}))
    engine.close()
    with pytest.raises(RuntimeError, match="closed"):
        engine.submit(Job("c", JOBS + "echo", {"value": 1}))


@pytest.mark.long
def test_a_job_with_a_runtime_of_its_own_goes_to_a_worker() -> None:
    call = "modelwright.testing.jobs:whoami"
    with InlineEngine() as engine:
        engine.submit(Job("here", call))
        engine.submit(Job("there", call, runtime="modelwright.core.seed"))
        (here,), (there,) = engine.wait(), engine.wait()
        assert engine.pending == ()
    assert here.value["pid"] == os.getpid()
    assert there.value["pid"] != os.getpid()
    assert "modelwright.core.seed" in there.value["modules"]
