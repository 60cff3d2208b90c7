"""What the recipe behind the published figures of CIFAR-10 comes to on the copy that is at hand.

    python benchmarks/deep/anchor.py [--seed 0] [--epochs 9.9]

airbench94 (Jordan 2024, arXiv:2404.00498) reaches 94.0 % on the original images in 9.9 epochs. The
copy here is of JPEGs (quality 75, colours at half the size), of which nobody has published figures.
So its recipe is written out again in plain PyTorch, apart from modelwright, and trained as
published: net, whitening, initialisation, Nesterov SGD with its decoupled rates, schedule, label
smoothing, lookahead, moved and alternately mirrored images, and the mean of six views of a test
image. The number of epochs is fixed and no clock is looked at; on one core it takes an hour.
"""

from __future__ import annotations

import argparse
import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from images import DATA, HERE, describe
from PIL import Image
from torch import nn
from torch.nn import functional

RESULTS = HERE.parents[1] / "results" / "deep-anchor.json"
BATCH, RATE, MOMENTUM, DECAY, BIAS_RATE = 1024, 11.5, 0.85, 0.0153, 64.0
SMOOTHING, MOVED, WHITENING_EPOCHS, LOOKAHEAD = 0.2, 2, 3, 5
MEAN = (125.3069, 122.9501, 113.8660)
SPREAD = (62.9932, 62.0887, 66.7048)
Pair = tuple[torch.Tensor, torch.Tensor]


