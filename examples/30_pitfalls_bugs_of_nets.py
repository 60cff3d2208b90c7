"""Bugs of nets that raise no error: what each costs, and how it is found before the training."""

from __future__ import annotations

from collections.abc import Callable

import torch
from sklearn.datasets import load_digits
from torch import nn

from modelwright.training.diagnostics import describe, diagnose, picture, watch

digits = load_digits()
order = torch.randperm(1797, generator=torch.Generator().manual_seed(0))
images = torch.tensor(digits.images, dtype=torch.float32)[order, None] / 16
labels = torch.tensor(digits.target)[order]
train, held = (images[:1400], labels[:1400]), (images[1400:], labels[1400:])
entropy = nn.functional.cross_entropy


def layers(
    *last: nn.Module, activation: type[nn.Module] = nn.ReLU, depth: int = 1
) -> nn.Sequential:
    """Make a small net anew."""
    torch.manual_seed(0)
    inner: list[nn.Module] = []
    for _ in range(depth - 1):
        inner += [nn.Linear(48, 48), activation()]
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 48), activation(), *inner, nn.Linear(48, 10), *last
    )


def accuracy(net: nn.Module, rate: float = 3e-3, epochs: int = 4) -> float:
    """Train as usual; give the share of held-out digits that are right."""
    adam = torch.optim.Adam(net.parameters(), rate)
    for _ in range(epochs):
        for rows in torch.randperm(1400).split(64):
            adam.zero_grad()
            entropy(net(train[0][rows]), train[1][rows]).backward()
            adam.step()
    net.eval()
    with torch.no_grad():
        return float((net(held[0]).argmax(dim=1) == held[1]).float().mean())


# What enters the net: look at it, always.
print(describe(images[:64]))
picture(images[:64], "batch.png")

# Bugs in the net: what they cost, and what is said of them in a second or two.
bugs: dict[str, Callable[[], nn.Module]] = {
    "": layers,
    "softmax-twice": lambda: layers(nn.Softmax(dim=1)),
    "gradient-vanishes": lambda: layers(activation=nn.Sigmoid, depth=10),
}
for code, make in bugs.items():
    found = diagnose(make(), entropy, train, valid=held)
    said = ", ".join(one.code for one in found.alarms) or "nothing wrong"
    print(f"{code or 'a sound net':<18} {accuracy(make()):.1%} right; found: {said}")
    assert not code or code in [one.code for one in found.alarms]
    assert code or not found.alarms

# Rates: the user's optimiser is given with the net.
for rate, code in ((1e-3, ""), (1.0, "rate-too-high"), (1e-8, "rate-too-low")):
    net = layers()
    found = diagnose(net, entropy, train, optimiser=torch.optim.Adam(net.parameters(), rate))
    print(f"rate {rate:g}: {', '.join(one.code for one in found.alarms) or 'nothing wrong'}")
    assert code in ["", *(one.code for one in found.alarms)]

# Held-out digits that were learned from.
found = diagnose(layers(), entropy, train, valid=(images[1300:], labels[1300:]))
print(found.findings[0])
assert found.findings[0].code == "valid-overlap"

# A loop of one's own is watched while it runs.
net = layers()
descent = torch.optim.SGD(net.parameters(), 0.05)
with watch(net, descent) as watched:
    for rows in torch.arange(1400).split(64)[:6]:
        entropy(net(train[0][rows]), train[1][rows]).backward()
        descent.step()
for one in watched.findings():
    print(f"{one.code}: {one}")
assert [one.code for one in watched.findings()] == ["gradients-pile-up"]
