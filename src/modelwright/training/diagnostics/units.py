"""Units that are dead, saturated, or all alike; answers that are bounded, or the same for all."""

from __future__ import annotations

from modelwright.core.findings import Finding, Severity
from modelwright.core.numerals import number
from modelwright.nets.library import nn, torch
from modelwright.training.diagnostics.case import Answers, Case, noticed, only
from modelwright.training.diagnostics.passing import RELUS, SQUASHING, Passed

__all__ = ["check_alike", "check_answers", "check_ending", "check_units"]

# Rows from which a unit that is zero for all of them is dead, and the share that is told.
_ROWS, _DEAD, _UNITS = 32, 0.5, 4
# A sigmoid or tanh is flat so near its ends, and so many values there are told.
_FLAT, _SATURATED = 0.03, 0.6
_SAME = 1e-6
_ALIKE = 1e-3


def check_units(found: list[Passed], ends: str) -> tuple[Finding, ...]:
    """Find layers of dead ReLUs, and of sigmoids and tanhs that are flat.

    Parameters
    ----------
    found : list of Passed
        What activations gave for some rows.
    ends : str
        The activation of the answers, which is not meant; empty for none.
    """
    hidden = found[:-1] if ends else found
    relus = [one for one in hidden if one.function in RELUS]
    squashed = [one for one in hidden if one.function in SQUASHING]
    return only(_dead(relus), _saturated(squashed))


def _dead(relus: list[Passed]) -> Finding | None:
    worst, share, total = "", 0.0, 0
    for one in relus:
        if one.output.ndim < 2:
            continue
        units = _by_unit(one.output)
        if units.shape[0] < _ROWS or units.shape[1] < _UNITS:
            continue
        dead = float((units == 0).all(dim=0).float().mean())
        total += dead > _DEAD
        if dead > share:
            worst, share = one.layer, dead
    if share <= _DEAD:
        return None
    more = f", and in {total - 1} more layers" if total > 1 else ""
    told = f"{share:.0%} of the ReLUs after layer {worst!r} are zero for every row{more}"
    return noticed("dead-units", told)


def _by_unit(x: torch.Tensor) -> torch.Tensor:
    """Give (rows and places, units): channels of images, else the last dimension."""
    return x.movedim(1, -1).flatten(0, -2) if x.ndim == 4 else x.flatten(0, -2)


def _saturated(squashed: list[Passed]) -> Finding | None:
    worst, most = "", 0.0
    for one in squashed:
        if one.output.ndim < 2 or one.output.shape[0] < _ROWS or one.output.shape[-1] < _UNITS:
            continue
        low = -1.0 if one.function == "tanh" else 0.0
        margin = _FLAT * (1.0 - low)
        flat = (one.output < low + margin) | (one.output > 1.0 - margin)
        share = float(flat.float().mean())
        if share > most:
            worst, most = f"{one.function} in layer {one.layer!r}", share
    if most <= _SATURATED:
        return None
    return noticed("saturated-units", f"{most:.0%} of the values of {worst} are where it is flat")


def check_alike(net: nn.Module) -> tuple[Finding, ...]:
    """Find layers whose units have the same weights after some steps.

    Parameters
    ----------
    net : nn.Module
        After it learned a little: weights of zero are fine as long as they come apart.
    """
    found = [name for name, weight in net.named_parameters() if _is_one_unit(weight)]
    if not found:
        return ()
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    told = f"after some steps all units of {found[0]!r}{more} still have the same weights"
    return (noticed("same-weights", told),)


def _is_one_unit(weight: nn.Parameter) -> bool:
    several = weight.ndim > 1 and weight.shape[0] > 1 and weight[0].numel() > 1
    return several and weight.requires_grad and _apart(weight) <= _ALIKE


def _apart(weight: torch.Tensor) -> float:
    """Give how far units are from the first one, for the largest weight."""
    values = weight.detach()
    most = float(values.abs().max())
    return float((values - values[:1]).abs().max()) / most if most else 0.0


def check_answers(answers: torch.Tensor) -> tuple[Finding, ...]:
    """Find answers that are the same for all rows, after some steps.

    Parameters
    ----------
    answers : Tensor, shape (n_rows, ...)
        In evaluation mode.
    """
    said = answers.detach().float().reshape(len(answers), -1)
    if len(said) < 2 or not bool(torch.isfinite(said).all()):
        return ()
    apart = float((said - said[:1]).abs().max())
    if apart > _SAME * max(float(said.abs().max()), 1.0):
        return ()
    told = f"after some steps the answers for {len(said)} different rows differ by {number(apart)}"
    return (noticed("inputs-ignored", told),)


def check_ending(case: Case, ends: str, answers: torch.Tensor) -> tuple[Finding, ...]:
    """Find an activation at the end that keeps answers from the targets.

    Parameters
    ----------
    case : Case
        What answers mean.
    ends : str
        The activation of the answers; empty for none.
    answers : Tensor
        For some rows.
    """
    if not ends or case.answers is Answers.OTHER:
        return ()
    if case.answers in (Answers.CLASSES, Answers.STEPS):
        if ends not in RELUS | {"tanh", "sigmoid"}:
            return ()
        told = f"the scores of the classes come out of a {ends}, which makes many of them alike"
        return (noticed("outputs-bounded", told),)
    if case.answers is not Answers.NUMBERS:
        return ()
    y = case.rows.all.targets.float()
    low, high = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}.get(ends, (0.0, float("inf")))
    if ends not in RELUS and ends not in ("sigmoid", "tanh"):
        return ()
    out = float(((y < low - 1e-6) | (y > high + 1e-6)).float().mean())
    if out < 0.01:
        return ()
    between = f"from {low:g} to {high:g}" if high < float("inf") else "of 0 and more"
    told = (
        f"the answers come out of a {ends}, which gives numbers {between}; {out:.0%} of the "
        f"targets ({number(float(y.min()))} to {number(float(y.max()))}) lie outside"
    )
    return (noticed("outputs-bounded", told, None if out > 0.05 else Severity.INFO),)
