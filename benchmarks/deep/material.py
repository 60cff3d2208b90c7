"""Data and nets, as users write them, for the corpora of planted bugs and of sound trainings."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
Pair = tuple[torch.Tensor, torch.Tensor]
ROWS, HELD = 3_000, 600
WORDS, LENGTH = 4_000, 24
STEPS = 48


@dataclass(frozen=True)
class Work:
    """What somebody is about to train: the arguments of `diagnose`."""

    net: nn.Module
    loss: Callable[..., torch.Tensor]
    data: Any
    valid: Any = None
    optimiser: torch.optim.Optimizer | None = None
    step: Callable[..., Any] | None = None
    score: Callable[..., Any] | None = None


# --- data: training rows only, the last of them held out ------------------------------------------


@cache
def pixels(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Give some training images of a zip as bytes, (n, channels, rows, columns), and codes."""
    with zipfile.ZipFile(SHARED / "images" / f"{name}.zip") as archive:
        places = [place for place in archive.namelist() if "/train/" in f"/{place}"]
        places = sorted(place for place in places if place.endswith((".png", ".jpg")))
        random.Random(0).shuffle(places)
        places = places[: ROWS + HELD]
        images = [np.asarray(Image.open(io.BytesIO(archive.read(place)))) for place in places]
    names = [place.split("/")[-2] for place in places]
    classes = sorted(set(names))
    block = np.stack(images)
    block = block[:, None] if block.ndim == 3 else block.transpose(0, 3, 1, 2)
    codes = torch.tensor([classes.index(name) for name in names])
    return torch.from_numpy(np.ascontiguousarray(block)), codes


@cache
def images(name: str) -> tuple[Pair, Pair]:
    """Give images normalised channel by channel, and others that are held out."""
    raw, codes = pixels(name)
    x = raw.float() / 255
    mean = x[:ROWS].mean(dim=(0, 2, 3), keepdim=True)
    x = (x - mean) / x[:ROWS].std(dim=(0, 2, 3), keepdim=True)
    return (x[:ROWS], codes[:ROWS]), (x[ROWS:], codes[ROWS:])


@cache
def table(name: str) -> tuple[Pair, Pair]:
    """Give the numbers of a table, standardised; codes or standardised numbers as targets.

    Rows that come again are left out: `segment` has many, and an alarm about them is a right one.
    """
    folder = SHARED / "tabular" / name
    meta = json.loads((folder / "meta.json").read_text())
    with gzip.open(folder / "train.csv.gz", "rt", encoding="utf-8") as file:
        rows = dict.fromkeys(tuple(line.items()) for line in csv.DictReader(file))
    lines = [dict(row) for row in rows]
    random.Random(0).shuffle(lines)
    lines = lines[: ROWS + HELD]
    columns = [column for column in lines[0] if column != meta["target"]]
    x = torch.tensor([[float(line[column]) for column in columns] for line in lines])
    x = x[:, x.std(dim=0) > 0]
    cut = len(x) - min(HELD, len(x) // 5)
    x = (x - x[:cut].mean(dim=0)) / x[:cut].std(dim=0)
    told = [line[meta["target"]] for line in lines]
    if meta["task"] == "regression":
        y = torch.tensor([float(value) for value in told])
        y = (y - y[:cut].mean()) / y[:cut].std()
    else:
        classes = sorted(set(told))
        y = torch.tensor([classes.index(value) for value in told])
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])


@cache
def reviews() -> tuple[Pair, Pair]:
    """Give sentences as codes of words, (n, LENGTH), 0 for none, and whether they praise."""
    lines = (SHARED / "text" / "sst2" / "train.tsv").read_text("utf-8").splitlines()
    random.Random(0).shuffle(lines)
    pairs = [line.rsplit("\t", 1) for line in lines[: ROWS + HELD]]
    counts = Counter(word for text, _ in pairs for word in text.split())
    known = {word: i + 2 for i, (word, _) in enumerate(counts.most_common(WORDS - 2))}
    x = torch.zeros(len(pairs), LENGTH, dtype=torch.int64)
    for row, (text, _) in enumerate(pairs):
        codes = [known.get(word, 1) for word in text.split()][:LENGTH]
        x[row, : len(codes)] = torch.tensor(codes)
    y = torch.tensor([int(label) for _, label in pairs])
    return (x[:ROWS], y[:ROWS]), (x[ROWS:], y[ROWS:])


