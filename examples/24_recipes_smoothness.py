"""Does a norm make the loss smoother? Measured along the steps of a training."""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from torch import nn

from modelwright.nets.mlp import MLP
from modelwright.nets.smoothness import smoothness

digits = load_digits()
images, labels = torch.tensor(digits.data).float(), torch.tensor(digits.target)
images = (images - images.mean(dim=0)) / (images.std(dim=0) + 1e-3)


def trained(norm: str) -> tuple[float, float, float]:
    """Give the loss at the end, and the mean of spread and turn along the steps."""
    torch.manual_seed(0)
    net = MLP(64, [100] * 6, classes=10, norm=norm)
    sgd = torch.optim.SGD(net.parameters(), 0.05)
    spreads, turns = [], []
    for step in range(60):
        rows = torch.randperm(len(images))[:128]
        x, y = images[rows], labels[rows]
        if step % 10 == 0:
            found = smoothness(
                net, lambda net, x=x, y=y: nn.functional.cross_entropy(net(x), y), [0.05, 0.2, 0.8]
            )
            spreads.append(found.spread)
            turns.append(found.turn)
        loss = nn.functional.cross_entropy(net(x), y)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    return loss.item(), sum(spreads) / len(spreads), sum(turns) / len(turns)


results = {norm: trained(norm) for norm in ("none", "batch")}
for norm, (loss, spread, turn) in results.items():
    print(f"norm {norm:6} loss {loss:.3f}; along a step it spreads {spread:.2f},", end=" ")
    print(f"the gradient turns by {turn:.2f} of itself")
assert results["batch"][2] < results["none"][2]
