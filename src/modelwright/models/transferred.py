"""A backbone with a last layer of its own, as a fitted model of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import MissingExtraError, UserError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.models.pixels import Pixels, answers_of_rows, in_batches, saliency
from modelwright.models.unpack import array, flag, unsound
from modelwright.store.tensors import pack_tensors, unpack_tensors

if TYPE_CHECKING:
    from modelwright.nets.backbone import Headed
    from modelwright.nets.library import torch

__all__ = ["FittedTransferred"]

_WEIGHTS = "weights"
_BODY = "backbone.body."
_GREY = 127.5


@dataclass(frozen=True)
class FittedTransferred:
    """What a backbone became on the user's images.

    Parameters
    ----------
    architecture, sight : mapping
        What `modelwright.nets.backbone.Architecture` and `Sight` say of themselves.
    shape : tuple of int
        Channels, height and width of the images, as they were opened.
    weights : mapping of str to ndarray
        The state of a `modelwright.nets.backbone.Headed` net.
    prior : ndarray of float64, shape (n_classes,)
        The answer for what is no image: the shares of the classes.
    mirrored : bool
        Whether an image and its mirror image show the same: the mean of both answers counts.
    short : bool
        Whether it multiplies in 16 bits.
    """

    architecture: Mapping[str, Any]
    sight: Mapping[str, Any]
    shape: tuple[int, int, int]
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

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict pixels as `features.images` gives them: shape (n_rows, n_classes)."""
        return answers_of_rows(X, self.shape, self.prior, self.probabilities)

    def probabilities(self, pixels: Pixels) -> NDArray[np.float32]:
        """Predict images of shape (n_rows, channels, height, width): (n_rows, n_classes)."""
        size = max(int(np.prod(self.shape)), self._net.backbone.sight.side**2)
        return in_batches(
            pixels, self._scores, classes=len(self.prior), size=size, short=self.short
        )

    def saliency(self, pixels: Pixels, said: NDArray[np.int64]) -> NDArray[np.float32]:
        """Say how much each pixel speaks for an answer: (n_rows, height, width), 0 to 1."""
        return saliency(self._net, pixels, said, _GREY)

    def _scores(self, x: torch.Tensor) -> torch.Tensor:
        """Average the answers for an image and its mirror image."""
        scores: torch.Tensor = self._net(x).float()
        return (scores + self._net(x.flip(3)).float()) / 2 if self.mirrored else scores

    @cached_property
    def _net(self) -> Headed:
        from modelwright.nets.backbone import Architecture, Backbone, Headed, Sight
        from modelwright.nets.library import torch

        weights = {name: torch.from_numpy(np.array(value)) for name, value in self.weights.items()}
        body = {name.removeprefix(_BODY): value for name, value in weights.items()
                if name.startswith(_BODY)}  # fmt: skip
        backbone = Backbone.restored(
            Architecture.from_json(self.architecture), Sight.from_json(self.sight), body, "the file"
        )
        with torch.random.fork_rng(devices=[]):
            net = Headed(backbone, len(self.prior))
        if not all(bool(torch.isfinite(value).all()) for value in weights.values()):
            raise ValueError("weights that are no numbers")
        net.load_state_dict(weights)
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return net.eval()

    def at(self, units: int) -> FittedTransferred:
        """Give itself: nothing is counted."""
        return self

    def export(self) -> State:
        """Give the whole state."""
        config = {
            "architecture": dict(self.architecture),
            "sight": dict(self.sight),
            "shape": list(self.shape),
            "mirrored": self.mirrored,
            "short": self.short,
        }
        return State(config, {"prior": self.prior}, {_WEIGHTS: pack_tensors(self.weights)})

    @classmethod
    def restore(cls, state: State) -> FittedTransferred:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        prior = array(state, "prior", np.float64, 1)
        if _WEIGHTS not in state.blobs:
            raise unsound("the weights of a net", "none")
        weights, _ = unpack_tensors(state.blobs[_WEIGHTS])
        mirrored, short = (flag(state, name) for name in ("mirrored", "short"))
        try:
            channels, height, width = (int(side) for side in state.config["shape"])
            if channels not in (1, 3) or not (0 < height <= 4_096 and 0 < width <= 4_096):
                raise ValueError("images of a strange shape")
            told = state.config["architecture"], state.config["sight"], (channels, height, width)
            fitted = cls(*told, weights, prior, mirrored, short)
            _ = fitted._net
        except MissingExtraError:
            raise
        except (LookupError, TypeError, ValueError, RuntimeError, UserError) as error:
            lines = str(error).splitlines() or [""]
            raise unsound("a net and its weights", lines[-1].strip()[:80]) from error
        return fitted
