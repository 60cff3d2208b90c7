"""What nets of images have in common: rows of pixels to answers, and what an answer rests on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import MissingExtraError, UserError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.models.sample import softmax
from modelwright.models.unpack import unsound
from modelwright.store.tensors import pack_tensors, unpack_tensors

if TYPE_CHECKING:
    from modelwright.nets.library import nn, torch

__all__ = ["PixelNet", "Pixels", "answers_of_rows", "in_batches", "saliency", "weights_of"]

Pixels = NDArray[np.uint8]
"""Images of shape (n_rows, channels, height, width)."""

# Numbers of pixels that are in a net at a time, and the fewest images.
_CELLS, _FEWEST = 2**20, 16
# Copies that a saliency is the mean of, and their noise in steps of a pixel's 255.
_COPIES, _NOISE = 4, 12.0
_BRIGHTEST = 0.99
_WEIGHTS = "weights"
# What building a net of a stranger raises.
_UNSOUND = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RuntimeError)


@dataclass(frozen=True, kw_only=True)
class PixelNet(ABC):
    """A fitted net of images: what its two kinds have in common.

    Parameters
    ----------
    weights : mapping of str to ndarray
        The state of the net.
    prior : ndarray of float64, shape (n_classes,)
        The answer for what is no image: the shares of the classes.
    mirrored : bool
        Whether an image and its mirror image show the same: the mean of both answers counts.
    short : bool
        Whether it multiplies in 16 bits.
    """

    weights: Mapping[str, NDArray[Any]]
    prior: NDArray[np.float64]
    mirrored: bool = False
    short: bool = False
    stages: None = field(default=None, compare=False)

    @property
    def units(self) -> int:
        """1: nothing is counted."""
        return 1

    @property
    def out_of_bag(self) -> None:
        """None: it does not bag."""
        return None

    def at(self, units: int) -> Self:
        """Give itself: nothing is counted."""
        return self

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict pixels as `features.images` gives them: shape (n_rows, n_classes)."""
        return answers_of_rows(X, self.sides, self.prior, self.probabilities)

    def probabilities(self, pixels: Pixels) -> NDArray[np.float32]:
        """Predict images of shape (n_rows, channels, height, width): (n_rows, n_classes)."""
        return in_batches(
            pixels, self._scores, classes=len(self.prior), size=self._size, short=self.short
        )

    def saliency(self, pixels: Pixels, said: NDArray[np.int64]) -> NDArray[np.float32]:
        """Say how much each pixel speaks for an answer: (n_rows, height, width), 0 to 1."""
        return saliency(self._net, pixels, said, self._centre)

    @property
    @abstractmethod
    def sides(self) -> tuple[int, int, int]:
        """Channels, height and width of the images."""

    @property
    @abstractmethod
    def _net(self) -> nn.Module:
        """The net, in evaluation mode; raises whatever it likes when the state is unsound."""

    @property
    @abstractmethod
    def _size(self) -> int:
        """Numbers that an image is for the net."""

    @property
    @abstractmethod
    def _centre(self) -> Any:
        """The pixel that says nothing: grey, or the mean of each channel."""

    @abstractmethod
    def _scores(self, x: torch.Tensor) -> torch.Tensor:
        """Give (n_rows, n_classes) of log odds."""

    def checked(self) -> Self:
        """Give itself, once the net was built of what a file says.

        Raises
        ------
        ModelFileError
            When that is no net, or one with other weights or classes.
        """
        try:
            if not all(np.isfinite(value).all() for value in self.weights.values()):
                raise ValueError("weights that are no numbers")
            _ = self._net
        except MissingExtraError:
            raise
        except (*_UNSOUND, UserError) as error:
            lines = str(error).splitlines() or [""]
            raise unsound("a net and its weights", lines[-1].strip()[:80]) from error
        return self

    def state_with(self, config: Mapping[str, Any]) -> State:
        """Give the whole state: this, and what a kind adds to it."""
        told = {**config, "mirrored": self.mirrored, "short": self.short}
        return State(told, {"prior": self.prior}, {_WEIGHTS: pack_tensors(self.weights)})


def weights_of(state: State) -> dict[str, NDArray[Any]]:
    """Take the weights of a state that `PixelNet.state_with` gave.

    Raises
    ------
    ModelFileError
        When there are none.
    """
    if _WEIGHTS not in state.blobs:
        raise unsound("the weights of a net", "none")
    return unpack_tensors(state.blobs[_WEIGHTS])[0]


