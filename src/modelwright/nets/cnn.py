"""A small convolutional net."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from modelwright.nets.init import initialise
from modelwright.nets.layers.dense import Dense
from modelwright.nets.layers.dropping import Dropout
from modelwright.nets.layers.norms.make import make_norm
from modelwright.nets.layers.windows import Convolution, MaxPool, Window, global_average
from modelwright.nets.library import nn, torch

__all__ = ["CNN", "cnn"]


class CNN(nn.Module):
    """Stages of convolution, norm, ReLU and max pooling; then the mean, and a linear layer.

    The shape of LeNet (LeCun et al. 1998), with what came after it: 3 x 3 kernels (Simonyan and
    Zisserman 2015), batch norm, and a global mean in place of wide linear layers, so that images
    may be of any size that all stages can halve.

    Parameters
    ----------
    classes : int
        Outputs.
    channels : int
        Of an image.
    widths : sequence of int
        Channels of each stage.
    convolutions : int
        Of each stage, before its pooling.
    norm : str
        A key of `NORMS`.
    dropout : float
        The share of the last features that is dropped.

    Examples
    --------
    >>> net = CNN(classes=10, channels=1)
    >>> net(torch.randn(2, 1, 28, 28)).shape, net.features
    (torch.Size([2, 10]), 128)
    """

    head_name: ClassVar[str] = "head"

    def __init__(
        self,
        *,
        classes: int,
        channels: int = 3,
        widths: Sequence[int] = (32, 64, 128),
        convolutions: int = 1,
        norm: str = "batch",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        sizes = [channels, *widths]
        self.features = sizes[-1]
        self.stages = nn.Sequential(*(_stage(a, b, convolutions, norm) for a, b in pairwise(sizes)))
        self.drop = Dropout(dropout)
        self.head = Dense(self.features, classes)
        initialise(self.stages)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Map images (n, channels, rows, columns) to features (n, features)."""
        return global_average(self.stages(x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map images (n, channels, rows, columns) to raw scores (n, classes)."""
        y: torch.Tensor = self.head(self.drop(self.embed(x)))
        return y


def _stage(inputs: int, outputs: int, convolutions: int, norm: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i in range(convolutions):
        wide = inputs if i == 0 else outputs
        layers.append(Convolution(wide, outputs, Window.same(3), bias=norm == "none"))
        layers += [make_norm(norm, outputs), nn.ReLU()]
    return nn.Sequential(*layers, MaxPool(Window(2, stride=2)))


def cnn(*, classes: int, channels: int = 3, width: int = 32, stages: int = 3) -> CNN:
    """Build a `CNN` whose width doubles from stage to stage.

    Parameters
    ----------
    classes : int
        Outputs.
    channels : int
        Of an image.
    width : int
        Channels of the first stage.
    stages : int
        How often the image is halved.

    Examples
    --------
    >>> cnn(classes=10, channels=1)(torch.randn(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    return CNN(classes=classes, channels=channels, widths=[width << i for i in range(stages)])
