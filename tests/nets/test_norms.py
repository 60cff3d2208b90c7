"""Norms: written out against PyTorch, statistics, gradients, and which one is recommended."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.errors import OptionError  # noqa: E402
from modelwright.nets.layers.norms import (  # noqa: E402
    NORMS,
    BatchNorm,
    CrossNorm,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    NetRecovery,
    RMSNorm,
    SelfNorm,
    Whitening,
    make_norm,
    moving,
    recommend_norm,
    whitening_matrix,
)
from modelwright.nets.layers.norms.cross import channel_statistics  # noqa: E402
from modelwright.nets.layers.norms.gradients import (  # noqa: E402
    centralise,
    centralise_gradients,
    normalise,
    normalise_gradients,
)
from modelwright.nets.layers.norms.weights import (  # noqa: E402
    StandardWeight,
    norm_weights,
    standardise_weights,
)
from modelwright.nets.library import nn, reproducible  # noqa: E402


@pytest.fixture(autouse=True)
def seeded() -> object:
    with reproducible(seed=1):
        yield


def images(*shape: int) -> torch.Tensor:
    return 3 + 2 * torch.randn(*shape, dtype=torch.float64)


@torch.no_grad()
def shaken(layer: nn.Module) -> nn.Module:
    """Give learned scales and shifts other values than the first ones."""
    for parameter in layer.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.5)
    return layer.double()


PAIRS: dict[str, tuple[Callable[[], nn.Module], Callable[[], nn.Module], tuple[int, ...]]] = {
    "batch, table": (lambda: BatchNorm(3), lambda: nn.BatchNorm1d(3), (7, 3)),
    "batch, sequence": (lambda: BatchNorm(3), lambda: nn.BatchNorm1d(3), (7, 3, 4)),
    "batch, images": (lambda: BatchNorm(3), lambda: nn.BatchNorm2d(3), (4, 3, 5, 6)),
    "layer": (lambda: LayerNorm(4), lambda: nn.LayerNorm(4), (2, 3, 4)),
    "rms": (lambda: RMSNorm(4), lambda: nn.RMSNorm(4, eps=1e-6), (2, 3, 4)),
    "group": (lambda: GroupNorm(6, 3), lambda: nn.GroupNorm(3, 6), (2, 6, 3, 4)),
    "one group": (lambda: make_norm("layer", 6), lambda: nn.GroupNorm(1, 6), (2, 6, 3, 4)),
    "instance": (
        lambda: InstanceNorm(3),
        lambda: nn.InstanceNorm2d(3, affine=True),
        (2, 3, 4, 4),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_norm_written_out_is_that_of_pytorch(name: str) -> None:
    ours, theirs, shape = PAIRS[name]
    layer, plain = shaken(ours()), theirs().double()
    plain.load_state_dict(layer.state_dict())
    copy = ours().double()
    copy.load_state_dict(layer.state_dict())
    for _ in range(3):
        x = images(*shape)
        wanted = plain(x)
        torch.testing.assert_close(layer(x), wanted)
        torch.testing.assert_close(copy.written_out(x), wanted)
    for key, value in plain.state_dict().items():  # moving statistics too
        torch.testing.assert_close(layer.state_dict()[key], value)
        torch.testing.assert_close(copy.state_dict()[key], value)
    x = images(*shape)
    torch.testing.assert_close(copy.eval().written_out(x), plain.eval()(x))
    torch.testing.assert_close(layer.eval()(x), plain(x))


@pytest.mark.parametrize("form", ["forward", "written_out"])
@pytest.mark.parametrize("name", PAIRS)
def test_gradients_of_norms(name: str, form: str) -> None:
    make, _, shape = PAIRS[name]
    x = images(*shape).requires_grad_()
    layer = shaken(make())
    assert torch.autograd.gradcheck(getattr(layer, form), (x,))


def test_images_are_rows_of_pixels() -> None:
    x = images(4, 3, 5, 5)
    rows = x.movedim(1, -1).reshape(-1, 3)
    by_image, by_row = BatchNorm(3).double(), BatchNorm(3).double()
    y = by_image(x).movedim(1, -1).reshape(-1, 3)
    torch.testing.assert_close(y, by_row(rows))
    torch.testing.assert_close(by_image.running_var, by_row.running_var)


def test_what_a_norm_takes_away_can_be_recovered() -> None:
    x = images(200, 2)
    layer = BatchNorm(2, eps=1e-12).double()
    with torch.no_grad():
        layer.weight.copy_(x.std(dim=0, correction=0))
        layer.bias.copy_(x.mean(dim=0))
    torch.testing.assert_close(layer(x), x)


@given(st.floats(0, 1), st.floats(-5, 5), st.floats(-5, 5))
def test_both_conventions_of_momentum_are_one(momentum: float, old: float, new: float) -> None:
    pair = torch.tensor([old, new], dtype=torch.float64).unbind()
    theirs = moving(*pair, 1.0 - momentum, "old")  # Keras
    torch.testing.assert_close(moving(*pair, momentum), theirs, atol=1e-9, rtol=0)
    assert theirs.item() == pytest.approx((1 - momentum) * old + momentum * new, abs=1e-9)


def test_a_momentum_of_keras_moves_as_keras_does() -> None:
    layer = BatchNorm(1, momentum=0.99, convention="old").double()
    layer(torch.full((10, 1), 100.0, dtype=torch.float64))
    assert layer.running_mean.item() == pytest.approx(0.99 * 0.0 + 0.01 * 100.0)
    wrong = BatchNorm(1, momentum=0.99).double()
    wrong(torch.full((10, 1), 100.0, dtype=torch.float64))
    assert wrong.running_mean.item() == pytest.approx(99.0)
    with pytest.raises(OptionError, match="convention"):
        BatchNorm(1, convention="keras")
    with pytest.raises(OptionError, match="from 0 to 1"):
        moving(torch.zeros(1), torch.zeros(1), 1.5)


def test_batch_norm_names_the_shape_that_it_takes() -> None:
    with pytest.raises(OptionError, match=r"\(n, 3, ...\).*\(2, 4\)"):
        BatchNorm(3)(torch.zeros(2, 4))


def test_an_answer_depends_on_its_own_row_where_it_should() -> None:
    """Gradients from row 0 to row 1: batch norm has them in training, no other norm ever."""
    for name, leaks in (("batch", True), ("group", False), ("instance", False), ("layer", False)):
        layer = make_norm(name, 4).double()
        for mode in (True, False):
            x = images(3, 4, 5, 5).requires_grad_()
            layer.train(mode)
            (slope,) = torch.autograd.grad(layer(x)[0].square().sum(), x)
            assert bool(slope[1].abs().max() > 1e-9) == (leaks and mode), name


def test_cross_norm_gives_an_image_the_style_of_another() -> None:
    x = images(4, 3, 6, 6)
    other = torch.tensor([2, 3, 1, 0])
    y = CrossNorm.exchanged(x, other)
    mean, spread = channel_statistics(x)
    new_mean, new_spread = channel_statistics(y)
    torch.testing.assert_close(new_mean, mean[other])
    torch.testing.assert_close(new_spread, spread[other], atol=1e-4, rtol=1e-4)
    structure = [
        (part - channel_statistics(part)[0]) / channel_statistics(part)[1] for part in (x, y)
    ]
    torch.testing.assert_close(structure[0], structure[1], atol=1e-4, rtol=1e-4)
    assert CrossNorm(0.0)(x) is x
    assert CrossNorm(1.0).eval()(x) is x
    assert not torch.equal(CrossNorm(1.0)(x), x)
    with pytest.raises(OptionError, match="share"):
        CrossNorm(1.5)


def test_self_norm_is_its_formula() -> None:
    layer = shaken(SelfNorm(3)).eval()
    x = images(2, 3, 4, 4)
    mean, spread = channel_statistics(x)
    m, s = mean.flatten(1), spread.flatten(1)
    f, g = (
        torch.sigmoid(norm(weights[:, 0] * m + weights[:, 1] * s))
        for norm, weights in (
            (layer.mean_norm, layer.of_mean),
            (layer.spread_norm, layer.of_spread),
        )
    )
    normal = (x - mean) / spread
    wanted = g[:, :, None, None] * spread * normal + f[:, :, None, None] * mean
    torch.testing.assert_close(layer(x), wanted)
    assert torch.autograd.gradcheck(layer, (x.requires_grad_(),))


def test_recovery_by_a_net_is_its_formula() -> None:
    norm = nn.BatchNorm2d(3, affine=False)
    layer = shaken(NetRecovery(3, norm)).eval()
    x = images(2, 3, 4, 4)
    said = x.mean(dim=(2, 3)) @ layer.dense.weight.T + layer.dense.bias
    scale, shift = said[:, :3, None, None], said[:, 3:, None, None]
    torch.testing.assert_close(layer(x), (1 + scale) * norm(x) + shift)
    of_class = shaken(NetRecovery(3, norm, condition=5)).eval()
    one = torch.eye(5, dtype=torch.float64)
    assert not torch.allclose(of_class(x, one[:2]), of_class(x, one[2:4]))
    table = shaken(NetRecovery(3, nn.BatchNorm1d(3, affine=False)))
    assert table(images(6, 3)).shape == (6, 3)


@pytest.mark.parametrize("kind", ["pca", "zca"])
def test_whitening_leaves_nothing_correlated(kind: str) -> None:
    mix = torch.randn(6, 6, dtype=torch.float64)
    x = images(500, 6) @ mix
    layer = Whitening(6, group=3, kind=kind, eps=0.0).double()
    y = layer.written_out(x)
    for part in y.split(3, dim=1):
        covariance = part.T.cov(correction=0)
        torch.testing.assert_close(covariance, torch.eye(3, dtype=torch.float64))
        torch.testing.assert_close(part.mean(dim=0), torch.zeros(3, dtype=torch.float64))
    assert y[:, :3].T.cov().trace() < x[:, :3].T.cov().trace()


def test_whitening_by_newton_is_that_by_eigenvectors() -> None:
    x = images(500, 4) @ torch.randn(4, 4, dtype=torch.float64)
    quick, exact = Whitening(4, steps=25).double(), Whitening(4).double()
    torch.testing.assert_close(quick(x), exact.written_out(x), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(quick.running_white, exact.running_white, atol=1e-3, rtol=1e-3)
    y = images(5, 4)
    torch.testing.assert_close(quick.eval()(y), exact.eval().written_out(y), atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize("kind", ["pca", "zca"])
def test_whitening_in_16_bits_is_nearly_that_in_32(kind: str) -> None:
    x = torch.randn(800, 4) @ (torch.eye(4) + 0.9)
    exact, short = Whitening(4, kind=kind), Whitening(4, kind=kind)
    with torch.autocast("cpu", torch.bfloat16):
        y = short(x.bfloat16())
    # axes have no direction: what is compared is how the answers go together
    torch.testing.assert_close(
        y.float().T.cov(), exact(x).T.cov(), atol=0.05, rtol=0.05, check_dtype=False
    )


@pytest.mark.long
@pytest.mark.parametrize("kind", ["pca", "zca"])
def test_gradients_of_whitening(kind: str) -> None:
    x = (images(12, 4) @ torch.randn(4, 4, dtype=torch.float64)).requires_grad_()
    layer = Whitening(4, group=2, kind=kind).double()
    assert torch.autograd.gradcheck(layer.written_out, (x,))
    if kind == "zca":
        assert torch.autograd.gradcheck(layer, (x,))


def test_zca_changes_the_data_least() -> None:
    x = images(500, 4) @ torch.randn(4, 4, dtype=torch.float64)
    covariance = x.T.cov(correction=0)
    centred = x - x.mean(dim=0)
    moved = {
        kind: float((centred @ whitening_matrix(covariance, kind).T - centred).square().mean())
        for kind in ("pca", "zca")
    }
    assert moved["zca"] < moved["pca"]
    with pytest.raises(OptionError, match="pca"):
        whitening_matrix(covariance, "other")
    with pytest.raises(OptionError, match="pca"):
        Whitening(4, kind="other")


@pytest.mark.parametrize("kind", ["zca", "pca"])
def test_a_constant_channel_is_whitened_to_zero(kind: str) -> None:
    assert not whitening_matrix(torch.zeros(3, 3), kind).any()
    x = images(60, 3)
    x[:, 1] = 4.0
    white = whitening_matrix(x.T.cov(correction=0), kind)
    y = (x - x.mean(dim=0)) @ white.T
    spread = (y.T @ y / len(y)).diagonal()
    torch.testing.assert_close(spread.sort().values, torch.tensor([0.0, 1.0, 1.0]).to(spread))
    slope = x.T.cov(correction=0).requires_grad_()
    whitening_matrix(slope, kind).sum().backward()
    assert bool(torch.isfinite(slope.grad).all())
    layer = Whitening(2, kind=kind, eps=0.0)
    assert not layer(torch.full((8, 2), 3.0)).any()


def test_weight_norm_is_that_of_pytorch() -> None:
    for layer in (nn.Linear(3, 4), nn.Conv2d(2, 4, 3)):
        weight = layer.weight.detach().clone()
        x = torch.randn(5, 3) if isinstance(layer, nn.Linear) else torch.randn(5, 2, 6, 6)
        wanted = layer(x)
        theirs = type(layer)(*((3, 4) if isinstance(layer, nn.Linear) else (2, 4, 3)))
        theirs.load_state_dict(layer.state_dict())
        norm_weights(layer)
        torch.testing.assert_close(layer(x), wanted)
        theirs = nn.utils.parametrizations.weight_norm(theirs)
        with torch.no_grad():  # twice the length, the same direction, half as long a direction
            for module in (layer, theirs):
                module.parametrizations.weight.original0.mul_(2.0)
                module.parametrizations.weight.original1.mul_(0.5)
        torch.testing.assert_close(layer.weight, 2 * weight)
        torch.testing.assert_close(layer.weight, theirs.weight)
        grads = [torch.autograd.grad(net(x).sum(), [*net.parameters()]) for net in (layer, theirs)]
        torch.testing.assert_close(grads[0], grads[1], atol=1e-4, rtol=1e-4)


def test_standard_weights_have_mean_zero_and_variance_one() -> None:
    net = standardise_weights(nn.Sequential(nn.Conv2d(2, 3, 3), nn.Linear(3, 2)))
    flat = net[0].weight.flatten(1)
    torch.testing.assert_close(flat.mean(dim=1), torch.zeros(3), atol=1e-6, rtol=0)
    torch.testing.assert_close(flat.var(dim=1, correction=0), torch.ones(3))
    assert isinstance(net[1], nn.Linear)
    assert not hasattr(net[1], "parametrizations")
    weight = torch.randn(2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(StandardWeight(), (weight,))


def test_gradients_are_centralised_and_normalised() -> None:
    gradient = torch.randn(4, 3, 2, 2)
    centred = centralise(gradient)
    torch.testing.assert_close(centred.mean(dim=(1, 2, 3)), torch.zeros(4), atol=1e-6, rtol=0)
    torch.testing.assert_close(centralise(centred), centred)  # a projection
    vector = torch.randn(5)
    assert centralise(vector) is vector
    assert normalise(gradient).norm().item() == pytest.approx(1.0)
    assert normalise(torch.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    net(torch.randn(6, 3)).sum().backward()
    net[0].bias.grad = None
    centralise_gradients(net)
    normalise_gradients(net)
    assert net[0].weight.grad.sum(dim=1).abs().max() < 1e-5
    assert net[2].weight.grad.norm().item() == pytest.approx(1.0)


def test_norms_are_made_by_name() -> None:
    for name in NORMS:
        assert make_norm(name, 8)(torch.randn(4, 8, 5, 5)).shape == (4, 8, 5, 5)
    assert make_norm("group", 24).num_groups == 8
    with pytest.raises(OptionError, match="did you mean 'batch'"):
        make_norm("bacth", 8)


@pytest.mark.parametrize(
    ("modality", "settings", "norm"),
    [
        ("image", {"batch": 128}, "batch"),
        ("image", {"batch": 8}, "group"),
        ("image", {"batch": 128, "rows": 10}, "group"),
        ("image", {"batch": 128, "style": True}, "instance"),
        ("image", {"batch": 128, "attention": True}, "layer"),
        ("table", {"batch": 256}, "batch"),
        ("table", {"batch": 4}, "layer"),
        ("sequence", {"batch": 256}, "layer"),
        ("text", {"batch": 256, "attention": True}, "layer"),
        ("text", {"batch": 256, "variable_length": True}, "layer"),
    ],
)
def test_the_norm_that_the_data_asks_for(
    modality: str, settings: dict[str, int | bool], norm: str
) -> None:
    choice = recommend_norm(modality, **settings)
    assert choice.norm == norm
    assert choice.reason
    assert any(letter.isdigit() for letter in choice.source)  # a year


def test_what_the_chooser_says_depends_on_what_it_was_told() -> None:
    assert "128" in str(recommend_norm("image", batch=128))
    longer = recommend_norm("sequence", batch=64, variable_length=True)
    assert "length" in longer.reason
    assert longer.reason != recommend_norm("sequence", batch=64).reason
    with pytest.raises(OptionError, match="did you mean 'image'"):
        recommend_norm("images", batch=8)
    with pytest.raises(OptionError, match="1 row"):
        recommend_norm("image", batch=0)


@pytest.mark.parametrize("sides", [(7,), (5, 4), (3, 3, 2)])
def test_instance_norm_takes_any_number_of_sides(sides: tuple[int, ...]) -> None:
    theirs = {1: nn.InstanceNorm1d, 2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}[len(sides)]
    x = torch.randn(8, 8, *sides)
    layer = InstanceNorm(8)
    torch.testing.assert_close(layer(x), theirs(8)(x))
    torch.testing.assert_close(layer.written_out(x), layer(x))
