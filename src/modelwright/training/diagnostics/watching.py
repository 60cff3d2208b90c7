"""A loop of the user's, watched: gradients that pile up, modes that were forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from modelwright.core.findings import Finding
from modelwright.nets.library import nn, torch
from modelwright.training.diagnostics.case import noticed

__all__ = ["Watched", "has_modes", "watch"]

_SHOWN = 3
# So many steps at rest, and none in training mode after them, are no slip.
_FORGOTTEN = 3


class Watched:
    """What was seen of a net and its optimiser.

    Parameters
    ----------
    net : nn.Module
        Is watched.
    optimiser : torch.optim.Optimizer
        Its steps count.

    Attributes
    ----------
    steps, piled : int
        Steps of the optimiser; and those into which gradients of an earlier step went as well.
    still, still_last : int
        Steps for which the net was in evaluation mode whenever it was asked with gradients; and how
        many of them came last, one after the other.
    learned, learned_still : int
        Times the net was asked with gradients; and those of them in evaluation mode.
    scored, scored_moving : int
        Times it was asked without; and those of them in training mode, where that matters.
    reached : set of str
        Parameters that got a gradient other than zero.
    """

    def __init__(self, net: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        self.net, self.optimiser = net, optimiser
        self.steps = self.piled = self.still = self.still_last = 0
        self.learned = self.learned_still = self.scored = self.scored_moving = 0
        self.reached: set[str] = set()
        self._seen: dict[str, int] = {}
        self._piled_at = 0
        self._before = (0, 0)  # of what was asked, when the last step was made
        groups = optimiser.param_groups
        self._held = {id(one) for group in groups for one in group["params"]}

    def findings(self) -> tuple[Finding, ...]:
        """Say what was wrong."""
        found = []
        if self.piled:
            told = (
                f"in {self.piled} of {self.steps} steps the gradients of the step before were "
                "still there when new ones came"
            )
            found.append(noticed("gradients-pile-up", told))
        if self._is_at_rest() and has_modes(self.net):
            steps = f"{self.still or self.learned} of {self.steps or self.learned} steps"
            told = f"the net learned in {steps} with dropout and batch norm at rest"
            found.append(noticed("evaluation-mode", told))
        if self.scored_moving:
            names = ", ".join(_moving(self.net)[:_SHOWN])
            told = f"the net was asked for scores with {names} in training mode"
            found.append(noticed("training-mode", told))
        return tuple(found)

    def _is_at_rest(self) -> bool:
        """Whether all steps, most of them, or the last ones were made in evaluation mode."""
        always = 0 < self.learned_still == self.learned
        return always or 2 * self.still > self.steps or self.still_last >= _FORGOTTEN

    def attach(self) -> list[Any]:
        """Begin to watch; gives the hooks."""
        hooks: list[Any] = [
            self.net.register_forward_pre_hook(self._asked),
            self.optimiser.register_step_post_hook(self._stepped),
        ]
        for name, parameter in self.net.named_parameters():
            if parameter.requires_grad:
                look = self._graded(name, parameter)
                hooks.append(parameter.register_hook(look))  # type: ignore[no-untyped-call]
        return hooks

    def _asked(self, module: nn.Module, given: object) -> None:
        if torch.is_grad_enabled():
            self.learned += 1
            self.learned_still += _at_rest(self.net)
        else:
            self.scored += 1
            self.scored_moving += bool(_moving(self.net))

    def _stepped(self, optimiser: object, args: object, kwargs: object) -> None:
        self.steps += 1
        learned, still = self.learned - self._before[0], self.learned_still - self._before[1]
        self._before = self.learned, self.learned_still
        # scored with gradients in between is no step of its own
        at_rest = 0 < still == learned
        self.still += at_rest
        self.still_last = self.still_last + 1 if at_rest else 0

    def _graded(self, name: str, parameter: nn.Parameter) -> Any:
        """Look whether a gradient from before the last step is still there when one comes."""

        def look(gradient: torch.Tensor) -> None:
            if name not in self.reached and bool(gradient.any()):
                self.reached.add(name)
            if self._seen.get(name, -1) == self.steps:
                return  # another piece of the same step: meant so
            self._seen[name] = self.steps
            if id(parameter) not in self._held:
                return  # what it does not hold it cannot forget: told otherwise
            old = parameter.grad
            if self.steps and self._piled_at < self.steps and old is not None and bool(old.any()):
                self._piled_at = self.steps
                self.piled += 1

        return look


def _modal(net: nn.Module) -> list[tuple[str, nn.Module]]:
    """List the parts that do something else in training."""
    norms, drops = nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd
    found = []
    for name, module in net.named_modules():
        norm = isinstance(module, norms) and module.track_running_stats
        if norm or (isinstance(module, drops) and module.p > 0):
            found.append((name, module))
    return found


def has_modes(net: nn.Module) -> bool:
    """Whether training mode makes a difference: dropout, or batch norm with statistics.

    Examples
    --------
    >>> has_modes(nn.Linear(1, 1)), has_modes(nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.1)))
    (False, True)
    """
    return bool(_modal(net))


def _moving(net: nn.Module) -> list[str]:
    return [f"{type(part).__name__} {name!r}" for name, part in _modal(net) if part.training]


def _at_rest(net: nn.Module) -> bool:
    return not net.training and not _moving(net)


@contextmanager
def watch(net: nn.Module, optimiser: torch.optim.Optimizer) -> Iterator[Watched]:
    """Watch some steps of a loop; nothing of it is changed.

    Parameters
    ----------
    net : nn.Module
    optimiser : torch.optim.Optimizer

    Yields
    ------
    Watched
        Its `findings` can be asked for at any time.

    Examples
    --------
    >>> net = nn.Linear(2, 1)
    >>> descent = torch.optim.SGD(net.parameters(), 0.1)
    >>> with watch(net, descent) as watched:
    ...     for _ in range(3):  # zero_grad is forgotten
    ...         net(torch.ones(4, 2)).mean().backward()
    ...         descent.step()
    >>> [one.code for one in watched.findings()]
    ['gradients-pile-up']
    """
    watched = Watched(net, optimiser)
    hooks = watched.attach()
    try:
        yield watched
    finally:
        for hook in hooks:
            hook.remove()
