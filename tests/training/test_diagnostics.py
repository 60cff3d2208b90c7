"""Planted bugs in tiny trainings are found, sound ones are left in peace, nothing is changed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.codes import CODES  # noqa: E402
from modelwright.core.errors import DataError, OptionError  # noqa: E402
from modelwright.core.findings import Severity  # noqa: E402
from modelwright.nets.library import nn  # noqa: E402
from modelwright.training.batches import Examples  # noqa: E402
from modelwright.training.diagnostics import Diagnosis, diagnose  # noqa: E402
from modelwright.training.diagnostics.apart import check_apart  # noqa: E402
from modelwright.training.diagnostics.case import make_case  # noqa: E402
from modelwright.training.diagnostics.learning import by_heart, check_by_heart  # noqa: E402

entropy = nn.functional.cross_entropy
Step = Callable[..., Any]


def rows(count: int = 480, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Three clouds of points, which a line keeps apart but for a few."""
    draw = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 3, (count,), generator=draw)
    centres = torch.eye(3, 8) * 2
    return centres[y] + torch.randn(count, 8, generator=draw), y


def pictures(count: int = 96, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Smooth colour images of two kinds: lighter to the right, or downwards."""
    draw = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 2, (count,), generator=draw)
    ramp = torch.linspace(-1, 1, 12)
    plain = torch.where(y[:, None, None] == 0, ramp[None, :], ramp[:, None])[:, None]
    tint = torch.randn(count, 3, 1, 1, generator=draw)
    return plain + tint + 0.1 * torch.randn(count, 3, 12, 12, generator=draw), y


def net(*extra: nn.Module, inside: nn.Module | None = None, outputs: int = 3) -> nn.Sequential:
    torch.manual_seed(0)
    middle = nn.ReLU() if inside is None else inside
    return nn.Sequential(nn.Linear(8, 24), middle, nn.Linear(24, outputs), *extra)


def small_cnn(*, norm: bool = True) -> nn.Sequential:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8) if norm else nn.Identity()]
    return nn.Sequential(*layers, nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
                         nn.Dropout(0.2), nn.Linear(32, 2))  # fmt: skip


def adam(of: nn.Module, rate: float = 3e-3) -> torch.optim.Optimizer:
    return torch.optim.Adam(of.parameters(), rate)


def codes(found: Diagnosis) -> set[str]:
    return {one.code for one in found.alarms}


def diagnosed(of: nn.Module, data: Any = None, loss: Any = entropy, **more: Any) -> Diagnosis:
    return diagnose(of, loss, rows() if data is None else data, **more)


# --- sound trainings ------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [adam, lambda of: torch.optim.SGD(of.parameters(), 0.05)])
def test_a_sound_training_is_left_in_peace(make: Any) -> None:
    of = net()
    found = diagnosed(of, valid=rows(120, 1), optimiser=make(of))
    assert found.clean, str(found)
    assert not found.notes
    assert {"first loss", "by heart", "parameters", "without inputs"} <= set(found.figures)
    assert "nothing wrong was found" in str(found)


@pytest.mark.long
def test_a_sound_net_of_images_is_left_in_peace() -> None:
    of = small_cnn()

    def score(of: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
        of.eval()
        with torch.no_grad():
            return float((of(x).argmax(dim=1) == y).float().mean())

    found = diagnose(of, entropy, pictures(), valid=pictures(40, 9), optimiser=adam(of),
                     score=score)  # fmt: skip
    assert not found.alarms, str(found)
    assert "without its norms" in found.figures["smoothness"]


@pytest.mark.parametrize("loss", [nn.MSELoss(), nn.HuberLoss(), nn.L1Loss()])
def test_a_sound_regression_is_left_in_peace(loss: nn.Module) -> None:
    x, _ = rows()
    of = net(nn.Flatten(0), outputs=1)
    found = diagnose(of, loss, (x, x[:, 0] - x[:, 1]), optimiser=adam(of))
    assert not found.alarms, str(found)


@pytest.mark.parametrize("given", ["log_softmax", "softmax"])
def test_log_probabilities_and_probabilities_are_left_in_peace(given: str) -> None:
    if given == "log_softmax":
        found = diagnosed(net(nn.LogSoftmax(dim=1)), loss=nn.NLLLoss())
    else:
        found = diagnosed(
            net(nn.Softmax(dim=1)), loss=lambda said, y: nn.functional.nll_loss(said.log(), y)
        )
    assert not found.alarms, str(found)


def test_yes_and_no_are_left_in_peace() -> None:
    x, y = rows()
    of = net(nn.Flatten(0), outputs=1)
    data = (x.numpy().astype(np.float64), (y == 1).numpy().astype(np.float64))
    found = diagnose(of, nn.BCEWithLogitsLoss(), data, optimiser=adam(of))
    assert not found.alarms, str(found)


@pytest.mark.long
def test_nothing_that_is_given_is_changed() -> None:
    of = small_cnn()
    optimiser = torch.optim.AdamW(of.parameters(), 1e-3)
    data = pictures()
    entropy(of(data[0]), data[1]).backward()
    optimiser.step()
    of.train()
    of[5].eval()
    weights, memory = copy.deepcopy(of.state_dict()), copy.deepcopy(optimiser.state_dict())
    modes = [module.training for module in of.modules()]
    slopes = [copy.deepcopy(parameter.grad) for parameter in of.parameters()]
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    diagnose(of, entropy, data, valid=data, optimiser=optimiser)
    assert torch.equal(torch.rand(3), expected)
    for name, value in of.state_dict().items():
        assert torch.equal(value, weights[name]), name
    assert [module.training for module in of.modules()] == modes
    assert all(
        torch.equal(a.grad, b)
        for a, b in zip(of.parameters(), slopes, strict=True)
        if b is not None
    )
    after = optimiser.state_dict()
    assert after["param_groups"] == memory["param_groups"]
    for place, kept in memory["state"].items():
        assert all(torch.equal(after["state"][place][what], kept[what]) for what in kept)


def test_it_says_the_same_twice() -> None:
    one, other = diagnosed(net()), diagnosed(net())
    assert one.findings == other.findings
    assert one.figures == other.figures


# --- bugs -----------------------------------------------------------------------------------------


class _Rows(nn.Module):
    """Does something to the rows that a net gets, or to its answers."""

    def __init__(self, change: Callable[[torch.Tensor], torch.Tensor], of: nn.Module) -> None:
        super().__init__()
        self.change, self.of = change, of

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.of(self.change(x))


def _dead() -> nn.Sequential:
    of = net()
    nn.init.constant_(of[0].bias, -50.0)
    return of


def _alike() -> nn.Sequential:
    of = net(inside=nn.Tanh())
    for parameter in of.parameters():
        nn.init.constant_(parameter, 0.02)
    return of


def _deep(activation: type[nn.Module], spread: float) -> nn.Sequential:
    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.Linear(8, 32)]
    for _ in range(10):
        layers += [activation(), nn.Linear(32, 32)]
    of = nn.Sequential(*layers, activation(), nn.Linear(32, 3))
    for layer in of:
        if isinstance(layer, nn.Linear) and spread:
            nn.init.normal_(layer.weight, std=spread)
    return of


def _upside_down(answers: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return -entropy(answers, y)


NETS = {
    "softmax-twice": lambda: diagnosed(net(nn.Softmax(dim=1))),
    "raw-scores": lambda: diagnosed(net(), loss=nn.NLLLoss()),
    "loss-upside-down": lambda: diagnosed(net(), loss=_upside_down),
    "outputs-bounded": lambda: diagnosed(net(nn.ReLU())),
    "inputs-unscaled": lambda: diagnosed(net(), (rows()[0] * 300, rows()[1])),
    "inputs-constant": lambda: diagnosed(net(), (rows()[0] * 0, rows()[1])),
    "inputs-not-finite": lambda: diagnosed(net(), (rows()[0] / 0, rows()[1])),
    "labels-out-of-range": lambda: diagnosed(net(), (rows()[0], rows()[1] + 1)),
    "one-class": lambda: diagnosed(net(), (rows()[0], rows()[1] * 0)),
    "rows-mixed": lambda: diagnosed(
        _Rows(lambda x: x.reshape(8, -1).T.reshape(len(x), 8).roll(1, 0) + x, net())
    ),
    "dead-units": lambda: diagnosed(_dead()),
    "same-weights": lambda: diagnosed(_alike()),
    "gradient-vanishes": lambda: diagnosed(_deep(nn.Sigmoid, 0.0)),
    "gradient-explodes": lambda: diagnosed(_deep(nn.ReLU, 1.0)),
    "never-updated": lambda: diagnosed(_Rows(lambda x: x, nn.Sequential(net(), _Detach()))),
    "dropout-too-strong": lambda: diagnosed(net(inside=nn.Dropout(0.9))),
}


class _Detach(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(x.detach())


@pytest.mark.long
@pytest.mark.parametrize("code", NETS)
def test_a_planted_bug_is_found(code: str) -> None:
    found = NETS[code]()
    assert code in codes(found), str(found)
    one = next(one for one in found.findings if one.code == code)
    assert one.evidence
    assert one.cure == CODES[code].cure
    assert code in str(found)
    assert code in found._repr_html_()


def test_answers_of_another_shape_than_the_targets_are_found() -> None:
    x, _ = rows()
    found = diagnose(net(outputs=1), nn.functional.mse_loss, (x, x[:, 0]))
    assert "shapes-broadcast" in codes(found)
    right = diagnose(net(outputs=1), nn.functional.mse_loss, (x, x[:, :1]))
    assert not right.alarms, str(right)


@pytest.mark.long
def test_sigmoid_before_a_loss_that_has_one_is_found() -> None:
    x, y = rows()
    data = (x, (y == 1).float())
    twice = diagnose(net(nn.Sigmoid(), nn.Flatten(0), outputs=1), nn.BCEWithLogitsLoss(), data)
    assert "softmax-twice" in codes(twice)
    once = diagnose(net(nn.Sigmoid(), nn.Flatten(0), outputs=1), nn.BCELoss(), data)
    assert not once.alarms, str(once)


def test_rows_and_labels_out_of_step_are_found() -> None:
    x, y = rows(1200)
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(1))
    assert "labels-unrelated" in codes(diagnosed(net(), (x, y[order])))
    x, y = rows(1200)
    assert "labels-unrelated" not in codes(diagnosed(net(), (x, y)))


@pytest.mark.parametrize(("rate", "code"), [(3.0, "rate-too-high"), (1e-9, "rate-too-low")])
def test_a_rate_that_is_off_is_found(rate: float, code: str) -> None:
    of = net()
    assert code in codes(diagnosed(of, optimiser=adam(of, rate)))


def test_weight_decay_that_is_off_is_found() -> None:
    of = net()
    optimiser = torch.optim.SGD(of.parameters(), 0.1, weight_decay=1.0)
    assert "decay-too-strong" in codes(diagnosed(of, optimiser=optimiser))


def test_a_head_that_no_optimiser_holds_is_found() -> None:
    of = net()
    optimiser = adam(of)
    of[2] = nn.Linear(24, 3)
    found = diagnosed(of, optimiser=optimiser)
    assert "never-updated" in codes(found)
    told = next(one for one in found.findings if one.code == "never-updated").evidence
    assert "2.weight" in told
    assert "of another net" in told


def test_a_frozen_trunk_is_fine_and_a_frozen_head_is_not() -> None:
    of = net()
    of[0].requires_grad_(False)
    assert "never-updated" not in codes(diagnosed(of, optimiser=adam(of[2])))
    of = net()
    of[2].requires_grad_(False)
    assert "never-updated" in codes(diagnosed(of, optimiser=adam(of[0])))


# --- loops of the user's --------------------------------------------------------------------------


def _steps(*, zero: bool = True, training: bool = True) -> Step:
    def step(of: nn.Module, optimiser: torch.optim.Optimizer, x: Any, y: Any) -> None:
        of.train(training)
        if zero:
            optimiser.zero_grad()
        entropy(of(x), y).backward()
        optimiser.step()

    return step


def test_gradients_that_pile_up_are_found_in_the_users_step() -> None:
    of = net()
    found = diagnosed(of, optimiser=adam(of), step=_steps(zero=False))
    assert "gradients-pile-up" in codes(found)
    assert not diagnosed(of, optimiser=adam(of), step=_steps()).alarms


@pytest.mark.long
def test_modes_that_are_forgotten_are_found() -> None:
    of = small_cnn()

    def score(of: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
        with torch.no_grad():
            return float((of(x).argmax(dim=1) == y).float().mean())

    found = diagnose(of, entropy, pictures(), optimiser=adam(of), score=score,
                     step=_steps(training=False))  # fmt: skip
    assert {"training-mode", "evaluation-mode"} <= codes(found)


# --- sequences ------------------------------------------------------------------------------------


class _Speaker(nn.Module):
    def __init__(self, *, masked: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.letters, self.head = nn.Embedding(12, 16), nn.Linear(16, 12)
        self.look = nn.MultiheadAttention(16, 2, batch_first=True)
        self.masked = masked

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) if self.masked else None
        y = self.letters(x)
        return self.head(y + self.look(y, y, y, attn_mask=mask, need_weights=False)[0])


def _of_steps(answers: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return entropy(answers.flatten(0, 1), y.flatten())


def _text(count: int = 200) -> torch.Tensor:
    start = torch.randint(0, 12, (count, 1), generator=torch.Generator().manual_seed(0))
    return (start + torch.arange(17) * 5) % 12


@pytest.mark.long
def test_a_language_model_that_sees_the_future_is_found() -> None:
    text = _text()
    data = (text[:, :-1], text[:, 1:])
    seeing = diagnose(_Speaker(masked=False), _of_steps, data)
    assert "future-seen" in codes(seeing)
    blind = diagnose(_Speaker(masked=True), _of_steps, data)
    assert not blind.alarms, str(blind)


@pytest.mark.long
def test_targets_that_are_not_shifted_are_found() -> None:
    text = _text()
    assert "target-in-input" in codes(diagnose(_Speaker(masked=True), _of_steps, (text, text)))


class _Foretelling(nn.Module):
    def __init__(self, *, both: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.read = nn.GRU(2, 8, batch_first=True, bidirectional=both)
        self.head = nn.Linear(16 if both else 8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.read(x)[0])


@pytest.mark.parametrize("both", [True, False])
def test_a_net_of_numbers_that_sees_the_future_is_found(both: bool) -> None:
    draw = torch.Generator().manual_seed(0)
    waves = torch.randn(40, 9, 2, generator=draw).cumsum(dim=1)
    mse = nn.functional.mse_loss

    def seen(x: torch.Tensor, y: torch.Tensor) -> bool:
        case = make_case(_Foretelling(both=both), mse, (x, y), None, None, None, None)
        return "future-seen" in {one.code for one in check_apart(case)}

    assert seen(waves[:, :-1], waves[:, 1:]) is both
    assert not seen(waves, waves), "what the inputs say now may be read from both sides"


# --- rows in other forms --------------------------------------------------------------------------


def _batches(x: torch.Tensor, y: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [*zip(x.split(40), y.split(40), strict=True)]


def test_batches_sorted_by_class_are_found() -> None:
    x, y = rows()
    order = y.argsort()
    assert "sorted-batches" in codes(diagnosed(net(), _batches(x[order], y[order])))
    mixed = diagnosed(net(), _batches(x, y))
    assert not mixed.alarms, str(mixed)


def test_a_loader_and_a_source_are_read() -> None:
    x, y = rows()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), 32, shuffle=True)
    for data in (loader, Examples((x,), y)):
        found = diagnosed(net(), data)
        assert not found.alarms, str(found)
        assert found.figures["parameters"].endswith("for each answer")


def test_validation_rows_among_the_training_rows_are_found() -> None:
    x, y = rows()
    found = diagnosed(net(), (x, y), valid=(x[:100], y[:100]))
    assert codes(found) == {"valid-overlap"}
    assert "100 of 100" in found.findings[0].evidence
    scaled = diagnosed(net(), (x, y), valid=(rows(99, 3)[0] * 9, rows(99, 3)[1]))
    assert codes(scaled) == {"valid-differs"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ((torch.ones(4, 8), torch.ones(3)), "as many targets"),
        ([], "batches"),
        (7, "batches"),
        ((torch.ones(4, 5), torch.zeros(4, dtype=torch.int64)), "takes"),
        ((np.array(["a"] * 4), np.zeros(4)), "numbers"),
    ],
)
def test_what_is_no_data_is_refused_with_a_line(data: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        diagnosed(net(), data)


def test_what_is_no_net_is_refused_with_a_line() -> None:
    with pytest.raises(OptionError, match="Module"):
        diagnose(entropy, entropy, rows())  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="Optimizer"):
        diagnosed(net(), optimiser="adam")


def test_a_net_that_some_check_cannot_look_at_is_looked_at_by_the_others() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.of, self.asked = net(), 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if len(x) == 8:
                raise RuntimeError("never eight rows")
            return self.of(x)

    found = diagnosed(Odd())
    assert any("never eight rows" in note for note in found.notes)
    assert "by heart" in found.figures


@pytest.mark.long
def test_a_diagnosis_is_plain_json() -> None:
    import json

    told = json.loads(json.dumps(diagnosed(net(nn.Softmax(dim=1))).to_dict()))
    assert told["clean"] is False
    assert told["findings"][0]["page"] == "guide/diagnostics/softmax-twice.md"
    assert all(one["severity"] in [*Severity] for one in told["findings"])


class Unregistered(nn.Module):
    """Keeps its layers where PyTorch does not look for them."""

    def __init__(self, kind: type) -> None:
        super().__init__()
        layers = {"first": nn.Linear(8, 24), "second": nn.Linear(24, 24)}
        self.inner = layers if kind is dict else kind(layers.values())
        self.head = nn.Linear(24, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map points to scores."""
        inner = self.inner.values() if isinstance(self.inner, dict) else self.inner
        for layer in inner:
            x = torch.relu(layer(x))
        return self.head(x)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("kind", "cure"), [(list, "ModuleList"), (dict, "ModuleDict")])
