"""Whom to believe, and what is true: found together, or learned from a few truths."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.clean.truth import NONE, Known, believed, learned, world_of


def told(seed: int, things: int = 150, copiers: int = 0) -> tuple[np.ndarray, ...]:
    """Let good and bad sources tell of things; copiers repeat the first bad one."""
    draw = np.random.default_rng(seed)
    right = [0.95] * 3 + [0.55] * 4
    truth = draw.integers(0, 50, things)
    rows = []
    for thing in range(things):
        said = [truth[thing] if draw.random() < p else int(draw.integers(50)) for p in right]
        said += [said[3]] * copiers
        rows += [(thing, source, value) for source, value in enumerate(said)]
    group, source, value = np.array(rows).T
    return truth, group, source, value[:, None]


def share_right(
    chance: np.ndarray, place: np.ndarray, claims: np.ndarray, truth: np.ndarray, group: np.ndarray
) -> float:
    """Give the share of things whose likeliest claim is the truth."""
    best: dict[int, tuple[float, int]] = {}
    for row in range(len(group)):
        found = (float(chance[place[row, 0]]), int(claims[row, 0]))
        best[int(group[row])] = max(best.get(int(group[row]), (-1.0, -1)), found)
    return float(np.mean([best[i][1] == truth[i] for i in range(len(truth))]))


def test_reliable_sources_are_found_without_truths() -> None:
    truth, group, source, claims = told(0)
    world, place = world_of(group, claims, source)
    chance, weight = believed(world)
    assert weight[:3].min() > weight[3:].max()
    assert share_right(chance, place, claims, truth, group) > 0.97


def test_chances_of_a_question_add_up_to_one() -> None:
    _, group, source, claims = told(1, things=20)
    world, _ = world_of(group, claims, source)
    chance, _ = believed(world)
    totals = np.bincount(world.question, chance)
    np.testing.assert_allclose(totals[totals > 0], 1.0)
    assert (world.claim == NONE).sum() == 20


def test_known_truths_see_through_copiers() -> None:
    truth, group, source, claims = told(2, copiers=6)
    world, place = world_of(group, claims, source)
    chance, weight = believed(world)
    before = share_right(chance, place, claims, truth, group)
    known = []
    for thing in range(25):
        rows = np.flatnonzero((group == thing) & (claims[:, 0] == truth[thing]))
        if len(rows):
            known.append((thing, place[rows[0], 0]))
    questions, candidates = np.array(known).T
    after = learned(world, weight, Known(questions, candidates))
    assert before < 0.8
    assert share_right(after, place, claims, truth, group) > before + 0.1


@pytest.mark.parametrize("columns", [1, 3])
def test_a_missing_cell_claims_nothing(columns: int) -> None:
    claims = np.full((4, columns), -1)
    claims[0, 0] = 3
    world, place = world_of(np.array([0, 0, 1, -1]), claims, np.zeros(4, int))
    assert (place == -1).sum() == 4 * columns - 1
    assert world.claim.tolist() == [3, NONE]
