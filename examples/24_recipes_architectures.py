"""Nets for images: what they cost, weights from a file, the dial of EfficientNet, zero branches."""

from __future__ import annotations

from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import nn

from modelwright.core.errors import ModelFileError
from modelwright.nets.checkpoint import load_weights, save_weights
from modelwright.nets.counting import count
from modelwright.nets.efficientnet import compound_scaling, efficientnet
from modelwright.nets.resnet import ResNet, ResNetConfig, resnet
from modelwright.nets.summary import summary
from modelwright.nets.vit import vit

torch.manual_seed(0)
print(summary(resnet(18, classes=10, width=16, stem="cifar"), (3, 32, 32), depth=1))

# One dial for depth, width and resolution: each step up costs about twice as much.
for dial in (-2, -1, 0, 1):
    with torch.device("meta"):  # shapes only, no numbers
        net = efficientnet(dial, classes=1000)
    side = compound_scaling(dial).size
    cost = count(net, (3, side, side))
    print(f"dial {dial:2}: {side} pixels, {cost.parameters / 1e6:5.2f} M parameters,", end=" ")
    print(f"{cost.products / 1e9:.3f} G multiply-adds")

with torch.device("meta"):
    cost = count(vit("small", classes=1000), (3, 224, 224))
print(f"ViT small: {cost.parameters / 1e6:.1f} M parameters, {cost.products / 1e9:.2f} G")

# Without a norm, a deep residual net blows up unless its branches begin with zero.
digits = load_digits()
images = torch.tensor(digits.images).float()[:, None] / 16
labels = torch.tensor(digits.target)
for zero in (True, False):
    torch.manual_seed(0)
    config = ResNetConfig(56, 10, channels=1, width=8, stem="cifar", norm="none", zero_last=zero)
    net = ResNet(config)
    sgd = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9)
    losses = []
    for rows in torch.arange(1280).repeat(2).split(64)[: 40 if zero else 5]:
        losses.append(nn.functional.cross_entropy(net(images[rows]), labels[rows]))
        sgd.zero_grad()
        losses[-1].backward()
        sgd.step()
    print(f"56 layers without norm, branches at zero {zero}:", end=" ")
    print(f"loss {losses[0]:.3g}, after {len(losses)} steps {losses[-1]:.3g}")
    assert (losses[-1] < 2.3) == zero  # else it is no number
    if zero:
        path = Path("digits.safetensors")
        save_weights(net, path, {"learned": "digits"})

# Weights in a file: names and shapes are those of timm, and another net is refused by name.
try:
    load_weights(resnet(8, classes=10, channels=1, width=8, stem="cifar", norm="none"), path)
except ModelFileError as error:
    print(error)
other = ResNet(ResNetConfig(56, 3, channels=1, width=8, stem="cifar", norm="none"))
print("for three other classes anew:", load_weights(other, path, head="fresh").fresh)
