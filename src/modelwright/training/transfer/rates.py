"""Layer-wise rates: the lower a layer, the more general what it knows, the slower it learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelwright.core.errors import OptionError
from modelwright.nets.library import nn

__all__ = ["layerwise_rates", "parameter_groups"]

Stages = Sequence[Sequence[str]]


def layerwise_rates(net: nn.Module, stages: Stages, decay: float = 0.7) -> dict[str, float]:
    """Let the stage ``k`` below the top learn at ``decay^k`` of the rate, in place.

    Discriminative fine-tuning (Howard and Ruder 2018, "Universal language model fine-tuning",
    section 3.2; there 1 / 2.6). The factors are put on the modules (`rates`), where
    `modelwright.training.optimiser.Optimiser` finds them; they multiply what a layer says itself.
    Muon takes no factors: use AdamW or momentum.

    Parameters
    ----------
    net : nn.Module
        Any.
    stages : sequence of sequences of str
        Names of modules or parameters, the bottom first, the head last
        (`modelwright.nets.backbone.stages_of`).
    decay : float
        Above 0, at most 1.

    Returns
    -------
    dict of str to float
        The factor of every parameter, by name. What is in no stage learns like the lowest one.

    Raises
    ------
    OptionError
        When the decay means nothing.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 3), nn.Linear(3, 1))
    >>> rates = layerwise_rates(net, [["0"], ["1"], ["2"]], decay=0.5)
    >>> [rates[f"{i}.weight"] for i in range(3)], net[0].rates["bias"]
    ([0.25, 0.5, 1.0], 0.25)
    """
    factors = _factors(net, stages, decay)
    for path, module in net.named_modules():
        said: Mapping[str, float] = getattr(type(module), "rates", {})
        own = {
            name: said.get(name, 1.0) * factors[f"{path}.{name}" if path else name]
            for name, _ in module.named_parameters(recurse=False)
        }
        if own:
            vars(module)["rates"] = own
    return factors


def parameter_groups(
    net: nn.Module, stages: Stages, rate: float, decay: float = 0.7
) -> list[dict[str, Any]]:
    """Give the same for an optimiser of PyTorch: a group for each rate, the bottom first.

    Parameters
    ----------
    net, stages, decay
        As in `layerwise_rates`; the net stays as it is.
    rate : float
        Of the top.

    Returns
    -------
    list of dict
        With `params` and `lr`; what asks for no gradients now is among them, and may be thawed
        later.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    >>> [group["lr"] for group in parameter_groups(net, [["0"], ["1"]], 0.01, decay=0.1)]
    [0.001, 0.01]
    """
    factors = _factors(net, stages, decay)
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        groups.setdefault(factors[name], []).append(parameter)
    return [{"params": groups[factor], "lr": rate * factor} for factor in sorted(groups)]


def _factors(net: nn.Module, stages: Stages, decay: float) -> dict[str, float]:
    if not 0.0 < decay <= 1.0:
        raise OptionError("a decay above 0, at most 1", str(decay), "write 0.7, or 1 for one rate")
    top = len(stages) - 1
    found = {}
    for name, _ in net.named_parameters():
        place = next((i for i in range(top, -1, -1) if _is_in(name, stages[i])), 0)
        found[name] = decay ** (top - place)
    return found


def _is_in(name: str, stage: Sequence[str]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in stage)
