"""Wrong labels are found, told apart from hard rows, and counted; against cleanlab as well."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from modelwright.core.errors import DataError
from modelwright.core.task import Target, Task, TaskKind
from modelwright.core.weaknesses import LabelDoubts
from modelwright.label import confident_joint, describe_doubts, label_noise

GOLDEN = json.loads((Path(__file__).parent / "cleanlab.json").read_text(encoding="utf-8"))


def world(
    classes: int, rows: int, flipped: float, *, overlap: float, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Make rows whose class probabilities are known, and labels of which some are flipped.

    The probabilities are what a perfect model of the flipped labels says.
    """
    rng = np.random.default_rng(seed)
    sure = rng.dirichlet(np.full(classes, overlap), rows)
    true = (sure.cumsum(axis=1) > rng.random(rows)[:, None]).argmax(axis=1)
    wrong = rng.random(rows) < flipped
    labels = np.where(wrong, (true + rng.integers(1, classes, rows)) % classes, true)
    p = sure * (1 - flipped) + (1 - sure) * flipped / (classes - 1)
    return p, labels, wrong


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_the_confident_joint_is_cleanlabs(case: dict[str, list[list[float]]]) -> None:
    found = confident_joint(np.array(case["p"]), np.array(case["labels"]))
    # cleanlab rounds to whole rows
    np.testing.assert_allclose(found, case["joint"], atol=1.0)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_without_calibration_the_order_is_cleanlabs(case: dict[str, list[float]]) -> None:
    p, labels = np.array(case["p"]), np.array(case["labels"])
    theirs = np.array(case["self_confidence"])
    np.testing.assert_allclose(p[np.arange(len(p)), labels], theirs, atol=1e-9)
    ours = label_noise(p, labels).fits
    # within a class only steps of the calibration may make rows equal
    for code in np.unique(labels):
        mine = labels == code
        assert (np.diff(ours[mine][np.argsort(theirs[mine])]) >= -1e-12).all()


@pytest.mark.parametrize("classes", [2, 5])
def test_flipped_labels_are_counted_found_and_told_from_hard_rows(classes: int) -> None:
    p, labels, wrong = world(classes, 6000, 0.1, overlap=0.15)
    found = label_noise(p, labels)
    assert found.low < 0.1 < found.high
    assert found.high - found.low < 0.06
    assert abs(found.wrong.mean() - 0.1) < 0.02
    assert wrong[found.mislabelled].mean() > 0.8
    # of the flips that can be seen at all most are found
    assert found.mislabelled[wrong & (found.wrong > 0.2)].mean() > 0.7
    hard = found.hard
    assert 0 < wrong[hard].mean() < wrong[found.mislabelled].mean() / 2
    assert not (hard & found.mislabelled).any()


def test_classes_that_overlap_are_not_called_wrong() -> None:
    p, labels, _ = world(2, 6000, 0.0, overlap=0.8)
    found = label_noise(p, labels)
    joint = confident_joint(p, labels)
    assert 1 - np.trace(joint) / joint.sum() > 0.05  # confident learning alone counts hard rows
    assert found.rate < 0.03
    assert found.mislabelled.mean() < 0.01
    assert found.hard.mean() > 0.1


@pytest.mark.long
@pytest.mark.parametrize("rows", [300, 1500])
def test_answers_left_to_chance_are_not_called_wrong(rows: int) -> None:
    told = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        p1 = 1 / (1 + np.exp(-rng.normal(0, 1.5, rows)))
        labels = (rng.random(rows) < p1).astype(np.int64)
        found = label_noise(np.column_stack([1 - p1, p1]), labels)
        told += found.low > 0
        assert found.low > 0 or found.mislabelled.mean() < 0.1
    assert told <= 2  # one in twenty, and a bit of chance
    p, labels, _ = world(2, 1500, 0.1, overlap=0.02)
    assert label_noise(p, labels).low > 0.01  # planted ones are


