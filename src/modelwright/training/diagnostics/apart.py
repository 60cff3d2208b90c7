"""Answers that depend on what they must not: other rows of the batch, or later steps."""

from __future__ import annotations

import copy
from typing import Any

from modelwright.core.findings import Finding
from modelwright.core.numerals import number
from modelwright.nets.library import nn, torch
from modelwright.training.diagnostics.case import Answers, Case, noticed, only

__all__ = ["check_apart", "depends_on_others"]

_ROWS = 8
_TOUCH = 1e-4  # of the size of what is compared
_SHIFTED = 0.95


def check_apart(case: Case) -> tuple[Finding, ...]:
    """Find answers that depend on other rows, or on later steps than their own."""
    return only(_rows(case), _steps(case))


def depends_on_others(net: nn.Module, inputs: tuple[torch.Tensor, ...]) -> float:
    """Measure how much the answer for one row depends on the other rows of its batch.

    In evaluation mode, where batch norm keeps rows apart. Numbers are asked by gradient: the slope
    of an answer by the inputs of other rows, for that by its own. Codes have none: there the other
    rows are exchanged, and what changes is compared with the answer.

    Parameters
    ----------
    net : nn.Module
        Left as it is.
    inputs : tuple of Tensor
        Of a batch; the first dimension of each counts rows.

    Returns
    -------
    float
        0 where rows are kept apart.

    Examples
    --------
    >>> x = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))
    >>> depends_on_others(nn.Linear(4, 2), (x,))
    0.0
    >>> depends_on_others(nn.Softmax(dim=0), (x,)) > 0.1
    True
    """
    trial = copy.deepcopy(net).eval()
    inputs = tuple(part[:_ROWS] for part in inputs)
    count = len(inputs[0])
    if count < 2:
        return 0.0
    place = count // 2
    if not all(part.is_floating_point() for part in inputs):
        return _by_exchange(trial, inputs, place)
    asked = tuple(part.detach().clone().requires_grad_(True) for part in inputs)
    answers = trial(*asked)
    if answers.shape[:1] != (count,):
        return _by_exchange(trial, inputs, place)
    weights = torch.linspace(0.5, 1.5, answers[place].numel()).to(answers)
    slopes = torch.autograd.grad(
        (answers[place].flatten() * weights).sum(), asked, allow_unused=True
    )
    own = others = 0.0
    for slope in slopes:
        if slope is not None:
            each = slope.abs().reshape(count, -1).amax(dim=1)
            own = max(own, float(each[place]))
            each[place] = 0
            others = max(others, float(each.max()))
    return others / own if own else float(others > 0)


@torch.no_grad()
def _by_exchange(net: nn.Module, inputs: tuple[torch.Tensor, ...], place: int) -> float:
    answers = net(*inputs)
    if answers.shape[:1] != inputs[0].shape[:1]:
        return float("inf")
    changed = net(*(_exchanged(part, place) for part in inputs))
    size = float(answers[place].abs().max())
    return float((changed[place] - answers[place]).abs().max()) / max(size, 1e-12)


def _exchanged(part: torch.Tensor, place: int) -> torch.Tensor:
    """Put other rows in the places of all but one."""
    other = part.roll(1, dims=0)
    other[place] = part[place]
    return other


def _rows(case: Case) -> Finding | None:
    batch = case.some(_ROWS)
    found = depends_on_others(case.net, batch.inputs)
    if found <= _TOUCH:
        return None
    where = _first_layer(case.net, batch.inputs)
    told = f"the answer for a row changes with the other rows of its batch ({number(found, 2)} "
    told += "times as much as with its own inputs)" if found < float("inf") else "rows are lost)"
    return noticed("rows-mixed", told + (f"; the first layer where it does is {where}"
                                         if where else ""))  # fmt: skip


@torch.no_grad()
def _first_layer(net: nn.Module, inputs: tuple[torch.Tensor, ...]) -> str:
    """Name the first layer whose output for a row changes when others are exchanged."""
    trial = copy.deepcopy(net).eval()
    count = len(inputs[0])
    place = count // 2
    seen: list[list[tuple[str, torch.Tensor]]] = []

    def noting(name: str) -> Any:
        def note(module: nn.Module, given: object, output: object) -> None:
            if isinstance(output, tuple) and output:
                output = output[0]
            if isinstance(output, torch.Tensor) and output.ndim and len(output) == count:
                seen[-1].append((name, output.detach().clone()))

        return note

    for name, module in trial.named_modules():
        if name and not [*module.children()]:
            module.register_forward_hook(noting(name))
    for given in (inputs, tuple(_exchanged(part, place) for part in inputs)):
        seen.append([])
        trial(*given)
    for (name, one), (_, other) in zip(*seen, strict=False):
        apart = float((one[place].float() - other[place].float()).abs().max())
        if apart > _TOUCH * max(float(one[place].float().abs().max()), 1e-12):
            return repr(name)
    return ""


@torch.no_grad()
def _steps(case: Case) -> Finding | None:
    """Exchange what comes later, where each step is to foretell the next one."""
    batch = case.some(_ROWS)
    x, y = batch.inputs[0], batch.targets
    letters = case.answers is Answers.STEPS and not x.is_floating_point() and x.ndim == 2
    numbers = case.answers is Answers.NUMBERS and x.is_floating_point() and x.ndim in (2, 3)
    if not (letters or numbers) or x.shape[:2] != y.shape[:2] or x.shape[1] < 4 or len(x) < 2:
        return None
    if not _are_next(x, y) or (numbers and not _are_steps(case, x)):
        return None
    net = copy.deepcopy(case.net).eval()
    half = x.shape[1] // 2
    later = x.clone()
    later[:, half:] = x.roll(1, dims=0)[:, half:].flip(1)
    steps = 2 if case.dim == 1 else 1
    before = net(*batch.inputs).narrow(steps, 0, half)
    after = net(later, *batch.inputs[1:]).narrow(steps, 0, half)
    apart = float((before - after).abs().max())
    if apart <= _TOUCH * max(float(before.abs().max()), 1e-12):
        return None
    told = (
        f"with other inputs from step {half + 1} on, answers of the steps before change by up to "
        f"{number(apart, 3)}"
    )
    return noticed("future-seen", told)


def _are_next(x: torch.Tensor, y: torch.Tensor) -> bool:
    """Whether targets are what the inputs say a step later, and not what they say now."""
    given, wanted = (part.reshape(*part.shape[:2], -1).unsqueeze(3) for part in (x, y))
    given = given.transpose(2, 3)  # each target with each input
    later = (wanted[:, :-1] == given[:, 1:]).float().mean(dim=(0, 1)).amax(dim=1)
    now = (wanted == given).float().mean(dim=(0, 1)).amax(dim=1)
    return bool((later >= _SHIFTED).all() and (now < _SHIFTED).all())


def _are_steps(case: Case, x: torch.Tensor) -> bool:
    """Whether the net answers each step."""
    answers = copy.deepcopy(case.net).eval()(*case.some(_ROWS).inputs)
    return bool(answers.shape[:2] == x.shape[:2])
