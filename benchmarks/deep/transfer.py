"""What a backbone is worth on few images: ants and bees, 244 photos to learn from, 153 to score.

    modelwright pretrain ../shared/data/images/cifar10.zip --time 5m --out cifar10.mw
    python benchmarks/deep/transfer.py cifar10.mw --seeds 5 [--own own.mw] [--limit 80]

The same net, at the same size of images, sees the same number of images: once from random weights,
with whitening filters found from the photos, by several courses of which the best one counts; once
from the backbone, its features alone and then all of it tuned as `fit --from` does. With --own a
backbone learned from the 244 photos alone, without their labels, goes the same way. Scratch is
favoured: its course is chosen by the very photos that are scored, that of the tuning is not.

What was measured stays in the results file; with --limit it stops after so many seconds, and goes
on when it is started again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1]))

from machine import RESULTS, describe  # noqa: E402

from modelwright.core.budget import Budget  # noqa: E402
from modelwright.core.progress import SilentProgress  # noqa: E402
from modelwright.nets.backbone import Backbone, Headed  # noqa: E402
from modelwright.nets.backbone_file import read_backbone  # noqa: E402
from modelwright.nets.library import reproducible, torch  # noqa: E402
from modelwright.nets.quick import QuickNet  # noqa: E402
from modelwright.plan.images.net import (  # noqa: E402
    NetSpec,
    augmentation_of,
    source_of,
    train_net,
)
from modelwright.plan.images.rows import PictureRows, read_pictures  # noqa: E402
from modelwright.plan.images.transfer import Start, Transfer, Tuning, find_start  # noqa: E402
from modelwright.training.batches import Changed  # noqa: E402
from modelwright.training.course import Course  # noqa: E402
from modelwright.training.loop import Training  # noqa: E402
from modelwright.training.losses import cross_entropy  # noqa: E402
from modelwright.training.machine import Machine  # noqa: E402
from modelwright.training.pace import Pace  # noqa: E402

DATA = HERE.parents[3] / "shared" / "data" / "images" / "ants_bees.zip"
OUT = RESULTS / "deep-transfer.json"
EPOCHS = Tuning().epochs  # as `fit --from` tunes
WIDTHS = (64, 192, 192)


@dataclass(frozen=True)
class Scratch:
    """A course from random weights."""

    optimiser: str
    rate: float
    batch: int
    decay: float
    schedule: str


SCRATCH = {
    "adamw 3e-3": Scratch("adamw", 3e-3, 32, 0.05, "warm_cosine"),
}


def main() -> None:
    asked = _arguments()
    results: dict[str, Any] = json.loads(OUT.read_text()) if OUT.is_file() else {"runs": {}}
    end = time.monotonic() + asked.limit
    torch.set_num_threads(2)
    machine = Machine(2, bfloat16=True, channels_last=True)
    with tempfile.TemporaryDirectory() as folder:
        rows = read_pictures(DATA, None, Path(folder), 0, SilentProgress())
        _, card = read_backbone(asked.backbone)
        results["backbone"] = card.to_json()
        live = SilentProgress()
        start = find_start(rows, [asked.backbone], machine, left=float("inf"), live=live)
        results["suits"] = start.notes[0]
        arms: dict[str, Callable[[int], dict[str, float]]] = {
            "from the backbone": lambda seed: _transfer(rows, start, machine, seed)
        }
        for name, course in SCRATCH.items():
            arms[f"scratch, {name}"] = lambda seed, course=course: _scratch(
                rows, start.backbone, course, machine, seed
            )
        arms["scratch, the net that fit takes"] = lambda seed: _fit(rows, machine, seed)
        if asked.own is not None:
            own = find_start(rows, [asked.own], machine, left=float("inf"), live=live)
            results["own"], results["own suits"] = own.card.to_json(), own.notes[0]
            arms["from its own images"] = lambda seed: _transfer(rows, own, machine, seed)
        for seed in range(asked.seeds):
            for name, arm in arms.items():
                key = f"{name}, seed {seed}"
                if key in results["runs"]:
                    continue
                if time.monotonic() > end:
                    print("the time is up: start it again to go on")
                    return
                results["runs"][key] = arm(seed)
                _summarise(results, [*arms], asked)
                OUT.write_text(json.dumps(results, indent=1) + "\n")
                print(key, results["runs"][key], flush=True)
    print(json.dumps(results["summary"], indent=1))


def _transfer(rows: PictureRows, start: Start, machine: Machine, seed: int) -> dict[str, float]:
    """Features, then tuning, as `fit --from` does."""
    began = time.perf_counter()
    way = Transfer(rows, start, machine, seed=seed, live=SilentProgress())
    features = way.features(float("inf"))
    tuned = way.tuned(source_of(rows), Tuning(epochs=EPOCHS), Budget())
    found = {"features": _accuracy(rows, features.valid), "accuracy": _accuracy(rows, tuned.valid)}
    return {**found, "seconds": round(time.perf_counter() - began, 1)}


def _scratch(
    rows: PictureRows, like: Backbone, course: Scratch, machine: Machine, seed: int
) -> dict[str, float]:
    """Train the same net from random weights, over as many images."""
    began = time.perf_counter()
    source = source_of(rows)
    with reproducible(seed, machine.threads):
        backbone = Backbone(like.architecture, like.sight)
        if isinstance(backbone.body, QuickNet):
            every = source.at(torch.arange(len(source))).inputs[0]
            backbone.body.suit(backbone.seen(every).to(torch.uint8))
        net = Headed(backbone, rows.y.classes)
    net.head.beside_muon = {"weight": (1.0, 1e-4), "bias": (1.0, 0.0)}
    machine.suit(net)
    spec = NetSpec("scratch", (), float(EPOCHS), course.batch, mirrored=True)
    training = Training(
        net,
        Changed(source, augmentation_of(rows, spec)),
        lambda answers, targets: cross_entropy(answers, targets, 0.1),
        Course(
            epochs=EPOCHS, batch=course.batch, rate=course.rate, decay=course.decay,
            schedule=course.schedule, optimiser=course.optimiser, momentum=0.6, bfloat16=True,
            clip=1.0 if course.optimiser == "adamw" else 0.0,
        ),
        seed=seed,
        threads=machine.threads,
    )  # fmt: skip
    training.run(Pace(EPOCHS, Budget()))
    pixels = torch.from_numpy(np.ascontiguousarray(rows.pixels[rows.valid]))
    net.eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        scores = (net(pixels).float() + net(pixels.flip(3)).float()).numpy()
    return {
        "accuracy": _accuracy(rows, scores),
        "seconds": round(time.perf_counter() - began, 1),
    }


def _fit(rows: PictureRows, machine: Machine, seed: int) -> dict[str, float]:
    """Train the net that `fit` would take without a backbone, for twice as many epochs."""
    began = time.perf_counter()
    spec = NetSpec("net", WIDTHS, 2.0 * EPOCHS, 32, mirrored=True, moved=False, erased=True)
    done = train_net(
        rows, source_of(rows), spec, machine, budget=Budget(), seed=seed, live=SilentProgress()
    )
    found = {"accuracy": _accuracy(rows, done.valid)}
    return {**found, "seconds": round(time.perf_counter() - began, 1)}


def _accuracy(rows: PictureRows, scores: np.ndarray) -> float:
    return round(float((scores.argmax(axis=1) == rows.y.values[rows.valid]).mean()), 4)


def _summarise(results: dict[str, Any], arms: list[str], asked: argparse.Namespace) -> None:
    """Give the mean of each arm, and by how much the backbone beats the best course of scratch."""
    runs, means = results["runs"], {}
    for arm in arms:
        found = [run for key, run in runs.items() if key.startswith(f"{arm}, seed")]
        if found:
            scores = [run["accuracy"] for run in found]
            means[arm] = {
                "accuracy": round(statistics.mean(scores), 4),
                "deviation": round(statistics.stdev(scores), 4) if len(scores) > 1 else None,
                "seeds": len(scores),
            }
            if "features" in found[0]:
                means[arm]["features"] = round(statistics.mean(r["features"] for r in found), 4)
    scratch = [one["accuracy"] for name, one in means.items() if name.startswith("scratch")]
    results["summary"] = means
    if scratch:
        results["gain"] = {
            name: round(one["accuracy"] - max(scratch), 4)
            for name, one in means.items()
            if not name.startswith("scratch")
        }
    results["machine"] = describe()
    results["command"] = f"benchmarks/deep/transfer.py {asked.backbone.name} --seeds {asked.seeds}"
    results["epochs"] = EPOCHS


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("backbone", type=Path)
    parser.add_argument("--own", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=float("inf"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
