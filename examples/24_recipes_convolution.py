"""Convolution and pooling: sizes, what a unit sees, and what a stride costs."""

from __future__ import annotations

import torch

from modelwright.nets.cnn import cnn
from modelwright.nets.counting import count
from modelwright.nets.layers.windows import Convolution, MaxPool, Window, receptive_field
from modelwright.nets.reach import measure_reach
from modelwright.nets.resnet import resnet

torch.manual_seed(0)

# Written out, a place of the kernel at a time, it is what the fast kernel computes.
window = Window(3, stride=2, padding=1, dilation=2)
layer, x = Convolution(3, 8, window), torch.randn(4, 3, 33, 33)
gap = (layer(x) - layer.written_out(x)).abs().max().item()
print(f"{window}: 33 -> {window.output(33)} a side, the two forms differ by {gap:.0e}")
assert gap < 1e-5
assert layer(x).shape[-1] == window.output(33)

pool = MaxPool(Window(2, stride=2))
assert torch.equal(pool(x), pool.written_out(x))

# What a unit sees grows with every layer; a stride makes all later layers see further.
chain = [Window(3), Window(3), Window(2, stride=2), Window(3), Window(3)]
for depth in range(1, len(chain) + 1):
    print(f"after {depth} layers a unit sees {receptive_field(chain[:depth]).size} pixels a side")

# In a net with branches it is measured, by the gradient.
seen = measure_reach(resnet(18, classes=10, width=4), "layer3", (3, 448, 448))
print(f"a unit of ResNet-18's third stage sees {seen.rows} x {seen.columns} pixels")
assert not seen.clipped

# The cost of a stride: a quarter of the operations, and a quarter of the places.
for stride in (1, 2):
    stem = Convolution(3, 64, Window.same(3, stride))
    cost = count(stem, (3, 32, 32))
    side = cost.layers[0].output[-1]
    print(f"stride {stride}: {cost.products / 1e6:.2f} M multiply-adds, {side} x {side} places")

# Depthwise and 1 x 1 in place of one full convolution: the trick of small nets.
full = count(Convolution(64, 64, Window.same(3)), (64, 32, 32)).products
apart = count(Convolution(64, 64, Window.same(3), groups=64), (64, 32, 32)).products
mixed = count(Convolution(64, 64, Window(1)), (64, 32, 32)).products
print(f"full 3 x 3: {full / 1e6:.1f} M; depthwise and 1 x 1: {(apart + mixed) / 1e6:.1f} M")
assert apart + mixed < full / 7

net = cnn(classes=10, channels=1)
print(f"a small CNN on 28 x 28: {count(net, (1, 28, 28)).products / 1e6:.1f} M multiply-adds")
