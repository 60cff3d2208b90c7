"""Parts of the diagnostics by themselves: pictures, copies, watching, gradients across rows."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")
pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed (extra deep)")

from modelwright.nets.layers.norms import BatchNorm  # noqa: E402
from modelwright.nets.library import nn  # noqa: E402
from modelwright.training.batches import Examples  # noqa: E402
from modelwright.training.diagnostics import (  # noqa: E402
    depends_on_others,
    describe,
    find_differing,
    find_overlap,
    find_twins,
    picture,
    watch,
)
from modelwright.training.diagnostics.case import Answers  # noqa: E402
from modelwright.training.diagnostics.inputs import check_order  # noqa: E402
from modelwright.training.diagnostics.labels import related  # noqa: E402
from modelwright.training.diagnostics.overlap import find_copies, twins  # noqa: E402
from modelwright.training.diagnostics.passing import ending, passing  # noqa: E402
from modelwright.training.diagnostics.watching import has_modes  # noqa: E402


def scenes(count: int, seed: int) -> np.ndarray:
    """Smooth colour images, no two alike."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (count, 3, 4, 4)).astype(np.float64)
    fine = coarse.repeat(8, axis=2).repeat(8, axis=3) + rng.normal(0, 4, (count, 3, 32, 32))
    return fine.clip(0, 255).astype(np.uint8)


def test_copies_are_found_to_the_bit_and_nothing_else() -> None:
    train, valid = scenes(200, 0), scenes(60, 1)
    assert find_overlap(train, valid) is None
    assert find_twins(train, valid) is None
    assert find_differing(train, valid) is None
    found = find_overlap(train, np.concatenate([valid, train[:5]]))
    assert found is not None
    assert found.evidence.startswith("5 of 65 validation rows")
    few = find_overlap(train, np.concatenate([scenes(900, 2), train[:1]]))
    assert few is not None
    assert few.severity.value == "info"


@pytest.mark.parametrize("how", ["jpeg", "brighter", "mirrored", "resized"])
def test_images_that_are_nearly_equal_are_found(how: str) -> None:
    train, valid = scenes(300, 0), scenes(60, 1)
    changed = []
    for image in train[:12]:
        seen = pillow.fromarray(image.transpose(1, 2, 0))
        if how == "jpeg":
            file = io.BytesIO()
            seen.save(file, "JPEG", quality=70)
            seen = pillow.open(file)
        elif how == "brighter":
            seen = seen.point(lambda value: min(255, int(value * 1.1 + 8)))
        elif how == "mirrored":
            seen = seen.transpose(pillow.Transpose.FLIP_LEFT_RIGHT)
        else:
            seen = seen.resize((24, 24)).resize((32, 32))
        changed.append(np.asarray(seen).transpose(2, 0, 1))
    held = np.concatenate([valid, np.stack(changed)])
    pairs = twins(train, held).pairs
    assert set(pairs[:, 0].tolist()) >= set(range(60, 70)), "at least ten of twelve"
    assert all(known == place - 60 for place, known in pairs.tolist() if place >= 60)
    assert (pairs[:, 0] >= 60).all(), "none of the others"


@given(st.integers(0, 10_000))
def test_rows_that_nobody_copied_are_no_copies(seed: int) -> None:
    rng = np.random.default_rng(seed)
    train, valid = rng.normal(size=(40, 9)), rng.normal(size=(20, 9))
    assert find_overlap(train, valid) is None
    found = find_overlap(train, np.concatenate([valid, train[3:7]]))
    assert found is not None
    assert found.evidence.startswith("4 of 24")


def test_nearly_equal_images_are_named_by_their_places_beside_exact_copies() -> None:
    train = scenes(120, 0)
    near = np.clip(train[7:9].astype(int) + 9, 0, 255).astype(train.dtype)
    (same, twin) = find_copies(train, np.concatenate([train[:4], near]))
    assert same.evidence.startswith("4 of 6 validation rows are among the 120 training rows")
    assert "(4 like 7, 5 like 8)" in twin.evidence


