"""Backbones: nets without their last layer, which bring what they learned to other images."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

from modelwright.core.errors import ModelFileError, OptionError, did_you_mean
from modelwright.nets.checkpoint import check_weights, recognise, take_weights
from modelwright.nets.efficientnet import EfficientNet, compound_scaling
from modelwright.nets.layers.dense import Dense
from modelwright.nets.library import nn, torch
from modelwright.nets.quick import QuickForm, QuickNet
from modelwright.nets.resnet import DEPTHS, ResNet, ResNetConfig
from modelwright.nets.vit import VisionTransformer, ViTConfig

__all__ = ["Architecture", "Backbone", "Headed", "Sight", "architecture_of", "stages_of"]

_MOST = 8_192
_HEAD_WIDTH = 64  # of a head of attention in every published ViT


@dataclass(frozen=True)
class Architecture:
    """What a net is, as plain JSON, so that a file can say it.

    Parameters
    ----------
    family : str
        ``"quick"``, ``"resnet"``, ``"efficientnet"`` or ``"vit"``.
    sizes : mapping of str to JSON
        What its constructor asks for; classes are not among them.

    Raises
    ------
    OptionError
        When there is no such family.

    Examples
    --------
    >>> told = Architecture("resnet", {"depth": 8, "width": 16, "stem": "cifar", "channels": 3})
    >>> print(told, told.build().features)
    resnet (depth 8, width 16, stem cifar, channels 3) 64
    """

    family: str
    sizes: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.family not in _BUILT:
            cure = did_you_mean(self.family, _BUILT)
            raise OptionError("a known architecture", repr(self.family)[:60], cure)

    @property
    def channels(self) -> int:
        """Of the images that it takes."""
        return int(self.sizes["channels"])

    def build(self, classes: int = 1) -> nn.Module:
        """Make the net anew, with random weights.

        Raises
        ------
        ModelFileError
            When the sizes are absent or strange: a file of a stranger may say anything.
        """
        try:
            for value in self.sizes.values():
                for size in value if isinstance(value, list | tuple) else (value,):
                    if isinstance(size, int | float) and abs(size) > _MOST:
                        raise ValueError(f"a size of {size}")
            return _BUILT[self.family](self.sizes, classes)
        except (LookupError, TypeError, ValueError, OptionError) as error:
            got = f"{type(error).__name__}: {error}"[:120]
            raise ModelFileError(f"the sizes of a net ({self.family})", got) from error

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {"family": self.family, "sizes": dict(self.sizes)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Architecture:
        """Read what `to_json` gave; raises `LookupError`, `TypeError` or `OptionError`."""
        return cls(str(data["family"]), dict(data["sizes"]))

    def __str__(self) -> str:
        told = ", ".join(f"{name} {_short(value)}" for name, value in self.sizes.items())
        return f"{self.family} ({told})"


def _short(value: object) -> str:
    return "-".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _quick(sizes: Mapping[str, Any], classes: int) -> nn.Module:
    return QuickNet(QuickForm.from_json({**sizes, "classes": classes}))


def _resnet(sizes: Mapping[str, Any], classes: int) -> nn.Module:
    depth, width, channels = (int(sizes[name]) for name in ("depth", "width", "channels"))
    return ResNet(ResNetConfig(depth, classes, channels, width, str(sizes["stem"])))


def _efficientnet(sizes: Mapping[str, Any], classes: int) -> nn.Module:
    scaling, stem = compound_scaling(float(sizes["dial"])), str(sizes["stem"])
    return EfficientNet(scaling, classes=classes, channels=int(sizes["channels"]), stem=stem)


def _vit(sizes: Mapping[str, Any], classes: int) -> nn.Module:
    if int(sizes["depth"]) > 256:
        raise ValueError("more than 256 blocks")
    width, depth, heads = (int(sizes[name]) for name in ("width", "depth", "heads"))
    size, patch, channels = (int(sizes[name]) for name in ("size", "patch", "channels"))
    pool = str(sizes["pool"])
    return VisionTransformer(ViTConfig(classes, width, depth, heads, size, patch, channels, pool))


_BUILT: Mapping[str, Callable[[Mapping[str, Any], int], nn.Module]] = MappingProxyType(
    {"quick": _quick, "resnet": _resnet, "efficientnet": _efficientnet, "vit": _vit}
)


@dataclass(frozen=True)
class Sight:
    """How a backbone looks at images.

    Parameters
    ----------
    side : int
        Pixels to which the sides of an image are brought.
    mean, spread : tuple of float
        Taken off each channel, of 0 to 255, and what it is divided by. A quick net has its own.
    """

    side: int
    mean: tuple[float, ...] = (0.0,)
    spread: tuple[float, ...] = (1.0,)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {"side": self.side, "mean": list(self.mean), "spread": list(self.spread)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Sight:
        """Read what `to_json` gave; raises `ValueError` and the like for what is no sight."""
        mean, spread = (tuple(float(v) for v in data[name]) for name in ("mean", "spread"))
        side = int(data["side"])
        whole = all(v == v and abs(v) < 1e6 for v in (*mean, *spread))
        if not 1 <= side <= 1_024 or not whole or min(spread, default=0.0) <= 0:
            raise ValueError("a strange way of looking at images")
        if len(mean) != len(spread) or len(mean) not in (1, 3):
            raise ValueError("means and spreads of other colours")
        return cls(side, mean, spread)


class Backbone(nn.Module):
    """Pixels in, features out: images as the body learned to see them, and the body.

    Parameters
    ----------
    architecture : Architecture
        Of the body, whose last layer is taken away.
    sight : Sight
        How it looks at images.

    Examples
    --------
    >>> net = Backbone(Architecture("resnet", {"depth": 8, "width": 8, "stem": "cifar",
    ...                                        "channels": 3}), Sight(16, (120.0,), (60.0,)))
    >>> net(torch.zeros(2, 3, 40, 30, dtype=torch.uint8)).shape, net.features
    (torch.Size([2, 32]), 32)
    """

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, architecture: Architecture, sight: Sight) -> None:
        super().__init__()
        if len(sight.mean) not in (1, architecture.channels):
            got = f"{len(sight.mean)} means"
            raise ModelFileError(f"images of {architecture.channels} channels", got)
        self.architecture, self.sight = architecture, sight
        self.body = architecture.build()
        self.features: int = int(self.body.features)  # type: ignore[arg-type]
        setattr(self.body, str(self.body.head_name), nn.Identity())
        shape = (1, -1, 1, 1)
        self.register_buffer("mean", torch.tensor(sight.mean).reshape(shape), persistent=False)
        self.register_buffer("spread", torch.tensor(sight.spread).reshape(shape), persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Map pixels from 0 to 255, (n, channels, rows, columns), to (n, features)."""
        y: torch.Tensor = self.body.embed(self.seen(pixels))  # type: ignore[operator]
        return y

    def seen(self, pixels: torch.Tensor) -> torch.Tensor:
        """Map pixels to what enters the body: (n, channels, side, side)."""
        x, side, channels = pixels.float(), self.sight.side, self.architecture.channels
        if x.shape[1] != channels:
            grey = x.mean(dim=1, keepdim=True)
            x = grey.expand(-1, channels, -1, -1)
        if x.shape[2:] != (side, side):
            x = nn.functional.interpolate(
                x, (side, side), mode="bilinear", antialias=True, align_corners=False
            )
        return (x - self.mean) / self.spread

    def at_side(self, side: int) -> Backbone:
        """Give the same backbone for images brought to another size.

        Learned positions of a Vision Transformer are interpolated; its side becomes a multiple of
        its patch.
        """
        told = self.architecture
        if told.family == "vit":
            patch = int(told.sizes["patch"])
            side = max(round(side / patch), 1) * patch
            told = Architecture(told.family, {**told.sizes, "size": side})
        other = Backbone(told, replace(self.sight, side=side))
        other.take(self.body.state_dict(), "the backbone")
        return other.eval()

    def take(self, weights: Mapping[str, torch.Tensor], where: str) -> None:
        """Take the weights of a body, with or without a last layer, which is left out.

        Raises
        ------
        ModelFileError
            When they are of another architecture: the first mismatch is named.
        """
        whole = self.architecture.build()
        take_weights(whole, weights, where, head="fresh")
        self.body.load_state_dict(
            {name: value for name, value in whole.state_dict().items() if name in self._names()}
        )

    def _names(self) -> set[str]:
        return set(self.body.state_dict())

    @classmethod
    def restored(
        cls,
        architecture: Architecture,
        sight: Sight,
        weights: Mapping[str, torch.Tensor],
        where: str,
    ) -> Backbone:
        """Build a backbone with given weights; a stranger's sizes are compared with them first.

        Raises
        ------
        ModelFileError
            When sizes are strange, or weights are of another architecture.
        """
        with torch.random.fork_rng(devices=[]):
            with torch.device("meta"):  # takes no memory, whatever the sizes say
                empty = architecture.build()
            check_weights(empty, {n: tuple(v.shape) for n, v in weights.items()}, where)
            backbone = cls(architecture, sight)
            backbone.take(weights, where)
        return backbone.eval()


