"""Norms: what keeps the numbers inside a net at one size, and which of them when.

`make_norm` builds one by its name, `recommend_norm` says which one suits the data and why. What
acts on weights and on gradients lies in `weights` and `gradients` beside.
"""

from __future__ import annotations

from modelwright.nets.layers.norms.batch import BatchNorm, moving
from modelwright.nets.layers.norms.choice import NormChoice, recommend_norm
from modelwright.nets.layers.norms.cross import CrossNorm, SelfNorm
from modelwright.nets.layers.norms.group import GroupNorm, InstanceNorm
from modelwright.nets.layers.norms.layer import LayerNorm, RMSNorm
from modelwright.nets.layers.norms.make import NORMS, make_norm
from modelwright.nets.layers.norms.recovery import NetRecovery
from modelwright.nets.layers.norms.whitening import Whitening, whitening_matrix

__all__ = [
    "NORMS",
    "BatchNorm",
    "CrossNorm",
    "GroupNorm",
    "InstanceNorm",
    "LayerNorm",
    "NetRecovery",
    "NormChoice",
    "RMSNorm",
    "SelfNorm",
    "Whitening",
    "make_norm",
    "moving",
    "recommend_norm",
    "whitening_matrix",
]