def test_images_without_contrast_have_no_twins() -> None:
    black = np.zeros((50, 1, 16, 16), np.uint8)
    assert len(twins(black, black[:10]).pairs) == 0


@pytest.mark.parametrize(
    "layer",
    [
        nn.Linear(6, 6),
        nn.Sequential(nn.Linear(6, 6), BatchNorm(6), nn.ReLU(), nn.Dropout(0.5)),
        nn.LayerNorm(6),
        nn.Softmax(dim=1),
    ],
)
def test_layers_that_keep_rows_apart_do(layer: nn.Module) -> None:
    assert depends_on_others(layer, (torch.randn(8, 6),)) == 0.0
    assert all(module.training for module in layer.modules())


@pytest.mark.parametrize(
    "mixed",
    [
        lambda x: x.view(6, -1).T,
        lambda x: x - x.mean(dim=0),
        lambda x: x.softmax(dim=0),
        lambda x: x.reshape(-1).roll(1).reshape(x.shape),
        lambda x: x / x.norm(),
    ],
)
def test_layers_that_mix_rows_are_found(mixed: object) -> None:
    class Mixing(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return mixed(x)  # type: ignore[operator, no-any-return]

    assert depends_on_others(Mixing(), (torch.randn(8, 6),)) > 2e-4


def test_codes_are_exchanged_where_there_is_no_gradient() -> None:
    words = torch.randint(0, 20, (8, 5))

    class Reader(nn.Module):
        def __init__(self, *, rows_first: bool) -> None:
            super().__init__()
            self.words = nn.Embedding(20, 4)
            self.states = nn.GRU(4, 6, batch_first=rows_first)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.states(self.words(x))[0].mean(dim=1)

    assert depends_on_others(Reader(rows_first=True), (words,)) == 0.0
    assert depends_on_others(Reader(rows_first=False), (words,)) > 0.001


def test_channels_that_were_reshaped_are_told_from_those_that_were_moved() -> None:
    images = torch.from_numpy(scenes(20, 0)).float()
    last = images.permute(0, 2, 3, 1).contiguous()
    assert check_order(last.permute(0, 3, 1, 2)) is None
    found = check_order(last.reshape(20, 3, 32, 32))
    assert found is not None
    assert found.code == "inputs-scrambled"
    assert check_order(torch.randn(20, 3, 16, 16)) is None


def test_inputs_are_described_and_drawn(tmp_path: Path) -> None:
    x = torch.tensor([[1.0, float("nan"), 3.0]])
    seen = describe(x)
    assert (seen.low, seen.high, seen.mean, seen.strange) == (1.0, 3.0, 2.0, 1)
    assert "1 no numbers" in str(seen)
    images = torch.rand(10, 3, 8, 8)
    data = picture(images, tmp_path / "first.png")
    assert (tmp_path / "first.png").read_bytes() == data
    drawn = np.asarray(pillow.open(io.BytesIO(data)))
    assert drawn.shape == (2 * 58, 8 * 58, 3)
    low, high = float(images.min()), float(images.max())
    corner = ((images[0, :, 0, 0] - low) / (high - low) * 255).round()
    assert drawn[3, 3].tolist() == corner.tolist()
    assert picture(np.zeros((5, 7)))[1:4] == b"PNG"
    assert picture(torch.randint(0, 9, (70, 30)))[1:4] == b"PNG"


def test_a_loop_is_watched_without_being_changed() -> None:
    def run(*, watched: bool) -> list[float]:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
        descent = torch.optim.SGD(net.parameters(), 0.1)
        x = torch.randn(16, 4)

        def loop() -> None:
            for _ in range(4):
                descent.zero_grad()
                for piece in x.split(8):  # gradients of two pieces belong together
                    net(piece).square().mean().backward()
                descent.step()
            net.eval()
            with torch.no_grad():
                net(x)

        if watched:
            with watch(net, descent) as seen:
                loop()
            assert seen.findings() == ()
            assert (seen.steps, seen.learned, seen.scored) == (4, 8, 1)
            assert len(seen.reached) >= 4
            assert not net._forward_pre_hooks
        else:
            loop()
        return torch.cat([value.flatten() for value in net.state_dict().values()]).tolist()

    assert run(watched=True) == run(watched=False)


@pytest.mark.parametrize(
    ("back", "graded", "found"),
    [(True, False, []), (True, True, []), (False, False, ["evaluation-mode"])],
)
def test_watching_finds_the_net_that_nobody_sets_back_to_training(
    back: bool, graded: bool, found: list[str]
) -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.2), nn.Linear(4, 1))
    descent = torch.optim.SGD(net.parameters(), 0.01)
    x = torch.randn(16, 4)
    with watch(net, descent) as seen:
        for step in range(20):
            descent.zero_grad()
            net(x).square().mean().backward()
            descent.step()
            if step == 13 or (back and step % 2):
                net.eval()
                with torch.set_grad_enabled(graded):
                    net(x)
                net.train(back)
    assert [one.code for one in seen.findings()] == found
    assert (seen.still, seen.still_last) == ((0, 0) if back else (6, 6))


