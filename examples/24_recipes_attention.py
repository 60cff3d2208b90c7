"""Attention written out and fused; masks; heads that begin differently; first weights."""

from __future__ import annotations

import torch
from torch import nn

from modelwright.nets.init import FAMILIES, draw, gain, initialise
from modelwright.nets.layers.attention import MultiHeadAttention, padding_mask
from modelwright.nets.layers.dense import Dense

torch.manual_seed(0)
layer, x = MultiHeadAttention(32, heads=4), torch.randn(3, 6, 32)
kept = padding_mask(torch.tensor([6, 2, 4]), 6)
gap = (layer(x, causal=True, kept=kept) - layer.written_out(x, causal=True, kept=kept)).abs().max()
print(f"fused and written out differ by {gap:.0e}")
assert gap < 1e-5

looks = layer.looks(x, causal=True, kept=kept)
shares = " ".join(f"{share:.2f}" for share in looks[1, 0, 2].tolist())
print("the third step of the second row, of which two are there, looks at:", shares)
assert looks[1, :, :, 2:].abs().max() == 0  # padding
assert looks[0, :, 1, 2:].abs().max() == 0  # the future


# Each head is drawn by itself. Heads that begin alike get equal gradients, and stay alike.
def distance_of_heads(alike: bool) -> float:
    """Train a little; give how far the first two heads are from each other."""
    torch.manual_seed(1)
    net = MultiHeadAttention(16, heads=2)
    if alike:
        with torch.no_grad():
            for block in net.qkv.weight.chunk(3):
                block[8:] = block[:8]
            net.proj.weight[:, 8:] = net.proj.weight[:, :8]
    sgd = torch.optim.SGD(net.parameters(), 0.05)
    rows = torch.randn(64, 5, 16)
    for _ in range(50):
        sgd.zero_grad()
        ((net(rows) - rows.roll(1, dims=1)) ** 2).mean().backward()
        sgd.step()
    first, second = (block.detach() for block in net.qkv.weight[:16].chunk(2))
    return float((first - second).norm())


print(f"heads drawn alike: {distance_of_heads(True):.4f} apart after training")
print(f"heads drawn each by itself: {distance_of_heads(False):.2f} apart")
assert distance_of_heads(True) < 1e-4 < distance_of_heads(False)

# Families of first weights, and what twenty layers of ReLU make of a signal of size 1.
for family in FAMILIES:
    if family in ("eye", "sparse", "dirac"):
        draw(torch.empty(8, 8, 3, 3) if family == "dirac" else torch.empty(8, 8), family)
        continue
    size = {"normal": 0.05, "trunc_normal": 0.05, "uniform": 0.05, "constant": 0.05}.get(family)
    net = nn.Sequential(*(part for _ in range(20) for part in (Dense(128, 128), nn.ReLU())))
    initialise(net, family, size=size)
    spread = net(torch.randn(64, 128)).square().mean().sqrt()
    print(f"{family:16} {spread:.2g}")
print(f"the gain that makes up for ReLU is {gain('relu'):.4f}, for tanh {gain('tanh'):.2f}")
