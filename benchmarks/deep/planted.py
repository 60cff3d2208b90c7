"""Twenty bugs that people publish, planted into trainings on real data, and ten more.

Written down, with the codes that count as found, before there was any detector. What others say
of them: K18 is Karpathy's list of the most common mistakes (2018), K19 his recipe for training
neural networks (2019), I17 Ivanov's "37 reasons why your neural network is not working" (2017),
H20 Humbatova et al., "Taxonomy of real faults in deep learning systems" (2020), N21 Nikanjam et
al., "NeuraLint" (2021), A21 Zhang et al., "AUTOTRAINER" (2021), S21 Schoop et al., "UMLAUT"
(2021).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import material as m
import numpy as np
import torch
from PIL import Image
from torch import nn

entropy = nn.functional.cross_entropy
Optimizer = torch.optim.Optimizer


@dataclass(frozen=True)
class Bug:
    """A bug, who tells of it, the codes that count as found, and a training that has it."""

    name: str
    told: str
    codes: tuple[str, ...]
    make: Callable[[], m.Work]


def _adam(net: nn.Module, rate: float = 1e-3) -> Optimizer:
    return torch.optim.Adam(net.parameters(), rate)


def _plain(net: nn.Module, rate: float = 0.05) -> Optimizer:
    return torch.optim.SGD(net.parameters(), rate, momentum=0.9)


def softmax_twice() -> m.Work:
    train, valid = m.images("mnist")
    net = nn.Sequential(m.mlp(784, 10, 128), nn.Softmax(dim=1))
    return m.Work(net, nn.CrossEntropyLoss(), m.loader(train), valid, _adam(net))


def no_zero_grad() -> m.Work:
    train, valid = m.images("mnist")
    net = m.convolutional(1, 10)

    def step(net: nn.Module, optimiser: Optimizer, x: torch.Tensor, y: torch.Tensor) -> None:
        entropy(net(x), y).backward()
        optimiser.step()

    return m.Work(net, entropy, m.loader(train), valid, _plain(net, 0.01), step)


def never_eval() -> m.Work:
    train, valid = m.images("cifar10")
    net = m.convolutional(3, 10, norm="batch", dropout=0.3)

    def score(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
        with torch.no_grad():
            return float((net(x).argmax(dim=1) == y).float().mean())

    return m.Work(net, entropy, train, valid, _adam(net), score=score)


class _Viewed(nn.Module):
    """Reads the lines of an image as steps; the steps are to come first."""

    def __init__(self) -> None:
        super().__init__()
        self.states, self.head = nn.LSTM(28, 64), nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.view(28, len(x), 28)  # meant: x[:, 0].permute(1, 0, 2)
        answers: torch.Tensor = self.head(self.states(x)[0][-1])
        return answers


def view_for_permute() -> m.Work:
    train, valid = m.images("mnist")
    net = _Viewed()
    return m.Work(net, entropy, m.loader(train), valid, _adam(net))


def broadcast() -> m.Work:
    train, valid = m.table("uci_protein")
    net = m.mlp(9, 1, 64, 64)  # answers (n, 1), targets (n,)
    return m.Work(net, nn.MSELoss(), train, valid, _adam(net))


def raw_pixels() -> m.Work:
    raw, codes = m.pixels("mnist")
    net = m.mlp(784, 10, 128)
    train = raw[: m.ROWS].float(), codes[: m.ROWS]
    return m.Work(net, entropy, m.loader(train), None, _plain(net, 0.01))


def shuffled_labels() -> m.Work:
    (x, y), _ = m.images("mnist")
    net = m.convolutional(1, 10)
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(1))
    return m.Work(net, entropy, (x, y[order]), None, _adam(net))


def unshifted_targets() -> m.Work:
    (x, _), _, letters = m.letters()
    net = m.Speaker(letters)
    return m.Work(net, m.of_steps, m.loader((x, x)), None, _adam(net))


def no_mask() -> m.Work:
    train, valid, letters = m.letters()
    net = m.Speaker(letters, masked=False)
    return m.Work(net, m.of_steps, m.loader(train), valid, _adam(net))


def head_left_out() -> m.Work:
    train, valid = m.images("cifar10")
    net = m.convolutional(3, 1000, norm="batch")
    optimiser = _adam(net)
    net[-1] = nn.Linear(64, 10)  # after the optimiser was made
    return m.Work(net, entropy, m.loader(train), valid, optimiser)


def rate_too_high() -> m.Work:
    train, valid = m.images("mnist")
    net = m.convolutional(1, 10)
    return m.Work(net, entropy, m.loader(train), valid, _adam(net, 0.1))


def rate_too_low() -> m.Work:
    train, valid = m.images("mnist")
    net = m.mlp(784, 10, 128)
    return m.Work(net, entropy, m.loader(train), valid, _adam(net, 1e-6))


def upside_down() -> m.Work:
    train, valid = m.images("mnist")
    net = m.mlp(784, 10, 64)

    def loss(answers: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return answers.log_softmax(dim=1)[torch.arange(len(y)), y].mean()

    return m.Work(net, loss, m.loader(train), valid, _adam(net))


def raw_scores() -> m.Work:
    train, valid = m.images("mnist")
    net = m.mlp(784, 10, 128)
    return m.Work(net, nn.NLLLoss(), m.loader(train), valid, _adam(net))


def dying() -> m.Work:
    train, valid = m.images("mnist")
    net = m.mlp(784, 10, 128, 128)
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.constant_(layer.bias, -3.0)
    return m.Work(net, entropy, m.loader(train), valid, _plain(net))


def vanishing() -> m.Work:
    train, valid = m.images("mnist")
    net = m.mlp(784, 10, *[64] * 12, activation=nn.Sigmoid)
    return m.Work(net, entropy, m.loader(train), valid, _plain(net))


def exploding() -> m.Work:
    train, valid = m.images("mnist")
    net = m.mlp(784, 10, *[128] * 8)
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight)
    return m.Work(net, entropy, m.loader(train), valid, _adam(net))


def overlap() -> m.Work:
    train, (x, y) = m.images("cifar10")
    again = torch.arange(0, len(train[1]), 50)
    valid = torch.cat([x, train[0][again]]), torch.cat([y, train[1][again]])
    net = m.convolutional(3, 10, norm="batch")
    return m.Work(net, entropy, m.loader(train), valid, _adam(net))


def batch_first_forgotten() -> m.Work:
    train, valid = m.reviews()
    net = m.Attentive(batch_first=False)  # and rows come first
    return m.Work(net, entropy, m.loader(train), valid, _adam(net))


def reshaped_channels() -> m.Work:
    (x, y), (held, codes) = m.images("cifar10")
    net = m.convolutional(3, 10, norm="batch")

    def read(x: torch.Tensor) -> torch.Tensor:
        last = x.permute(0, 2, 3, 1).contiguous()  # as files give them: rows, columns, channels
        return last.reshape(len(x), 3, 32, 32)  # meant: permute(0, 3, 1, 2)

    return m.Work(net, entropy, m.loader((read(x), y)), (read(held), codes), _adam(net))


BUGS = (
    Bug("softmax before cross entropy", "K18, H20", ("softmax-twice",), softmax_twice),
    Bug("zero_grad forgotten", "K18, N21", ("gradients-pile-up",), no_zero_grad),
    Bug("scored without eval()", "K18, I17", ("training-mode",), never_eval),
    Bug("view in place of permute", "K18", ("rows-mixed",), view_for_permute),
    Bug("answers (n, 1) less targets (n,)", "H20", ("shapes-broadcast",), broadcast),
    Bug("pixels from 0 to 255", "I17, S21", ("inputs-unscaled",), raw_pixels),
    Bug("labels shuffled against inputs", "I17", ("labels-unrelated",), shuffled_labels),
    Bug("targets of a language model not shifted", "K19", ("target-in-input",), unshifted_targets),
    Bug("causal mask forgotten", "K19", ("future-seen",), no_mask),
    Bug("optimiser made before the head", "H20", ("never-updated",), head_left_out),
    Bug("learning rate times 100", "I17, S21, A21", ("rate-too-high",), rate_too_high),
    Bug("learning rate by 1000", "I17, A21", ("rate-too-low",), rate_too_low),
    Bug("sign of the loss forgotten", "H20", ("loss-upside-down",), upside_down),
    Bug("NLLLoss of raw scores", "H20, N21", ("raw-scores",), raw_scores),
    Bug("ReLUs dead from the start", "A21", ("dead-units", "inputs-ignored"), dying),
    Bug("twelve layers of sigmoid", "A21, I17", ("gradient-vanishes",), vanishing),
    Bug("weights of standard deviation 1", "A21, N21", ("gradient-explodes",), exploding),
    Bug("training images in validation", "I17, S21", ("valid-overlap",), overlap),
    Bug("batch_first forgotten", "K19", ("rows-mixed",), batch_first_forgotten),
    Bug("channels reshaped, not permuted", "K18", ("inputs-scrambled",), reshaped_channels),
)


# --- ten more -------------------------------------------------------------------------------------


def sorted_rows() -> m.Work:
    (x, y), valid = m.images("mnist")
    order = y.argsort()
    net = m.convolutional(1, 10)
    return m.Work(net, entropy, m.loader((x[order], y[order]), shuffle=False), valid, _adam(net))


def same_weights() -> m.Work:
    train, valid = m.images("mnist")
    net = m.mlp(784, 10, 64, activation=nn.Tanh)
    for parameter in net.parameters():
        nn.init.constant_(parameter, 0.01)
    return m.Work(net, entropy, m.loader(train), valid, _plain(net))


def valid_not_normalised() -> m.Work:
    train, (_, codes) = m.images("cifar10")
    raw = m.pixels("cifar10")[0][m.ROWS :].float() / 255
    net = m.convolutional(3, 10, norm="batch")
    return m.Work(net, entropy, m.loader(train), (raw, codes), _adam(net))


def cut_outputs() -> m.Work:
    train, valid = m.table("uci_protein")
    net = nn.Sequential(m.mlp(9, 1, 64), nn.Sigmoid(), nn.Flatten(0))
    return m.Work(net, nn.MSELoss(), m.loader(train), valid, _adam(net))


class _Detached(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.trunk, self.head = m.mlp(784, 64, 128), nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        answers: torch.Tensor = self.head(self.trunk(x).detach())
        return answers


def detached() -> m.Work:
    train, valid = m.images("mnist")
    net = _Detached()
    return m.Work(net, entropy, m.loader(train), valid, _adam(net))


def copies_again() -> m.Work:
    raw, codes = m.pixels("cifar10")
    some = raw[: m.ROWS : 20]
    saved = []
    for image in some:
        file = io.BytesIO()
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(file, "JPEG", quality=80)
        saved.append(np.asarray(Image.open(file)).transpose(2, 0, 1))
    again = torch.from_numpy(np.stack(saved))
    x, held = raw[: m.ROWS].float() / 255, torch.cat([raw[m.ROWS :], again]).float() / 255
    y = torch.cat([codes[m.ROWS :], codes[: m.ROWS : 20]])
    net = m.convolutional(3, 10, norm="batch")
    return m.Work(net, entropy, (x, codes[: m.ROWS]), (held, y), _adam(net))


def divided_twice() -> m.Work:
    raw, codes = m.pixels("mnist")
    net = m.convolutional(1, 10)
    train = raw[: m.ROWS].float() / 255 / 255, codes[: m.ROWS]
    return m.Work(net, entropy, m.loader(train), None, _plain(net))


def kept_not_dropped() -> m.Work:
    train, valid = m.images("mnist")
    net = m.mlp(784, 10, 256, 256, dropout=0.9)  # meant: 0.9 are kept
    return m.Work(net, entropy, m.loader(train), valid, _adam(net))


def counted_from_one() -> m.Work:
    (x, y), (held, codes) = m.images("mnist")
    net = m.mlp(784, 11, 128)
    return m.Work(net, entropy, m.loader((x, y + 1)), (held, codes + 1), _adam(net))


def never_train_again() -> m.Work:
    train, valid = m.images("cifar10")
    net = m.convolutional(3, 10, norm="batch", dropout=0.3)

    def step(net: nn.Module, optimiser: Optimizer, x: torch.Tensor, y: torch.Tensor) -> Any:
        net.eval()  # left over from the scoring of the epoch before
        optimiser.zero_grad()
        loss = entropy(net(x), y)
        loss.backward()
        optimiser.step()
        return loss

    return m.Work(net, entropy, m.loader(train), valid, _adam(net), step)


MORE = (
    Bug("rows sorted by class, not shuffled", "I17", ("sorted-batches",), sorted_rows),
    Bug("all weights alike at first", "N21", ("same-weights",), same_weights),
    Bug("validation not normalised", "I17", ("valid-differs",), valid_not_normalised),
    Bug("sigmoid on the answers of a regression", "H20", ("outputs-bounded",), cut_outputs),
    Bug("detached in the middle", "H20", ("never-updated",), detached),
    Bug("validation holds JPEGs of training images", "S21", ("valid-near-duplicates",),
        copies_again),
    Bug("divided by 255 twice", "I17", ("inputs-unscaled",), divided_twice),
    Bug("share to keep given as dropout", "I17, S21", ("dropout-too-strong",), kept_not_dropped),
    Bug("labels that count from 1", "I17", ("labels-out-of-range",), counted_from_one),
    Bug("train() forgotten after eval()", "K18", ("evaluation-mode",), never_train_again),
)  # fmt: skip
