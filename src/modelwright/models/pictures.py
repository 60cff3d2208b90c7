"""A net for images as a fitted model: arrays in a file, PyTorch to predict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import ModelFileError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.models.sample import softmax
from modelwright.models.unpack import array, flag, unsound
from modelwright.store.tensors import pack_tensors, unpack_tensors

if TYPE_CHECKING:
    from modelwright.nets.quick import QuickNet

__all__ = ["FittedPictures"]

_WEIGHTS = "weights"
# Numbers of pixels that are in a net at a time.
_CELLS = 2**20
# Copies that a saliency is the mean of, and their noise in steps of a pixel's 255.
_COPIES, _NOISE = 4, 12.0


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
    """

    form: Mapping[str, Any]
    weights: Mapping[str, NDArray[Any]]
    prior: NDArray[np.float64]
    mirrored: bool = False
    moved: bool = False
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

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.form["channels"], self.form["height"], self.form["width"]

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
        step = max(_CELLS // int(np.prod(self.shape)), 16)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self.short):
            for start in range(0, len(pixels), step):
                some = np.ascontiguousarray(pixels[start : start + step])
                scores = self._scores(torch.from_numpy(some.copy()))
                out[start : start + step] = softmax(scores)
        return out

    def saliency(self, pixels: NDArray[np.uint8], said: NDArray[np.int64]) -> NDArray[np.float32]:
        """Say how much each pixel speaks for an answer: its slope times its distance from the mean.

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
        total = torch.zeros_like(x)
        for _ in range(_COPIES):
            noisy = x + _NOISE * torch.randn(x.shape, generator=draw)
            noisy.requires_grad_(True)
            with torch.enable_grad():
                scores = self._net(noisy)
                asked = (scores.gather(1, codes)[:, 0] - scores.mean(dim=1)).sum()
                (slope,) = torch.autograd.grad(asked, noisy)
            total += slope.detach() * (noisy.detach() - self._net.mean)
        heat = total.abs().sum(dim=1, keepdim=True)
        window = max(min(heat.shape[2:]) // 10, 1) // 2 * 2 + 1
        heat = nn.functional.avg_pool2d(heat, window, 1, window // 2, count_include_pad=False)[:, 0]
        most = torch.quantile(heat.flatten(1), 0.99, dim=1).clamp(min=1e-12)
        found: NDArray[np.float32] = (heat / most[:, None, None]).clamp(max=1.0).numpy()
        return found

    def _scores(self, x: Any) -> NDArray[np.float64]:
        """Average the answers for each view of some images."""
        views = [(x, 0.5 if self.moved else 1.0)]
        if self.moved:
            views += [(_moved(x, by), 0.25) for by in (-1, 1)]
        if self.mirrored:
            views = [(v, w / 2) for view, w in views for v in (view, view.flip(3))]
        total = sum(share * self._net(view).float() for view, share in views)
        scores: NDArray[np.float64] = total.numpy().astype(np.float64)
        return scores

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
        fitted = cls(state.config["form"], weights, prior, mirrored, moved, short)
        try:
            net = fitted._net
        except (LookupError, TypeError, ValueError, RuntimeError) as error:
            lines = str(error).splitlines() or [""]
            raise unsound("a net and its weights", lines[-1].strip()[:80]) from error
        if net.form.classes != len(prior):
            raise ModelFileError(f"{net.form.classes} classes", f"{len(prior)} shares")
        return fitted


def _moved(x: Any, by: int) -> Any:
    """Move images by a pixel, down and to the right or up and to the left; edges are repeated."""
    from modelwright.nets.library import nn

    padded = nn.functional.pad(x.float(), (1, 1, 1, 1), mode="replicate")
    height, width = x.shape[2:]
    start = 1 + by
    return padded[:, :, start : start + height, start : start + width]
