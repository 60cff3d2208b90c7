"""What is diagnosed: a net, its loss, its rows, and how it is trained and scored."""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from modelwright.core.codes import CODES
from modelwright.core.errors import DataError, OptionError
from modelwright.core.findings import Finding, Severity
from modelwright.nets.library import nn, torch
from modelwright.training.batches import Examples
from modelwright.training.diagnostics.rows import Rows, read_rows

__all__ = ["Answers", "Case", "asked", "make_case", "noticed", "only"]

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Step = Callable[[nn.Module, torch.optim.Optimizer, Any, Any], Any]
Score = Callable[[nn.Module, Any, Any], Any]

# A look asks a net about so many rows as take so long, but never fewer than some.
_ASKED_SECONDS, _FEWEST = 0.5, 32


class Answers(StrEnum):
    """What the answers of a net mean, by their shape and that of the targets."""

    CLASSES = "one score a class"
    STEPS = "one score a class and step"
    BINARY = "one score for yes"
    SHARES = "shares of classes"
    NUMBERS = "numbers"
    OTHER = "something else"


@dataclass(frozen=True)
class Case:
    """What is diagnosed. Nothing of it is changed: what is trained are copies.

    Parameters
    ----------
    net : nn.Module
        The user's.
    loss : callable
        Takes answers and targets.
    rows : Rows
        What it is trained on.
    valid : Examples, optional
        What it is scored on.
    optimiser : torch.optim.Optimizer, optional
        The user's.
    step, score : callable, optional
        The user's, as `diagnose` describes them.
    answers : Answers
        What answers mean.
    dim : int
        Which dimension of the answers counts the classes.
    outputs : int
        How many classes, or 1.
    most : int
        Rows that a look may ask the net about at once: fewer of slow nets.
    """

    net: nn.Module
    loss: Loss
    rows: Rows
    valid: Examples | None
    optimiser: torch.optim.Optimizer | None
    step: Step | None
    score: Score | None
    answers: Answers
    dim: int
    outputs: int
    most: int = 256

    @property
    def first(self) -> Examples:
        """The first batch."""
        return self.rows.batches[0]

    def some(self, count: int) -> Examples:
        """Give rows of the first batches, as many as the net is quick enough for."""
        count = min(count, self.most)
        batches, every = [], 0
        for batch in self.rows.batches:
            if [p.shape[1:] for p in batch.inputs] != [p.shape[1:] for p in self.first.inputs]:
                continue
            batches.append(batch)
            every += len(batch)
            if every >= count:
                break
        inputs = zip(*(batch.inputs for batch in batches), strict=True)
        targets = torch.cat([batch.targets for batch in batches])
        return Examples(tuple(torch.cat(part)[:count] for part in inputs), targets[:count])

    def copied(self) -> tuple[nn.Module, torch.optim.Optimizer]:
        """Copy the net and the optimiser together, so that one still knows the other.

        Without an optimiser of the user's it is AdamW at its usual rate.
        """
        net, optimiser = copy.deepcopy((self.net, self.optimiser))
        if optimiser is None:
            wanted = [p for p in net.parameters() if p.requires_grad]
            optimiser = torch.optim.AdamW(wanted or [torch.zeros(1)], 1e-3)
        return net, optimiser

    def cost(self, answers: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Give the mean loss."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of shapes that do not fit: told as a finding
            return self.loss(answers, targets).mean()


def asked(case: Case, answers: torch.Tensor, targets: torch.Tensor) -> float:
    """Ask the loss about answers of our own; NaN where it does not take them."""
    try:
        with torch.no_grad():
            return float(case.cost(answers, targets))
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError):
        return float("nan")


def noticed(code: str, evidence: str, severity: Severity | None = None) -> Finding:
    """Make a finding, with the cure and the severity of its code unless another one is given."""
    known = CODES[code]
    return Finding(code, severity or known.severity, (), evidence, known.cure)


def only(*findings: Finding | None) -> tuple[Finding, ...]:
    """Leave out what is None."""
    return tuple(one for one in findings if one is not None)


