"""Batch norm with statistics of each step knows nothing of steps that training did not have.

Signals of eight sensors rise together, and the question at each step is which half of them is the
louder one. Batch norm takes the rise off step by step, as it was in training; past the last step of
training it has no statistics, and takes off too little. Layer norm looks at the step itself.
"""

from __future__ import annotations

import torch
from torch import nn

from modelwright.nets.layers.norms import BatchNorm, LayerNorm, recommend_norm

STEPS, LONGER = 20, 40


class PerStep(nn.Module):
    """A batch norm for each step of training; what comes later shares the last one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(BatchNorm(width) for _ in range(STEPS))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, steps, width) to the same shape."""
        parts = [self.norms[min(t, STEPS - 1)](x[:, t]) for t in range(x.shape[1])]
        return torch.stack(parts, dim=1)


def signals(rows: int, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw signals of eight sensors that rise, and the answer at each step."""
    noise = torch.randn(rows, steps, 8)
    rise = 1.0 * torch.arange(steps)[None, :, None]
    return noise + rise, (noise[:, :, :4].sum(dim=2) > noise[:, :, 4:].sum(dim=2)).long()


def accuracy(norm: nn.Module) -> tuple[float, float]:
    """Train on short signals; the share right on new ones, and at steps beyond training."""
    torch.manual_seed(0)
    net = nn.Sequential(norm, nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 2))
    adam = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(150):
        x, y = signals(64, STEPS)
        adam.zero_grad()
        nn.functional.cross_entropy(net(x).flatten(0, 1), y.flatten()).backward()
        adam.step()
    net.eval()
    with torch.no_grad():
        x, y = signals(500, LONGER)
        right = (net(x).argmax(dim=2) == y).float().mean(dim=0)
    return float(right[:STEPS].mean()), float(right[STEPS:].mean())


results = {"batch norm a step": accuracy(PerStep(8)), "layer norm": accuracy(LayerNorm(8))}
for name, (inside, beyond) in results.items():
    print(f"{name}: {inside:.0%} right within the length of training, {beyond:.0%} beyond it")
assert results["batch norm a step"][0] > 0.85
assert results["batch norm a step"][1] < results["layer norm"][1] - 0.05
print(recommend_norm("sequence", batch=64, variable_length=True))
