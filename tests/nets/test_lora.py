"""Low-rank adaptation: it begins as the layer, learns beside it, and merges into it."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.errors import OptionError  # noqa: E402
from modelwright.nets.cnn import cnn  # noqa: E402
from modelwright.nets.counting import count  # noqa: E402
from modelwright.nets.efficientnet import efficientnet  # noqa: E402
from modelwright.nets.layers.lora import LoRA, add_lora, merge_lora  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.nets.quick import QuickForm, QuickNet  # noqa: E402
from modelwright.nets.vit import VisionTransformer, ViTConfig  # noqa: E402

LAYERS = {
    "linear": lambda: nn.Linear(6, 5),
    "plain": lambda: nn.Linear(6, 5, bias=False),
    "convolution": lambda: nn.Conv2d(6, 5, 3, stride=2, padding=1),
    "dilated": lambda: nn.Conv2d(6, 5, 3, dilation=2, bias=False),
}


def inputs(layer: nn.Module) -> torch.Tensor:
    return torch.randn(3, 6) if isinstance(layer, nn.Linear) else torch.randn(3, 6, 9, 9)


def stirred(layer: LoRA) -> LoRA:
    with torch.no_grad():
        layer.up.normal_()
    return layer


@given(st.sampled_from(sorted(LAYERS)), st.integers(1, 5), st.floats(0.5, 8), st.integers(0, 99))
def test_merged_it_gives_the_same_numbers(name: str, rank: int, alpha: float, seed: int) -> None:
    with reproducible(seed):
        layer = stirred(LoRA(LAYERS[name](), rank, alpha))
        x = inputs(layer.layer)
        with torch.no_grad():
            beside = layer(x)
            weight = layer.layer.weight.clone()
            merged = layer.merged()
            assert torch.allclose(merged(x), beside, atol=1e-4)
    assert torch.linalg.matrix_rank((merged.weight - weight).flatten(1)) <= rank
    assert merged.weight.requires_grad


@pytest.mark.parametrize("name", LAYERS)
def test_it_begins_as_the_layer_which_stands_still(name: str) -> None:
    with reproducible(0):
        layer = LoRA(LAYERS[name](), 2)
        x = inputs(layer.layer)
        assert torch.equal(layer(x), layer.layer(x))
        before = {key: value.clone() for key, value in layer.layer.state_dict().items()}
        optimiser = torch.optim.SGD([p for p in layer.parameters() if p.requires_grad], lr=0.5)
        for _ in range(3):
            layer(x).square().mean().backward()
            optimiser.step()
        assert bool(layer.up.any())
    for key, value in layer.layer.state_dict().items():
        assert torch.equal(value, before[key])
    assert {key for key, p in layer.named_parameters() if p.requires_grad} == {"down", "up"}


@pytest.mark.parametrize(
    ("make", "side"),
    [
        (lambda: cnn(classes=3, width=4), 16),
        (lambda: efficientnet(-6, classes=3), 32),
        (lambda: VisionTransformer(ViTConfig(3, 8, 2, 2, 16, 4)), 16),
        (lambda: QuickNet(QuickForm(3, 16, 16, 3, (4, 8))), 16),
    ],
    ids=["cnn", "efficientnet", "vit", "quick"],
)
def test_a_whole_net_takes_it_on_and_off(make: object, side: int) -> None:
    with reproducible(1):
        net = make().eval()  # type: ignore[operator]
        x = torch.randn(2, 3, side, side)
        names, weights = [*net.state_dict()], copy.deepcopy(net.state_dict())
        with torch.no_grad():
            plain = net(x)
            added = add_lora(net, rank=2, skip=(net.head_name,))
            assert added
            assert not any(name.startswith(net.head_name) for name in added)
            assert torch.equal(net(x), plain)
            for module in net.modules():
                if isinstance(module, LoRA):
                    stirred(module)
            beside = net(x)
            assert merge_lora(net) == added
            assert torch.allclose(net(x), beside, atol=1e-3, rtol=1e-3)
    assert [*net.state_dict()] == names
    changed = [key for key in names if not torch.equal(net.state_dict()[key], weights[key])]
    assert {key.removesuffix(".weight") for key in changed} == set(added)


def test_what_has_no_such_change_is_refused() -> None:
    with pytest.raises(OptionError, match="with groups"):
        LoRA(nn.Conv2d(4, 4, 3, groups=4))
    with pytest.raises(OptionError, match="rank from 1 to 3"):
        LoRA(nn.Linear(3, 9), rank=4)
    with pytest.raises(OptionError, match="linear layers"):
        add_lora(nn.Sequential(nn.ReLU()))
    net = nn.Sequential(nn.Linear(2, 9), nn.Conv2d(4, 4, 1, groups=2))
    assert add_lora(net, rank=8) == ("0",)
    assert net[0].down.shape == (2, 2)
    with pytest.raises(OptionError, match="linear layers"):
        add_lora(net, rank=8)


def test_attention_of_pytorch_learns_by_it() -> None:
    with reproducible(seed=0):
        layer, x = (
            nn.TransformerEncoderLayer(16, 4, 32, 0.0, batch_first=True),
            torch.randn(2, 5, 16),
        )
    before = layer(x).detach()
    assert "self_attn.out_proj" in add_lora(layer, rank=2)
    torch.testing.assert_close(layer(x), before)
    optimiser = torch.optim.SGD([p for p in layer.parameters() if p.requires_grad], lr=0.01)
    for _ in range(3):
        layer(x).square().sum().backward()
        optimiser.step()
    changed = layer(x).detach()
    assert (changed - before).abs().max() > 1e-3
    with torch.no_grad():  # PyTorch passes its layers by there, and takes their weights
        torch.testing.assert_close(layer.eval()(x), changed)
    assert count(layer, (5, 16)).uncounted == ()
    merge_lora(layer)
    torch.testing.assert_close(layer(x), changed)


def test_what_was_frozen_before_is_frozen_again() -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2))
    net[0].weight.requires_grad = False
    add_lora(net, rank=2)
    merge_lora(net)
    learns = {name for name, value in net.named_parameters() if value.requires_grad}
    assert learns == {"0.bias", "1.weight", "1.bias"}


def test_a_second_change_is_refused_with_the_reason() -> None:
    net = nn.Sequential(nn.Linear(4, 8))
    add_lora(net)
    with pytest.raises(OptionError, match="changed already"):
        add_lora(net)
