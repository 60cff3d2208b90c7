"""The quick net: shapes of any size, whitened patches, work counted right."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.nets import quick  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.nets.quick import QuickForm, QuickNet, whitening  # noqa: E402


@pytest.mark.parametrize(
    ("channels", "height", "width"),
    [(1, 28, 28), (3, 32, 32), (3, 20, 33), (1, 8, 8), (3, 96, 96), (1, 3, 3), (3, 64, 41)],
)
def test_images_of_any_size_give_an_answer_for_each_class(
    channels: int, height: int, width: int
) -> None:
    with reproducible(seed=0):
        net = QuickNet(QuickForm(channels, height, width, 5, (4, 6, 8)))
        pixels = torch.randint(0, 256, (6, channels, height, width), dtype=torch.uint8)
        net.suit(pixels)
        answers = net(pixels)
        assert answers.shape == (6, 5)
        assert torch.isfinite(answers).all()
        torch.testing.assert_close(net.eval()(pixels), net(pixels.float()))


def test_the_memory_format_changes_speed_only() -> None:
    with reproducible(seed=0):
        net = QuickNet(QuickForm(3, 16, 16, 4, (6, 8))).eval()
        pixels = torch.randint(0, 256, (4, 3, 16, 16), dtype=torch.uint8)
        plain = net(pixels)
        torch.testing.assert_close(net.to(memory_format=torch.channels_last)(pixels), plain)


@pytest.mark.parametrize("patch", [2, 3])
def test_whitened_answers_are_uncorrelated_and_of_variance_one(patch: int) -> None:
    with reproducible(seed=0):
        x = torch.randn(400, 2, 12, 12).cumsum(2).cumsum(3)
    x = (x - x.mean(dim=(0, 2, 3), keepdim=True)) / x.std(dim=(0, 2, 3), keepdim=True)
    answers = nn.functional.conv2d(x, whitening(x, patch)).transpose(0, 1).flatten(1)
    found = torch.cov(answers)
    # the constant in the denominator keeps the least of them below 1
    assert (found.diagonal()[:4] - 1).abs().max() < 0.1
    assert (found - found.diagonal().diag()).abs().max() < 0.02


def test_of_large_images_fewer_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    with reproducible(seed=0):
        one, other = (QuickNet(QuickForm(3, 24, 24, 4, (6, 8))) for _ in range(2))
        pixels = torch.randint(0, 256, (8, 3, 24, 24), dtype=torch.uint8)
    one.suit(pixels[[0, 5]])
    monkeypatch.setattr(quick, "_NUMBERS", 2 * pixels[0].numel())
    other.suit(pixels)
    assert torch.equal(one.whiten.weight, other.whiten.weight)


def test_whitening_filters_are_found_and_never_learned() -> None:
    with reproducible(seed=0):
        net = QuickNet(QuickForm(3, 16, 16, 4, (6, 8)))
        net.suit(torch.randint(0, 256, (50, 3, 16, 16), dtype=torch.uint8))
    assert not net.whiten.weight.requires_grad
    half = len(net.whiten.weight) // 2
    assert torch.equal(net.whiten.weight[:half], -net.whiten.weight[half:])


def test_the_bias_of_whitening_is_learned_at_first_only() -> None:
    with reproducible(seed=0):
        net = QuickNet(QuickForm(3, 16, 16, 4, (6, 8)))
        pixels = torch.randint(0, 256, (4, 3, 16, 16), dtype=torch.uint8)
    for t, learned in ((0.0, True), (0.9, False), (0.1, True)):
        net.settle(t)
        net.zero_grad()
        net(pixels).sum().backward()
        assert (net.whiten.bias.grad is not None) == learned
        assert net.groups[0].weight.grad is not None


@pytest.mark.parametrize("form", [QuickForm(3, 32, 32, 10), QuickForm(1, 28, 28, 10, (8, 16, 24))])
def test_work_is_what_a_counter_counts(form: QuickForm) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    net = QuickNet(form).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(2, form.channels, form.height, form.width))
    assert form.work == counter.get_total_flops() // 2


def test_a_form_comes_back_from_json_and_strange_ones_do_not() -> None:
    form = QuickForm(3, 32, 30, 10, (8, 16))
    assert QuickForm.from_json(form.to_json()) == form
    for change in ({"channels": 0}, {"height": 10**9}, {"widths": []}, {"widths": [10**9]}):
        with pytest.raises(ValueError, match="strange"):
            QuickForm.from_json({**form.to_json(), **change})


def test_a_net_that_has_learned_nothing_answers_with_the_shares_of_the_classes() -> None:
    with reproducible(seed=0):
        net = QuickNet(QuickForm(3, 16, 16, 2, (6, 8)))
        pixels = torch.randint(0, 256, (40, 3, 16, 16), dtype=torch.uint8)
        net.suit(pixels, [0.95, 0.05])
        said = net(pixels).detach().softmax(dim=1)
        assert (said.argmax(dim=1) == 0).all()
        assert said[:, 1].mean() == pytest.approx(0.05, abs=0.03)
        even = QuickNet(QuickForm(3, 16, 16, 2, (6, 8)))
        even.suit(pixels, [0.5, 0.5])
        assert not even.head.log_shares.any()
