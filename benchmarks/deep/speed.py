"""How fast nets learn: beside a plain loop, beside other libraries, in each setting, in a crowd.

    python benchmarks/deep/speed.py loops        # six nets: a plain loop, ours, ours calibrated
    python benchmarks/deep/speed.py settings     # six nets: what was chosen, and the best there is
    python benchmarks/deep/speed.py peers --peers FOLDER   # skorch and Keras, installed there
    python benchmarks/deep/speed.py neighbours   # a step while two other processes are busy
    python benchmarks/deep/speed.py start        # imports, and the first step from the command line

Whatever is compared is timed in turns within one process, so that a slow minute hits all of it
alike; medians count. Each command takes less than a minute and a half on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1]))

from machine import RESULTS, describe  # noqa: E402

OUT = RESULTS / "deep-speed.json"
STEPS, REPEATS, ROUNDS = 6, 5, 9
# A setting is looked at for so long at most, and so often at least.
SECONDS, LEAST = 0.5, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ways = {"loops": loops, "settings": settings, "neighbours": neighbours, "start": start}
    parser.add_argument("what", choices=[*ways, "peers", "crowded"])
    parser.add_argument("--peers", type=Path, help="a folder with skorch and keras")
    asked = parser.parse_args()
    if asked.what == "crowded":
        print(json.dumps(crowded()))
        return
    found = peers(asked.peers) if asked.what == "peers" else ways[asked.what]()
    results: dict[str, Any] = json.loads(OUT.read_text()) if OUT.is_file() else {}
    results[asked.what] = {**found, "machine": describe()}
    OUT.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(found, indent=1))


# --- six nets -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A net, the shape of its rows, and how many it learns from in a step."""

    make: Callable[[], Any]
    shape: tuple[int, ...]
    batch: int
    pixels: bool = False

    def net(self) -> Any:
        """Give the net, with the same weights each time."""
        from modelwright.nets.library import reproducible

        with reproducible(seed=1):
            return self.make()

    def chosen(self, rows: Any, most: int | None = None) -> Any:
        """Give what the calibration chooses for it, with so many threads at most."""
        from modelwright.nets.library import torch
        from modelwright.training.losses import cross_entropy
        from modelwright.training.machine import calibrate

        threads = min(torch.get_num_threads(), most or torch.get_num_threads())
        return calibrate(self.net(), rows, cross_entropy, threads=threads, batch=self.batch)

    def rows(self) -> Any:
        """Give as many rows as an epoch of `STEPS` steps needs."""
        from modelwright.nets.library import reproducible, torch
        from modelwright.training.batches import Examples

        count = STEPS * self.batch
        with reproducible(seed=0):
            x = torch.randn(count, *self.shape)
            if self.pixels:
                x = torch.randint(0, 256, (count, *self.shape), dtype=torch.uint8)
            return Examples((x,), torch.randint(0, 10, (count,)))


