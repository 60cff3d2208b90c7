"""Muon: momentum whose directions all count alike, for matrices of weights."""

from __future__ import annotations

from collections.abc import Sequence

from modelwright.nets.library import nn, torch

__all__ = ["Muon", "orthogonal"]

# The quintic of Newton and Schulz whose slope at zero is steepest (Jordan 2024).
_A, _B, _C = 3.4445, -4.7750, 2.0315
# Of the iteration: three are enough for a direction (Jordan 2024).
_STEPS = 3


def orthogonal(matrix: torch.Tensor, steps: int = 5, *, short: bool = False) -> torch.Tensor:
    """Give nearly the nearest matrix whose singular values are all 1: ``U V'`` of ``U S V'``.

    Newton and Schulz's iteration ``X <- a X + b (X X') X + c (X X')^2 X`` on a matrix of norm 1;
    after five steps singular values lie between 0.7 and 1.2, which is near enough for a direction.

    Parameters
    ----------
    matrix : Tensor, shape (rows, columns)
    steps : int
        Of the iteration.
    short : bool
        Multiply in 16 bits.

    Examples
    --------
    >>> with torch.random.fork_rng():
    ...     _ = torch.manual_seed(0)
    ...     values = torch.linalg.svdvals(orthogonal(torch.randn(8, 20)))
    >>> bool((values > 0.6).all() and (values < 1.3).all())
    True
    """
    x = matrix.bfloat16() if short else matrix
    x = x / (x.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(steps):
        square = x @ x.T
        x = _A * x + (_B * square + _C * square @ square) @ x
    found: torch.Tensor = (x.T if tall else x).to(matrix.dtype)
    return found


class Muon:
    """Momentum (Nesterov's), orthogonalised, for weights of two dimensions and more.

    A gradient of a layer has few large directions, and the rare ones are lost beside them; Muon
    gives each the same length (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon).
    Weights are kept at a norm of ``sqrt(outputs)``: they must be followed by a norm, which makes
    their own size meaningless.

    Parameters
    ----------
    parameters : sequence of Parameter
        Filters are taken as rows of a matrix.
    momentum : float
        Share of the old direction that is kept.
    short : bool
        Orthogonalise in 16 bits.

    Examples
    --------
    >>> weight = nn.Parameter(torch.eye(2))
    >>> muon = Muon([weight], momentum=0.0)
    >>> weight.grad = torch.tensor([[1.0, 0.0], [0.0, 0.1]])
    >>> muon.step(rate=0.1)
    >>> bool(weight[1, 1] < 0.95)
    True
    """

    def __init__(
        self, parameters: Sequence[nn.Parameter], momentum: float, *, short: bool = False
    ) -> None:
        self._parameters = [*parameters]
        self._momentum = momentum
        self._short = short
        self.buffers = [torch.zeros_like(parameter) for parameter in self._parameters]

    def step(self, rate: float) -> None:
        """Move along the gradients."""
        with torch.no_grad():
            for parameter, buffer in zip(self._parameters, self.buffers, strict=True):
                if parameter.grad is None:
                    continue
                buffer.mul_(self._momentum).add_(parameter.grad)
                ahead = parameter.grad.add(buffer, alpha=self._momentum)
                turned = orthogonal(ahead.reshape(len(ahead), -1), _STEPS, short=self._short)
                parameter.mul_(len(parameter) ** 0.5 / (parameter.norm() + 1e-12))
                parameter.sub_(turned.reshape(parameter.shape), alpha=rate)
