"""Gradual unfreezing: the head learns first, then stage by stage what is below it."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.core.errors import OptionError
from modelwright.nets.library import nn
from modelwright.training.transfer.freezing import freeze, thaw

__all__ = ["GradualUnfreezing"]


@dataclass(frozen=True)
class GradualUnfreezing:
    """Says which stages learn after a share of the training, from the top down.

    A head that is still wrong sends gradients that spoil what is below it; so what is below waits
    (Howard and Ruder 2018, "Universal language model fine-tuning", section 3.3). After a share
    ``t`` of the training ``least + floor((n - least) t / until)`` of the ``n`` stages learn. Used
    as the `each` of a training: the optimiser is made while all stages ask for gradients, then
    ``unfreezing.apply(net, 0.0)`` is called, and ``unfreezing.apply(net, t)`` after each step.

    Parameters
    ----------
    stages : tuple of tuples of str
        As of `modelwright.nets.backbone.stages_of`: the bottom first, the head last.
    until : float
        The share of the training after which all learn; 0: from the start.
    least : int
        How many stages learn from the start.
    bottom : int
        How many stages at the bottom never learn.

    Raises
    ------
    OptionError
        When a number means nothing.

    Examples
    --------
    >>> schedule = GradualUnfreezing((("0",), ("1",), ("2",)), until=0.5)
    >>> [schedule.learning(t) for t in (0.0, 0.2, 0.25, 0.5, 1.0)]
    [1, 1, 2, 3, 3]
    """

    stages: tuple[tuple[str, ...], ...]
    until: float = 0.5
    least: int = 1
    bottom: int = 0

    def __post_init__(self) -> None:
        most = len(self.stages)
        if not (0 <= self.until <= 1 and 1 <= self.least <= most and 0 <= self.bottom < most):
            got = f"until {self.until}, least {self.least}, bottom {self.bottom}"
            raise OptionError(f"a share of the training, and numbers of {most} stages", got)

    def learning(self, t: float) -> int:
        """Count the stages that learn after a share `t` of the training, from the top."""
        most = len(self.stages) - self.bottom
        least = min(self.least, most)
        if t >= self.until:
            return most
        return least + int((most - least) * t / self.until + 1e-9)

    def apply(self, net: nn.Module, t: float) -> int:
        """Freeze and thaw the stages of a net as they are to be after a share `t`; counts them."""
        count = self.learning(t)
        cut = len(self.stages) - count
        below = [name for stage in self.stages[:cut] for name in stage]
        above = [name for stage in self.stages[cut:] for name in stage]
        freeze(net, below)
        thaw(net, above)
        return count
