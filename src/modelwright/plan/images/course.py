"""The training of a net for images carried to its end: taken up, paced, kept, told.

Alone, or with the other processes that torchrun started: then the first one has the clock and the
checkpoint, and the others keep its pace.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from modelwright.core.budget import Budget

if TYPE_CHECKING:
    from modelwright.training.loop import Epoch, Training
    from modelwright.training.machine import Machine
    from modelwright.training.pace import Pacer

__all__ = ["carry_out"]

# Seconds between two checkpoints, at most; so many there are, where the time is short.
_KEPT, _TIMES = 20.0, 10


def carry_out(
    training: Training,
    name: str,
    machine: Machine,
    budget: Budget,
    *,
    checkpoint: Path | None = None,
    watch: Callable[[Epoch], bool] | None = None,
    tell: Callable[[float], None] | None = None,
    thaw: Callable[[float], None] | None = None,
) -> list[str]:
    """Carry a training to its end, or to that of the time.

    Parameters
    ----------
    training : Training
        Begun; changed in place.
    name : str
        What the notes call it.
    machine : Machine
        How it is computed, and how fast: 0 rows a second where nobody knows.
    budget : Budget
        The clock; where others learn with it, that of the first one.
    checkpoint : pathlib.Path, optional
        Where it is kept, and taken up again when it is there.
    watch : callable, optional
        As of `Training.run`.
    tell : callable, optional
        Is told after each step how many epochs there will be.
    thaw : callable, optional
        Is told the share of the training before the first step and after each.

    Returns
    -------
    list of str
        What the user should know.

    Raises
    ------
    FitError
        When the loss is no longer a number.
    ModelFileError
        When the checkpoint is of another training.
    """
    from modelwright.training.checkpoints import Keeper, keep
    from modelwright.training.yielding import Yielding

    notes = []
    if _taken_up(training, checkpoint):
        notes.append(f"{name} went on after {training.position:.2f} epochs")
    together = training.together
    pace = _paced(training, machine, budget)
    path = checkpoint if together is None or together.leads else None
    keeper = None if path is None else Keeper(path, min(_KEPT, budget.left / _TIMES))
    guard = Yielding(machine.threads if _is_timed(training, budget) else 1)

    def share() -> float:
        return min(training.position / max(pace.total, 1e-9), 1.0)

    def move() -> None:
        if thaw is not None:
            thaw(share())

    def each(current: Training) -> None:
        guard(training.cost(share()))
        if tell is not None:
            tell(pace.total)
        move()
        if keeper is not None:
            keeper(current)

    move()
    training.run(pace, watch, each)
    if path is not None:
        keep(training, path)
    if guard.times:
        notes.append("busy neighbours: fewer threads went on while others kept the cores busy.")
    return [*notes, *training.notes]


def _taken_up(training: Training, checkpoint: Path | None) -> bool:
    """Put a training into the state that was kept, in all processes; whether there was one."""
    from modelwright.training.checkpoints import take_up

    there = checkpoint is not None and checkpoint.is_file()
    together = training.together
    if together is None:
        if checkpoint is not None and there:
            take_up(training, checkpoint)
        return there
    kept = together.data(checkpoint.read_bytes() if checkpoint is not None and there else None)
    if not kept:
        return False
    with TemporaryDirectory() as folder:  # the others may be on machines that share no disk
        path = Path(folder) / "net.safetensors"
        path.write_bytes(kept)
        take_up(training, path)
    return True


def _is_timed(training: Training, budget: Budget) -> bool:
    """Whether a clock is looked at: the first one's, where several processes learn."""
    timed = budget.deadline is not None
    together = training.together
    return timed if together is None else together.told([float(timed)])[0] > 0


def _paced(training: Training, machine: Machine, budget: Budget) -> Pacer:
    """Give the pace: that of the first one, where several processes learn."""
    from modelwright.training.pace import StepPace
    from modelwright.training.together import Agreed

    together = training.together
    rate = machine.rows_a_second * (1 if together is None else together.size)
    timed = budget.deadline is not None and rate > 0
    known = len(training.rows) / rate if timed else 0.0
    growing = training.course.growing
    work = None if growing is None else growing.work
    epochs, least = training.course.epochs, training.least
    own = StepPace(epochs, budget, known, training.position, work, least)
    if together is None:
        return own
    return Agreed(own if together.leads else None, together, by_step=True)
