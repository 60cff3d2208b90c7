"""Nets for tables as learners: what a fit does, and what it leaves behind.

PyTorch trains; what was learned are plain arrays, which predict in NumPy. So a model file with a
net opens where PyTorch is not installed, and no process has to hold it beside a booster.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError, OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Stages, State
from modelwright.models.intake import Intake
from modelwright.models.plain_net import PlainNet
from modelwright.models.sample import Classes, Sample, softmax
from modelwright.models.unpack import array, integer, unsound

if TYPE_CHECKING:
    from modelwright.nets.tabular import RealMLP, TabM
    from modelwright.training.batches import Examples
    from modelwright.training.course import Course
    from modelwright.training.loop import Epoch

__all__ = ["FittedNet", "NetFit", "Task", "epochs_of"]

_ROWS = 8_192
_MOST_HELD = 64
# Of the ends of cycles so many are held, the last ones: each is a whole net.
_HELD = 3


@dataclass(frozen=True)
class FittedNet:
    """The arrays of a net after some epochs. Unit: an epoch.

    A net is held at the epochs at which its learning rate had come down to zero; one between is
    not annealed, and much worse. `at` gives the nearest.

    Parameters
    ----------
    intake : Intake
        How a matrix becomes the inputs.
    classes : Classes
        The classes of the task, or none.
    nets : tuple of PlainNet
        One for each held epoch; none when there was nothing to learn from.
    path : ndarray of int64, shape (n_held,)
        The epochs, ascending; predictions are those of the last.
    prior : ndarray of float64, shape (n_learned,)
        The mean, or the shares of the seen classes: the answer without a net.
    moments : ndarray of float64, shape (4,)
        Of a regression's answers: mean, standard deviation, least and greatest. No prediction lies
        outside the last two.
    """

    intake: Intake
    classes: Classes
    nets: tuple[PlainNet, ...]
    path: NDArray[np.int64]
    prior: NDArray[np.float64]
    moments: NDArray[np.float64]
    stages: Stages | None = field(default=None, compare=False)

    @property
    def units(self) -> int:
        """The epochs after which the net that predicts was taken."""
        return int(self.path[-1])

    @property
    def out_of_bag(self) -> None:
        """None: it does not bag."""
        return None

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict: shape (n_rows, n_outputs)."""
        out = np.empty((X.shape[0], self.classes.outputs), np.float32)
        if not self.nets:
            out[:] = self.classes.spread(self.prior[None])
        for start in range(0, len(out) if self.nets else 0, _ROWS):
            rows = slice(start, start + _ROWS)
            some = X.rows(rows)
            scores = self.nets[-1](self.intake.dense(some), self.intake.codes(some))
            out[rows] = self._answers(scores)
        return out

    def _answers(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Average what members of shape (n_rows, members, outputs) say."""
        if not self.classes.count:
            mean, spread, least, greatest = self.moments.tolist()
            answers = scores.mean(axis=1, dtype=np.float64) * spread + mean
            return self.classes.spread(np.clip(answers, least, greatest))
        flat = scores.reshape(-1, scores.shape[2]).astype(np.float64)
        return self.classes.spread(softmax(flat).reshape(scores.shape).mean(axis=1))

    def at(self, units: int) -> FittedNet:
        """Give the net held at the epoch nearest to so many.

        Raises
        ------
        OptionError
            When that is no number of epochs.
        """
        if units < 1:
            raise OptionError("at least 1 unit", str(units))
        place = int(np.argmin(np.abs(self.path - units)))
        nets = self.nets[place : place + 1]
        return replace(self, nets=nets, path=self.path[place : place + 1], stages=None)

    def export(self) -> State:
        """Give the whole state."""
        config = {**self.classes.to_config(), "held": len(self.nets)}
        arrays: dict[str, NDArray[Any]] = {
            "path": self.path,
            "prior": self.prior,
            "moments": self.moments,
            **self.intake.to_arrays(),
            **self.classes.to_arrays(),
        }
        for i, net in enumerate(self.nets):
            state = net.export()
            config |= state.config
            arrays |= {f"net_{i}_{name}": values for name, values in state.arrays.items()}
        return State(config, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedNet:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        classes, intake = Classes.of_state(state), Intake.of_state(state)
        path = array(state, "path", np.int64, 1)
        prior = array(state, "prior", np.float64, 1)
        moments = array(state, "moments", np.float64, 1)
        held = integer(state, "held", 0, _MOST_HELD)
        if not len(path) or path[0] < 1 or (np.diff(path) <= 0).any():
            raise unsound("ascending epochs", "others")
        if len(path) != max(held, 1) or len(prior) != classes.learned:
            raise unsound(f"{held} nets and {classes.learned} outputs", "others")
        if len(moments) != 4 or moments[2] > moments[3]:
            raise unsound("a mean, a spread and a range", f"{len(moments)} numbers")
        dense = intake.numbers + intake.others
        nets = []
        for i in range(held):
            start = f"net_{i}_"
            own = {n[len(start) :]: a for n, a in state.arrays.items() if n.startswith(start)}
            net = PlainNet.of_state(State(state.config, own), dense, intake.columns, intake.rows)
            if net.outputs != classes.learned or net.numbers not in (0, intake.numbers):
                raise unsound(f"{classes.learned} outputs", f"{net.outputs}")
            nets.append(net)
        return cls(intake, classes, tuple(nets), path, prior, moments)


@dataclass(frozen=True)
class Task:
    """What a learner needs to know to make its net.

    Parameters
    ----------
    intake : Intake
        How a matrix becomes the inputs.
    outputs : int
        Classes that are learned; 1 for regression.
    classes : bool
        Whether they are classes.
    dense : ndarray of float32, shape (n_rows, n_dense)
        The float block of the training rows.
    codes : ndarray of int64, shape (n_rows, n_columns)
        The int block.
    """

    intake: Intake
    outputs: int
    classes: bool
    dense: NDArray[np.float32]
    codes: NDArray[np.int64]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.dense)


@dataclass
class NetFit:
    """One fit of a net.

    Parameters
    ----------
    activation, embedding : str
        As in `PlainNet`.
    onehot : int
        Levels up to which a category becomes one-hot columns.
    smoothing : float
        As in `modelwright.training.losses.cross_entropy`.
    threads : int
        Threads of PyTorch.
    seed : int
        Of everything that is drawn.
    """

    activation: str
    embedding: str
    onehot: int
    smoothing: float
    threads: int
    seed: int

    def run(
        self,
        sample: Sample,
        valid: Matrix | None,
        budget: Budget,
        make: Callable[[Task], RealMLP | TabM],
        course: Callable[[Task], Course],
    ) -> FittedNet:
        """Make a net, train it, and take its arrays at the end of each cycle of its rate."""
        intake = Intake.fit(sample.X, sample.weight, onehot=self.onehot)
        fitted = _untrained(sample, intake, budget)
        if not intake.width or sample.settled:
            return _with_stages(fitted, [fitted.predict(valid)] if valid is not None else [])
        from modelwright.nets.library import reproducible
        from modelwright.training.loop import train

        task = Task(
            intake,
            sample.classes.learned,
            bool(sample.classes.count),
            intake.dense(sample.X),
            intake.codes(sample.X),
        )
        with reproducible(self.seed, self.threads):
            net = make(task)
        taken = _Taken(self, net, fitted, valid, course(task))
        train(
            net,
            _examples(task, sample, fitted.moments),
            self._loss(task),
            taken.course,
            budget=budget,
            seed=self.seed,
            threads=self.threads,
            watch=taken.watch,
        )
        return taken.fitted()

    def _loss(self, task: Task) -> Callable[[Any, Any], Any]:
        from modelwright.training.losses import cross_entropy, squared_error

        if not task.classes:
            return squared_error
        return lambda answers, targets: cross_entropy(answers, targets, self.smoothing)

    def plain(self, net: RealMLP | TabM) -> PlainNet:
        """Take the arrays of a net as they are now."""
        arrays = net.plain()
        embedding = self.embedding if "mix" in arrays else "none"
        layers = sum(name.startswith("weight_") for name in arrays) - 1
        return PlainNet(self.activation, embedding, net.front.numbers, layers, arrays)


@dataclass
class _Taken:
    """What was taken of a net on its way."""

    fit: NetFit
    net: RealMLP | TabM
    start: FittedNet
    valid: Matrix | None
    course: Course
    nets: list[PlainNet] = field(default_factory=list)
    path: list[int] = field(default_factory=list)
    predictions: list[NDArray[np.float32]] = field(default_factory=list)

    def watch(self, epoch: Epoch) -> bool:
        """Take the net at the end of a cycle, if anybody asks for stages."""
        from modelwright.training.schedules import cycle_ends

        last = epoch.done >= epoch.total
        ends = cycle_ends(self.course.schedule, epoch.total)[-_HELD:]
        if last or (self.valid is not None and epoch.done in ends):
            self.nets.append(self.fit.plain(self.net))
            self.path.append(epoch.done)
            if self.valid is not None:
                self.predictions.append(self._now().predict(self.valid))
        return True

    def _now(self) -> FittedNet:
        return replace(self.start, nets=tuple(self.nets), path=np.array(self.path, np.int64))

    def fitted(self) -> FittedNet:
        """Give what was taken."""
        if not self.path:
            raise FitError("the time was over before the net was annealed")
        return _with_stages(self._now(), self.predictions)


def _untrained(sample: Sample, intake: Intake, budget: Budget) -> FittedNet:
    """Give the model that says the prior."""
    moments = np.array([0.0, 1.0, 0.0, 0.0])
    if not sample.classes.count:
        base, scale = sample.start()
        moments = np.array([base[0], scale, sample.values.min(), sample.values.max()])
    path = np.array([budget.units or 1], np.int64)
    return FittedNet(intake, sample.classes, (), path, sample.prior(), moments)


def _with_stages(fitted: FittedNet, predictions: list[NDArray[np.float32]]) -> FittedNet:
    if not predictions:
        return fitted
    return replace(fitted, stages=Stages(fitted.path, np.stack(predictions)))


def _examples(task: Task, sample: Sample, moments: NDArray[np.float64]) -> Examples:
    from modelwright.nets.library import torch
    from modelwright.training.batches import Examples

    values = sample.values
    if not task.classes:
        values = ((values - moments[0]) / moments[1]).astype(np.float32)
    weight = None
    if sample.weight is not None:
        weight = torch.from_numpy(sample.weight.astype(np.float32))
    inputs = (torch.from_numpy(task.dense), torch.from_numpy(task.codes))
    return Examples(inputs, torch.from_numpy(np.ascontiguousarray(values)), weight)


def epochs_of(epochs: int, steps: int, batch: int, rows: int) -> int:
    """Say how often a net sees its rows.

    Few rows are seen as often as eight batches of them would need; of many rows no more than so
    many steps are made.

    Parameters
    ----------
    epochs : int
        How often it sees rows of eight batches or more.
    steps : int
        The most steps.
    batch, rows : int
        Rows a step, and in all.

    Examples
    --------
    >>> [epochs_of(32, 4_000, 256, rows) for rows in (200, 1_000, 10_000, 100_000)]
    [256, 64, 32, 10]
    """
    each = -(-rows // batch)
    return max(1, min(epochs * max(each, 8) // each, round(steps / each)))
