"""Layers, written to be read: each with its formula, its shapes and its source."""

from __future__ import annotations

from modelwright.nets.layers.activations import Activation
from modelwright.nets.layers.categories import CategoryEmbedding
from modelwright.nets.layers.linear import NTKLinear
from modelwright.nets.layers.members import MemberHead, MemberLinear, MemberScale
from modelwright.nets.layers.numbers import PeriodicEmbedding, PiecewiseEmbedding
from modelwright.nets.layers.scale import Scale

__all__ = [
    "Activation",
    "CategoryEmbedding",
    "MemberHead",
    "MemberLinear",
    "MemberScale",
    "NTKLinear",
    "PeriodicEmbedding",
    "PiecewiseEmbedding",
    "Scale",
]