def cases() -> dict[str, Case]:
    """List nets of six families."""
    from modelwright.nets.library import nn, torch
    from modelwright.nets.mlp import MLP
    from modelwright.nets.quick import QuickForm, QuickNet
    from modelwright.nets.resnet import resnet
    from modelwright.nets.vit import VisionTransformer, ViTConfig

    class Reader(nn.Module):
        """A recurrent layer, and a linear one on its last state."""

        def __init__(self) -> None:
            super().__init__()
            self.states, self.head = nn.GRU(16, 64, batch_first=True), nn.Linear(64, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = self.head(self.states(x)[0][:, -1])
            return y

    form = QuickForm(3, 32, 32, 10, (24, 64, 64))
    return {
        "MLP of 64 numbers": Case(lambda: MLP(64, [256, 256], classes=10), (64,), 256),
        "MLP of 784 pixels": Case(lambda: MLP(784, [1024, 512], classes=10), (784,), 256),
        "quick net": Case(lambda: QuickNet(form), (3, 32, 32), 64, pixels=True),
        "ResNet-8": Case(
            lambda: resnet(8, classes=10, width=16, stem="cifar"), (3, 32, 32), 64
        ),
        "ViT": Case(
            lambda: VisionTransformer(ViTConfig(10, 96, 3, 3, 32, 4, 3)), (3, 32, 32), 64
        ),
        "GRU": Case(Reader, (32, 16), 64),
    }  # fmt: skip


def ours(case: Case, rows: Any, machine: Any) -> float:
    """Give rows a second of an epoch by `Training`."""
    from modelwright.core.budget import Budget
    from modelwright.training.course import Course
    from modelwright.training.loop import Training
    from modelwright.training.losses import cross_entropy
    from modelwright.training.pace import Pace

    net = case.net()
    machine.suit(net)
    course = Course(epochs=1, batch=case.batch, rate=1e-3, bfloat16=machine.bfloat16)
    training = Training(net, rows, cross_entropy, course, threads=machine.threads)
    began = time.perf_counter()
    training.run(Pace(1, Budget()))
    return len(rows) / (time.perf_counter() - began)


def plain(case: Case, rows: Any, threads: int) -> float:
    """Give rows a second of the loop that stands in every tutorial."""
    from modelwright.nets.library import nn, reproducible, torch

    net = case.net().train()
    descent = torch.optim.AdamW(net.parameters(), lr=1e-3)
    x, y = rows.inputs[0], rows.targets
    began = time.perf_counter()
    with reproducible(0, threads):
        for index in torch.randperm(len(x)).split(case.batch):
            descent.zero_grad()
            loss = nn.functional.cross_entropy(net(x[index]), y[index])
            loss.backward()
            descent.step()
    return len(rows) / (time.perf_counter() - began)


def loops() -> dict[str, Any]:
    """Compare an epoch of each net by a plain loop, by ours, and by ours in the chosen setting."""
    from modelwright.nets.library import torch
    from modelwright.training.machine import Machine

    threads, found = torch.get_num_threads(), {}
    for name, case in cases().items():
        rows = case.rows()
        chosen = case.chosen(rows)
        ways = {
            "plain": partial(plain, case, rows, threads),
            "ours": partial(ours, case, rows, Machine(threads)),
            "calibrated": partial(ours, case, rows, chosen),
        }
        speeds: dict[str, list[float]] = {way: [] for way in ways}
        for run in ways.values():
            run()  # the first run of all finds its memory
        for number in range(ROUNDS):  # each way comes first, second and last as often
            for way in rotated([*ways], number):
                speeds[way].append(ways[way]())
        found[name] = {
            "rows_a_second": {w: round(statistics.median(s), 1) for w, s in speeds.items()},
            "ours_by_plain": paired(speeds["ours"], speeds["plain"]),
            "calibrated_by_plain": paired(speeds["calibrated"], speeds["plain"]),
            "chosen": str(chosen),
        }
        print(f"{name}: {found[name]}", file=sys.stderr)
    return {"nets": found}


def rotated(ways: list[str], number: int) -> list[str]:
    """Give the ways in another order each time."""
    start = number % len(ways)
    return ways[start:] + ways[:start]


def paired(one: list[float], other: list[float]) -> float:
    """Give the median of the ratios of each round: what slows a round, slows both."""
    return round(statistics.median(a / b for a, b in zip(one, other, strict=True)), 3)


def settings() -> dict[str, Any]:
    """Time each net in all settings, and look up the chosen one among them."""
    from modelwright.nets.library import torch
    from modelwright.training.machine import Machine

    most, found = torch.get_num_threads(), {}
    for name, case in cases().items():
        rows = case.rows()
        chosen = case.chosen(rows)
        filters = any(parameter.ndim == 4 for parameter in case.net().parameters())
        every = [
            Machine(threads, bfloat16=short, channels_last=last)
            for threads in sorted({1, most})
            for short in (False, True)
            for last in ((False, True) if filters else (False,))
        ]
        speeds: dict[str, list[float]] = {_called(one): [] for one in every}
        for one in every:
            ours(case, rows, one)
        until = time.perf_counter() + SECONDS * len(every)
        while time.perf_counter() < until or len(speeds[_called(every[0])]) < LEAST:
            for one in every:
                speeds[_called(one)].append(ours(case, rows, one))
        middle = {way: statistics.median(each) for way, each in speeds.items()}
        best = max(middle, key=lambda way: middle[way])
        taken = _called(chosen)
        found[name] = {
            "chosen": taken,
            "best": best,
            "chosen_by_best": round(middle[taken] / middle[best], 3),
            "seconds_to_choose": round(chosen.seconds, 2),
            "rows_a_second": {way: round(speed, 1) for way, speed in middle.items()},
        }
        print(f"{name}: {found[name]}", file=sys.stderr)
    within = sum(one["chosen_by_best"] >= 0.9 for one in found.values())
    return {"nets": found, "within_a_tenth_of_the_best": f"{within} of {len(found)}"}


def _called(machine: Any) -> str:
    precision = "bfloat16" if machine.bfloat16 else "float32"
    layout = "last" if machine.channels_last else "first"
    return f"{machine.threads} threads, {precision}, channels {layout}"


# --- other libraries ------------------------------------------------------------------------------


def peers(folder: Path | None) -> dict[str, Any]:
    """Compare an epoch of two nets with the reference scripts of skorch and Keras."""
    if folder is not None:
        sys.path.append(str(folder))
    os.environ["KERAS_BACKEND"] = "torch"
    from modelwright.nets.library import nn

    def mlp() -> Any:
        layers = (nn.Linear(784, 1024), nn.ReLU(), nn.Linear(1024, 512), nn.ReLU())
        return nn.Sequential(*layers, nn.Linear(512, 10))

    def convolutions() -> Any:
        layers: list[Any] = []
        for inputs, outputs in ((3, 16), (16, 32), (32, 64)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))

    found = {}
    for name, case in (
        ("MLP", Case(mlp, (784,), 128)),
        ("CNN", Case(convolutions, (3, 32, 32), 64)),
    ):
        rows = case.rows()
        chosen = case.chosen(rows)
        x, y = rows.inputs[0].numpy(), rows.targets.numpy()
        runs = {"skorch": _skorch(case, x, y), "keras": _keras(name, case, x, y)}
        speeds: dict[str, list[float]] = {"ours": [], "skorch": [], "keras": []}
        ours(case, rows, chosen)
        for run in runs.values():
            run()
        for _ in range(REPEATS):
            speeds["ours"].append(ours(case, rows, chosen))
            for way, run in runs.items():
                began = time.perf_counter()
                run()
                speeds[way].append(len(rows) / (time.perf_counter() - began))
        middle = {way: round(statistics.median(each), 1) for way, each in speeds.items()}
        beside = {f"ours_by_{way}": round(middle["ours"] / middle[way], 2) for way in runs}
        found[name] = {"rows_a_second": middle, **beside, "chosen": str(chosen)}
        print(f"{name}: {found[name]}", file=sys.stderr)
    import keras
    import skorch

    return {"nets": found, "skorch": skorch.__version__, "keras": f"{keras.__version__} on torch"}