def test_layers_in_a_plain_list_are_no_part_of_the_net(kind: type, cure: str) -> None:
    made = Unregistered(kind)
    found = diagnose(made, entropy, rows(), optimiser=adam(made))
    (told,) = [one for one in found.findings if one.code == "never-updated"]
    assert told.evidence.startswith(f"4 weights of the layers in the {kind.__name__} 'inner'")
    assert f"nn.{cure}" in told.evidence


def numbers(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    x, _ = rows(seed=seed)
    return x, x[:, 0] + 0.1 * x[:, 1]


def test_weights_that_are_all_alike_are_told_of_flat_answers() -> None:
    made = net(nn.Flatten(0), outputs=1)
    for weight in made.parameters():
        nn.init.constant_(weight, 0.1)
    found = diagnose(made, nn.functional.mse_loss, numbers(0), optimiser=adam(made))
    assert "same-weights" in [one.code for one in found.findings]
    assert not found.notes


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_learned_by_heart_whatever_their_loss(seed: int) -> None:
    x, y = numbers(seed)
    counts = torch.poisson(torch.exp(y.clamp(max=2)), torch.Generator().manual_seed(seed))
    made = net(nn.Flatten(0), outputs=1)
    found = diagnose(made, nn.PoissonNLLLoss(), (x, counts), optimiser=adam(made))
    assert not found.alarms
    assert "rows by heart" in found.figures["by heart"]


def test_a_net_of_counts_that_sees_no_inputs_is_told() -> None:
    x, y = numbers(0)
    counts = torch.poisson(torch.exp(y.clamp(max=2)), torch.Generator().manual_seed(0))
    made = nn.Sequential(nn.Linear(8, 1), nn.Flatten(0))
    loss = nn.PoissonNLLLoss()
    found = diagnose(made, lambda said, meant: loss(0 * said, meant), (x, counts))
    assert "cannot-overfit" in [one.code for one in found.findings]


def test_a_squared_error_with_the_wrong_sign_is_told() -> None:
    made = net(nn.Flatten(0), outputs=1)
    found = diagnose(made, lambda said, y: -nn.functional.mse_loss(said, y), numbers(0))
    assert "loss-upside-down" in [one.code for one in found.findings]


# --- nets that are slow ---------------------------------------------------------------------------


class _Slow(nn.Module):
    """Takes its time: seconds on a clock that stands still otherwise."""

    def __init__(self, seconds: float, clock: list[float]) -> None:
        super().__init__()
        self.of, self.seconds, self.clock = net(), seconds, clock

    def __deepcopy__(self, memo: dict[int, Any]) -> _Slow:
        other = _Slow(self.seconds, self.clock)
        other.of = copy.deepcopy(self.of, memo)
        return other

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.clock[0] += self.seconds
        return self.of(x)  # type: ignore[no-any-return]


def slow(monkeypatch: pytest.MonkeyPatch, seconds: float) -> _Slow:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    return _Slow(seconds, clock)


@pytest.mark.parametrize("seconds", [0.1, 0.5, 2.0])
def test_a_sound_net_that_the_clock_cuts_short_is_neither_blamed_nor_clean(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    of = slow(monkeypatch, seconds)
    found = diagnosed(of, valid=rows(120, 1), optimiser=adam(of))
    assert not found.alarms, str(found)
    assert not found.clean
    assert "rows by heart" in found.skipped
    head = str(found).splitlines()[0]
    made = found.looks - len(found.skipped)
    assert head.startswith(f"nothing wrong was found by {made} of {found.looks} looks; not made: ")
    told = found.to_dict()
    assert told["clean"] is False
    assert told["skipped"] == list(found.skipped)


@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_of_a_slow_net_what_one_step_shows_is_found(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    of = slow(monkeypatch, seconds)
    assert codes(diagnosed(of, optimiser=adam(of.of[2]))) == {"never-updated"}
    of = slow(monkeypatch, seconds)
    assert codes(diagnosed(of, optimiser=torch.optim.SGD(of.parameters(), 60.0))) == {
        "rate-too-high"
    }


def test_a_slow_net_with_labels_out_of_step_is_said_to_be_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, y = rows(600)
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(1))
    found = diagnosed(slow(monkeypatch, 0.2), (x, y[order]))
    assert not found.alarms, str(found)
    assert "inputs and labels" in found.skipped


def test_a_loss_that_stays_is_decisive_after_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    of = slow(monkeypatch, 0.3)
    nn.init.constant_(of.of[0].bias, -50.0)
    of.of[2].requires_grad_(False)
    case = make_case(of, entropy, rows(), None, None, None, None)
    found = by_heart(case)
    assert found.steps < 20
    assert [one.code for one in check_by_heart(found)] == ["cannot-overfit"]


def test_a_cause_stands_before_what_follows_from_it() -> None:
    found = diagnosed(of := _dead(), optimiser=adam(of))
    first, second = found.findings[:2]
    assert (first.code, second.code) == ("dead-units", "never-updated")
    assert second.cure.startswith("See to the dead units")


def test_a_frozen_trunk_has_every_look_made() -> None:
    torch.manual_seed(0)
    of = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 3))
    of[:3].requires_grad_(False)
    found = diagnosed(of, optimiser=adam(of[4]))
    assert not found.alarms, str(found)
    assert "gradients" not in found.skipped
