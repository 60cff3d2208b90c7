"""What can go wrong in a step: no memory left, or a loss that is no number."""

from __future__ import annotations

from collections.abc import Callable

from modelwright.nets.library import nn, torch
from modelwright.training.batches import Source

__all__ = ["is_out_of_memory", "why_no_number"]

# What PyTorch says when an allocation fails; on the CPU it has no class of its own.
_SAID = ("can't allocate memory", "not enough memory", "out of memory", "could not allocate")
_SHOWN = 3


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory left.

    Examples
    --------
    >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried..."))
    True
    >>> is_out_of_memory(RuntimeError("shapes cannot be multiplied"))
    False
    """
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(words in said for words in _SAID)


def why_no_number(
    net: nn.Module, rows: Source, index: torch.Tensor, rate: float, *, learned: bool = True
) -> str:
    """Name the suspect when the loss of a batch is infinite or no number.

    Parameters
    ----------
    net : nn.Module
        After the steps before this one.
    rows : Source
        What it learns from.
    index : Tensor of int64
        The rows of the batch.
    rate : float
        The learning rate of the step.
    learned : bool
        Whether there was a step before this one.

    Returns
    -------
    str
        The inputs, the answers, the weights of rows or of the net, whichever hold no number; else
        the first layer that makes such of numbers, or the loss.

    Examples
    --------
    >>> from modelwright.training.batches import Examples
    >>> x = torch.tensor([[1.0], [float("nan")], [2.0]])
    >>> bad = Examples((x,), torch.zeros(3))
    >>> why_no_number(nn.Linear(1, 1), bad, torch.tensor([2, 1]), 0.1)
    'the inputs of row 1 hold what is no number'
    """
    batch = rows.at(index)
    given = [*(("inputs", part) for part in batch.inputs), ("answers", batch.targets)]
    if batch.weight is not None:
        given.append(("weights", batch.weight))
    for what, part in given:
        wrong = ~torch.isfinite(part.float()).flatten(1 if part.ndim > 1 else 0)
        spoilt = wrong.any(dim=1) if part.ndim > 1 else wrong
        if spoilt.any():
            return f"the {what} of {_rows(index[spoilt])} hold what is no number"
    for name, value in net.state_dict().items():
        if not torch.isfinite(value.float()).all():
            return f"the weights {name} grew beyond all numbers: a rate of {rate:.3g} is too large"
    few = ", ".join(map(str, index[:_SHOWN].tolist()))
    told = f"inputs, answers and weights are numbers (batch of rows {few}...)"
    layer = _first_to_break(net, batch.inputs)
    found = f"{layer} makes of them what is none" if layer else "and so is what the net answers"
    cure = f"look at {'its formula' if layer else 'what the loss makes of it'}"
    if learned:
        cure = f"a rate of {rate:.3g} is too large, or the gradients want clipping; or {cure}"
    return f"{told}, {found}: {cure}"


def _first_to_break(net: nn.Module, inputs: tuple[torch.Tensor, ...]) -> str:
    """Name the first layer that gives what is no number; the net itself where no layer does."""
    broken: list[str] = []

    def noting(name: str) -> Callable[..., None]:
        def note(module: nn.Module, given: object, output: object) -> None:
            parts = output if isinstance(output, tuple) else (output,)
            tensors = [part for part in parts if isinstance(part, torch.Tensor)]
            if not all(torch.isfinite(tensor.float()).all() for tensor in tensors):
                called = f"layer {name} ({type(module).__name__})" if name else "the net"
                broken.append(called)

        return note

    hooks = [module.register_forward_hook(noting(name)) for name, module in net.named_modules()]
    learning = [module for module in net.modules() if module.training]
    net.eval()  # processes that learn together would wait for each other in their norms
    try:
        with torch.no_grad():
            net(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
        for module in learning:
            module.training = True
    return broken[0] if broken else ""


def _rows(places: torch.Tensor) -> str:
    few = ", ".join(map(str, places[:_SHOWN].tolist()))
    more = len(places) - _SHOWN
    return f"row{'s' if len(places) > 1 else ''} {few}" + (f" and {more} more" if more > 0 else "")
