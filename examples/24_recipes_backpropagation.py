"""Back-propagation by hand and by autograd; what a hidden layer can, and what a bend has to be."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.datasets import load_digits

from modelwright.nets.classic import PlainMLP, backpropagate, descend
from modelwright.nets.classic.backpropagation import squared_error
from modelwright.nets.layers.activations import ACTIVATIONS, traits

digits = load_digits()
X, y = digits.data / 16, digits.target
train, test = slice(0, 1300), slice(1300, None)

# The gradients of all weights, from the last layer down: the same numbers as those of autograd.
net = PlainMLP.drawn([64, 32, 10], "tanh", seed=0)
loss, by_weights, by_biases = backpropagate(net, X[train], y[train])
weights = [torch.tensor(part, requires_grad=True) for part in (*net.weights, *net.biases)]
hidden = torch.tanh(torch.tensor(X[train]) @ weights[0] + weights[2])
theirs = torch.nn.functional.cross_entropy(hidden @ weights[1] + weights[3], torch.tensor(y[train]))
theirs.backward()
gap = max(
    np.abs(ours - part.grad.numpy()).max()
    for ours, part in zip([*by_weights, *by_biases], weights, strict=True)
)
print(f"loss {loss:.6f} by hand, {theirs.item():.6f} by autograd; gradients differ by {gap:.0e}")
assert gap < 1e-12

# Mini-batches: each step sees 32 rows.
losses = descend(net, X[train], y[train], rate=0.3, batch=32, epochs=20)
right = np.mean(net.scores(X[test]).argmax(axis=1) == y[test])
print(f"loss {losses[0]:.2f} -> {losses[-1]:.3f}, {right:.1%} of the digits set apart")
assert right > 0.9

# Universal approximation: a hidden layer that is wide enough comes as near as you like.
x = np.linspace(-1, 1, 200)[:, None]
wanted = np.sin(5 * x[:, 0]) + (x[:, 0] > 0.3)
for width in (2, 8, 64):
    curve = PlainMLP.drawn([1, width, 1], "tanh", seed=0)
    curve.weights[0] *= 8  # bends all along the interval
    curve.biases[0] += np.linspace(-6, 6, width)
    errors = descend(curve, x, wanted, loss=squared_error, rate=0.3 / width, epochs=600, batch=20)
    print(f"{width:3} hidden units: mean squared error {errors[-1]:.3f}")
assert errors[-1] < 0.1

# What an activation needs: to bend; a slope that is not small everywhere; not to be flat on both
# sides when nets are deep. ReLU is neither smooth nor bounded, and is the one that is used.
print(f"{'':12}{'smooth':8}{'monotone':10}{'range':18}{'slope':7}complaints")
for name in ACTIVATIONS:
    t = traits(name)
    span = f"{t.low:.2f} to {t.high:.2f}"
    print(f"{name:12}{t.smooth!s:8}{t.monotone!s:10}{span:18}{t.steepest:<7.2f}{t.complaints}")
assert traits("relu").complaints == ()
