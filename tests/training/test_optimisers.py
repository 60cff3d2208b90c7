"""Optimisers against PyTorch's own and against formulas; penalties; the finder; the machine."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.errors import OptionError  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.nets.quick import QuickForm, QuickNet  # noqa: E402
from modelwright.training import machine  # noqa: E402
from modelwright.training.batches import Examples  # noqa: E402
from modelwright.training.course import Course  # noqa: E402
from modelwright.training.finder import find_rate  # noqa: E402
from modelwright.training.loop import train  # noqa: E402
from modelwright.training.losses import cross_entropy, squared_error  # noqa: E402
from modelwright.training.machine import Machine, calibrate, measure  # noqa: E402
from modelwright.training.muon import Muon, orthogonal  # noqa: E402
from modelwright.training.optimiser import Optimiser  # noqa: E402

from modelwright.core.budget import Budget  # noqa: E402  # isort: skip


def net() -> nn.Module:
    with reproducible(seed=1):
        return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def gradients(module: nn.Module) -> None:
    with reproducible(seed=2):
        (module(torch.randn(8, 3)) ** 2).mean().backward()


def test_momentum_is_pytorchs_nesterov() -> None:
    ours, theirs = net(), net()
    optimiser = Optimiser(ours, (0.9, 0.999), kind="sgd", momentum=0.8)
    reference = torch.optim.SGD(
        theirs.parameters(), lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.01
    )
    for _ in range(4):
        for module in (ours, theirs):
            gradients(module)
        optimiser.step(0.1, 0.01)
        reference.step()
        reference.zero_grad()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_an_unknown_optimiser_is_refused() -> None:
    with pytest.raises(OptionError, match="did you mean 'adamw'"):
        Optimiser(net(), (0.9, 0.999), kind="adam")


def test_penalties_are_the_gradients_of_l1_and_l2() -> None:
    plain, penalised = net(), net()
    for module in (plain, penalised):
        gradients(module)
    weight, slope = penalised[0].weight.clone(), plain[0].weight.grad.clone()
    free = Optimiser(plain, (0.9, 0.999), kind="sgd", momentum=0.0)
    bound = Optimiser(penalised, (0.9, 0.999), kind="sgd", momentum=0.0, penalties=(0.1, 0.2))
    free.step(1.0, 0.0)
    bound.step(1.0, 0.0)
    expected = weight - slope - 0.1 * weight.sign() - 0.2 * weight
    torch.testing.assert_close(penalised[0].weight, expected)
    torch.testing.assert_close(penalised[0].bias, plain[0].bias)


def test_l1_makes_useless_weights_vanish_and_l2_only_small() -> None:
    with reproducible(seed=0):
        x = torch.randn(200, 6)
    data = Examples((x,), x[:, 0])
    found = {}
    for penalties in ((0.05, 0.0), (0.0, 0.1)):
        with reproducible(seed=3):
            module = nn.Linear(6, 1)
        course = Course(
            epochs=60, batch=50, rate=0.05, optimiser="sgd", schedule="linear", penalties=penalties
        )
        train(module, data, squared_error, course, budget=Budget(), seed=0)
        found[penalties] = module.weight.detach().abs().flatten()
    assert found[(0.05, 0.0)][1:].max() < 2e-3
    assert found[(0.05, 0.0)][0] > 0.9
    assert found[(0.0, 0.1)][0] < 0.97


@pytest.mark.parametrize("shape", [(8, 20), (20, 8), (12, 12)])
def test_orthogonal_matrices_keep_their_directions(shape: tuple[int, int]) -> None:
    with reproducible(seed=0):
        matrix = torch.randn(*shape)
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    found = orthogonal(matrix, 5)
    inner = u.T @ found @ v.T
    assert (inner.diagonal() > 0.5).all()
    assert (inner - inner.diagonal().diag()).abs().max() < 0.05
    assert s.max() / s.min() > inner.diagonal().max() / inner.diagonal().min()


def test_muon_keeps_the_norm_of_weights() -> None:
    with reproducible(seed=0):
        weight = nn.Parameter(torch.randn(6, 3, 3, 3))
        weight.grad = torch.randn(6, 3, 3, 3)
    Muon([weight], 0.6).step(0.01)
    assert abs(float(weight.detach().norm()) - 6**0.5) < 0.1


def test_muon_takes_filters_and_momentum_the_rest() -> None:
    with reproducible(seed=0):
        module = QuickNet(QuickForm(1, 8, 8, 3, (4, 6)))
        data = torch.rand(4, 1, 8, 8) * 255
    before = {name: value.clone() for name, value in module.named_parameters()}
    optimiser = Optimiser(module, (0.9, 0.999), kind="muon", momentum=0.6)
    cross_entropy(module(data), torch.tensor([0, 1, 2, 0])).mean().backward()
    optimiser.step(0.1, 1.0)
    moved = {n for n, v in module.named_parameters() if not torch.equal(v, before[n])}
    still = {n for n in before if n not in moved}
    assert still == {"whiten.weight", *(n for n in before if n.startswith("groups") and
                                        before[n].ndim == 1 and n.endswith("weight"))}  # fmt: skip
    assert len([name for name in optimiser.tensors() if name.startswith("muon")]) == 4


def test_muon_learns_faster_than_momentum_here() -> None:
    with reproducible(seed=0):
        codes = torch.randint(0, 3, (240,))
        patterns = torch.rand(3, 1, 8, 8) * 255
        pixels = (patterns[codes] + 60 * torch.randn(240, 1, 8, 8)).clamp(0, 255)
        module = QuickNet(QuickForm(1, 8, 8, 3, (8, 12)))
    module.suit(pixels)
    course = Course(
        epochs=4, batch=40, rate=0.05, optimiser="muon", momentum=0.6, schedule="linear", decay=1.0
    )
    data = Examples((pixels,), codes)
    train(module, data, cross_entropy, course, budget=Budget(), seed=0)
    with torch.no_grad():
        right = (module(pixels).argmax(dim=1) == codes).float().mean()
    assert right > 0.95


def test_the_finder_stays_below_the_rate_that_bursts() -> None:
    with reproducible(seed=0):
        x = torch.randn(200, 3)
    data = Examples((x,), x @ torch.tensor([1.0, -2.0, 3.0]))
    module = nn.Linear(3, 1)
    before = module.weight.clone()
    found = find_rate(
        module, data, squared_error, Course(epochs=1, batch=20, rate=1, optimiser="sgd")
    )
    assert torch.equal(module.weight, before)
    assert found.rates == tuple(sorted(found.rates))
    assert len(found.rates) == len(found.losses) < 100
    assert found.losses[-1] > 4 * min(found.losses)
    assert 1e-3 < found.rate < found.rates[-1] / 3


Setting = tuple[int, bool, bool]
SETTINGS = [*itertools.product((1, 2), (False, True), (False, True))]


class World:
    """Time passes as each setting says, and slower while a neighbour takes a core."""

    def __init__(
        self, seconds: Mapping[Setting, float], held_up: Sequence[tuple[float, float]] = ()
    ) -> None:
        self.now, self.seconds, self.held_up = 0.0, seconds, held_up

    def __call__(self) -> float:
        return self.now

    def step(self, setting: Setting) -> float:
        took = self.seconds[setting]
        if any(begin <= self.now % 1.0 < end for begin, end in self.held_up):
            took *= 2 if setting[0] == 1 else 15
        self.now += took
        return took


def calibrated(monkeypatch: pytest.MonkeyPatch, world: World, **options: float) -> Machine:
    monkeypatch.setattr(machine._Trial, "step", world.step)
    monkeypatch.setattr(machine, "multiplies_short", lambda: True)
    data = Examples((torch.zeros(64, 1, 8, 8),), torch.zeros(64, dtype=torch.int64))
    module = QuickNet(QuickForm(1, 8, 8, 3, (4,)))
    return calibrate(module, data, cross_entropy, threads=2, clock=world, **options)


@pytest.mark.parametrize("best", SETTINGS, ids=str)
def test_the_calibration_takes_the_fastest_of_all_settings(
    monkeypatch: pytest.MonkeyPatch, best: Setting
) -> None:
    world = World({setting: 0.003 if setting == best else 0.009 for setting in SETTINGS})
    found = calibrated(monkeypatch, world)
    assert (found.threads, found.bfloat16, found.channels_last) == best
    gain = "as fast as" if best == (2, False, False) else "3.0 times"
    assert gain in str(found)
    assert found.rows_a_second == pytest.approx(64 / 0.003)


# 16 bits and channels last are three times as fast, and two threads 1.7 times one.
USUAL = {
    (threads, short, last): 0.012 / (3 if short and last else 1) / (1.7 if threads == 2 else 1)
    for threads, short, last in SETTINGS
}


@pytest.mark.parametrize("seed", range(40))
def test_a_neighbour_that_comes_and_goes_decides_nothing(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    begins = rng.uniform(0, 1, 3)
    world = World(USUAL, [(begin, begin + rng.uniform(0.02, 0.15)) for begin in begins.tolist()])
    world.now = rng.uniform(0, 1)
    found = calibrated(monkeypatch, world)
    assert found.bfloat16
    assert found.channels_last
    assert found.seconds < 1.0


def test_two_threads_that_are_held_up_all_the_time_cost_no_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(USUAL, [(0.0, 1.0)])
    found = calibrated(monkeypatch, world)
    assert (found.threads, found.bfloat16, found.channels_last) == (1, True, True)
    assert found.seconds < 1.0


@pytest.mark.parametrize("slower", [1, 10, 100])
def test_a_slow_machine_takes_no_longer(monkeypatch: pytest.MonkeyPatch, slower: int) -> None:
    world = World({setting: slower * took for setting, took in USUAL.items()})
    found = calibrated(monkeypatch, world)
    assert found.seconds < 1.0 + 3 * slower * 0.012
    assert found.bfloat16 or slower == 100


def test_a_gain_that_may_be_chance_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World({setting: 0.0100 - 0.0004 * setting[1] for setting in SETTINGS})
    found = calibrated(monkeypatch, world)
    assert (found.threads, found.bfloat16, found.channels_last) == (2, False, False)


def test_a_calibration_without_time_is_the_safe_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    found = calibrated(monkeypatch, World(dict.fromkeys(SETTINGS, 1.0)))
    assert (found.threads, found.bfloat16) == (1, False)
    assert "plain" not in str(found)


def test_without_instructions_for_16_bits_they_are_not_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "multiplies_short", lambda: False)
    assert not any(short for _, short, _ in machine._settings(2, filters=True))


def test_calibrating_leaves_net_and_generator_alone() -> None:
    with reproducible(seed=0):
        module = net()
        before = [value.clone() for value in module.state_dict().values()]
        state = torch.get_rng_state()
        data = Examples((torch.randn(40, 3),), torch.zeros(40))
        state = torch.get_rng_state()
        calibrate(module, data, squared_error, threads=1, seconds=0.05)
        assert torch.equal(torch.get_rng_state(), state)
    for one, other in zip(before, module.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_a_machine_brings_filters_into_its_format() -> None:
    module = QuickNet(QuickForm(1, 8, 8, 3, (4,)))
    Machine(1, channels_last=True).suit(module)
    weight = module.groups[0].weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    data = Examples((torch.zeros(40, 1, 8, 8),), torch.zeros(40, dtype=torch.int64))
    assert measure(module, data, cross_entropy, Machine(1, channels_last=True)) > 0


def test_moments_come_back_in_the_memory_format_of_their_weights() -> None:
    with reproducible(seed=0):
        first = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        x = torch.randn(2, 3, 5, 5)
    other = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    left = Optimiser(first, (0.9, 0.99))
    for step in range(3):
        if step == 2:
            other.load_state_dict(first.state_dict())
            taken = Optimiser(other, (0.9, 0.99))
            taken.remember({name: v.clone().contiguous() for name, v in left.tensors().items()})
        first(x).square().mean().backward()
        left.step(rate=0.1, decay=0.0)
    other(x).square().mean().backward()
    taken.step(rate=0.1, decay=0.0)
    assert torch.equal(first.weight, other.weight)


def test_a_calibration_times_steps_of_the_batch_that_is_learned_from() -> None:
    rows = Examples((torch.ones(300, 4),), torch.zeros(300))
    seen = set()

    def loss(answers: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        seen.add(len(targets))
        return squared_error(answers, targets)

    for batch, most in ((200, 200), (1_000, 300)):
        seen.clear()
        calibrate(nn.Linear(4, 1), rows, loss, threads=1, batch=batch, seconds=0.05)
        assert max(seen) == most


def test_rates_to_look_at_rise() -> None:
    course = Course(epochs=1, batch=4, rate=1)
    rows = Examples((torch.zeros(8, 1),), torch.zeros(8))
    with pytest.raises(OptionError, match="rates between"):
        find_rate(nn.Linear(1, 1), rows, squared_error, course, between=(1.0, 0.1))
