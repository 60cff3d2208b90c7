"""What exactly enters a net: its numbers in figures, as a picture, and what is wrong with them."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.findings import Finding
from modelwright.core.numerals import number
from modelwright.features.images import as_png
from modelwright.nets.library import nn, torch
from modelwright.store.files import atomic_write
from modelwright.training.diagnostics.case import Case, noticed, only

__all__ = ["Entering", "check_inputs", "check_order", "describe", "picture"]

# What is told of what the first weights multiply: its root mean square, its largest number.
_LARGE, _TINY = 10.0, 0.05
# A column so many times as large as the middle one.
_APART = 100.0
# How much rougher images are than in the other order, and how smooth that one is.
_ROUGHER, _SMOOTH = 1.5, 0.9
_SHOWN, _COLUMNS, _SIDE = 64, 8, 56
_ROWS = 256


@dataclass(frozen=True)
class Entering:
    """The numbers of a tensor.

    Parameters
    ----------
    shape : tuple of int
    kind : str
        Of the numbers, such as ``"float32"``.
    low, high, mean, spread : float
        Of the finite ones; the last is their standard deviation.
    size : float
        Their root mean square.
    strange : int
        How many are infinite or no number.
    """

    shape: tuple[int, ...]
    kind: str
    low: float
    high: float
    mean: float
    spread: float
    size: float
    strange: int

    def __str__(self) -> str:
        told = f"{' x '.join(map(str, self.shape))} {self.kind}, from {number(self.low)} to "
        told += f"{number(self.high)}, mean {number(self.mean)}, spread {number(self.spread)}"
        return told + (f", {self.strange:,} no numbers" if self.strange else "")


def describe(x: torch.Tensor) -> Entering:
    """Describe the numbers of a tensor.

    Examples
    --------
    >>> str(describe(torch.tensor([[0.0, 255.0]])))
    '1 x 2 float32, from 0 to 255, mean 127.5, spread 127.5'
    """
    values = x.detach().float()
    good = values[torch.isfinite(values)]
    strange = values.numel() - good.numel()
    if not good.numel():
        good = torch.zeros(1)
    kind = str(x.dtype).removeprefix("torch.")
    size = float(good.double().square().mean().sqrt())
    spread = float(good.double().std(correction=0))
    figures = float(good.min()), float(good.max()), float(good.mean()), spread, size
    return Entering(tuple(x.shape), kind, *figures, strange)


def picture(x: Any, path: str | Path | None = None) -> bytes:
    """Draw what enters a net as one PNG: what the net sees, not what the files hold.

    Give it a batch as the loop takes it, after all that is done to it. Images stand side by side,
    as they are; of tables and sequences each row of the picture is a row of the batch. The least
    number is black and the greatest white (`describe` tells them).

    Parameters
    ----------
    x : Tensor or array
        (n, channels, rows, columns) with 1 or 3 channels, or anything else as (n, ...). The first
        64 are drawn.
    path : path, optional
        Where it is written as well.

    Returns
    -------
    bytes

    Raises
    ------
    OutputError
        When it cannot be written.

    Examples
    --------
    >>> picture(torch.rand(9, 1, 28, 28))[1:4]
    b'PNG'
    """
    values = torch.as_tensor(x).detach().cpu().float()[:_SHOWN]
    values = torch.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    grey = ((values - low) / max(high - low, 1e-12) * 255).round().to(torch.uint8).numpy()
    drawn = _mosaic(grey) if grey.ndim == 4 and grey.shape[1] in (1, 3) else _lines(grey)
    data = as_png(drawn)
    if path is not None:
        atomic_write(Path(path), data)
    return data


def _mosaic(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    larger = max(1, _SIDE // max(images.shape[2:]))
    images = images.repeat(larger, axis=2).repeat(larger, axis=3)
    count, channels, height, width = images.shape
    lines = -(-count // _COLUMNS)
    whole = np.full((channels, lines * (height + 2), _COLUMNS * (width + 2)), 255, np.uint8)
    for place, image in enumerate(images):
        top, left = place // _COLUMNS * (height + 2), place % _COLUMNS * (width + 2)
        whole[:, top : top + height, left : left + width] = image
    return whole


def _lines(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    flat = rows.reshape(len(rows), -1)[:, :1_024]
    larger = max(1, 512 // max(flat.shape[1], 1))
    return flat.repeat(6, axis=0).repeat(larger, axis=1)[None]


def check_inputs(case: Case) -> tuple[Finding, ...]:
    """Find inputs that are no numbers, all alike, or of a strange size where weights meet them."""
    for part in case.rows.all.inputs:
        if not part.is_floating_point():
            continue
        pieces = torch.split(part, 4_096)
        strange = sum([int((~torch.isfinite(piece)).sum()) for piece in pieces])
        if strange:
            told = f"{strange:,} of {part.numel():,} numbers are infinite or no number"
            return (noticed("inputs-not-finite", told),)
    some = case.some(_ROWS)
    alike = all(bool((part == part[:1]).all()) for part in some.inputs)
    if alike and len(some) > 1:
        told = f"{len(some)} rows are equal: {describe(some.inputs[0])}"
        return (noticed("inputs-constant", told),)
    return only(check_order(some.inputs[0]), _scaled(case))


def check_order(x: torch.Tensor) -> Finding | None:
    """Tell whether images are as smooth in another order of their numbers: they were cut wrongly.

    Parameters
    ----------
    x : Tensor, shape (n, channels, rows, columns)
        Anything else is passed over.

    Examples
    --------
    >>> image = torch.linspace(0, 1, 16 * 16).reshape(1, 16, 16, 1) * torch.tensor([1.0, -1.0, 0.5])
    >>> check_order(image.permute(0, 3, 1, 2)) is None
    True
    >>> check_order(image.reshape(1, 3, 16, 16)).code
    'inputs-scrambled'
    """
    if x.ndim != 4 or x.shape[1] not in (2, 3, 4) or min(x.shape[2:]) < 8:
        return None
    images = x.detach().float()[:_ROWS].contiguous()
    count, channels, height, width = images.shape
    other = images.reshape(count, height, width, channels).permute(0, 3, 1, 2)
    given, else_ = _roughness(images), _roughness(other)
    if not (given > _ROUGHER * else_ and else_ < _SMOOTH):
        return None
    told = (
        f"neighbouring pixels of inputs of shape {tuple(x.shape)} differ by {number(given)} of "
        f"their spread; the same numbers taken as {(count, height, width, channels)} by "
        f"{number(else_)}"
    )
    return noticed("inputs-scrambled", told)


def _roughness(x: torch.Tensor) -> float:
    """Give how much neighbours differ, as a share of the spread of each channel."""
    spread = x.std(dim=(0, 2, 3)).mean().clamp(min=1e-9)
    across = (x[..., 1:] - x[..., :-1]).abs().mean()
    down = (x[..., 1:, :] - x[..., :-1, :]).abs().mean()
    return float((across + down) / 2 / spread)


def _scaled(case: Case) -> Finding | None:
    """Look at what the first weights multiply: a net may well scale its inputs itself."""
    name, x = _first_multiplied(case)
    if x is None:
        return None
    seen = describe(x)
    where = f"what the first weights ({name}) multiply is {seen}"
    if seen.size > _LARGE or max(abs(seen.low), abs(seen.high)) < _TINY:
        return noticed("inputs-unscaled", where)
    if x.ndim != 2 or x.shape[1] < 2:
        return None
    sizes = x.float().square().mean(dim=0).sqrt()
    middle = float(sizes[sizes > 0].median()) if bool((sizes > 0).any()) else 1.0
    if float(sizes.max()) <= max(_APART * middle, 1.0):
        return None
    column = int(sizes.argmax())
    told = f"column {column} is {float(sizes.max()) / middle:,.0f} times as large as the others are"
    return noticed("inputs-unscaled", told)


def _first_multiplied(case: Case) -> tuple[str, torch.Tensor | None]:
    """Give what enters the first layer that multiplies by weights, and its name."""
    found: list[tuple[str, torch.Tensor]] = []
    net = copy.deepcopy(case.net).train()
    layers = nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.RNNBase
    hooks = []
    for name, module in net.named_modules():
        if isinstance(module, layers):

            def note(module: nn.Module, given: tuple[Any, ...], name: str = name) -> None:
                if not found and given and isinstance(given[0], torch.Tensor):
                    found.append((name, given[0].detach()))

            hooks.append(module.register_forward_pre_hook(note))
    with torch.no_grad():
        net(*case.first.inputs)
    for hook in hooks:
        hook.remove()
    if found and found[0][1].is_floating_point():
        name, x = found[0]
        return name or "the net", x if math.isfinite(float(x.float().abs().max())) else None
    return "", None
