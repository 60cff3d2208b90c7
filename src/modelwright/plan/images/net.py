"""One net learns images: its course, its augmentation, its curve; and which nets there are."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.pictures import CurvePoint
from modelwright.core.progress import Progress
from modelwright.engine import available_memory
from modelwright.models.pictures import FittedPictures
from modelwright.models.transferred import FittedTransferred
from modelwright.plan.images.course import carry_out
from modelwright.plan.images.rows import PictureRows, mark_of

if TYPE_CHECKING:
    from modelwright.nets.library import torch
    from modelwright.nets.quick import QuickForm, QuickNet
    from modelwright.training.augmentation import Augmentation
    from modelwright.training.batches import Source
    from modelwright.training.course import Course
    from modelwright.training.growing import Growing
    from modelwright.training.loop import Epoch, Training
    from modelwright.training.machine import Machine

__all__ = [
    "LONG",
    "SPARE",
    "NetSpec",
    "Trained",
    "Watcher",
    "answers_of",
    "augmentation_of",
    "form_of",
    "growing_of",
    "learn",
    "quick_spec",
    "source_of",
    "train_net",
]

_RATE, _MOMENTUM, _SMOOTHING = 0.24, 0.6, 0.2
# The batch that the rate is for; it goes with the root of the batch.
_USUAL_BATCH = 2_000
# Images computed at a time: what lies between the layers then stays in the cache.
_PIECE = 256
# Images up to this side are only shifted; of larger ones parts are enlarged as well.
_SMALL = 64
# Of images below this side a pixel is much: they are mirrored at most.
_TINY = 12
# By the clock there may be so many times the epochs that are expected: the pace has the say.
SPARE = 3.0
# Expected epochs from which wiping out parts of images pays: of 8 it cost 4 points (docs: log).
LONG = 36
# Epochs from which a training may end early.
_PATIENT = 60
# In a short training photographs are small at first: until which share of it, and of their sides
# (docs: log).
_STAGES = ((0.3, 0.625), (0.55, 0.75))
# The quick net sees so many images, few of them again and again, in so many epochs at most: in the
# five steps of one epoch of 600 images it learns next to nothing (docs: log).
_QUICK_SEEN, _QUICK_MOST, _QUICK_BATCH = 10_000, 10, 128
# With fewer seconds left it learns in so many steps all the same, as far as so many seconds are
# enough for them: a net that learned nothing is worth nothing.
_LATE, _LATE_STEPS, _LATE_SECONDS = 3.0, 40, 3.0
# Log odds from which an answer is not asked for again, of the image moved by a pixel (docs: log).
_SURE = 0.5
# The share of free memory that images may take; more of them are read as they are needed.
_SHARE = 0.4
_TOLD = 0.2  # seconds between two looks of the progress
_ASKED = 4_096  # images predicted at a time


@dataclass(frozen=True)
class NetSpec:
    """A net and how it learns.

    Parameters
    ----------
    name : str
        What the leaderboard calls it.
    widths : tuple of int
        Of `QuickForm`.
    epochs : float
        How often it sees every image, when no clock says otherwise.
    batch : int
        Images a step.
    mirrored : bool
        Whether a mirror image shows the same.
    changed : bool
        Whether images are augmented in other ways too.
    moved : bool
        Whether answers for small images moved by a pixel count too.
    erased : bool
        Whether parts of photographs are wiped out: what a long training gains by, a short one
        pays for.
    grown : bool
        Whether images are small at first.
    least : float
        Epochs that are done even when the time is over.
    """

    name: str
    widths: tuple[int, ...]
    epochs: float
    batch: int
    mirrored: bool = False
    changed: bool = True
    moved: bool = True
    erased: bool = False
    grown: bool = False
    least: float = 0.0


@dataclass
class Trained:
    """What came of a training.

    Parameters
    ----------
    spec : NetSpec
        What was trained.
    fitted : FittedPictures or FittedTransferred
        The net.
    valid : ndarray of float32, shape (n_valid, n_classes)
        What it says of the held-out images.
    seconds : float
        What it took.
    curve : list of CurvePoint
        One for each epoch.
    notes : list of str
        What the user should know.
    facts : mapping of str to str
        What the report says of the net, beside its batch and mirror images.
    """

    spec: NetSpec
    fitted: FittedPictures | FittedTransferred
    valid: NDArray[np.float32]
    seconds: float
    curve: list[CurvePoint] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: Mapping[str, str] = field(default_factory=dict)


def quick_spec(
    widths: tuple[int, ...], count: int, left: float = math.inf, rate: float = 0.0
) -> NetSpec:
    """Say how the quick net learns so many images: many of them once, few again and again.

    Parameters
    ----------
    widths : tuple of int
        Of the net.
    count : int
        Images to learn from.
    left : float
        Seconds of the fit: with few it learns in some steps whatever the clock says.
    rate : float
        Images a second; 0: nobody knows.

    Examples
    --------
    >>> many, few = quick_spec((16, 48), 48_000), quick_spec((16, 48), 600)
    >>> (many.epochs, many.batch), (few.epochs, few.batch)
    ((1.0, 128), (10.0, 37))
    """
    batch = min(_QUICK_BATCH, max(count // 16, 16))
    epochs = min(max(_QUICK_SEEN / count, 1.0), float(_QUICK_MOST))
    late = min(_LATE_STEPS * batch, _LATE_SECONDS * rate if rate else math.inf) / count
    least = min(late, epochs) if left < _LATE else 0.0
    return NetSpec("quick", widths, epochs, batch, changed=False, moved=False, least=least)


def form_of(rows: PictureRows, widths: tuple[int, ...]) -> QuickForm:
    """Give the form of a net for these images."""
    from modelwright.nets.quick import QuickForm

    form = rows.form
    return QuickForm(form.channels, form.height, form.width, rows.y.classes, widths)


def augmentation_of(rows: PictureRows, spec: NetSpec) -> Augmentation:
    """Choose how images are changed: by their size, colours and whether they may be mirrored."""
    from modelwright.training.augmentation import Augmentation

    side = min(rows.form.height, rows.form.width)
    if not spec.changed or side < _TINY:
        return Augmentation(flip=spec.mirrored)
    photographs = spec.mirrored
    large = side > _SMALL
    return Augmentation(
        flip=photographs,
        shift=max(round(side / 16), 1),
        rotation=0.0 if photographs else 12.0,
        crop=0.5 if large else 0.0,
        jitter=0.0 if photographs and not large else 0.12,
        colour=0.2 if large else 0.0,
        exposure=0.2 if large else 0.0,
        erasing=0.14 if photographs and spec.erased else 0.0,
    )


def growing_of(*, grown: bool) -> Growing | None:
    """Give the sizes that images have on the way; None where they are whole from the start."""
    from modelwright.training.growing import Growing

    return Growing(_STAGES) if grown else None


def source_of(rows: PictureRows) -> Source:
    """Give the images to learn from: in memory where they fit, else read as they are needed."""
    from modelwright.nets.library import torch
    from modelwright.training.batches import Examples, Streamed

    targets = torch.from_numpy(rows.y.values[rows.train])
    if len(rows.train) * rows.form.size > _SHARE * available_memory():
        return Streamed(rows.pixels, targets, places=rows.train)
    return Examples((torch.from_numpy(np.ascontiguousarray(rows.pixels[rows.train])),), targets)


def _changing(rows: PictureRows, source: Source, spec: NetSpec) -> Source:
    """Change images whenever they are taken; which are mirrored alternates from epoch to epoch."""
    from modelwright.training.alternating import Alternating
    from modelwright.training.batches import Changed

    augmentation = augmentation_of(rows, spec)
    if not augmentation.flip:
        return Changed(source, augmentation)
    return Changed(Alternating(source), replace(augmentation, flip=False))


def _course(spec: NetSpec, machine: Machine) -> Course:
    from modelwright.training.course import Course

    return Course(
        epochs=spec.epochs,
        batch=spec.batch,
        rate=_RATE * math.sqrt(spec.batch / _USUAL_BATCH),
        decay=1.0,
        schedule="linear",
        bfloat16=machine.bfloat16,
        optimiser="muon",
        momentum=_MOMENTUM,
        patience=math.ceil(spec.epochs / 3) if spec.epochs >= _PATIENT else 0,
        growing=growing_of(grown=spec.grown),
    )


def train_net(
    rows: PictureRows,
    source: Source,
    spec: NetSpec,
    machine: Machine,
    *,
    budget: Budget,
    seed: int,
    live: Progress,
    checkpoint: Path | None = None,
) -> Trained:
    """Train one net; other processes that torchrun started are asked to learn it too.

    Parameters
    ----------
    rows : PictureRows
        The images.
    source : Source
        Those to learn from.
    spec : NetSpec
        The net.
    machine : Machine
        How it is computed.
    budget : Budget
        Its deadline.
    seed : int
        Of everything that is drawn.
    live : Progress
        Is told how far it is.
    checkpoint : pathlib.Path, optional
        Where it is kept, and taken up again when it is there.

    Raises
    ------
    FitError
        When the loss is no longer a number.
    """
    from modelwright.nets.library import reproducible
    from modelwright.training.together import current

    together = current()
    if together is not None:
        asked = {"ask": "learn", "rows": mark_of(rows), "spec": asdict(spec)}
        together.read({**asked, "machine": asdict(machine), "seed": seed})
    net, watcher, notes = learn(
        rows, source, spec, machine, budget=budget, seed=seed, live=live, checkpoint=checkpoint
    )
    fitted = _fitted_of(rows, net, spec, machine)
    with reproducible(seed, machine.threads):
        valid = answers_of(rows, fitted, rows.valid)
    return Trained(spec, fitted, valid, watcher.seconds, watcher.curve, notes)


def learn(
    rows: PictureRows,
    source: Source,
    spec: NetSpec,
    machine: Machine,
    *,
    budget: Budget,
    seed: int,
    live: Progress,
    checkpoint: Path | None = None,
) -> tuple[QuickNet, Watcher, list[str]]:
    """Let one net learn, with the other processes where there are some.

    Parameters
    ----------
    rows, source, spec, machine, budget, seed, live, checkpoint
        As of `train_net`, whose errors it raises.

    Returns
    -------
    tuple of QuickNet, Watcher and list of str
        The net, what was watched, and what the user should know.
    """
    net, training = _begun(rows, source, spec, machine, seed)
    watcher = Watcher(rows, spec, machine, training, live, budget)
    notes = carry_out(
        training, spec.name, machine, budget,
        checkpoint=checkpoint, watch=watcher.watch, tell=watcher.tell, thaw=net.settle,
    )  # fmt: skip
    return net, watcher, notes


def _begun(
    rows: PictureRows, source: Source, spec: NetSpec, machine: Machine, seed: int
) -> tuple[QuickNet, Training]:
    """Make a net, and its training."""
    from modelwright.nets.library import reproducible
    from modelwright.nets.quick import QuickNet
    from modelwright.training.loop import Training
    from modelwright.training.losses import cross_entropy
    from modelwright.training.together import current

    with reproducible(seed, machine.threads):
        net = QuickNet(form_of(rows, spec.widths))
        net.suit(_some(source), rows.shares.tolist())
    machine.suit(net)
    training = Training(
        net,
        _changing(rows, source, spec),
        lambda answers, targets: cross_entropy(answers, targets, _SMOOTHING),
        _course(spec, machine),
        seed=seed,
        threads=machine.threads,
        together=current(),
    )
    training.pieces, training.least = math.ceil(spec.batch / _PIECE), spec.least
    return net, training


def answers_of(
    rows: PictureRows,
    fitted: FittedPictures | FittedTransferred,
    places: NDArray[np.int64],
    *,
    turned: bool = False,
) -> NDArray[np.float32]:
    """Predict some of the images, or their mirror images, a part of which is in memory."""
    said = []
    for some in np.array_split(places, max(-(-len(places) // _ASKED), 1)):
        pixels = rows.pixels[some]
        said.append(fitted.probabilities(pixels[..., ::-1] if turned else pixels))
    return np.concatenate(said)


def _some(source: Source) -> torch.Tensor:
    """Take some images, evenly spread over all."""
    from modelwright.nets.library import torch

    step = 1 + len(source) // 4_096
    return source.at(torch.arange(0, len(source), step)).inputs[0]


def _fitted_of(rows: PictureRows, net: QuickNet, spec: NetSpec, machine: Machine) -> FittedPictures:
    """Take the weights of a net as they are now."""
    weights = {
        name: value.detach().contiguous().numpy() for name, value in net.state_dict().items()
    }
    small = max(rows.form.height, rows.form.width) <= _SMALL
    return FittedPictures(
        net.form.to_json(),
        small and spec.moved,
        weights={name: array.copy() for name, array in weights.items()},
        prior=rows.shares,
        mirrored=spec.mirrored,
        short=machine.bfloat16,
        sure=_SURE,
    )


class Watcher:
    """Scores the held-out images after each epoch, and tells how far the training is."""

    def __init__(
        self,
        rows: PictureRows,
        spec: NetSpec,
        machine: Machine,
        training: Training,
        live: Progress,
        budget: Budget,
    ) -> None:
        self._rows, self._spec, self._machine = rows, spec, machine
        self._training, self._live, self._budget = training, live, budget
        self._began = self._told = time.monotonic()
        self._total = spec.epochs
        self.curve: list[CurvePoint] = []

    @property
    def seconds(self) -> float:
        """Since the training began."""
        return time.monotonic() - self._began

    def watch(self, epoch: Epoch) -> bool:
        """Score the net; False when it has not become better for long."""
        with self._training.at_its_best():
            loss, accuracy = self._score()
        done = min(float(epoch.done), self._total)
        if math.isfinite(loss):
            self.curve.append(CurvePoint(done, epoch.loss, loss, accuracy, self.seconds))
        going, together = self._training.judge(loss), self._training.together
        return going if together is None else together.told([float(going)])[0] > 0

    def _score(self) -> tuple[float, float]:
        from modelwright.nets.library import nn, torch

        rows, net, together = self._rows, self._training.net, self._training.together
        held, total, right = rows.valid, 0.0, 0
        if together is not None:  # each process scores a part
            held = np.array_split(held, together.size)[together.rank]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self._machine.bfloat16):
            for some in np.array_split(held, max(len(held) // 500, 1)) if len(held) else ():
                pixels = torch.from_numpy(np.ascontiguousarray(rows.pixels[some]))
                codes = torch.from_numpy(rows.y.values[some])
                answers = net(*self._training.sized((pixels,), self.share)).float()
                total += float(nn.functional.cross_entropy(answers, codes, reduction="sum"))
                right += int((answers.argmax(dim=1) == codes).sum())
        if together is not None:
            total, found = together.summed([total, float(right)])
            right = round(found)
        return total / len(rows.valid), right / len(rows.valid)

    @property
    def share(self) -> float:
        """How much of the training is done."""
        return min(self._training.position / max(self._total, 1e-9), 1.0)

    def tell(self, total: float) -> None:
        """Say how far it is, a few times a second."""
        self._total = total
        now = time.monotonic()
        if now - self._told < _TOLD:
            return
        self._told = now
        training, share = self._training, self.share
        last = f", accuracy {self.curve[-1].valid_accuracy:.4f}" if self.curve else ""
        told = f"{self._spec.name}: epoch {training.position:.1f} of {total:.1f}{last}"
        left = self._budget.left
        if not math.isfinite(left) and share > 0:
            left = self.seconds * (1 - share) / share
        self._live.advance(share, told, left)
