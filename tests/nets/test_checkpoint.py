"""Weights in files: round trips, published names, other architectures, damaged files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nets.timm_names import Shapes, efficientnet_b0_names, resnet_names, vit_names

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.errors import ModelFileError, OptionError  # noqa: E402
from modelwright.nets.checkpoint import (  # noqa: E402
    load_weights,
    read_weights,
    recognise,
    save_weights,
    write_weights,
)
from modelwright.nets.cnn import cnn  # noqa: E402
from modelwright.nets.efficientnet import efficientnet  # noqa: E402
from modelwright.nets.library import nn  # noqa: E402
from modelwright.nets.resnet import resnet  # noqa: E402
from modelwright.nets.vit import VisionTransformer, ViTConfig, vit  # noqa: E402
from modelwright.store.tensors import read_header  # noqa: E402

KINDS = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool]


def small_vit(size: int = 16, classes: int = 3) -> VisionTransformer:
    return VisionTransformer(ViTConfig(classes, width=8, depth=2, heads=2, size=size, patch=4))


def write_names(path: Path, names: Shapes, value: float = 0.01) -> None:
    write_weights(path, {name: torch.full(shape, value) for name, shape in names.items()})


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write a file for each family, with the names and shapes of timm."""
    folder = tmp_path_factory.mktemp("published")
    names = {
        "resnet18": resnet_names(18),
        "vit": vit_names(192, 12, 16, 197),
        "b0": efficientnet_b0_names(),
    }
    for name, shapes in names.items():
        write_names(folder / f"{name}.safetensors", shapes)
    return {name: folder / f"{name}.safetensors" for name in names}


NETS: dict[str, Callable[[], nn.Module]] = {
    "cnn": lambda: cnn(classes=3, width=4),
    "resnet": lambda: resnet(8, classes=3, width=4),
    "efficientnet": lambda: efficientnet(-6, classes=3),
    "vit": small_vit,
}


@pytest.mark.parametrize("name", NETS)
def test_a_net_comes_back_to_the_bit(name: str, tmp_path: Path) -> None:
    first, second, path = NETS[name](), NETS[name](), tmp_path / "a.safetensors"
    save_weights(first, path, {"trained on": "digits"})
    loaded = load_weights(second, path)
    for key, value in first.state_dict().items():
        assert torch.equal(second.state_dict()[key], value)
    assert loaded.names == tuple(first.state_dict())
    assert dict(loaded.metadata) == {"trained on": "digits"}
    assert (loaded.fresh, loaded.resized) == ((), ())


@pytest.mark.long
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: resnet(18, classes=5), "resnet18"),
        (lambda: efficientnet(0, classes=5), "b0"),
        (lambda: vit("tiny", classes=5), "vit"),
    ],
    ids=["resnet18", "b0", "vit-tiny"],
)
def test_files_with_the_names_of_timm_load_for_other_classes(
    make: Callable[[], nn.Module], name: str, published: dict[str, Path]
) -> None:
    path, net = published[name], make()
    head = getattr(net, net.head_name)
    before = head.weight.clone()
    with pytest.raises(ModelFileError, match="head='fresh'"):
        load_weights(net, path)
    loaded = load_weights(net, path, head="fresh")
    assert torch.equal(head.weight, before)
    assert len(loaded.fresh) == 2
    other = [key for key in net.state_dict() if not key.startswith(net.head_name)]
    assert [*loaded.names] == other
    assert all(bool((net.state_dict()[key] == 0.01).all()) for key in other if "num_" not in key)


