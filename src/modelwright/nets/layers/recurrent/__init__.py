"""Recurrence: a state that goes from step to step."""

from __future__ import annotations

from modelwright.nets.layers.recurrent.cells import GRUCell, LSTMCell, RNNCell
from modelwright.nets.layers.recurrent.layer import Recurrent

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "Recurrent"]
