"""A net on one screen."""

from __future__ import annotations

from collections.abc import Sequence

from modelwright.nets.counting import LayerCost, count
from modelwright.nets.library import nn

__all__ = ["summary"]

_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def summary(net: nn.Module, shape: Sequence[int], *, depth: int = 2) -> str:
    """Describe a net: what its parts give, how much they learn and what they cost.

    Parameters
    ----------
    net : nn.Module
        Not changed.
    shape : sequence of int
        Of one row, such as (3, 32, 32).
    depth : int
        Parts are told apart down to so many levels of names.

    Returns
    -------
    str
        A table to be printed; ``multiply-adds`` are those of one row.

    Examples
    --------
    >>> from modelwright.nets.mlp import MLP
    >>> print(summary(MLP(784, [32], classes=10), (1, 28, 28), depth=1))
    part    output  parameters  multiply-adds
    hidden  32          25,120         25.1 k
    head    10             330            320
    whole   10          25,450         25.4 k
    """
    cost = count(net, shape)
    parts: dict[str, list[LayerCost]] = {}
    for layer in cost.layers:
        parts.setdefault(".".join(layer.name.split(".")[:depth]), []).append(layer)
    own = dict(_direct(net, depth))
    rows = [("part", "output", "parameters", "multiply-adds")]
    for name, layers in parts.items():
        learned = sum({layer.name: layer.parameters for layer in layers}.values())
        learned += own.pop(name, 0)
        products = sum(layer.products for layer in layers)
        rows.append((name, _shape(layers[-1]), f"{learned:,}", _short(products)))
    rows += [(name, "", f"{learned:,}", "0") for name, learned in own.items()]
    last = cost.layers[-1] if cost.layers else None
    rows.append(
        ("whole", _shape(last) if last else "", f"{cost.parameters:,}", _short(cost.products))
    )
    text = _table(rows)
    if cost.uncounted:
        text += f"\noperations not counted: {', '.join(cost.uncounted)}"
    return text


def _direct(net: nn.Module, depth: int) -> list[tuple[str, int]]:
    """Give parameters that lie in no layer, such as learned positions, under their part."""
    found: dict[str, int] = {}
    for name, module in net.named_modules():
        if not [*module.children()]:
            continue
        for own, parameter in module.named_parameters(recurse=False):
            full = f"{name}.{own}" if name else own
            part = ".".join(full.split(".")[:depth])
            found[part] = found.get(part, 0) + parameter.numel()
    return [*found.items()]


def _shape(layer: LayerCost) -> str:
    return " x ".join(str(side) for side in layer.output)


def _short(number: int) -> str:
    """Write a count with three digits.

    Examples
    --------
    >>> _short(1_814_073_344), _short(320), _short(999_800)
    ('1.81 G', '320', '1 M')
    """
    for size, prefix in _PREFIXES:
        if number >= 0.9995 * size:  # what is rounded to a thousand of one is one of the next
            return f"{number / size:.3g} {prefix}"
    return str(number)


def _table(rows: list[tuple[str, str, str, str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = []
    for name, output, learned, cost in rows:
        left = f"{name:<{widths[0]}}  {output:<{widths[1]}}"
        lines.append(f"{left}  {learned:>{widths[2]}}  {cost:>{widths[3]}}")
    return "\n".join(lines)