class Headed(nn.Module):
    """A backbone and a last layer of its own: ``y = W (f - m) / s + b`` of its features ``f``.

    Parameters
    ----------
    backbone : Backbone
        Gives the features.
    classes : int
        Outputs.

    Examples
    --------
    >>> told = Architecture("resnet", {"depth": 8, "width": 8, "stem": "cifar", "channels": 3})
    >>> net = Headed(Backbone(told, Sight(16)), classes=2)
    >>> net(torch.zeros(5, 3, 16, 16, dtype=torch.uint8)).shape
    torch.Size([5, 2])
    """

    head_name: ClassVar[str] = "head"
    shift: torch.Tensor
    stretch: torch.Tensor

    def __init__(self, backbone: Backbone, classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.register_buffer("shift", torch.zeros(backbone.features))
        self.register_buffer("stretch", torch.ones(backbone.features))
        self.head = Dense(backbone.features, classes)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Map pixels from 0 to 255, (n, channels, rows, columns), to (n, classes)."""
        y: torch.Tensor = self.head((self.backbone(pixels) - self.shift) / self.stretch)
        return y


def architecture_of(shapes: Mapping[str, tuple[int, ...]], where: str) -> Architecture:
    """Say what net weights with the names of timm belong to.

    Parameters
    ----------
    shapes : mapping of str to tuple of int
        Of each tensor.
    where : str
        What the error calls them.

    Returns
    -------
    Architecture
        A Vision Transformer gets heads 64 wide, as every published one has.

    Raises
    ------
    ModelFileError
        When they are of no net that is known here.

    Examples
    --------
    >>> net = ResNet(ResNetConfig(8, classes=10, width=4, stem="cifar"))
    >>> print(architecture_of({n: tuple(v.shape) for n, v in net.state_dict().items()}, "a file"))
    resnet (depth 8, width 4, stem cifar, channels 3)
    """
    looks = recognise(shapes)
    for words, found in (
        ("a ResNet", _found_resnet),
        ("an EfficientNet", _found_efficientnet),
        ("a Vision", _found_vit),
    ):
        if looks.startswith(words):
            with suppress(LookupError, ValueError):  # of tensors of strange shapes
                told = found(shapes)
                if told is not None:
                    return told
    first = next(iter(shapes), None)
    got = "no tensors" if first is None else f"{looks or 'tensors'} such as {first!r}"[:120]
    raise ModelFileError(
        "weights of a ResNet, EfficientNet or Vision Transformer, by the names of timm",
        f"{got} in {where}",
        "take a file of one of these, or make a backbone with modelwright pretrain",
    )


def _found_resnet(shapes: Mapping[str, tuple[int, ...]]) -> Architecture | None:
    counts = []
    for stage in range(1, 5):
        blocks = {m[1] for n in shapes if (m := re.match(rf"layer{stage}\.(\d+)\.conv1\.", n))}
        counts += [len(blocks)] if blocks else []
    narrow = "layer1.0.conv3.weight" not in shapes
    width, channels, *kernel = shapes["conv1.weight"]
    for depth, (block, wanted) in DEPTHS.items():
        if tuple(counts) == wanted and (block.expansion == 1) == narrow:
            stem = "cifar" if kernel[:1] == [3] else "imagenet"
            sizes = {"depth": depth, "width": width, "stem": stem, "channels": channels}
            return Architecture("resnet", sizes)
    return None


def _found_efficientnet(shapes: Mapping[str, tuple[int, ...]]) -> Architecture | None:
    width, channels, *_ = shapes["conv_stem.weight"]
    blocks = {m[0] for n in shapes if (m := re.match(r"blocks\.\d+\.\d+\.", n))}
    for dial in range(8):
        scaling = compound_scaling(dial)
        count = sum(scaling.blocks(base) for base in (1, 2, 2, 3, 3, 4, 1))
        if (scaling.channels(32), count) == (width, len(blocks)):
            sizes = {"dial": dial, "stem": "imagenet", "channels": channels}
            return Architecture("efficientnet", sizes)
    return None


def _found_vit(shapes: Mapping[str, tuple[int, ...]]) -> Architecture | None:
    width, channels, patch, *_ = shapes["patch_embed.proj.weight"]
    token = "cls_token" in shapes
    places = shapes.get("pos_embed", (1, 0, 0))[1] - int(token)
    depth = len([n for n in shapes if re.fullmatch(r"blocks\.\d+\.norm1\.weight", n)])
    sizes = {
        "width": width, "depth": depth, "heads": max(width // _HEAD_WIDTH, 1),
        "size": round(max(places, 1) ** 0.5) * patch, "patch": patch, "channels": channels,
        "pool": "token" if token else "mean",
    }  # fmt: skip
    return Architecture("vit", sizes)


def stages_of(net: nn.Module) -> tuple[tuple[str, ...], ...]:
    """Part a net into stages, from the bottom to the head, by the names of what is in each.

    Parameters
    ----------
    net : nn.Module
        One of the nets here, a `Backbone`, a `Headed` one; of any other net each child that has
        weights is a stage.

    Examples
    --------
    >>> for stage in stages_of(ResNet(ResNetConfig(8, classes=10, width=4, stem="cifar"))):
    ...     print(*stage)
    conv1 bn1
    layer1
    layer2
    layer3
    fc
    """
    if isinstance(net, Headed):
        return (*_below("backbone", stages_of(net.backbone)), ("head",))
    if isinstance(net, Backbone):
        return _below("body", stages_of(net.body))
    kept = {name for name, module in net.named_children() if any(True for _ in module.parameters())}
    if isinstance(net, QuickNet):
        last = len(net.groups)
        groups = [tuple(f"groups.{i}" for i in range(at, at + 7)) for at in range(0, last, 7)]
        stages = [("whiten",), *groups, ("head",)]
    elif isinstance(net, ResNet):
        stages = [("conv1", "bn1"), *((name,) for name in net.stages), ("fc",)]
    elif isinstance(net, EfficientNet):
        inner = [(f"blocks.{i}",) for i in range(len(net.blocks))]
        stages = [("conv_stem", "bn1"), *inner, ("conv_head", "bn2"), ("classifier",)]
    elif isinstance(net, VisionTransformer):
        inner = [(f"blocks.{i}",) for i in range(len(net.blocks))]
        first = ("pos_embed", "patch_embed", *(("cls_token",) if net.tokens else ()))
        stages = [first, *inner, ("norm",), ("head",)]
    else:
        return tuple((name,) for name, _ in net.named_children() if name in kept)
    # a backbone's body has lost its head
    return tuple(stages if stages[-1][0] in kept else stages[:-1])


def _below(parent: str, stages: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(f"{parent}.{name}" for name in stage) for stage in stages)
