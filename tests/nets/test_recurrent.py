"""Recurrence: cells and whole sequences written out against the fused ones; memory; padding."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.errors import OptionError  # noqa: E402
from modelwright.nets.layers.recurrent import (  # noqa: E402
    GRUCell,
    LSTMCell,
    Recurrent,
    RNNCell,
)
from modelwright.nets.layers.recurrent.cells import CellWeights, lstm_step  # noqa: E402
from modelwright.nets.library import reproducible  # noqa: E402

LENGTHS = torch.tensor([7, 1, 4, 6])


@pytest.fixture(autouse=True)
def seeded() -> object:
    with reproducible(seed=1):
        yield


def test_cells_written_out_are_those_of_pytorch() -> None:
    x, h, c = (torch.randn(4, k, dtype=torch.float64, requires_grad=True) for k in (2, 3, 3))
    for kind in (RNNCell, GRUCell):
        cell = kind(2, 3).double()
        torch.testing.assert_close(cell.written_out(x, h), cell(x, h))
        assert torch.autograd.gradcheck(cell.written_out, (x, h))
    cell = LSTMCell(2, 3).double()
    torch.testing.assert_close(cell.written_out(x, (h, c)), cell(x, (h, c)))
    assert torch.autograd.gradcheck(lambda x, h, c: cell.written_out(x, (h, c)), (x, h, c))


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("depth", [1, 2])
def test_the_fused_layer_is_the_one_written_out(kind: str, both_ways: bool, depth: int) -> None:
    layer = Recurrent(kind, 3, 5, depth=depth, both_ways=both_ways).double()
    x = torch.randn(4, 7, 3, dtype=torch.float64)
    for lengths in (None, LENGTHS):
        quick, plain = layer(x, lengths), layer.written_out(x, lengths)
        torch.testing.assert_close(plain, quick)
        weights = [*layer.parameters()]
        grads = [torch.autograd.grad(form[0].square().sum(), weights) for form in (quick, plain)]
        torch.testing.assert_close(grads[0], grads[1])


def test_padding_changes_nothing() -> None:
    layer = Recurrent("gru", 3, 5, both_ways=True).double()
    x = torch.randn(4, 7, 3, dtype=torch.float64)
    states, last = layer(x, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        alone, end = layer(x[row : row + 1, :length])
        torch.testing.assert_close(states[row, :length], alone[0])
        torch.testing.assert_close(last[row], end[0])
        assert states[row, length:].abs().sum() == 0


def test_an_open_forget_gate_and_a_closed_input_gate_keep_the_memory() -> None:
    width = 3
    weights = CellWeights(
        torch.zeros(12, 2), torch.zeros(12, width), torch.zeros(12), torch.zeros(12)
    )
    weights.bias_ih[:3] = -50.0  # input gate 0
    weights.bias_ih[3:6] = 50.0  # forget gate 1
    memory = torch.tensor([[1.0, -2.0, 3.0]], requires_grad=True)
    h, c = torch.zeros(1, width), memory
    for _ in range(200):
        h, c = lstm_step(torch.randn(1, 2), (h, c), weights)
    torch.testing.assert_close(c, memory)
    (slope,) = torch.autograd.grad(c.sum(), memory)
    torch.testing.assert_close(slope, torch.ones(1, width))  # the gradient is kept as well


def test_first_weights_keep_a_signal_and_the_forget_gate_open() -> None:
    layer = Recurrent("lstm", 3, 8, depth=2)
    for name in ("weight_hh_l0", "weight_hh_l1"):
        for gate in getattr(layer.fused, name).detach().chunk(4):
            torch.testing.assert_close(gate @ gate.T, torch.eye(8), atol=1e-5, rtol=0)
    both = layer.fused.bias_ih_l0 + layer.fused.bias_hh_l0
    assert both[8:16].tolist() == [1.0] * 8
    gru = Recurrent("gru", 3, 8).fused
    assert (gru.bias_ih_l0 + gru.bias_hh_l0)[8:16].tolist() == [1.0] * 8


def test_a_plain_net_reads_both_ways() -> None:
    layer = Recurrent("rnn", 1, 4, both_ways=True).double()
    x = torch.randn(1, 6, 1, dtype=torch.float64, requires_grad=True)
    states, _ = layer(x)
    (forward,) = torch.autograd.grad(states[0, 2, :4].sum(), x, retain_graph=True)
    (backward,) = torch.autograd.grad(states[0, 2, 4:].sum(), x)
    assert (forward[0, :, 0] != 0).tolist() == [True] * 3 + [False] * 3
    assert (backward[0, :, 0] != 0).tolist() == [False] * 2 + [True] * 4


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(OptionError, match="did you mean 'lstm'"):
        Recurrent("lstn", 2, 3)
