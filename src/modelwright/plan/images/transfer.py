"""A fit on images that starts from a backbone: is it good here, its features, then all of it tuned.

First the backbone stands still and a linear layer learns on its features; then, from there, all of
it learns a little: small rates, smaller ones below, few epochs (Kumar et al. 2022: a random last
layer would spoil what is below it first). Held-out images choose between the two.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.progress import Progress
from modelwright.models.transferred import FittedTransferred
from modelwright.plan.images.course import carry_out
from modelwright.plan.images.mirror import Mirror, compare, decide
from modelwright.plan.images.net import NetSpec, Trained, Watcher, augmentation_of
from modelwright.plan.images.rows import PictureRows, mark_of
from modelwright.plan.images.seen import seen_before

if TYPE_CHECKING:
    from modelwright.nets.backbone import Backbone, Headed
    from modelwright.nets.backbone_file import BackboneCard
    from modelwright.nets.library import nn, torch
    from modelwright.training.batches import Source
    from modelwright.training.course import Course
    from modelwright.training.loop import Training
    from modelwright.training.machine import Machine
    from modelwright.training.transfer import Probe, Suiting

__all__ = ["Start", "Transfer", "Tuning", "find_start", "kept_start"]

# Training images that say how well a backbone suits.
_ASKED = 500
# The share of the time left that looking at all images once may take.
_LOOKING = 0.25
_CHUNK = 512  # images in memory at a time


@dataclass(frozen=True)
class Tuning:
    """How a backbone is tuned: small rates, for a short while.

    Parameters
    ----------
    rate : float
        Of the last layer, by AdamW.
    layers : float
        What a stage learns at, in terms of the one above it.
    until : float
        The share of the training after which all stages learn; they thaw from the top.
    decay, smoothing : float
        Of weights, and of labels.
    epochs : float
        How often it sees every image, at most.
    """

    rate: float = 1e-3
    layers: float = 0.9
    until: float = 0.1
    decay: float = 0.05
    smoothing: float = 0.1
    epochs: float = 30.0

    def __str__(self) -> str:
        return (
            f"AdamW at a rate of {self.rate:g}, times {self.layers:g} a stage downwards; stages "
            f"thaw from the top, all of them learn after {self.until:.0%} of the training; norms "
            f"keep the statistics of the backbone"
        )

    def course(self, batch: int, *, short: bool) -> Course:
        """Give it as a course of the loop."""
        from modelwright.training.course import Course

        return Course(
            epochs=self.epochs,
            batch=batch,
            rate=self.rate,
            decay=self.decay,
            clip=1.0,
            schedule="warm_cosine",
            bfloat16=short,
        )


@dataclass(frozen=True)
class Start:
    """The backbone that was taken.

    Parameters
    ----------
    backbone : Backbone
        For images of the side that suits best.
    card : BackboneCard
        Where it comes from.
    place : int
        Which of the files it is.
    notes : tuple of str
        What was found of each that was asked.
    """

    backbone: Backbone
    card: BackboneCard
    place: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Give what has to be known to take the same one again."""
        side = self.backbone.sight.side
        return {"place": self.place, "side": side, "notes": list(self.notes)}


def kept_start(paths: Sequence[Path], known: Mapping[str, Any]) -> Start:
    """Take the backbone of a run that goes on."""
    from modelwright.nets.backbone_file import read_backbone

    backbone, card = read_backbone(paths[known["place"]])
    return Start(backbone.at_side(known["side"]), card, known["place"], tuple(known["notes"]))


