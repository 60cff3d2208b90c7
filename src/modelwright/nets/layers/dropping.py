"""Dropout and drop-path: what is left out at random while a net learns."""

from __future__ import annotations

from modelwright.core.errors import OptionError
from modelwright.nets.library import nn, torch

__all__ = ["DropPath", "Dropout", "drop_ramp", "dropout_penalty"]


class Dropout(nn.Dropout):
    """``y = m x / (1 - p)``, with ``m`` 0 for a share ``p`` of the units, drawn anew each time.

    Units cannot lean on each other (Srivastava et al. 2014). The division keeps the mean, so that
    nothing changes when the net is asked: in evaluation mode ``y = x``.

    Parameters
    ----------
    p : float
        The share that is dropped.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> sorted(set(Dropout(0.5)(torch.ones(100)).tolist()))
    [0.0, 2.0]
    >>> Dropout(0.5).eval()(torch.ones(2)).tolist()
    [1.0, 1.0]
    """

    def written_out(self, x: torch.Tensor) -> torch.Tensor:
        """Map any shape to itself as `forward` does, with the same draws from the same seed."""
        if not self.training or self.p == 0.0:
            return x
        kept = torch.empty_like(x).bernoulli_(1.0 - self.p)
        return x * (kept / (1.0 - self.p))


class DropPath(nn.Module):
    """``y = m x / (1 - p)`` with one ``m`` a row: a residual branch is left out as a whole.

    Stochastic depth (Huang et al. 2016): in training a net is shallower now and then, and so its
    gradients shorter; evaluated it is whole.

    Parameters
    ----------
    p : float
        The share of rows whose branch is dropped.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> DropPath(0.5)(torch.ones(4, 2)).tolist()
    [[0.0, 0.0], [2.0, 2.0], [0.0, 0.0], [0.0, 0.0]]
    """

    def __init__(self, p: float = 0.0) -> None:
        super().__init__()
        if not 0.0 <= p < 1.0:
            raise OptionError("a share from 0 to below 1", str(p))
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Drop whole rows: (n, ...) to the same shape."""
        if not self.training or self.p == 0.0:
            return x
        kept = torch.rand(len(x), *[1] * (x.ndim - 1), device=x.device) >= self.p
        return x * (kept / (1.0 - self.p)).to(x.dtype)


def dropout_penalty(x: torch.Tensor, weight: torch.Tensor, p: float) -> torch.Tensor:
    """Give what dropout of the inputs adds, on average, to the squared error of a linear model.

    ``E ||y - D(X) w||^2 = ||y - X w||^2 + p / (1 - p) sum_j w_j^2 sum_i x_ij^2``: L2, with columns
    penalised by their size (Srivastava et al. 2014, section 9.1; Wager, Wang and Liang 2013).

    Parameters
    ----------
    x : Tensor of shape (n, inputs)
        Rows.
    weight : Tensor of shape (inputs,)
        Of the linear model.
    p : float
        The share of the inputs that is dropped.

    Returns
    -------
    Tensor of shape ()
        The second term.

    Examples
    --------
    >>> dropout_penalty(torch.ones(10, 2), torch.tensor([1.0, 2.0]), 0.5).item()
    50.0
    """
    return p / (1.0 - p) * (weight**2 * (x**2).sum(dim=0)).sum()


def drop_ramp(most: float, count: int) -> list[float]:
    """Give the share of `DropPath` for each of so many branches: from 0 to `most`, evenly.

    The first layers are what all others stand on (Huang et al. 2016).

    Examples
    --------
    >>> drop_ramp(0.2, 3)
    [0.0, 0.1, 0.2]
    """
    return [most * i / max(count - 1, 1) for i in range(count)]
