"""Recurrent layers over whole sequences: fused, and step by step."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.nets.layers.attention.masks import padding_mask
from modelwright.nets.layers.recurrent.cells import (
    CellWeights,
    gru_step,
    lstm_step,
    open_gate,
    rnn_step,
)
from modelwright.nets.library import nn, torch

__all__ = ["Recurrent"]

_FUSED: Mapping[str, type[nn.RNN] | type[nn.GRU] | type[nn.LSTM]] = MappingProxyType(
    {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
)


class Recurrent(nn.Module):
    """``h_t = step(x_t, h_(t-1))`` from step to step; deep, and in both directions if wanted.

    The steps are those of `modelwright.nets.layers.recurrent.cells`. A deep one reads the states of
    the layer below (Graves 2013). In both directions a second net reads from the end, and their
    states stand side by side (Schuster and Paliwal 1997): not for what has to be foretold. Weights
    from the state to itself are orthogonal at first, so that nothing fades or grows (Saxe et al.
    2014; Le, Jaitly and Hinton 2015). The gate that keeps the past is open: the forget gate of an
    LSTM (Jozefowicz, Zaremba and Sutskever 2015), the update gate of a GRU (Tallec and Ollivier
    2018).

    Parameters
    ----------
    kind : str
        ``"rnn"``, ``"gru"`` or ``"lstm"``.
    inputs, width : int
        Of a step, and of the state.
    depth : int
        Layers.
    both_ways : bool
        Read from the end as well; the output is then twice as wide.
    dropout : float
        Between layers.

    Examples
    --------
    >>> layer = Recurrent("lstm", 3, 4, depth=2, both_ways=True)
    >>> states, last = layer(torch.randn(5, 7, 3), torch.tensor([7, 2, 3, 1, 4]))
    >>> states.shape, last.shape
    (torch.Size([5, 7, 8]), torch.Size([5, 8]))
    """

    def __init__(
        self,
        kind: str,
        inputs: int,
        width: int,
        *,
        depth: int = 1,
        both_ways: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if kind not in _FUSED:
            raise OptionError("a kind of recurrence", repr(kind), did_you_mean(kind, _FUSED))
        self.kind, self.width, self.depth = kind, width, depth
        self.directions = 2 if both_ways else 1
        self.fused = _FUSED[kind](
            inputs,
            width,
            num_layers=depth,
            bidirectional=both_ways,
            dropout=dropout if depth > 1 else 0.0,
            batch_first=True,
        )
        self._begin()

    @torch.no_grad()
    def _begin(self) -> None:
        for weights in self._all_weights():
            for gate in weights.weight_hh.chunk(len(weights.weight_hh) // self.width):
                nn.init.orthogonal_(gate)
            if self.kind != "rnn":
                gates = 4 if self.kind == "lstm" else 3
                open_gate(weights.bias_ih, weights.bias_hh, 1.0, gates)

    def _all_weights(self) -> list[CellWeights]:
        """Give the weights of each layer and direction, the lowest layer first."""
        endings = [f"_l{k}{end}" for k in range(self.depth) for end in ("", "_reverse")]
        names = CellWeights._fields
        return [
            CellWeights(*(getattr(self.fused, name + ending) for name in names))
            for ending in endings
            if self.directions == 2 or not ending.endswith("_reverse")
        ]

    def forward(
        self, x: torch.Tensor, lengths: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Read sequences.

        Parameters
        ----------
        x : Tensor of shape (n, steps, inputs)
            Rows of steps, padded at the end.
        lengths : Tensor of int64, shape (n,), optional
            Steps of each row that are there, at least one; by default all.

        Returns
        -------
        states : Tensor of shape (n, steps, directions * width)
            Of the last layer after each step; zero where there is padding.
        last : Tensor of shape (n, directions * width)
            After the last step that is there (of the other direction: after the first).
        """
        if lengths is None:
            states, hidden = self.fused(x)
        else:
            packed = nn.utils.rnn.pack_padded_sequence(
                x, lengths.cpu(), batch_first=True, enforce_sorted=False
            )
            states, hidden = self.fused(packed)
            states, _ = nn.utils.rnn.pad_packed_sequence(
                states, batch_first=True, total_length=x.shape[1]
            )
        top = hidden[0] if isinstance(hidden, tuple) else hidden
        return states, top[-self.directions :].transpose(0, 1).flatten(1)

    def written_out(
        self, x: torch.Tensor, lengths: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Do what `forward` does without dropout, a step at a time."""
        n, steps, _ = x.shape
        full = torch.full((n,), steps) if lengths is None else lengths
        there = padding_mask(full, steps)
        lasts: list[torch.Tensor] = []
        weights = iter(self._all_weights())
        for _ in range(self.depth):
            read = [self._read(x, there, next(weights), back) for back in self._ways()]
            x = torch.cat([states for states, _ in read], dim=2)
            lasts = [last for _, last in read]
        return x, torch.cat(lasts, dim=1)

    def _ways(self) -> tuple[bool, ...]:
        return (False, True) if self.directions == 2 else (False,)

    def _read(
        self, x: torch.Tensor, there: torch.Tensor, weights: CellWeights, back: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Go through the steps in one direction; where there is padding the state stays."""
        n, steps, _ = x.shape
        h, c = x.new_zeros(n, self.width), x.new_zeros(n, self.width)
        states = [h] * steps
        for t in reversed(range(steps)) if back else range(steps):
            new, kept = self._step(x[:, t], h, c, weights)
            real = there[:, t, None]
            h, c = torch.where(real, new, h), torch.where(real, kept, c)
            states[t] = torch.where(real, h, 0.0)
        return torch.stack(states, dim=1), h

    def _step(
        self, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor, weights: CellWeights
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if self.kind == "lstm":
            return lstm_step(x, (h, c), weights)
        step = gru_step if self.kind == "gru" else rnn_step
        return step(x, h, weights), c
