"""What a few steps show: weights that stay, and rates that are too large or too small."""

from __future__ import annotations

import math
from dataclasses import replace

from modelwright.core.findings import Finding, Severity
from modelwright.core.numerals import number
from modelwright.nets.library import nn, torch
from modelwright.training.batches import Examples
from modelwright.training.diagnostics.case import Case, noticed, only
from modelwright.training.diagnostics.loss import Theory
from modelwright.training.diagnostics.short_run import ShortRun, short_run
from modelwright.training.diagnostics.watching import has_modes, watch

__all__ = ["check_rate", "check_registered", "check_scoring", "check_settings", "check_still"]

# By how much of its size a weight moves in a step: far more in the first one, or in later ones, is
# too much. One part in a thousand is usual; Adam begins with some per cent.
_FIRST, _LATER, _SETTLED = 0.7, 0.3, 5
# What counts as hardly moving, and as not moving at all.
_SLOW, _STILL = 1e-4, 1e-7
# The loss after the steps, for that of a constant answer, and for the first one.
_WORSE = 1.3
# Progress is the share of the way from a constant answer to the best one.
_NONE, _MUCH, _FASTER, _STEPS = 0.01, 0.15, (100.0, 1_000.0, 30_000.0), 20
# Steps in which decay alone halves a weight.
_HALVED = 50
_DROPPED = 0.75
_SHOWN = 3
_OF_DEAD = "See to the dead units first: no gradient comes through them."


def check_registered(net: nn.Module) -> tuple[Finding, ...]:
    """Find layers that the net holds and does not know: those in a plain list or dict.

    Parameters
    ----------
    net : nn.Module
        Its own `parameters` are what an optimiser can be given.
    """
    known = {id(one) for one in net.parameters()}
    for place, module in net.named_modules():
        for name, held in vars(module).items():
            parts = held.values() if isinstance(held, dict) else held
            if not isinstance(held, list | tuple | dict):
                continue
            layers = [part for part in parts if isinstance(part, nn.Module)]
            lost = [one for layer in layers for one in layer.parameters() if id(one) not in known]
            if lost:
                where = f"{place}.{name}" if place else name
                kind = "ModuleDict" if isinstance(held, dict) else "ModuleList"
                told = (
                    f"{len(lost)} weights of the layers in the {type(held).__name__} {where!r} are "
                    f"no parameters of the net: nn.{kind} makes them its own"
                )
                return (noticed("never-updated", told),)
    return ()


def check_still(run: ShortRun, *, dead: bool = False) -> tuple[Finding, ...]:
    """Find parameters that never move: not in the optimiser, or reached by no gradient.

    Parameters
    ----------
    run : ShortRun
        Some steps; what the optimiser does not hold shows after one.
    dead : bool
        Whether units are dead: no gradient comes through them.
    """
    held = {id(one) for group in run.optimiser.param_groups for one in group["params"]}
    own = {id(one) for one in run.net.parameters()}
    rates = [float(group["lr"]) for group in run.optimiser.param_groups]
    if not any(rates):
        return ()
    strange = len(held - own)
    named = dict(run.net.named_parameters())
    left_out = [name for name in run.still if id(named[name]) not in held]
    unreached = [
        name for name in run.still if id(named[name]) in held and name not in run.watched.reached
    ] if len(run.losses) > 1 else []  # fmt: skip
    told = []
    if left_out:
        more = f"; it holds {strange} of another net" if strange else ""
        told.append(f"{_listed(left_out)} not in the optimiser{more}")
    if unreached:
        told.append(f"no gradient reaches {_names(unreached)}")
    if told:
        count = len(run.losses)
        steps = "a step" if count == 1 else f"{count} steps"
        evidence = f"in {steps} nothing moved: {'; '.join(told)}"
        wide = any(named[name].ndim > 1 for name in (*left_out, *unreached))
        found = noticed("never-updated", evidence, None if wide else Severity.INFO)
        return (replace(found, cure=_OF_DEAD) if dead and not left_out else found,)
    return _frozen_head(run)


