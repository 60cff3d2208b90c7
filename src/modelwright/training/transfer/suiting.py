"""Is there a good backbone? How well each suits some rows, beside its own net with random weights.

A linear probe on features says what a backbone knows that matters here, in seconds, before
anything is trained. What it has to beat is the same net before it learned anything: random
filters already tell light from dark and rough from smooth.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from modelwright.nets.backbone import Backbone
from modelwright.nets.library import reproducible, torch
from modelwright.nets.quick import QuickNet
from modelwright.training.transfer.evidence import log_evidence
from modelwright.training.transfer.probe import Probe, choose_probe, features_of

__all__ = ["Suiting", "rank_backbones", "suiting"]

_ROWS = 500
# Sides in terms of the backbone's own: what was learned on small images may see more of large ones.
_SIDES = (1.0, 1.5, 2.0)


@dataclass(frozen=True)
class Suiting:
    """How well a backbone suits some rows.

    Parameters
    ----------
    name : str
        Of the backbone.
    side : int
        Pixels to which images are brought.
    accuracy, loss : float
        Of a linear probe on its features, cross-validated.
    evidence : float
        `log_evidence` of the same features.
    random_accuracy, random_loss : float
        Of a probe on the same net with random weights.
    rows : int
        How many were asked.
    seconds : float
        What finding out took.
    """

    name: str
    side: int
    accuracy: float
    loss: float
    evidence: float
    random_accuracy: float
    random_loss: float
    rows: int
    seconds: float

    @property
    def good(self) -> bool:
        """Whether its features tell more than those of random weights: its probe loses less."""
        return self.loss < self.random_loss

    def __str__(self) -> str:
        verdict = "its features help" if self.good else "its features alone do not help"
        return (
            f"{self.name}: a linear probe on its features at {self.side} pixels has accuracy "
            f"{self.accuracy:.3f} (log loss {self.loss:.3f}, LogME {self.evidence:.3f}), with "
            f"random weights {self.random_accuracy:.3f} ({self.random_loss:.3f}): {verdict}"
        )


def suiting(
    backbone: Backbone,
    pixels: torch.Tensor,
    codes: torch.Tensor,
    classes: int,
    *,
    largest: int | None = None,
    seed: int = 0,
    threads: int = 1,
    short: bool = False,
) -> Suiting:
    """Say how well a backbone suits some training rows: a second or a few of work.

    Parameters
    ----------
    backbone : Backbone
        Left as it is.
    pixels : Tensor of uint8, shape (n, channels, rows, columns)
        Training images; at most 500 are drawn.
    codes : Tensor of int64, shape (n,)
        Their classes.
    classes : int
        How many there are.
    largest : int, optional
        The largest side that is tried; None: that of the images.
    seed : int
        Of what is drawn, and of the random weights.
    threads : int
        Of an operation.
    short : bool
        Multiply in 16 bits.

    Returns
    -------
    Suiting
        At the largest side, of up to twice the backbone's own, at which the probe loses no more
        than at the best one, by one standard error: tuning gains by detail.
    """
    began = time.monotonic()
    with reproducible(seed, threads):
        drawn = torch.randperm(len(pixels))[:_ROWS]
        some, answers = pixels[drawn], codes[drawn]
        most = max(some.shape[2:]) if largest is None else largest
        own = backbone.sight.side
        sides = {own, *(round(own * s) for s in _SIDES if own < round(own * s) <= most)}
        if max(some.shape[2:]) < own:  # published ones saw large images
            sides.add(max(*some.shape[2:], own // 4))
        found: dict[int, tuple[Probe, torch.Tensor]] = {}
        for side in sorted(sides):
            features = features_of(backbone.at_side(side), some, short=short)
            found[side] = choose_probe(features, answers, classes, seed=seed), features
        # of those that are as good as the best, by one standard error, the one that sees most
        best = min((probe for probe, _ in found.values()), key=lambda probe: probe.loss)
        side = max(s for s, (probe, _) in found.items() if probe.loss <= best.loss + best.error)
        probe, features = found[side]
        evidence = log_evidence(features, answers, classes)
        chosen = backbone.at_side(side)
        empty = Backbone(chosen.architecture, chosen.sight).eval()
        if isinstance(empty.body, QuickNet):
            empty.body.suit(empty.seen(some).to(torch.uint8))
        before = features_of(empty, some, short=short)
        random = choose_probe(before, answers, classes, seed=seed)
    return Suiting(
        "the backbone", side, probe.accuracy, probe.loss, evidence, random.accuracy, random.loss,
        len(some), time.monotonic() - began,
    )  # fmt: skip


def rank_backbones(
    backbones: Mapping[str, Backbone],
    pixels: torch.Tensor,
    codes: torch.Tensor,
    classes: int,
    *,
    seed: int = 0,
    threads: int = 1,
    short: bool = False,
) -> Sequence[Suiting]:
    """Ask each backbone how well it suits, the best one first.

    Parameters
    ----------
    backbones : mapping of str to Backbone
        By name.
    pixels, codes, classes, seed, threads, short
        As in `suiting`.
    """
    found = [
        replace(
            suiting(net, pixels, codes, classes, seed=seed, threads=threads, short=short), name=name
        )
        for name, net in backbones.items()
    ]
    return sorted(found, key=lambda one: one.loss)
