"""A training that is left at any step goes on to the same bits."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modelwright.core.budget import Budget  # noqa: E402
from modelwright.core.errors import DataError, FitError, ModelFileError  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.nets.quick import QuickForm, QuickNet  # noqa: E402
from modelwright.store.tensors import read_tensors, write_tensors  # noqa: E402
from modelwright.training import checkpoints  # noqa: E402
from modelwright.training.augmentation import Augmentation  # noqa: E402
from modelwright.training.batches import Changed, Examples, Streamed  # noqa: E402
from modelwright.training.checkpoints import Keeper, keep, take_up  # noqa: E402
from modelwright.training.course import Course  # noqa: E402
from modelwright.training.loop import Training  # noqa: E402
from modelwright.training.losses import cross_entropy, squared_error  # noqa: E402
from modelwright.training.machine import Machine  # noqa: E402
from modelwright.training.pace import Pace, StepPace  # noqa: E402

EPOCHS, STEPS = 3, 4
COURSE = Course(
    epochs=EPOCHS, batch=10, rate=0.05, dropout=0.2, decay=0.01, clip=5.0, schedule="one_cycle",
    averaging=0.9, patience=2,
)  # fmt: skip


class KilledError(Exception):
    """Stands for whatever ends a process."""


def images(rows: int = 40) -> Examples:
    with reproducible(seed=0):
        pixels = torch.randint(0, 256, (rows, 1, 8, 8), dtype=torch.uint8)
        return Examples((pixels,), torch.randint(0, 3, (rows,)))


def begun(course: Course = COURSE, seed: int = 5) -> Training:
    with reproducible(seed=1):
        net = nn.Sequential(
            QuickNet(QuickForm(1, 8, 8, 6, (4, 6))), nn.Dropout(0.0), nn.Linear(6, 3)
        )
    change = Augmentation(shift=1, rotation=10, noise=4, mixup=0.2, classes=3)
    return Training(net, Changed(images(), change), cross_entropy, course, seed=seed)


def watched(training: Training) -> Training:
    """Run it to the end, with the validation loss of a few of its own rows."""
    data = images()

    def watch(_: object) -> bool:
        with training.at_its_best() as net, torch.no_grad():
            return training.judge(float(cross_entropy(net(data.inputs[0]), data.targets).mean()))

    training.run(Pace(EPOCHS, Budget()), watch)
    return training


def bits(training: Training) -> list[bytes]:
    return [value.numpy().tobytes() for value in training.net.state_dict().values()]


# Inside an epoch, at its end, in the next one, and at the end of all.
SOME = (2, STEPS, STEPS + 1, EPOCHS * STEPS)


@pytest.mark.parametrize(
    ("optimiser", "stops"),
    [("adamw", range(1, EPOCHS * STEPS + 1)), ("sgd", SOME), ("muon", SOME)],
    ids=["adamw", "sgd", "muon"],
)
@pytest.mark.long
def test_a_training_killed_at_any_step_ends_with_the_same_bits(
    tmp_path: Path, optimiser: str, stops: Sequence[int]
) -> None:
    course = replace(COURSE, optimiser=optimiser)
    whole = watched(begun(course))
    path = tmp_path / "net.safetensors"
    for last in stops:
        done = 0

        def each(training: Training, last: int = last) -> None:
            nonlocal done
            done += 1
            if done == last:
                keep(training, path)
                raise KilledError

        data = images()
        first = begun(course)

        def watch(_: object, first: Training = first, data: Examples = data) -> bool:
            with first.at_its_best() as net, torch.no_grad():
                loss = float(cross_entropy(net(data.inputs[0]), data.targets).mean())
            return first.judge(loss)

        with pytest.raises(KilledError):
            first.run(Pace(EPOCHS, Budget()), watch, each)
        again = begun(course)
        take_up(again, path)
        assert bits(watched(again)) == bits(whole), f"killed after step {last}"
        assert again.curve == whole.curve


def test_what_is_drawn_between_steps_changes_nothing() -> None:
    one, other = begun(), begun()
    one.run(Pace(2, Budget()))
    other.run(Pace(2, Budget()), lambda _: bool(torch.rand(3).numel()), lambda _: torch.rand(1))
    assert bits(one) == bits(other)


def test_a_keeper_waits_and_then_keeps(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    begun().run(Pace(1, Budget()), None, Keeper(path, seconds=1e9))
    assert not path.exists()
    begun().run(Pace(1, Budget()), None, Keeper(path, seconds=0.0))
    assert path.exists()


def test_a_keeper_takes_little_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, kept = [0.0], []

    def slow(training: Training, path: Path) -> None:
        kept.append(now[0])
        now[0] += 0.5

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(checkpoints, "keep", slow)
    keeper, training = Keeper(tmp_path / "net.safetensors", seconds=2.0), begun()
    for second in range(120):
        now[0] = max(now[0], float(second))
        keeper(training)
    assert kept == [2.0, 53.0, 104.0]


def test_another_net_or_course_is_refused_and_the_first_difference_named(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    keep(begun(), path)
    with pytest.raises(ModelFileError, match=r"epochs = 9; got epochs = 3"):
        take_up(begun(replace(COURSE, epochs=9)), path)
    with pytest.raises(ModelFileError, match="seed = 6; got seed = 5"):
        take_up(begun(seed=6), path)
    other = begun()
    other.net[2] = nn.Linear(6, 4)
    with pytest.raises(ModelFileError, match=r"'2.weight' of shape \(4, 6\); got shape \(3, 6\)"):
        take_up(other, path)
    other.net.append(nn.Linear(3, 3))
    other.net[2] = nn.Linear(6, 3)
    with pytest.raises(ModelFileError, match=r"weights '3.weight'.*got none"):
        take_up(other, path)


@pytest.mark.parametrize("damage", [b"", b"\x10", b"\xff" * 64, b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(damage)
    with pytest.raises(ModelFileError):
        take_up(begun(), path)


def test_a_checkpoint_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    keep(begun(), path)
    whole = path.read_bytes()
    for length in (9, 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError):
            take_up(begun(), path)


def test_a_checkpoint_is_numbers_and_json(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    keep(begun(), path)
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert json.loads(header["__metadata__"]["modelwright"])["seed"] == 5


def test_a_loss_that_is_no_number_names_step_and_suspect() -> None:
    data = images()
    spoilt = data.inputs[0].float()
    spoilt[17] = float("nan")
    training = begun()
    training.rows = Examples((spoilt,), data.targets)
    with pytest.raises(FitError, match=r"epoch 1, step \d of 4: the inputs of row 17 hold"):
        training.run(Pace(1, Budget()))


def test_a_rate_that_is_far_too_large_is_named() -> None:
    x = torch.linspace(-1, 1, 40)[:, None]
    course = Course(epochs=50, batch=10, rate=1e20, optimiser="sgd")

    def squared(answers: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return (answers[:, 0] - targets) ** 2

    training = Training(nn.Linear(1, 1), Examples((x,), x[:, 0]), squared, course)
    with pytest.raises(FitError, match=r"rate of 1e\+20 is too large"):
        training.run(Pace(50, Budget()))


def test_a_net_that_makes_no_number_of_numbers_is_named() -> None:
    class Logarithm(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.log(x - 10)

    x = torch.linspace(-1, 1, 40)[:, None]
    net = nn.Sequential(nn.Linear(1, 1), Logarithm())
    course = Course(epochs=2, batch=10, rate=0.01)
    training = Training(net, Examples((x,), x[:, 0]), squared_error, course)
    with pytest.raises(FitError, match=r"layer 1 \(Logarithm\) .* look at its formula"):
        training.run(Pace(2, Budget()))
    assert net.training


def test_a_weight_of_a_row_that_is_no_number_is_named() -> None:
    x = torch.linspace(-1, 1, 40)[:, None]
    weight = torch.ones(40)
    weight[17] = math.nan
    course = Course(epochs=2, batch=40, rate=0.01)
    rows = Examples((x,), x[:, 0], weight)
    training = Training(nn.Linear(1, 1), rows, squared_error, course)
    with pytest.raises(FitError, match="the weights of row 17 hold"):
        training.run(Pace(2, Budget()))


def test_a_loss_that_is_none_of_numbers_is_named() -> None:
    x = torch.linspace(-1, 1, 40)[:, None]

    def logarithm(answers: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return torch.log(-1 - answers[:, 0] ** 2)

    course = Course(epochs=2, batch=40, rate=0.01)
    training = Training(nn.Linear(1, 1), Examples((x,), x[:, 0]), logarithm, course)
    with pytest.raises(FitError, match="look at what the loss makes of it"):
        training.run(Pace(2, Budget()))


def test_a_class_that_is_none_is_told() -> None:
    rows = Examples((torch.zeros(4, 2),), torch.tensor([0, 1, 2, 3]))
    training = Training(nn.Linear(2, 3), rows, cross_entropy, Course(1, 4, 0.1))
    with pytest.raises(DataError, match="classes from 0 to 2; got codes from 0 to 3"):
        training.run(Pace(1, Budget()))


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_single_bit_that_flipped_is_found(
    place: float, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("flipped") / "a.safetensors"
    training = begun()
    training.run(Pace(1, Budget()))
    keep(training, path)
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path.write_bytes(data)
    with pytest.raises(ModelFileError):
        take_up(begun(), path)


def test_without_memory_a_batch_is_halved_and_the_result_is_nearly_the_same() -> None:
    course = Course(epochs=2, batch=10, rate=0.05)
    x = torch.linspace(-1, 1, 40)[:, None]

    def trained(most: int) -> tuple[torch.Tensor, list[str]]:
        def squared(answers: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            if len(answers) > most:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to...")
            return (answers[:, 0] - targets) ** 2

        with reproducible(seed=2):
            net = nn.Linear(1, 1)
        training = Training(net, Examples((x,), 3 * x[:, 0]), squared, course)
        training.run(Pace(2, Budget()))
        return net.weight.detach(), training.notes

    whole, nothing = trained(10)
    pieces, notes = trained(3)
    assert nothing == []
    assert notes[-1].endswith("batches of 10 rows are computed in 4 pieces from there on")
    torch.testing.assert_close(pieces, whole, atol=1e-5, rtol=1e-4)


def test_errors_that_are_none_of_memory_come_through() -> None:
    def broken(answers: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("shapes cannot be multiplied")

    training = begun()
    training.loss = broken
    with pytest.raises(RuntimeError, match="shapes"):
        training.run(Pace(1, Budget()))


def test_patience_ends_with_the_best_weights() -> None:
    training = begun(replace(COURSE, averaging=0.0))
    told = iter([3.0, 1.0, 2.0, 2.5, 0.0])
    kept: list[list[bytes]] = []

    def watch(_: object) -> bool:
        kept.append(bits(training))
        return training.judge(next(told))

    assert training.run(Pace(9, Budget()), watch) == 4
    assert bits(training) == kept[1]


def test_an_average_is_what_the_net_ends_with() -> None:
    plain, averaged = begun(replace(COURSE, averaging=0.0)), begun()
    for training in (plain, averaged):
        training.run(Pace(2, Budget()))
    assert averaged.averaged is not None
    for name, value in averaged.net.state_dict().items():
        torch.testing.assert_close(value, averaged.averaged.state[name])
    assert bits(plain) != bits(averaged)


def test_a_part_of_an_epoch_is_enough() -> None:
    training = begun(replace(COURSE, epochs=1.5))
    assert training.run(StepPace(1.5, Budget())) == 2
    assert [epoch.done for epoch in training.curve] == [1, 2]
    assert len(training.losses) == STEPS // 2


def test_an_epoch_that_was_ended_counts_for_what_was_seen_of_it(tmp_path: Path) -> None:
    training, path = begun(), tmp_path / "net.safetensors"
    training.run(StepPace(1.25, Budget()))
    assert (training.done, training.seen) == (2, 1.25)
    keep(training, path)
    again = begun()
    take_up(again, path)
    again.run(StepPace(2.5, Budget()))
    assert (again.done, again.seen) == (3, 1.75)


def test_a_stream_gives_every_row_once_and_those_of_memory() -> None:
    data = images(37)
    pixels = data.inputs[0].numpy()
    stream = Streamed(pixels, data.targets, block=4, window=3)
    with reproducible(seed=1):
        order = stream.order()
    assert sorted(order.tolist()) == list(range(37))
    found = stream.at(order[:9])
    assert (found.inputs[0] == data.inputs[0][order[:9]]).all()
    assert (found.targets == data.targets[order[:9]]).all()
    # rows of a window come from few places of the disk
    assert len({int(row) // 4 for row in order[:12]}) <= 3


def test_a_stream_of_some_rows_gives_those() -> None:
    data = images(20)
    places = torch.arange(1, 20, 2).numpy()
    stream = Streamed(data.inputs[0].numpy(), data.targets[1::2], places=places)
    assert len(stream) == 10
    found = stream.at(torch.tensor([9, 0]))
    assert (found.inputs[0] == data.inputs[0][[19, 1]]).all()


@pytest.mark.parametrize("optimiser", ["adamw", "sgd", "muon"])
def test_channels_may_lie_last(tmp_path: Path, optimiser: str) -> None:
    path = tmp_path / "net.safetensors"

    def last() -> Training:
        training = begun(replace(COURSE, optimiser=optimiser))
        Machine(1, channels_last=True).suit(training.net)
        return training

    def kill(training: Training) -> None:
        if training.position == 1 / 2:
            keep(training, path)
            raise KilledError

    whole, first, again = last(), last(), last()
    whole.run(Pace(2, Budget()))
    with pytest.raises(KilledError):
        first.run(Pace(2, Budget()), None, kill)
    take_up(again, path)
    again.run(Pace(2, Budget()))
    assert bits(again) == bits(whole)


def altered(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    """Write a checkpoint with other arrays and facts."""
    arrays, words = read_tensors(path)
    facts = json.loads(words["modelwright"])
    change(arrays, facts)
    write_tensors(path, arrays, {"modelwright": json.dumps(facts)})


CHANGES: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "a step before the first": lambda arrays, facts: facts.update(at=-1),
    "a step after the last": lambda arrays, facts: facts.update(at=STEPS + 1),
    "no pieces": lambda arrays, facts: facts.update(pieces=0),
    "pieces without end": lambda arrays, facts: facts.update(pieces=10**12),
    "no generator": lambda arrays, facts: arrays.pop("generator.opened"),
    "a short generator": lambda arrays, facts: arrays.update(
        {"generator.drawn": arrays["generator.drawn"][:100]}
    ),
    "a moment of another shape": lambda arrays, facts: arrays.update(
        {"optimiser.0.exp_avg": np.zeros(1, np.float32)}
    ),
    "a moment too few": lambda arrays, facts: arrays.pop("optimiser.0.exp_avg"),
    "a moment of nothing": lambda arrays, facts: arrays.update(
        {"optimiser.999.step": np.zeros((), np.float32)}
    ),
    "a direction of Muon": lambda arrays, facts: arrays.update(
        {"optimiser.muon.0": np.zeros(1, np.float32)}
    ),
    "best weights of another net": lambda arrays, facts: arrays.update(
        {"best.2.bias": np.zeros(9, np.float32)}
    ),
    "an average of another net": lambda arrays, facts: arrays.update(
        {"average.2.bias": np.zeros(1, np.float32)}
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_checkpoint_that_was_altered_is_refused(tmp_path: Path, name: str) -> None:
    path, training = tmp_path / "net.safetensors", begun()
    training.run(Pace(1, Budget()), lambda _: training.judge(1.0))
    keep(training, path)
    altered(path, CHANGES[name])  # type: ignore[arg-type]
    with pytest.raises(ModelFileError):
        take_up(begun(), path)


def test_layers_drop_what_they_were_made_to_drop_where_a_course_says_nothing() -> None:
    dropped = []
    for share in (0.0, 0.3):
        training = begun(replace(COURSE, dropout=share, averaging=0.0))
        training.net[1].p = 0.5
        training.run(Pace(1, Budget()), None, lambda t: dropped.append(t.net[1].p))
    assert dropped[:STEPS] == [0.5] * STEPS
    assert dropped[STEPS:] == [0.3] * STEPS


def test_a_rate_never_goes_below_zero_where_a_pace_was_shortened_under_way(tmp_path: Path) -> None:
    path, course = tmp_path / "net.safetensors", replace(COURSE, schedule="linear", averaging=0.0)
    rates: list[float] = []

    def each(training: Training) -> None:
        if training.position >= 1.5:
            keep(training, path)
            raise KilledError

    with pytest.raises(KilledError):
        begun(course).run(Pace(EPOCHS, Budget()), None, each)
    again = begun(course)
    take_up(again, path)
    usual = again.optimiser.step

    def noted(rate: float, decay: float) -> None:
        rates.append(rate)
        usual(rate, decay)

    again.optimiser.step = noted  # type: ignore[method-assign]
    again.run(Pace(1, Budget()))
    assert rates
    assert min(rates) >= 0.0


def test_without_memory_for_a_single_row_the_fit_is_refused() -> None:
    def squared(answers: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to...")

    x = torch.linspace(-1, 1, 40)[:, None]
    course = Course(epochs=1, batch=10, rate=0.05)
    training = Training(nn.Linear(1, 1), Examples((x,), x[:, 0]), squared, course)
    with pytest.raises(FitError, match="no memory to learn from 2 rows at a time"):
        training.run(Pace(1, Budget()))
