"""Whitening: channels not only of variance 1, but uncorrelated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from modelwright.core.errors import OptionError
from modelwright.nets.layers.norms.batch import moving
from modelwright.nets.library import nn, torch

__all__ = ["Whitening", "whitening_matrix"]


def whitening_matrix(covariance: torch.Tensor, kind: str = "zca") -> torch.Tensor:
    """Give a ``W`` with ``W C W' = I``.

    With ``C = U L U'``: PCA takes ``L^(-1/2) U'``, coordinates along the axes of the cloud, the
    widest first; ZCA turns them back, ``U L^(-1/2) U'``, which changes the data least (Kessy, Lewin
    and Strimmer 2018, "Optimal whitening and decorrelation").

    Parameters
    ----------
    covariance : Tensor of shape (..., width, width)
        Symmetric. Along an axis without variance, such as that of a constant, ``W`` is 0: a small
        multiple of the identity makes it a large number in place of it.
    kind : str
        ``"pca"`` or ``"zca"``.

    Raises
    ------
    OptionError
        When the kind is another one.

    Examples
    --------
    >>> C = torch.tensor([[2.0, 1.0], [1.0, 2.0]])
    >>> W = whitening_matrix(C)
    >>> torch.allclose(W @ C @ W.T, torch.eye(2), atol=1e-6)
    True
    """
    values, vectors = torch.linalg.eigh(covariance)
    values, vectors = values.flip(-1), vectors.flip(-1)
    # what is below the rounding of the widest axis is no variance
    least = values[..., :1] * values.shape[-1] * torch.finfo(values.dtype).eps
    there = (values > least) & (values > 0)
    gain = there / torch.sqrt(torch.where(there, values, 1.0))
    to_axes: torch.Tensor = vectors.mT * gain[..., :, None]
    if kind == "pca":
        return to_axes
    if kind == "zca":
        back: torch.Tensor = vectors @ to_axes
        return back
    raise OptionError("'pca' or 'zca'", repr(kind))


def _newton(covariance: torch.Tensor, steps: int) -> torch.Tensor:
    """Give ``C^(-1/2)``, which is ZCA, by Newton's iteration: products of matrices alone.

    Of ``A = C / trace(C)``, with ``Y = A`` and ``Z = I`` at first: ``T = (3 I - Z Y) / 2``,
    ``Y <- Y T``, ``Z <- T Z``, until ``Z Y = I`` (Higham 2008, section 6.7; in nets Huang et al.
    2019, "Iterative normalization"). Its gradient stays finite where eigenvalues are equal, that
    of eigenvectors does not.
    """
    eye = torch.eye(covariance.shape[-1], dtype=covariance.dtype, device=covariance.device)
    trace = covariance.diagonal(dim1=-2, dim2=-1).sum(dim=-1)[..., None, None]
    trace = torch.where(trace > 0, trace, 1.0)  # constants alone
    root, inverse = covariance / trace, eye.expand_as(covariance)
    for _ in range(steps):
        turn = 1.5 * eye - 0.5 * inverse @ root
        root, inverse = root @ turn, turn @ inverse
    return inverse / torch.sqrt(trace)


class Whitening(nn.Module):
    r"""``y = g W (x - m) + b`` with ``W`` from the covariance of channels over the batch.

    As batch norm, but decorrelated: Huang et al. 2018, "Decorrelated batch normalization". Mean and
    ``W`` are those of the batch in training, moving means of them after. Channels are whitened in
    groups: the cost of a group grows with the cube of its width, and a batch has to have many more
    rows than a group has channels. `forward` finds ``W`` of ZCA by Newton's iteration, to
    about 1e-3; `written_out` by eigenvectors. PCA turns axes from batch to batch and learns badly;
    it is there to be compared.

    Parameters
    ----------
    channels : int
        Second dimension of what comes in.
    group : int
        Channels whitened together, at most; the width of a group divides `channels`.
    kind : str
        ``"zca"`` or ``"pca"``.
    eps : float
        Added to each variance.
    momentum : float
        The share of the newest batch in the moving statistics.
    steps : int
        Of Newton's iteration.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(500, 2) @ torch.tensor([[1.0, 0.9], [0.0, 0.3]])
    >>> (Whitening(2)(x).T.cov(correction=0) - torch.eye(2)).abs().max().item() < 0.05
    True
    """

    decays: ClassVar[Mapping[str, float]] = {"weight": 0.0, "bias": 0.0}
    running_mean: torch.Tensor
    running_white: torch.Tensor

    def __init__(
        self,
        channels: int,
        *,
        group: int = 16,
        kind: str = "zca",
        eps: float = 1e-3,
        momentum: float = 0.1,
        steps: int = 16,
    ) -> None:
        super().__init__()
        if kind not in ("pca", "zca"):
            raise OptionError("'pca' or 'zca'", repr(kind))
        self.width = next(k for k in range(min(group, channels), 0, -1) if channels % k == 0)
        self.kind, self.eps, self.momentum, self.steps = kind, eps, momentum, steps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        groups = channels // self.width
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_white", torch.eye(self.width).repeat(groups, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Whiten: (n, channels, ...) to the same shape."""
        return self._apply_to(x, exact=self.kind == "pca")

    def written_out(self, x: torch.Tensor) -> torch.Tensor:
        """Map as `forward` does, with eigenvectors."""
        return self._apply_to(x, exact=True)

    def _apply_to(self, x: torch.Tensor, *, exact: bool) -> torch.Tensor:
        last = x.movedim(1, -1)
        rows = last.flatten(0, -2)
        mean, white = self.running_mean, self.running_white
        if self.training:
            mean = rows.mean(dim=0)
            white = self._white(rows - mean, exact=exact)
            with torch.no_grad():
                self.running_mean.copy_(moving(self.running_mean, mean, self.momentum))
                self.running_white.copy_(moving(self.running_white, white, self.momentum))
        parts = (rows - mean).reshape(len(rows), -1, self.width)
        y = torch.einsum("ngk,gok->ngo", parts, white.to(parts.dtype)).flatten(1)
        y = y * self.weight + self.bias
        return y.reshape(last.shape).movedim(-1, 1)

    def _white(self, centred: torch.Tensor, *, exact: bool) -> torch.Tensor:
        """Give the matrix of each group: (groups, width, width)."""
        wide = torch.promote_types(centred.dtype, torch.float32)
        # in 16 bits small eigenvalues are lost, and the iteration bursts
        with torch.autocast(centred.device.type, enabled=False):
            parts = centred.to(wide).reshape(len(centred), -1, self.width)
            covariance = torch.einsum("ngi,ngj->gij", parts, parts) / len(parts)
            covariance = covariance + self.eps * torch.eye(self.width).to(covariance)
            if exact:
                return whitening_matrix(covariance, self.kind)
            return _newton(covariance, self.steps)
