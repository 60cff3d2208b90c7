"""The ResNet family.

He, Zhang, Ren and Sun 2016, "Deep residual learning for image recognition". The blocks are in
`modelwright.nets.layers.residual`; the last scale of each branch is zero at first. Weights have the
names that timm and torchvision give them, so that their published files load
(`modelwright.nets.checkpoint`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from modelwright.core.errors import OptionError
from modelwright.nets.init import gain, initialise
from modelwright.nets.layers.dense import Dense
from modelwright.nets.layers.dropping import drop_ramp
from modelwright.nets.layers.norms.make import make_norm
from modelwright.nets.layers.residual import BasicBlock, BottleneckBlock
from modelwright.nets.layers.windows import Convolution, MaxPool, Window, global_average
from modelwright.nets.library import nn, torch

__all__ = ["DEPTHS", "ResNet", "ResNetConfig", "resnet"]

_Block = type[BasicBlock] | type[BottleneckBlock]

DEPTHS: Mapping[int, tuple[_Block, tuple[int, ...]]] = MappingProxyType(
    {
        8: (BasicBlock, (1, 1, 1)),
        10: (BasicBlock, (1, 1, 1, 1)),
        14: (BasicBlock, (2, 2, 2)),
        18: (BasicBlock, (2, 2, 2, 2)),
        20: (BasicBlock, (3, 3, 3)),
        26: (BottleneckBlock, (2, 2, 2, 2)),
        32: (BasicBlock, (5, 5, 5)),
        34: (BasicBlock, (3, 4, 6, 3)),
        44: (BasicBlock, (7, 7, 7)),
        50: (BottleneckBlock, (3, 4, 6, 3)),
        56: (BasicBlock, (9, 9, 9)),
        101: (BottleneckBlock, (3, 4, 23, 3)),
        110: (BasicBlock, (18, 18, 18)),
        152: (BottleneckBlock, (3, 8, 36, 3)),
    }
)
"""Layers with weights -> the block, and how many of it each stage has. Nets of three stages are
those for small images (section 4.2 of the paper; there they are 16 wide)."""


@dataclass(frozen=True)
class ResNetConfig:
    """What a ResNet is.

    Parameters
    ----------
    depth : int
        A key of `DEPTHS`.
    classes : int
        Outputs.
    channels : int
        Of an image.
    width : int
        Channels of the first stage; each further stage has twice as many.
    stem : str
        ``"imagenet"``: 7 x 7 with stride 2 and pooling, which quarters the sides, for images from
        about 96 pixels; ``"cifar"``: 3 x 3 with stride 1, for small ones.
    norm : str
        A key of `NORMS`.
    drop_path : float
        How often the last branch is left out in training; earlier ones less, in proportion.
    zero_last : bool
        Whether the last scale of each branch is zero at first; without a norm, its last
        convolution.
    """

    depth: int
    classes: int
    channels: int = 3
    width: int = 64
    stem: str = "imagenet"
    norm: str = "batch"
    drop_path: float = 0.0
    zero_last: bool = True

    def __post_init__(self) -> None:
        if self.depth not in DEPTHS:
            raise OptionError("a depth of a ResNet", str(self.depth), f"one of {[*DEPTHS]}")
        if self.stem not in ("imagenet", "cifar"):
            raise OptionError("the stem 'imagenet' or 'cifar'", repr(self.stem))


class ResNet(nn.Module):
    """Stem, stages of residual blocks, mean over places, linear layer.

    Parameters
    ----------
    config : ResNetConfig
        What it is.

    Examples
    --------
    >>> net = ResNet(ResNetConfig(8, classes=10, width=16, stem="cifar"))
    >>> net(torch.randn(2, 3, 32, 32)).shape, net.features
    (torch.Size([2, 10]), 64)
    """

    head_name: ClassVar[str] = "fc"

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        large = config.stem == "imagenet"
        window = Window(7, stride=2, padding=3) if large else Window.same(3)
        self.config = config
        self.conv1 = Convolution(config.channels, config.width, window, bias=config.norm == "none")
        self.bn1 = make_norm(config.norm, config.width)
        self.pool = MaxPool(Window(3, stride=2, padding=1)) if large else nn.Identity()
        block, counts = DEPTHS[config.depth]
        self.stages = [f"layer{i + 1}" for i in range(len(counts))]
        drops = iter(drop_ramp(config.drop_path, sum(counts)))
        inputs = config.width
        for i, (name, count) in enumerate(zip(self.stages, counts, strict=True)):
            blocks: list[nn.Module] = []
            for j in range(count):
                made = block(
                    inputs,
                    config.width << i,
                    stride=2 if i and not j else 1,
                    norm=config.norm,
                    drop_path=next(drops),
                    zero_last=config.zero_last,
                )
                blocks.append(made)
                inputs = (config.width << i) * block.expansion
            self.add_module(name, nn.Sequential(*blocks))
        self.features = inputs
        initialise(self, size=gain("relu"), mode="fan_out")
        if config.zero_last:  # drawing the weights may have undone it
            for module in self.modules():
                if isinstance(module, BasicBlock | BottleneckBlock):
                    module.begin_as_identity()
        self.fc = Dense(inputs, config.classes)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Map images (n, channels, rows, columns) to features (n, features)."""
        x = self.pool(torch.relu(self.bn1(self.conv1(x))))
        for name in self.stages:
            x = getattr(self, name)(x)
        return global_average(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map images (n, channels, rows, columns) to raw scores (n, classes)."""
        y: torch.Tensor = self.fc(self.embed(x))
        return y


def resnet(
    depth: int = 18,
    *,
    classes: int,
    channels: int = 3,
    width: int = 64,
    stem: str = "imagenet",
    norm: str = "batch",
    drop_path: float = 0.0,
) -> ResNet:
    """Build a `ResNet`.

    Parameters
    ----------
    depth, classes, channels, width, stem, norm, drop_path
        See `ResNetConfig`.

    Raises
    ------
    OptionError
        When there is no such depth, stem or norm.

    Examples
    --------
    >>> net = resnet(18, classes=1000)
    >>> sum(parameter.numel() for parameter in net.parameters())
    11689512
    """
    return ResNet(ResNetConfig(depth, classes, channels, width, stem, norm, drop_path))
