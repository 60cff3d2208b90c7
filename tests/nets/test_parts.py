"""Activations, linear layers, dropout, squeeze-excite, residual blocks, first weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.errors import OptionError  # noqa: E402
from modelwright.nets.init import (  # noqa: E402
    FAMILIES,
    draw,
    draw_heads,
    gain,
    initialise,
    start_at_prior,
)
from modelwright.nets.layers.activations import (  # noqa: E402
    ACTIVATIONS,
    FORMULAS,
    traits,
)
from modelwright.nets.layers.dense import Dense  # noqa: E402
from modelwright.nets.layers.dropping import (  # noqa: E402
    Dropout,
    DropPath,
    dropout_penalty,
)
from modelwright.nets.layers.excite import SqueezeExcite  # noqa: E402
from modelwright.nets.layers.residual import BasicBlock, BottleneckBlock  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402


@pytest.fixture(autouse=True)
def seeded() -> object:
    with reproducible(seed=1):
        yield


# --- activations --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_its_formula(name: str) -> None:
    x = torch.linspace(-9, 9, 101, dtype=torch.float64, requires_grad=True)
    quick, plain = ACTIVATIONS[name](x), FORMULAS[name](x)
    torch.testing.assert_close(quick, plain)
    slopes = [torch.autograd.grad(form.sum(), x)[0] for form in (quick, plain)]
    away = x.detach().abs() > 1e-9  # at a corner either side is right
    torch.testing.assert_close(slopes[0][away], slopes[1][away])


def test_traits_are_those_of_the_books() -> None:
    assert set(FORMULAS) == set(ACTIVATIONS)
    assert traits("identity").linear
    assert [name for name in ACTIVATIONS if traits(name).linear] == ["identity"]
    assert traits("sigmoid").steepest == 0.25
    assert traits("tanh").steepest == 1.0
    assert (round(traits("tanh").low, 3), round(traits("tanh").high, 3)) == (-1.0, 1.0)
    assert {name for name in ACTIVATIONS if not traits(name).smooth} == {
        "relu", "leaky_relu", "selu",
    }  # fmt: skip
    assert {name for name in ACTIVATIONS if not traits(name).monotone} == {"gelu", "silu", "mish"}
    assert traits("relu").high == math.inf
    flat = {name for name in ACTIVATIONS if traits(name).flat_below and traits(name).flat_above}
    assert flat == {"sigmoid", "tanh"}
    assert traits("relu").complaints == ()
    assert len(traits("sigmoid").complaints) == 3
    assert "linear map" in traits("identity").complaints[0]


def test_without_a_bend_many_layers_are_one() -> None:
    net = nn.Sequential(Dense(3, 5), Dense(5, 4), Dense(4, 2)).double()
    x = torch.randn(6, 3, dtype=torch.float64)
    zero = net(torch.zeros(1, 3, dtype=torch.float64))
    one = net(torch.eye(3, dtype=torch.float64)) - zero
    torch.testing.assert_close(net(x), x @ one + zero)


# --- linear, dropout ----------------------------------------------------------------------------


def test_a_linear_layer_is_that_of_pytorch() -> None:
    layer = Dense(3, 4).double()
    x = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(layer.written_out(x), layer(x))
    assert torch.autograd.gradcheck(layer.written_out, (x,))
    assert Dense(3, 4, bias=False).double().written_out(x).shape == (2, 5, 4)


def test_dropout_written_out_draws_what_pytorch_draws() -> None:
    layer, x = Dropout(0.3), torch.randn(50, 20)
    with reproducible(seed=5):
        quick = layer(x)
    with reproducible(seed=5):
        torch.testing.assert_close(layer.written_out(x), quick)
    assert layer.eval().written_out(x) is x
    assert abs(Dropout(0.3)(torch.ones(10_000)).mean().item() - 1.0) < 0.03


def test_a_path_is_dropped_whole_and_its_mean_kept() -> None:
    y = DropPath(0.25)(torch.ones(4000, 3))
    assert {round(value, 4) for value in y.unique().tolist()} == {0.0, 1.3333}
    assert bool((y == y[:, :1]).all())
    assert abs(y.mean().item() - 1.0) < 0.05
    x = torch.ones(3)
    assert DropPath(0.5).eval()(x) is x
    with pytest.raises(OptionError, match="below 1"):
        DropPath(1.0)


def test_dropout_of_inputs_is_l2_on_average() -> None:
    x = torch.randn(40, 3, dtype=torch.float64) * torch.tensor([1.0, 3.0, 0.3])
    weight, answers = torch.tensor([1.0, -0.5, 2.0], dtype=torch.float64), torch.randn(40)
    p, draws = 0.4, 20_000
    masks = (torch.rand(draws, 40, 3) >= p).double() / (1 - p)
    errors = ((answers - (masks * x) @ weight) ** 2).sum(dim=1)
    plain = ((answers - x @ weight) ** 2).sum()
    wanted = plain + dropout_penalty(x, weight, p)
    error = float(errors.std() / draws**0.5)
    assert abs(float(errors.mean() - wanted)) < 4 * error
    assert abs(float(errors.mean() - plain)) > 40 * error  # the penalty is what makes it true


# --- blocks -------------------------------------------------------------------------------------


def test_squeeze_excite_is_its_formula() -> None:
    layer = SqueezeExcite(4, 2).double()
    x = torch.randn(3, 4, 5, 5, dtype=torch.float64, requires_grad=True)
    squeezed = x.mean(dim=(2, 3))
    inside = squeezed @ layer.conv_reduce.weight[:, :, 0, 0].T + layer.conv_reduce.bias
    inside = inside * torch.sigmoid(inside)
    factor = torch.sigmoid(inside @ layer.conv_expand.weight[:, :, 0, 0].T + layer.conv_expand.bias)
    torch.testing.assert_close(layer(x), x * factor[:, :, None, None])
    assert torch.autograd.gradcheck(layer, (x,))


@pytest.mark.parametrize("kind", [BasicBlock, BottleneckBlock])
def test_a_block_begins_as_the_identity(kind: type[BasicBlock]) -> None:
    wide = 4 * kind.expansion
    x = torch.rand(2, wide, 6, 6)
    block = kind(wide, 4)
    assert block.downsample is None
    torch.testing.assert_close(block(x), x)
    other = kind(wide, 4, zero_last=False)
    assert not torch.allclose(other(x), x, atol=0.1)
    (slope,) = torch.autograd.grad(block(x).sum(), block.conv1.weight, retain_graph=True)
    assert slope.abs().max() == 0  # at first only the last scale learns
    last = block.bn3 if kind is BottleneckBlock else block.bn2
    (slope,) = torch.autograd.grad(block(x).sum(), last.weight)
    assert slope.abs().max() > 0


def test_a_block_that_changes_the_shape_has_a_way_past() -> None:
    for kind in (BasicBlock, BottleneckBlock):
        block = kind(6, 4, stride=2)
        assert block(torch.randn(2, 6, 8, 8)).shape == (2, 4 * kind.expansion, 4, 4)
        assert [*block.downsample.state_dict()][:2] == ["0.weight", "1.weight"]
    plain = BasicBlock(3, 3, norm="none")
    assert plain.conv1.bias is not None
    assert isinstance(plain.bn1, nn.Identity)


def test_gradients_of_blocks() -> None:
    x = torch.randn(2, 4, 4, 4, dtype=torch.float64, requires_grad=True)
    block = BasicBlock(4, 4, norm="group", zero_last=False).double()
    assert torch.autograd.gradcheck(block, (x,))


# --- first weights ------------------------------------------------------------------------------

NEED_SQUARE = {"eye": (5, 5), "sparse": (20, 10), "dirac": (4, 4, 3, 3)}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_draws_and_stays_in_place(family: str) -> None:
    weight = torch.full(NEED_SQUARE.get(family, (6, 4, 3, 3)), torch.nan)
    assert draw(weight, family, size=0.5) is weight
    assert torch.isfinite(weight).all()


@pytest.mark.parametrize(
    ("family", "reference"),
    [
        ("xavier_uniform", nn.init.xavier_uniform_),
        ("xavier_normal", nn.init.xavier_normal_),
        ("kaiming_normal", lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu")),
        ("kaiming_uniform", lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu")),
        ("orthogonal", nn.init.orthogonal_),
    ],
)
def test_families_are_those_of_pytorch(family: str, reference: object) -> None:
    size = math.sqrt(2.0) if family.startswith("kaiming") else 1.0
    with reproducible(seed=3):
        ours = draw(torch.empty(8, 6, 3, 3), family, size=size)
    with reproducible(seed=3):
        theirs = reference(torch.empty(8, 6, 3, 3))
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu", "selu", "silu", "leaky_relu"])
def test_the_gain_keeps_the_size_of_a_signal_over_twenty_layers(name: str) -> None:
    """The mean square of a layer is within a factor of 2 of the one before it."""
    x = torch.randn(256, 256)
    for _ in range(20):
        before = x.square().mean()
        weight = draw(torch.empty(256, 256), "kaiming_normal", size=gain(name))
        x = ACTIVATIONS[name](x) @ weight.T
        assert 0.5 < x.square().mean() / before < 2.0, name
    if name in ("relu", "leaky_relu", "tanh", "selu"):  # others drift once they have left size 1
        assert 0.25 < x.square().mean() < 4.0, name


def test_a_wrong_gain_loses_the_signal() -> None:
    x = torch.randn(256, 256)
    for _ in range(20):
        x = torch.relu(x) @ draw(torch.empty(256, 256), "kaiming_normal", size=1.0).T
    assert x.square().mean() < 1e-4  # a half a layer


def test_fan_out_keeps_the_size_of_gradients() -> None:
    net = nn.Sequential(nn.Linear(100, 400), nn.Linear(400, 50))
    initialise(net, size=1.0, mode="fan_out")
    x = torch.randn(500, 100, requires_grad=True)
    y = net(x)
    (slope,) = torch.autograd.grad(y, x, torch.randn_like(y))
    assert 0.7 < slope.square().mean() < 1.4


def test_a_net_is_initialised_and_its_norms_left_alone() -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8, 2))
    with torch.no_grad():
        net[1].weight.fill_(3.0)
    initialise(net, "constant", size=0.5)
    assert net[0].weight.unique().tolist() == [0.5]
    assert net[3].bias.tolist() == [0.0, 0.0]
    assert net[1].weight.unique().tolist() == [3.0]


def test_families_that_are_not_there_are_refused() -> None:
    with pytest.raises(OptionError, match="did you mean 'kaiming_normal'"):
        draw(torch.empty(2, 2), "kaiming_norml")
    with pytest.raises(OptionError, match="fan_in"):
        draw(torch.empty(2, 2), "kaiming_normal", mode="fan_avg")
    with pytest.raises(OptionError, match="divides 9"):
        draw_heads(torch.empty(9, 3), 2)
    with pytest.raises(OptionError, match="an activation"):
        gain("step")


@given(st.lists(st.integers(1, 50), min_size=2, max_size=5))
def test_a_net_that_starts_at_the_prior_has_the_loss_of_the_entropy(counts: list[int]) -> None:
    prior = np.array(counts) / sum(counts)
    head = start_at_prior(nn.Linear(4, len(counts)), prior)
    y = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    loss = nn.functional.cross_entropy(head(torch.randn(len(y), 4)), y)
    assert loss.item() == pytest.approx(-(prior * np.log(prior)).sum(), abs=1e-5)


def test_a_prior_that_cannot_be_is_refused() -> None:
    with pytest.raises(OptionError, match="sum 1"):
        start_at_prior(nn.Linear(4, 2), np.array([1.0, 1.0]))
    with pytest.raises(OptionError, match="2 numbers"):
        start_at_prior(nn.Linear(4, 2), np.array([1.0]))
    assert start_at_prior(nn.Linear(4, 1), np.array([7.5])).bias.item() == 7.5
