"""Each way of changing images: what it must do, what it must leave alone, and its own draw."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.errors import OptionError  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.training import augmentation as aug  # noqa: E402
from modelwright.training.augmentation.mixing import one_hot  # noqa: E402
from modelwright.training.batches import Examples  # noqa: E402

Change = Callable[[torch.Tensor], torch.Tensor]

CHANGES: dict[str, Change] = {
    "flip": aug.flip,
    "shift": aug.shift,
    "rotation": aug.rotation,
    "crop": aug.crop,
    "jitter": aug.jitter,
    "elastic": aug.elastic,
    "colour": aug.colour,
    "exposure": aug.exposure,
    "noise": aug.noise,
    "erasing": aug.erasing,
}


@pytest.fixture(autouse=True)
def seeded():  # type: ignore[no-untyped-def]
    with reproducible(seed=0):
        yield


def pictures(count: int = 16, channels: int = 3, side: int = 12) -> torch.Tensor:
    return torch.randint(0, 256, (count, channels, side, side), dtype=torch.uint8)


@pytest.mark.parametrize("name", CHANGES)
def test_forms_stay_and_images_are_changed_each_in_its_own_way(name: str) -> None:
    x = pictures(1).expand(16, -1, -1, -1)
    before = x.clone()
    changed = CHANGES[name](x)
    assert changed.shape == x.shape
    assert (x == before).all(), "the images given must stay as they are"
    assert changed.float().min() >= 0
    assert changed.float().max() <= 255
    different = {tuple(image.flatten().tolist()) for image in changed}
    assert len(different) >= 2


@pytest.mark.parametrize("name", CHANGES)
def test_the_same_state_of_the_generator_gives_the_same_images(name: str) -> None:
    x = pictures()
    with reproducible(seed=7):
        first = CHANGES[name](x)
    with reproducible(seed=7):
        second = CHANGES[name](x)
    assert (first == second).all()


@pytest.mark.parametrize("name", ["flip", "shift", "erasing"])
def test_whole_pixels_stay_bytes(name: str) -> None:
    assert CHANGES[name](pictures()).dtype == torch.uint8


def test_a_flip_is_the_image_or_its_mirror_image() -> None:
    x = pictures(64)
    flipped = aug.flip(x)
    same = (flipped == x).flatten(1).all(dim=1)
    turned = (flipped == x.flip(3)).flatten(1).all(dim=1)
    assert (same | turned).all()
    assert 16 < int(turned.sum()) < 48


def test_a_shift_is_a_cut_out_of_the_padded_image() -> None:
    x = pictures(32, side=9)
    padded = nn.functional.pad(x.float(), (2, 2, 2, 2), mode="reflect").to(torch.uint8)
    cuts = [padded[:, :, i : i + 9, j : j + 9] for i in range(5) for j in range(5)]
    found = aug.shift(x, 2)
    matches = torch.stack([(cut == found).flatten(1).all(dim=1) for cut in cuts])
    assert matches.any(dim=0).all()
    assert int(matches.any(dim=1).sum()) > 12, "many of the 25 ways occur"


def test_a_shift_may_repeat_the_edge() -> None:
    x = torch.arange(4.0).expand(1, 1, 4, 4)
    rows = {tuple(aug.shift(x, 1, mirrored=False)[0, 0, 0].tolist()) for _ in range(40)}
    assert rows == {(0, 1, 2, 3), (0, 0, 1, 2), (1, 2, 3, 3)}


def test_a_shift_by_more_than_the_image_stays_inside() -> None:
    assert aug.shift(pictures(side=3), 50).shape == (16, 3, 3, 3)


def test_a_rotation_by_a_right_angle_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    x = pictures(4).float()
    monkeypatch.setattr(torch, "rand", lambda count: torch.ones(count))
    turned = aug.rotation(x, 90.0)
    ways = [torch.rot90(x, turns, (2, 3)) for turns in (1, 3)]
    assert min(float((turned - way).abs().max()) for way in ways) < 0.01


def test_a_rotation_by_nothing_is_the_image() -> None:
    x = pictures().float()
    torch.testing.assert_close(aug.rotation(x, 0.0), x, atol=0.01, rtol=0)


def test_a_crop_of_all_is_the_image() -> None:
    x = pictures().float()
    torch.testing.assert_close(aug.crop(x, 1.0), x, atol=0.01, rtol=0)


def test_a_crop_enlarges() -> None:
    x = torch.zeros(32, 1, 16, 16)
    x[:, :, 4:12, 4:12] = 200.0
    assert aug.crop(x, 0.4).mean() > x.mean()


def test_jitter_changes_the_ratio_of_sides() -> None:
    x = torch.zeros(64, 1, 32, 32)
    x[:, :, 8:24, 8:24] = 200.0
    bright = aug.jitter(x, 0.3)[:, 0] > 100
    high, wide = bright[:, :, 16].sum(dim=1), bright[:, 16].sum(dim=1)
    assert (high != wide).any()


def test_elastic_keeps_what_is_where_on_the_whole() -> None:
    x = pictures(8, 1, 28).float()
    smooth = nn.functional.avg_pool2d(x, 7, 1, 3)
    bent = aug.elastic(smooth, 1.5)
    assert 0.1 < (bent - smooth).abs().mean() < 30


def test_grey_images_have_no_colours() -> None:
    x = pictures(channels=1)
    assert (aug.colour(x) == x).all()


def test_noise_is_of_the_strength_asked_for() -> None:
    x = torch.full((500, 1, 8, 8), 128.0)
    spread = aug.noise(x, 10.0).std(dim=(1, 2, 3))
    assert spread.max() < 14
    assert 4 < spread.mean() < 6


def test_erasing_wipes_out_the_share_asked_for() -> None:
    x = torch.full((200, 1, 20, 20), 9.0)
    gone = (aug.erasing(x, 0.25) == 0).float().mean()
    assert 0.2 < gone < 0.3
    assert (aug.erasing(x, 0.25, chance=0.0) == 9).all()


@pytest.mark.parametrize("mix", [aug.mixup, aug.cutmix])
def test_mixed_answers_have_the_shares_of_the_pixels(mix: Callable[..., tuple]) -> None:  # type: ignore[type-arg]
    # each image is of one value, its class: its mean says how much of which class is in it
    codes = torch.arange(2).repeat(64)
    x = (codes * 255.0)[:, None, None, None].expand(-1, 1, 16, 16)
    mixed, shares = mix(x, one_hot(codes, 2), 1.0)
    torch.testing.assert_close(mixed.mean(dim=(1, 2, 3)) / 255, shares[:, 1], atol=1e-3, rtol=0)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(128))
    assert ((shares[:, 1] > 0.1) & (shares[:, 1] < 0.9)).any()


def test_every_way_has_a_flag_of_its_own() -> None:
    batch = Examples((pictures(),), torch.arange(16) % 4)
    nothing = aug.Augmentation()(batch)
    assert (nothing.inputs[0] == batch.inputs[0]).all()
    assert nothing.targets is batch.targets
    flags = {
        "flip": True, "shift": 2, "rotation": 20.0, "crop": 0.4, "jitter": 0.3, "elastic": 2.0,
        "exposure": 0.3, "colour": 0.3, "noise": 20.0, "erasing": 0.2, "mixup": 0.4, "cutmix": 1.0,
    }  # fmt: skip
    for name, value in flags.items():
        changed = aug.Augmentation(**{name: value}, classes=4)(batch)
        assert not torch.equal(changed.inputs[0].float(), batch.inputs[0].float()), name
    assert set(flags) | {"classes"} == set(aug.Augmentation.__dataclass_fields__)


def test_all_ways_together_give_images() -> None:
    every = aug.Augmentation(True, 2, 10, 0.2, 0.1, 1.0, 0.2, 0.2, 4.0, 0.1, 0.2, 1.0, classes=4)
    changed = every(Examples((pictures(),), torch.arange(16) % 4))
    assert changed.inputs[0].shape == (16, 3, 12, 12)
    assert torch.isfinite(changed.inputs[0]).all()
    assert changed.targets.shape == (16, 4)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"shift": -1}, "expected shift of 0 or more; got -1"),
        ({"crop": 1.5}, "expected crop of 0 to 0.99; got 1.5"),
        ({"erasing": 2.0}, "expected erasing of 0 to 1; got 2.0"),
        ({"rotation": 900.0}, "expected rotation of 0 to 180; got 900.0"),
        ({"noise": math.nan}, "expected noise of 0 to 255; got nan"),
        ({"mixup": 0.2}, "expected the number of classes beside mixup and cutmix; got classes=0"),
    ],
)
def test_a_strength_that_means_nothing_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=re.escape(told)):
        aug.Augmentation(**given)


@pytest.mark.parametrize("name", ["exposure", "colour", "noise"])
def test_light_is_changed_before_pixels_are_normalised(name: str) -> None:
    change = aug.Augmentation(**{name: 0.3})  # type: ignore[arg-type]
    x = pictures(8).float()
    for normal in (x / 255, (x - x.mean()) / x.std()):
        with pytest.raises(OptionError, match=r"pixels from 0 to 255 .* normalise after"):
            change(Examples((normal,), torch.zeros(8)))
    assert change(Examples((x,), torch.zeros(8))).inputs[0].max() <= 255
    assert aug.Augmentation(flip=True)(Examples((x / 255,), torch.zeros(8))).inputs[0].max() <= 1
