"""Low-rank adaptation: a layer that stands still, beside it a small change that learns.

Hu et al. 2022, "LoRA: low-rank adaptation of large language models". The change that fine-tuning
makes to a weight has few directions that matter, so it is learned as a product of two thin
matrices; merged back it costs nothing when predicting.
"""

from __future__ import annotations

from collections.abc import Iterator

from modelwright.core.errors import OptionError
from modelwright.nets.library import nn, torch

__all__ = ["LoRA", "add_lora", "merge_lora"]


class LoRA(nn.Module):
    """``y = W x + c + (a / r) B A x``: a layer that stands still, and a change of rank ``r``.

    Hu et al. 2022. ``A`` is drawn and ``B`` zero at first, so that the layer begins as it was. For
    a convolution ``A`` slides the kernel and gives ``r`` channels, ``B`` mixes these. ``W`` and
    ``c`` do not learn.

    Parameters
    ----------
    layer : nn.Linear or nn.Conv2d
        Kept inside; a convolution without groups.
    rank : int
        ``r``: from 1 to the smaller width of the layer.
    alpha : float, optional
        ``a``: how loud the change is; None: ``r``, a factor of 1.

    Raises
    ------
    OptionError
        When the layer is of another kind, or has no such rank.

    Examples
    --------
    >>> layer = nn.Linear(6, 4)
    >>> changed = LoRA(layer, rank=2)
    >>> x = torch.randn(3, 6)
    >>> bool((changed(x) == layer(x)).all())
    True
    >>> sum(p.numel() for p in changed.parameters() if p.requires_grad), layer.weight.numel()
    (20, 24)
    """

    def __init__(
        self, layer: nn.Linear | nn.Conv2d, rank: int = 4, alpha: float | None = None
    ) -> None:
        super().__init__()
        if not _suits(layer):
            got = f"{type(layer).__name__}{' with groups' if isinstance(layer, nn.Conv2d) else ''}"
            raise OptionError("a linear layer or a convolution without groups", got)
        outputs, inputs = layer.weight.shape[:2]
        if not 1 <= rank <= min(inputs, outputs):
            raise OptionError(f"a rank from 1 to {min(inputs, outputs)}", str(rank))
        self._learned = {name: value.requires_grad for name, value in layer.named_parameters()}
        self.layer = layer.requires_grad_(False)
        self.scale = (rank if alpha is None else alpha) / rank
        self.down = nn.Parameter(torch.empty(rank, *layer.weight.shape[1:]))
        self.up = nn.Parameter(torch.zeros(outputs, rank))
        nn.init.kaiming_uniform_(self.down, a=5**0.5)  # as a linear layer of PyTorch begins

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, ..., inputs), or (n, inputs, rows, columns), as the layer inside does."""
        layer, up = self.layer, self.up * self.scale
        y: torch.Tensor = layer(x)
        if isinstance(layer, nn.Linear):
            return y + nn.functional.linear(nn.functional.linear(x, self.down), up)
        assert isinstance(layer, nn.Conv2d)  # __init__ has seen to it
        few = nn.functional.conv2d(x, self.down, None, layer.stride, layer.padding, layer.dilation)
        return y + nn.functional.conv2d(few, up[:, :, None, None])

    @property
    def weight(self) -> torch.Tensor:
        """What the layer multiplies by, with the change: for whoever does it in its place."""
        return self.layer.weight + self.change()  # as attention of PyTorch does with its outputs

    @property
    def bias(self) -> torch.Tensor | None:
        """What the layer adds."""
        return self.layer.bias

    def change(self) -> torch.Tensor:
        """Give ``(a / r) B A``, in the shape of the weight: (outputs, inputs, ...)."""
        flat = self.scale * self.up @ self.down.flatten(1)
        return flat.reshape(len(self.up), *self.down.shape[1:])

    @torch.no_grad()
    def merged(self) -> nn.Module:
        """Give the layer inside with the change added to its weight; it learns if it did before."""
        self.layer.weight.add_(self.change())
        for name, value in self.layer.named_parameters():
            value.requires_grad = self._learned[name]
        return self.layer


def add_lora(
    net: nn.Module, rank: int = 4, *, alpha: float | None = None, skip: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Put `LoRA` around every linear layer and convolution of a net, in place (Hu et al. 2022).

    Where a layer is narrower than the rank, it gets the largest rank that it can have.

    Parameters
    ----------
    net : nn.Module
        Any; its other parameters are left as they are (`modelwright.training.transfer.freeze`).
    rank : int
        Of every change.
    alpha : float, optional
        As in `LoRA`.
    skip : tuple of str
        Names whose layers stay as they are, with all below them: the head.

    Returns
    -------
    tuple of str
        The names of the layers that were changed.

    Raises
    ------
    OptionError
        When there is no such layer.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> add_lora(net, rank=2, skip=("2",))
    ('0',)
    """
    names = [
        name
        for name, module in net.named_modules()
        if name and _suits(module) and not any(f"{name}.".startswith(f"{s}.") for s in skip)
    ]
    inside = {name for name, module in net.named_modules() if isinstance(module, LoRA)}
    names = [name for name in names if name.rpartition(".")[0] not in inside]
    if not names:
        got = f"{type(net).__name__}{', whose layers are changed already' if inside else ''}"
        raise OptionError("a net with linear layers or convolutions to change", got)
    for name in names:
        layer = net.get_submodule(name)
        assert isinstance(layer, nn.Linear | nn.Conv2d)  # it suits
        most = min(layer.weight.shape[:2])
        _replace(net, name, LoRA(layer, min(rank, most), alpha))
    return tuple(names)


def merge_lora(net: nn.Module) -> tuple[str, ...]:
    """Add every change to the weight beside it, and take the `LoRA` away again, in place.

    Parameters
    ----------
    net : nn.Module
        That `add_lora` has changed.

    Returns
    -------
    tuple of str
        The names of the layers that were merged.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> _ = add_lora(net, rank=2)
    >>> merge_lora(net), type(net[0]).__name__
    (('0', '2'), 'Linear')
    """
    found = [*_adapted(net)]
    for name, module in found:
        _replace(net, name, module.merged())
    return tuple(name for name, _ in found)


def _adapted(net: nn.Module) -> Iterator[tuple[str, LoRA]]:
    for name, module in net.named_modules():
        if name and isinstance(module, LoRA):
            yield name, module


def _suits(module: nn.Module) -> bool:
    if isinstance(module, nn.Conv2d):
        return module.groups == 1 and module.padding_mode == "zeros"
    return isinstance(module, nn.Linear)


def _replace(net: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, own = name.rpartition(".")
    setattr(net.get_submodule(parent), own, module)
