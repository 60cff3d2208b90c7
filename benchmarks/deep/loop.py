"""The loop against a plain one written by hand, and a training killed at random steps.

    python benchmarks/deep/loop.py throughput
    python benchmarks/deep/loop.py resume --kills 20 [--limit 80]

`throughput` trains the same net on the same rows in turns, by `Training` and by the shortest loop
that PyTorch allows, in the same settings; then by `Training` in the settings that the calibration
chose. `resume` kills a process (SIGKILL) after a random step, goes on in another one, and compares
the final weights with those of a training that nobody disturbed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import describe

RESULTS = Path(__file__).resolve().parents[1] / "results" / "deep-loop.json"
ROWS, SIDE, EPOCHS, BATCH = 768, 32, 2, 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["throughput", "resume", "child"])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--limit", type=float, default=math.inf, help="seconds; then start again")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--path", type=Path)
    parser.add_argument("--last", type=int, default=0)
    asked = parser.parse_args()
    if asked.what == "child":
        child(asked.path, asked.last)
        return
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    if asked.what == "throughput":
        found = throughput(asked.repeats)
    else:
        found = resume(asked.kills, asked.limit, results.get("resume", {}).get("equal", {}))
    found["machine"] = describe()
    results[asked.what] = found
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def _examples():  # type: ignore[no-untyped-def]
    from modelwright.nets.library import reproducible, torch
    from modelwright.training.batches import Examples

    with reproducible(seed=0):
        pixels = torch.randint(0, 256, (ROWS, 3, SIDE, SIDE), dtype=torch.uint8)
        return Examples((pixels,), torch.randint(0, 10, (ROWS,)))


def _net():  # type: ignore[no-untyped-def]
    from modelwright.nets.library import reproducible
    from modelwright.nets.quick import QuickForm, QuickNet

    with reproducible(seed=1):
        return QuickNet(QuickForm(3, SIDE, SIDE, 10, (24, 64, 64)))


def throughput(repeats: int) -> dict[str, Any]:
    """Time an epoch of each, in turns, so that a slow minute of the machine hits all of them."""
    from modelwright.core.budget import Budget
    from modelwright.nets.library import nn, reproducible, torch
    from modelwright.training.course import Course
    from modelwright.training.loop import Training
    from modelwright.training.losses import cross_entropy
    from modelwright.training.machine import Machine, calibrate
    from modelwright.training.pace import Pace

    rows, threads = _examples(), torch.get_num_threads()
    chosen = calibrate(_net(), rows, cross_entropy, threads=threads)

    def ours(machine: Machine) -> float:
        net = _net()
        machine.suit(net)
        course = Course(
            epochs=1, batch=BATCH, rate=0.01, optimiser="sgd", bfloat16=machine.bfloat16
        )
        training = Training(net, rows, cross_entropy, course, threads=machine.threads)
        began = time.perf_counter()
        training.run(Pace(1, Budget()))
        return ROWS / (time.perf_counter() - began)

    def plain() -> float:
        net = _net().train()
        descent = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, nesterov=True)
        pixels, codes = rows.inputs[0], rows.targets
        began = time.perf_counter()
        with reproducible(0, threads):
            for index in torch.randperm(ROWS).split(BATCH):
                descent.zero_grad()
                nn.functional.cross_entropy(net(pixels[index]), codes[index]).backward()
                descent.step()
        return ROWS / (time.perf_counter() - began)

    speeds: dict[str, list[float]] = {"plain": [], "loop": [], "loop, calibrated": []}
    ours(Machine(threads))  # the first run of all finds its memory
    for _ in range(repeats):
        speeds["plain"].append(plain())
        speeds["loop"].append(ours(Machine(threads)))
        speeds["loop, calibrated"].append(ours(chosen))
    middle = {name: statistics.median(values) for name, values in speeds.items()}
    return {
        "rows_a_second": middle,
        "loop_by_plain": middle["loop"] / middle["plain"],
        "calibrated_by_plain": middle["loop, calibrated"] / middle["plain"],
        "calibration": str(chosen),
        "all": speeds,
    }


def child(path: Path, last: int) -> None:
    """Train to the end, or to a step at which this process kills itself."""
    from modelwright.core.budget import Budget
    from modelwright.store.tensors import write_tensors
    from modelwright.training.augmentation import Augmentation
    from modelwright.training.batches import Changed
    from modelwright.training.checkpoints import keep, take_up
    from modelwright.training.course import Course
    from modelwright.training.loop import Training
    from modelwright.training.losses import cross_entropy
    from modelwright.training.pace import Pace

    course = Course(
        epochs=EPOCHS, batch=BATCH, rate=0.05, optimiser="muon", momentum=0.6, decay=1.0,
        schedule="linear", averaging=0.95, bfloat16=True,
    )  # fmt: skip
    rows = Changed(_examples(), Augmentation(flip=True, shift=2, noise=4.0))
    training = Training(_net(), rows, cross_entropy, course, seed=7, threads=1)
    if path.is_file():
        take_up(training, path)

    def each(current: Training) -> None:
        if last and current.done * current.steps + current.at == last:
            keep(current, path)
            os.kill(os.getpid(), signal.SIGKILL)

    training.run(Pace(EPOCHS, Budget()), each=each)
    state = training.net.state_dict()
    write_tensors(path.with_suffix(".end"), {n: v.contiguous().numpy() for n, v in state.items()})


def resume(kills: int, limit: float, known: dict[str, bool]) -> dict[str, Any]:
    """Kill at random steps, go on, compare; what is known is not done again."""
    began = time.perf_counter()

    def run(path: Path, last: int) -> int:
        command = [sys.executable, __file__, "child", "--path", str(path), "--last", str(last)]
        return subprocess.run(command, check=False).returncode

    equal, steps = dict(known), random.Random(0).sample(range(1, EPOCHS * ROWS // BATCH), kills)
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name) / "whole.safetensors"
        assert run(whole, 0) == 0
        wanted = whole.with_suffix(".end").read_bytes()
        for step in sorted(steps):
            if str(step) in equal or time.perf_counter() - began > limit:
                continue
            path = Path(name) / f"{step}.safetensors"
            assert run(path, step) == -signal.SIGKILL
            assert run(path, 0) == 0
            equal[str(step)] = path.with_suffix(".end").read_bytes() == wanted
            print(f"killed after step {step}: {'equal to the bit' if equal[str(step)] else 'not'}")
    return {"kills": len(equal), "equal_to_the_bit": sum(equal.values()), "equal": equal}


if __name__ == "__main__":
    main()
