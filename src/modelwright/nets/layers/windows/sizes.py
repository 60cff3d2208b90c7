"""The arithmetic of windows: sizes of outputs, and the receptive field.

Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning"; Araujo, Norris and
Sim 2019, "Computing receptive fields of convolutional neural networks" (Distill).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from modelwright.core.errors import OptionError

__all__ = ["Reach", "Window", "receptive_field"]


@dataclass(frozen=True)
class Window:
    """A square window that slides over rows and columns.

    Parameters
    ----------
    kernel : int
        Places of a side.
    stride : int
        Pixels from one stop to the next.
    padding : int
        Pixels added on every side.
    dilation : int
        Pixels from one place of the window to the next; 1: no holes.

    Raises
    ------
    OptionError
        When a number is below 1 (the padding: below 0).

    Examples
    --------
    >>> Window(3, stride=2, padding=1).output(32)
    16
    >>> Window(3, dilation=2).span
    5
    >>> Window.same(5)
    Window(kernel=5, stride=1, padding=2, dilation=1)
    """

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def __post_init__(self) -> None:
        if min(self.kernel, self.stride, self.dilation) < 1 or self.padding < 0:
            raise OptionError(
                "kernel, stride and dilation from 1, padding from 0",
                repr(self),
                "correct the window",
            )

    @classmethod
    def same(cls, kernel: int, stride: int = 1, dilation: int = 1) -> Window:
        """Pad so that with a stride of 1 the output is as large as the input (odd kernels)."""
        return cls(kernel, stride, dilation * (kernel - 1) // 2, dilation)

    @property
    def span(self) -> int:
        """Pixels from the first to the last place, both counted: ``d (k - 1) + 1``."""
        return self.dilation * (self.kernel - 1) + 1

    def output(self, size: int) -> int:
        """Give the outputs along a side: ``floor((size + 2 p - span) / s) + 1``.

        Raises
        ------
        OptionError
            When the window is larger than the padded side.
        """
        free = size + 2 * self.padding - self.span
        if free < 0:
            raise OptionError(
                f"a side of at least {self.span - 2 * self.padding} pixels for {self}",
                f"{size}",
                "use larger images, a smaller kernel, or fewer strides before it",
            )
        return free // self.stride + 1

    def shrinks(self, size: int) -> float:
        """Give the share of the outputs of stride 1 that are left: what a stride saves, squared.

        Examples
        --------
        >>> Window(3, stride=2, padding=1).shrinks(32)
        0.25
        """
        whole = Window(self.kernel, 1, self.padding, self.dilation).output(size)
        return (self.output(size) / whole) ** 2


@dataclass(frozen=True)
class Reach:
    """How far a unit sees: its receptive field along a side, in pixels of the image.

    Parameters
    ----------
    size : int
        Pixels that can change the unit, from the first to the last.
    jump : int
        Pixels between what neighbouring units see: the product of the strides.
    start : float
        Where the first unit looks: the centre of its field; 0 is the centre of the first pixel.
    """

    size: int = 1
    jump: int = 1
    start: float = 0.0

    def through(self, window: Window) -> Reach:
        """Go one layer on: ``r + (span - 1) j``, ``j s``, ``c + ((span - 1) / 2 - p) j``."""
        centre = self.start + ((window.span - 1) / 2 - window.padding) * self.jump
        return Reach(self.size + (window.span - 1) * self.jump, self.jump * window.stride, centre)


def receptive_field(windows: Iterable[Window]) -> Reach:
    """Give what a unit after a chain of convolutions and poolings sees of the image.

    Parameters
    ----------
    windows : iterable of Window
        From the image on. Layers that look at one pixel only (norms, activations) change nothing.

    Examples
    --------
    Two layers of 3 x 3 see what one of 5 x 5 sees, and a stride doubles what comes after it:

    >>> receptive_field([Window(3), Window(3)]).size
    5
    >>> receptive_field([Window(3, stride=2), Window(3)])
    Reach(size=7, jump=2, start=3.0)
    """
    reach = Reach()
    for window in windows:
        reach = reach.through(window)
    return reach