def test_wrong_labels_are_seen_where_the_surest_tenth_has_few_by_chance() -> None:
    sure = np.linspace(0.96, 0.88, 500)
    p = np.column_stack([sure, 1 - sure])
    labels = np.zeros(500, np.int64)
    labels[[10, *range(50, 500, 12)]] = 1  # 1 of the surest 50, 1 in 12 of all others
    found = label_noise(p, labels)
    assert found.low > 0.01
    assert found.low < labels.mean() < found.high
    assert labels[found.mislabelled].all()
    assert found.mislabelled.sum() > 20


def test_the_probability_of_being_wrong_is_true() -> None:
    p, labels, wrong = world(3, 40_000, 0.15, overlap=0.3, seed=3)
    said = label_noise(p, labels).wrong
    for low, high in ((0.0, 0.1), (0.3, 0.5), (0.5, 0.7), (0.8, 1.0)):
        some = (said > low) & (said <= high)
        assert some.sum() > 100
        assert abs(wrong[some].mean() - said[some].mean()) < 0.06


def test_one_class_that_is_often_taken_for_another_is_seen() -> None:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 2, 4000)
    wrong = (true == 0) & (rng.random(4000) < 0.3)
    p1 = np.where(true == 1, 0.99, 0.3) + rng.normal(0, 0.005, 4000)
    labels = np.where(wrong, 1, true)
    found = label_noise(np.column_stack([1 - p1, p1]), labels)
    assert found.mislabelled[wrong].all()
    assert not found.mislabelled[~wrong].any()


@pytest.mark.long
@given(st.integers(2, 6), st.integers(10, 200), st.integers(0, 2**32 - 1))
def test_every_figure_is_in_its_range(classes: int, rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(classes, 0.5), rows)
    labels = rng.integers(0, classes, rows)
    found = label_noise(p, labels)
    for values in (found.fits, found.wrong):
        assert np.isfinite(values).all()
        assert ((values >= 0) & (values <= 1)).all()
    assert 0 <= found.low <= found.rate <= found.high <= 1
    assert sorted(found.order.tolist()) == list(range(rows))
    assert set(found.suspects.tolist()) == set(np.flatnonzero(found.mislabelled | found.hard))
    np.testing.assert_allclose(found.joint.sum(axis=1), np.bincount(labels, minlength=classes))
    assert (found.suggested[found.mislabelled] != labels[found.mislabelled]).all()


def test_a_class_without_a_label_does_no_harm() -> None:
    p = np.tile([0.7, 0.2, 0.1], (100, 1))
    found = label_noise(p, np.arange(100) % 2)
    assert np.isfinite(found.wrong).all()


def test_numbers_far_off_are_found_where_errors_differ_by_size() -> None:
    rng = np.random.default_rng(1)
    predicted = rng.uniform(1, 100, 3000)
    given = predicted + rng.normal(0, 1, 3000) * predicted / 10
    given[:20] += 15  # large for small predictions, usual for large ones
    found = label_noise(predicted, given)
    small = np.flatnonzero(predicted[:20] < 10)
    assert found.mislabelled[small].all()
    assert found.mislabelled[20:].sum() <= 3
    assert found.joint.size == 0
    assert not (found.hard & found.mislabelled).any()


def test_heavy_tails_are_no_wrong_numbers() -> None:
    rng = np.random.default_rng(2)
    found = label_noise(np.zeros(5000), rng.standard_t(3, 5000))
    assert found.mislabelled.mean() < 0.002


def test_equal_numbers_are_not_doubted() -> None:
    found = label_noise(np.ones((60, 1)), np.ones(60))
    assert not found.mislabelled.any()
    assert found.rate == 0


