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
_MOST, _FEWEST = 1_500, 300
# Columns of them, counted codes, and the penalty for each row.
_WIDTH, _CODES, _PENALTY = 4_096, 512, 0.1
# Standard deviations from chance.
_CHANCE = 3.0
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

    Each row is asked about by all others: of kernel ridge regression that is one inverse (Allen
    1974, PRESS). What chance gives is that of labels in any order, and no estimate.

    Parameters
    ----------
    rows : Examples
        At most 1,500 are looked at, drawn at random.
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
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))[:_MOST]
    some = rows.at(order.to(y.device))
    x = _flat(some.inputs[0], seed)
    wanted = _wanted(some.targets.flatten(), answers)
    alike = (x @ x.T).double()
    return Related(_agree(_nearest(alike), wanted), _agree(_linear(alike), wanted), len(x))


def _nearest(alike: torch.Tensor) -> torch.Tensor:
    """Give a 1 in each row where its nearest other row stands."""
    size = alike.diagonal()
    apart = size[:, None] + size - 2 * alike
    apart.fill_diagonal_(math.inf)
    return torch.zeros_like(alike).scatter_(1, apart.argmin(dim=1, keepdim=True), 1.0)


def _linear(alike: torch.Tensor) -> torch.Tensor:
    """Give how much each label says of each other row's, by ridge regression."""
    count, size = len(alike), float(alike.diagonal().mean())
    # as strong as a column: of many, each of them tells little
    held = torch.full((count,), _PENALTY * count + size + 1e-9, dtype=alike.dtype).to(alike.device)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(alike + torch.diag(held)))
    said = -inverse / inverse.diagonal()[:, None]
    return said.fill_diagonal_(0.0)


def _flat(x: torch.Tensor, seed: int) -> torch.Tensor:
    """Give each row as standardised numbers; of codes how often each occurs.

    Of many numbers some are added with random signs, which keeps products (Charikar et al. 2002).
    """
    if x.is_floating_point() or x.dtype == torch.uint8:
        parts = torch.split(x.detach().flatten(1), _WIDTH, dim=1)
    else:
        counted = torch.zeros(len(x), _CODES, device=x.device)
        codes = x.flatten(1) % _CODES
        parts = (counted.scatter_add_(1, codes, torch.ones_like(codes, dtype=counted.dtype)),)
    draw = torch.Generator().manual_seed(seed)
    total = torch.zeros(len(x), parts[0].shape[1], device=x.device)
    for part in parts:
        flat = part.double()
        flat = (flat - flat.mean(dim=0)) / flat.std(dim=0).clamp(min=1e-6)
        signs = torch.randint(0, 2, (flat.shape[1],), generator=draw) * 2 - 1
        total[:, : flat.shape[1]] += (flat.clamp(-10, 10) * signs.to(flat.device)).float()
    return total


def _wanted(y: torch.Tensor, answers: Answers) -> torch.Tensor:
    """Give labels as centred columns: one a class, or the numbers."""
    if answers is Answers.CLASSES:
        columns = torch.nn.functional.one_hot(y.clamp(min=0).long()).double()
    else:
        columns = y.double()[:, None]
    return columns - columns.mean(dim=0)


def _agree(says: torch.Tensor, wanted: torch.Tensor) -> float:
    """Give by how much labels agree with what others say of them, in deviations of chance.

    Parameters
    ----------
    says : Tensor, shape (n_rows, n_rows)
        What each row's label counts in what is said of another row; 0 of its own.
    wanted : Tensor, shape (n_rows, n_columns)
        Centred labels.
    """
    agreed = float((wanted * (says @ wanted)).sum())
    # of pairs of rows in any order: each pair is right or wrong by itself
    each = float((wanted.T @ wanted / len(wanted)).square().sum())
    both = (says + says.T).square().sum() / 2
    return agreed / max(math.sqrt(float(both) * each), 1e-12)
