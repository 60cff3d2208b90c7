"""Several processes that learn one net take the steps that one would take."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.budget import Budget
from modelwright.core.errors import OptionError
from modelwright.nets.library import nn, reproducible, torch
from modelwright.nets.mlp import MLP
from modelwright.store.tensors import read_tensors, write_tensors
from modelwright.training.batches import Examples
from modelwright.training.loop import Course, Training
from modelwright.training.losses import cross_entropy
from modelwright.training.pace import Pace, StepPace
from modelwright.training.together import Agreed, Together, joined

ROWS, BATCH, EPOCHS = 90, 20, 3
COURSES = {
    "sgd": Course(epochs=EPOCHS, batch=BATCH, rate=0.05, optimiser="sgd", clip=1.0),
    "adamw": Course(epochs=EPOCHS, batch=BATCH, rate=0.01, decay=0.1, averaging=0.9),
}


def begun(name: str, together: Together | None = None) -> Training:
    """Begin a training that draws nothing but the order of its rows."""
    with reproducible(seed=3):
        net = MLP(8, [16, 16], classes=3, norm="layer")
        x, weight = torch.randn(ROWS, 8), torch.rand(ROWS) + 0.5
        rows = Examples((x,), (x[:, 0] > 0).long() + (x[:, 1] > 0).long(), weight / weight.mean())
    return Training(net, rows, cross_entropy, COURSES[name], seed=5, together=together)


def free_port() -> int:
    """Find a port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def weights(training: Training) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in training.net.state_dict().items()}


def child(folder: Path) -> None:
    """Train with the other processes; the first one writes."""
    with joined() as together:
        assert together is not None
        for name in COURSES:
            training = begun(name, together)
            # the clock of the others says that it is over: only that of the first one counts
            pace = Pace(EPOCHS if together.leads else 1, Budget())
            own = pace if together.leads else None
            training.run(Agreed(own, together, by_step=False))
            if together.leads:
                write_tensors(folder / f"{name}.safetensors", weights(training))
        stepped = begun("sgd", together)
        own_steps = StepPace(1.4, Budget()) if together.leads else None
        stepped.run(Agreed(own_steps, together, by_step=True))
        said = together.read({"after": stepped.curve[-1].loss} if together.leads else None)
        assert said == {"after": stepped.curve[-1].loss}, "losses are those of all rows"
        noisy = nn.Sequential(nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))
        lively = begun("sgd", together)
        mixed = Training(noisy, lively.rows, cross_entropy, COURSES["sgd"], together=together)
        mixed.run(Agreed(Pace(2, Budget()) if together.leads else None, together, by_step=False))
        write_tensors(folder / f"{together.rank}.safetensors", weights(mixed))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes wrote that were started as torchrun starts them."""
    folder = tmp_path_factory.mktemp("together")
    command = [sys.executable, str(Path(__file__)), str(folder)]
    told = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    processes = [
        subprocess.Popen(command, env={**os.environ, **told, "RANK": str(rank)}, text=True,
                         stderr=subprocess.PIPE)
        for rank in range(2)
    ]  # fmt: skip
    try:
        for process in processes:
            _, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors
    finally:
        for process in processes:
            process.kill()
    return folder


@pytest.mark.long
@pytest.mark.parametrize("name", COURSES)
def test_two_processes_take_the_steps_of_one(name: str, written: Path) -> None:
    alone = begun(name)
    alone.run(Pace(EPOCHS, Budget()))
    found, _ = read_tensors(written / f"{name}.safetensors")
    for key, value in weights(alone).items():
        np.testing.assert_allclose(found[key], value, rtol=0, atol=1e-6, err_msg=key)


@pytest.mark.long
def test_all_end_with_one_net(written: Path) -> None:
    first, _ = read_tensors(written / "0.safetensors")
    second, _ = read_tensors(written / "1.safetensors")
    for key in set(first):
        np.testing.assert_array_equal(first[key], second[key], err_msg=key)


def test_a_batch_smaller_than_the_processes_is_refused() -> None:
    with pytest.raises(OptionError, match="1 for 2"):
        Together(0, 2).share(torch.arange(1))


def test_shares_are_all_rows_once() -> None:
    parts = [Together(rank, 3).share(torch.arange(10)) for rank in range(3)]
    assert torch.cat(parts).tolist() == list(range(10))
    assert Together(0, 3).leads
    assert not Together(1, 3).leads


if __name__ == "__main__":
    child(Path(sys.argv[1]))
