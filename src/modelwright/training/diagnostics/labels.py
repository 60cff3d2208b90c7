"""Labels that fit no output, that have nothing to do with the inputs, or that come in order."""

from __future__ import annotations

import math
from dataclasses import dataclass

from modelwright.core.findings import Finding
from modelwright.core.numerals import number
from modelwright.nets.library import torch
from modelwright.training.batches import Examples
from modelwright.training.diagnostics.case import Answers, Case, noticed, only

__all__ = ["Related", "check_labels", "check_order_of_rows", "related"]

_IGNORED = -100  # PyTorch's own mark for steps that do not count
_SAME = 0.95
# Rows whose inputs are compared with their labels, and how many have to be there.
_LEARNED, _ASKED, _FEWEST = 2_000, 500, 300
_WIDTH = 512
# Standard deviations from chance.
_CHANCE = 2.5
# Batches and rows a batch from which their order is looked at; how much of the labels a batch
# tells (Cramer's V), and how much more than chance does.
_BATCHES, _ROWS, _TOLD, _BEYOND = 4, 8, 0.5, 5.0


def check_labels(case: Case) -> tuple[Finding, ...]:
    """Find labels that are no places of outputs, that are all the same, or that are the input."""
    y = case.rows.all.targets
    if case.answers in (Answers.CLASSES, Answers.STEPS):
        wrong = _out_of_range(y, case.outputs)
        if wrong is not None:
            return (wrong,)
    return only(_copied(case), _all_the_same(case, y))


def _out_of_range(y: torch.Tensor, outputs: int) -> Finding | None:
    known = y[y != _IGNORED]
    if not known.numel():
        return noticed("labels-out-of-range", f"all labels are {_IGNORED}, which is passed over")
    low, high = int(known.min()), int(known.max())
    if low < 0 or high >= outputs:
        told = f"labels go from {low} to {high}, outputs from 0 to {outputs - 1}"
        return noticed("labels-out-of-range", told)
    there = torch.bincount(known.flatten().long(), minlength=outputs) > 0
    if outputs > 2 and not there[0] and bool(there[1:].all()):
        told = f"no row has label 0, and all of 1 to {outputs - 1} occur: labels count from 1"
        return noticed("labels-out-of-range", told)
    return None


def _copied(case: Case) -> Finding | None:
    """Tell whether each step is asked for what it is given."""
    x, y = case.rows.all.inputs[0], case.rows.all.targets
    if case.answers is not Answers.STEPS or x.is_floating_point() or x.shape != y.shape:
        return None
    asked = y != _IGNORED
    same = float((x == y)[asked].float().mean()) if bool(asked.any()) else 0.0
    if same < _SAME:
        return None
    told = f"{same:.0%} of the targets are what stands at the same step of the input"
    return noticed("target-in-input", told)


def _all_the_same(case: Case, y: torch.Tensor) -> Finding | None:
    if len(y) < 2 or not bool((y == y[:1]).all()):
        return None
    if case.rows.ordered and case.rows.total > len(y):
        told = f"the first {len(y):,} of {case.rows.total:,} rows have one label"
        return noticed("sorted-batches", told)
    told = f"{len(y):,} rows have one label: {y.flatten()[:1].tolist()[0]}"
    return noticed("one-class", told)


def check_order_of_rows(case: Case) -> tuple[Finding, ...]:
    """Find batches that each hold few of the classes, as rows in the order of a file do."""
    batches = [batch.targets for batch in case.rows.batches if len(batch) >= _ROWS]
    whole = case.answers in (Answers.CLASSES, Answers.BINARY) and case.rows.ordered
    if not whole or len(batches) < _BATCHES or batches[0].ndim > 1:
        return ()
    every = torch.cat(batches).long()
    classes = int(every.max()) + 1
    if classes < 2 or int(every.min()) < 0:
        return ()
    counts = torch.stack([torch.bincount(y.long(), minlength=classes) for y in batches]).double()
    counts = counts[:, counts.sum(dim=0) > 0]
    expected = counts.sum(dim=1, keepdim=True) * counts.sum(dim=0) / counts.sum()
    chi = float(((counts - expected).square() / expected).sum())
    least = min(counts.shape) - 1
    free = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    if not least or chi / free < _BEYOND:
        return ()
    told = math.sqrt(chi / float(counts.sum()) / least)
    if told < _TOLD:
        return ()
    common = float((counts.max(dim=1).values / counts.sum(dim=1)).mean())
    evidence = (
        f"of {len(batches)} batches each has {common:.0%} of its rows in one class on average, "
        f"where all rows together have {float(counts.sum(dim=0).max() / counts.sum()):.0%}"
    )
    return (noticed("sorted-batches", evidence),)