def find_start(
    rows: PictureRows, paths: Sequence[Path], machine: Machine, *, left: float, live: Progress
) -> Start:
    """Ask each backbone how well it suits some training images, and take the best.

    Parameters
    ----------
    rows : PictureRows
        The images; only those to learn from are asked.
    paths : sequence of pathlib.Path
        Files of backbones; at least one.
    machine : Machine
        How nets are computed.
    left : float
        Seconds; sides of images that would take too many of them are not tried.
    live : Progress
        Is told how far it is.

    Raises
    ------
    ModelFileError
        When a file is no backbone.
    """
    from modelwright.nets.backbone_file import read_backbone
    from modelwright.training.transfer import suiting

    read = [read_backbone(path) for path in paths]
    some = rows.train[np.sort(np.random.default_rng(0).permutation(len(rows.train))[:_ASKED])]
    pixels, codes = _pixels(rows, some), _codes(rows, some)
    found: list[Suiting] = []
    for path, (backbone, _) in zip(paths, read, strict=True):
        live.advance(None, f"asking {path.name} what it knows of these images")
        largest = _largest(backbone, rows, pixels[:32], machine, left / len(paths))
        found.append(
            suiting(
                backbone, pixels, codes, rows.y.classes,
                largest=largest, threads=machine.threads, short=machine.bfloat16,
            )
        )  # fmt: skip
    named = [replace(one, name=path.name) for one, path in zip(found, paths, strict=True)]
    best = min(range(len(named)), key=lambda place: named[place].loss)
    backbone, card = read[best]
    told = [f"{one}." for one in named]
    if len(named) > 1:
        told.append(f"of {len(named)} backbones {named[best].name} suits best.")
    told += seen_before(named[best].name, card, rows)
    return Start(backbone.at_side(named[best].side), card, best, (*told, *card.notes))


def _largest(
    backbone: Backbone, rows: PictureRows, some: torch.Tensor, machine: Machine, left: float
) -> int:
    """Give the largest side at which all images can be looked at in a share of the time."""
    from modelwright.nets.library import reproducible
    from modelwright.training.transfer import features_of

    most = max(rows.form.height, rows.form.width)
    if math.isinf(left):
        return most
    with reproducible(0, machine.threads):
        features_of(backbone, some, short=machine.bfloat16)  # finds its memory
        began = time.monotonic()
        features_of(backbone, some, short=machine.bfloat16)
        each = (time.monotonic() - began) / len(some)
    # enough epochs have to follow, each of which takes three times as long
    images = 10 * len(rows.train) + 2 * len(rows.valid) + len(rows.test)
    times = _LOOKING * max(left, 0.0) / max(each * images, 1e-9)
    return min(most, max(int(backbone.sight.side * math.sqrt(times)), backbone.sight.side))


