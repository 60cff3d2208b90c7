"""What nets descend: a mean over rows, of which each may count for more or less.

Answers of shape (n_rows, outputs), or (n_rows, members, outputs) where members of an ensemble are
trained side by side, each on its own loss.
"""

from __future__ import annotations

from collections.abc import Callable

from modelwright.core.errors import DataError
from modelwright.nets.library import nn, torch

__all__ = ["Loss", "cross_entropy", "squared_error"]

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Takes answers and targets, gives one loss a row."""


def squared_error(answers: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Give ``(answer - target)^2`` a row, averaged over outputs and members.

    Examples
    --------
    >>> squared_error(torch.tensor([[1.0], [2.0]]), torch.tensor([1.0, 4.0])).tolist()
    [0.0, 4.0]
    """
    wanted = targets.reshape(-1, *[1] * (answers.ndim - 1))
    return ((answers - wanted) ** 2).flatten(1).mean(dim=1)


def cross_entropy(
    answers: torch.Tensor, targets: torch.Tensor, smoothing: float = 0.0
) -> torch.Tensor:
    """Give ``-log softmax(answers)[target]`` a row, averaged over members.

    Parameters
    ----------
    answers : Tensor
        Raw scores; the last dimension holds the classes.
    targets : Tensor of int64, shape (n_rows,), or of float32, shape (n_rows, n_classes)
        Class codes, or the share of each class where rows were mixed.
    smoothing : float
        The share of each label that is spread evenly over all classes (Szegedy et al. 2016). It
        helps accuracy, and harms ranks and probabilities.

    Raises
    ------
    DataError
        When a code is none of the classes.

    Examples
    --------
    >>> round(cross_entropy(torch.zeros(1, 4), torch.tensor([2])).item(), 4)
    1.3863
    """
    members = answers.flatten(1, -2) if answers.ndim > 2 else answers[:, None, :]
    try:
        each = nn.functional.cross_entropy(
            members.flatten(0, 1),
            targets.repeat_interleave(members.shape[1], dim=0),
            reduction="none",
            label_smoothing=smoothing,
        )
    except IndexError as error:
        last = members.shape[-1] - 1
        got = f"codes from {targets.min()} to {targets.max()}"
        cure = "give the net an output for each class"
        raise DataError(f"classes from 0 to {last}", got, cure) from error
    return each.reshape(len(targets), -1).mean(dim=1)
