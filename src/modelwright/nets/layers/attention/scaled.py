"""Scaled dot-product attention, written out."""

from __future__ import annotations

import math

from modelwright.nets.library import torch

__all__ = ["attend"]


def attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Give ``A V`` and ``A = softmax(Q K' / sqrt(d))``, the softmax over keys.

    Vaswani et al. 2017, "Attention is all you need". Products of ``d`` numbers of variance 1 have a
    variance of ``d``: without the root the softmax would saturate. The fast form is
    `torch.nn.functional.scaled_dot_product_attention`, which never holds ``A`` as a whole.

    Parameters
    ----------
    query : Tensor of shape (..., queries, d)
        What is asked.
    key, value : Tensor of shape (..., keys, d) and (..., keys, width)
        What is asked for, and what is given.
    mask : Tensor of bool, broadcast to (..., queries, keys), optional
        True where a query may see a key. A query that may see none is given zeros.

    Returns
    -------
    values : Tensor of shape (..., queries, width)
    shares : Tensor of shape (..., queries, keys)
        Of sum 1 for each query: who was looked at.

    Examples
    --------
    >>> key = torch.eye(2)[None] * 100
    >>> values, shares = attend(key[:, :1], key, torch.tensor([[[1.0], [2.0]]]))
    >>> values.tolist(), shares.tolist()
    ([[[1.0]]], [[[1.0, 0.0]]])
    """
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    shares = torch.softmax(scores, dim=-1)
    if mask is not None:
        shares = torch.where(mask.any(dim=-1, keepdim=True), shares, 0.0)
    return shares @ value, shares