@cache
def letters() -> tuple[Pair, Pair, int]:
    """Give pieces of text as codes of letters, the letter that follows each, and how many."""
    text = (SHARED / "text" / "tinyshakespeare.txt").read_text("utf-8")
    known = sorted(set(text))
    codes = torch.tensor([known.index(letter) for letter in text[:200_000]])
    draw = random.Random(0)
    begins = [draw.randrange(0, 160_000 - STEPS) for _ in range(1_500)]
    begins += [draw.randrange(160_000, 200_000 - STEPS - 1) for _ in range(300)]
    x = torch.stack([codes[begin : begin + STEPS] for begin in begins])
    y = torch.stack([codes[begin + 1 : begin + STEPS + 1] for begin in begins])
    return (x[:1_500], y[:1_500]), (x[1_500:], y[1_500:]), len(known)


def loader(pair: Pair, *, batch: int = 64, shuffle: bool = True) -> DataLoader[Any]:
    """Give batches as most people do."""
    order = torch.Generator().manual_seed(0)
    return DataLoader(TensorDataset(*pair), batch, shuffle=shuffle, generator=order)


# --- nets, as they stand in tutorials -------------------------------------------------------------


def mlp(inputs: int, outputs: int, *widths: int, activation: type[nn.Module] = nn.ReLU,
        norm: bool = False, dropout: float = 0.0) -> nn.Sequential:  # fmt: skip
    """Linear layers with PyTorch's own first weights."""
    layers: list[nn.Module] = [nn.Flatten()]
    for width in widths:
        layers += [nn.Linear(inputs, width), *([nn.BatchNorm1d(width)] if norm else [])]
        layers += [activation(), *([nn.Dropout(dropout)] if dropout else [])]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def convolutional(channels: int, outputs: int, *, norm: str = "none", dropout: float = 0.0,
                  width: int = 16) -> nn.Sequential:  # fmt: skip
    """Three convolutions, each halving the image, and a linear layer."""
    layers: list[nn.Module] = []
    for wide in (width, 2 * width, 4 * width):
        layers.append(nn.Conv2d(channels, wide, 3, padding=1))
        if norm == "batch":
            layers.append(nn.BatchNorm2d(wide))
        elif norm == "group":
            layers.append(nn.GroupNorm(4, wide))
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
        channels = wide
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, nn.Linear(channels, outputs))


class Reader(nn.Module):
    """Words, a recurrent net, and a linear layer on its last state."""

    def __init__(self, kind: type[nn.RNNBase] = nn.LSTM, width: int = 64, outputs: int = 2) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, 32, padding_idx=0)
        self.states = kind(32, width, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * width, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Give scores."""
        states, _ = self.states(self.words(x))
        answers: torch.Tensor = self.head(states.mean(dim=1))
        return answers


class Attentive(nn.Module):
    """Words with places, two layers of an encoder, their mean, and a linear layer."""

    def __init__(self, batch_first: bool = True) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, 32), nn.Embedding(LENGTH, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.1, batch_first=batch_first)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(32, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Give scores."""
        x = self.words(x) + self.places(torch.arange(x.shape[1]))
        answers: torch.Tensor = self.head(self.layers(x).mean(dim=1))
        return answers


class Speaker(nn.Module):
    """A small GPT: letters with places, blocks of masked attention, a linear layer a step."""

    def __init__(self, letters: int, *, masked: bool = True) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(letters, 48), nn.Embedding(STEPS, 48)
        layer = nn.TransformerEncoderLayer(
            48, 4, 96, dropout=0.0, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(48), nn.Linear(48, letters)
        self.masked = masked

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Give scores."""
        steps = x.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(steps) if self.masked else None
        x = self.letters(x) + self.places(torch.arange(steps))
        answers: torch.Tensor = self.head(self.norm(self.layers(x, mask=mask)))
        return answers


class LetterByLetter(nn.Module):
    """Letters, a recurrent net, a linear layer a step."""

    def __init__(self, letters: int) -> None:
        super().__init__()
        self.letters = nn.Embedding(letters, 32)
        self.states = nn.GRU(32, 96, batch_first=True)
        self.head = nn.Linear(96, letters)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Give scores."""
        answers: torch.Tensor = self.head(self.states(self.letters(x))[0])
        return answers


def of_steps(answers: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross entropy of answers (n, steps, letters), as language models take it."""
    return nn.functional.cross_entropy(answers.flatten(0, 1), targets.flatten())
