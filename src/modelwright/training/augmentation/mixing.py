"""What is in an image: parts wiped out, or two images mixed together with their answers."""

from __future__ import annotations

from modelwright.nets.library import nn, torch

__all__ = ["cutmix", "erasing", "mixup", "one_hot"]


def erasing(x: torch.Tensor, share: float = 0.25, *, chance: float = 1.0) -> torch.Tensor:
    """Wipe out a square of each image: cutout (DeVries and Taylor 2017).

    Parameters
    ----------
    x : Tensor, shape (n_rows, channels, height, width)
    share : float
        Of the area, where the square lies inside.
    chance : float
        Of an image to lose a square.

    Examples
    --------
    >>> left = erasing(torch.full((4, 1, 8, 8), 5.0), 0.25)
    >>> bool((left.flatten(1) == 0).any(dim=1).all())
    True
    """
    inside = _square(x, torch.full((len(x),), share**0.5))
    inside &= (torch.rand(len(x)) < chance)[:, None, None]
    return x.masked_fill(inside[:, None], 0)


def mixup(
    x: torch.Tensor, targets: torch.Tensor, alpha: float = 0.2
) -> tuple[torch.Tensor, torch.Tensor]:
    """Lay two images over each other, and their answers in the same shares (Zhang et al. 2018).

    Parameters
    ----------
    x : Tensor, shape (n_rows, channels, height, width)
    targets : Tensor of float, shape (n_rows, n_classes)
        The share of each class: `one_hot` of codes.
    alpha : float
        Shares are drawn from Beta(alpha, alpha): near 0 or 1 for a small one.

    Examples
    --------
    >>> one, shares = mixup(torch.rand(4, 1, 2, 2), torch.eye(4))
    >>> bool((shares.sum(dim=1) - 1).abs().max() < 1e-6)
    True
    """
    share = _beta(len(x), alpha)
    other = torch.randperm(len(x))
    s = share[:, None, None, None]
    mixed = s * x.float() + (1 - s) * x[other].float()
    return mixed, _mixed_targets(targets, other, share)


def cutmix(
    x: torch.Tensor, targets: torch.Tensor, alpha: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Put a square of another image into each, and mix answers by area (Yun et al. 2019).

    Parameters
    ----------
    x, targets
        As for `mixup`.
    alpha : float
        The share that stays is drawn from Beta(alpha, alpha).

    Examples
    --------
    >>> one, shares = cutmix(torch.rand(4, 1, 8, 8), torch.eye(4))
    >>> bool((shares.sum(dim=1) - 1).abs().max() < 1e-6)
    True
    """
    other = torch.randperm(len(x))
    inside = _square(x, (1 - _beta(len(x), alpha)).sqrt())
    stays = 1 - inside.float().mean(dim=(1, 2))
    return torch.where(inside[:, None], x[other], x), _mixed_targets(targets, other, stays)


def _square(x: torch.Tensor, side: torch.Tensor) -> torch.Tensor:
    """Mark a part of these shares of the sides, anywhere in each image: (n_rows, height, width)."""
    height, width = x.shape[2:]
    middle = torch.rand(2, len(x), 1)
    marks: list[torch.Tensor] = []
    for length, centre in zip((height, width), middle, strict=True):
        half = (side[:, None] * length / 2).clamp(min=0.0)
        start = centre * (length - 2 * half)
        at = torch.arange(length) + 0.5
        marks.append((at >= start) & (at < start + 2 * half))
    inside: torch.Tensor = marks[0][:, :, None] & marks[1][:, None, :]
    return inside


def _mixed_targets(targets: torch.Tensor, other: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    s = share[:, None]
    return s * targets + (1 - s) * targets[other]


def _beta(count: int, alpha: float) -> torch.Tensor:
    # A generator of its own would not be kept with a training: gamma variates of the global one.
    pair = torch._standard_gamma(torch.full((2, count), alpha))
    share: torch.Tensor = pair[0] / pair.sum(dim=0).clamp(min=1e-12)
    return share


def one_hot(codes: torch.Tensor, classes: int) -> torch.Tensor:
    """Give the shares of each class: all of the own one."""
    shares: torch.Tensor = nn.functional.one_hot(codes, classes).float()
    return shares
