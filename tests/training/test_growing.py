"""Images that are small at first: their sizes, what they cost, and a net that learns from them."""

from __future__ import annotations

import time

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modelwright.core.budget import Budget  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.nets.quick import QuickForm, QuickNet  # noqa: E402
from modelwright.training.batches import Examples  # noqa: E402
from modelwright.training.course import Course  # noqa: E402
from modelwright.training.growing import Growing  # noqa: E402
from modelwright.training.loop import Training  # noqa: E402
from modelwright.training.losses import cross_entropy  # noqa: E402
from modelwright.training.pace import StepPace  # noqa: E402

GROWING = Growing(((0.3, 0.5), (0.6, 0.75)))


def test_images_have_the_size_of_their_stage() -> None:
    x = torch.randint(0, 256, (2, 3, 32, 20), dtype=torch.uint8)
    for t, size in ((0.0, (16, 10)), (0.29, (16, 10)), (0.3, (24, 15)), (0.6, (32, 20))):
        assert tuple(GROWING.small(x, t).shape) == (2, 3, *size)
    assert GROWING.small(x, 1.0) is x


@pytest.mark.parametrize("size", [(10, 7), (12, 9)])
def test_small_images_are_means_of_what_they_cover(size: tuple[int, int]) -> None:
    with reproducible(seed=0):
        x = torch.randint(0, 256, (3, 2, *size), dtype=torch.uint8)
    small = Growing(((1.0, 0.75),)).small(x, 0.0)
    rows, columns = small.shape[2:]
    # each pixel cut into as many as there are new ones a side, and taken together again
    fine = x.float().repeat_interleave(rows, 2).repeat_interleave(columns, 3)
    torch.testing.assert_close(small, nn.functional.avg_pool2d(fine, size), rtol=1e-4, atol=1e-3)


@given(st.floats(0, 1), st.floats(0, 1))
def test_work_is_the_integral_of_what_images_cost(t: float, later: float) -> None:
    low, high = min(t, later), max(t, later)
    done = GROWING.work(high) - GROWING.work(low)
    sides = [GROWING.side(low + (high - low) * (i + 0.5) / 500) for i in range(500)]
    assert done == pytest.approx((high - low) * sum(s**2 for s in sides) / 500, abs=2e-3)
    assert 0.0 <= done <= high - low + 1e-12


def test_a_net_is_shown_small_images_first_and_whole_ones_last() -> None:
    seen = []

    class Watching(QuickNet):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            seen.append(tuple(pixels.shape[2:]))
            return super().forward(pixels)

    with reproducible(seed=0):
        net = Watching(QuickForm(1, 12, 12, 3, (4, 6)))
        rows = Examples(
            (torch.randint(0, 256, (40, 1, 12, 12), dtype=torch.uint8),), torch.arange(40) % 3
        )
    course = Course(epochs=5, batch=20, rate=0.05, optimiser="muon", momentum=0.6, growing=GROWING)
    training = Training(net, rows, cross_entropy, course)
    training.run(StepPace(5, Budget()))
    assert seen == [(6, 6)] * 3 + [(9, 9)] * 3 + [(12, 12)] * 4


@pytest.mark.long
@pytest.mark.parametrize("done", [0.0, 4.0])
def test_a_pace_expects_that_small_images_cost_less(
    monkeypatch: pytest.MonkeyPatch, done: float
) -> None:
    """Steps take what their images cost: the schedule comes to its end when the time does."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = StepPace(100.0, Budget.seconds(10.0), 0.5, done, GROWING.work)
    planned, steps = pace.total, 40
    place = done * steps
    while pace.goes_on(place / steps):
        now[0] += 0.5 * GROWING.side(place / steps / pace.total) ** 2 / steps
        place += 1
    assert 9.9 < now[0] <= 10.1
    assert pace.total == pytest.approx(planned, rel=0.03)
    if not done:
        assert planned == pytest.approx(20 / GROWING.work(1.0), rel=1e-6)
    else:  # of 4 epochs that are done, nothing has to be paid
        even = StepPace(100.0, Budget.seconds(10.0), 0.5, done)
        assert pace.total > even.total


@pytest.mark.long
def test_a_pace_that_guesses_costs_wrong_still_ends_with_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = StepPace(100.0, Budget.seconds(10.0), 0.0, 0.0, GROWING.work)
    place = 0
    while pace.goes_on(place / 40):
        share = place / 40 / pace.total
        now[0] += (0.3 + 0.7 * GROWING.side(share) ** 2) / 80  # a part costs the same for all
        place += 1
    assert 9.9 < now[0] <= 10.2


@pytest.mark.long
def test_a_net_that_grew_knows_whole_images() -> None:
    with reproducible(seed=0):
        codes = torch.arange(240) % 2
        pixels = torch.randint(0, 90, (240, 1, 12, 12), dtype=torch.uint8)
        places = torch.randint(2, 9, (240,)).tolist()
        for i, (place, code) in enumerate(zip(places, codes.tolist(), strict=True)):
            if code:
                pixels[i, 0, :, place : place + 2] = 230
            else:
                pixels[i, 0, place : place + 2] = 230
        net = QuickNet(QuickForm(1, 12, 12, 2, (8, 12)))
    net.suit(pixels[:200])
    course = Course(epochs=8, batch=40, rate=0.05, optimiser="muon", momentum=0.6,
                    schedule="linear", decay=1.0, growing=GROWING)  # fmt: skip
    rows = Examples((pixels[:200],), codes[:200])
    Training(net, rows, cross_entropy, course).run(StepPace(8, Budget()))
    with torch.no_grad():
        right = (net(pixels[200:]).argmax(dim=1) == codes[200:]).float().mean()
    assert right > 0.9
