"""Threads that are left to busy neighbours, and taken back when they have gone."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from modelwright.engine import core_count

pytest.importorskip("torch")

from modelwright.training.yielding import Yielding


class Machine:
    """A machine of so many threads, whose clock and neighbours the test sets."""

    def __init__(self, threads: int) -> None:
        self.now, self.others = 0.0, 0.0
        self.set: list[int] = []
        self.guard = Yielding(threads, self.set.append, lambda: self.now, lambda: self)

    def busy(self, seconds: float) -> float:
        return self.others

    def steps(self, count: int, seconds: float, work: float = 1.0) -> None:
        for _ in range(count):
            self.now += seconds
            self.guard(work)


def test_threads_are_left_to_neighbours_and_taken_back() -> None:
    machine = Machine(4)
    machine.steps(10, 0.1)
    machine.others = 1.9
    machine.steps(10, 0.3)
    assert machine.set == [2]
    machine.others = 3.2
    machine.steps(10, 0.3)
    assert machine.set == [2, 1]
    machine.others = 0.1
    machine.steps(10, 0.2)
    assert machine.set == [2, 1, 4]
    assert machine.guard.times == 2


def test_neighbours_that_hold_nothing_up_cost_no_threads() -> None:
    machine = Machine(2)
    machine.others = 2.0
    machine.steps(30, 0.1)
    assert machine.set == []


def test_slow_steps_without_neighbours_cost_no_threads() -> None:
    machine = Machine(2)
    machine.steps(10, 0.1)
    machine.steps(10, 0.4)
    assert machine.set == []


def test_whole_images_after_small_ones_are_not_held_up() -> None:
    machine = Machine(2)
    machine.others = 2.0
    for side in (0.5, 1.0):
        machine.steps(20, 0.1 * side**2, side**2)
    assert machine.set == []
    machine.steps(3, 0.31)
    assert machine.set == [1]


def test_one_thread_goes_on_as_it_is() -> None:
    machine = Machine(1)
    machine.others = 2.0
    machine.steps(10, 0.1)
    machine.steps(10, 0.9)
    assert machine.set == []


@pytest.mark.long
@pytest.mark.skipif(core_count() < (os.cpu_count() or 1), reason="others have cores of their own")
def test_a_process_that_comes_is_seen() -> None:
    told: list[int] = []
    clock = [0.0]  # of the steps; the neighbours are watched by the real one
    guard = Yielding(2, told.append, lambda: clock[0])
    for _ in range(10):
        clock[0] += 0.04
        guard()
    command = [sys.executable, "-c", "while True: sum(range(10_000))"]
    others = [subprocess.Popen(command) for _ in range(2)]
    try:
        deadline = time.monotonic() + 10
        while not told and time.monotonic() < deadline:
            time.sleep(0.1)
            clock[0] += 0.1
            guard()
    finally:
        for other in others:
            other.kill()
            other.wait()
    assert told == [1]
