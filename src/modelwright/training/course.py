"""How a net is trained: everything about it that is chosen before the first step."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.training.growing import Growing
from modelwright.training.optimiser import OPTIMISERS
from modelwright.training.schedules import SCHEDULES

__all__ = ["Course"]

_POSITIVE = ("epochs", "batch", "rate")
_FROM_ZERO = ("decay", "clip", "penalties", "patience")
_BELOW_ONE = ("betas", "dropout", "momentum", "averaging")


@dataclass(frozen=True)
class Course:
    """How a net is trained.

    Parameters
    ----------
    epochs : float
        How often it sees every row, when no clock says otherwise.
    batch : int
        Rows a step, at most: batches of one epoch are of equal size, to a row.
    rate : float
        The largest learning rate.
    betas : tuple of float
        Of AdamW.
    decay : float
        The largest weight decay: taken from the weights, or added to the gradients by ``"sgd"``.
    dropout : float
        The largest share of units that are dropped; 0: each layer drops what it was made to drop.
    clip : float
        The greatest norm of the gradients; 0: any.
    schedule : str
        Of the rate: a key of `SCHEDULES`.
    fading : str
        The schedule of decay and dropout.
    bfloat16 : bool
        Multiply matrices in 16 bits; weights stay in 32.
    optimiser : str
        One of `OPTIMISERS`.
    momentum : float
        Of the optimisers ``"sgd"`` and ``"muon"``.
    penalties : tuple of float
        L1 and L2, as in `Optimiser`.
    averaging : float
        The decay of a moving average of the weights, less at first (`Averaged`), which then is what
        the net ends with; 0: none.
    patience : int
        Epochs without a better validation loss after which the training ends early, with the
        weights of the best one; 0: it never does.
    growing : Growing, optional
        How small images are at first; None: what enters the net is as it is.

    Raises
    ------
    OptionError
        When a name is unknown, or a number out of its range.

    Examples
    --------
    >>> Course(epochs=30, batch=64, rate=0.01, momentum=1.5)
    Traceback (most recent call last):
    modelwright.core.errors.OptionError: expected momentum from 0 to less than 1; got 1.5
    """

    epochs: float
    batch: int
    rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    decay: float = 0.0
    dropout: float = 0.0
    clip: float = 0.0
    schedule: str = "constant"
    fading: str = "constant"
    bfloat16: bool = False
    optimiser: str = "adamw"
    momentum: float = 0.9
    penalties: tuple[float, float] = (0.0, 0.0)
    averaging: float = 0.0
    patience: int = 0
    growing: Growing | None = None

    def __post_init__(self) -> None:
        """Refuse what means nothing."""
        for name in (self.schedule, self.fading):
            if name not in SCHEDULES:
                raise OptionError("a known schedule", repr(name), did_you_mean(name, SCHEDULES))
        if self.optimiser not in OPTIMISERS:
            cure = did_you_mean(self.optimiser, OPTIMISERS)
            raise OptionError("a known optimiser", repr(self.optimiser), cure)
        for name in _POSITIVE:
            if not getattr(self, name) > 0:
                raise OptionError(f"{name} above 0", f"{getattr(self, name)}")
        for name in _FROM_ZERO:
            if not all(value >= 0 for value in _numbers(getattr(self, name))):
                raise OptionError(f"{name} of 0 or more", f"{getattr(self, name)}")
        for name in _BELOW_ONE:
            if not all(0 <= value < 1 for value in _numbers(getattr(self, name))):
                raise OptionError(f"{name} from 0 to less than 1", f"{getattr(self, name)}")


def _numbers(value: float | tuple[float, ...]) -> tuple[float, ...]:
    return value if isinstance(value, tuple) else (value,)
