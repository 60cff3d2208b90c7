"""A net for images as a fitted model: arrays in a file, PyTorch to predict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.core.errors import ModelFileError
from modelwright.core.protocols import State
from modelwright.models.pixels import PixelNet, weights_of
from modelwright.models.unpack import array, flag, number

if TYPE_CHECKING:
    from modelwright.nets.library import torch
    from modelwright.nets.quick import QuickNet

__all__ = ["FittedPictures"]


@dataclass(frozen=True)
class FittedPictures(PixelNet):
    """A convolutional net for images of one form.

    Parameters
    ----------
    form : mapping
        What `modelwright.nets.quick.QuickForm` says of itself.
    moved : bool
        Whether answers for the image moved by a pixel count too.
    sure : float, optional
        Log odds of the likeliest class against the next from which an image is not moved: what
        it shows is settled. None: every image is.
    weights, prior, mirrored, short
        As of `PixelNet`.
    """

    form: Mapping[str, Any]
    moved: bool = False
    sure: float | None = None

    @property
    def sides(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.form["channels"], self.form["height"], self.form["width"]

    @property
    def _size(self) -> int:
        return int(np.prod(self.sides))

    @property
    def _centre(self) -> torch.Tensor:
        return self._net.mean

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
        if not any(name.endswith("log_shares") for name in weights):  # files of before have none
            weights["head.log_shares"] = torch.zeros(net.form.classes)
        if any(name in own and own[name].dtype != value.dtype for name, value in weights.items()):
            raise ValueError("weights of another kind of numbers")
        net.load_state_dict(weights, assign=True)
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return net.eval()

    def export(self) -> State:
        """Give the whole state."""
        config = {"form": dict(self.form), "moved": self.moved, "sure": self.sure}
        return self.state_with(config)

    @classmethod
    def restore(cls, state: State) -> FittedPictures:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        known = state.config.get("sure") is not None  # files of before have none
        fitted = cls(
            state.config.get("form", {}),
            flag(state, "moved"),
            number(state, "sure") if known else None,
            weights=weights_of(state),
            prior=array(state, "prior", np.float64, 1),
            mirrored=flag(state, "mirrored"),
            short=flag(state, "short"),
        ).checked()
        classes = fitted._net.form.classes
        if classes != len(fitted.prior):
            raise ModelFileError(f"{classes} classes", f"{len(fitted.prior)} shares")
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