class Norm(nn.BatchNorm2d):
    """A learned shift, no learned scale."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-12, momentum=0.4)
        self.weight.requires_grad_(False)


class Block(nn.Module):
    """Two convolutions, the first one halves the sides; both begin as the identity."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding="same", bias=False)
        nn.init.dirac_(self.first.weight[:inputs].data)
        self.first_norm = Norm(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding="same", bias=False)
        nn.init.dirac_(self.second.weight.data)
        self.second_norm = Norm(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Give maps of half the sides."""
        x = functional.gelu(self.first_norm(functional.max_pool2d(self.first(x), 2)))
        return functional.gelu(self.second_norm(self.second(x)))


class Net(nn.Module):
    """Whitening, three blocks, the largest answer of each feature, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.whitening = nn.Conv2d(3, 24, 2)
        self.whitening.weight.requires_grad_(False)
        self.blocks = nn.Sequential(Block(24, 64), Block(64, 256), Block(256, 256))
        self.head = nn.Linear(256, 10, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Score the classes."""
        x = self.blocks(functional.gelu(self.whitening(x)))
        return self.head(functional.max_pool2d(x, 3).flatten(1)).float() / 9

    def whiten(self, images: torch.Tensor) -> None:
        """Set the first filters to the principal patches of some images, with either sign."""
        patches = images.float().unfold(2, 2, 1).unfold(3, 2, 1)
        patches = patches.permute(0, 2, 3, 1, 4, 5).reshape(-1, 12)
        values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
        vectors = vectors.T.flip(0).view(12, 3, 2, 2)
        filters = vectors / torch.sqrt(values.flip(0) + 5e-4).view(-1, 1, 1, 1)
        self.whitening.weight.data[:] = torch.cat([filters, -filters])
        nn.init.zeros_(self.whitening.bias)


class Lookahead:
    """A slow copy of the weights, which the fast ones are now and then set back to."""

    def __init__(self, net: nn.Module) -> None:
        self._net = net
        self._slow = {name: value.clone() for name, value in net.state_dict().items()}

    def update(self, kept: float) -> None:
        """Move the slow weights, but for the share that is kept, and set the others to them."""
        for name, value in self._net.state_dict().items():
            if value.is_floating_point():
                self._slow[name].lerp_(value, 1 - kept)
                value.copy_(self._slow[name])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=float, default=9.9)
    asked = parser.parse_args()
    train, test = images("train"), images("test")
    torch.manual_seed(asked.seed)
    began = time.perf_counter()
    net = trained(train, asked.epochs)
    found = {
        "test_accuracy": accuracy(net, test),
        "epochs": asked.epochs,
        "seconds": round(time.perf_counter() - began),
        "threads": torch.get_num_threads(),
        "machine": describe(),
    }
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    results[f"cifar10 seed {asked.seed}"] = found
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(found)


def images(part: str) -> Pair:
    """Open the images of a part of the zip: normalised, in 16 bits; and their classes."""
    with zipfile.ZipFile(DATA / "cifar10.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.startswith(f"{part}/"))
        names = [name for name in names if name.endswith(".jpg")]
        opened = [Image.open(io.BytesIO(archive.read(name))).convert("RGB") for name in names]
    owners = [Path(name).parent.name for name in names]
    classes = sorted(set(owners))
    x = torch.from_numpy(np.stack([np.asarray(image) for image in opened]))
    x = x.permute(0, 3, 1, 2).float() / 255
    mean, spread = (torch.tensor(one).view(1, 3, 1, 1) / 255 for one in (MEAN, SPREAD))
    x = ((x - mean) / spread).to(torch.bfloat16).contiguous(memory_format=torch.channels_last)
    return x, torch.tensor([classes.index(owner) for owner in owners])


def trained(train: Pair, epochs: float) -> Net:
    x, y = train
    net = Net().to(memory_format=torch.channels_last)
    net.whiten(x[:5000])
    optimiser = sgd(net)
    usual = [group["lr"] for group in optimiser.param_groups]
    steps = int(np.ceil(len(y) // BATCH * epochs))
    rates = np.interp(np.arange(steps), [0, int(0.23 * steps), steps], [0.2, 1, 0.07])
    slow = Lookahead(net)
    for step, (epoch, inputs, answers) in zip(range(steps), batches(x, y), strict=False):
        net.whitening.bias.requires_grad_(epoch < WHITENING_EPOCHS)
        with torch.autocast("cpu", torch.bfloat16):
            said = net(inputs)
        optimiser.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(said, answers, reduction="sum", label_smoothing=SMOOTHING)
        loss.backward()
        for group, rate in zip(optimiser.param_groups, usual, strict=True):
            group["lr"] = rate * rates[step]
        optimiser.step()
        if (step + 1) % LOOKAHEAD == 0:
            slow.update(0.95**LOOKAHEAD * ((step + 1) / steps) ** 3)
        if step % 48 == 0:
            print(f"step {step} of {steps}: loss {loss.item() / BATCH:.4f}", flush=True)
    slow.update(1.0)
    return net


def sgd(net: Net) -> torch.optim.SGD:
    """Rates are of 1,024 rows, and decay does not depend on them."""
    scale = 1024 * (1 + 1 / (1 - MOMENTUM))
    rate, decay = RATE / scale, DECAY * BATCH / scale
    shifts = [p for name, p in net.named_parameters() if "norm" in name and p.requires_grad]
    others = [p for name, p in net.named_parameters() if "norm" not in name and p.requires_grad]
    groups = [
        {"params": shifts, "lr": rate * BIAS_RATE, "weight_decay": decay / (rate * BIAS_RATE)},
        {"params": others, "lr": rate, "weight_decay": decay / rate},
    ]
    return torch.optim.SGD(groups, momentum=MOMENTUM, nesterov=True)


def batches(x: torch.Tensor, y: torch.Tensor) -> Iterator[tuple[int, torch.Tensor, torch.Tensor]]:
    """Give epochs without end: images moved by up to two pixels, mirrored every second time."""
    wide = functional.pad(x, (MOVED,) * 4, "reflect")
    mirrored, epoch = torch.rand(len(y)) < 0.5, 0
    while True:
        order, moves = torch.randperm(len(y)), torch.randint(0, 2 * MOVED + 1, (len(y), 2))
        now = mirrored ^ bool(epoch % 2)
        for start in range(0, len(y) // BATCH * BATCH, BATCH):
            rows = order[start : start + BATCH]
            inputs = moved(wide[rows], moves[rows])
            inputs[now[rows]] = inputs[now[rows]].flip(-1)
            yield epoch, inputs, y[rows]
        epoch += 1


def moved(wide: torch.Tensor, moves: torch.Tensor) -> torch.Tensor:
    cut = torch.empty(len(wide), 3, 32, 32, dtype=wide.dtype)
    cut = cut.to(memory_format=torch.channels_last)
    for down in range(2 * MOVED + 1):
        for right in range(2 * MOVED + 1):
            own = (moves[:, 0] == down) & (moves[:, 1] == right)
            cut[own] = wide[own][:, :, down : down + 32, right : right + 32]
    return cut


def accuracy(net: Net, test: Pair) -> float:
    """Score by six views: as it is and moved by a pixel either way, each with its mirror image."""
    x, y = test
    net.eval()
    right = 0
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(y), 500):
            part = x[start : start + 500]
            wide = functional.pad(part, (1,) * 4, "reflect")
            views = [part, wide[:, :, 0:32, 0:32], wide[:, :, 2:34, 2:34]]
            said = [net(view) + net(view.flip(-1)) for view in views]
            best = (said[0] + (said[1] + said[2]) / 2).argmax(1)
            right += int((best == y[start : start + 500]).sum())
    return right / len(y)


if __name__ == "__main__":
    main()