def answers_of_rows(
    X: Matrix,
    shape: tuple[int, int, int],
    prior: NDArray[np.float64],
    answer: Callable[[Pixels], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Answer rows of pixels as `features.images` gives them; a row that is none gets the prior.

    Parameters
    ----------
    X : Matrix
        Of shape (n_rows, channels * height * width); NaN for what could not be opened.
    shape : tuple of int
        Channels, height and width.
    prior : ndarray of float64, shape (n_classes,)
        The shares of the classes.
    answer : callable
        Gives (n, n_classes) of images.

    Returns
    -------
    ndarray of float32, shape (n_rows, n_classes)

    Raises
    ------
    ModelFileError
        When rows are of images of another shape: a file may contradict itself.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.array([[9.0, 9.0], [np.nan, np.nan]], np.float32), ["a", "b"])
    >>> sure = lambda pixels: np.tile(np.float32([0, 1]), (len(pixels), 1))
    >>> answers_of_rows(X, (1, 1, 2), np.array([0.5, 0.5]), sure).tolist()
    [[0.0, 1.0], [0.5, 0.5]]
    """
    if X.numbers.shape[1] != np.prod(shape):
        got = f"{X.numbers.shape[1]} numbers a row"
        raise unsound(f"pixels of {shape[1]} x {shape[2]} images", got)
    whole = np.isfinite(X.numbers).all(axis=1)
    out = np.tile(prior.astype(np.float32), (len(X.numbers), 1))
    out[whole] = answer(X.numbers[whole].astype(np.uint8).reshape(-1, *shape))
    return out


def in_batches(
    pixels: Pixels,
    scores: Callable[[torch.Tensor], torch.Tensor],
    *,
    classes: int,
    size: int,
    short: bool,
) -> NDArray[np.float32]:
    """Give the probabilities of images, of which a bounded number is in a net at a time.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n_rows, channels, height, width)
        Maybe mapped from a file.
    scores : callable
        Gives (n, classes) of log odds.
    classes : int
        How many there are.
    size : int
        Numbers that an image is for the net.
    short : bool
        Whether it multiplies in 16 bits.

    Returns
    -------
    ndarray of float32, shape (n_rows, classes)
    """
    from modelwright.nets.library import torch

    out = np.empty((len(pixels), classes), np.float32)
    step = max(_CELLS // size, _FEWEST)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=short):
        for start in range(0, len(pixels), step):
            some = torch.from_numpy(np.array(pixels[start : start + step]))
            told = scores(some).float().numpy().astype(np.float64)
            out[start : start + step] = softmax(told)
    return out


def saliency(
    net: nn.Module, pixels: Pixels, said: NDArray[np.int64], centre: Any
) -> NDArray[np.float32]:
    """Say how much each pixel speaks for an answer: its slope times its distance from a centre.

    The mean over a few noisy copies (Simonyan, Vedaldi and Zisserman 2014; Smilkov et al. 2017),
    smoothed over a tenth of a side.

    Parameters
    ----------
    net : nn.Module
        In evaluation mode; gives (n, n_classes) of log odds.
    pixels : ndarray of uint8, shape (n_rows, channels, height, width)
        The images.
    said : ndarray of int64, shape (n_rows,)
        The class that is asked about.
    centre : float or Tensor
        The pixel that says nothing: grey, or the mean of each channel.

    Returns
    -------
    ndarray of float32, shape (n_rows, height, width)
        From 0 to 1, where the most.

    Examples
    --------
    >>> from modelwright.nets.library import nn, torch
    >>> left = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False))
    >>> with torch.no_grad():  # the second class: a bright pixel on the left
    ...     _ = left[1].weight.copy_(torch.tensor([[0.0, 0, 0, 0], [1, 0, 0, 0]]))
    >>> image = np.full((1, 1, 1, 4), 255, np.uint8)
    >>> saliency(left, image, np.array([1]), 0.0).round(2).tolist()
    [[[1.0, 0.0, 0.0, 0.0]]]
    """
    from modelwright.nets.library import nn, torch

    x = torch.from_numpy(pixels.astype(np.float32))
    codes = torch.from_numpy(np.ascontiguousarray(said))[:, None]
    draw = torch.Generator().manual_seed(0)
    total = torch.zeros_like(x)
    for _ in range(_COPIES):
        noisy = (x + _NOISE * torch.randn(x.shape, generator=draw)).requires_grad_(True)
        with torch.enable_grad():
            scores = net(noisy)
            asked = (scores.gather(1, codes)[:, 0] - scores.mean(dim=1)).sum()
            (slope,) = torch.autograd.grad(asked, noisy)
        total += slope * (noisy.detach() - centre)
    heat = total.abs().sum(dim=1, keepdim=True)
    window = max(min(heat.shape[2:]) // 10, 1) // 2 * 2 + 1
    heat = nn.functional.avg_pool2d(heat, window, 1, window // 2, count_include_pad=False)[:, 0]
    most = torch.quantile(heat.flatten(1), _BRIGHTEST, dim=1).clamp(min=1e-12)
    found: NDArray[np.float32] = (heat / most[:, None, None]).clamp(max=1.0).numpy()
    return found
