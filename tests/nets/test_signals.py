"""Gradients seen to vanish and cured; the loss seen to be smooth or not."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.errors import OptionError  # noqa: E402
from modelwright.nets.init import initialise  # noqa: E402
from modelwright.nets.layers.activations import Activation  # noqa: E402
from modelwright.nets.layers.dense import Dense  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.nets.mlp import MLP  # noqa: E402
from modelwright.nets.resnet import resnet  # noqa: E402
from modelwright.nets.signals import signal_profile  # noqa: E402
from modelwright.nets.smoothness import smoothness  # noqa: E402


@pytest.fixture(autouse=True)
def seeded() -> object:
    with reproducible(seed=1):
        yield


def deep(activation: str, size: float | None) -> nn.Module:
    parts = [part for _ in range(20) for part in (Dense(64, 64), Activation(activation))]
    return initialise(nn.Sequential(*parts), size=size, activation=activation)


@pytest.mark.parametrize(
    ("activation", "size", "said"),
    [
        ("sigmoid", 1.0, "vanishes"),
        ("tanh", 0.5, "vanishes"),
        ("relu", 0.9, "vanishes"),
        ("relu", 3.0, "explodes"),
        ("relu", None, "reaches"),
        ("gelu", None, "reaches"),
    ],
)
def test_the_fate_of_a_gradient_is_told(activation: str, size: float | None, said: str) -> None:
    net = deep(activation, size)
    before = [value.grad for value in net.parameters()]
    profile = signal_profile(net, torch.randn(32, 64), lambda y: (y**2).mean())
    assert said in profile.verdict
    assert len(profile.signals) == 20
    assert ("cures:" in profile.verdict) == (said != "reaches")
    assert [value.grad for value in net.parameters()] == before


def test_a_norm_and_residual_branches_cure_it() -> None:
    for net, x in (
        (MLP(64, [64] * 20, classes=3, activation="tanh", norm="batch"), torch.randn(64, 64)),
        (resnet(32, classes=3, width=4, stem="cifar"), torch.randn(8, 3, 8, 8)),
    ):
        profile = signal_profile(net, x, lambda y: nn.functional.cross_entropy(y, y.argmin(1)))
        assert "reaches" in profile.verdict


def test_a_profile_is_what_autograd_says() -> None:
    net = nn.Sequential(Dense(3, 4), nn.Tanh(), Dense(4, 2)).double()
    x = torch.randn(5, 3, dtype=torch.float64)
    profile = signal_profile(net, x, lambda y: y.square().sum())
    y = net(x)
    assert profile.signals[1].spread == pytest.approx(y.std().item())
    assert profile.signals[1].gradient == pytest.approx((2 * y).square().mean().sqrt().item())
    assert [signal.name for signal in profile.signals] == ["0", "2"]


def test_a_net_without_layers_has_no_profile() -> None:
    with pytest.raises(OptionError, match="linear layers or convolutions; got ReLU"):
        signal_profile(nn.ReLU(), torch.randn(5, 3), torch.mean)


def test_a_parabola_bends_by_its_second_derivative() -> None:
    net = nn.Linear(3, 1, bias=False)
    curve = torch.tensor([1.0, 2.0, 5.0])
    found = smoothness(net, lambda net: (curve * net.weight**2).sum() / 2, [1e-3, 0.1])
    slope = (curve * net.weight.detach()).flatten()
    wanted = (curve * slope).norm() / slope.norm()
    assert found.bend == pytest.approx(wanted.item(), rel=1e-3)
    assert found.turn == pytest.approx(0.1 * wanted.item(), rel=1e-3)
    assert found.losses[0] < found.loss
    assert found.spread > 0
    for rates in ([], [0.0]):
        with pytest.raises(OptionError, match="above zero"):
            smoothness(net, lambda net: net.weight.sum(), rates)


def test_a_norm_smooths_the_loss() -> None:
    """Santurkar et al. 2018: with batch norm the gradient holds for longer along its own way."""
    x, y = torch.randn(128, 32) * 3, torch.arange(128) % 4
    turns = {}
    for norm in ("none", "batch"):
        with reproducible(seed=2):
            net = MLP(32, [64] * 8, classes=4, norm=norm)
        before = {key: value.clone() for key, value in net.state_dict().items()}
        found = smoothness(
            net, lambda net: nn.functional.cross_entropy(net(x), y), [0.01, 0.05, 0.2]
        )
        turns[norm] = found.bend
        for key, value in net.state_dict().items():
            assert torch.equal(value, before[key])
    assert turns["batch"] < turns["none"]
