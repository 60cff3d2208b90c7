"""An ensemble inside one net: members that share nearly all weights (TabM).

Gorishniy, Kotelnikov and Babenko 2025, "TabM: advancing tabular deep learning with
parameter-efficient ensembling", after BatchEnsemble (Wen, Tran and Ba 2020). Tensors are of shape
(n_rows, members, width).
"""

from __future__ import annotations

import math

from modelwright.nets.library import nn, torch

__all__ = ["MemberHead", "MemberLinear", "MemberScale"]


class MemberScale(nn.Module):
    """``y_k = r_k * x``: each member sees the row through factors of its own.

    All that TabM-mini adds before a shared net.

    Parameters
    ----------
    members, width : int
        Shape of the factors.
    signs : bool
        Draw signs at first, for plain inputs; else from a normal, for embedded ones.

    Examples
    --------
    >>> MemberScale(4, 3)(torch.ones(2, 3)).shape
    torch.Size([2, 4, 3])
    """

    def __init__(self, members: int, width: int, *, signs: bool = False) -> None:
        super().__init__()
        drawn = torch.randn(members, width)
        self.factor = nn.Parameter(drawn.sign() if signs else drawn)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n_rows, width) to (n_rows, members, width)."""
        return x[:, None, :] * self.factor


class MemberLinear(nn.Module):
    """``y_k = ((r_k * x_k) W) * s_k + b_k``, or ``y_k = x_k W + b`` when `own` is false.

    The full TabM gives every member its own factors and biases in every layer; the factors are 1
    at first, so that only `MemberScale` before the first layer sets members apart.

    Parameters
    ----------
    members, inputs, outputs : int
        Shape.
    own : bool
        Whether members have factors and biases of their own.

    Examples
    --------
    >>> MemberLinear(4, 3, 5)(torch.ones(2, 4, 3)).shape
    torch.Size([2, 4, 5])
    """

    def __init__(self, members: int, inputs: int, outputs: int, *, own: bool = False) -> None:
        super().__init__()
        bound = 1.0 / math.sqrt(inputs)
        self.weight = nn.Parameter(bound * (2 * torch.rand(inputs, outputs) - 1))
        first = bound * (2 * torch.rand(outputs) - 1)
        self.bias = nn.Parameter(first.repeat(members, 1) if own else first)
        self.into = nn.Parameter(torch.ones(members, inputs)) if own else None
        self.out_of = nn.Parameter(torch.ones(members, outputs)) if own else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n_rows, members, inputs) to (n_rows, members, outputs)."""
        if self.into is None or self.out_of is None:
            flat = torch.addmm(self.bias, x.flatten(0, 1), self.weight)
            return flat.reshape(*x.shape[:2], -1)
        flat = (x * self.into).flatten(0, 1) @ self.weight
        return flat.reshape(*x.shape[:2], -1) * self.out_of + self.bias


class MemberHead(nn.Module):
    """``y_k = x_k W_k + b_k``: the last layer, of which every member has its own.

    Parameters
    ----------
    members, inputs, outputs : int
        Shape.

    Examples
    --------
    >>> MemberHead(4, 3, 2)(torch.ones(5, 4, 3)).shape
    torch.Size([5, 4, 2])
    """

    def __init__(self, members: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = 1.0 / math.sqrt(inputs)
        self.weight = nn.Parameter(bound * (2 * torch.rand(members, inputs, outputs) - 1))
        self.bias = nn.Parameter(bound * (2 * torch.rand(members, outputs) - 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n_rows, members, inputs) to (n_rows, members, outputs)."""
        return torch.einsum("nki,kio->nko", x, self.weight) + self.bias
