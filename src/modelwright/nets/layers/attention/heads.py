"""Multi-head attention."""

from __future__ import annotations

from modelwright.core.errors import OptionError
from modelwright.nets.init import draw, draw_heads
from modelwright.nets.layers.attention.masks import causal_mask
from modelwright.nets.layers.attention.scaled import attend
from modelwright.nets.layers.dense import Dense
from modelwright.nets.layers.dropping import Dropout
from modelwright.nets.library import nn, torch

__all__ = ["MultiHeadAttention"]


class MultiHeadAttention(nn.Module):
    """``y = [A_1 V_1, ..., A_h V_h] W' + b``: several attentions side by side.

    Vaswani et al. 2017. Queries, keys and values of all heads come from one product, ``qkv``, with
    names and order of the weights as in timm (and, stacked, in `torch.nn.MultiheadAttention`). Each
    head is drawn by itself (`draw_heads`): heads that began alike would learn alike.

    Parameters
    ----------
    width : int
        In and out.
    heads : int
        Divides the width.
    dropout : float
        The share of looks that are dropped in training.
    family : str
        How the blocks of the heads are drawn: a key of `modelwright.nets.init.FAMILIES`.

    Examples
    --------
    >>> layer = MultiHeadAttention(8, heads=2)
    >>> x = torch.randn(3, 5, 8)
    >>> torch.allclose(layer(x, causal=True), layer.written_out(x, causal=True), atol=1e-6)
    True
    """

    def __init__(
        self, width: int, heads: int, *, dropout: float = 0.0, family: str = "xavier_uniform"
    ) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise OptionError(f"a number of heads that divides the width {width}", str(heads))
        self.heads = heads
        self.qkv = Dense(width, 3 * width)
        self.attn_drop = Dropout(dropout)
        self.proj = Dense(width, width)
        draw_heads(self.qkv.weight, 3 * heads, family)
        draw(self.proj.weight, "xavier_uniform")
        nn.init.zeros_(self.qkv.bias)
        nn.init.zeros_(self.proj.bias)

    def forward(
        self, x: torch.Tensor, *, causal: bool = False, kept: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Let places look at each other, by the fused kernel.

        Parameters
        ----------
        x : Tensor of shape (n, steps, width)
            Rows of places.
        causal : bool
            Each place sees itself and those before.
        kept : Tensor of bool, shape (n, steps), optional
            False where a place is padding, which nobody sees.

        Returns
        -------
        Tensor of shape (n, steps, width)
        """
        query, key, value = self._split(x)
        mask = _mask(x, causal, kept) if kept is not None else None
        y = nn.functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask,
            dropout_p=self.attn_drop.p if self.training else 0.0,
            is_causal=causal and mask is None,
        )
        return self._join(y)

    def written_out(
        self, x: torch.Tensor, *, causal: bool = False, kept: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Do what `forward` does, with all shares in memory."""
        query, key, value = self._split(x)
        y, _ = attend(query, key, value, _mask(x, causal, kept))
        return self._join(y)

    def looks(
        self, x: torch.Tensor, *, causal: bool = False, kept: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Give who looks at whom: shares of shape (n, heads, steps, steps)."""
        query, key, value = self._split(x)
        return attend(query, key, value, _mask(x, causal, kept))[1]

    def _split(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Map (n, steps, width) to three of (n, heads, steps, width / heads)."""
        parts = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return parts[0], parts[1], parts[2]

    def _join(self, y: torch.Tensor) -> torch.Tensor:
        joined: torch.Tensor = self.proj(y.transpose(1, 2).flatten(2))
        return joined


def _mask(x: torch.Tensor, causal: bool, kept: torch.Tensor | None) -> torch.Tensor | None:
    """Give a mask that is broadcast to (n, heads, steps, steps)."""
    before = causal_mask(x.shape[1]).to(x.device) if causal else None
    there = None if kept is None else kept[:, None, None, :]
    if before is None or there is None:
        return before if there is None else there
    return before & there
