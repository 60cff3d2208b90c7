"""What slides over an image: convolution and pooling, their sizes, and how far a unit sees."""

from __future__ import annotations

from modelwright.nets.layers.windows.convolution import Convolution
from modelwright.nets.layers.windows.pooling import AveragePool, MaxPool, global_average
from modelwright.nets.layers.windows.sizes import Reach, Window, receptive_field

__all__ = [
    "AveragePool",
    "Convolution",
    "MaxPool",
    "Reach",
    "Window",
    "global_average",
    "receptive_field",
]
