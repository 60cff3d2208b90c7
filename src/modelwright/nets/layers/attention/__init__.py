"""Attention: each place asks all others, and takes from those that answer."""

from __future__ import annotations

from modelwright.nets.layers.attention.heads import MultiHeadAttention
from modelwright.nets.layers.attention.masks import causal_mask, padding_mask
from modelwright.nets.layers.attention.scaled import attend

__all__ = ["MultiHeadAttention", "attend", "causal_mask", "padding_mask"]
