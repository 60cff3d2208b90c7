"""A backbone learned from a folder of images: with their classes, or from the images alone."""

from __future__ import annotations

import hashlib
import math
import time as clock
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire import read_raw
from modelwright.acquire.images.listing import CLASS, IMAGE, PART, holds_images
from modelwright.core.budget import Budget, parse_duration
from modelwright.core.errors import DataError, FitError, OptionError, did_you_mean
from modelwright.core.launch import refuse_company
from modelwright.core.progress import Progress, progress
from modelwright.core.seed import Seed
from modelwright.engine import core_count, lock_file
from modelwright.plan.images.course import carry_out
from modelwright.plan.images.net import (
    LONG,
    SPARE,
    NetSpec,
    form_of,
    source_of,
    train_net,
)
from modelwright.plan.images.rows import OpenedPictures, open_pictures, read_pictures
from modelwright.plan.images.speed import speed_of
from modelwright.store import check_writable, data_folder

if TYPE_CHECKING:
    from modelwright.nets.backbone_file import BackboneCard
    from modelwright.nets.library import nn, torch
    from modelwright.nets.quick import QuickForm, QuickNet
    from modelwright.training.batches import Source
    from modelwright.training.loop import Training
    from modelwright.training.losses import Loss
    from modelwright.training.machine import Machine

__all__ = ["METHODS", "Pretraining", "pretrain"]

METHODS = ("supervised", "contrastive", "masked")

# Nets from quick to good, and the images that one has to see to be worth its size.
LADDER = ((24, 96, 96), (32, 128, 128), (64, 192, 192), (64, 256, 256))
WANTED = 150_000
# Of fewer images nothing is learned.
LEAST = 16
# Epochs at most by the clock, and without one.
MOST, USUAL = 400, 10
BATCH = 512
_RATE, _USUAL_BATCH, _MOMENTUM = 0.24, 2_000, 0.6
_WRITING = 1.0  # seconds for the file
# A training of less is told as none: its epochs are 0.0.
_NOTHING = 0.05
_TOLD = 0.2  # seconds between two looks of the progress


@dataclass(frozen=True)
class Pretraining:
    """How a backbone is learned.

    Parameters
    ----------
    method : str, optional
        ``"supervised"``: from the classes that folders name; ``"contrastive"``: two views of an
        image shall look alike; ``"masked"``: what is hidden is painted. None: supervised where
        there are classes, else contrastive.
    epochs : float, optional
        See every image exactly so often, and look at no clock: the same backbone again.
    widths : tuple of int, optional
        Channels of the groups of the net; None: the widest that the time is enough for.
    seed : int
        Of everything that is drawn.
    store : path, optional
        Where opened images and checkpoints are kept; the user's data folder when left out.

    Raises
    ------
    OptionError
        When there is no such method, or the epochs are not above zero.

    Examples
    --------
    >>> Pretraining("contrastive").method
    'contrastive'
    """

    method: str | None = None
    epochs: float | None = None
    widths: tuple[int, ...] | None = None
    seed: int = 0
    store: str | Path | None = None

    def __post_init__(self) -> None:
        if self.method is not None and self.method not in METHODS:
            cure = did_you_mean(self.method, METHODS)
            raise OptionError("a known --method", repr(self.method), cure)
        if self.epochs is not None and not 0 < self.epochs < math.inf:
            raise OptionError("--epochs above zero", str(self.epochs))


