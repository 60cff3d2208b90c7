"""The training loop by hand: rates, augmentation, early stopping, resuming to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from modelwright.core.budget import Budget
from modelwright.nets.library import nn, reproducible, torch
from modelwright.nets.quick import QuickForm, QuickNet
from modelwright.training.augmentation import Augmentation
from modelwright.training.batches import Changed, Examples
from modelwright.training.checkpoints import Keeper, take_up
from modelwright.training.course import Course
from modelwright.training.finder import find_rate
from modelwright.training.loop import Epoch, Training
from modelwright.training.losses import cross_entropy
from modelwright.training.machine import calibrate
from modelwright.training.pace import Pace

digits = load_digits()
pixels = torch.from_numpy((digits.images[:, None] * 15).astype(np.uint8))
codes = torch.from_numpy(digits.target.astype(np.int64))
learned, held = Examples((pixels[::2],), codes[::2]), (pixels[1::2], codes[1::2])


def begun(course: Course, rows: Examples | Changed = learned) -> Training:
    """Make the same net anew."""
    with reproducible(seed=0):
        net = QuickNet(QuickForm(1, 8, 8, 10, (16, 24)))
    net.suit(learned.inputs[0])
    return Training(net, rows, cross_entropy, course, seed=1)


def accuracy(net: nn.Module) -> float:
    """Score the images that are held out."""
    with torch.no_grad():
        return float((net.eval()(held[0]).argmax(dim=1) == held[1]).float().mean())


# What the machine does best, in less than a second, and the rate at which the loss falls fastest.
plain = Course(epochs=6, batch=64, rate=0.01, schedule="one_cycle")
print(calibrate(begun(plain).net, learned, cross_entropy, threads=1, seconds=0.4))
found = find_rate(begun(plain).net, learned, cross_entropy, plain)
print(f"the loss falls fastest at a rate of {found.rate:.2g}")

# Each way of changing images has a flag of its own. Too much of it costs more than it gives.
course = Course(epochs=6, batch=64, rate=0.06, optimiser="muon", momentum=0.6, schedule="linear",
                decay=1.0)  # fmt: skip
for name, change in {
    "nothing": Augmentation(),
    "shift": Augmentation(shift=1),
    "shift and rotation": Augmentation(shift=1, rotation=8.0),
    "mixup": Augmentation(mixup=0.2, classes=10),
    "mirrored": Augmentation(flip=True),
}.items():
    training = begun(course, Changed(learned, change))
    training.run(Pace(6, Budget()))
    print(f"{name:<20} accuracy {accuracy(training.net):.4f}")

# Early stopping: the training ends when the loss of held-out images has not fallen for 3 epochs,
# with the weights of the best one. L2 keeps weights small on the way.
stopping = begun(Course(epochs=40, batch=64, rate=0.02, patience=3, penalties=(0.0, 1e-4)))


def watch(epoch: Epoch) -> bool:
    """Tell the validation loss."""
    with stopping.at_its_best() as net, torch.no_grad():
        return stopping.judge(float(cross_entropy(net(held[0]), held[1]).mean()))


epochs = stopping.run(Pace(40, Budget()), watch)
print(f"stopped after {epochs} of 40 epochs, accuracy {accuracy(stopping.net):.4f}")
assert epochs < 40


# Killed in the middle of an epoch, it goes on to the same bits.
class KilledError(Exception):
    """Whatever befalls a process."""


def kill(training: Training) -> None:
    """Keep every step, and die at the twentieth."""
    Keeper(Path("net.safetensors"), seconds=0)(training)
    if training.done * training.steps + training.at == 20:
        raise KilledError


whole, first, again = begun(course), begun(course), begun(course)
whole.run(Pace(6, Budget()))
try:
    first.run(Pace(6, Budget()), each=kill)
except KilledError:
    take_up(again, Path("net.safetensors"))
again.run(Pace(6, Budget()))
pairs = zip(whole.net.state_dict().values(), again.net.state_dict().values(), strict=True)
assert all(torch.equal(one, other) for one, other in pairs)
print("resumed after step 20: equal to the bit")
