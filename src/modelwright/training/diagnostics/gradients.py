"""Gradients on their way back through the layers, and how smooth the loss is along a step."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

from modelwright.core.findings import Finding, Severity
from modelwright.core.numerals import number
from modelwright.nets.library import nn, torch
from modelwright.nets.signals import signal_profile
from modelwright.nets.smoothness import smoothness
from modelwright.training.diagnostics.case import Case, noticed

__all__ = ["Bends", "bends", "check_gradients", "without_norms"]

# From first to last layer: what is told, and what is a warning.
_SAID, _LOUD = 1 / 30, 1e-3
_LAYERS = 3
# Steps of these parts of the size of all weights.
_PARTS = (0.001, 0.003, 0.01)
_ROWS = 64
_NORMS = (
    nn.modules.batchnorm._BatchNorm,
    nn.modules.instancenorm._InstanceNorm,
    nn.GroupNorm,
    nn.LayerNorm,
    nn.RMSNorm,
)


def check_gradients(case: Case, net: nn.Module) -> tuple[Finding, ...]:
    """Compare the gradients of the first and the last layers with weights.

    That it vanishes two figures have to say, as either is misled by the form of a net: the gradient
    by what layers give (`nets.signals`), and that of weights for the size of these. Where it
    explodes the signal does so too, and only the first figure shows it.

    Parameters
    ----------
    case : Case
        Its loss and rows.
    net : nn.Module
        A copy that may be changed, after some steps: a first layer behind weights of zero gets no
        gradient at first.
    """
    rows = case.some(_ROWS)
    net.train()
    for parameter in net.parameters():
        parameter.grad = None
    layers = [m for m in net.modules() if isinstance(m, nn.Linear | nn.Conv1d | nn.Conv2d)]
    if len(rows.inputs) > 1 or len(layers) < _LAYERS:
        return ()
    if not all(layer.weight.requires_grad for layer in layers):
        return ()  # frozen: no gradient has to come that far
    profile = signal_profile(net, rows.inputs[0], lambda answers: case.cost(answers, rows.targets))
    if len(profile.signals) < _LAYERS:
        return ()
    torch.autograd.backward(case.cost(net(*rows.inputs), rows.targets))
    pulls = [pull for pull in map(_pull, net.modules()) if pull is not None]
    whole = profile.gradient_factor ** (len(profile.signals) - 1)
    if len(pulls) < _LAYERS or not all(map(math.isfinite, (*pulls, whole))):
        return ()
    ratio = pulls[0] / max(pulls[-1], 1e-300)
    told = (
        f"through {len(profile.signals)} layers the gradient is multiplied by {number(whole, 3)}, "
        f"{number(profile.gradient_factor, 2)} a layer; the first weights are pulled "
        f"{number(ratio, 3)} times as hard as the last"
    )
    if max(whole, ratio) < _SAID:
        loud = max(whole, ratio) < _LOUD
        return (noticed("gradient-vanishes", told, None if loud else Severity.INFO),)
    if whole > 1 / _SAID:
        loud = whole > 1 / _LOUD
        return (noticed("gradient-explodes", told, None if loud else Severity.INFO),)
    return ()


def _pull(module: nn.Module) -> float | None:
    """Give the gradient of a weight for its size."""
    if not isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d) or module.weight.grad is None:
        return None
    size = float(module.weight.detach().norm())
    return float(module.weight.grad.double().norm()) / size if size else None


@dataclass(frozen=True)
class Bends:
    """How much the gradient turns along a step of 1 % of the weights' size.

    Parameters
    ----------
    turn : float
        The largest change of the gradient, for its size: far below 1 is smooth.
    without : float
        The same of the net without its norms; NaN where it has none, or does not work so.
    """

    turn: float
    without: float

    def __str__(self) -> str:
        told = f"along a step of 1 % of the weights the gradient turns by {number(self.turn, 2)} of"
        told += " its size"
        if math.isnan(self.without):
            return told
        return f"{told}; without its norms by {number(self.without, 2)}"


def bends(case: Case) -> Bends:
    """Measure how smooth the loss of a batch is, with norms and without (Santurkar et al. 2018)."""
    turn = _turn(case, case.copied()[0])
    bare = without_norms(case.net)
    return Bends(turn, math.nan if bare is None else _turn(case, bare))


def _turn(case: Case, net: nn.Module) -> float:
    rows = case.some(_ROWS)
    net.train()
    for module in net.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
    for parameter in net.parameters():
        parameter.requires_grad_(True)

    def loss(net: nn.Module) -> torch.Tensor:
        return case.cost(net(*rows.inputs), rows.targets)

    slopes = torch.autograd.grad(loss(net), [*net.parameters()], allow_unused=True)
    steep = math.sqrt(sum(float(s.double().square().sum()) for s in slopes if s is not None))
    size = math.sqrt(sum(float(p.detach().double().square().sum()) for p in net.parameters()))
    if not steep or not size or not math.isfinite(steep):
        return math.nan
    return smoothness(net, loss, [part * size / steep for part in _PARTS]).turn


def without_norms(net: nn.Module) -> nn.Module | None:
    """Copy a net without its norms; None where it has none.

    Examples
    --------
    >>> without_norms(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
    Sequential(
      (0): Linear(in_features=2, out_features=2, bias=True)
      (1): Identity()
    )
    """
    bare = copy.deepcopy(net)
    found = False
    for module in [*bare.modules()]:
        for name, child in module.named_children():
            if isinstance(child, _NORMS):
                setattr(module, name, nn.Identity())
                found = True
    return bare if found else None
