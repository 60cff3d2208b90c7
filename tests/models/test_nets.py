"""Nets as learners: the contract, NumPy against PyTorch, stages, and states of strangers."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from modelwright.core import errors
from modelwright.core.budget import Budget
from modelwright.core.matrix import MISSING, UNSEEN, Matrix
from modelwright.core.protocols import State
from modelwright.core.task import Target
from modelwright.models.intake import Intake, quantile_bins
from modelwright.models.nets import FittedNet, NetFit, _Taken, epochs_of
from modelwright.models.realmlp import RealMLPLearner
from modelwright.models.tabm import TabMLearner
from modelwright.testing import LearnerContract, Puzzle, made_up

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

SMALL = RealMLPLearner(form="small", epochs=8, batch=64, width=24, depth=2)
FULL = replace(SMALL, form="full", rate=0.05)
TABM = TabMLearner(members=2, width=24, bins=6, embedding=3, epochs=4, rate=0.03)
EACH = pytest.mark.parametrize("learner", [SMALL, FULL, TABM], ids=["small", "full", "tabm"])


@pytest.mark.slow
class TestRealMLPSmall(LearnerContract):
    def learner(self) -> RealMLPLearner:
        return SMALL


@pytest.mark.long
class TestRealMLPFull(LearnerContract):
    def learner(self) -> RealMLPLearner:
        return FULL


@pytest.mark.long
class TestTabM(LearnerContract):
    def learner(self) -> TabMLearner:
        return TABM


def with_many_levels(classes: int, rows: int = 240) -> Puzzle:
    """Add a category of 40 levels, some seen once, and holes."""
    puzzle = made_up(classes, rows=rows)
    random = np.random.default_rng(5)
    many = random.integers(0, 38, rows).astype(np.int32)
    many[0], many[1], many[2] = 38, 39, MISSING
    numbers = puzzle.X.numbers.copy()
    numbers[random.random(numbers.shape) < 0.1] = np.nan
    X = puzzle.X
    wide = Matrix(
        numbers,
        np.column_stack([X.codes, many]),
        X.number_names,
        (*X.code_names, "many"),
        (*X.levels, 40),
    )
    return replace(puzzle, X=wide)


@pytest.mark.long
@EACH
@pytest.mark.parametrize("classes", [0, 2, 3])
def test_numpy_says_what_pytorch_says(
    learner: RealMLPLearner | TabMLearner, classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelwright.training import loop

    nets = []
    train = loop.train

    def watched(net: torch.nn.Module, *given: object, **named: object) -> int:
        nets.append(net)
        return train(net, *given, **named)

    monkeypatch.setattr(loop, "train", watched)
    puzzle = with_many_levels(classes)
    fitted = learner.fit(puzzle.X, puzzle.y, budget=Budget(units=6), seed=0)
    dense, codes = fitted.intake.dense(puzzle.X), fitted.intake.codes(puzzle.X)
    assert codes.shape[1] == 1
    with torch.no_grad():
        wanted = nets[0](torch.from_numpy(dense), torch.from_numpy(codes)).numpy()
    found = fitted.nets[-1](dense, codes)
    scale = np.abs(wanted).max()
    np.testing.assert_allclose(found, wanted.reshape(found.shape), atol=1e-5 * max(scale, 1.0))
    probabilities = fitted.predict(puzzle.X)
    assert probabilities.shape == (240, classes or 1)


@pytest.mark.long
@EACH
def test_chunks_change_nothing(
    learner: RealMLPLearner | TabMLearner, monkeypatch: pytest.MonkeyPatch
) -> None:
    puzzle = with_many_levels(3)
    fitted = learner.fit(puzzle.X, puzzle.y, budget=Budget(units=2), seed=0)
    whole = fitted.predict(puzzle.X)
    monkeypatch.setattr("modelwright.models.plain_net._CELLS", 1)
    monkeypatch.setattr("modelwright.models.nets._ROWS", 50)
    np.testing.assert_allclose(fitted.predict(puzzle.X), whole, atol=1e-6)


@pytest.mark.long
def test_stages_lie_where_the_rate_has_come_down() -> None:
    train, test = made_up(2).split()
    fitted = SMALL.fit(
        train.X, train.y, valid=test.X, valid_y=test.y, budget=Budget(units=30), seed=0
    )
    assert fitted.stages is not None
    assert fitted.stages.units.tolist() == [6, 14, 30]
    assert fitted.at(15).units == 14
    assert fitted.at(1).units == 6
    assert len(fitted.at(6).nets) == 1
    assert fitted.at(1000).units == 30
    with pytest.raises(errors.OptionError):
        fitted.at(0)


@pytest.mark.long
def test_a_fit_without_validation_rows_holds_its_last_net_only() -> None:
    puzzle = made_up(0)
    fitted = SMALL.fit(puzzle.X, puzzle.y, budget=Budget(units=9), seed=0)
    assert (fitted.path.tolist(), len(fitted.nets), fitted.stages) == ([9], 1, None)


@EACH
def test_a_short_time_gives_fewer_epochs(
    learner: RealMLPLearner | TabMLearner, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(time, "monotonic", lambda: 0.1 * next(ticks))
    puzzle = made_up(2, rows=40)
    endless = replace(learner, epochs=10_000)
    fitted = endless.fit(puzzle.X, puzzle.y, budget=Budget.seconds(6.0), seed=0)
    assert 8 <= fitted.units <= 60
    assert np.isfinite(fitted.predict(puzzle.X)).all()


def test_no_prediction_lies_outside_the_answers_seen() -> None:
    puzzle = made_up(0)
    fitted = SMALL.fit(puzzle.X, puzzle.y, budget=Budget(), seed=0)
    wild = replace(puzzle.X, numbers=puzzle.X.numbers * 1e6)
    predicted = fitted.predict(wild)
    assert predicted.min() >= np.float32(puzzle.y.values.min())
    assert predicted.max() <= np.float32(puzzle.y.values.max())


def test_levels_that_training_never_saw_are_neutral() -> None:
    puzzle = with_many_levels(2)
    fitted = SMALL.fit(puzzle.X, puzzle.y, budget=Budget(units=2), seed=0)
    codes = puzzle.X.codes.copy()
    for strange in (UNSEEN, 40, 10**6):
        codes[:, 2] = strange
        assert (fitted.intake.codes(replace(puzzle.X, codes=codes)) == 0).all()
    codes[:, 0] = UNSEEN
    hot = fitted.intake.dense(replace(puzzle.X, codes=codes))[:, -(3 + 6) :]
    assert not hot[:, :3].any()


def test_smoothing_makes_probabilities_more_modest() -> None:
    puzzle = made_up(2)
    plain, smooth = (
        replace(SMALL, smoothing=share).fit(puzzle.X, puzzle.y, budget=Budget(), seed=0)
        for share in (0.0, 0.2)
    )
    assert smooth.predict(puzzle.X).max() < plain.predict(puzzle.X).max()


def test_epochs_are_fewer_where_rows_are_many() -> None:
    assert epochs_of(32, 8_000, 256, 10_000) == 32
    assert epochs_of(32, 8_000, 256, 256_000) == 8
    assert epochs_of(32, 8_000, 256, 10**9) == 1


def test_few_rows_are_seen_more_often() -> None:
    assert epochs_of(32, 8_000, 256, 2_048) == 32
    assert epochs_of(32, 8_000, 256, 512) == 128
    assert epochs_of(32, 8_000, 256, 1) == 256


@pytest.mark.parametrize(
    ("name", "value"),
    [("form", "huge"), ("epochs", 0), ("smoothing", 1.0), ("rate", -1.0), ("depth", 0)],
)
def test_settings_that_mean_nothing_are_refused(name: str, value: object) -> None:
    with pytest.raises(errors.OptionError, match=name):
        replace(SMALL, **{name: value})


@settings(max_examples=60)
@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 30), st.integers(0, 4)),
        elements=st.floats(-(2.0**127), 2.0**127, width=32) | st.just(float("nan")),
    )
)
def test_numbers_come_out_small_and_finite(numbers: np.ndarray) -> None:
    X = Matrix.of_numbers(numbers, [str(i) for i in range(numbers.shape[1])])
    intake = Intake.fit(X, None, onehot=9)
    dense = intake.dense(X)
    assert dense.shape == (len(numbers), intake.width)
    assert np.isfinite(dense).all()
    assert np.abs(dense).max(initial=0) <= 3.0


def test_a_weight_moves_the_median() -> None:
    X = Matrix.of_numbers(np.arange(10, dtype=np.float32)[:, None], ["x"])
    heavy = Intake.fit(X, np.where(np.arange(10) > 7, 10.0, 1.0), onehot=9)
    assert heavy.middle[0] > Intake.fit(X, None, onehot=9).middle[0]


def test_bins_hold_about_as_many_rows_each() -> None:
    numbers = np.random.default_rng(0).exponential(size=(1000, 2)).astype(np.float32)
    numbers[:, 1] = np.arange(1000) % 3
    left, width = quantile_bins(numbers, 10)
    counts = np.histogram(numbers[:, 0], np.append(left[0], left[0, -1] + width[0, -1]))[0]
    assert counts.min() >= 90
    assert (left[1] < 1e5).sum() == 2
    assert (width > 0).all()


@pytest.mark.long
def test_a_model_predicts_where_pytorch_is_absent(tmp_path: object) -> None:
    code = """