def pretrain(
    data: str | Path,
    out: str | Path,
    *,
    time: str | float = "5m",
    settings: Pretraining | None = None,
    live: Progress | None = None,
) -> BackboneCard:
    """Learn a backbone from images, and write it to a file that ``fit --from`` takes.

    What lies under ``val/`` and ``test/`` is never learned from, with or without classes. One with
    `Pretraining.epochs` that was interrupted goes on where it was when it is asked for again.

    Parameters
    ----------
    data : path
        A folder or zip of images; class folders are needed by the supervised method only.
    out : path
        The file, such as ``"photos.mw"``.
    time : str or float
        How long it may take in all: ``"5m"``, or seconds. It does not count with `epochs`.
    settings : Pretraining, optional
        Everything that is rarely needed.
    live : Progress, optional
        Is told how far it is.

    Returns
    -------
    BackboneCard
        What the backbone says of itself.

    Raises
    ------
    DataError
        When there are too few images, or no classes where they are needed.
    FitError
        When there was no time to learn anything.
    OutputError
        When the file cannot be written.
    """
    began = clock.monotonic()
    chosen = settings or Pretraining()
    refuse_company("to learn a backbone")
    seconds = parse_duration(time, "--time")
    check_writable(Path(out), data)
    if not holds_images(data):
        empty = ", which holds none" if Path(data).expanduser().exists() else ""
        raise DataError("a folder or zip of images", f"{str(data)!r}{empty}", "name one")
    method = chosen.method or _usual_method(data)
    end = math.inf if chosen.epochs else began + seconds - _WRITING
    with ExitStack() as stack:
        told = live or stack.enter_context(progress())
        work = _Work(data, method, chosen, data_folder(chosen.store), end, told, stack)
        form, weights, card = work.with_classes() if method == "supervised" else work.alone()
        card = _with_time(card, seconds) if work.timed else card
        card = replace(card, seconds=clock.monotonic() - began)
        card = _written(Path(out), form, weights, card)
        work.forget()
        return card


def _with_time(card: BackboneCard, seconds: float) -> BackboneCard:
    """Refuse what learned nothing for want of time, and say it of what learned little.

    Raises
    ------
    FitError
        When images were hardly looked at.
    """
    if card.epochs >= 1:
        return card
    cure = "give more time (--time)"
    if card.epochs < _NOTHING:
        raise FitError(
            f"nothing was learned of {card.images:,} images: {seconds:g} s were over when they had "
            f"been opened and the machine measured; {cure}"
        )
    note = f"there was no time for a single epoch ({card.epochs:.2f}): {cure}."
    return replace(card, notes=(*card.notes, note))


def _usual_method(data: str | Path) -> str:
    """Learn from classes where nearly all images have one, and there are two of them."""
    frame = read_raw(data).frame
    known = frame[CLASS].drop_nulls()
    enough = len(known) >= 0.9 * frame.height and known.n_unique() >= 2
    return "supervised" if enough else "contrastive"


def _written(
    out: Path, form: QuickForm, weights: dict[str, torch.Tensor], card: BackboneCard
) -> BackboneCard:
    from modelwright.nets.backbone import Architecture, Backbone, Sight
    from modelwright.nets.backbone_file import write_backbone

    sizes = {name: value for name, value in form.to_json().items() if name != "classes"}
    sight = Sight(max(form.height, form.width))
    backbone = Backbone.restored(Architecture("quick", sizes), sight, weights, out.name)
    return write_backbone(out, backbone, card)


_Learned = tuple["QuickForm", dict[str, "torch.Tensor"], "BackboneCard"]


