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
from modelwright.core.errors import LostError, OptionError
from modelwright.core.launch import Launch, helps, launched, refuse_company
from modelwright.nets.library import nn, reproducible, torch
from modelwright.nets.mlp import MLP
from modelwright.nets.quick import QuickForm, QuickNet
from modelwright.store.tensors import read_tensors, write_tensors
from modelwright.training.augmentation import Augmentation
from modelwright.training.batches import Changed, Examples
from modelwright.training.course import Course
from modelwright.training.joint_norms import joint_norms
from modelwright.training.loop import Training
from modelwright.training.losses import cross_entropy
from modelwright.training.pace import Pace, StepPace
from modelwright.training.together import Agreed, Together, current, joined

ROWS, BATCH, EPOCHS = 90, 21, 3
COURSES = {
    "sgd": Course(epochs=EPOCHS, batch=BATCH, rate=0.05, optimiser="sgd", clip=1.0),
    "adamw": Course(epochs=EPOCHS, batch=BATCH, rate=0.01, decay=0.1, averaging=0.9),
    "images": Course(epochs=1, batch=BATCH, rate=0.05, decay=1.0, optimiser="muon", momentum=0.6),
}


def begun(name: str, together: Together | None = None) -> Training:
    """Begin a training that draws nothing but rows and how they are changed."""
    if name == "images":
        return seeing(together)
    with reproducible(seed=3):
        net = MLP(8, [16, 16], classes=3, norm="layer")
        x, weight = torch.randn(ROWS, 8), torch.rand(ROWS) + 0.5
        rows = Examples((x,), (x[:, 0] > 0).long() + (x[:, 1] > 0).long(), weight / weight.mean())
    return Training(net, rows, cross_entropy, COURSES[name], seed=5, together=together)


def seeing(together: Together | None = None) -> Training:
    """Begin a training of a net with batch norms on images that are changed and mixed."""
    with reproducible(seed=4):
        pixels = torch.randint(0, 256, (ROWS, 1, 8, 8), dtype=torch.uint8)
        net = QuickNet(QuickForm(1, 8, 8, 3, (6, 8)))
        net.suit(pixels)
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        rows = Examples((pixels,), torch.arange(ROWS) % 3)
    changed = Changed(rows, Augmentation(flip=True, shift=1, mixup=0.3, classes=3))
    return Training(net, changed, cross_entropy, COURSES["images"], seed=5, together=together)


