"""Recurrent nets: one step written out, a memory that keeps, and gradients over many steps."""

from __future__ import annotations

import torch
from torch import nn

from modelwright.nets.layers.recurrent import LSTMCell, Recurrent

torch.manual_seed(0)

# The fused layer and the one written out, deep and in both directions, with padding.
layer = Recurrent("lstm", 3, 8, depth=2, both_ways=True)
x, lengths = torch.randn(4, 10, 3), torch.tensor([10, 3, 7, 1])
fused, plain = layer(x, lengths), layer.written_out(x, lengths)
print("fused and written out differ by", f"{(fused[0] - plain[0]).abs().max():.0e}")
assert torch.allclose(fused[0], plain[0], atol=1e-6)

# Forget gate 1, input gate 0: the memory stays as it is, over any number of steps.
cell = LSTMCell(1, 4)
with torch.no_grad():
    for parameter in cell.parameters():
        parameter.zero_()
    cell.bias_ih[:4] = -50.0
    cell.bias_ih[4:8] = 50.0
memory = torch.tensor([[1.0, -2.0, 3.0, 0.5]], requires_grad=True)
h, c = torch.zeros(1, 4), memory
for _ in range(500):
    h, c = cell(torch.randn(1, 1), (h, c))
(slope,) = torch.autograd.grad(c.sum(), memory)
print("after 500 steps:", c.tolist(), "gradient", slope.tolist())
assert torch.allclose(c, memory)

# Which kind learns to repeat, after 20 steps of noise, the number that it saw first?
for kind in ("rnn", "gru", "lstm"):
    torch.manual_seed(1)
    read, say = Recurrent(kind, 2, 24), nn.Linear(24, 1)
    parameters = [*read.parameters(), *say.parameters()]
    adam = torch.optim.Adam(parameters, 1e-2)
    for _ in range(150):
        rows = torch.randn(64, 20, 2)
        rows[:, :, 1] = 0.0
        rows[:, 0, 1] = 1.0  # the step that counts is marked
        loss = ((say(read(rows)[1])[:, 0] - rows[:, 0, 0]) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        adam.step()
    print(f"{kind}: squared error {loss.item():.3f} (always answering 0: 1.0)")
    assert loss < 0.5 or kind == "rnn"
