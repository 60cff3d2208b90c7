"""A small convolutional net that learns small images in minutes on a few cores.

The net of the CIFAR-10 speed runs (Page 2018; Jordan 2024, arXiv:2404.00498), for images of any
size: filters that whiten little patches, found from the images themselves and never trained; three
groups of two convolutions; the largest answer of each feature; one linear layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from modelwright.nets.library import nn, torch

__all__ = ["QuickForm", "QuickNet", "whitening"]

# Rows, numbers and eigenvectors that the whitening filters are made of, at most.
_SAMPLED, _NUMBERS = 4_096, 2**24
_COMPONENTS = 24
# Images of up to so many pixels a side are looked at in full; of larger ones patches are coarser.
_SIDE = 40
_EPSILON = 5e-4
# Beside Muon at a rate of 1: what biases and the last layer learn at, in a net whose last group has
# 256 channels, and what they lose in a step (Jordan 2024, for batches of 2,000 and a rate of 0.24).
_BIAS, _HEAD, _LOST = 442.0, 5_583.0, 0.0167
_USUAL = 256
# The share of a training after which the bias of whitening is learned no more (Jordan 2024: three
# epochs of eight): the gradients of the largest maps need not be found then.
_BIASED = 0.4
# A class is no rarer than that.
_LEAST = 1e-6


@dataclass(frozen=True)
class QuickForm:
    """What makes a net: its inputs, its outputs, its widths.

    Parameters
    ----------
    channels, height, width : int
        Of an image.
    classes : int
        Outputs.
    widths : tuple of int
        Channels of the groups.

    Examples
    --------
    >>> QuickForm(3, 32, 32, 10).patch, QuickForm(3, 96, 96, 2).patch
    (2, 3)
    >>> round(QuickForm(3, 32, 32, 10).work / 1e6)
    236
    """

    channels: int
    height: int
    width: int
    classes: int
    widths: tuple[int, ...] = (64, 256, 256)

    @property
    def patch(self) -> int:
        """Pixels of a side of the patches that are whitened."""
        longest = max(self.height, self.width)
        return 2 if longest <= _SIDE else -(-longest // _SIDE)

    @property
    def stride(self) -> int:
        """Pixels from one patch to the next."""
        return 1 if max(self.height, self.width) <= _SIDE else self.patch

    @property
    def whitened(self) -> int:
        """Channels after whitening: each component with either sign."""
        return 2 * min(self.channels * self.patch**2, _COMPONENTS)

    @property
    def work(self) -> int:
        """Multiplications and additions for one image, forward; three times that to learn."""
        sides = [(side - self.patch) // self.stride + 1 for side in (self.height, self.width)]
        area = sides[0] * sides[1]
        total = area * self.whitened * self.channels * self.patch**2
        before = self.whitened
        for width in self.widths:
            total += area * before * width * 9
            sides = [max(side // 2, 1) for side in sides]
            area = sides[0] * sides[1]
            total += area * width * width * 9
            before = width
        return 2 * (total + before * self.classes)

    def to_json(self) -> dict[str, Any]:
        """Give the form as plain JSON."""
        sizes = {"channels": self.channels, "height": self.height, "width": self.width}
        return {**sizes, "classes": self.classes, "widths": list(self.widths)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> QuickForm:
        """Read a form from what `to_json` gave; raises `ValueError` for what is no net."""
        sizes = [int(data[name]) for name in ("channels", "height", "width", "classes")]
        widths = tuple(int(width) for width in data["widths"])
        limits = zip((*sizes, *widths), (4, 4_096, 4_096, 100_000, *[8_192] * 16), strict=False)
        if not 1 <= len(widths) <= 8 or any(not 0 < size <= most for size, most in limits):
            raise ValueError("a net of strange sizes")
        channels, height, width, classes = sizes
        return cls(channels, height, width, classes, widths)


class _Norm(nn.BatchNorm2d):
    """Batch norm with a learned shift and no learned scale: the next layer has one."""

    def __init__(self, channels: int) -> None:
        # PyTorch's momentum is the share of the new batch: 0.4 keeps 60 % of the past.
        super().__init__(channels, eps=1e-5, momentum=0.4)
        self.weight.requires_grad_(False)


class _Convolution(nn.Conv2d):
    """3 x 3 filters without a bias, which at first hand their inputs on."""

    turned: ClassVar[tuple[str, ...]] = ("weight",)

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1, bias=False)
        with torch.no_grad():
            nn.init.dirac_(self.weight[: min(inputs, outputs)])


class _Whitening(nn.Conv2d):
    """Filters that are found, not learned; their bias is learned."""

    def __init__(self, form: QuickForm) -> None:
        super().__init__(form.channels, form.whitened, form.patch, stride=form.stride)
        self.weight.requires_grad_(False)
        assert self.bias is not None  # asked for by default
        nn.init.zeros_(self.bias)


class _Head(nn.Linear):
    """The last layer, which begins with about the same answer for all images.

    Where classes are told to differ in number, that answer is their shares, which a short training
    would else spend its steps on.
    """

    log_shares: torch.Tensor

    def __init__(self, features: int, classes: int) -> None:
        super().__init__(features, classes, bias=False)
        self.register_buffer("log_shares", torch.zeros(classes))
        if self.weight.is_meta:  # to be loaded; its spread would import a compiler, for seconds
            return
        with torch.no_grad():
            self.weight.div_(self.weight.std().clamp(min=1e-9))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map features, (n_rows, features), to answers, (n_rows, classes)."""
        answers: torch.Tensor = super().forward(x) / self.in_features + self.log_shares
        return answers


