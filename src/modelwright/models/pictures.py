"""A net for images as a fitted model: arrays in a file, PyTorch to predict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import ModelFileError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.models.pixels import Pixels, answers_of_rows, in_batches, saliency
from modelwright.models.unpack import array, flag, number, unsound
from modelwright.store.tensors import pack_tensors, unpack_tensors

if TYPE_CHECKING:
    from modelwright.nets.library import torch
    from modelwright.nets.quick import QuickNet

__all__ = ["FittedPictures"]

_WEIGHTS = "weights"


@dataclass(frozen=True)
class FittedPictures:
    """A convolutional net for images of one form.

    Parameters
    ----------
    form : mapping
        What `modelwright.nets.quick.QuickForm` says of itself.
    weights : mapping of str to ndarray
        The state of the net.
    prior : ndarray of float64, shape (n_classes,)
        The answer for what is no image: the shares of the classes.
    mirrored : bool
        Whether an image and its mirror image show the same: the mean of both answers counts.
    moved : bool
        Whether answers for the image moved by a pixel count too.
    short : bool
        Whether it multiplies in 16 bits.
    sure : float, optional
        Log odds of the likeliest class against the next from which an image is not moved: what
        it shows is settled. None: every image is.
    """

    form: Mapping[str, Any]
    weights: Mapping[str, NDArray[Any]]
    prior: NDArray[np.float64]
    mirrored: bool = False
    moved: bool = False
    short: bool = False
    sure: float | None = None
    stages: None = field(default=None, compare=False)

    @property
    def units(self) -> int:
        """1: nothing is counted."""
        return 1

    @property
    def out_of_bag(self) -> None:
        """None: it does not bag."""
        return None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.form["channels"], self.form["height"], self.form["width"]

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict pixels as `features.images` gives them: shape (n_rows, n_classes)."""
        return answers_of_rows(X, self.shape, self.prior, self.probabilities)

    def probabilities(self, pixels: Pixels) -> NDArray[np.float32]:
        """Predict images of shape (n_rows, channels, height, width): (n_rows, n_classes)."""
        size = int(np.prod(self.shape))
        return in_batches(
            pixels, self._scores, classes=len(self.prior), size=size, short=self.short
        )

    def saliency(self, pixels: Pixels, said: NDArray[np.int64]) -> NDArray[np.float32]:
        """Say how much each pixel speaks for an answer: (n_rows, height, width), 0 to 1."""
        return saliency(self._net, pixels, said, self._net.mean)

    def _scores(self, x: torch.Tensor) -> torch.Tensor:
        """Average the answers for some images with those for each of them moved."""
        scores = self._looked(x)
        if not self.moved:
            return scores
        asked = _unsure(scores, self.sure)
        if len(asked):
            moved = sum(self._looked(_moved(x[asked], by)) for by in (-1, 1)) / 2
            scores[asked] = (scores[asked] + moved) / 2
        return scores

    def _looked(self, x: torch.Tensor) -> torch.Tensor:
        """Answer some images, and their mirror images where these show the same."""
        scores: torch.Tensor = self._net(x).float()
        return (scores + self._net(x.flip(3)).float()) / 2 if self.mirrored else scores

    @cached_property
    def _net(self) -> QuickNet:
        from modelwright.nets.library import torch
        from modelwright.nets.quick import QuickForm, QuickNet

        # Without memory at first: a stranger's form may ask for more than its file holds.
        with torch.random.fork_rng(devices=[]), torch.device("meta"):
            net = QuickNet(QuickForm.from_json(self.form))
        weights = {name: torch.from_numpy(array.copy()) for name, array in self.weights.items()}
        own = net.state_dict()
        if any(name in own and own[name].dtype != value.dtype for name, value in weights.items()):
            raise ValueError("weights of another kind of numbers")
        net.load_state_dict(weights, assign=True)
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return net.eval()

    def at(self, units: int) -> FittedPictures:
        """Give itself: nothing is counted."""
        return self

    def export(self) -> State:
        """Give the whole state."""
        config = {
            "form": dict(self.form),
            "mirrored": self.mirrored,
            "moved": self.moved,
            "short": self.short,
            "sure": self.sure,
        }
        return State(config, {"prior": self.prior}, {_WEIGHTS: pack_tensors(self.weights)})

    @classmethod
    def restore(cls, state: State) -> FittedPictures:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        prior = array(state, "prior", np.float64, 1)
        if _WEIGHTS not in state.blobs:
            raise unsound("the weights of a net", "none")
        weights, _ = unpack_tensors(state.blobs[_WEIGHTS])
        mirrored, moved, short = (flag(state, name) for name in ("mirrored", "moved", "short"))
        known = state.config.get("sure") is not None  # files of before have none
        sure = number(state, "sure") if known else None
        fitted = cls(state.config["form"], weights, prior, mirrored, moved, short, sure)
        try:
            net = fitted._net
        except (LookupError, TypeError, ValueError, RuntimeError) as error:
            lines = str(error).splitlines() or [""]
            raise unsound("a net and its weights", lines[-1].strip()[:80]) from error
        if net.form.classes != len(prior):
            raise ModelFileError(f"{net.form.classes} classes", f"{len(prior)} shares")
        return fitted


def _unsure(scores: torch.Tensor, sure: float | None) -> torch.Tensor:
    """Give the places of those rows whose two likeliest classes are near each other."""
    best = scores.topk(2, dim=1).values
    near = best[:, 0] - best[:, 1] < (math.inf if sure is None else sure)
    found: torch.Tensor = near.nonzero()[:, 0]
    return found


def _moved(x: Any, by: int) -> Any:
    """Move images by a pixel, down and to the right or up and to the left; edges are repeated."""
    from modelwright.nets.library import nn

    padded = nn.functional.pad(x.float(), (1, 1, 1, 1), mode="replicate")
    height, width = x.shape[2:]
    start = 1 + by
    return padded[:, :, start : start + height, start : start + width]
