"""Whether a net can learn at all: a few rows by heart, and more with its inputs than without."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

from modelwright.core.findings import Finding
from modelwright.core.numerals import number
from modelwright.nets.library import nn, torch
from modelwright.training.batches import Examples
from modelwright.training.diagnostics.case import Answers, Case, noticed
from modelwright.training.diagnostics.loss import searched, theory
from modelwright.training.diagnostics.short_run import ShortRun, short_run

__all__ = ["ByHeart", "by_heart", "check_by_heart", "without_inputs"]

_ROWS, _STEPS, _SECONDS = 16, 80, 3.0
# So many steps have to be tried at each rate after the first; a loss that stays in these stays.
_OTHERS, _STAYS = 40, 4
_ANSWERS = 128  # of sequences fewer rows are taken
_RATES = (3e-3, 3e-2, 3e-4)
_ENOUGH, _DONE = 0.5, 0.9


@dataclass(frozen=True)
class ByHeart:
    """How far some rows were learned by heart.

    Parameters
    ----------
    first, last : float
        The loss before and after.
    progress : float
        The share of the way from a constant answer to the best one.
    rows, steps : int
        How many.
    whole : bool
        Whether so many steps were taken that it may be said what was not learned.
    stays : bool
        Whether the loss is the same in all steps: no gradient, whatever the rate.
    """

    first: float
    last: float
    progress: float
    rows: int
    steps: int
    whole: bool = True
    stays: bool = False

    @property
    def learned(self) -> bool:
        """Whether they were, or nothing can be said of it."""
        return math.isnan(self.progress) or self.progress >= _ENOUGH

    def __str__(self) -> str:
        return f"{self.rows} rows by heart: loss {number(self.first, 4)} to " + (
            f"{number(self.last, 4)} in {self.steps} steps"
        )


def by_heart(case: Case) -> ByHeart:
    """Learn a few rows with a copy of the net, without dropout, by AdamW.

    Up to three rates are tried, each for 80 steps, all of them for three seconds: the best one
    counts.
    """
    until = time.monotonic() + _SECONDS
    each = max(case.first.targets[0].numel(), 1) if case.answers is Answers.STEPS else 1
    rows = case.some(min(_ROWS, max(_ANSWERS // each, 2)))
    best = _at_rate(case, rows, _RATES[0], until)
    for rate in _RATES[1:]:
        if not best.learned and best.whole and not best.stays:
            other = _at_rate(case, rows, rate, until, _OTHERS)
            best = replace(
                max(best, other, key=lambda one: one.progress), whole=best.whole and other.whole
            )
    return best


def _at_rate(case: Case, rows: Examples, rate: float, until: float, least: int = _STEPS) -> ByHeart:
    """Learn until a time; with fewer steps than the least it is not the whole."""
    net, _ = case.copied()
    net.train()
    for module in net.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
        elif isinstance(module, nn.RNNBase):
            module.dropout = 0.0
    learning = [parameter for parameter in net.parameters() if parameter.requires_grad]
    if not learning:
        return ByHeart(math.nan, math.nan, math.nan, len(rows), 0)
    descent = torch.optim.AdamW(learning, rate, weight_decay=0.0)
    with torch.no_grad():
        constant, lowest = _ends(case, rows, net(*rows.inputs))
    losses: list[float] = []
    for _ in range(_STEPS):
        descent.zero_grad()
        loss = case.cost(net(*rows.inputs), rows.targets)
        losses.append(float(loss.detach()))
        if not math.isfinite(losses[-1]) or time.monotonic() > until:
            break
        begin = min(losses[0], constant)
        if begin - losses[-1] >= _DONE * (begin - lowest) > 0:
            break
        torch.autograd.backward(loss)
        descent.step()
    begin = min(losses[0], constant)
    reached = min((loss for loss in losses if math.isfinite(loss)), default=math.inf)
    alike = bool((rows.targets == rows.targets[:1]).all())
    way = math.nan if alike else begin - lowest
    progress = (begin - reached) / way if way else 0.0
    stays = len(losses) >= _STAYS and min(losses) == max(losses)
    whole = stays or len(losses) >= least or not math.isfinite(losses[-1])
    return ByHeart(losses[0], reached, progress, len(rows), len(losses), whole, stays)


def _ends(case: Case, rows: Examples, answers: torch.Tensor) -> tuple[float, float]:
    """Give the loss of the best constant answer, and the least there is."""
    known = theory(case, rows, answers)
    if known is None:
        return searched(case, rows.targets, answers)
    told = known.constant, known.least
    return told if all(map(math.isfinite, told)) else (math.inf, 0.0)


def check_by_heart(found: ByHeart) -> tuple[Finding, ...]:
    """Give a finding when the rows were not learned, in steps enough."""
    if found.learned or not found.whole:
        return ()
    told = (
        f"{found.rows} rows, again and again, bring the loss from {number(found.first)} to "
        f"{number(found.last)} in {found.steps} steps: {max(found.progress, 0):.0%} of the way "
        "from a constant answer to the best one"
    )
    return (noticed("cannot-overfit", told),)


def without_inputs(case: Case, steps: int) -> ShortRun:
    """Take as many steps with all inputs zero: the baseline that knows labels alone."""

    def zeroed(batch: Examples) -> Examples:
        return Examples(tuple(torch.zeros_like(part) for part in batch.inputs), batch.targets)

    return short_run(case, steps=steps, change=zeroed, own=False)
