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
from modelwright.models.sample import softmax
from modelwright.models.unpack import array, flag, unsound
from modelwright.store.tensors import pack_tensors, unpack_tensors

if TYPE_CHECKING:
    from modelwright.nets.backbone import Headed

__all__ = ["FittedTransferred"]

_WEIGHTS = "weights"
_BODY = "backbone.body."
# Numbers of pixels that are in a net at a time.
_CELLS = 2**20
# Copies that a saliency is the mean of, and their noise in steps of a pixel's 255.
_COPIES, _NOISE, _GREY = 4, 12.0, 127.5


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
        whole = np.isfinite(X.numbers).all(axis=1)
        out = np.tile(self.prior.astype(np.float32), (len(X.numbers), 1))
        pixels = X.numbers[whole].astype(np.uint8).reshape(-1, *self.shape)
        out[whole] = self.probabilities(pixels)
        return out

    def probabilities(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Predict images of shape (n_rows, channels, height, width): (n_rows, n_classes)."""
        from modelwright.nets.library import torch

        out = np.empty((len(pixels), len(self.prior)), np.float32)
        size = max(int(np.prod(self.shape)), self._net.backbone.sight.side**2)
        step = max(_CELLS // size, 16)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self.short):
            for start in range(0, len(pixels), step):
                some = torch.from_numpy(np.array(pixels[start : start + step]))
                scores = self._net(some).float()
                if self.mirrored:
                    scores = (scores + self._net(some.flip(3)).float()) / 2
                out[start : start + step] = softmax(scores.numpy().astype(np.float64))
        return out

    def saliency(self, pixels: NDArray[np.uint8], said: NDArray[np.int64]) -> NDArray[np.float32]:
        """Say how much each pixel speaks for an answer: its slope times how far it is from grey.

        The mean over a few noisy copies (Simonyan, Vedaldi and Zisserman 2014; Smilkov et al.
        2017), smoothed over a tenth of a side.

        Parameters
        ----------
        pixels : ndarray of uint8, shape (n_rows, channels, height, width)
        said : ndarray of int64, shape (n_rows,)
            The class that is asked about.

        Returns
        -------
        ndarray of float32, shape (n_rows, height, width)
            From 0 to 1, where the most.
        """
        from modelwright.nets.library import nn, torch

        x = torch.from_numpy(pixels.astype(np.float32))
        codes = torch.from_numpy(np.ascontiguousarray(said))[:, None]
        draw = torch.Generator().manual_seed(0)
        heat = torch.zeros(len(x), 1, *x.shape[2:])
        for _ in range(_COPIES):
            noisy = (x + _NOISE * torch.randn(x.shape, generator=draw)).requires_grad_(True)
            with torch.enable_grad():
                scores = self._net(noisy)
                asked = (scores.gather(1, codes)[:, 0] - scores.mean(dim=1)).sum()
                (slope,) = torch.autograd.grad(asked, noisy)
            heat += (slope * (noisy.detach() - _GREY)).abs().sum(dim=1, keepdim=True)
        window = max(min(heat.shape[2:]) // 10, 1) // 2 * 2 + 1
        heat = nn.functional.avg_pool2d(heat, window, 1, window // 2, count_include_pad=False)[:, 0]
        most = torch.quantile(heat.flatten(1), 0.99, dim=1).clamp(min=1e-12)
        found: NDArray[np.float32] = (heat / most[:, None, None]).clamp(max=1.0).numpy()
        return found

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