def _skorch(case: Case, x: Any, y: Any) -> Callable[[], object]:
    import skorch

    from modelwright.nets.library import nn, torch

    net = skorch.NeuralNetClassifier(
        case.net(), criterion=nn.CrossEntropyLoss, optimizer=torch.optim.AdamW, lr=1e-3,
        batch_size=case.batch, max_epochs=1, train_split=None, verbose=0,
        iterator_train__shuffle=True,
    ).initialize()  # fmt: skip
    return lambda: net.partial_fit(x, y)


def _keras(name: str, case: Case, x: Any, y: Any) -> Callable[[], object]:
    import keras

    layers: list[Any]
    if name == "MLP":
        layers = [keras.layers.Dense(1024, "relu"), keras.layers.Dense(512, "relu")]
    else:
        x = x.transpose(0, 2, 3, 1).copy()  # what Keras expects
        layers = []
        for width in (16, 32, 64):
            layers.append(keras.layers.Conv2D(width, 3, padding="same", activation="relu"))
            layers.append(keras.layers.MaxPooling2D(2))
        layers.append(keras.layers.GlobalAveragePooling2D())
    net = keras.Sequential([keras.Input(x.shape[1:]), *layers, keras.layers.Dense(10)])
    net.compile(
        keras.optimizers.AdamW(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    return lambda: net.fit(x, y, batch_size=case.batch, epochs=1, verbose=0)


# --- a crowd --------------------------------------------------------------------------------------


def neighbours() -> dict[str, Any]:
    """Compare a step on a quiet machine with one beside two busy processes."""
    quiet, there = [], []
    for _ in range(REPEATS):
        quiet.append(_step())
        with _busy(2):
            time.sleep(0.5)
            there.append(_step())
    middle = statistics.median(one["step"] for one in quiet)
    late = [_step(later=True) for _ in range(REPEATS)]
    return {
        "quiet_ms": round(1000 * middle, 2),
        "there_before_ms": round(1000 * statistics.median(one["step"] for one in there), 2),
        "there_before_by_quiet": round(statistics.median(one["step"] for one in there) / middle, 2),
        "coming_later_by_quiet": round(
            statistics.median(one["crowded"] / one["step"] for one in late), 2
        ),
        "settings": sorted({one["machine"] for one in (*quiet, *there, *late)}),
    }


def _step(*, later: bool = False) -> dict[str, Any]:
    """Train in a process of its own, as a fit does; with `later` neighbours come on the way."""
    command = [sys.executable, str(HERE), "crowded"]
    environment = {**os.environ, "LATER": "1" if later else ""}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def crowded() -> dict[str, Any]:
    """Time the steps of a small net: settings are found first, as a fit on images does."""
    from modelwright.engine import core_count
    from modelwright.engine.platform import Neighbours
    from modelwright.plan.images.run import sleep_beside

    busy = Neighbours().busy()
    sleep_beside(busy)
    from modelwright.core.budget import Budget
    from modelwright.training.course import Course
    from modelwright.training.loop import Training
    from modelwright.training.losses import cross_entropy
    from modelwright.training.pace import StepPace
    from modelwright.training.yielding import Yielding

    case = cases()["ResNet-8"]
    rows, net = case.rows(), case.net()
    machine = case.chosen(rows, max(core_count() - round(busy), 1))
    machine.suit(net)
    course = Course(epochs=1e6, batch=case.batch, rate=1e-3, bfloat16=machine.bfloat16)
    training = Training(net, rows, cross_entropy, course, threads=machine.threads)

    guard = Yielding(machine.threads)

    def step(seconds: float) -> float:
        steps: list[float] = []
        last = time.perf_counter()

        def each(current: Training) -> None:
            nonlocal last
            guard()
            now = time.perf_counter()
            steps.append(now - last)
            last = now

        training.run(StepPace(1e6, Budget.seconds(seconds)), each=each)
        return statistics.mean(steps[2:])

    found = {"step": step(3.0), "machine": _called(machine)}
    if os.environ.get("LATER"):
        with _busy(2):
            found["crowded"] = step(6.0)
    return found


@contextmanager
def _busy(count: int) -> Iterator[None]:
    """Keep so many processes busy."""
    command = [sys.executable, "-c", "while True: sum(range(10_000))"]
    others = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


# --- the beginning --------------------------------------------------------------------------------

_FIRST = """
import sys, time
from modelwright.training import loop
plain = loop.Training.step
def step(*given):
    plain(*given)
    print(time.time(), flush=True)
    import os
    os._exit(0)
loop.Training.step = step
from modelwright.cli import main
main(sys.argv[1:])
"""


def start() -> dict[str, Any]:
    """Time imports, and a fit of a small folder of images until its first step is done.

    With compiled modules at hand, as wherever the package is installed; they are written before.
    """
    python = [sys.executable, "-c"]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    torch = _median([*python, "import torch"])
    nets = _median([*python, "import modelwright.nets"])
    layers = _median([*python, "import modelwright.nets.layers, modelwright.nets.resnet"])
    with tempfile.TemporaryDirectory() as name:
        _write_images(Path(name))
        firsts = []
        for number in range(REPEATS + 1):  # the first one fills the disk cache
            store = str(Path(name) / f"store-{number}")
            asked = ["fit", str(Path(name) / "images"), "--time", "30s", "--store", store]
            began = time.time()
            done = subprocess.run(
                [*python, _FIRST, *asked, "--out", str(Path(name) / "m.mw")],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            firsts.append(float(done.stdout.split()[-1]) - began)
    return {
        "import_torch_s": round(torch, 3),
        "import_nets_s": round(nets, 3),
        "import_nets_and_layers_s": round(layers, 3),
        "nets_beyond_torch_s": round(layers - torch, 3),
        "first_step_from_the_command_line_s": round(statistics.median(firsts[1:]), 2),
        "first_steps_s": [round(one, 2) for one in firsts[1:]],
    }


def _median(command: list[str]) -> float:
    """Wall clock of a process, after one run that fills the disk cache."""
    seconds = []
    for _ in range(REPEATS + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[1:])


def _write_images(folder: Path) -> None:
    """Write 200 small photographs of two classes."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    for kind in range(2):
        (folder / "images" / f"kind{kind}").mkdir(parents=True)
        for i in range(100):
            pixels = rng.integers(0, 100 + 100 * kind, (32, 32, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "images" / f"kind{kind}" / f"{i}.png")


if __name__ == "__main__":
    main()
