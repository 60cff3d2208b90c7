"""Freezing, rates, unfreezing, probes, evidence: each held to what it promises."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.budget import Budget  # noqa: E402
from modelwright.core.errors import FitError, OptionError  # noqa: E402
from modelwright.nets.backbone import Architecture, Backbone, Headed, Sight, stages_of  # noqa: E402
from modelwright.nets.library import nn, reproducible  # noqa: E402
from modelwright.training.batches import Examples  # noqa: E402
from modelwright.training.checkpoints import keep, take_up  # noqa: E402
from modelwright.training.course import Course  # noqa: E402
from modelwright.training.loop import Training  # noqa: E402
from modelwright.training.losses import cross_entropy  # noqa: E402
from modelwright.training.optimiser import Optimiser  # noqa: E402
from modelwright.training.pace import Pace  # noqa: E402
from modelwright.training.transfer import (  # noqa: E402
    GradualUnfreezing,
    choose_probe,
    features_of,
    fit_probe,
    freeze,
    frozen,
    hold_statistics,
    layerwise_rates,
    log_evidence,
    parameter_groups,
    rank_backbones,
    thaw,
)

SIZES = {
    "quick": {"channels": 3, "height": 16, "width": 16, "widths": [6, 8]},
    "resnet": {"depth": 8, "width": 4, "stem": "cifar", "channels": 3},
    "vit": {
        "width": 8, "depth": 2, "heads": 2, "size": 16, "patch": 4, "channels": 3, "pool": "token",
    },
}  # fmt: skip


def headed(family: str = "resnet", seed: int = 0) -> Headed:
    with reproducible(seed):
        return Headed(Backbone(Architecture(family, SIZES[family]), Sight(16)), classes=2)


def rows(count: int = 48, side: int = 16) -> Examples:
    """Images whose class is which half is brighter."""
    with reproducible(3):
        codes = torch.arange(count) % 2
        pixels = torch.randint(0, 120, (count, 3, side, side))
        pixels[codes == 0, :, : side // 2] += 110
        pixels[codes == 1, :, side // 2 :] += 110
    return Examples((pixels.to(torch.uint8),), codes)


def training(net: nn.Module, optimiser: str = "adamw") -> Training:
    course = Course(epochs=3, batch=16, rate=0.01, optimiser=optimiser, decay=0.1, clip=1.0)
    return Training(net, rows(), cross_entropy, course, seed=1)


def bits(net: nn.Module) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in net.state_dict().items()}


def under(names: dict[str, bytes], stages: tuple[tuple[str, ...], ...]) -> set[str]:
    parts = [part for stage in stages for part in stage]
    return {n for n in names if any(n == p or n.startswith(f"{p}.") for p in parts)}


@pytest.mark.parametrize("family", SIZES)
@pytest.mark.parametrize("optimiser", ["adamw", "sgd", "muon"])
@pytest.mark.parametrize("count", [1, 2])
def test_frozen_stages_keep_their_bits_statistics_among_them(
    family: str, optimiser: str, count: int
) -> None:
    net = headed(family)
    stages = stages_of(net)
    freeze(net, [name for stage in stages[:count] for name in stage])
    before = bits(net)
    training(net, optimiser).run(Pace(2, Budget()))
    after = bits(net)
    still = under(before, stages[:count])
    assert still
    assert {name for name in still if before[name] != after[name]} == set()
    moved = {name for name in set(before) - still if before[name] != after[name]}
    learning = {n for n, p in net.named_parameters() if p.requires_grad}
    assert {name.split(".")[2] for name in learning & moved if "body" in name}
    assert "head.weight" in moved
    if family == "resnet":
        assert any("running_mean" in name for name in moved), "norms above go on"


def test_what_is_frozen_stays_in_evaluation_mode_in_a_copy_too() -> None:
    net = copy.deepcopy(headed())
    freeze(net, ["backbone.body.layer1", "backbone.body.bn1"])
    other = copy.deepcopy(net).train()
    assert not other.backbone.body.layer1[0].bn1.training
    assert not other.backbone.body.bn1.training
    assert other.backbone.body.layer2[0].bn1.training
    thaw(other, ["backbone.body.layer1"])
    assert other.backbone.body.layer1[0].bn1.training
    assert not net.backbone.body.layer1[0].bn1.training, "a copy is of its own"
    assert all(".layer1." not in name for name in frozen(other))
    assert "backbone.body.bn1.weight" in frozen(other)


def test_thawing_wakes_nothing_that_never_learned() -> None:
    net = headed("quick")
    learned = {n for n, p in net.named_parameters() if p.requires_grad}
    everything = [name for stage in stages_of(net) for name in stage]
    freeze(net, everything)
    assert not any(p.requires_grad for p in net.parameters())
    freeze(net, everything)
    thaw(net, everything)
    assert {n for n, p in net.named_parameters() if p.requires_grad} == learned
    assert frozen(net) == ()
    with pytest.raises(OptionError, match=r"'layer9'.*backbone"):
        freeze(net, ["layer9"])


def test_held_statistics_stay_while_weights_learn() -> None:
    net = headed()
    held = hold_statistics(net)
    assert held == len([m for m in net.modules() if isinstance(m, nn.BatchNorm2d)])
    before = bits(net)
    freeze(net, ["backbone.body.layer1"])
    thaw(net, ["backbone.body.layer1"])
    training(net).run(Pace(1, Budget()))
    after = bits(net)
    changed = {name for name in before if before[name] != after[name]}
    assert not any("running" in name or "tracked" in name for name in changed)
    assert "backbone.body.layer1.0.bn1.bias" in changed


@given(st.floats(0.05, 1.0))
@settings(max_examples=20)
def test_rates_fall_by_a_factor_a_stage(decay: float) -> None:
    net = headed("vit")
    stages = stages_of(net)
    factors = layerwise_rates(net, stages, decay)
    assert set(factors) == {name for name, _ in net.named_parameters()}
    for place, stage in enumerate(reversed(stages)):
        for name in under(dict.fromkeys(factors, b""), (stage,)):
            assert factors[name] == pytest.approx(decay**place)
    again = layerwise_rates(net, stages, decay)
    assert again == factors, "factors do not pile up"
    groups = parameter_groups(net, stages, 0.1, decay)
    assert sum(len(group["params"]) for group in groups) == len(factors)
    assert groups[-1]["lr"] == pytest.approx(0.1)


def test_the_optimiser_moves_each_stage_at_its_rate() -> None:
    net = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1), nn.Linear(1, 1))
    layerwise_rates(net, [["0"], ["1"], ["2"]], decay=0.1)
    before = [layer.bias.item() for layer in net]
    optimiser = Optimiser(net, (0.9, 0.99))
    for parameter in net.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimiser.step(rate=0.01, decay=0.0)
    moved = [a - layer.bias.item() for a, layer in zip(before, net, strict=True)]
    assert moved == pytest.approx([0.0001, 0.001, 0.01], rel=1e-3)
    with pytest.raises(OptionError, match="decay above 0"):
        layerwise_rates(net, [["0"]], decay=0.0)


@given(st.integers(2, 9), st.floats(0.0, 1.0), st.integers(0, 3), st.data())
def test_stages_thaw_from_the_top_and_never_freeze_again(
    count: int, until: float, bottom: int, data: st.DataObject
) -> None:
    stages = tuple((str(i),) for i in range(count))
    bottom = min(bottom, count - 1)
    schedule = GradualUnfreezing(stages, until, bottom=bottom)
    times = sorted(data.draw(st.lists(st.floats(0, 1), min_size=2, max_size=6)))
    learning = [schedule.learning(t) for t in times]
    assert learning == sorted(learning)
    assert all(1 <= number <= count - bottom for number in learning)
    assert schedule.learning(1.0) == count - bottom


def test_gradual_unfreezing_in_the_loop_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def begun() -> tuple[Training, GradualUnfreezing]:
        net = headed()
        made = training(net)
        schedule = GradualUnfreezing(stages_of(net), until=0.8)
        return made, schedule

    def run(made: Training, schedule: GradualUnfreezing, stop: int = 0) -> list[int]:
        seen = [schedule.apply(made.net, made.position / 3)]

        def each(current: Training) -> None:
            seen.append(schedule.apply(current.net, current.position / 3))
            if stop and current.done * current.steps + current.at == stop:
                keep(current, tmp_path / "a.safetensors")
                raise StoppedError

        made.run(Pace(3, Budget()), each=each)
        return seen

    whole, schedule = begun()
    start = bits(whole.net)
    seen = run(whole, schedule)
    assert seen[0] == 1
    assert seen[-1] == len(schedule.stages)
    assert len(set(seen)) == len(schedule.stages), "one after the other"
    assert bits(whole.net) != start
    first, _ = begun()
    with pytest.raises(StoppedError):
        run(first, schedule, stop=5)
    again, _ = begun()
    take_up(again, tmp_path / "a.safetensors")
    run(again, schedule)
    assert bits(again.net) == bits(whole.net)


def test_numbers_that_mean_nothing_are_refused() -> None:
    stages = (("0",), ("1",))
    for wrong in ({"until": 1.5}, {"least": 0}, {"least": 3}, {"bottom": 2}):
        with pytest.raises(OptionError):
            GradualUnfreezing(stages, **wrong)  # type: ignore[arg-type]


def clouds(count: int, width: int, classes: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    codes = np.arange(count) % classes
    means = rng.normal(0, 1, (classes, width))
    x = means[codes] + rng.normal(0, 1.5, (count, width))
    return torch.tensor(x, dtype=torch.float32), torch.tensor(codes)


@pytest.mark.parametrize(("classes", "penalty"), [(2, 0.1), (3, 0.01), (4, 1.0)])
def test_a_probe_is_the_regression_of_scikit_learn(classes: int, penalty: float) -> None:
    from sklearn.linear_model import LogisticRegression

    x, codes = clouds(120, 6, classes, classes)
    probe = fit_probe(x, codes, classes, penalty)
    z = (x - probe.mean) / probe.spread
    # both outputs of two classes are penalised here: half the penalty on their difference
    strength = 1.0 / (len(x) * penalty * (0.5 if classes == 2 else 1.0))
    theirs = LogisticRegression(C=strength, tol=1e-8, max_iter=2_000).fit(z.numpy(), codes.numpy())
    ours = torch.softmax(probe.scores(x), dim=1).numpy()
    assert np.abs(ours - theirs.predict_proba(z.numpy())).max() < 2e-3


def test_a_feature_that_hardly_varies_lets_no_row_outweigh_the_others() -> None:
    x, codes = clouds(30, 6, 3, 0)
    rare = torch.full((30, 1), 0.5)
    rare[:10, 0] += 0.001 * codes[:10]
    rare[29] = 3.0  # varies in the fold that holds this row only
    found = choose_probe(torch.cat([x, rare], dim=1), codes, 3)
    assert found.loss < choose_probe(x, codes, 3).loss + 0.3
    assert float(fit_probe(torch.cat([x, rare], dim=1)[:29], codes[:29], 3).spread[6]) > 0.05


@pytest.mark.long
def test_a_penalty_is_chosen_by_what_it_loses_on_other_rows() -> None:
    x, codes = clouds(80, 60, 2, 0)
    noise = torch.randn(80, 60, generator=torch.Generator().manual_seed(0))
    telling, empty = choose_probe(x, codes, 2), choose_probe(noise, codes, 2)
    assert telling.loss < 0.5 < empty.loss
    assert telling.accuracy > 0.8
    assert empty.penalty >= telling.penalty
    assert choose_probe(x, codes, 2).weight.equal(telling.weight), "deterministic"
    constant = choose_probe(torch.ones(10, 3), torch.arange(10) % 2, 2)
    assert math.isfinite(constant.loss)
    with pytest.raises(OptionError):
        fit_probe(x[:0], codes[:0], 2)


def test_evidence_is_the_greatest_of_the_formula() -> None:
    """Against the density itself: y ~ N(0, F F' / a + I / b), over a grid of a and b."""
    x, codes = clouds(30, 4, 3, 1)
    f = (x - x.mean(dim=0)).double()
    y = nn.functional.one_hot(codes, 3).double()
    y = y - y.mean(dim=0)
    grid = torch.logspace(-3, 4, 141, dtype=torch.float64)
    total = 0.0
    values, vectors = torch.linalg.eigh(f @ f.T)
    for column in (vectors.T @ y).unbind(dim=1):
        variance = values.clamp(min=0)[None, None] / grid[:, None, None] + 1 / grid[None, :, None]
        logs = -0.5 * (
            (2 * math.pi * variance).log().sum(dim=2) + (column**2 / variance).sum(dim=2)
        )
        total += float(logs.max())
    assert log_evidence(x, codes, 3) == pytest.approx(total / 3 / 30, abs=2e-3)


def test_evidence_prefers_what_tells_to_what_is_much() -> None:
    x, codes = clouds(60, 3, 2, 2)
    noise = torch.randn(60, 200, generator=torch.Generator().manual_seed(1))
    assert log_evidence(x, codes, 2) > log_evidence(noise, codes, 2)
    with pytest.raises(OptionError):
        log_evidence(x[:, :0], codes, 2)


def test_features_that_say_nothing_have_an_evidence_too() -> None:
    codes = torch.arange(20) % 2
    for x in (torch.zeros(20, 3), torch.full((20, 3), 7.0)):
        assert math.isfinite(log_evidence(x, codes, 2))
    assert math.isfinite(log_evidence(torch.randn(20, 3), torch.zeros(20, dtype=torch.int64), 2))


def test_features_that_are_no_numbers_are_refused() -> None:
    pixels = torch.zeros(3, 1, 2, 2, dtype=torch.uint8)
    with pytest.raises(FitError, match="no numbers"):
        features_of(lambda x: x.float().flatten(1) / 0, pixels)


@pytest.mark.long
def test_the_backbone_that_knows_is_ranked_first() -> None:
    data = rows(60)
    with reproducible(0):
        knows = headed("resnet")
        training(knows).run(Pace(12, Budget()))
    backbones = {"fresh": headed("resnet", seed=5).backbone.eval(), "knows": knows.backbone.eval()}
    ranked = rank_backbones(backbones, data.inputs[0], data.targets, 2)
    assert [one.name for one in ranked] == ["knows", "fresh"]
    best = ranked[0]
    assert best.good
    assert best.side == 16
    assert best.accuracy >= ranked[1].accuracy
    assert best.evidence > ranked[1].evidence
    assert "its features help" in str(best)


def test_mirrored_features_are_those_of_mirror_images() -> None:
    net, pixels = headed().backbone.eval(), rows(8).inputs[0]
    turned = features_of(net, pixels, mirrored=True)
    assert torch.allclose(turned, features_of(net, pixels.flip(3)), atol=1e-5)
