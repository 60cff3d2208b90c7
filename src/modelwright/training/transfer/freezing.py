"""Parts of a net that stand still: weights without gradients, statistics that do not move.

A frozen batch norm whose moving statistics go on moving is not frozen: the layers above it see
other features at every step, though no weight below them has changed. So what is frozen stays in
evaluation mode, whatever mode the net around it is put into.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MethodType

from modelwright.core.errors import OptionError
from modelwright.nets.library import nn

__all__ = ["freeze", "frozen", "hold_statistics", "thaw"]

_MARK, _HELD = "_stands_still", "_statistics_held"


def freeze(net: nn.Module, names: Iterable[str]) -> None:
    """Let parts of a net stand still, in place.

    Their parameters get no gradients, and their modules stay in evaluation mode, so that dropout is
    off and the statistics of norms stay as they are to the bit, also after ``net.train()``.

    Parameters
    ----------
    net : nn.Module
        Any.
    names : iterable of str
        Of modules or parameters; each stands for all below it. A stage of
        `modelwright.nets.backbone.stages_of` is such a list.

    Raises
    ------
    OptionError
        When there is no part of such a name.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    >>> freeze(net, ["0", "1"])
    >>> _ = net.train()
    >>> net[1].training, net[2].training, frozen(net)
    (False, True, ('0.weight', '0.bias', '1.weight', '1.bias'))
    """
    for path, module, whole, own in _parts(net, names):
        marked = set(vars(module).get(_MARK, ()))
        for name in own:
            parameter = module.get_parameter(name)
            if parameter.requires_grad:
                parameter.requires_grad_(False)
                parameter.grad = None
                marked.add(name)
        vars(module)[_MARK] = frozenset(marked)
        if whole and path:
            module.training = False
            vars(module)["train"] = MethodType(_stay, module)


def thaw(net: nn.Module, names: Iterable[str]) -> None:
    """Let frozen parts learn again, in place; what never learned stays as it was.

    Parameters
    ----------
    net, names
        As in `freeze`.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)).train()
    >>> freeze(net, ["0"])
    >>> thaw(net, ["0"])
    >>> frozen(net), net[0].training
    ((), True)
    """
    for _, module, whole, own in _parts(net, names):
        marked = vars(module).get(_MARK, frozenset())
        for name in set(own) & marked:
            module.get_parameter(name).requires_grad_(True)
        vars(module)[_MARK] = marked - set(own)
        if whole and not vars(module).get(_HELD, False):
            vars(module).pop("train", None)
            module.training = net.training


def frozen(net: nn.Module) -> tuple[str, ...]:
    """Name the parameters that `freeze` holds.

    Parameters
    ----------
    net : nn.Module
        Any.
    """
    held = {
        f"{path}.{name}" if path else name
        for path, module in net.named_modules()
        for name in vars(module).get(_MARK, ())
    }
    return tuple(name for name, _ in net.named_parameters() if name in held)


def hold_statistics(net: nn.Module) -> int:
    """Let all batch norms of a net use and keep their moving statistics, in place; counts them.

    Their scales and shifts learn. Batches of a few images have statistics of their own, which say
    little: what was learned on many images is better.

    Parameters
    ----------
    net : nn.Module
        Any.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    >>> hold_statistics(net), net.train()[1].training
    (1, False)
    """
    norms = [m for m in net.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.training = False
        vars(norm)[_HELD] = True
        vars(norm)["train"] = MethodType(_stay, norm)
    return len(norms)


def _stay(module: nn.Module, mode: bool = True) -> nn.Module:
    """Stand in for `nn.Module.train`: remain in evaluation mode; parts below have their own."""
    module.training = False
    return module


def _parts(
    net: nn.Module, names: Iterable[str]
) -> Iterator[tuple[str, nn.Module, bool, tuple[str, ...]]]:
    """List path, module, whether it is meant as a whole, and its own parameters that are meant."""
    wanted = tuple(names)
    known = {name for name, _ in net.named_modules()} | {name for name, _ in net.named_parameters()}
    for name in wanted:
        if name not in known:
            first = ", ".join(name for name, _ in net.named_children())
            raise OptionError("the name of a part of the net", repr(name), f"it has: {first}"[:200])
    for path, module in [*net.named_modules()]:
        own = tuple(
            name
            for name, _ in module.named_parameters(recurse=False)
            if _within(f"{path}.{name}" if path else name, wanted)
        )
        whole = _within(path, wanted)
        if whole or own:
            yield path, module, whole, own


def _within(path: str, names: tuple[str, ...]) -> bool:
    return any(path == name or path.startswith(f"{name}.") or not name for name in names)
