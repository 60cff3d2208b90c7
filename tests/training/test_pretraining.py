"""Learning without labels: the losses against plain ones, and that something is learned."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.budget import Budget  # noqa: E402
from modelwright.core.errors import OptionError  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.nets.quick import QuickForm, QuickNet  # noqa: E402
from modelwright.training.augmentation import Augmentation  # noqa: E402
from modelwright.training.batches import Changed, Examples  # noqa: E402
from modelwright.training.course import Course  # noqa: E402
from modelwright.training.loop import Training  # noqa: E402
from modelwright.training.pace import Pace  # noqa: E402
from modelwright.training.pretraining import (  # noqa: E402
    Contrast,
    Hidden,
    MaskedImages,
    TwoViews,
    contrastive_loss,
    hidden_pixels_loss,
)


def stripes(count: int = 64, side: int = 16) -> Examples:
    """Images of stripes, each of its own angle and place."""
    with reproducible(5):
        angle, start = torch.rand(count, 1, 1) * math.pi, torch.rand(count, 1, 1) * 6
        row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        wave = torch.sin(row * angle.cos() + column * angle.sin() + start)
        pixels = (127 + 120 * wave)[:, None].expand(-1, 3, -1, -1)
    return Examples((pixels.to(torch.uint8).contiguous(),), torch.zeros(count))


def net() -> QuickNet:
    with reproducible(0):
        made = QuickNet(QuickForm(3, 16, 16, 1, (8, 16)))
        made.suit(stripes().inputs[0])
    return made


@given(st.integers(2, 6), st.integers(1, 5), st.floats(0.05, 2.0), st.integers(0, 99))
@settings(max_examples=40)
def test_the_contrastive_loss_is_what_it_says(
    rows: int, width: int, temperature: float, seed: int
) -> None:
    with reproducible(seed):
        z = nn.functional.normalize(torch.randn(rows, 2, width).double(), dim=2)
    found = contrastive_loss(z, None, temperature)
    flat = [z[i, v] for i in range(rows) for v in range(2)]
    for i in range(rows):
        total = 0.0
        for v in range(2):
            me, other = z[i, v], z[i, 1 - v]
            all_but_me = [float(torch.exp(me @ k / temperature))
                          for place, k in enumerate(flat) if place != 2 * i + v]  # fmt: skip
            total -= math.log(float(torch.exp(me @ other / temperature)) / sum(all_but_me))
        assert float(found[i]) == pytest.approx(total / 2, rel=1e-6, abs=1e-9)


def test_views_are_drawn_each_by_itself() -> None:
    batch = TwoViews(Augmentation(flip=True, shift=3))(stripes(32))
    first, second = batch.inputs
    assert first.shape == second.shape
    assert not torch.equal(first, second)
    with pytest.raises(OptionError, match="at least 2 images"):
        contrastive_loss(torch.ones(1, 2, 3))


@given(st.floats(0.05, 0.95), st.integers(2, 8))
@settings(max_examples=20)
def test_a_mask_hides_its_share_of_every_image(share: float, cells: int) -> None:
    batch = Hidden(share, cells)(stripes(4))
    mask = batch.inputs[1]
    assert set(mask.unique().tolist()) <= {0.0, 1.0}
    if 16 % cells == 0:
        wanted = max(1, round(share * cells**2)) / cells**2
        assert mask.mean(dim=(1, 2, 3)).tolist() == pytest.approx([wanted] * 4)
    assert torch.equal(batch.targets[:, :3], batch.inputs[0])
    assert torch.equal(batch.targets[:, 3:], mask)


def test_only_hidden_pixels_count_and_none_of_them_is_seen() -> None:
    pixels, mask = torch.full((2, 3, 4, 4), 51.0), torch.zeros(2, 1, 4, 4)
    mask[:, :, :2] = 1
    painted = torch.full((2, 3, 4, 4), 0.5)
    painted[:, :, 2:] = 99.0
    loss = hidden_pixels_loss(painted, torch.cat([pixels, mask], dim=1))
    assert loss.tolist() == pytest.approx([0.3, 0.3])
    whole = MaskedImages(net(), 3).eval()
    shown = stripes(2).inputs[0].float()
    hidden = torch.zeros(2, 1, 16, 16)
    hidden[:, :, 4:8, 4:8] = 1
    other = torch.where(hidden.bool(), 255 - shown, shown)
    with torch.no_grad():
        assert torch.equal(whole(shown, hidden), whole(other, hidden))
    with pytest.raises(OptionError, match="share between 0 and 1"):
        Hidden(1.0)


@pytest.mark.parametrize("method", ["contrastive", "masked"])
def test_the_loss_falls_and_the_body_moves(method: str) -> None:
    body = net()
    before = {name: value.clone() for name, value in body.state_dict().items()}
    if method == "masked":
        whole, loss = MaskedImages(body, 3), hidden_pixels_loss
        rows = Changed(stripes(), Hidden(0.5, 4))
    else:
        whole, loss = Contrast(body, 8), contrastive_loss
        rows = Changed(stripes(), TwoViews(Augmentation(crop=0.3, exposure=0.3)))
    course = Course(epochs=8, batch=32, rate=0.05, optimiser="muon", momentum=0.6)
    training = Training(whole, rows, loss, course, seed=0)
    training.run(Pace(8, Budget()))
    losses = [epoch.loss for epoch in training.curve]
    assert losses[-1] < 0.95 * losses[0]
    if method == "contrastive":
        assert losses[-1] < math.log(2 * 32 - 1)
    moved = [
        name for name, value in body.state_dict().items() if not torch.equal(value, before[name])
    ]
    assert "groups.0.weight" in moved
    assert "whiten.weight" not in moved
