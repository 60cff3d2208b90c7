"""Images mirrored every other epoch: each of them once either way in two epochs."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.budget import Budget  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.training.alternating import Alternating  # noqa: E402
from modelwright.training.batches import Changed, Examples, Streamed  # noqa: E402
from modelwright.training.course import Course  # noqa: E402
from modelwright.training.loop import Training  # noqa: E402
from modelwright.training.losses import cross_entropy  # noqa: E402
from modelwright.training.pace import StepPace  # noqa: E402

COUNT = 200
PIXELS = torch.arange(COUNT * 2, dtype=torch.float32).reshape(COUNT, 1, 1, 2)
ROWS = Examples((PIXELS,), torch.arange(COUNT) % 3)


def shown(images: Alternating, epoch: int) -> dict[int, bool]:
    """Say of each row whether it is mirrored in an epoch."""
    with reproducible(seed=epoch):
        batch = images.at(images.order(epoch))
    first, last = batch.inputs[0][:, 0, 0].T.long()
    rows = torch.minimum(first, last) // 2
    assert torch.equal(batch.targets, ROWS.targets[rows])
    return dict(zip(rows.tolist(), (first > last).tolist(), strict=True))


def test_every_image_is_shown_either_way_in_two_epochs() -> None:
    images = Alternating(ROWS)
    even, odd, again = (shown(images, epoch) for epoch in (0, 1, 2))
    assert set(even) == set(range(COUNT))
    assert all(odd[row] is not mirrored for row, mirrored in even.items())
    assert again == even
    assert 0.4 < sum(even.values()) / COUNT < 0.6


def test_rows_on_the_disk_alternate_too() -> None:
    stream = Streamed(PIXELS.numpy(), ROWS.targets, block=16)
    assert shown(Alternating(stream), 3) == shown(Alternating(ROWS), 3)


class _Plain(nn.Module):
    def __init__(self, seen: list[torch.Tensor]) -> None:
        super().__init__()
        self.layer, self.seen = nn.Linear(2, 3), seen

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.seen.append(x[:, 0, 0].clone())
        answers: torch.Tensor = self.layer(x.flatten(1) / COUNT)
        return answers


def test_a_training_alternates_from_epoch_to_epoch() -> None:
    seen: list[torch.Tensor] = []
    net = _Plain(seen)
    rows = Changed(Alternating(ROWS), lambda batch: batch)
    training = Training(net, rows, cross_entropy, Course(epochs=3, batch=50, rate=0.01))
    training.run(StepPace(3, Budget()))
    epochs = [torch.cat(seen[start : start + 4]) for start in (0, 4, 8)]
    ways = [{int(p.min()) // 2: bool(p[0] > p[1]) for p in epoch} for epoch in epochs]
    assert ways[0] == ways[2]
    assert all(ways[0][row] is not ways[1][row] for row in range(COUNT))