@dataclass(frozen=True)
class Related:
    """How much the inputs of rows tell about their labels, in two plain ways.

    Parameters
    ----------
    nearest : float
        How much more often than by chance the nearest row has the same label, in standard
        deviations; of numbers, the correlation with the nearest row's in the same unit.
    linear : float
        The same of a linear model.
    rows : int
        Rows that were asked about; 0: it could not be measured.
    """

    nearest: float
    linear: float
    rows: int

    @property
    def known(self) -> bool:
        """Whether either of them tells something."""
        return not self.rows or max(self.nearest, self.linear) > _CHANCE

    def finding(self) -> Finding | None:
        """Give a finding when neither does."""
        if self.known:
            return None
        told = (
            f"of {self.rows} rows the nearest other row, and a linear model, are right no more "
            f"often than chance ({number(self.nearest, 2)} and {number(self.linear, 2)} standard "
            "deviations from it)"
        )
        return noticed("labels-unrelated", told)


def related(rows: Examples, answers: Answers, seed: int = 0) -> Related:
    """Measure how much inputs tell about labels: by the nearest row, and by a linear model.

    Parameters
    ----------
    rows : Examples
        At most 2,500 are looked at, drawn at random.
    answers : Answers
        Classes, yes or no, or numbers; of others nothing is said.
    seed : int
        Of the draw.

    Examples
    --------
    >>> x = torch.randn(600, 5, generator=torch.Generator().manual_seed(0))
    >>> related(Examples((x,), (x[:, 0] > 0).long()), Answers.CLASSES).known
    True
    """
    y = rows.targets
    plain = answers in (Answers.CLASSES, Answers.BINARY, Answers.NUMBERS)
    if not plain or len(rows) < _FEWEST or y.numel() != len(y) or len(rows.inputs) > 1:
        return Related(0.0, 0.0, 0)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    cut = min(_LEARNED, len(rows) * 4 // 5)
    some = rows.at(order[: cut + _ASKED].to(y.device))
    x = _flat(some.inputs[0], seed)
    wanted = _wanted(some.targets.flatten(), answers)
    apart = torch.cdist(x[cut:], x[:cut])
    nearest = wanted[:cut][apart.argmin(dim=1)]
    penalty = 0.1 * cut * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    slopes = torch.linalg.solve(x[:cut].T @ x[:cut] + penalty, x[:cut].T @ wanted[:cut])
    said, held = x[cut:] @ slopes, wanted[cut:]
    return Related(_agree(nearest, held), _agree(said, held), len(held))


def _flat(x: torch.Tensor, seed: int) -> torch.Tensor:
    """Give each row as standardised numbers; of codes how often each occurs."""
    if x.is_floating_point() or x.dtype == torch.uint8:
        flat = x.detach().flatten(1).double()
    else:
        flat = torch.zeros(len(x), _WIDTH, dtype=torch.float64, device=x.device)
        codes = x.flatten(1) % _WIDTH
        flat.scatter_add_(1, codes, torch.ones_like(codes, dtype=torch.float64))
    flat = (flat - flat.mean(dim=0)) / flat.std(dim=0).clamp(min=1e-6)
    if flat.shape[1] > _WIDTH:
        draw = torch.Generator().manual_seed(seed)
        turn = torch.randn(flat.shape[1], _WIDTH, generator=draw, dtype=torch.float64)
        flat = flat @ turn.to(flat.device) / math.sqrt(flat.shape[1])
    return flat.clamp(-10, 10)


def _wanted(y: torch.Tensor, answers: Answers) -> torch.Tensor:
    """Give labels as centred columns: one a class, or the numbers."""
    if answers is Answers.CLASSES:
        columns = torch.nn.functional.one_hot(y.clamp(min=0).long()).double()
    else:
        columns = y.double()[:, None]
    return columns - columns.mean(dim=0)


def _agree(said: torch.Tensor, held: torch.Tensor) -> float:
    """Correlate what is said with what is, in standard deviations of what chance gives."""
    each = (said * held).sum(dim=1)
    return float(each.mean() / (each.std() / math.sqrt(len(each))).clamp(min=1e-12))
