"""EfficientNet, with one dial for depth, width and resolution.

Tan and Le 2019, "EfficientNet: rethinking model scaling for convolutional neural networks". Blocks
are inverted bottlenecks with depthwise convolutions (Sandler et al. 2018) and squeeze-excite. Names
and shapes of the weights are those of `efficientnet_b0` to `b7` in timm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from modelwright.core.errors import OptionError
from modelwright.nets.init import initialise
from modelwright.nets.layers.activations import Activation
from modelwright.nets.layers.dense import Dense
from modelwright.nets.layers.dropping import Dropout, DropPath
from modelwright.nets.layers.excite import SqueezeExcite
from modelwright.nets.layers.norms import BatchNorm
from modelwright.nets.layers.windows import Convolution, Window, global_average
from modelwright.nets.library import nn, torch

__all__ = ["EfficientNet", "Scaling", "compound_scaling", "efficientnet"]

_DEPTH, _WIDTH, _SIZE = 1.2, 1.1, 1.15
"""What one more on the dial multiplies: their cost is depth * width^2 * size^2 = 1.92, about 2."""

_PUBLISHED = {
    0: (1.0, 1.0, 224, 0.2),
    1: (1.1, 1.0, 240, 0.2),
    2: (1.2, 1.1, 260, 0.3),
    3: (1.4, 1.2, 300, 0.3),
    4: (1.8, 1.4, 380, 0.4),
    5: (2.2, 1.6, 456, 0.4),
    6: (2.6, 1.8, 528, 0.5),
    7: (3.1, 2.0, 600, 0.5),
}
"""B0 to B7 as they were released: depth, width, pixels, dropout."""

_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Of B0 (table 1 of the paper): blocks, kernel, stride, expansion, channels."""


@dataclass(frozen=True)
class Scaling:
    """What the dial means.

    Parameters
    ----------
    depth, width : float
        Factors of the number of blocks and of channels of B0.
    size : int
        Pixels of a side that suit the net.
    dropout : float
        Of the last features.
    """

    depth: float
    width: float
    size: int
    dropout: float

    def channels(self, base: int) -> int:
        """Scale a number of channels, rounded to 8, and never by more than a tenth down."""
        wanted = base * self.width
        rounded = max(8, int(wanted + 4) // 8 * 8)
        return rounded if rounded >= 0.9 * wanted else rounded + 8

    def blocks(self, base: int) -> int:
        """Scale a number of blocks, rounded up."""
        return math.ceil(base * self.depth - 1e-9)


def compound_scaling(dial: float) -> Scaling:
    """Give depth, width and resolution for a place of the dial.

    Whole numbers from 0 to 7 are the published B0 to B7. Between and beyond them it is the rule of
    the paper: ``1.2^dial`` blocks, ``1.1^dial`` channels, ``1.15^dial`` pixels, so that one more on
    the dial costs about twice the operations. Below 0 are smaller nets; there one step saves less,
    because no stage has fewer than one block.

    Parameters
    ----------
    dial : float
        From -6 to 10.

    Raises
    ------
    OptionError
        Beyond that.

    Examples
    --------
    >>> compound_scaling(3)
    Scaling(depth=1.4, width=1.2, size=300, dropout=0.3)
    >>> compound_scaling(-2).channels(32), compound_scaling(-2).size
    (24, 169)
    """
    if not -6 <= dial <= 10:
        raise OptionError("a dial from -6 to 10", str(dial))
    if dial in _PUBLISHED:
        return Scaling(*_PUBLISHED[int(dial)])
    size = round(224 * _SIZE**dial)
    dropout = min(max(0.2 + 0.3 * dial / 7, 0.1), 0.5)
    return Scaling(_DEPTH**dial, _WIDTH**dial, size, dropout)


class _Separable(nn.Module):
    """Depthwise convolution, squeeze-excite, and a mix of channels: a block without expansion."""

    def __init__(self, inputs: int, outputs: int, window: Window, drop_path: float) -> None:
        super().__init__()
        self.conv_dw = Convolution(inputs, inputs, window, groups=inputs, bias=False)
        self.bn1 = BatchNorm(inputs)
        self.se = SqueezeExcite(inputs, round(inputs / 4))
        self.conv_pw = Convolution(inputs, outputs, Window(1), bias=False)
        self.bn2 = BatchNorm(outputs)
        self.act = Activation("silu")
        self.drop = DropPath(drop_path)
        self.passes = window.stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, rows, columns) to (n, outputs, rows / stride, columns / stride)."""
        y: torch.Tensor = self.se(self.act(self.bn1(self.conv_dw(x))))
        y = self.drop(self.bn2(self.conv_pw(y)))
        return x + y if self.passes else y


class _Inverted(nn.Module):
    """Mix to many channels, depthwise convolution, squeeze-excite, mix to few."""

    def __init__(
        self, inputs: int, outputs: int, window: Window, expansion: int, drop_path: float
    ) -> None:
        super().__init__()
        inside = inputs * expansion
        self.conv_pw = Convolution(inputs, inside, Window(1), bias=False)
        self.bn1 = BatchNorm(inside)
        self.conv_dw = Convolution(inside, inside, window, groups=inside, bias=False)
        self.bn2 = BatchNorm(inside)
        self.se = SqueezeExcite(inside, round(inputs / 4))
        self.conv_pwl = Convolution(inside, outputs, Window(1), bias=False)
        self.bn3 = BatchNorm(outputs)
        self.act = Activation("silu")
        self.drop = DropPath(drop_path)
        self.passes = window.stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, rows, columns) to (n, outputs, rows / stride, columns / stride)."""
        y: torch.Tensor = self.act(self.bn1(self.conv_pw(x)))
        y = self.se(self.act(self.bn2(self.conv_dw(y))))
        y = self.drop(self.bn3(self.conv_pwl(y)))
        return x + y if self.passes else y


