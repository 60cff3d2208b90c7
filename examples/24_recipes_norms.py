"""Batch norm written out, both meanings of momentum, the other norms, and which one when."""

from __future__ import annotations

import torch
from torch import nn

from modelwright.nets.layers.norms import (
    BatchNorm,
    CrossNorm,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    NetRecovery,
    SelfNorm,
    Whitening,
    moving,
    recommend_norm,
)
from modelwright.nets.layers.norms.gradients import centralise_gradients, normalise_gradients
from modelwright.nets.layers.norms.weights import norm_weights

torch.manual_seed(0)
x = 5 + 3 * torch.randn(16, 6, 8, 8)

# Tables and images: an image is a heap of rows, one for each pixel.
ours, theirs = BatchNorm(6), nn.BatchNorm2d(6)
assert torch.allclose(ours.written_out(x), theirs(x), atol=1e-5)
assert torch.allclose(ours.running_var, theirs.running_var)
print(f"after one batch of mean 5 the moving mean is {ours.running_mean.mean():.2f}")

# The same movement in both conventions: a share of the new (PyTorch) or of the old (Keras).
old, new = torch.tensor(0.0), torch.tensor(5.0)
print("momentum .1 of the new:", moving(old, new, 0.1).item())
print("momentum .9 of the old:", round(moving(old, new, 0.9, "old").item(), 4))
print("Keras' .9 read by PyTorch:", moving(old, new, 0.9).item(), "- statistics of one batch")

# Over what mean and variance are taken.
for norm in (GroupNorm(6, 3), InstanceNorm(6), GroupNorm(6, 1)):
    assert torch.allclose(norm(x), norm.written_out(x), atol=1e-4)
rows = x.movedim(1, -1)
assert torch.allclose(LayerNorm(6)(rows), LayerNorm(6).written_out(rows), atol=1e-4)

# Whitening: not only of size one, but uncorrelated.
mixed = torch.randn(400, 4) @ torch.randn(4, 4)
for name, norm in (("batch norm", BatchNorm(4)), ("whitening", Whitening(4))):
    left = norm(mixed).T.corrcoef()
    print(f"{name}: the largest correlation left is {(left - torch.eye(4)).abs().max():.3f}")

# Recovery by a small net, styles exchanged, styles weighed.
said = NetRecovery(6, nn.BatchNorm2d(6, affine=False))(x)
print("shapes:", said.shape, CrossNorm(1.0)(x).shape, SelfNorm(6)(x).shape)

# Norms of weights and of gradients.
net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))
before = net(rows)
assert torch.allclose(norm_weights(net)(rows), before, atol=1e-5)
net(rows).square().mean().backward()
centralise_gradients(net)
normalise_gradients(net)

# Which when, from the data.
for choice in (
    recommend_norm("image", batch=128),
    recommend_norm("image", batch=4),
    recommend_norm("text", batch=64, variable_length=True),
    recommend_norm("table", batch=256, rows=9),
):
    print(choice)
