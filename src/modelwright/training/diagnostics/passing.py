"""What activations give while a net is asked, whether they are modules or called as functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from modelwright.nets.library import nn, torch

__all__ = ["Passed", "ending", "passing"]

RELUS = frozenset({"relu", "relu_", "relu6"})
SQUASHING = frozenset({"sigmoid", "sigmoid_", "tanh", "tanh_", "hardsigmoid"})
_NOTED = RELUS | SQUASHING | {"softmax", "log_softmax", "logsigmoid"}
_MOST = 400  # of a long recurrence only the first are kept


@dataclass(frozen=True)
class Passed:
    """What one activation gave.

    Parameters
    ----------
    function : str
        Such as ``"relu"``.
    layer : str
        The innermost module that called it.
    output : Tensor
    """

    function: str
    layer: str
    output: torch.Tensor


class _Noting(torch.overrides.TorchFunctionMode):
    """Sees every function of PyTorch that is called."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Passed] = []
        self.inside: list[str] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        if name in _NOTED and isinstance(given, torch.Tensor) and len(self.found) < _MOST:
            layer = self.inside[-1] if self.inside else ""
            # a clone: what comes next may write into it
            self.found.append(Passed(name.rstrip("_"), layer, given.detach().clone()))
        return given


@contextmanager
def passing(net: nn.Module) -> Iterator[list[Passed]]:
    """Note what the activations of a net give.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    >>> with passing(net) as found:
    ...     _ = net(torch.ones(1, 2))
    >>> found[0].function, found[0].layer, found[0].output.shape
    ('relu', '1', torch.Size([1, 3]))
    """
    noting = _Noting()

    def enter(name: str) -> Callable[..., None]:
        return lambda module, given: noting.inside.append(name)

    def leave(module: nn.Module, given: object, output: object) -> None:
        noting.inside.pop()

    hooks: list[Any] = []
    for name, module in net.named_modules():
        hooks.append(module.register_forward_pre_hook(enter(name)))
        hooks.append(module.register_forward_hook(leave))
    try:
        with noting:
            yield noting.found
    finally:
        for hook in hooks:
            hook.remove()


def ending(found: Sequence[Passed], answers: torch.Tensor) -> str:
    """Give the activation that answers come out of; empty when there is none.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Flatten(0))
    >>> with passing(net) as found:
    ...     answers = net(torch.ones(1, 2))
    >>> ending(found, answers)
    'sigmoid'
    """
    if not found:
        return ""
    last = found[-1].output
    if last.numel() != answers.numel():
        return ""
    same = torch.equal(last.flatten(), answers.detach().flatten())
    return found[-1].function if same else ""
