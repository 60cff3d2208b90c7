"""Dropout is noise that acts like L2: shown for a linear model, then used in a net."""

from __future__ import annotations

import torch
from sklearn.datasets import load_diabetes, load_digits
from torch import nn

from modelwright.nets.layers.dropping import Dropout, dropout_penalty
from modelwright.nets.mlp import MLP

torch.manual_seed(0)

# The mean squared error under dropout is the plain one plus p / (1 - p) sum_j w_j^2 ||x_j||^2.
data = load_diabetes()
x = torch.tensor(data.data) * 20
y = torch.tensor(data.target - data.target.mean()) / data.target.std()
weight = torch.linalg.lstsq(x, y).solution
drop = Dropout(0.3)
noisy = torch.stack([((y - drop(x) @ weight) ** 2).sum() for _ in range(800)])
plain = ((y - x @ weight) ** 2).sum()
penalty = dropout_penalty(x, weight, 0.3)
print(f"plain error {plain:.1f}; under dropout {noisy.mean():.1f} on average")
print(f"plain error and the L2 term: {plain + penalty:.1f}")
assert abs(noisy.mean() - plain - penalty) < 5 * noisy.std() / 800**0.5

# In a net: the error on rows set apart, with few rows to learn from.
digits = load_digits()
images, labels = torch.tensor(digits.data).float() / 16, torch.tensor(digits.target)
few, rest = slice(0, 150), slice(150, None)
for p in (0.0, 0.5):
    torch.manual_seed(0)
    net = MLP(64, [256, 256], classes=10, dropout=p)
    adam = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(120):
        adam.zero_grad()
        nn.functional.cross_entropy(net(images[few]), labels[few]).backward()
        adam.step()
    net.eval()
    with torch.no_grad():
        loss = nn.functional.cross_entropy(net(images[rest]), labels[rest])
        right = (net(images[rest]).argmax(dim=1) == labels[rest]).float().mean()
    print(f"dropout {p}: loss {loss:.3f}, {right:.1%} right")
