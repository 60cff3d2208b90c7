"""Masked images: the net is shown a part, and learns to paint what is hidden.

Xie et al. 2022, "SimMIM: a simple framework for masked image modeling": squares of the image are
hidden, one linear layer on the features of each place gives its pixels, and only hidden pixels
count. He et al. 2022 (MAE) leave hidden patches out of a Transformer; a convolution has to see a
square image, so they are filled with grey here.
"""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.core.errors import OptionError
from modelwright.nets.library import nn, torch
from modelwright.training.batches import Examples

__all__ = ["Hidden", "MaskedImages", "hidden_pixels_loss"]

GREY = 127.5


@dataclass(frozen=True)
class Hidden:
    """Hides squares of every image: used as ``Changed(rows, Hidden())``.

    The batch gets the mask as a second input, and as targets the pixels as they are, of (n,
    channels + 1, rows, columns): the last channel is 1 where they are hidden.

    Parameters
    ----------
    share : float
        Of the area that is hidden, about.
    cells : int
        Squares along a side.

    Raises
    ------
    OptionError
        When the share is not between 0 and 1.

    Examples
    --------
    >>> rows = Examples((torch.ones(4, 3, 16, 16),), torch.zeros(4))
    >>> batch = Hidden(share=0.5, cells=4)(rows)
    >>> batch.inputs[1].shape, batch.targets.shape
    (torch.Size([4, 1, 16, 16]), torch.Size([4, 4, 16, 16]))
    """

    share: float = 0.6
    cells: int = 8

    def __post_init__(self) -> None:
        if not 0.0 < self.share < 1.0 or self.cells < 2:
            got = f"{self.share} of {self.cells} squares a side"
            raise OptionError("a share between 0 and 1 of at least 2 squares a side", got)

    def __call__(self, batch: Examples) -> Examples:
        """Draw the masks."""
        pixels = batch.inputs[0].float()
        count = max(1, round(self.share * self.cells**2))
        drawn = torch.rand(len(pixels), self.cells**2).argsort(dim=1) < count
        small = drawn.float().reshape(len(pixels), 1, self.cells, self.cells)
        mask = nn.functional.interpolate(small, [*pixels.shape[2:]], mode="nearest")
        return Examples((pixels, mask), torch.cat([pixels, mask], dim=1), batch.weight)


class MaskedImages(nn.Module):
    """``x' = D(maps(x (1 - m) + g m))``: what is hidden (in grey ``g``), painted from what is not.

    Parameters
    ----------
    body : nn.Module
        With `maps`, which maps images to features of each place, (n, features, rows, columns), and
        `features`; a `QuickNet`.
    channels : int
        Of the images.
    detail : int
        Pixels along a side that each place paints; they are interpolated to the image.

    Examples
    --------
    >>> from modelwright.nets.quick import QuickForm, QuickNet
    >>> net = MaskedImages(QuickNet(QuickForm(3, 32, 32, 1, (8, 8))), channels=3)
    >>> net(torch.rand(2, 3, 32, 32) * 255, torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2, 3, 32, 32])
    """

    def __init__(self, body: nn.Module, channels: int = 3, detail: int = 8) -> None:
        super().__init__()
        self.body = body
        inputs = int(body.features)  # type: ignore[arg-type]
        self.paint = nn.Conv2d(inputs, channels * detail**2, 1)
        self.paint.beside_muon = {"weight": (0.2, 1e-4), "bias": (0.2, 0.0)}  # type: ignore[assignment]
        self.spread = nn.PixelShuffle(detail)

    def forward(self, pixels: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Map pixels (n, channels, rows, columns) and their masks to pixels of 0 to 1."""
        shown = pixels * (1.0 - mask) + GREY * mask
        painted = self.spread(self.paint(self.body.maps(shown)))  # type: ignore[operator]
        return nn.functional.interpolate(
            painted.float(), [*pixels.shape[2:]], mode="bilinear", align_corners=False
        )


def hidden_pixels_loss(painted: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Give ``sum(m |x' - x / 255|) / sum(m)`` a row: the mean error of hidden pixels alone.

    Parameters
    ----------
    painted : Tensor, shape (n, channels, rows, columns)
        Of 0 to 1.
    targets : Tensor, shape (n, channels + 1, rows, columns)
        As `Hidden` gives them: pixels of 0 to 255, then the mask.

    Returns
    -------
    Tensor, shape (n,)

    Examples
    --------
    >>> targets = torch.tensor([[[[255.0, 0.0]], [[1.0, 0.0]]]])
    >>> hidden_pixels_loss(torch.zeros(1, 1, 1, 2), targets)
    tensor([1.])
    """
    pixels, mask = targets[:, :-1] / 255.0, targets[:, -1:]
    wrong = ((painted - pixels).abs() * mask).flatten(1).sum(dim=1)
    return wrong / (mask.flatten(1).sum(dim=1) * pixels.shape[1]).clamp(min=1.0)