def make_case(
    net: nn.Module,
    loss: Loss,
    data: Any,
    valid: Any,
    optimiser: torch.optim.Optimizer | None,
    step: Step | None,
    score: Score | None,
) -> Case:
    """Check what was given, and find out what the answers mean.

    Raises
    ------
    DataError
        When the net does not take the inputs, or cannot be copied.
    OptionError
        When an argument is something else.
    """
    if not isinstance(net, nn.Module):
        raise OptionError("a net: a torch.nn.Module", f"a {type(net).__name__}")
    if optimiser is not None and not isinstance(optimiser, torch.optim.Optimizer):
        raise OptionError("a torch.optim.Optimizer", f"a {type(optimiser).__name__}")
    place = next((parameter.device for parameter in net.parameters()), torch.device("cpu"))
    rows, held = _moved(read_rows(data), place), None
    if valid is not None:
        held = _moved(read_rows(valid), place).all
    try:
        trial = copy.deepcopy(net).train()
    except Exception as error:
        got = f"{type(error).__name__}: {error}"
        raise DataError("a net that copy.deepcopy can copy", got) from error
    batch, began = rows.batches[0], time.monotonic()
    try:
        with torch.no_grad():
            given = trial(*batch.inputs)
    except Exception as error:
        shapes = ", ".join(str(tuple(part.shape)) for part in batch.inputs)
        got = f"{type(error).__name__} for inputs of shape {shapes}: {error}"
        raise DataError("inputs that the net takes", got) from error
    if not isinstance(given, torch.Tensor):
        cure = "wrap the net, so that its forward gives what the loss takes"
        raise DataError("a net whose answer is one tensor", f"a {type(given).__name__}", cure)
    meaning = _meaning(given, batch.targets, rows.all.targets)
    each = (time.monotonic() - began) / len(batch)
    most = max(int(_ASKED_SECONDS / max(each, 1e-9)), _FEWEST)
    return Case(net, loss, rows, held, optimiser, step, score, *meaning, most)


def _moved(rows: Rows, place: torch.device) -> Rows:
    if place.type == "cpu":
        return rows
    batches = tuple(_to(batch, place) for batch in rows.batches)
    return Rows(batches, _to(rows.all, place), rows.total, rows.ordered)


def _to(batch: Examples, place: torch.device) -> Examples:
    return Examples(tuple(part.to(place) for part in batch.inputs), batch.targets.to(place))


def _meaning(
    given: torch.Tensor, targets: torch.Tensor, every: torch.Tensor
) -> tuple[Answers, int, int]:
    """Tell what answers mean, which dimension counts classes, and how many there are."""
    if given.shape[:1] != targets.shape[:1]:
        return Answers.OTHER, 0, 1
    if not targets.is_floating_point():
        return _of_codes(given, targets, every)
    yes = bool(((every == 0) | (every == 1)).all())
    if targets.ndim == 2 and targets.shape == given.shape and targets.shape[1] > 1:
        sums = targets.sum(dim=1)
        if bool((targets >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-3):
            return Answers.SHARES, 1, targets.shape[1]
    if yes and given.numel() == targets.numel():
        return Answers.BINARY, 0, 1
    return (Answers.NUMBERS if given.numel() == targets.numel() else Answers.OTHER), 0, 1


def _of_codes(
    given: torch.Tensor, targets: torch.Tensor, every: torch.Tensor
) -> tuple[Answers, int, int]:
    if given.numel() == targets.numel():
        whole = bool(((every == 0) | (every == 1)).all())
        return (Answers.BINARY if whole else Answers.NUMBERS), 0, 1
    if targets.ndim == 1 and given.ndim == 2:
        return Answers.CLASSES, 1, given.shape[1]
    if targets.ndim > 1 and given.shape[:-1] == targets.shape:
        return Answers.STEPS, given.ndim - 1, given.shape[-1]
    if targets.ndim > 1 and (given.shape[0], *given.shape[2:]) == tuple(targets.shape):
        return Answers.STEPS, 1, given.shape[1]
    return Answers.OTHER, 0, 1
