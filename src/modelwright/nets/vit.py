"""The Vision Transformer: an image as a sentence of patches.

Dosovitskiy et al. 2021, "An image is worth 16x16 words"; the small and tiny ones from Touvron et
al. 2021 (DeiT). Names and shapes of the weights are those of `vit_*_patch*` in timm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.nets.layers.activations import Activation
from modelwright.nets.layers.attention import MultiHeadAttention
from modelwright.nets.layers.dense import Dense
from modelwright.nets.layers.dropping import Dropout, DropPath, drop_ramp
from modelwright.nets.layers.norms import LayerNorm
from modelwright.nets.layers.windows import Convolution, Window
from modelwright.nets.library import nn, torch

__all__ = ["SIZES", "ViTConfig", "VisionTransformer", "resize_positions", "vit"]

SIZES: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {
        "tiny": (192, 12, 3),
        "small": (384, 12, 6),
        "base": (768, 12, 12),
        "large": (1024, 24, 16),
    }
)
"""Width, depth and heads."""


@dataclass(frozen=True)
class ViTConfig:
    """What a Vision Transformer is.

    Parameters
    ----------
    classes : int
        Outputs.
    width, depth, heads : int
        Of the places, the blocks, and attention.
    size : int
        Pixels of a side: images are square, all of this size.
    patch : int
        Pixels of a patch's side; divides the size.
    channels : int
        Of an image.
    pool : str
        ``"token"``: a place of its own gathers what is asked; ``"mean"``: the mean of all places.
    dropout, drop_path : float
        The share of units, and of the last branch, left out in training.
    """

    classes: int
    width: int = 384
    depth: int = 12
    heads: int = 6
    size: int = 224
    patch: int = 16
    channels: int = 3
    pool: str = "token"
    dropout: float = 0.0
    drop_path: float = 0.0

    def __post_init__(self) -> None:
        if self.patch < 1 or self.size % self.patch:
            raise OptionError(f"a patch that divides the size {self.size}", str(self.patch))
        if self.pool not in ("token", "mean"):
            raise OptionError("the pool 'token' or 'mean'", repr(self.pool))


class _PatchEmbed(nn.Module):
    """Each patch as a vector: a convolution whose stride is its kernel."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        window = Window(config.patch, stride=config.patch)
        self.proj = Convolution(config.channels, config.width, window)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, size, size) to (n, patches, width), row by row."""
        y: torch.Tensor = self.proj(x).flatten(2).transpose(1, 2)
        return y


class _Feed(nn.Module):
    """``y = W2 gelu(W1 x + b1) + b2``, of each place by itself."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.fc1 = Dense(width, 4 * width)
        self.act = Activation("gelu")
        self.fc2 = Dense(4 * width, width)
        self.drop = Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, places, width) to the same shape."""
        y: torch.Tensor = self.drop(self.fc2(self.act(self.fc1(x))))
        return y


class _Block(nn.Module):
    """``x <- x + attention(norm(x))``, then ``x <- x + feed(norm(x))``: the norm comes first."""

    def __init__(self, config: ViTConfig, drop_path: float) -> None:
        super().__init__()
        self.norm1 = LayerNorm(config.width, eps=1e-6)
        self.attn = MultiHeadAttention(config.width, config.heads)
        self.norm2 = LayerNorm(config.width, eps=1e-6)
        self.mlp = _Feed(config.width, config.dropout)
        self.drop = DropPath(drop_path)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, places, width) to the same shape."""
        x = x + self.drop(self.attn(self.norm1(x)))
        y: torch.Tensor = x + self.drop(self.mlp(self.norm2(x)))
        return y


class VisionTransformer(nn.Module):
    """Patches, a class token, learned positions, blocks of attention, norm, linear layer.

    Parameters
    ----------
    config : ViTConfig
        What it is.

    Examples
    --------
    >>> net = VisionTransformer(ViTConfig(10, width=16, depth=2, heads=2, size=32, patch=8))
    >>> net(torch.randn(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    head_name: ClassVar[str] = "head"

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.config = config
        self.features = config.width
        self.tokens = 1 if config.pool == "token" else 0
        places = (config.size // config.patch) ** 2 + self.tokens
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.width)) if self.tokens else None
        self.pos_embed = nn.Parameter(torch.empty(1, places, config.width))
        self.patch_embed = _PatchEmbed(config)
        drops = drop_ramp(config.drop_path, config.depth)
        self.blocks = nn.Sequential(*(_Block(config, drop) for drop in drops))
        self.norm = LayerNorm(config.width, eps=1e-6)
        self.drop = Dropout(config.dropout)
        self.head = Dense(config.width, config.classes)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Map images (n, channels, size, size) to features (n, features).

        Raises
        ------
        OptionError
            When images are of another size than the positions are for.
        """
        side = self.config.size
        if x.shape[-2:] != (side, side):
            cure = "resize the images, or build the net for their size"
            raise OptionError(f"images of {side} x {side} pixels", str(tuple(x.shape)), cure)
        y: torch.Tensor = self.patch_embed(x)
        if self.cls_token is not None:
            y = torch.cat([self.cls_token.expand(len(y), -1, -1), y], dim=1)
        y = self.norm(self.blocks(self.drop(y + self.pos_embed)))
        return y[:, 0] if self.tokens else y.mean(dim=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map images (n, channels, size, size) to raw scores (n, classes)."""
        y: torch.Tensor = self.head(self.embed(x))
        return y


def resize_positions(positions: torch.Tensor, places: int, tokens: int = 1) -> torch.Tensor:
    """Interpolate learned positions for images of another size (bicubic, as in the paper).

    Parameters
    ----------
    positions : Tensor of shape (1, tokens + patches, width)
        Of a square of patches.
    places : int
        Tokens and patches that are wanted, a square again.
    tokens : int
        Places before the patches, which are kept.

    Raises
    ------
    OptionError
        When the patches are no square.

    Examples
    --------
    >>> resize_positions(torch.zeros(1, 1 + 14 * 14, 8), 1 + 7 * 7).shape
    torch.Size([1, 50, 8])
    """
    old, new = (round((count - tokens) ** 0.5) for count in (positions.shape[1], places))
    if old**2 != positions.shape[1] - tokens or new**2 != places - tokens:
        raise OptionError("a square of patches", f"{positions.shape[1]} and {places} places")
    first, rest = positions[:, :tokens], positions[:, tokens:]
    grid = rest.reshape(1, old, old, -1).permute(0, 3, 1, 2)
    grid = nn.functional.interpolate(
        grid, (new, new), mode="bicubic", antialias=True, align_corners=False
    )
    return torch.cat([first, grid.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)


def vit(
    name: str = "small",
    *,
    classes: int,
    channels: int = 3,
    size: int = 224,
    patch: int = 16,
    drop_path: float = 0.0,
) -> VisionTransformer:
    """Build a `VisionTransformer` of a published size.

    Parameters
    ----------
    name : str
        A key of `SIZES`.
    classes, channels, size, patch, drop_path
        See `ViTConfig`.

    Raises
    ------
    OptionError
        When there is no such size.

    Examples
    --------
    >>> sum(parameter.numel() for parameter in vit("tiny", classes=1000).parameters())
    5717416
    """
    if name not in SIZES:
        raise OptionError("a size of a ViT", repr(name), did_you_mean(name, SIZES))
    width, depth, heads = SIZES[name]
    return VisionTransformer(
        ViTConfig(classes, width, depth, heads, size, patch, channels, drop_path=drop_path)
    )
