"""One step of recurrent nets, written out.

Weights have names, shapes and order of gates as in PyTorch: ``weight_ih`` (gates * width, inputs),
``weight_hh`` (gates * width, width), and a bias of each.
"""

from __future__ import annotations

from typing import NamedTuple

from modelwright.nets.library import nn, torch

__all__ = [
    "CellWeights",
    "GRUCell",
    "LSTMCell",
    "RNNCell",
    "gru_step",
    "lstm_step",
    "open_gate",
    "rnn_step",
]


class CellWeights(NamedTuple):
    """What a step multiplies by.

    Parameters
    ----------
    weight_ih, weight_hh : Tensor
        From the inputs, and from the state, of all gates one below the other.
    bias_ih, bias_hh : Tensor of shape (gates * width,)
        One of each.
    """

    weight_ih: torch.Tensor
    weight_hh: torch.Tensor
    bias_ih: torch.Tensor
    bias_hh: torch.Tensor

    def of_inputs(self, x: torch.Tensor) -> torch.Tensor:
        """Give ``x W_i' + b_i``: (n, gates * width)."""
        return x @ self.weight_ih.T + self.bias_ih

    def of_state(self, h: torch.Tensor) -> torch.Tensor:
        """Give ``h W_h' + b_h``: (n, gates * width)."""
        return h @ self.weight_hh.T + self.bias_hh


def rnn_step(x: torch.Tensor, h: torch.Tensor, weights: CellWeights) -> torch.Tensor:
    """Give ``h' = tanh(W_i x + b_i + W_h h + b_h)`` (Elman 1990): (n, width).

    Examples
    --------
    >>> rnn_step(torch.zeros(1, 2), torch.zeros(1, 3), _weights(RNNCell(2, 3))).shape
    torch.Size([1, 3])
    """
    return torch.tanh(weights.of_inputs(x) + weights.of_state(h))


def gru_step(x: torch.Tensor, h: torch.Tensor, weights: CellWeights) -> torch.Tensor:
    """Give the next state of a gated recurrent unit (Cho et al. 2014): (n, width).

    ``r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)``, how much of the past the proposal sees;
    ``z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)``, how much of the past stays;
    ``n = tanh(W_in x + b_in + r (W_hn h + b_hn))``, the proposal; ``h' = (1 - z) n + z h``.

    Examples
    --------
    >>> gru_step(torch.zeros(1, 2), torch.ones(1, 3), _weights(GRUCell(2, 3))).shape
    torch.Size([1, 3])
    """
    i_r, i_z, i_n = weights.of_inputs(x).chunk(3, dim=1)
    h_r, h_z, h_n = weights.of_state(h).chunk(3, dim=1)
    r = torch.sigmoid(i_r + h_r)
    z = torch.sigmoid(i_z + h_z)
    n = torch.tanh(i_n + r * h_n)
    return (1 - z) * n + z * h


def lstm_step(
    x: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor], weights: CellWeights
) -> tuple[torch.Tensor, torch.Tensor]:
    """Give ``(h', c')`` of long short-term memory, (n, width) each.

    Hochreiter and Schmidhuber 1997. Gates ``i, f, o = sigmoid(W x + b + U h + d)`` and proposal
    ``g = tanh(W x + b + U h + d)``, each with weights of its own; ``c' = f c + i g``,
    ``h' = o tanh(c')``. With the forget gate ``f`` at 1 (Gers, Schmidhuber and Cummins 2000) and
    the input gate ``i`` at 0 the memory ``c`` stays as it is, and so does its gradient, over any
    number of steps.

    Examples
    --------
    >>> state = torch.zeros(1, 3), torch.zeros(1, 3)
    >>> [part.shape for part in lstm_step(torch.zeros(1, 2), state, _weights(LSTMCell(2, 3)))]
    [torch.Size([1, 3]), torch.Size([1, 3])]
    """
    h, c = state
    i, f, g, o = (weights.of_inputs(x) + weights.of_state(h)).chunk(4, dim=1)
    kept = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(kept), kept


def _weights(cell: nn.RNNCell | nn.GRUCell | nn.LSTMCell) -> CellWeights:
    return CellWeights(cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)


class RNNCell(nn.RNNCell):
    """``h' = tanh(W_i x + b_i + W_h h + b_h)``: a step of a plain recurrent net, Elman 1990.

    Parameters
    ----------
    inputs, width : int
        Of a step, and of the state.

    Examples
    --------
    >>> cell, x, h = RNNCell(2, 3), torch.randn(4, 2), torch.randn(4, 3)
    >>> torch.allclose(cell(x, h), cell.written_out(x, h), atol=1e-6)
    True
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__(inputs, width)

    def written_out(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs) and (n, width) to (n, width) as `forward` does."""
        return rnn_step(x, h, _weights(self))


class GRUCell(nn.GRUCell):
    """``h' = (1 - z) n + z h``: a step of a gated recurrent unit, Cho et al. 2014; see `gru_step`.

    Parameters
    ----------
    inputs, width : int
        Of a step, and of the state.

    Examples
    --------
    >>> cell, x, h = GRUCell(2, 3), torch.randn(4, 2), torch.randn(4, 3)
    >>> torch.allclose(cell(x, h), cell.written_out(x, h), atol=1e-6)
    True
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__(inputs, width)

    def written_out(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs) and (n, width) to (n, width) as `forward` does."""
        return gru_step(x, h, _weights(self))


class LSTMCell(nn.LSTMCell):
    """``c' = f c + i g``, ``h' = o tanh(c')``: a step of long short-term memory; see `lstm_step`.

    Hochreiter and Schmidhuber 1997.

    Parameters
    ----------
    inputs, width : int
        Of a step, and of the state.
    forget_bias : float
        The first bias of the forget gate. With 1 or more it is open at first, and what was long ago
        can be learned from (Jozefowicz, Zaremba and Sutskever 2015).

    Examples
    --------
    >>> cell, x = LSTMCell(2, 3), torch.randn(4, 2)
    >>> state = torch.randn(4, 3), torch.randn(4, 3)
    >>> torch.allclose(cell(x, state)[1], cell.written_out(x, state)[1], atol=1e-6)
    True
    """

    def __init__(self, inputs: int, width: int, *, forget_bias: float = 1.0) -> None:
        super().__init__(inputs, width)
        open_gate(self.bias_ih, self.bias_hh, forget_bias, 4)

    def written_out(
        self, x: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map (n, inputs) and two of (n, width) to two of (n, width) as `forward` does."""
        return lstm_step(x, state, _weights(self))


@torch.no_grad()
def open_gate(bias_ih: torch.Tensor, bias_hh: torch.Tensor, value: float, gates: int) -> None:
    """Set the bias of the gate that keeps the past: the second, in an LSTM as in a GRU.

    Both biases are added, so one becomes zero.

    Parameters
    ----------
    bias_ih, bias_hh : Tensor of shape (gates * width,)
        Changed in place.
    value : float
        The bias; above zero the gate is open.
    gates : int
        4 for an LSTM, 3 for a GRU.

    Examples
    --------
    >>> bias, other = torch.zeros(8), torch.ones(8)
    >>> open_gate(bias, other, 5.0, 4)
    >>> (bias + other).tolist()
    [1.0, 1.0, 5.0, 5.0, 1.0, 1.0, 1.0, 1.0]
    """
    width = len(bias_ih) // gates
    bias_ih[width : 2 * width] = value
    bias_hh[width : 2 * width] = 0.0