class _Work:
    """A pretraining that is under way."""

    def __init__(
        self,
        data: str | Path,
        method: str,
        asked: Pretraining,
        store: Path,
        end: float,
        live: Progress,
        stack: ExitStack,
    ) -> None:
        self.data, self.method, self.asked = data, method, asked
        self.store, self.end, self.live, self._stack = store, end, live, stack
        self._kept: Path | None = None
        self.seed = Seed(asked.seed).derive("pretraining", method)
        self.timed = math.isfinite(end)

    @property
    def left(self) -> float:
        """Seconds until the end."""
        return self.end - clock.monotonic()

    @property
    def budget(self) -> Budget:
        """The same for a training."""
        return Budget(self.end if self.timed else None)

    def with_classes(self) -> _Learned:
        """Learn what tells the classes apart, as a fit does."""
        from modelwright.nets.library import torch
        from modelwright.nets.quick import QuickNet
        from modelwright.training.losses import cross_entropy

        rows = read_pictures(self.data, None, self.store, self.asked.seed, self.live)
        source = source_of(rows)
        form = form_of(rows, LADDER[0])
        machine = self._machine(QuickNet(form), source, cross_entropy)
        widths = self._widths(lambda wide: speed_of(rows, source, wide, machine))
        rate = speed_of(rows, source, widths, machine) if self.timed else 0.0
        machine = replace(machine, rows_a_second=rate)
        batch = min(BATCH, max(len(rows.train) // 16, 16))
        mirrored = rows.form.channels == 3
        epochs = self._epochs(len(rows.train), rate)
        expected = epochs if self.asked.epochs is not None else epochs / SPARE
        spec = NetSpec("backbone", widths, epochs, batch, mirrored,
                       moved=False, erased=expected >= LONG)  # fmt: skip
        done = train_net(
            rows, source, spec, machine, budget=self.budget, seed=self.seed, live=self.live,
            checkpoint=self._checkpoint(rows.digest, widths),
        )  # fmt: skip
        right = float((done.valid.argmax(axis=1) == rows.y.values[rows.valid]).mean())
        weights = {name: torch.from_numpy(np.array(a)) for name, a in done.fitted.weights.items()}
        last = done.curve[-1] if done.curve else None
        card = self._card(len(rows.train), rows.digest, (*rows.notes, *done.notes))
        card = replace(
            card,
            classes=rows.y.classes,
            seed=rows.seed,
            epochs=last.epoch if last else self.asked.epochs or 0.0,  # none where it had ended
            score=right,
            loss=last.loss if last else None,
        )
        return form_of(rows, widths), weights, card

    def alone(self) -> _Learned:
        """Learn from the images themselves."""
        from modelwright.nets.library import reproducible, torch
        from modelwright.nets.quick import QuickForm, QuickNet

        opened, index = self._images()
        source = _unlabelled(opened, index)
        shape = opened.form
        size = QuickForm(shape.channels, shape.height, shape.width, 1, LADDER[0])
        machine = self._machine(QuickNet(size), source, _as_squares)

        def speed(widths: tuple[int, ...]) -> float:
            from modelwright.training.machine import measure

            views = 2 if self.method == "contrastive" else 1
            net = QuickNet(replace(size, widths=widths))
            return measure(net, source, _as_squares, machine) / views

        widths = self._widths(speed)
        rate = speed(widths) if self.timed else 0.0
        form = replace(size, widths=widths)
        with reproducible(self.seed, machine.threads):
            net = QuickNet(form)
            step = 1 + len(source) // 4_096
            net.suit(source.at(torch.arange(0, len(source), step)).inputs[0])
        machine.suit(net)
        checkpoint = self._checkpoint(opened.digest, widths)
        training = self._training(net, source, self._epochs(len(index), rate), machine)
        paced = replace(machine, rows_a_second=rate)
        tell = self._teller(training)
        notes = carry_out(
            training, "backbone", paced, self.budget, checkpoint=checkpoint, tell=tell
        )
        epochs = f"{training.seen:.2f}"
        card = self._card(len(index), opened.digest, (*opened.notes, *notes))
        loss = training.curve[-1].loss if training.curve else None
        return form, net.state_dict(), replace(card, epochs=float(epochs), loss=loss)

    def forget(self) -> None:
        """Drop the checkpoint: the backbone is written."""
        if self._kept is not None:
            self._kept.unlink(missing_ok=True)

    def _images(self) -> tuple[OpenedPictures, NDArray[np.int64]]:
        """Open the images, and say which to learn from: none of val/ and test/."""
        frame = read_raw(self.data).frame
        opened = open_pictures(self.data, frame[IMAGE].to_list(), self.store, self.live)
        learned = opened.good.copy()
        if PART in frame.columns:
            held = frame.select(pl.col(PART).is_in(["val", "test"]).fill_null(False)).to_series()
            learned &= ~held.to_numpy()
        index = np.flatnonzero(learned).astype(np.int64)
        if len(index) < LEAST:
            got = f"{len(index)} that can be opened"
            raise DataError(f"at least {LEAST} images to learn from", got, "add images")
        return opened, index

    def _training(self, net: QuickNet, source: Source, epochs: float, machine: Machine) -> Training:
        from modelwright.nets.library import reproducible
        from modelwright.training.augmentation import Augmentation
        from modelwright.training.batches import Changed
        from modelwright.training.course import Course
        from modelwright.training.loop import Training
        from modelwright.training.pretraining import (
            Contrast,
            Hidden,
            MaskedImages,
            TwoViews,
            contrastive_loss,
            hidden_pixels_loss,
        )  # fmt: skip

        colours = net.form.channels == 3
        batch = min(BATCH, max(len(source) // 4, 16))
        course = Course(
            epochs=epochs, batch=batch, rate=_RATE * math.sqrt(batch / _USUAL_BATCH),
            schedule="linear", bfloat16=machine.bfloat16, optimiser="muon", momentum=_MOMENTUM,
        )  # fmt: skip
        with reproducible(self.seed, machine.threads):
            masked = MaskedImages(net, net.form.channels) if self.method == "masked" else None
            whole: nn.Module = masked or Contrast(net)
        loss: Loss
        if masked is not None:
            change, loss = Changed(source, Hidden()), hidden_pixels_loss
        else:
            views = Augmentation(
                flip=colours, crop=0.75, shift=2, colour=0.6, exposure=0.5,
                rotation=0.0 if colours else 12.0,
            )  # fmt: skip
            change, loss = Changed(source, TwoViews(views)), contrastive_loss
        return Training(whole, change, loss, course, seed=self.seed, threads=machine.threads)

    def _teller(self, training: Training) -> Callable[[float], None]:
        """Give what says how far a training is, a few times a second."""
        last = clock.monotonic()

        def tell(total: float) -> None:
            nonlocal last
            if clock.monotonic() - last < _TOLD:
                return
            last = clock.monotonic()
            share = training.position / max(total, 1e-9)
            loss = f", loss {training.losses[-1]:.3f}" if training.losses else ""
            told = f"{self.method}: epoch {training.position:.1f} of {total:.1f}{loss}"
            self.live.advance(share, told, self.left)

        return tell

    def _machine(
        self,
        net: nn.Module,
        source: Source,
        loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    ) -> Machine:
        from modelwright.nets.library import torch
        from modelwright.training.machine import Machine, calibrate

        threads = min(core_count(), torch.get_num_threads())
        if not self.timed:
            return Machine(threads, channels_last=True)
        self.live.advance(None, "finding out what this machine does best")
        return calibrate(net, source, loss, threads=threads)

    def _widths(self, speed: Callable[[tuple[int, ...]], float]) -> tuple[int, ...]:
        """Take the widest net that sees enough images in the time."""
        if self.asked.widths is not None:
            return self.asked.widths
        if not self.timed:
            return LADDER[1]
        for widths in reversed(LADDER):
            if speed(widths) * self.left >= WANTED:
                break
        return widths

    def _epochs(self, rows: int, rate: float) -> float:
        """Say how many epochs there are at most: by the clock more than are expected."""
        if self.asked.epochs is not None:
            return self.asked.epochs
        return float(round(min(SPARE * max(rate * self.left / rows, 0.1), MOST), 2))

    def _checkpoint(self, digest: str, widths: tuple[int, ...]) -> Path | None:
        """Say where the checkpoint of this very question is; nobody else has it until the end.

        None by the clock: how many epochs it allows differs from run to run.
        """
        if self.timed:
            return None
        told = f"{digest} {self.method} {widths} {self.asked.epochs} {self.asked.seed}"
        name = hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
        self._kept = self.store / "pretraining" / f"{name}.safetensors"
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        self._stack.enter_context(lock_file(self._kept.with_suffix(".lock")))
        return self._kept

    def _card(self, images: int, digest: str, notes: tuple[str, ...]) -> BackboneCard:
        from modelwright.nets.backbone_file import BackboneCard

        source = Path(self.data).name
        created = datetime.now(UTC).isoformat(timespec="seconds")
        return BackboneCard(self.method, source, digest, images, created=created, notes=notes)


def _unlabelled(opened: OpenedPictures, index: NDArray[np.int64]) -> Source:
    """Give images without answers: in memory where they fit."""
    from modelwright.engine import available_memory
    from modelwright.nets.library import torch
    from modelwright.training.batches import Examples, Streamed

    targets = torch.zeros(len(index))
    if len(index) * opened.form.size > 0.4 * available_memory():
        return Streamed(opened.pixels, targets, places=index)
    return Examples((torch.from_numpy(np.ascontiguousarray(opened.pixels[index])),), targets)


def _as_squares(answers: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Give any loss: only its cost counts, in a calibration."""
    return (answers**2).mean(dim=1)
