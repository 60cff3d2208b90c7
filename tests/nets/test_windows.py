"""Windows: sizes, the written-out forms against PyTorch, gradients, receptive fields."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.errors import OptionError  # noqa: E402
from modelwright.nets.layers.windows import (  # noqa: E402
    AveragePool,
    Convolution,
    MaxPool,
    Reach,
    Window,
    global_average,
    receptive_field,
)
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.nets.reach import measure_reach  # noqa: E402


@pytest.fixture(autouse=True)
def seeded() -> object:
    with reproducible(seed=1):
        yield


windows = st.builds(
    Window,
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 3),
)


@given(windows, st.integers(10, 14), st.sampled_from([1, 2]), st.booleans())
@settings(max_examples=40)
def test_a_convolution_written_out_is_that_of_pytorch(
    window: Window, size: int, groups: int, bias: bool
) -> None:
    layer = Convolution(4, 6, window, groups=groups, bias=bias).double()
    x = torch.randn(2, 4, size, size + 1, dtype=torch.float64)
    y = layer.written_out(x)
    torch.testing.assert_close(y, layer(x))
    plain = nn.functional.conv2d(
        x, layer.weight, layer.bias, window.stride, window.padding, window.dilation, groups
    )
    torch.testing.assert_close(y, plain)
    assert y.shape[2:] == (window.output(size), window.output(size + 1))


@given(windows, st.integers(10, 14), st.booleans())
@settings(max_examples=30)
def test_pooling_written_out_is_that_of_pytorch(window: Window, size: int, counts: bool) -> None:
    padding = min(window.padding, window.kernel // 2)  # more is refused by PyTorch
    window = Window(window.kernel, window.stride, padding, window.dilation)
    x = torch.randn(2, 3, size, size, dtype=torch.float64)
    layer = MaxPool(window)
    torch.testing.assert_close(layer.written_out(x), layer(x))
    mean = AveragePool(Window(window.kernel, window.stride, padding), padding_counts=counts)
    torch.testing.assert_close(mean.written_out(x), mean(x))


@pytest.mark.parametrize("form", ["forward", "written_out"])
def test_gradients_of_windows(form: str) -> None:
    window = Window(3, stride=2, padding=1, dilation=1)
    x = torch.randn(1, 2, 5, 5, dtype=torch.float64, requires_grad=True)
    for layer in (Convolution(2, 4, window, groups=2), MaxPool(window), AveragePool(window)):
        assert torch.autograd.gradcheck(getattr(layer.double(), form), (x,))


def test_both_forms_give_weights_the_same_gradient() -> None:
    layer = Convolution(3, 4, Window(3, stride=2, padding=1)).double()
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    grads = [
        torch.autograd.grad(form(x).square().sum(), [layer.weight, layer.bias])
        for form in (layer.forward, layer.written_out)
    ]
    torch.testing.assert_close(grads[0], grads[1])


def test_sizes_by_hand() -> None:
    assert Window(7, stride=2, padding=3).output(224) == 112
    assert Window(3, stride=2, padding=1).output(112) == 56
    assert Window(3, dilation=2).span == 5
    assert Window.same(5, dilation=2).output(17) == 17
    assert Window(2, stride=2).output(7) == 3
    assert Window(3, stride=2, padding=1).shrinks(32) == 0.25


def test_a_window_that_does_not_fit_is_refused() -> None:
    with pytest.raises(OptionError, match="at least 5 pixels"):
        Window(3, dilation=2).output(4)
    for wrong in ({"kernel": 0}, {"kernel": 3, "stride": 0}, {"kernel": 3, "padding": -1}):
        with pytest.raises(OptionError, match="from 1"):
            Window(**wrong)
    with pytest.raises(OptionError, match="dilation"):
        AveragePool(Window(3, dilation=2))


def test_a_published_receptive_field() -> None:
    """VGG-16's last pooling sees 212 pixels, AlexNet's 195 (Araujo, Norris and Sim 2019)."""
    three, pool = Window(3, padding=1), Window(2, stride=2)
    vgg = [*[three] * 2, pool, *[three] * 2, pool, *([*[three] * 3, pool] * 3)]
    assert receptive_field(vgg).size == 212
    alexnet = [
        Window(11, stride=4, padding=2),
        Window(3, stride=2),
        Window(5, padding=2),
        Window(3, stride=2),
        *[Window(3, padding=1)] * 3,
        Window(3, stride=2),
    ]
    assert (receptive_field(alexnet).size, receptive_field(alexnet).jump) == (195, 32)
    assert receptive_field([]) == Reach(1, 1, 0.0)


@given(st.lists(windows, min_size=1, max_size=3))
@settings(max_examples=15)
def test_the_formula_of_the_receptive_field_is_what_gradients_show(chain: list[Window]) -> None:
    net = nn.Sequential(*(Convolution(1, 1, window) for window in chain))
    seen = measure_reach(net, str(len(chain) - 1), (1, 260, 260))
    wanted = receptive_field(chain).size
    assert (seen.rows, seen.columns, seen.clipped) == (wanted, wanted, False)


def test_where_the_first_unit_looks() -> None:
    chain = [Window(3, stride=2, padding=1), Window(3, padding=1)]
    net = nn.Sequential(*(Convolution(1, 1, window) for window in chain))
    for parameter in net.parameters():
        nn.init.ones_(parameter)
    x = torch.zeros(1, 1, 21, 21, requires_grad=True)
    y = net(x)
    reach = receptive_field(chain)
    (slope,) = torch.autograd.grad(y[0, 0, 5, 5], x)
    lit = torch.nonzero(slope[0, 0, :, 10]).flatten()
    assert (lit[0] + lit[-1]).item() / 2 == reach.start + 5 * reach.jump


def test_the_global_average_takes_any_size() -> None:
    x = torch.randn(2, 3, 5, 7)
    torch.testing.assert_close(global_average(x)[1, 2], x[1, 2].mean())
