"""Backbones: what a file says it is, files of timm, round trips, mismatches, damage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nets.timm_names import efficientnet_b0_names, resnet_names, vit_names

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.errors import ModelFileError, OptionError  # noqa: E402
from modelwright.nets.backbone import (  # noqa: E402
    Architecture,
    Backbone,
    Headed,
    Sight,
    architecture_of,
    stages_of,
)
from modelwright.nets.backbone_file import (  # noqa: E402
    BackboneCard,
    read_backbone,
    write_backbone,
)
from modelwright.nets.checkpoint import write_weights  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.nets.resnet import resnet  # noqa: E402
from modelwright.store.archive import read_archive, write_archive  # noqa: E402
from modelwright.store.files import digest  # noqa: E402

TOLD = {
    "quick": {"channels": 3, "height": 16, "width": 16, "widths": [8, 8]},
    "resnet": {"depth": 8, "width": 8, "stem": "cifar", "channels": 3},
    "efficientnet": {"dial": -6, "stem": "cifar", "channels": 3},
    "vit": {
        "width": 16, "depth": 2, "heads": 2, "size": 16, "patch": 4, "channels": 3, "pool": "token",
    },
}  # fmt: skip
CARD = BackboneCard("supervised", "photos.zip", "abc", 100, 5, 3.5, 12.0, 0.5, 1.5, notes=("one",))


def made(family: str, seed: int = 0) -> Backbone:
    with reproducible(seed):
        return Backbone(Architecture(family, TOLD[family]), Sight(16, (120.0,), (60.0,))).eval()


def pictures(count: int = 4, channels: int = 3, side: int = 20) -> torch.Tensor:
    with reproducible(7):
        return torch.randint(0, 256, (count, channels, side, side), dtype=torch.uint8)


@pytest.mark.long
@pytest.mark.parametrize("family", TOLD)
def test_a_backbone_comes_back_to_the_bit_with_its_card(family: str, tmp_path: Path) -> None:
    path, net = tmp_path / "a.mw", made(family)
    card = write_backbone(path, net, CARD)
    again, told = read_backbone(path)
    assert told == card
    assert card.weights == digest(read_archive(path)["weights.safetensors"])
    assert again.architecture == net.architecture
    assert again.sight == net.sight
    assert not again.training
    with torch.no_grad():
        assert torch.equal(again(pictures()), net(pictures()))
    write_backbone(tmp_path / "b.mw", net, CARD)
    assert (tmp_path / "b.mw").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("family", TOLD)
def test_it_looks_at_images_of_any_size_and_colour(family: str) -> None:
    net = made(family)
    with torch.no_grad():
        assert net(pictures(side=9)).shape == (4, net.features)
        assert net(pictures(channels=1)).shape == (4, net.features)
        larger = net.at_side(32)
        assert larger(pictures(side=40)).shape == (4, net.features)
    assert larger.sight.side == 32
    assert net.sight.side == 16


def test_pixels_are_shifted_and_scaled_once() -> None:
    net = made("resnet")
    seen = net.seen(torch.full((1, 3, 16, 16), 180, dtype=torch.uint8))
    assert torch.equal(seen, torch.ones(1, 3, 16, 16))
    grey = Backbone(Architecture("resnet", {**TOLD["resnet"], "channels": 1}), Sight(16))
    assert grey.seen(pictures()).shape == (4, 1, 16, 16)


@pytest.mark.parametrize(
    ("shapes", "told"),
    [
        (resnet_names(18), "resnet (depth 18, width 64, stem imagenet, channels 3)"),
        (resnet_names(50), "resnet (depth 50, width 64, stem imagenet, channels 3)"),
        (efficientnet_b0_names(), "efficientnet (dial 0, stem imagenet, channels 3)"),
        (
            vit_names(192, 12, 16, 197),
            "vit (width 192, depth 12, heads 3, size 224, patch 16, channels 3, pool token)",
        ),
    ],
    ids=["resnet18", "resnet50", "b0", "vit"],
)
def test_names_of_timm_say_what_net_they_are_of(shapes: dict[str, object], told: str) -> None:
    found = architecture_of(shapes, "a file")  # type: ignore[arg-type]
    assert str(found) == told
    with torch.device("meta"):
        net = found.build(classes=1000)
    assert {name: tuple(value.shape) for name, value in net.state_dict().items()} == shapes


def test_a_file_of_timm_becomes_a_backbone(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    with reproducible(0):
        net = resnet(8, classes=9, width=8, stem="cifar").eval()
        net.bn1.running_mean.normal_()
    write_weights(path, net.state_dict())
    backbone, card = read_backbone(path)
    assert (card.method, card.source) == ("unknown", "mine.safetensors")
    assert "mean and spread that timm uses" in card.notes[0]
    x = pictures(side=32).float()
    mean, spread = (torch.tensor(v).reshape(1, 3, 1, 1) for v in
                    ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)))  # fmt: skip
    with torch.no_grad():
        assert torch.allclose(backbone(x), net.embed((x - mean) / spread), atol=1e-6)
    headless = {name: v for name, v in net.state_dict().items() if not name.startswith("fc.")}
    write_weights(path, headless)
    again, _ = read_backbone(path)
    with torch.no_grad():
        assert torch.equal(again(x), backbone(x))


def test_another_architecture_is_refused_at_the_first_mismatch(tmp_path: Path) -> None:
    state = resnet(8, classes=2, width=8, stem="cifar").state_dict()
    path = tmp_path / "a.safetensors"
    lost = {name: value for name, value in state.items() if name != "layer2.0.bn1.weight"}
    write_weights(path, lost)
    with pytest.raises(ModelFileError, match=r"'layer2\.0\.bn1\.weight' of shape.*none"):
        read_backbone(path)
    write_weights(path, {**state, "layer3.0.conv2.weight": torch.zeros(32, 32, 5, 5)})
    with pytest.raises(ModelFileError, match=r"layer3\.0\.conv2\.weight"):
        read_backbone(path)
    write_weights(path, {"encoder.weight": torch.zeros(2, 2)})
    with pytest.raises(ModelFileError, match=r"ResNet, EfficientNet or Vision.*encoder\.weight"):
        read_backbone(path)
    write_weights(path, {"conv1.weight": torch.zeros(2), "layer1.0.conv1.weight": torch.zeros(2)})
    with pytest.raises(ModelFileError, match="by the names of timm"):
        read_backbone(path)


def altered(path: Path, **changes: object) -> Path:
    """Write a backbone whose JSON says other things."""
    write_backbone(path, made("resnet"), CARD)
    entries = read_archive(path)
    about = json.loads(entries["backbone.json"])
    for name, value in changes.items():
        about[name] = value
    entries["backbone.json"] = json.dumps(about).encode()
    write_archive(path, entries, writer="0.1.0")
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": {"family": "resnet", "sizes": {**TOLD["resnet"], "depth": 14}}},
        {"architecture": {"family": "resnet", "sizes": {**TOLD["resnet"], "width": 8_000}}},
        {"architecture": {"family": "resnet", "sizes": {**TOLD["resnet"], "width": 10**9}}},
        {"architecture": {"family": "resnet", "sizes": {}}},
        {"architecture": {"family": "os.system", "sizes": {}}},
        {"architecture": {"family": "vit", "sizes": TOLD["vit"]}},
        {"architecture": 3},
        {"sight": {"side": 10**6, "mean": [0], "spread": [1]}},
        {"sight": {"side": 16, "mean": [0, 0], "spread": [1, 1]}},
        {"sight": {"side": 16, "mean": [0], "spread": [0]}},
        {"sight": {}},
        {"card": {}},
        {"card": {**CARD.to_json(), "weights": "another"}},
    ],
)
def test_a_file_that_was_altered_is_refused(changes: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ModelFileError):
        read_backbone(altered(tmp_path / "a.mw", **changes))


def test_what_is_no_backbone_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no such file"):
        read_backbone(tmp_path / "none.mw")
    with pytest.raises(ModelFileError, match="a folder"):
        read_backbone(tmp_path)
    path = tmp_path / "a.mw"
    path.write_bytes(b"")
    with pytest.raises(ModelFileError):
        read_backbone(path)
    write_archive(path, {"other.json": b"{}"}, writer="0.1.0")
    with pytest.raises(ModelFileError, match="another kind"):
        read_backbone(path)
    write_backbone(path, made("quick"), CARD)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelFileError):
        read_backbone(path)
    torch.save({"conv1.weight": torch.ones(2)}, path)
    with pytest.raises(ModelFileError, match=r"pickles.*\.safetensors"):
        read_backbone(path)


def test_stages_hold_every_weight_once() -> None:
    for family in TOLD:
        net = Headed(made(family), classes=3)
        stages = stages_of(net)
        assert stages[-1] == ("head",)
        for name, _ in net.named_parameters():
            homes = [
                stage for stage in stages
                if any(name == part or name.startswith(f"{part}.") for part in stage)
            ]  # fmt: skip
            assert len(homes) == 1, name
    assert stages_of(nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))) == (("0",), ("2",))


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(OptionError, match="resnet"):
        Architecture("resnets", {})
