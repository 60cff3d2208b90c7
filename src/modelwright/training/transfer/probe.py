"""A linear probe: softmax regression on the features of a backbone that stands still."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from modelwright.core.errors import FitError, OptionError
from modelwright.nets.library import nn, torch

__all__ = ["Probe", "choose_probe", "features_of", "fit_probe"]

PENALTIES = (3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3)
"""L2 penalties that are tried, strongest first: each begins where the one before it ended."""

# Steps of a descent at most, and the largest slope at which it has come down.
_STEPS, _FLAT = 400, 1e-4
_FOLDS = 5
_CELLS = 2**20
# The least spread of a feature, for the usual one: features of a backbone are of one kind.
_LEAST = 0.1


@dataclass(frozen=True)
class Probe:
    """A fitted probe: raw scores ``W (f - m) / s + b`` of features ``f``.

    Parameters
    ----------
    mean, spread : Tensor, shape (n_features,)
        ``m`` and ``s``, of the rows that it was fitted on; ``s`` is a tenth of its root mean square
        over the features at least.
    weight : Tensor, shape (n_classes, n_features)
        ``W``.
    bias : Tensor, shape (n_classes,)
        ``b``.
    penalty : float
        The L2 penalty on ``W``.
    accuracy, loss, error : float
        Out of fold, on the rows that chose the penalty, with the standard error of the loss; NaN
        where none did.
    """

    mean: torch.Tensor
    spread: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor
    penalty: float
    accuracy: float = math.nan
    loss: float = math.nan
    error: float = math.nan

    def scores(self, features: torch.Tensor) -> torch.Tensor:
        """Map features (n, n_features) to raw scores (n, n_classes)."""
        return (features - self.mean) / self.spread @ self.weight.T + self.bias


@torch.no_grad()
def features_of(
    net: Callable[[torch.Tensor], torch.Tensor],
    pixels: torch.Tensor,
    *,
    mirrored: bool = False,
    short: bool = False,
) -> torch.Tensor:
    """Ask a backbone for the features of images, some at a time.

    Parameters
    ----------
    net : callable
        Maps pixels to features; a `Backbone` in evaluation mode.
    pixels : Tensor of uint8, shape (n, channels, rows, columns)
        The images.
    mirrored : bool
        Ask for the mirror images instead.
    short : bool
        Multiply in 16 bits.

    Returns
    -------
    Tensor of float32, shape (n, n_features)

    Raises
    ------
    FitError
        When a feature is no number: weights of a stranger may be as large as they like.
    """
    size = max(pixels[:1].numel(), 1)
    some = torch.split(pixels, max(_CELLS // size, 8))
    with torch.autocast("cpu", torch.bfloat16, enabled=short):
        found = torch.cat([net(part.flip(3) if mirrored else part).float() for part in some])
    if not bool(torch.isfinite(found).all()):
        raise FitError("the features of a backbone are no numbers")
    return found


def fit_probe(
    features: torch.Tensor,
    codes: torch.Tensor,
    classes: int,
    penalty: float = 0.1,
    *,
    begin: Probe | None = None,
) -> Probe:
    """Minimise ``mean cross-entropy + penalty / 2 ||W||^2`` on standardised features.

    Accelerated gradient descent (Nesterov 1983) with restarts (O'Donoghue and Candès 2015); the
    step is one over the greatest curvature, half the greatest eigenvalue of the second moments
    (Böhning 1992). Deterministic.

    Parameters
    ----------
    features : Tensor of float32, shape (n_rows, n_features)
    codes : Tensor of int64, shape (n_rows,)
    classes : int
        How many there are.
    penalty : float
        Above zero.
    begin : Probe, optional
        Where to begin: the probe of a stronger penalty on the same rows.

    Raises
    ------
    OptionError
        When there are no rows, or the penalty is not above zero.

    Examples
    --------
    >>> codes = torch.arange(60) % 3
    >>> features = nn.functional.one_hot(codes, 3).float() + 0.1
    >>> probe = fit_probe(features, codes, 3)
    >>> bool((probe.scores(features).argmax(dim=1) == codes).all())
    True
    """
    if not len(features) or not penalty > 0:
        raise OptionError("rows, and a penalty above zero", f"{len(features)} rows, {penalty}")
    mean = features.mean(dim=0)
    spread = _spread(features)
    z = (features - mean) / spread
    wanted = nn.functional.one_hot(codes, classes).float()
    first = torch.zeros(classes, z.shape[1] + 1)
    if begin is not None:
        first = torch.cat([begin.weight, begin.bias[:, None]], dim=1)
    theta = _descend(torch.cat([z, torch.ones(len(z), 1)], dim=1), wanted, penalty, first)
    return Probe(mean, spread, theta[:, :-1].contiguous(), theta[:, -1].contiguous(), penalty)


def _spread(features: torch.Tensor) -> torch.Tensor:
    """Give the spread of each feature, of those that hardly vary in these rows a larger one.

    Else a feature that is nearly constant in a few rows makes one other row outweigh all.
    """
    spread = features.std(dim=0, correction=0)
    usual = float(spread.square().mean().sqrt())
    return spread.clamp(min=_LEAST * usual) if usual > 1e-6 else torch.ones_like(spread)


def _descend(
    z: torch.Tensor, wanted: torch.Tensor, penalty: float, theta: torch.Tensor
) -> torch.Tensor:
    narrow = z if z.shape[0] >= z.shape[1] else z.T
    greatest = float(torch.linalg.eigvalsh((narrow.T @ narrow).double() / len(z))[-1])
    step = 1.0 / (0.5 * greatest + penalty)
    held = torch.full((1, z.shape[1]), penalty)
    held[0, -1] = 0.0  # the bias
    ahead, t = theta, 1.0
    for _ in range(_STEPS):
        slope = (torch.softmax(z @ ahead.T, dim=1) - wanted).T @ z / len(z) + held * ahead
        if float(slope.abs().max()) < _FLAT:
            return ahead
        new = ahead - step * slope
        turned = float((slope * (new - theta)).sum()) > 0  # uphill: begin a new run
        t_new = 1.0 if turned else (1.0 + math.sqrt(1.0 + 4.0 * t * t)) / 2.0
        ahead = new + (0.0 if turned else (t - 1.0) / t_new) * (new - theta)
        theta, t = new, t_new
    return theta


def choose_probe(
    features: torch.Tensor, codes: torch.Tensor, classes: int, *, seed: int = 0, most: int = 2_000
) -> Probe:
    """Fit a probe with the penalty that cross-validation finds best, by its loss.

    Parameters
    ----------
    features, codes, classes
        As in `fit_probe`.
    seed : int
        Of the folds.
    most : int
        Rows that choose the penalty, drawn at random; all are fitted on in the end.

    Returns
    -------
    Probe
        With its accuracy and loss out of fold.

    Examples
    --------
    >>> codes = torch.arange(100) % 2
    >>> features = codes[:, None] + torch.linspace(-0.3, 0.3, 100)[:, None]
    >>> choose_probe(features, codes, 2).accuracy
    1.0
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randperm(len(features), generator=generator)[:most]
    some, answers = features[drawn], codes[drawn]
    fold = torch.arange(len(some)) % min(_FOLDS, len(some))
    scores = torch.zeros(len(PENALTIES), len(some), classes)
    for number in range(min(_FOLDS, len(some))):
        held, probe = fold == number, None
        if bool(held.all()):  # a single row
            continue
        for place, penalty in enumerate(PENALTIES):
            probe = fit_probe(some[~held], answers[~held], classes, penalty, begin=probe)
            scores[place, held] = probe.scores(some[held])
    losses = [float(nn.functional.cross_entropy(one, answers)) for one in scores]
    best = min(range(len(PENALTIES)), key=losses.__getitem__)
    right = float((scores[best].argmax(dim=1) == answers).float().mean())
    probe = None
    for penalty in PENALTIES[: best + 1]:
        probe = fit_probe(features, codes, classes, penalty, begin=probe)
    assert probe is not None  # there is a penalty
    each = nn.functional.cross_entropy(scores[best], answers, reduction="none")
    error = float(each.std(correction=0)) / math.sqrt(len(each))
    return replace(probe, accuracy=right, loss=losses[best], error=error)