@pytest.mark.parametrize(
    ("p", "labels", "said"),
    [
        (np.ones((3, 2)) / 2, [0, 1], "as many labels as rows"),
        (np.ones((0, 2)), [], "at least one"),
        (np.array([[0.5, np.nan], [1, 0]]), [0, 1], "1 rows with NaN"),
        (np.ones((2, 2)) / 2, [0, 2], "class codes from 0 to 1; got 0 to 2"),
        (np.ones((2, 2)) / 2, [0.0, 1.0], "whole numbers from 0"),
        (np.array([1.0, np.inf]), [0.0, 1.0], "finite predictions"),
    ],
)
def test_what_cannot_be_used_is_refused(p: object, labels: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        label_noise(p, np.asarray(labels))  # type: ignore[arg-type]


def test_doubts_survive_a_file_and_speak_of_rows_as_they_were_read() -> None:
    p, labels, _ = world(3, 900, 0.1, overlap=0.1)
    task = Task(TaskKind.MULTICLASS, "kind", "log_loss", ("a", "b", "c"))
    position = np.arange(900) + 100
    found = describe_doubts(label_noise(p, labels), Target(labels, 3), task, position)
    again = LabelDoubts.from_json(json.loads(json.dumps(found.to_json())))
    assert again == found
    assert found.plain
    first = found.suspects[0]
    assert first.given == task.classes[labels[first.row - 100]]
    assert first.given != first.suggested
    assert sum(n for _, _, n in found.pairs) == found.mislabelled
    kinds = [one.kind for one in found.suspects]
    assert kinds == sorted(kinds, reverse=True)  # mislabelled before hard


@pytest.mark.parametrize(
    "change",
    [{"rows": -1}, {"rate": 1.5}, {"rate": "x"}, {"columns": "ab"}, {"suspects": [{"row": 1}]}],
)
def test_doubts_of_a_stranger_are_checked(change: dict[str, object]) -> None:
    sound = LabelDoubts(10, 0.1, 0.0, 0.2, 1, 1).to_json()
    with pytest.raises((LookupError, TypeError, ValueError)):
        LabelDoubts.from_json({**sound, **change})


def test_of_ordered_classes_a_neighbour_is_no_error() -> None:
    rng = np.random.default_rng(4)
    true = rng.integers(0, 5, 2000)
    p = np.exp(-((np.arange(5) - true[:, None]) ** 2) / 0.3)
    p /= p.sum(axis=1, keepdims=True)
    labels = np.clip(true + rng.choice([-1, 0, 1], 2000, p=[0.1, 0.8, 0.1]), 0, 4)
    labels[:60] = (true[:60] + 2 + rng.integers(0, 2, 60)) % 5
    far = np.abs(labels - true) > 1
    found, blind = label_noise(p, labels, ordered=True), label_noise(p, labels)
    assert blind.rate > 0.1
    assert found.rate < 0.06
    assert not found.mislabelled[~far].any()
    assert found.mislabelled[far].mean() > 0.9


def test_the_count_of_rows_agrees_with_the_share() -> None:
    p, labels, _ = world(3, 900, 0.1, overlap=0.1)
    noise = replace(label_noise(p, labels), rate=0.02, low=0.012, high=0.05)
    assert noise.mislabelled.sum() > 45
    task = Task(TaskKind.MULTICLASS, "kind", "log_loss", ("a", "b", "c"))
    found = describe_doubts(noise, Target(labels, 3), task, np.arange(900))
    assert found.mislabelled == 18  # two in a hundred
    assert found.hard == (noise.mislabelled | noise.hard).sum() - 18
    few = describe_doubts(replace(noise, low=0.0), Target(labels, 3), task, np.arange(900))
    assert few.mislabelled == 45  # perhaps none, at most five in a hundred
    shown = sum(not one.hard for one in found.suspects)
    assert shown == found.mislabelled == sum(n for _, _, n in found.pairs)


def test_of_numbers_no_row_is_shown_with_nothing_to_say() -> None:
    rng = np.random.default_rng(6)
    predicted = rng.normal(size=500)
    given = predicted + rng.normal(0, 0.1, 500)
    given[:3] += 9
    task = Task(TaskKind.REGRESSION, "price", "rmse")
    noise = label_noise(predicted, given)
    found = describe_doubts(noise, Target(given), task, np.arange(500))
    assert (noise.wrong[noise.hard] < 0.005).any()
    assert {0, 1, 2} <= {one.row for one in found.suspects}
    assert all(one.wrong >= 0.005 and one.given != one.suggested for one in found.suspects)