class QuickNet(nn.Module):
    """Whitened patches, groups of two convolutions, the largest answer of each feature.

    A group: convolution, max-pooling, batch norm, GELU, convolution, batch norm, GELU. Filters are
    made for Muon, and `beside_muon` says at which rates the other weights learn meanwhile.

    Parameters
    ----------
    form : QuickForm
        Sizes.

    Examples
    --------
    >>> net = QuickNet(QuickForm(1, 28, 28, 10, (8, 16, 16)))
    >>> net(torch.zeros(2, 1, 28, 28, dtype=torch.uint8)).shape
    torch.Size([2, 10])
    """

    head_name: ClassVar[str] = "head"
    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, form: QuickForm) -> None:
        super().__init__()
        self.form = form
        self.features = form.widths[-1]
        self.register_buffer("mean", torch.full((1, form.channels, 1, 1), 127.5))
        self.register_buffer("spread", torch.full((1, form.channels, 1, 1), 64.0))
        self.whiten = _Whitening(form)
        groups: list[nn.Module] = []
        before = form.whitened
        side = (min(form.height, form.width) - form.patch) // form.stride + 1
        for width in form.widths:
            pooled = side > 1
            side = max(side // 2, 1)
            groups += [
                _Convolution(before, width),
                nn.MaxPool2d(2) if pooled else nn.Identity(),
                _Norm(width),
                nn.GELU(),
                _Convolution(width, width),
                _Norm(width),
                nn.GELU(),
            ]
            before = width
        self.groups = nn.Sequential(*groups)
        self.head = _Head(before, form.classes)
        self._tell_rates(before)

    def _tell_rates(self, last: int) -> None:
        """Say at which rates and decays biases and the last layer learn beside Muon."""
        for module in self.modules():
            name, rate = "bias", _BIAS * last / _USUAL
            if isinstance(module, nn.Linear):
                name, rate = "weight", _HEAD * last / _USUAL
            elif not isinstance(module, _Norm | _Whitening):
                continue
            module.beside_muon = {name: (rate, _LOST / rate)}  # type: ignore[assignment]

    def maps(self, pixels: torch.Tensor) -> torch.Tensor:
        """Map pixels from 0 to 255 to what each place says: (n_rows, features, rows, columns).

        Images may be of another size than those of the form.
        """
        x = (pixels.float() - self.mean) / self.spread
        if next(self.whiten.parameters()).is_contiguous(memory_format=torch.channels_last):
            x = x.contiguous(memory_format=torch.channels_last)
        y: torch.Tensor = self.groups(nn.functional.gelu(self.whiten(x)))
        return y

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Map pixels from 0 to 255, (n_rows, channels, height, width), to (n_rows, features)."""
        return self.maps(pixels).amax(dim=(2, 3))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Map pixels from 0 to 255, (n_rows, channels, height, width), to (n_rows, classes)."""
        answers: torch.Tensor = self.head(self.embed(pixels))
        return answers

    def settle(self, t: float) -> None:
        """Say what is learned after a share `t` of a training: the bias of whitening at first."""
        assert self.whiten.bias is not None  # asked for by default
        self.whiten.bias.requires_grad_(t < _BIASED)

    def suit(self, pixels: torch.Tensor, shares: Sequence[float] | None = None) -> None:
        """Find means, spreads and whitening filters from some training images.

        Parameters
        ----------
        pixels : Tensor of uint8, shape (n_rows, channels, height, width)
            At most 4,096 are looked at, of large ones fewer.
        shares : sequence of float, optional
            How frequent each class is: where an image tells nothing, that is the answer.
        """
        with torch.no_grad():
            if shares is not None:
                told = torch.tensor(shares).clamp(min=_LEAST).log()
                self.head.log_shares.copy_(told - told.mean())
            most = min(_SAMPLED, max(_NUMBERS // pixels[0].numel(), 1))
            some = pixels[:: 1 + len(pixels) // most].float()
            self.mean.copy_(some.mean(dim=(0, 2, 3), keepdim=True))
            self.spread.copy_(some.std(dim=(0, 2, 3), keepdim=True).clamp(min=1.0))
            found = whitening((some - self.mean) / self.spread, self.form.patch, self.form.stride)
            half = found[: self.form.whitened // 2]
            self.whiten.weight.copy_(torch.cat([half, -half]))


def whitening(x: torch.Tensor, patch: int, stride: int = 1) -> torch.Tensor:
    """Find filters whose answers on patches are uncorrelated, each of variance 1 (PCA whitening).

    Parameters
    ----------
    x : Tensor of float32, shape (n_rows, channels, height, width)
    patch, stride : int
        Pixels of a side of a patch, and from one to the next.

    Returns
    -------
    Tensor, shape (channels * patch^2, channels, patch, patch)
        ``e / sqrt(l + eps)`` for each eigenvector `e` and eigenvalue `l` of the covariance, the
        largest first.

    Examples
    --------
    >>> with torch.random.fork_rng():
    ...     _ = torch.manual_seed(0)
    ...     x = torch.randn(64, 1, 8, 8).cumsum(3)
    ...     answers = nn.functional.conv2d(x, whitening(x, 2)).transpose(0, 1).flatten(1)
    >>> torch.cov(answers).diagonal().mean().item()
    1.00
    """
    patches = nn.functional.unfold(x, patch, stride=stride).transpose(1, 2).flatten(0, 1)
    values, vectors = torch.linalg.eigh(torch.cov(patches.T).reshape(patches.shape[1], -1))
    scaled = vectors / torch.sqrt(values.clamp(min=0.0) + _EPSILON)
    filters: torch.Tensor = scaled.T.flip(0).reshape(-1, x.shape[1], patch, patch)
    return filters
