"""LogME: how probable answers are, given features, under a linear model with noise."""

from __future__ import annotations

import math

from modelwright.core.errors import OptionError
from modelwright.nets.library import nn, torch

__all__ = ["log_evidence"]

_ROUNDS, _ENOUGH, _LEAST = 100, 1e-7, 1e-12


def log_evidence(features: torch.Tensor, codes: torch.Tensor, classes: int) -> float:
    """Give the logarithm of the maximum evidence, a row and class (You et al. 2021, "LogME").

    Each class is a column of zeros and ones ``y``, explained as ``F w + noise`` with
    ``w ~ N(0, 1 / a)`` and ``noise ~ N(0, 1 / b)``. The evidence ``p(y | F, a, b)`` integrates over
    all ``w``: features that fit only because they are many are not rewarded. ``a`` and ``b`` are
    those that make it greatest (MacKay 1992). Nothing is trained.

    Parameters
    ----------
    features : Tensor of float, shape (n_rows, n_features)
        Of training rows; each column's mean is taken off.
    codes : Tensor of int64, shape (n_rows,)
        Classes.
    classes : int
        How many there are.

    Returns
    -------
    float
        Greater is better; comparable between features of the same rows only.

    Raises
    ------
    OptionError
        When there are no rows or no features.

    Examples
    --------
    >>> codes = torch.arange(40) % 2
    >>> telling = codes[:, None] + torch.linspace(-0.1, 0.1, 40)[:, None]
    >>> log_evidence(telling, codes, 2) > log_evidence(torch.linspace(-1, 1, 40)[:, None], codes, 2)
    True
    """
    rows, width = features.shape
    if not rows or not width:
        raise OptionError("rows and features", f"{rows} rows, {width} features")
    centred = features.double() - features.double().mean(dim=0)
    u, s, _ = torch.linalg.svd(centred, full_matrices=False)
    answers = nn.functional.one_hot(codes, classes).double()
    answers = answers - answers.mean(dim=0)
    total = 0.0
    for y in answers.unbind(dim=1):
        total += _greatest(u.T @ y, s**2, float(y @ y), rows)
    return total / classes / rows


def _greatest(x: torch.Tensor, s: torch.Tensor, size: float, rows: int) -> float:
    """Climb to the greatest evidence of one column; `x` is what it is along each direction."""
    a, b, before = 1.0, 1.0, -math.inf
    for _ in range(_ROUNDS):
        precision = a + b * s
        length = float(((b * s.sqrt() * x / precision) ** 2).sum())
        left = float(((a * x / precision) ** 2).sum()) + max(size - float(x @ x), 0.0)
        found = 0.5 * (
            rows * math.log(b / (2 * math.pi))
            + len(s) * math.log(a)
            - float(precision.log().sum())
            - b * left
            - a * length
        )
        if found - before < _ENOUGH * rows:
            break
        before = found
        known = float((b * s / precision).sum())
        a = max(known, _LEAST) / max(length, _LEAST)
        b = max(rows - known, _LEAST) / max(left, _LEAST)
    return max(found, before)
