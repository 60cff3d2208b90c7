"""A backbone with a last layer of its own, as a fitted model of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.core.protocols import State
from modelwright.models.pixels import PixelNet, weights_of
from modelwright.models.unpack import array, flag, unsound

if TYPE_CHECKING:
    from modelwright.nets.backbone import Headed
    from modelwright.nets.library import torch

__all__ = ["FittedTransferred"]

_BODY = "backbone.body."
_GREY = 127.5
_LONGEST = 4_096  # a side of an image


@dataclass(frozen=True)
class FittedTransferred(PixelNet):
    """What a backbone became on the user's images.

    Parameters
    ----------
    architecture, sight : mapping
        What `modelwright.nets.backbone.Architecture` and `Sight` say of themselves.
    shape : tuple of int
        Channels, height and width of the images, as they were opened.
    weights : mapping of str to ndarray
        The state of a `modelwright.nets.backbone.Headed` net.
    prior, mirrored, short
        As of `PixelNet`.
    """

    architecture: Mapping[str, Any]
    sight: Mapping[str, Any]
    shape: tuple[int, int, int]

    @property
    def sides(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.shape

    @property
    def _size(self) -> int:
        return max(int(np.prod(self.shape)), self._net.backbone.sight.side**2)

    @property
    def _centre(self) -> float:
        return _GREY

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
        net.load_state_dict(weights)
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return net.eval()

    def export(self) -> State:
        """Give the whole state."""
        told = {"architecture": dict(self.architecture), "sight": dict(self.sight)}
        return self.state_with({**told, "shape": list(self.shape)})

    @classmethod
    def restore(cls, state: State) -> FittedTransferred:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        return cls(
            state.config.get("architecture", {}),
            state.config.get("sight", {}),
            _shape_of(state.config.get("shape")),
            weights=weights_of(state),
            prior=array(state, "prior", np.float64, 1),
            mirrored=flag(state, "mirrored"),
            short=flag(state, "short"),
        ).checked()


def _shape_of(told: object) -> tuple[int, int, int]:
    """Take channels, height and width of a stranger's file."""
    if isinstance(told, list) and len(told) == 3 and all(type(side) is int for side in told):
        channels, height, width = told
        if channels in (1, 3) and 0 < height <= _LONGEST and 0 < width <= _LONGEST:
            return channels, height, width
    raise unsound("images of one or three channels", repr(told)[:40])
