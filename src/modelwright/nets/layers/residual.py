"""Residual blocks: what a branch adds to what passes by.

``y = f(x + F(x))``, He, Zhang, Ren and Sun 2016, "Deep residual learning for image recognition".
The scale of the last norm of the branch is zero at first, so that a block begins as the identity
and a net of any depth begins shallow (Goyal et al. 2017, section 5.1; Zhang, Dauphin and Ma 2019
need no norm at all for it). The form followed here is the first one, with the activation after the
sum, because the published weights have it; the later one (He et al. 2016, "Identity mappings")
norms before each convolution. Names and shapes of weights are those of timm and torchvision.
"""

from __future__ import annotations

from typing import ClassVar

from modelwright.nets.layers.dropping import DropPath
from modelwright.nets.layers.norms.make import make_norm
from modelwright.nets.layers.windows import Convolution, Window
from modelwright.nets.library import nn, torch

__all__ = ["BasicBlock", "BottleneckBlock", "zero_last_scale"]


def zero_last_scale(norm: nn.Module, convolution: nn.Module) -> None:
    """Let a branch begin with zero: by the scale of its last norm, or without one by its weights.

    Without a norm the last convolution is zero at first (Zhang, Dauphin and Ma 2019, "Fixup").

    Examples
    --------
    >>> norm, convolution = make_norm("batch", 2), nn.Conv2d(2, 2, 1)
    >>> zero_last_scale(norm, convolution)
    >>> norm.weight.tolist(), bool(convolution.weight.any())
    ([0.0, 0.0], True)
    """
    scale = getattr(norm, "weight", None)
    last = scale if isinstance(scale, nn.Parameter) else convolution.weight
    assert isinstance(last, nn.Parameter)
    nn.init.zeros_(last)


def _shortcut(inputs: int, outputs: int, stride: int, norm: str) -> nn.Module | None:
    """Give what passes by: as it is, or a convolution of one pixel where the shape changes."""
    if stride == 1 and inputs == outputs:
        return None
    mix = Convolution(inputs, outputs, Window(1, stride), bias=norm == "none")
    return nn.Sequential(mix, make_norm(norm, outputs))


class BasicBlock(nn.Module):
    """``y = relu(x + N2(C2(relu(N1(C1(x))))))`` with two convolutions of 3 x 3.

    Parameters
    ----------
    inputs, width : int
        Channels in, and inside. Out: as many as inside.
    stride : int
        Of the first convolution.
    norm : str
        A key of `NORMS`: ``N1`` and ``N2``.
    drop_path : float
        How often the branch of a row is left out in training.
    zero_last : bool
        Whether the scale of ``N2`` is zero at first.

    Examples
    --------
    >>> x = torch.rand(2, 8, 4, 4)
    >>> block = BasicBlock(8, 8, zero_last=True)
    >>> bool((block(x) == x).all())
    True
    """

    expansion: ClassVar[int] = 1

    def __init__(
        self,
        inputs: int,
        width: int,
        *,
        stride: int = 1,
        norm: str = "batch",
        drop_path: float = 0.0,
        zero_last: bool = True,
    ) -> None:
        super().__init__()
        bias = norm == "none"
        self.conv1 = Convolution(inputs, width, Window.same(3, stride), bias=bias)
        self.bn1 = make_norm(norm, width)
        self.conv2 = Convolution(width, width, Window.same(3), bias=bias)
        self.bn2 = make_norm(norm, width)
        self.downsample = _shortcut(inputs, width, stride, norm)
        self.drop = DropPath(drop_path)
        if zero_last:
            self.begin_as_identity()

    def begin_as_identity(self) -> None:
        """Let the branch say nothing until it has learned to."""
        zero_last_scale(self.bn2, self.conv2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, rows, columns) to (n, width, rows / stride, columns / stride)."""
        beside = x if self.downsample is None else self.downsample(x)
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(beside + self.drop(y))


class BottleneckBlock(nn.Module):
    """``y = relu(x + N3(C3(relu(N2(C2(relu(N1(C1(x))))))))``: narrow inside, wide out.

    Convolutions of 1 x 1, 3 x 3 (which has the stride, as in torchvision and timm) and 1 x 1.

    Parameters
    ----------
    inputs, width : int
        Channels in, and inside. Out: ``4 width``.
    stride : int
        Of the middle convolution.
    norm : str
        A key of `NORMS`.
    drop_path : float
        How often the branch of a row is left out in training.
    zero_last : bool
        Whether the scale of ``N3`` is zero at first.

    Examples
    --------
    >>> BottleneckBlock(8, 4, stride=2)(torch.rand(2, 8, 4, 4)).shape
    torch.Size([2, 16, 2, 2])
    """

    expansion: ClassVar[int] = 4

    def __init__(
        self,
        inputs: int,
        width: int,
        *,
        stride: int = 1,
        norm: str = "batch",
        drop_path: float = 0.0,
        zero_last: bool = True,
    ) -> None:
        super().__init__()
        outputs, bias = 4 * width, norm == "none"
        self.conv1 = Convolution(inputs, width, Window(1), bias=bias)
        self.bn1 = make_norm(norm, width)
        self.conv2 = Convolution(width, width, Window.same(3, stride), bias=bias)
        self.bn2 = make_norm(norm, width)
        self.conv3 = Convolution(width, outputs, Window(1), bias=bias)
        self.bn3 = make_norm(norm, outputs)
        self.downsample = _shortcut(inputs, outputs, stride, norm)
        self.drop = DropPath(drop_path)
        if zero_last:
            self.begin_as_identity()

    def begin_as_identity(self) -> None:
        """Let the branch say nothing until it has learned to."""
        zero_last_scale(self.bn3, self.conv3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, rows, columns) to (n, 4 width, rows / stride, columns / stride)."""
        beside = x if self.downsample is None else self.downsample(x)
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return torch.relu(beside + self.drop(y))
