"""Twenty trainings with nothing wrong: other nets, data, optimisers. An alarm is a false one."""

from __future__ import annotations

from collections.abc import Callable

import material as m
import torch
from torch import nn

from modelwright.nets.cnn import cnn
from modelwright.nets.quick import QuickForm, QuickNet
from modelwright.nets.resnet import resnet
from modelwright.nets.vit import VisionTransformer, ViTConfig

entropy = nn.functional.cross_entropy
Optimizer = torch.optim.Optimizer


def _sgd(net: nn.Module, rate: float, momentum: float = 0.9) -> Optimizer:
    return torch.optim.SGD(net.parameters(), rate, momentum=momentum, weight_decay=5e-4)


def _step(net: nn.Module, optimiser: Optimizer, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    net.train()
    optimiser.zero_grad()
    loss = entropy(net(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimiser.step()
    return loss


def _score(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    net.eval()
    with torch.no_grad():
        return float((net(x).argmax(dim=1) == y).float().mean())


def softmax_regression() -> m.Work:
    train, valid = m.images("mnist")
    net = m.mlp(784, 10)
    return m.Work(net, entropy, m.loader(train), valid, _sgd(net, 0.05, 0.0))


def plain_mlp() -> m.Work:
    train, valid = m.images("mnist")
    net = m.mlp(784, 10, 256, 128)
    return m.Work(net, nn.CrossEntropyLoss(), train, valid, torch.optim.Adam(net.parameters()))


def tanh_with_norm() -> m.Work:
    train, valid = m.images("mnist")
    net = m.mlp(784, 10, 128, 128, activation=nn.Tanh, norm=True)
    return m.Work(net, entropy, m.loader(train), valid, _sgd(net, 0.05), _step, _score)


def dropped() -> m.Work:
    train, valid = m.images("mnist")
    net = m.mlp(784, 10, 256, 256, dropout=0.5)
    optimiser = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=0.05)
    return m.Work(
        net, nn.CrossEntropyLoss(label_smoothing=0.1), train, valid, optimiser, None, _score
    )


def six_layers() -> m.Work:
    train, valid = m.table("segment")
    net = m.mlp(train[0].shape[1], 7, *[96] * 5)
    return m.Work(net, entropy, m.loader(train), valid, torch.optim.Adam(net.parameters(), 3e-3))


def plain_cnn() -> m.Work:
    train, valid = m.images("mnist")
    net = m.convolutional(1, 10)
    return m.Work(net, entropy, m.loader(train), valid, _sgd(net, 0.05), _step)


def cnn_with_norm() -> m.Work:
    train, valid = m.images("cifar10")
    net = m.convolutional(3, 10, norm="batch", dropout=0.2)
    return m.Work(
        net, entropy, m.loader(train), valid, torch.optim.Adam(net.parameters()), _step, _score
    )


def cnn_with_groups() -> m.Work:
    train, valid = m.images("cifar10")
    net = m.convolutional(3, 10, norm="group")
    return m.Work(net, entropy, m.loader(train), valid, torch.optim.RMSprop(net.parameters(), 1e-3))


def of_the_house() -> m.Work:
    train, valid = m.images("cifar10")
    net = cnn(classes=10, width=16)
    return m.Work(net, entropy, m.loader(train), valid, torch.optim.AdamW(net.parameters(), 2e-3))


def small_resnet() -> m.Work:
    train, valid = m.images("cifar10")
    net = resnet(8, classes=10, stem="cifar", width=16)
    return m.Work(net, entropy, m.loader(train), valid, _sgd(net, 0.1))


def deeper_resnet() -> m.Work:
    train, valid = m.images("mnist")
    net = resnet(20, classes=10, channels=1, stem="cifar", width=8)
    return m.Work(net, entropy, m.loader(train), valid, _sgd(net, 0.05), _step, _score)


def small_vit() -> m.Work:
    train, valid = m.images("cifar10")
    net = VisionTransformer(ViTConfig(10, 64, 4, 4, 32, 8))
    optimiser = torch.optim.AdamW(net.parameters(), 5e-4)
    return m.Work(net, entropy, m.loader(train), valid, optimiser)


def quick() -> m.Work:
    raw, codes = m.pixels("cifar10")
    net = QuickNet(QuickForm(3, 32, 32, 10, (16, 32, 32)))
    net.suit(raw[: m.ROWS])
    optimiser = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], 2e-3)
    train, valid = (raw[: m.ROWS], codes[: m.ROWS]), (raw[m.ROWS :], codes[m.ROWS :])
    return m.Work(net, entropy, train, valid, optimiser)


def lstm() -> m.Work:
    train, valid = m.reviews()
    net = m.Reader()
    return m.Work(net, entropy, m.loader(train), valid, torch.optim.Adam(net.parameters(), 2e-3))


def encoder() -> m.Work:
    train, valid = m.reviews()
    net = m.Attentive()
    return m.Work(net, entropy, m.loader(train), valid, torch.optim.AdamW(net.parameters(), 1e-3))


def speaker() -> m.Work:
    train, valid, letters = m.letters()
    net = m.Speaker(letters)
    optimiser = torch.optim.AdamW(net.parameters(), 1e-3)
    return m.Work(net, m.of_steps, m.loader(train), valid, optimiser)


def letter_by_letter() -> m.Work:
    train, valid, letters = m.letters()
    net = m.LetterByLetter(letters)
    return m.Work(net, m.of_steps, train, valid, torch.optim.Adam(net.parameters(), 2e-3))


def regression() -> m.Work:
    train, valid = m.table("uci_protein")
    net = nn.Sequential(m.mlp(9, 1, 64, 64), nn.Flatten(0))
    return m.Work(net, nn.MSELoss(), m.loader(train), valid, torch.optim.Adam(net.parameters()))


def two_classes() -> m.Work:
    (x, y), (held, codes) = m.table("segment")
    net = nn.Sequential(m.mlp(x.shape[1], 1, 32), nn.Flatten(0))
    train, valid = (x, (y > 3).float()), (held, (codes > 3).float())
    return m.Work(net, nn.BCEWithLogitsLoss(), m.loader(train), valid, _sgd(net, 0.1))


def frozen_trunk() -> m.Work:
    train, valid = m.images("mnist")
    net = resnet(8, classes=10, channels=1, stem="cifar", width=16)
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    head = nn.Linear(64, 10)
    whole = nn.Sequential(_Trunk(net), head)
    return m.Work(whole, entropy, m.loader(train), valid, torch.optim.Adam(head.parameters(), 1e-2))


class _Trunk(nn.Module):
    """What somebody else trained, as features."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net.embed(x)  # type: ignore[operator, no-any-return]


SOUND: tuple[Callable[[], m.Work], ...] = (
    softmax_regression, plain_mlp, tanh_with_norm, dropped, six_layers, plain_cnn, cnn_with_norm,
    cnn_with_groups, of_the_house, small_resnet, deeper_resnet, small_vit, quick, lstm, encoder,
    speaker, letter_by_letter, regression, two_classes, frozen_trunk,
)  # fmt: skip
