"""A deep net that does not learn: its gradient has vanished. Seen, and cured."""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from torch import nn

from modelwright.nets.init import initialise
from modelwright.nets.layers.recurrent import Recurrent
from modelwright.nets.mlp import MLP
from modelwright.nets.resnet import resnet
from modelwright.nets.signals import signal_profile

digits = load_digits()
images, labels = torch.tensor(digits.data).float() / 16, torch.tensor(digits.target)
pictures = images.reshape(-1, 1, 8, 8)


def judged(net: nn.Module, rows: torch.Tensor) -> tuple[float, float]:
    """Look at the gradient, then train a little: its factor a layer, and the share right."""
    profile = signal_profile(
        net, rows[:128], lambda y: nn.functional.cross_entropy(y, labels[:128])
    )
    adam = torch.optim.Adam(net.parameters(), 2e-3)
    for _ in range(4):
        for index in torch.randperm(1280).split(64):
            adam.zero_grad()
            nn.functional.cross_entropy(net(rows[index]), labels[index]).backward()
            adam.step()
    net.eval()
    with torch.no_grad():
        right = (net(rows[1280:]).argmax(dim=1) == labels[1280:]).float().mean()
    print(f"  {profile.verdict}")
    return profile.gradient_factor, float(right)


def deep(activation: str, norm: str = "none") -> MLP:
    """Build twenty hidden layers."""
    torch.manual_seed(0)
    return MLP(64, [48] * 20, classes=10, activation=activation, norm=norm)


print("twenty layers of sigmoid, weights of the wrong size:")
broken = judged(initialise(deep("sigmoid"), size=1.0), images)
print(f"  {broken[1]:.0%} right")
assert broken[1] < 0.3

cures = {
    "another activation, and weights that suit it": lambda: (deep("relu"), images),
    "a norm": lambda: (deep("tanh", "batch"), images),
    "residual branches": lambda: (
        resnet(20, classes=10, channels=1, width=8, stem="cifar"),
        pictures,
    ),
}
for name, make in cures.items():
    print(f"cure: {name}")
    factor, right = judged(*make())
    print(f"  {right:.0%} right")
    assert right > 0.5
    assert factor > broken[0]

# In time it is the same: the gradient of the last state by the first input, over 60 steps.
for kind in ("rnn", "gru", "lstm"):
    torch.manual_seed(0)
    layer = Recurrent(kind, 1, 32)
    if kind == "rnn":  # a little too small, and it is gone
        with torch.no_grad():
            layer.fused.weight_hh_l0.mul_(0.8)
    x = torch.randn(16, 60, 1, requires_grad=True)
    (slope,) = torch.autograd.grad(layer(x)[1].square().sum(), x)
    sizes = slope.abs().mean(dim=(0, 2))
    print(
        f"{kind}: gradient by the first of 60 steps {sizes[0] / sizes[-1]:.1e} of that by the last"
    )
