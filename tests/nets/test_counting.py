"""Counters against PyTorch's own; the printed summary; the reach of units."""

from __future__ import annotations

from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from modelwright.core.errors import OptionError  # noqa: E402
from modelwright.nets.cnn import cnn  # noqa: E402
from modelwright.nets.counting import count  # noqa: E402
from modelwright.nets.efficientnet import efficientnet  # noqa: E402
from modelwright.nets.layers.recurrent import Recurrent  # noqa: E402
from modelwright.nets.layers.windows import MaxPool, Window, receptive_field  # noqa: E402
from modelwright.nets.library import nn  # noqa: E402
from modelwright.nets.mlp import MLP  # noqa: E402
from modelwright.nets.reach import measure_reach  # noqa: E402
from modelwright.nets.resnet import resnet  # noqa: E402
from modelwright.nets.summary import summary  # noqa: E402
from modelwright.nets.vit import VisionTransformer, ViTConfig  # noqa: E402

NETS: dict[str, Callable[[], nn.Module]] = {
    "mlp": lambda: MLP(3 * 32 * 32, [20, 10], classes=5),
    "cnn": lambda: cnn(classes=5, width=8),
    "resnet": lambda: resnet(18, classes=5, width=8, stem="cifar"),
    "bottleneck": lambda: resnet(26, classes=5, width=4),
    "efficientnet": lambda: efficientnet(-4, classes=5, stem="cifar"),
    "vit": lambda: VisionTransformer(ViTConfig(5, width=16, depth=2, heads=2, size=32, patch=8)),
}


@pytest.mark.parametrize("name", NETS)
def test_operations_are_those_that_pytorch_counts(name: str) -> None:
    net = NETS[name]().eval()
    cost = count(net, (3, 32, 32))
    # the fused kernel of attention is not counted on a CPU, the products that it stands for are
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        net(torch.zeros(1, 3, 32, 32))
    assert cost.flops == counter.get_total_flops()
    assert cost.parameters == sum(value.numel() for value in net.parameters())
    assert cost.uncounted == ()


def test_a_count_changes_nothing() -> None:
    net = resnet(8, classes=5, width=8, stem="cifar")
    net.bn1.eval()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    count(net, (3, 32, 32))
    assert net.training
    assert not net.bn1.training
    assert not [module for module in net.modules() if module._forward_hooks]
    for key, value in net.state_dict().items():
        torch.testing.assert_close(value, before[key])
    with pytest.raises(RuntimeError):
        count(net, (4, 32, 32))
    assert not [module for module in net.modules() if module._forward_hooks]


def test_output_sizes_follow_the_formula() -> None:
    cost = count(resnet(18, classes=5, width=8), (3, 224, 224))
    sides = {layer.name: layer.output[-1] for layer in cost.layers}
    assert sides["conv1"] == Window(7, 2, 3).output(224) == 112
    assert sides["layer4.1.conv2"] == 7


def test_recurrent_layers_are_counted_step_by_step() -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.read = Recurrent("lstm", 3, 5, depth=2, both_ways=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            states, _ = self.read(x)
            return states

    first, second = 2 * 20 * (3 + 5), 2 * 20 * (10 + 5)
    assert count(Reader(), (7, 3)).products == 7 * (first + second)


def test_what_is_not_known_is_named() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.matrix = nn.Parameter(torch.ones(3, 3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x @ self.matrix

    net = nn.Sequential(Odd())
    assert count(net, (3,)).uncounted == ("0",)
    assert "not counted: 0" in summary(net, (3,))


@pytest.mark.parametrize("name", NETS)
def test_the_summary_accounts_for_every_parameter(name: str) -> None:
    net = NETS[name]()
    for depth in (1, 2, 9):
        text = summary(net, (3, 32, 32), depth=depth)
        *rows, whole = [line.split("  ") for line in text.splitlines()[1:]]
        learned = [
            int(next(part for part in reversed(row[:-1]) if part.strip()).replace(",", ""))
            for row in rows
        ]
        wanted = sum(value.numel() for value in net.parameters())
        assert sum(learned) == wanted
        assert f"{wanted:,}" in "  ".join(whole)
        assert len({len(line) for line in text.splitlines()}) == 1


def test_the_reach_of_a_resnet_is_that_of_its_longest_path() -> None:
    """ResNet-18's last stage: 435 pixels with the stem of ImageNet (Araujo et al. 2019)."""
    net = resnet(18, classes=2, width=2)
    seen = measure_reach(net, "layer4", (3, 512, 512))
    assert (seen.rows, seen.columns, seen.clipped) == (435, 435, False)
    assert measure_reach(net, "layer4", (3, 224, 224)).clipped
    first = measure_reach(net, "layer1.0", (3, 128, 128))
    stem = [Window(7, 2, 3), Window(3, 2, 1)]
    assert first.rows == receptive_field([*stem, *[Window.same(3)] * 2]).size


def test_a_reach_is_measured_in_a_copy() -> None:
    net = cnn(classes=2, width=4)
    before = net.stages[0][0].weight.clone()
    measure_reach(net, "stages.1", (3, 64, 64))
    torch.testing.assert_close(net.stages[0][0].weight, before)
    assert isinstance(net.stages[0][-1], MaxPool)
    with pytest.raises(OptionError, match="a layer of the net"):
        measure_reach(net, "stages.9", (3, 64, 64))
    for layer in ("head", "drop"):
        with pytest.raises(OptionError, match="channels, rows, columns"):
            measure_reach(net, layer, (3, 64, 64))
    dilated = nn.Sequential(nn.MaxPool2d(2, dilation=2))
    with pytest.raises(OptionError, match="dilation"):
        measure_reach(dilated, "0", (1, 9, 9))


def test_attention_of_pytorch_is_counted() -> None:
    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attend = nn.MultiheadAttention(64, 4, batch_first=True)
            self.answer = nn.Linear(64, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.answer(self.attend(x, key=x, value=x)[0].mean(1))

    assert count(Attending(), (9, 64)).products == 4 * 9 * 64 * 64 + 2 * 9 * 9 * 64 + 640
    layer = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)
    passed = 2 * 9 * 64 * 128  # on, through the layers behind the attention
    assert count(layer, (9, 64)).products == 4 * 9 * 64 * 64 + 2 * 9 * 9 * 64 + passed


def test_a_matrix_beside_layers_is_named() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.matrix = nn.Parameter(torch.ones(3, 3))
            self.answer = nn.Linear(3, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.answer(x @ self.matrix)

    assert count(nn.Sequential(Odd()), (3,)).uncounted == ("0",)