def test_watching_finds_a_net_that_is_scored_in_training_mode() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    descent = torch.optim.SGD(net.parameters(), 0.1)
    with watch(net, descent) as seen, torch.no_grad():
        net(torch.ones(3, 2))
    assert [one.code for one in seen.findings()] == ["training-mode"]
    assert not has_modes(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.0)))


def test_activations_are_seen_as_modules_and_as_functions() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = nn.functional.relu(self.first(x), inplace=True)
            return torch.sigmoid(self.last(x.tanh()))

    net = Net()
    with passing(net) as found:
        answers = net(torch.randn(5, 3))
    assert [one.function for one in found] == ["relu", "tanh", "sigmoid"]
    assert ending(found, answers) == "sigmoid"
    assert ending(found[:2], answers) == ""
    assert bool((found[0].output >= 0).all())


@pytest.mark.long
@pytest.mark.parametrize("answers", [Answers.CLASSES, Answers.NUMBERS, Answers.BINARY])
def test_what_goes_together_is_told_from_what_does_not(answers: Answers) -> None:
    draw = torch.Generator().manual_seed(3)
    x = torch.randn(1500, 6, generator=draw)
    ring = x[:, :2].square().sum(dim=1)  # no line tells it, the nearest row does
    inside = ring > 1.4
    y = {Answers.NUMBERS: ring, Answers.BINARY: inside.float()}.get(answers, inside.long())
    assert related(Examples((x,), y), answers).known
    lost = sum(
        not related(Examples((x,), y[torch.randperm(1500, generator=draw)]), answers, seed).known
        for seed in range(8)
    )
    assert lost >= 7


@pytest.mark.parametrize("seed", range(4))
def test_many_columns_that_each_tell_a_little_are_known(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(700, 200, 8, generator=draw)
    y = (x[:, :, 0].sum(dim=1) > x[:, :, 1].sum(dim=1)).long()
    found = related(Examples((x,), y), Answers.CLASSES)
    assert found.linear > 5
    assert found.rows == 700


def test_labels_in_any_order_are_as_far_from_chance_as_chance_is() -> None:
    draw = torch.Generator().manual_seed(7)
    x = torch.randn(400, 900, generator=draw)
    y = torch.arange(400) % 3
    told = [
        related(Examples((x,), y[torch.randperm(400, generator=draw)]), Answers.CLASSES)
        for _ in range(30)
    ]
    for kind in ("nearest", "linear"):
        away = torch.tensor([getattr(one, kind) for one in told])
        assert 0.7 < float(away.std()) < 1.4
        assert abs(float(away.mean())) < 0.6