def test_positions_fit_images_of_another_size(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_weights(small_vit(32), path)
    net = small_vit(16)
    assert load_weights(net, path).resized == ("pos_embed",)
    assert net(torch.zeros(1, 3, 16, 16)).shape == (1, 3)


@pytest.mark.long
@pytest.mark.parametrize(
    ("written", "net", "expected", "looks"),
    [
        ("resnet18", lambda: resnet(34, classes=1000), "'layer1.2.conv1.weight'", "18 layers"),
        ("resnet18", lambda: resnet(50, classes=1000), "'layer1.0.conv1.weight'", "18 layers"),
        ("resnet18", lambda: resnet(18, classes=1000, stem="cifar"), "'conv1.weight'", "ResNet"),
        ("resnet18", lambda: efficientnet(-6, classes=9), "'conv_stem.weight'", "ResNet"),
        ("vit", lambda: resnet(18, classes=1000), "'conv1.weight'", "12 blocks, width 192"),
        ("b0", small_vit, "'cls_token'", "EfficientNet of 16 blocks"),
    ],
)
def test_the_first_mismatch_is_named(
    written: str,
    net: Callable[[], nn.Module],
    expected: str,
    looks: str,
    published: dict[str, Path],
) -> None:
    path, made = published[written], net()
    before = {key: value.clone() for key, value in made.state_dict().items()}
    with pytest.raises(ModelFileError) as raised:
        load_weights(made, path)
    assert expected in raised.value.expected
    assert looks in raised.value.cure
    for key, value in made.state_dict().items():
        assert torch.equal(value, before[key]), "a refused file changes nothing"


def test_a_further_tensor_and_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    net, path = cnn(classes=3, width=4), tmp_path / "a.safetensors"
    state = net.state_dict()
    write_weights(path, {**state, "extra": torch.ones(1)})
    with pytest.raises(ModelFileError, match=r"no further tensor.*'extra'"):
        load_weights(net, path)
    broken = {**state, "head.bias": torch.tensor([1.0, torch.nan, 2.0])}
    write_weights(path, broken)
    with pytest.raises(ModelFileError, match=r"finite.*head\.bias"):
        load_weights(net, path)
    older = {key: value for key, value in state.items() if "num_batches" not in key}
    write_weights(path, older)
    assert "head.bias" in load_weights(net, path).names


def test_a_head_is_kept_or_fresh(tmp_path: Path) -> None:
    net, path = nn.Linear(2, 2), tmp_path / "a.safetensors"
    save_weights(net, path)
    with pytest.raises(OptionError, match="head_name"):
        load_weights(net, path, head="fresh")
    with pytest.raises(OptionError, match="'keep' or 'fresh'"):
        load_weights(net, path, head="new")


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_every_kind_come_back(kind: torch.dtype, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    weights = {
        "b": torch.randn(3, 4).to(kind),
        "none": torch.zeros(0, 2).to(kind),
        "a": torch.ones(()).to(kind),
        "turned": torch.arange(6.0).reshape(2, 3).T.to(torch.float32),
    }
    write_weights(path, weights)
    found = read_weights(path)
    assert set(found) == set(weights)
    for name, value in weights.items():
        assert found[name].dtype == value.dtype
        assert torch.equal(found[name], value)


def test_the_reference_library_reads_what_we_write_and_we_what_it_writes(tmp_path: Path) -> None:
    theirs = pytest.importorskip("safetensors.torch")
    path = tmp_path / "a.safetensors"
    weights = {"a": torch.randn(3, 4), "b": torch.arange(5), "c": torch.ones(2).bfloat16()}
    write_weights(path, weights, {"by": "us"})
    for name, value in theirs.load_file(path).items():
        assert torch.equal(value, weights[name])
    theirs.save_file(weights, path, metadata={"by": "them"})
    assert dict(read_header(path).metadata) == {"by": "them"}
    for name, value in read_weights(path).items():
        assert torch.equal(value, weights[name])


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "resnet18.pth"
    torch.save({"conv1.weight": torch.ones(2)}, path)
    with pytest.raises(ModelFileError, match=r"pickles.*\.safetensors"):
        load_weights(cnn(classes=2), path)
    path.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(ModelFileError, match="pickles"):
        read_header(path)
    with pytest.raises(ModelFileError, match="check the path"):
        read_header(tmp_path / "none.safetensors")


def test_headers_of_any_length_are_read(tmp_path: Path) -> None:
    """The first byte of a file is part of a length, and may be that of a pickle or of a zip."""
    path, starts = tmp_path / "a.safetensors", set()
    for more in range(0, 256, 8):
        write_weights(path, {"a": torch.ones(1)}, {"note": "x" * more})
        starts.add(path.read_bytes()[0])
        assert read_weights(path)["a"].tolist() == [1.0]
    assert starts == set(range(0, 256, 8))


def packed(header: object, numbers: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


ONE = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x08\x00",
        (2**60).to_bytes(8, "little") + b"{}",
        packed([1, 2]),
        packed({"a": ONE}),
        packed({"a": ONE}, b"12345"),
        packed({"a": {**ONE, "shape": [2]}}, b"1234"),
        packed({"a": {**ONE, "shape": [-1]}}, b"1234"),
        packed({"a": {**ONE, "shape": [1.0]}}, b"1234"),
        packed({"a": {**ONE, "dtype": "F8"}}, b"1234"),
        packed({"a": {**ONE, "data_offsets": [4, 8]}}, b"12341234"),
        packed({"a": ONE, "b": ONE}, b"1234"),
        packed({"a": {"dtype": "F32"}}, b"1234"),
        packed({"a": 3}, b"1234"),
        packed({"__metadata__": 3, "a": ONE}, b"1234"),
        b"\x05\x00\x00\x00\x00\x00\x00\x00{{{{{",
        packed({"a": {**ONE, "shape": [1] * 65}}, b"1234"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    with pytest.raises(ModelFileError):
        read_weights(path)


@given(st.integers(0, 400), st.integers(1, 255))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_byte_is_refused_or_changes_a_number(tmp_path: Path, place: int, by: int) -> None:
    path = tmp_path / "a.safetensors"
    write_weights(path, {"a": torch.ones(20), "b": torch.zeros(3, 4)})
    data = bytearray(path.read_bytes())
    data[place % len(data)] = (data[place % len(data)] + by) % 256
    path.write_bytes(data)
    try:
        found = read_weights(path)
    except ModelFileError:
        return
    assert sum(value.numel() * value.element_size() for value in found.values()) == 32 * 4


def test_a_counter_of_another_shape_is_refused_before_anything_is_taken(tmp_path: Path) -> None:
    path, net = tmp_path / "a.safetensors", cnn(classes=2, width=4)
    weights = {name: value + 1 for name, value in net.state_dict().items()}
    counter = next(name for name in weights if name.endswith("num_batches_tracked"))
    write_weights(path, {**weights, counter: torch.zeros(3, dtype=torch.int64)})
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with pytest.raises(ModelFileError, match="num_batches_tracked"):
        load_weights(net, path)
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_names_of_no_shape_are_recognised_as_nothing() -> None:
    assert recognise({"conv1.weight": (), "layer1.0.conv1.weight": ()}) == ""
    assert recognise({}) == ""


def test_equal_weights_make_equal_bytes(tmp_path: Path) -> None:
    weights = {"b": torch.ones(3), "a": torch.arange(4)}
    write_weights(tmp_path / "1", weights)
    write_weights(tmp_path / "2", dict(reversed(weights.items())))
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert np.frombuffer((tmp_path / "1").read_bytes()[-12:], np.float32).tolist() == [1.0] * 3