def free_port() -> int:
    """Find a port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def weights(training: Training) -> dict[str, np.ndarray]:
    found = {name: value.contiguous() for name, value in training.net.state_dict().items()}
    return {name: value.numpy() for name, value in found.items()}


def child(folder: Path) -> None:
    """Train with the other processes; the first one writes."""
    with joined() as together:
        assert together is not None
        assert current() is together
        for name, course in COURSES.items():
            training = begun(name, together)
            # the clock of the others says that it is over: only that of the first one counts
            pace = Pace(int(course.epochs) if together.leads else 1, Budget())
            own = pace if together.leads else None
            training.run(Agreed(own, together, by_step=False))
            if together.leads:
                write_tensors(folder / f"{name}.safetensors", weights(training))
        stepped = begun("sgd", together)
        own_steps = StepPace(1.4, Budget()) if together.leads else None
        stepped.run(Agreed(own_steps, together, by_step=True))
        said = together.read({"after": stepped.curve[-1].loss} if together.leads else None)
        assert said == {"after": stepped.curve[-1].loss}, "losses are those of all rows"
        assert together.data(b"\0all" if together.leads else None) == b"\0all"
        assert together.summed([1.0, float(together.rank)]) == [2.0, 1.0]
        noisy = nn.Sequential(nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))
        lively = begun("sgd", together)
        mixed = Training(noisy, lively.rows, cross_entropy, COURSES["sgd"], together=together)
        mixed.run(Agreed(Pace(2, Budget()) if together.leads else None, together, by_step=False))
        write_tensors(folder / f"{together.rank}.safetensors", weights(mixed))
    assert current() is None
    try:
        with joined() as together:  # a second time, and this time one of them stumbles
            assert together is not None
            if not together.leads:
                raise ZeroDivisionError("by zero")
            together.summed([0.0])
    except LostError as error:
        (folder / f"lost-{os.environ['RANK']}").write_text(f"{error.told} {error}")


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
    alone.run(Pace(int(COURSES[name].epochs), Budget()))
    found, _ = read_tensors(written / f"{name}.safetensors")
    for key, value in weights(alone).items():
        np.testing.assert_allclose(found[key], value, rtol=1e-4, atol=2e-5, err_msg=key)


@pytest.mark.long
def test_all_end_with_one_net(written: Path) -> None:
    first, _ = read_tensors(written / "0.safetensors")
    second, _ = read_tensors(written / "1.safetensors")
    for key in set(first):
        np.testing.assert_array_equal(first[key], second[key], err_msg=key)


@pytest.mark.long
def test_the_end_of_one_is_that_of_all_and_the_first_one_says_why(written: Path) -> None:
    first, second = ((written / f"lost-{rank}").read_text() for rank in range(2))
    assert first.startswith("False expected 2 processes to the end; got process 1 ended: by zero;")
    assert second.startswith("True expected 2 processes to the end; got process 1, which ended:")


def test_a_batch_smaller_than_the_processes_is_refused() -> None:
    with pytest.raises(OptionError, match="1 for 2"):
        Together(0, 2).share(1)


def test_shares_are_all_rows_once() -> None:
    rows = list(range(11))
    parts = [rows[Together(rank, 3).share(11)] for rank in range(3)]
    assert [len(part) for part in parts] == [4, 4, 3]
    assert [row for part in parts for row in part] == rows
    assert Together(0, 3).leads
    assert not Together(1, 3).leads


class Alone(Together):
    """One process that has all rows."""

    def sum(self, values: torch.Tensor) -> None:
        """Add nothing."""


@pytest.mark.parametrize(
    ("norm", "shape"),
    [
        (nn.BatchNorm1d(5), (7, 5)),
        (nn.BatchNorm1d(5, affine=False), (4, 5, 3)),
        (nn.BatchNorm2d(5, momentum=None), (3, 5, 4, 2)),
        (nn.BatchNorm2d(5, momentum=0.4, track_running_stats=False), (3, 5, 4, 2)),
    ],
)
def test_joint_norms_are_those_of_pytorch(
    norm: nn.modules.batchnorm._BatchNorm, shape: tuple[int, ...]
) -> None:
    import copy

    other = copy.deepcopy(norm)
    x = 5.0 * torch.randn(shape) + 100.0  # far from zero: differences of squares would lose digits
    wanted = torch.randn(shape)
    found = []
    for one, joint in ((norm, True), (other, False)):
        inputs = x.clone().requires_grad_(True)
        net = nn.Sequential(one)
        if joint:
            with joint_norms(net, Alone(0, 1)):
                (net(inputs) * wanted).sum().backward()
        else:
            (net(inputs) * wanted).sum().backward()
        found.append([inputs.grad, *(p.grad for p in one.parameters()), *one.buffers()])
    for mine, theirs in zip(*found, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)
    assert "forward" not in vars(norm)


def test_joint_norms_that_are_frozen_use_their_own_statistics() -> None:
    norm = nn.BatchNorm1d(2).eval()
    with joint_norms(nn.Sequential(norm), Alone(0, 1)):
        assert torch.equal(norm(torch.ones(3, 2)), nn.BatchNorm1d(2).eval()(torch.ones(3, 2)))


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ({}, None),
        ({"WORLD_SIZE": "1", "RANK": "0", "MASTER_ADDR": "a", "MASTER_PORT": "1"}, None),
        ({"WORLD_SIZE": "2", "RANK": "1"}, None),  # another launcher's
        ({"WORLD_SIZE": "two", "RANK": "1", "MASTER_ADDR": "a", "MASTER_PORT": "1"}, None),
        (
            {"WORLD_SIZE": "4", "RANK": "1", "MASTER_ADDR": "a", "MASTER_PORT": "1",
             "LOCAL_WORLD_SIZE": "2"},
            Launch(1, 4, 2),
        ),
    ],
)  # fmt: skip
def test_a_place_is_told_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, str], place: Launch | None
) -> None:
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert launched() == place
    assert helps() == (place is not None)
    if place is not None:
        with pytest.raises(OptionError, match="4 that torchrun started; leave torchrun out"):
            refuse_company("to fit a table")


if __name__ == "__main__":
    child(Path(sys.argv[1]))
