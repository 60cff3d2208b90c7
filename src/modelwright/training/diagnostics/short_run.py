"""A few steps on a copy, as the user would take them, with everything about them written down."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from modelwright.nets.library import nn, torch
from modelwright.training.batches import Examples
from modelwright.training.diagnostics.case import Case
from modelwright.training.diagnostics.watching import Watched, watch

__all__ = ["ShortRun", "plain_step", "short_run"]

STEPS, _SECONDS, _LONGEST = 30, 2.0, 3.0
# With fewer steps than these, what did not happen yet may still do.
_FEW = 10


@dataclass(frozen=True)
class ShortRun:
    """What came of a few steps.

    Parameters
    ----------
    net, optimiser : nn.Module and torch.optim.Optimizer
        The copies after them.
    losses : tuple of float
        Of each batch before its step.
    ratios : dict of str to list of float
        By how much each weight moved in each step, as a share of its size.
    still : tuple of str
        Parameters that ask for gradients and never moved.
    watched : Watched
        What was seen meanwhile.
    asked : int
        How many steps were to be taken.
    """

    net: nn.Module
    optimiser: torch.optim.Optimizer
    losses: tuple[float, ...]
    ratios: dict[str, list[float]] = field(repr=False)
    still: tuple[str, ...]
    watched: Watched
    asked: int = STEPS

    @property
    def cut(self) -> bool:
        """Whether the clock left too few steps to say what a net does not do."""
        return self.finite and len(self.losses) < min(_FEW, self.asked)

    @property
    def finite(self) -> bool:
        """Whether all losses are numbers."""
        return all(math.isfinite(loss) for loss in self.losses)

    @property
    def last(self) -> float:
        """The mean loss of the last third of the steps."""
        some = self.losses[-max(len(self.losses) // 3, 1) :]
        return sum(some) / len(some)

    def ratio(self, first: int = 0, last: int | None = None) -> float:
        """Give the middle of the ratios of all weights in some steps; NaN without any."""
        every = [r for told in self.ratios.values() for r in told[first:last] if math.isfinite(r)]
        return median(every) if every else math.nan


def plain_step(
    case: Case, net: nn.Module, optimiser: torch.optim.Optimizer, batch: Examples
) -> None:
    """Take the usual step: forget gradients, ask, find gradients, move."""
    optimiser.zero_grad()
    loss = case.cost(net(*batch.inputs), batch.targets)
    torch.autograd.backward(loss)
    optimiser.step()


def short_run(
    case: Case,
    *,
    steps: int = STEPS,
    rate: float = 1.0,
    change: Callable[[Examples], Examples] | None = None,
    own: bool = True,
) -> ShortRun:
    """Take some steps on copies of the net and the optimiser.

    Parameters
    ----------
    case : Case
        With a step of the user's, that one is taken.
    steps : int
        At most; two seconds end it as well, or three where there were few by then.
    rate : float
        A factor of all learning rates.
    change : callable, optional
        Gives another batch in place of each.
    own : bool
        Whether the user's step is taken.
    """
    net, optimiser = case.copied()
    for group in optimiser.param_groups:
        group["lr"] *= rate
    net.train()
    begun = {name: value.detach().clone() for name, value in net.named_parameters()}
    wide = [name for name, value in begun.items() if value.ndim > 1]
    losses: list[float] = []
    ratios: dict[str, list[float]] = {name: [] for name in wide}
    parameters = dict(net.named_parameters())
    started = time.monotonic()
    with watch(net, optimiser) as watched:
        for place in range(steps):
            batch = case.rows.batches[place % len(case.rows.batches)]
            batch = batch if change is None else change(batch)
            losses.append(_loss(case, net, batch))
            before = {name: parameters[name].detach().clone() for name in wide}
            if case.step is not None and own:
                with torch.enable_grad():
                    case.step(net, optimiser, _single(batch.inputs), batch.targets)
            else:
                plain_step(case, net, optimiser, batch)
            for name in wide:
                moved = float((parameters[name].detach() - before[name]).norm())
                size = float(before[name].norm())
                ratios[name].append(moved / size if size else math.nan)
            most = _SECONDS if len(losses) >= _FEW else _LONGEST
            if time.monotonic() - started > most or not math.isfinite(losses[-1]):
                break
    still = tuple(
        name
        for name, value in net.named_parameters()
        if value.requires_grad and torch.equal(value, begun[name])
    )
    return ShortRun(net, optimiser, tuple(losses), ratios, still, watched, steps)


def _single(inputs: tuple[torch.Tensor, ...]) -> torch.Tensor | tuple[torch.Tensor, ...]:
    return inputs[0] if len(inputs) == 1 else inputs


@torch.no_grad()
def _loss(case: Case, net: nn.Module, batch: Examples) -> float:
    """Give the loss on another copy, so that what is watched is the user's loop alone."""
    return float(case.cost(_unwatched(net)(*batch.inputs), batch.targets))


def _unwatched(net: nn.Module) -> nn.Module:
    other = copy.copy(net)
    other._forward_pre_hooks = type(net._forward_pre_hooks)()
    return other
