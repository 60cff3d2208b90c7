"""Contrastive learning: two views of an image shall look alike, those of others not.

Chen, Kornblith, Norouzi and Hinton 2020, "A simple framework for contrastive learning of visual
representations" (SimCLR). What the views have in common is what an image shows; what differs, its
place, colour and light, is what the augmentation says does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from modelwright.core.errors import OptionError
from modelwright.nets.layers.dense import Dense
from modelwright.nets.library import nn, torch
from modelwright.training.batches import Examples

__all__ = ["Contrast", "TwoViews", "contrastive_loss"]


@dataclass(frozen=True)
class TwoViews:
    """Makes two views of every image: used as ``Changed(rows, TwoViews(augmentation))``.

    Parameters
    ----------
    change : callable
        Takes a batch and gives one that is changed at random, such as an `Augmentation`.

    Examples
    --------
    >>> from modelwright.training.augmentation import Augmentation
    >>> rows = Examples((torch.zeros(4, 3, 8, 8),), torch.zeros(4))
    >>> [tuple(view.shape) for view in TwoViews(Augmentation(crop=0.5))(rows).inputs]
    [(4, 3, 8, 8), (4, 3, 8, 8)]
    """

    change: Callable[[Examples], Examples]

    def __call__(self, batch: Examples) -> Examples:
        """Give both views as two inputs."""
        views = self.change(batch).inputs[0], self.change(batch).inputs[0]
        return Examples(views, batch.targets, batch.weight)


class _Projector(Dense):
    """A linear layer that learns by momentum where Muon turns what is below it."""

    beside_muon: ClassVar[Mapping[str, tuple[float, float]]] = {
        "weight": (0.2, 1e-4),
        "bias": (0.2, 0.0),
    }


class Contrast(nn.Module):
    """``z = p(f(view))``, of length 1, for two views: a backbone and a projector that is dropped.

    The loss asks ``z`` to forget what differs between views, colour among it, which may matter
    later; two layers between keep ``f`` from forgetting it too (Chen et al. 2020, section 4.2).

    Parameters
    ----------
    body : nn.Module
        With `embed`, which maps images to features (n, features), and `features`.
    width : int
        Of ``z``.

    Examples
    --------
    >>> from modelwright.nets.cnn import cnn
    >>> net = Contrast(cnn(classes=2, width=4), width=8)
    >>> net(torch.rand(5, 3, 16, 16), torch.rand(5, 3, 16, 16)).shape
    torch.Size([5, 2, 8])
    """

    def __init__(self, body: nn.Module, width: int = 64) -> None:
        super().__init__()
        self.body = body
        inputs = int(body.features)  # type: ignore[arg-type]
        self.projector = nn.Sequential(
            _Projector(inputs, inputs), nn.BatchNorm1d(inputs), nn.ReLU(), _Projector(inputs, width)
        )

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Map two views, (n, channels, rows, columns) each, to (n, 2, width)."""
        features = self.body.embed(torch.cat([first, second]))  # type: ignore[operator]
        z = nn.functional.normalize(self.projector(features).float(), dim=1)
        return torch.stack(z.chunk(2), dim=1)


def contrastive_loss(
    z: torch.Tensor, targets: torch.Tensor | None = None, temperature: float = 0.2
) -> torch.Tensor:
    r"""Give ``-log(exp(z_i z_j / T) / sum_{k != i} exp(z_i z_k / T))``, the mean of both views.

    ``j`` is the other view of the same image, ``k`` runs over all views of the batch: NT-Xent (Chen
    et al. 2020). It is ``log(2 n - 1)`` when all look alike.

    Parameters
    ----------
    z : Tensor, shape (n, 2, width)
        Of length 1 along the last dimension, as `Contrast` gives them.
    targets : Tensor, optional
        Not looked at: a loss of the loop gets them.
    temperature : float
        ``T``: smaller ones care for the most similar images alone.

    Returns
    -------
    Tensor, shape (n,)

    Raises
    ------
    OptionError
        For a batch of one image: there is nothing to tell it from.

    Examples
    --------
    >>> same = torch.ones(3, 2, 1)
    >>> contrastive_loss(same)
    tensor([1.6094, 1.6094, 1.6094])
    """
    rows = len(z)
    if rows < 2:
        raise OptionError("at least 2 images in a batch", str(rows))
    views = z.transpose(0, 1).flatten(0, 1)
    alike = views @ views.T / temperature
    own = torch.eye(2 * rows, dtype=torch.bool, device=z.device)
    alike = alike.masked_fill(own, -torch.inf)
    other = torch.arange(2 * rows, device=z.device).roll(rows)
    each = nn.functional.cross_entropy(alike, other, reduction="none")
    return each.reshape(2, rows).mean(dim=0)