class Transfer:
    """A start on the way to a model: `features` first, then `tuned`.

    Parameters
    ----------
    rows : PictureRows
        The images.
    start : Start
        The backbone.
    machine : Machine
        How nets are computed.
    seed : int
        Of everything that is drawn.
    live : Progress
        Is told how far it is.
    """

    def __init__(
        self, rows: PictureRows, start: Start, machine: Machine, *, seed: int, live: Progress
    ) -> None:
        self.rows, self.start, self.machine, self.seed = rows, start, machine, seed
        self.live = live
        self.mirror = Mirror(False, ())
        self._probe: Probe | None = None

    def features(self, left: float) -> Trained:
        """Let a linear layer learn on the features of the backbone, which stands still.

        Parameters
        ----------
        left : float
            Seconds; where all images would take too many of them, some are learned from.
        """
        from modelwright.training.transfer import choose_probe, fit_probe

        rows, began = self.rows, time.monotonic()
        self.live.advance(None, f"looking at {len(rows.train):,} images with the backbone")
        index = self._affordable(left)
        learned, codes = self._features(index), _codes(rows, index)
        probe = choose_probe(learned, codes, rows.y.classes, seed=self.seed)
        self.mirror = self._ask(probe)
        if self.mirror.same:  # the mirror images are as good as more images
            both = self._features(index, mirrored=True)
            answers = codes.repeat(2)
            told = fit_probe(_cat(learned, both), answers, rows.y.classes, probe.penalty)
            probe = replace(told, accuracy=probe.accuracy, loss=probe.loss)
        self._probe = probe
        spec = NetSpec(
            "features", (), 1.0, len(index), self.mirror.same, changed=False, moved=False
        )
        fitted = self._fitted(self._headed())
        note = (
            f"features: the backbone stood still; a linear layer learned on its "
            f"{learned.shape[1]:,} features of {len(index):,} images (L2 {probe.penalty:g}, "
            f"accuracy {probe.accuracy:.4f} by cross-validation)."
        )
        valid = fitted.probabilities(rows.pixels[rows.valid])
        facts = self._facts("the backbone stood still; only the last layer learned")
        notes = [note, *self.mirror.notes]
        return Trained(spec, fitted, valid, time.monotonic() - began, [], notes, facts)

    def tuned(
        self,
        source: Source,
        tuning: Tuning,
        budget: Budget,
        checkpoint: Path | None = None,
    ) -> Trained:
        """Let all of the net learn a little, from the linear layer of `features` on.

        Parameters
        ----------
        source : Source
            The images to learn from.
        tuning : Tuning
            How.
        budget : Budget
            Its deadline.
        checkpoint : pathlib.Path, optional
            Where it is kept, and taken up again when it is there.
        """
        from modelwright.nets.library import reproducible
        from modelwright.training.together import current

        backbone, machine, together = self.start.backbone, self.machine, current()
        if together is not None:
            told = {
                "architecture": backbone.architecture.to_json(),
                "sight": backbone.sight.to_json(),
            }
            asked = {"ask": "tune", "rows": mark_of(self.rows), "tuning": asdict(tuning), **told}
            together.read({**asked, "machine": asdict(machine), "seed": self.seed,
                           "mirrored": self.mirror.same})  # fmt: skip
        training, watcher, notes = self.learn(source, tuning, budget, checkpoint)
        spec = self._spec(tuning)
        fitted = self._fitted(training.net)
        with reproducible(self.seed, machine.threads):
            valid = fitted.probabilities(self.rows.pixels[self.rows.valid])
        epochs = f"{training.seen:.1f} epochs"
        first = (
            f"fine-tuned: {tuning}; {epochs} in batches of {spec.batch}, from the linear layer on."
        )
        facts = self._facts(f"all of the net learned for {epochs}: {tuning}")
        return Trained(spec, fitted, valid, watcher.seconds, watcher.curve, [first, *notes], facts)

    def learn(
        self, source: Source, tuning: Tuning, budget: Budget, checkpoint: Path | None = None
    ) -> tuple[Training, Watcher, list[str]]:
        """Let all of the net learn, with the other processes where there are some.

        Parameters
        ----------
        source, tuning, budget, checkpoint
            As of `tuned`.

        Returns
        -------
        tuple of Training, Watcher and list of str
            With the net; what was watched; what the user should know.
        """
        net, spec = self._headed(), self._spec(tuning)
        training = self._training(net, source, spec, tuning)
        thaw = _Thawing(net, tuning.until)
        watcher = Watcher(self.rows, spec, self.machine, training, self.live, budget)
        notes = carry_out(
            training, spec.name, self.machine, budget,
            checkpoint=checkpoint, watch=watcher.watch, tell=watcher.tell, thaw=thaw.to,
        )  # fmt: skip
        return training, watcher, notes

    def _spec(self, tuning: Tuning) -> NetSpec:
        batch = min(128, max(len(self.rows.train) // 8, 16))
        return NetSpec("fine-tuned", (), tuning.epochs, batch, self.mirror.same, moved=False)

    def _training(self, net: Headed, source: Source, spec: NetSpec, tuning: Tuning) -> Training:
        from modelwright.nets.backbone import stages_of
        from modelwright.training.batches import Changed
        from modelwright.training.loop import Training
        from modelwright.training.losses import cross_entropy
        from modelwright.training.together import current
        from modelwright.training.transfer import hold_statistics, layerwise_rates

        self.machine.suit(net)
        layerwise_rates(net, stages_of(net), tuning.layers)
        hold_statistics(net)
        return Training(
            net,
            Changed(source, augmentation_of(self.rows, spec)),
            lambda answers, targets: cross_entropy(answers, targets, tuning.smoothing),
            tuning.course(spec.batch, short=self.machine.bfloat16),
            seed=self.seed,
            threads=self.machine.threads,
            together=current(),
        )

    def _headed(self) -> Headed:
        """Put the probe on a copy of the backbone, as its last layer; without one it is drawn."""
        from modelwright.nets.backbone import Headed
        from modelwright.nets.library import reproducible, torch

        probe, backbone = self._probe, self.start.backbone
        with reproducible(self.seed, self.machine.threads):
            net = Headed(backbone.at_side(backbone.sight.side), self.rows.y.classes)
        if probe is None:
            return net.eval()
        with torch.no_grad():
            net.shift.copy_(probe.mean)
            net.stretch.copy_(probe.spread)
            net.head.weight.copy_(probe.weight)
            net.head.bias.copy_(probe.bias)
        return net.eval()

    def _fitted(self, net: nn.Module) -> FittedTransferred:
        backbone, form = self.start.backbone, self.rows.form
        state = {name: value.detach().contiguous() for name, value in net.state_dict().items()}
        return FittedTransferred(
            backbone.architecture.to_json(),
            backbone.sight.to_json(),
            (form.channels, form.height, form.width),
            weights={name: np.array(value.numpy()) for name, value in state.items()},
            prior=self.rows.shares,
            mirrored=self.mirror.same,
            short=self.machine.bfloat16,
        )

    def _facts(self, how: str) -> dict[str, str]:
        backbone = self.start.backbone
        side = backbone.sight.side
        return {
            "net": f"{backbone.architecture}, images brought to {side} x {side}",
            "backbone": str(self.start.card),
            "how it learned": how,
        }

    def _affordable(self, left: float) -> NDArray[np.int64]:
        """Take so many training images as can be looked at in a share of the time."""
        train = self.rows.train
        rate = self.machine.rows_a_second  # of training, three times as much work
        if math.isinf(left) or not rate:
            return train
        count = int(max(2 * _LOOKING * left * 3 * rate - 2 * len(self.rows.valid), 100))
        if count >= len(train):
            return train
        drawn = np.random.default_rng(self.seed).permutation(len(train))[:count]
        return train[np.sort(drawn)]

    def _features(self, index: NDArray[np.int64], *, mirrored: bool = False) -> torch.Tensor:
        from modelwright.nets.library import reproducible, torch
        from modelwright.training.transfer import features_of

        short = self.machine.bfloat16
        with reproducible(self.seed, self.machine.threads):
            found = [
                features_of(
                    self.start.backbone, _pixels(self.rows, some), mirrored=mirrored, short=short
                )
                for some in np.array_split(index, max(-(-len(index) // _CHUNK), 1))
            ]
        return torch.cat(found)

    def _ask(self, probe: Probe) -> Mirror:
        """Ask the probe, which saw no mirror image, whether it knows them."""
        rows, y = self.rows, self.rows.y.values[self.rows.valid]
        plain, turned = (
            probe.scores(self._features(rows.valid, mirrored=m)).argmax(1).numpy() == y
            for m in (False, True)
        )
        return decide(rows, compare(plain, turned, y), self.seed)


class _Thawing:
    """Thaws the stages of a net as its training goes on."""

    def __init__(self, net: Headed, until: float) -> None:
        from modelwright.nets.backbone import stages_of
        from modelwright.training.transfer import GradualUnfreezing

        self._net, self._count = net, -1
        self._schedule = GradualUnfreezing(stages_of(net), until)

    def to(self, t: float) -> None:
        """Freeze and thaw, where the share `t` of the training says another thing than before."""
        count = self._schedule.learning(t)
        if count != self._count:
            self._count = self._schedule.apply(self._net, t)


def _pixels(rows: PictureRows, index: NDArray[np.int64]) -> torch.Tensor:
    from modelwright.nets.library import torch

    return torch.from_numpy(np.ascontiguousarray(rows.pixels[index]))


def _codes(rows: PictureRows, index: NDArray[np.int64]) -> torch.Tensor:
    from modelwright.nets.library import torch

    return torch.from_numpy(rows.y.values[index])


def _cat(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    from modelwright.nets.library import torch

    return torch.cat([first, second])