def _names(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _listed(names: list[str]) -> str:
    return f"{_names(names)} {'is' if len(names) == 1 else 'are'}"


def _frozen_head(run: ShortRun) -> tuple[Finding, ...]:
    """Tell when the last layer is frozen while others learn."""
    layers = [m for m in run.net.modules() if isinstance(m, nn.Linear | nn.Conv1d | nn.Conv2d)]
    free = [m.weight.requires_grad for m in layers]
    if len(free) < 2 or free[-1] or not any(free):
        return ()
    told = "the last layer asks for no gradient (requires_grad), others do"
    return (noticed("never-updated", told, Severity.WARNING),)


def check_rate(case: Case, run: ShortRun, known: Theory | None) -> tuple[Finding, ...]:
    """Find steps that are too large or too small; nothing is said of an optimiser of ours."""
    if case.optimiser is None or not (run.finite or len(run.losses) > 1):
        return ()
    first, later = run.ratio(0, 1), run.ratio(_SETTLED)
    if math.isnan(later):
        later = run.ratio()
    high = _too_high(run, known, first, later)
    if high:
        return (noticed("rate-too-high", high),)
    slow = "" if run.cut else _too_low(case, run, known, later)
    return only(noticed("rate-too-low", slow) if slow else None)


def _too_high(run: ShortRun, known: Theory | None, first: float, later: float) -> str:
    if not run.finite:
        return f"the loss is no number after {len(run.losses) - 1} steps"
    if first > _FIRST:
        return f"the first step moves weights by {first:.0%} of their size; 0.1 % is usual"
    if later > _LATER:
        return f"a step moves weights by {later:.0%} of their size; 0.1 % is usual"
    worst = max(run.losses[0], known.constant if known and _sound(known) else -math.inf)
    if worst > 0 and run.last > _WORSE * worst and len(run.losses) > _SETTLED:
        return f"in {len(run.losses)} steps the loss rose from {number(run.losses[0])} to " + (
            number(run.last)
        )
    return ""


def _sound(known: Theory) -> bool:
    return math.isfinite(known.constant) and math.isfinite(known.least)


def _too_low(case: Case, run: ShortRun, known: Theory | None, later: float) -> str:
    told = f"a step moves weights by {later:.1g} of their size; 0.001 is usual"
    if 0 < later < _STILL:
        return told
    if not 0 < later < _SLOW or known is None or not _sound(known):
        return ""
    whole = known.constant - known.least
    begin = min(run.losses[0], known.constant)
    if whole <= 0 or (begin - run.last) / whole > _NONE:
        return ""
    for factor in _FASTER:
        faster = short_run(case, steps=_STEPS, rate=factor)
        if faster.finite and (begin - faster.last) / whole >= _MUCH:
            return (
                f"{told}, and in {len(run.losses)} steps the loss stays at {number(run.last)}; at "
                f"{factor:,.0f} times the rate it comes to {number(faster.last)}"
            )
    return ""


def check_scoring(case: Case) -> tuple[Finding, ...]:
    """Let the user's function score a copy that was just trained, and watch in which mode."""
    if case.score is None:
        return ()
    net, optimiser = case.copied()
    net.train()
    batch: Examples = case.valid if case.valid is not None else case.first
    batch = batch.at(torch.arange(min(len(batch), 256), device=batch.targets.device))
    inputs = batch.inputs[0] if len(batch.inputs) == 1 else batch.inputs
    with watch(net, optimiser) as watched:
        case.score(net, inputs, batch.targets)
    # whoever scores with gradients is asked the same
    watched.scored_moving += watched.learned - watched.learned_still if has_modes(net) else 0
    watched.learned = watched.learned_still = 0
    return watched.findings()


def check_settings(case: Case) -> tuple[Finding, ...]:
    """Find dropout and weight decay of a strange size."""
    drops = nn.modules.dropout._DropoutNd
    strong = [
        f"{name!r} drops {module.p:.0%}"
        for name, module in case.net.named_modules()
        if isinstance(module, drops) and module.p > _DROPPED
    ]
    found = [noticed("dropout-too-strong", _names(strong))] if strong else []
    for group in case.optimiser.param_groups if case.optimiser is not None else ():
        lost = float(group["lr"]) * float(group.get("weight_decay") or 0.0)
        if lost * _HALVED > math.log(2):
            told = f"a rate of {float(group['lr']):g} and a decay of {group['weight_decay']:g} " + (
                f"take {min(lost, 1.0):.1%} of each weight in a step"
            )
            found.append(noticed("decay-too-strong", told))
            break
    return tuple(found)
