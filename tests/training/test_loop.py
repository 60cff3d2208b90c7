"""The loop: exact epochs, equal bits, weights, time, and a reference written out by hand."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.budget import Budget  # noqa: E402
from modelwright.core.errors import FitError, OptionError  # noqa: E402
from modelwright.nets.layers import NTKLinear, Scale  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.training.batches import Examples  # noqa: E402
from modelwright.training.course import Course  # noqa: E402
from modelwright.training.loop import Epoch, train  # noqa: E402
from modelwright.training.losses import cross_entropy, squared_error  # noqa: E402
from modelwright.training.optimiser import Optimiser  # noqa: E402
from modelwright.training.schedules import coslog4, flat_cos  # noqa: E402

COURSE = Course(epochs=5, batch=16, rate=0.05, betas=(0.9, 0.95), schedule="coslog4")


def rows(count: int = 50) -> Examples:
    with reproducible(seed=0):
        x = torch.randn(count, 3)
    return Examples((x,), x[:, 0] - 2 * x[:, 1])


def net() -> nn.Module:
    with reproducible(seed=1):
        return nn.Sequential(Scale(3), NTKLinear(3, 8), nn.Tanh(), nn.Dropout(0.0), NTKLinear(8, 1))


def state(module: nn.Module) -> list[list[float]]:
    return [parameter.flatten().tolist() for parameter in module.parameters()]


def trained(course: Course = COURSE, examples: Examples | None = None, seed: int = 3) -> nn.Module:
    module = net()
    train(module, examples or rows(), squared_error, course, budget=Budget(), seed=seed)
    return module


def test_equal_seeds_give_equal_bits_and_others_do_not() -> None:
    course = Course(epochs=5, batch=16, rate=0.05, dropout=0.3)
    assert state(trained(course)) == state(trained(course))
    assert state(trained(course)) != state(trained(course, seed=4))


def test_a_deadline_that_is_far_away_changes_no_bit() -> None:
    module = net()
    done = train(module, rows(), squared_error, COURSE, budget=Budget.seconds(1e6), seed=3)
    assert done == 5
    assert state(module) == state(trained())


def test_the_loop_is_the_one_written_out_by_hand() -> None:
    course = Course(
        epochs=3, batch=20, rate=0.05, betas=(0.9, 0.95), decay=0.1, schedule="coslog4",
        fading="flat_cos",
    )  # fmt: skip
    found, module, data = trained(course), net(), rows()
    groups = [
        {"params": [module[0].factor], "lr": 6.0, "weight_decay": 1.0},
        {"params": [module[1].weight, module[4].weight], "lr": 1.0, "weight_decay": 1.0},
        {"params": [module[1].bias, module[4].bias], "lr": 0.1, "weight_decay": 0.0},
    ]
    factors = [(group["lr"], group["weight_decay"]) for group in groups]
    adam = torch.optim.AdamW(groups, betas=(0.9, 0.95))
    with reproducible(seed=3):
        for epoch in range(3):
            order = torch.randperm(50)
            for step, index in enumerate((order[:17], order[17:34], order[34:])):
                t = (epoch + step / 3) / 3
                for group, (rate, decay) in zip(adam.param_groups, factors, strict=True):
                    group["lr"] = 0.05 * rate * coslog4(t)
                    group["weight_decay"] = 0.1 * decay * flat_cos(t)
                adam.zero_grad()
                out = module(data.inputs[0][index])[:, 0]
                ((out - data.targets[index]) ** 2).mean().backward()
                adam.step()
    for left, right in zip(found.parameters(), module.parameters(), strict=True):
        torch.testing.assert_close(left, right, atol=1e-5, rtol=1e-4)


def test_told_epochs_are_done_and_each_is_told() -> None:
    seen: list[Epoch] = []
    done = train(
        net(), rows(), squared_error, COURSE, budget=Budget(units=3), seed=0,
        watch=lambda epoch: not seen.append(epoch),
    )  # fmt: skip
    assert done == 3
    assert [(epoch.done, epoch.total) for epoch in seen] == [(1, 3), (2, 3), (3, 3)]
    assert seen[-1].loss > 0


def test_whoever_watches_may_end_it() -> None:
    done = train(
        net(), rows(), squared_error, COURSE, budget=Budget(), seed=0,
        watch=lambda epoch: epoch.done < 2,
    )  # fmt: skip
    assert done == 2


def test_a_row_of_weight_two_counts_like_two() -> None:
    course = Course(epochs=1, batch=100, rate=0.01)
    data = rows(10)
    twice = torch.cat([torch.arange(10), torch.arange(5)])
    weight = torch.tensor([2.0] * 5 + [1.0] * 5)
    heavy = Examples(data.inputs, data.targets, weight / weight.mean())
    left, right = trained(course, heavy), trained(course, data.at(twice))
    for one, other in zip(left.parameters(), right.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_it_ends_in_time_with_a_schedule_that_came_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]

    def slow(answers: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        now[0] += 0.25  # a step takes so long: four of them are an epoch
        return squared_error(answers, targets)

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    seen: list[Epoch] = []
    course = Course(epochs=1_000_000, batch=16, rate=0.05, schedule="coslog4")
    budget = Budget.seconds(30.0)
    done = train(
        net(), rows(), slow, course, budget=budget, seed=0,
        watch=lambda epoch: not seen.append(epoch),
    )  # fmt: skip
    assert [(epoch.done, epoch.total) for epoch in seen] == [(i + 1, 24) for i in range(24)]
    assert done == 24
    assert 0 < budget.left < 6


def test_a_loss_that_is_no_number_is_said() -> None:
    data = rows()
    broken = Examples(data.inputs, data.targets * float("inf"))
    with pytest.raises(FitError, match="no number in epoch 1"):
        train(net(), broken, squared_error, COURSE, budget=Budget(), seed=0)


def test_bfloat16_comes_close() -> None:
    course = Course(epochs=30, batch=16, rate=0.02, schedule="cosine")
    short = Course(epochs=30, batch=16, rate=0.02, schedule="cosine", bfloat16=True)
    data = rows()
    exact, close = (trained(kind)(data.inputs[0])[:, 0] for kind in (course, short))
    assert 0 < (exact - close).abs().mean() < 0.1


def test_dropout_fades_and_is_off_when_watched() -> None:
    module, seen = net(), []
    course = Course(epochs=4, batch=50, rate=0.01, dropout=0.4, fading="flat_cos")

    def watch(epoch: Epoch) -> bool:
        seen.append((module[3].p, module.training))
        return True

    train(module, rows(), squared_error, course, budget=Budget(), seed=0, watch=watch)
    assert [p for p, _ in seen] == pytest.approx([0.4, 0.4, 0.4, 0.2])
    assert not any(training for _, training in seen)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_of_members_is_the_mean_of_theirs(smoothing: float) -> None:
    answers, targets = torch.randn(6, 4, 3), torch.randint(0, 3, (6,))
    each = [
        nn.functional.cross_entropy(
            answers[:, k], targets, reduction="none", label_smoothing=smoothing
        )
        for k in range(4)
    ]
    found = cross_entropy(answers, targets, smoothing)
    torch.testing.assert_close(found, torch.stack(each).mean(dim=0))
    one = cross_entropy(answers[:, 0], targets, smoothing)
    torch.testing.assert_close(one, each[0])


def test_squared_error_of_members_is_the_mean_of_theirs() -> None:
    answers, targets = torch.randn(6, 4, 1), torch.randn(6)
    wanted = ((answers[:, :, 0] - targets[:, None]) ** 2).mean(dim=1)
    torch.testing.assert_close(squared_error(answers, targets), wanted)


def test_gradients_are_clipped_together(monkeypatch: pytest.MonkeyPatch) -> None:
    module = nn.Linear(2, 1)
    optimiser, norms = Optimiser(module, (0.9, 0.999), clip=1.0), []

    def look() -> None:
        gradients = [parameter.grad.flatten() for parameter in module.parameters()]
        norms.append(torch.cat(gradients).norm().item())

    monkeypatch.setattr(optimiser._adam, "step", look)
    for size in (1000, 0.1):
        (size * module(torch.ones(1, 2))).sum().backward()
        optimiser.step(rate=0.1, decay=0.0)
    assert norms == pytest.approx([1.0, 0.1 * 3**0.5], rel=1e-4)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"schedule": "cosin"}, "did you mean 'cosine'"),
        ({"fading": "lineal"}, "did you mean 'linear'"),
        ({"optimiser": "adam"}, "did you mean 'adamw'"),
        ({"batch": 0}, "batch above 0; got 0"),
        ({"rate": math.nan}, "rate above 0; got nan"),
        ({"decay": -1.0}, "decay of 0 or more"),
        ({"penalties": (0.0, -1.0)}, "penalties of 0 or more"),
        ({"betas": (0.9, 1.0)}, "betas from 0 to less than 1"),
        ({"averaging": 1.5}, "averaging from 0 to less than 1"),
    ],
)
def test_a_course_that_means_nothing_is_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        replace(Course(epochs=1, batch=4, rate=0.1), **wrong)
