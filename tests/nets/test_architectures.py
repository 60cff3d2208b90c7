"""Nets for images: published sizes, timm's names, gradients everywhere, rows apart, learning."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nets.timm_names import Shapes, efficientnet_b0_names, resnet_names, vit_names

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.errors import OptionError  # noqa: E402
from modelwright.nets.cnn import CNN, cnn  # noqa: E402
from modelwright.nets.counting import count  # noqa: E402
from modelwright.nets.efficientnet import compound_scaling, efficientnet  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.nets.mlp import MLP  # noqa: E402
from modelwright.nets.resnet import ResNet, ResNetConfig, resnet  # noqa: E402
from modelwright.nets.vit import (  # noqa: E402
    VisionTransformer,
    ViTConfig,
    resize_positions,
    vit,
)


@pytest.fixture(autouse=True)
def seeded() -> object:
    with reproducible(seed=1):
        yield


def parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def on_paper(make: Callable[[], nn.Module]) -> nn.Module:
    """Build a large net without its numbers."""
    with torch.device("meta"):
        return make()


# As published with torchvision's and timm's weights; operations in 1e9 multiply-adds.
PUBLISHED: dict[str, tuple[Callable[[], nn.Module], int, int, float]] = {
    "resnet18": (lambda: resnet(18, classes=1000), 224, 11_689_512, 1.81),
    "resnet50": (lambda: resnet(50, classes=1000), 224, 25_557_032, 4.09),
    "resnet152": (lambda: resnet(152, classes=1000), 224, 60_192_808, 11.51),
    "efficientnet_b0": (lambda: efficientnet(0, classes=1000), 224, 5_288_548, 0.39),
    "efficientnet_b2": (lambda: efficientnet(2, classes=1000), 288, 9_109_994, 1.09),
    "efficientnet_b4": (lambda: efficientnet(4, classes=1000), 380, 19_341_616, 4.39),
    "vit_tiny": (lambda: vit("tiny", classes=1000), 224, 5_717_416, 1.25),
    "vit_base": (lambda: vit("base", classes=1000), 224, 86_567_656, 17.56),
}


@pytest.mark.long
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_nets_have_their_published_size(name: str) -> None:
    make, size, learned, billions = PUBLISHED[name]
    net = on_paper(make)
    cost = count(net, (3, size, size))
    assert (parameters(net), cost.parameters) == (learned, learned)
    assert cost.products / 1e9 == pytest.approx(billions, rel=0.015, abs=0.006)
    assert cost.uncounted == ()


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda: resnet(18, classes=1000), resnet_names(18)),
        (lambda: resnet(34, classes=7), resnet_names(34, 7)),
        (lambda: resnet(50, classes=1000), resnet_names(50)),
        (lambda: vit("tiny", classes=1000), vit_names(192, 12, 16, 197)),
        (lambda: vit("base", classes=10, size=384, patch=32), vit_names(768, 12, 32, 145, 10)),
        (lambda: efficientnet(0, classes=1000), efficientnet_b0_names()),
    ],
    ids=["resnet18", "resnet34", "resnet50", "vit-tiny", "vit-base", "b0"],
)
def test_weights_have_the_names_and_shapes_of_timm(
    make: Callable[[], nn.Module], wanted: Shapes
) -> None:
    state = on_paper(make).state_dict()
    assert {name: tuple(value.shape) for name, value in state.items()} == wanted


SMALL: dict[str, Callable[[], nn.Module]] = {
    "mlp": lambda: MLP(3 * 16 * 16, [32, 16], classes=5, norm="batch", dropout=0.1),
    "linear": lambda: MLP(3 * 16 * 16, [], classes=5),
    "cnn": lambda: cnn(classes=5, width=8),
    "deeper cnn": lambda: CNN(classes=5, widths=[8, 8], convolutions=2, norm="group"),
    "resnet": lambda: resnet(8, classes=5, width=8, stem="cifar", drop_path=0.1),
    "bottleneck": lambda: resnet(26, classes=5, width=4),
    "whitened": lambda: resnet(8, classes=5, width=8, stem="cifar", norm="whitening"),
    "efficientnet": lambda: efficientnet(-5, classes=5, stem="cifar"),
    "vit": lambda: VisionTransformer(
        ViTConfig(5, width=16, depth=2, heads=2, size=16, patch=4, drop_path=0.1)
    ),
    "vit, mean": lambda: VisionTransformer(
        ViTConfig(5, width=16, depth=2, heads=2, size=16, patch=4, pool="mean", dropout=0.1)
    ),
}


@pytest.mark.parametrize("name", SMALL)
def test_all_weights_get_a_gradient_and_rows_are_apart(name: str) -> None:
    net = SMALL[name]()
    x = torch.randn(6, 3, 16, 16)
    y = net(x)
    assert y.shape == (6, 5)
    assert torch.isfinite(y).all()
    with torch.no_grad():  # a scale of zero, or a token of zeros, lets no gradient through
        for parameter in net.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    for drop in net.modules():
        if hasattr(drop, "p"):
            drop.p = 0.0
    net(x).square().sum().backward()
    silent = [key for key, value in net.named_parameters() if value.grad is None]
    assert silent == []
    net.eval()
    one = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(net(one)[0].sum(), one)
    assert slope[1:].abs().max() == 0
    assert slope[0].abs().max() > 0
    torch.testing.assert_close(net(x)[2:3], net(x[2:3]), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", SMALL)
def test_embeddings_feed_the_head(name: str) -> None:
    net = SMALL[name]().eval()
    x = torch.randn(2, 3, 16, 16)
    head = getattr(net, net.head_name)
    assert net.embed(x).shape == (2, head.in_features)
    torch.testing.assert_close(head(net.embed(x)), net(x))


@pytest.mark.long
@pytest.mark.parametrize("name", ["mlp", "cnn", "resnet", "efficientnet", "vit"])
def test_a_net_learns_one_batch_by_heart(name: str) -> None:
    net = SMALL[name]()
    for module in net.modules():
        if hasattr(module, "p"):
            module.p = 0.0
    x, y = torch.randn(10, 3, 16, 16), torch.arange(10) % 5
    adam = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(60):
        loss = nn.functional.cross_entropy(net(x), y)
        adam.zero_grad()
        loss.backward()
        adam.step()
        if loss < 0.05:
            break
    assert loss < 0.3


@pytest.mark.parametrize("depth", [8, 18, 26, 56])
def test_the_depth_of_a_resnet_counts_its_layers(depth: int) -> None:
    net = on_paper(lambda: resnet(depth, classes=10, stem="cifar", width=16))
    layers = [
        name
        for name, module in net.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear) and "downsample" not in name
    ]
    assert len(layers) == depth


def test_a_cifar_stem_keeps_the_image() -> None:
    small, large = (resnet(18, classes=2, width=4, stem=stem) for stem in ("cifar", "imagenet"))
    x = torch.randn(1, 3, 32, 32)
    sides = []
    for net in (small, large):
        net.layer4.register_forward_hook(lambda module, given, y: sides.append(y.shape[-1]))
        net.eval()(x)
    assert sides == [4, 1]


@pytest.mark.long
def test_the_dial_doubles_the_cost() -> None:
    """alpha * beta^2 * gamma^2 is about 2 (section 3.3 of the paper)."""
    billions = {}
    for dial in (-3, 0, 1.5, 2.5):
        net = on_paper(lambda dial=dial: efficientnet(dial, classes=10))
        size = compound_scaling(dial).size
        billions[dial] = count(net, (3, size, size)).products / 1e9
    assert [*billions.values()] == sorted(billions.values())
    assert 3 < billions[0] / billions[-3] < 8  # 1.92^3 = 7.1, but no stage loses its last block
    assert 1.5 < billions[2.5] / billions[1.5] < 2.4
    assert compound_scaling(7).size == 600
    with pytest.raises(OptionError, match="dial"):
        compound_scaling(99)


def test_positions_are_resized_as_images_are() -> None:
    ramp = torch.linspace(0, 1, 8)[:, None].expand(8, 8)
    positions = torch.cat([torch.full((1, 1, 2), 9.0), ramp.reshape(1, 64, 1).expand(1, 64, 2)], 1)
    smaller = resize_positions(positions, 1 + 16)
    assert smaller[0, 0].tolist() == [9.0, 9.0]
    grid = smaller[0, 1:, 0].reshape(4, 4)
    assert bool((grid[1:] > grid[:-1]).all())
    torch.testing.assert_close(grid, grid[:, :1].expand(4, 4))
    torch.testing.assert_close(resize_positions(positions, 65), positions, atol=1e-5, rtol=0)
    with pytest.raises(OptionError, match="square"):
        resize_positions(positions, 20)


def test_what_cannot_be_built_is_refused() -> None:
    for wrong, said in (
        (lambda: resnet(19, classes=2), "depth"),
        (lambda: resnet(18, classes=2, stem="mnist"), "stem"),
        (lambda: efficientnet(0, classes=2, stem="mnist"), "stem"),
        (lambda: vit("huge", classes=2), "size of a ViT"),
        (lambda: ViTConfig(2, size=30, patch=16), "divides the size 30"),
        (lambda: ViTConfig(2, pool="max"), "pool"),
        (lambda: resnet(18, classes=2, norm="btch"), "did you mean 'batch'"),
    ):
        with pytest.raises(OptionError, match=said):
            wrong()
    net = VisionTransformer(ViTConfig(2, width=8, depth=1, heads=2, size=16, patch=4))
    with pytest.raises(OptionError, match="16 x 16"):
        net(torch.zeros(1, 3, 32, 32))


def test_a_residual_net_of_110_layers_passes_a_signal_from_the_first_step() -> None:
    """Zero-initialised last scales: the net begins shallow, whatever its depth."""
    x = torch.randn(4, 3, 8, 8)
    spreads = {}
    for zero in (True, False):
        config = ResNetConfig(110, 5, width=4, stem="cifar", zero_last=zero)
        net = ResNet(config).eval()  # statistics of a new net norm nothing
        with torch.no_grad():
            spreads[zero] = float(net.embed(x).std())
    assert 0.1 < spreads[True] < 10
    assert spreads[False] > 1e3 * spreads[True]
