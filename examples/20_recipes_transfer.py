"""Transfer: is the backbone good, its features, all of it tuned; frozen, thawed, low-rank."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

import modelwright as mw
from modelwright.core.budget import Budget
from modelwright.core.settings import ImageSettings
from modelwright.nets.backbone import Headed, stages_of
from modelwright.nets.backbone_file import read_backbone
from modelwright.nets.layers.lora import add_lora, merge_lora
from modelwright.nets.library import nn, reproducible, torch
from modelwright.plan.images.pretraining import Pretraining, pretrain
from modelwright.training.batches import Examples
from modelwright.training.course import Course
from modelwright.training.loop import Training
from modelwright.training.losses import cross_entropy
from modelwright.training.pace import Pace
from modelwright.training.transfer import (
    GradualUnfreezing,
    freeze,
    layerwise_rates,
    suiting,
)

# Many scans of the digits 0 to 4 are at hand, and few of 5 to 9: ten of each to learn from.
digits = load_digits()
scans = (digits.images * 15).astype(np.uint8)
for i, (pixels, digit) in enumerate(zip(scans, digits.target, strict=True)):
    seen = int((digits.target[:i] == digit).sum())
    part = "train" if seen < 10 else "test"
    folder = Path("known", str(digit)) if digit < 5 else Path("new", part, str(digit))
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(folder / f"{i}.png")

# The same from the command line: modelwright pretrain known --out known.mw --epochs 6
card = pretrain("known", "known.mw", settings=Pretraining(epochs=6, widths=(16, 32)))
print("backbone:", card)
# Without a label, from two views of each image: --method contrastive
print("backbone:", pretrain("known", "views.mw", settings=Pretraining("contrastive", epochs=3)))

# modelwright fit new --from known.mw --from views.mw: asks both, takes the one that suits best,
# fits a linear layer on its features, tunes all of it, and lets held-out images choose.
start = ImageSettings(trials=2, backbones=("known.mw", "views.mw"))
transferred, scratch = mw.fit("new", settings=start), mw.fit("new", settings=mw.Settings(trials=2))
for note in transferred.notes:
    print("note:", note)
assert transferred.test is not None
assert scratch.test is not None
# A backbone is no promise: the notes say what it knows beside random weights, so compare.
print(f"from the backbone {transferred.test.score:.3f}, from scratch {scratch.test.score:.3f}")
assert transferred.test.score > 0.4

# By hand. How good is it here? A linear probe and LogME, beside the same net before it learned.
chosen = np.flatnonzero(digits.target >= 5)
pixels = torch.from_numpy(scans[chosen][:, None])
codes = torch.from_numpy(digits.target[chosen].astype(np.int64) - 5)
few = Examples((pixels[:60],), codes[:60])
backbone, _ = read_backbone("known.mw")
print(suiting(backbone, pixels[:60], codes[:60], 5))


def headed() -> Headed:
    """Put a new last layer on the backbone."""
    with reproducible(seed=0):
        return Headed(copy.deepcopy(backbone), classes=5)


def learned(net: nn.Module, unfreezing: GradualUnfreezing | None = None) -> float:
    """Train for 20 epochs, and score the rows that were not learned from."""
    course = Course(epochs=20, batch=20, rate=0.01, schedule="one_cycle")
    training = Training(net, few, cross_entropy, course, seed=0)
    if unfreezing is not None:
        unfreezing.apply(net, 0.0)

    def each(now: Training) -> None:
        if unfreezing is not None:
            unfreezing.apply(now.net, now.position / course.epochs)

    training.run(Pace(20, Budget()), each=each)
    with torch.no_grad():
        right = net.eval()(pixels[60:]).argmax(dim=1) == codes[60:]
    return float(right.float().mean())


def count(net: nn.Module) -> int:
    """Count the weights that learn."""
    return sum(parameter.numel() for parameter in net.parameters() if parameter.requires_grad)


# The bottom stands still, to the bit, moving statistics of norms included.
net = headed()
stages = stages_of(net)
freeze(net, [name for stage in stages[:-1] for name in stage])
print(f"only the head learns ({count(net):,} weights): {learned(net):.3f}")
# All learns, the lower the slower; stages thaw one after the other, from the top.
net = headed()
layerwise_rates(net, stages, decay=0.5)
print(f"all learns ({count(net):,} weights): {learned(net, GradualUnfreezing(stages)):.3f}")
# Low-rank changes beside weights that stand still; merged in the end, they cost nothing.
net = headed()
freeze(net, [name for stage in stages[:-1] for name in stage])
add_lora(net, rank=4, skip=("head",))
told = f"low rank ({count(net):,} weights): {learned(net):.3f}"
with torch.no_grad():
    before = net(pixels[:9])
    merge_lora(net)
    assert torch.allclose(net(pixels[:9]), before, atol=1e-3)
print(told)
