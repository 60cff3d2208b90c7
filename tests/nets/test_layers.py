"""Layers: shapes, gradients, and the same numbers as their formula in NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.nets.layers import (  # noqa: E402
    Activation,
    CategoryEmbedding,
    MemberHead,
    MemberLinear,
    MemberScale,
    NTKLinear,
    PeriodicEmbedding,
    PiecewiseEmbedding,
    Scale,
)
from modelwright.nets.library import reproducible  # noqa: E402

LEFT = np.array([[-1.0, 0.0, 0.5], [-2.0, 1.0, 1e6]], np.float32)
WIDTH = np.array([[1.0, 0.5, 1.5], [3.0, 1.0, 1.0]], np.float32)


def piecewise() -> PiecewiseEmbedding:
    layer = PiecewiseEmbedding(torch.from_numpy(LEFT), torch.from_numpy(WIDTH), 4)
    torch.nn.init.normal_(layer.mix)
    return layer


def values(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().numpy().astype(np.float64)


@pytest.fixture(autouse=True)
def seeded() -> object:
    with reproducible(seed=1):
        yield


LAYERS: dict[str, tuple[Callable[[], torch.nn.Module], tuple[int, ...], tuple[int, ...]]] = {
    "scale": (lambda: Scale(3), (5, 3), (5, 3)),
    "ntk linear": (lambda: NTKLinear(3, 4), (5, 3), (5, 4)),
    "selu": (lambda: Activation("selu"), (5, 3), (5, 3)),
    "learned mish": (lambda: Activation("mish", 3), (5, 3), (5, 3)),
    "periodic": (lambda: PeriodicEmbedding(2, waves=6, width=4), (5, 2), (5, 8)),
    "piecewise": (piecewise, (5, 2), (5, 8)),
    "members' scale": (lambda: MemberScale(4, 3), (5, 3), (5, 4, 3)),
    "shared linear": (lambda: MemberLinear(4, 3, 2), (5, 4, 3), (5, 4, 2)),
    "members' linear": (lambda: MemberLinear(4, 3, 2, own=True), (5, 4, 3), (5, 4, 2)),
    "members' head": (lambda: MemberHead(4, 3, 2), (5, 4, 3), (5, 4, 2)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_shapes_and_gradients(name: str) -> None:
    make, inner, outer = LAYERS[name]
    layer = make().double()
    x = torch.randn(*inner, dtype=torch.float64, requires_grad=True)
    assert layer(x).shape == outer
    names = [name for name, _ in layer.named_parameters()]

    def called(x: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        given = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(layer, given, (x,))

    assert torch.autograd.gradcheck(called, (x, *layer.parameters()))


def test_factors_name_parameters_that_exist() -> None:
    for make, _, _ in LAYERS.values():
        layer = make()
        own = {name for name, _ in layer.named_parameters()}
        for factors in (getattr(layer, "rates", {}), getattr(layer, "decays", {})):
            assert set(factors) <= own | {"strength"}


def test_ntk_linear_is_its_formula() -> None:
    layer, x = NTKLinear(3, 4), torch.randn(6, 3)
    wanted = values(x) @ values(layer.weight) / math.sqrt(3) + values(layer.bias)
    np.testing.assert_allclose(values(layer(x)), wanted, atol=1e-6)
    assert not NTKLinear(3, 4, zero=True)(x).any()


def test_ntk_linear_keeps_the_size_of_its_inputs_whatever_its_width() -> None:
    for width in (10, 1000):
        y = NTKLinear(width, 2000)(torch.randn(50, width))
        assert 1.2 < y.std() < 1.6  # the weights give 1, the bias another 1


def test_a_suited_layer_has_outputs_of_unit_spread_that_bend_inside_the_rows() -> None:
    x = torch.randn(400, 5) * torch.tensor([1.0, 10.0, 0.1, 3.0, 0.0]) + 7.0
    layer = NTKLinear(5, 64)
    y = layer.suit(x)
    torch.testing.assert_close(layer(x), y, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(y.std(dim=0, correction=0), torch.ones(64), atol=1e-3, rtol=0)
    assert ((y.min(dim=0).values <= 0) & (y.max(dim=0).values >= 0)).all()


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("relu", lambda x: np.maximum(x, 0)),
        (
            "selu",
            lambda x: 1.05070098 * np.where(x > 0, x, 1.67326324 * (np.exp(x) - 1)),
        ),
        ("mish", lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    ],
)
def test_activations_are_their_formulas(
    name: str, formula: Callable[[np.ndarray], np.ndarray]
) -> None:
    x = torch.randn(50, 3) * 3
    np.testing.assert_allclose(values(Activation(name)(x)), formula(values(x)), atol=1e-6)
    learned = Activation(name, 3)
    torch.nn.init.uniform_(learned.strength, 0.0, 2.0)
    wanted = values(x) + values(learned.strength) * (formula(values(x)) - values(x))
    np.testing.assert_allclose(values(learned(x)), wanted, atol=1e-6)


def test_periodic_embedding_is_its_formula() -> None:
    layer, x = PeriodicEmbedding(2, waves=6, width=4), torch.randn(5, 2)
    out = values(layer(x)).reshape(5, 2, 4)
    for column in range(2):
        angle = 2 * np.pi * values(x)[:, [column]] * values(layer.frequency)[column]
        waves = np.cos(angle + values(layer.phase)[column])
        wanted = waves @ values(layer.mix)[column] + values(layer.offset)[column]
        np.testing.assert_allclose(out[:, column, 0], values(x)[:, column], atol=1e-6)
        np.testing.assert_allclose(out[:, column, 1:], wanted, atol=1e-5)


def test_piecewise_embedding_is_its_formula_and_flat_outside() -> None:
    layer = piecewise()
    x = np.array([[-9.0, 0.0], [-0.25, 2.0], [0.75, 9.0], [9.0, 99.0]])
    out = values(layer(torch.from_numpy(x).float())).reshape(4, 2, 4)
    for column in range(2):
        through = np.clip((x[:, [column]] - LEFT[column]) / WIDTH[column], 0, 1)
        wanted = through @ values(layer.mix)[column] + values(layer.offset)[column]
        wanted = wanted + x[:, [column]] * values(layer.slope)[column]
        np.testing.assert_allclose(out[:, column], wanted, atol=1e-4)
    assert np.clip((x[0, 0] - LEFT[0]) / WIDTH[0], 0, 1).tolist() == [0, 0, 0]


def test_category_embedding_looks_up_and_learns_only_what_was_seen() -> None:
    layer = CategoryEmbedding(5, 3)
    out = layer(torch.tensor([[0, 4], [0, 2]]))
    assert out.shape == (2, 6)
    torch.testing.assert_close(out[1, 3:], layer.table[2])
    out.sum().backward()
    assert layer.table.grad is not None
    assert layer.table.grad[:, 0].tolist() == [2.0, 0.0, 1.0, 0.0, 1.0]


def test_members_are_their_formulas() -> None:
    x, scale = torch.randn(5, 3), MemberScale(4, 3)
    linear, head = MemberLinear(4, 3, 2, own=True), MemberHead(4, 2, 1)
    for part in (linear.into, linear.out_of, linear.bias):
        torch.nn.init.normal_(part)
    hidden = linear(scale(x))
    out = values(head(hidden))
    for k in range(4):
        row = values(x) * values(scale.factor)[k] * values(linear.into)[k]
        wanted = row @ values(linear.weight) * values(linear.out_of)[k] + values(linear.bias)[k]
        np.testing.assert_allclose(values(hidden)[:, k], wanted, atol=1e-5)
        wanted = wanted @ values(head.weight)[k] + values(head.bias)[k]
        np.testing.assert_allclose(out[:, k], wanted, atol=1e-5)


def test_members_that_share_all_give_the_same_to_the_same() -> None:
    layer = MemberLinear(4, 3, 2)
    x = torch.randn(5, 1, 3).expand(5, 4, 3)
    out = layer(x)
    torch.testing.assert_close(out, out[:, :1].expand(5, 4, 2))
    assert set(MemberScale(4, 3, signs=True).factor.unique().tolist()) <= {-1.0, 1.0}


def test_seeds_and_threads_are_put_back() -> None:
    torch.manual_seed(7)
    before, threads = torch.rand(1), torch.get_num_threads()
    torch.manual_seed(7)
    with reproducible(seed=0, threads=2):
        first = torch.rand(1)
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == threads
    assert torch.rand(1) == before
    with reproducible(seed=0):
        assert torch.rand(1) == first