import sys
sys.modules["torch"] = None
import json, numpy as np
from modelwright.core.protocols import State
from modelwright.models import restore_fitted
from modelwright.testing import made_up
arrays = dict(np.load(sys.argv[1], allow_pickle=False))
fitted = restore_fitted("realmlp", State(json.loads(sys.argv[2]), arrays))
np.save(sys.argv[3], fitted.predict(made_up(3).X))
"""
    import json
    from pathlib import Path

    folder = Path(str(tmp_path))
    puzzle = made_up(3)
    fitted = TABM.fit(puzzle.X, puzzle.y, budget=Budget(units=2), seed=0)
    state = fitted.export()
    np.savez(folder / "arrays.npz", **state.arrays)
    arguments = [str(folder / "arrays.npz"), json.dumps(state.config), str(folder / "out.npy")]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, timeout=60)
    assert np.array_equal(np.load(folder / "out.npy"), fitted.predict(puzzle.X))


def state_of(learner: RealMLPLearner | TabMLearner = TABM) -> State:
    puzzle = with_many_levels(2)
    return learner.fit(puzzle.X, puzzle.y, budget=Budget(units=2), seed=0).export()


@EACH
def test_a_state_that_lacks_an_array_is_refused(learner: RealMLPLearner | TabMLearner) -> None:
    state = state_of(learner)
    optional = ("strength", "into", "out_of")
    for name in state.arrays:
        if any(word in name for word in optional):
            continue
        left = {other: values for other, values in state.arrays.items() if other != name}
        with pytest.raises(errors.ModelFileError):
            FittedNet.restore(replace(state, arrays=left))


@EACH
def test_a_state_with_an_array_of_another_shape_is_refused(
    learner: RealMLPLearner | TabMLearner,
) -> None:
    state = state_of(learner)
    for name, values in state.arrays.items():
        longer = np.concatenate([values, values], axis=values.ndim - 1)
        with pytest.raises(errors.ModelFileError):
            FittedNet.restore(replace(state, arrays={**state.arrays, name: longer}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("activation", "exec"),
        ("embedding", None),
        ("numbers", 10**6),
        ("numbers", 1),
        ("layers", -1),
        ("layers", 10**9),
        ("held", 10**9),
    ],
)
def test_a_state_with_another_config_is_refused(name: str, value: object) -> None:
    state = state_of()
    with pytest.raises(errors.ModelFileError):
        FittedNet.restore(replace(state, config={**state.config, name: value}))


@pytest.mark.parametrize(
    ("name", "value"),
    [("lookup", 10**6), ("lookup", -1), ("starts", 7), ("net_0_width", 0.0), ("path", 0)],
)
def test_a_state_with_wrong_numbers_is_refused(name: str, value: float) -> None:
    state = state_of()
    wrong = state.arrays[name].copy()
    wrong.flat[-1] = value
    with pytest.raises(errors.ModelFileError):
        FittedNet.restore(replace(state, arrays={**state.arrays, name: wrong}))


def test_a_constant_answer_needs_no_net_and_tells_its_units() -> None:
    puzzle = made_up(0)
    flat = Target(np.full(len(puzzle.y), 7.0))
    fitted = SMALL.fit(puzzle.X, flat, valid=puzzle.X, valid_y=flat, budget=Budget(units=5), seed=0)
    assert (fitted.units, fitted.nets) == (5, ())
    assert fitted.stages is not None
    assert fitted.at(5).predict(puzzle.X).tolist() == [[7.0]] * 300


def test_a_net_that_was_never_annealed_is_no_model() -> None:
    train, test = made_up(2).split()
    start = SMALL.fit(train.X, train.y, budget=Budget(units=1), seed=0)
    from modelwright.training.course import Course

    fit = NetFit("selu", "none", 9, 0.0, 1, 0)
    course = Course(epochs=8, batch=64, rate=0.1, schedule="coslog4")
    with pytest.raises(errors.FitError):  # the clock ran out within the first cycle
        _Taken(fit, torch.nn.Linear(1, 1), start, test.X, course).fitted()
