"""Nets for tables: RealMLP and TabM.

Both take a float32 block of scaled numbers with flags and one-hot levels beside them, and an int64
block of rows of one table of category vectors. `plain` of either gives the arrays that predict
without PyTorch: constants are multiplied into the weights, so that the arrays of both nets mean the
same (`modelwright.models.plain_net`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.nets.layers import (
    Activation,
    CategoryEmbedding,
    MemberHead,
    MemberLinear,
    MemberScale,
    NTKLinear,
    PeriodicEmbedding,
    PiecewiseEmbedding,
    Scale,
)
from modelwright.nets.library import nn, torch

__all__ = ["Front", "Inputs", "RealMLP", "TabM"]

Arrays = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Inputs:
    """What a net for tables is given.

    Parameters
    ----------
    numbers : int
        Columns of the float block that are numbers; they come first.
    others : int
        Columns of the float block after them: flags and one-hot levels.
    columns : int
        Columns of the int block.
    rows : int
        Rows of the table of category vectors.
    shared : tuple of int
        Rows of that table which stand for rare and unseen levels: zero at first, so that they say
        nothing where no rare level teaches them.
    bins : tuple of ndarray, optional
        `left` and `width` of `PiecewiseEmbedding`, of shape (numbers, bins).
    """

    numbers: int
    others: int
    columns: int = 0
    rows: int = 0
    shared: tuple[int, ...] = ()
    bins: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None


class Front(nn.Module):
    """Numbers embedded or as they are, flags and one-hot levels, category vectors: side by side.

    Parameters
    ----------
    inputs : Inputs
        What comes in.
    embedding : str
        Of numbers: ``"none"``, ``"periodic"`` or ``"piecewise"``.
    number_width : int
        Outputs a number, where numbers are embedded.
    code_width : int
        Outputs a column of codes.

    Examples
    --------
    >>> front = Front(Inputs(3, 2), "periodic", 4, 8)
    >>> front(torch.zeros(6, 5), torch.zeros(6, 0, dtype=torch.int64)).shape, front.width
    (torch.Size([6, 14]), 14)
    """

    def __init__(self, inputs: Inputs, embedding: str, number_width: int, code_width: int) -> None:
        super().__init__()
        self.numbers = inputs.numbers
        self.embed: PeriodicEmbedding | PiecewiseEmbedding | None = None
        if inputs.numbers and embedding == "periodic":
            self.embed = PeriodicEmbedding(inputs.numbers, width=number_width)
        elif inputs.numbers and embedding == "piecewise" and inputs.bins is not None:
            left, width = (torch.from_numpy(part) for part in inputs.bins)
            self.embed = PiecewiseEmbedding(left, width, number_width)
        self.codes: CategoryEmbedding | None = None
        if inputs.columns:
            self.codes = CategoryEmbedding(inputs.rows, code_width)
            with torch.no_grad():
                self.codes.table[list(inputs.shared)] = 0.0
        each = 1 if self.embed is None else number_width
        self.width = inputs.numbers * each + inputs.others + inputs.columns * code_width

    def forward(self, dense: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """Map (n_rows, numbers + others) and (n_rows, columns) to (n_rows, width)."""
        parts = [dense]
        if self.embed is not None:
            parts = [self.embed(dense[:, : self.numbers]), dense[:, self.numbers :]]
        if self.codes is not None:
            parts.append(self.codes(codes))
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def plain(self) -> Arrays:
        """Give the arrays."""
        taken: tuple[str, ...] = ()
        if isinstance(self.embed, PeriodicEmbedding):
            taken = ("frequency", "phase", "mix", "offset")
        elif isinstance(self.embed, PiecewiseEmbedding):
            taken = ("left", "width", "slope", "mix", "offset")
        arrays: Arrays = {name: _array(getattr(self.embed, name)) for name in taken}
        if self.codes is not None:
            arrays["table"] = _array(self.codes.table)
        return arrays


class RealMLP(nn.Module):
    """A multilayer perceptron with the tuned defaults of RealMLP (Holzmüller et al. 2024).

    Front, a factor for each input, then ``depth`` times linear, activation, dropout, and a linear
    layer. The small form (TD-S) has none of embeddings, learned activations and dropout.

    Parameters
    ----------
    front : Front
        The first layer.
    width, depth : int
        Units of each hidden layer, and how many there are.
    outputs : int
        Classes, or 1.
    activation : str
        ``"selu"`` for classes and ``"mish"`` for numbers, in the paper.
    full : bool
        The form TD: learned activations, dropout, and weights that suit the rows at first.

    Examples
    --------
    >>> net = RealMLP(Front(Inputs(3, 0), "none", 1, 8), 16, 2, 1, "mish")
    >>> net(torch.zeros(6, 3), torch.zeros(6, 0, dtype=torch.int64)).shape
    torch.Size([6, 1])
    """

    def __init__(
        self,
        front: Front,
        width: int,
        depth: int,
        outputs: int,
        activation: str,
        *,
        full: bool = False,
    ) -> None:
        super().__init__()
        widths = [front.width] + depth * [width]
        self.front = front
        self.scale = Scale(front.width)
        self.hidden = nn.ModuleList(NTKLinear(a, b) for a, b in pairwise(widths))
        strengths = width if full else 0
        self.bends = nn.ModuleList(Activation(activation, strengths) for _ in range(depth))
        self.drop = nn.Dropout(0.0)
        self.last = NTKLinear(widths[-1], outputs, zero=not full)

    def forward(self, dense: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """Map rows to raw scores, (n_rows, outputs)."""
        x = self.scale(self.front(dense, codes))
        for linear, bend in zip(self.hidden, self.bends, strict=True):
            x = self.drop(bend(linear(x)))
        out: torch.Tensor = self.last(x)
        return out

    @torch.no_grad()
    def suit(self, dense: torch.Tensor, codes: torch.Tensor) -> None:
        """Draw all layers anew so that they suit these rows; see `NTKLinear.suit`."""
        x = self.scale(self.front(dense, codes))
        for linear, bend in zip(self.hidden, self.bends, strict=True):
            assert isinstance(linear, NTKLinear)
            x = bend(linear.suit(x))
        self.last.suit(x)

    def plain(self) -> Arrays:
        """Give the arrays, with the factors of the inputs multiplied into the first weights."""
        arrays = self.front.plain()
        layers = [layer for layer in [*self.hidden, self.last] if isinstance(layer, NTKLinear)]
        for i, layer in enumerate(layers):
            weight = layer.weight.detach().double() * layer.shrink
            if i == 0:
                weight = self.scale.factor.detach().double()[:, None] * weight
            last = i == len(layers) - 1
            arrays[f"weight_{'last' if last else i}"] = _array(weight)[None]
            arrays[f"bias_{'last' if last else i}"] = _array(layer.bias)[None]
        for i, bend in enumerate(self.bends):
            if isinstance(bend, Activation) and bend.strength is not None:
                arrays[f"strength_{i}"] = _array(bend.strength)
        return arrays


class TabM(nn.Module):
    """Many perceptrons that share their weights (Gorishniy, Kotelnikov and Babenko 2025).

    Front, a `MemberScale`, then ``depth`` times `MemberLinear`, ReLU, dropout, and a `MemberHead`.
    Members are trained side by side, each on its own loss, and their answers are averaged.

    Parameters
    ----------
    front : Front
        The first layer.
    members : int
        How many perceptrons.
    width, depth : int
        Units of each hidden layer, and how many there are.
    outputs : int
        Classes, or 1.
    full : bool
        Give members factors and biases of their own in every layer; else in the first alone
        (TabM-mini).

    Examples
    --------
    >>> net = TabM(Front(Inputs(3, 0), "none", 1, 8), 4, 16, 2, 1)
    >>> net(torch.zeros(6, 3), torch.zeros(6, 0, dtype=torch.int64)).shape
    torch.Size([6, 4, 1])
    """

    def __init__(
        self,
        front: Front,
        members: int,
        width: int,
        depth: int,
        outputs: int,
        *,
        full: bool = False,
    ) -> None:
        super().__init__()
        widths = [front.width] + depth * [width]
        self.front = front
        self.members = MemberScale(members, front.width, signs=front.embed is None)
        self.hidden = nn.ModuleList(
            MemberLinear(members, a, b, own=full) for a, b in pairwise(widths)
        )
        self.bend = Activation("relu")
        self.drop = nn.Dropout(0.0)
        self.last = MemberHead(members, widths[-1], outputs)

    def forward(self, dense: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """Map rows to raw scores of each member, (n_rows, members, outputs)."""
        x = self.members(self.front(dense, codes))
        for linear in self.hidden:
            x = self.drop(self.bend(linear(x)))
        out: torch.Tensor = self.last(x)
        return out

    def plain(self) -> Arrays:
        """Give the arrays: a bias for each member, or one for all."""
        arrays = self.front.plain() | {"members": _array(self.members.factor)}
        for i, layer in enumerate(self.hidden):
            assert isinstance(layer, MemberLinear)
            arrays[f"weight_{i}"] = _array(layer.weight)[None]
            arrays[f"bias_{i}"] = _array(layer.bias).reshape(-1, layer.bias.shape[-1])
            if layer.into is not None and layer.out_of is not None:
                arrays[f"into_{i}"] = _array(layer.into)
                arrays[f"out_of_{i}"] = _array(layer.out_of)
        arrays["weight_last"] = _array(self.last.weight)
        arrays["bias_last"] = _array(self.last.bias)
        return arrays


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    """Copy: what is trained on must not change what was taken."""
    plain: NDArray[Any] = tensor.detach().cpu().numpy()
    return plain.astype(np.float32, copy=True)