class EfficientNet(nn.Module):
    """Stem, seven stages of blocks, a mix of channels, mean over places, linear layer.

    Parameters
    ----------
    scaling : Scaling
        How deep and wide: `compound_scaling`.
    classes : int
        Outputs.
    channels : int
        Of an image.
    stem : str
        ``"imagenet"`` halves the image five times; ``"cifar"``, for images of 32 pixels or so,
        three times.
    drop_path : float
        How often the last branch is left out in training; earlier ones less, in proportion.

    Examples
    --------
    >>> net = EfficientNet(compound_scaling(-4), classes=10, stem="cifar").eval()
    >>> net(torch.randn(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    head_name: ClassVar[str] = "classifier"

    def __init__(
        self,
        scaling: Scaling,
        *,
        classes: int,
        channels: int = 3,
        stem: str = "imagenet",
        drop_path: float = 0.2,
    ) -> None:
        super().__init__()
        if stem not in ("imagenet", "cifar"):
            raise OptionError("the stem 'imagenet' or 'cifar'", repr(stem))
        self.scaling = scaling
        inputs = scaling.channels(32)
        first = Window.same(3, stride=2 if stem == "imagenet" else 1)
        self.conv_stem = Convolution(channels, inputs, first, bias=False)
        self.bn1 = BatchNorm(inputs)
        self.blocks, inputs = _stages(scaling, inputs, stem, drop_path)
        self.features = scaling.channels(1280)
        self.conv_head = Convolution(inputs, self.features, Window(1), bias=False)
        self.bn2 = BatchNorm(self.features)
        self.act = Activation("silu")
        self.drop = Dropout(scaling.dropout)
        initialise(self, size=math.sqrt(2.0), mode="fan_out")
        self.classifier = Dense(self.features, classes)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Map images (n, channels, rows, columns) to features (n, features)."""
        x = self.blocks(self.act(self.bn1(self.conv_stem(x))))
        return global_average(self.act(self.bn2(self.conv_head(x))))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map images (n, channels, rows, columns) to raw scores (n, classes)."""
        y: torch.Tensor = self.classifier(self.drop(self.embed(x)))
        return y


def _stages(
    scaling: Scaling, inputs: int, stem: str, drop_path: float
) -> tuple[nn.Sequential, int]:
    """Build the stages; gives them, and the channels that come out."""
    total = sum(scaling.blocks(stage[0]) for stage in _STAGES)
    stages, built = [], 0
    for number, (count, kernel, stride, expansion, base) in enumerate(_STAGES):
        outputs, blocks = scaling.channels(base), []
        if stem == "cifar" and number == 1:
            stride = 1
        for i in range(scaling.blocks(count)):
            window = Window.same(kernel, stride if i == 0 else 1)
            drop = drop_path * built / total
            made: nn.Module = (
                _Separable(inputs, outputs, window, drop)
                if expansion == 1
                else _Inverted(inputs, outputs, window, expansion, drop)
            )
            blocks.append(made)
            inputs, built = outputs, built + 1
        stages.append(nn.Sequential(*blocks))
    return nn.Sequential(*stages), inputs


def efficientnet(
    dial: float = 0, *, classes: int, channels: int = 3, stem: str = "imagenet"
) -> EfficientNet:
    """Build an `EfficientNet`; the images that suit it have `net.scaling.size` pixels a side.

    Parameters
    ----------
    dial : float
        0 to 7: B0 to B7; below 0 smaller.
    classes, channels, stem
        See `EfficientNet`.

    Examples
    --------
    >>> net = efficientnet(0, classes=1000)
    >>> sum(parameter.numel() for parameter in net.parameters()), net.scaling.size
    (5288548, 224)
    """
    return EfficientNet(compound_scaling(dial), classes=classes, channels=channels, stem=stem)
