"""Which stage of a growing model to keep, without looking at the rows that it is scored on.

Boosting rounds and positions on a regularisation path are chosen by a validation loss. Choosing
them by the loss on the very rows that are then scored makes the out-of-fold score too good. Here
the stage for the rows of one fold is the one that is best on the *other* folds, so that no row's
label chooses its own prediction. The final model takes the stage that is best on all folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.protocols import Stages

__all__ = ["StageChoice", "choose_in_rounds", "choose_stages"]


@dataclass(frozen=True)
class StageChoice:
    """The stages kept for each fold, and for a fit on all rows.

    Parameters
    ----------
    units : tuple of int
        For each fold, the units that its own rows are predicted with.
    positions : tuple of int
        The same as positions in that fold's `Stages`.
    overall : int
        The units for a fit on all rows.
    """

    units: tuple[int, ...]
    positions: tuple[int, ...]
    overall: int


def choose_stages(
    stages: Sequence[Stages], losses: Sequence[NDArray[np.float64]], sizes: Sequence[float]
) -> StageChoice:
    """Choose stages across folds.

    Parameters
    ----------
    stages : sequence of Stages
        One a fold; folds may have stopped at different units.
    losses : sequence of ndarray of shape (n_stages,)
        The loss of each stage of each fold on the fold's validation rows.
    sizes : sequence of float
        How many rows each fold scores, or what they weigh: its vote.

    Returns
    -------
    StageChoice
        With a single fold there is no other one to ask, and its own best stage is taken.

    Examples
    --------
    >>> import numpy as np
    >>> grown = Stages(np.array([10, 20, 30]), np.zeros((3, 4, 1), np.float32))
    >>> early, late = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])
    >>> choose_stages([grown, grown], [early, late], [4, 4]).units
    (30, 10)
    """
    grid = np.unique(np.concatenate([s.units for s in stages]))
    curves = np.stack([_on_grid(grid, s, loss) for s, loss in zip(stages, losses, strict=True)])
    votes = np.asarray(sizes, dtype=np.float64)
    total = (curves * votes[:, None]).sum(axis=0)
    units: list[int] = []
    positions: list[int] = []
    for fold, own in enumerate(stages):
        others = total - curves[fold] * votes[fold] if len(stages) > 1 else total
        wanted = int(grid[_first_best(others)])
        position = int(np.argmin(np.abs(own.units - wanted)))
        positions.append(position)
        units.append(int(own.units[position]))
    return StageChoice(tuple(units), tuple(positions), int(grid[_first_best(total)]))


def choose_in_rounds(
    stages: Sequence[Stages],
    losses: Sequence[NDArray[np.float64]],
    sizes: Sequence[float],
    rounds: Sequence[range],
) -> StageChoice:
    """Choose stages across the folds of a plan that may be drawn several times.

    A row that one fold scores is scored by a fold of every other draw too. So the stage for a fold
    is chosen on the other folds of its own draw, which hold none of its rows.

    Parameters
    ----------
    stages, losses, sizes
        As for `choose_stages`.
    rounds : sequence of range
        The positions of the folds of each draw.

    Returns
    -------
    StageChoice
        Its `overall` is best on all folds of all draws.

    Examples
    --------
    >>> import numpy as np
    >>> grown = Stages(np.array([10, 20, 30]), np.zeros((3, 4, 1), np.float32))
    >>> early, late = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])
    >>> drawn = [early, late, late, late]
    >>> choose_in_rounds([grown] * 4, drawn, [4] * 4, [range(2), range(2, 4)]).units
    (30, 10, 30, 30)
    """
    whole = choose_stages(stages, losses, sizes)
    if len(rounds) == 1:
        return whole
    units: list[int] = []
    positions: list[int] = []
    for draw in rounds:
        own = choose_stages(
            [stages[i] for i in draw], [losses[i] for i in draw], [sizes[i] for i in draw]
        )
        units += own.units
        positions += own.positions
    return StageChoice(tuple(units), tuple(positions), whole.overall)


def _on_grid(
    grid: NDArray[np.int64], stages: Stages, loss: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Carry a fold's curve to the common grid; past its end it stays at its last value."""
    known = np.isfinite(loss)
    worst = 2 * np.abs(loss[known]).max() + 1 if known.any() else 1.0
    finite = np.where(known, loss, worst)
    return np.asarray(np.interp(grid, stages.units, finite), dtype=np.float64)


def _first_best(curve: NDArray[np.float64]) -> int:
    """Take the smallest model among those equal to the best."""
    best = curve.min()
    return int(np.flatnonzero(curve <= best + 1e-9 * abs(best))[0])
