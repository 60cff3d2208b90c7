"""What writing a model is expected to cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelwright.core.result import Card, Leaderboard
from modelwright.core.schema import Schema
from modelwright.plan.publish import Publisher
from modelwright.plan.trial import ALL, PartResult, Trial, TrialSpec
from modelwright.plan.workspace import Workspace


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    for part, size in (("fold-0", 1_000), ("fold-1", 3_000_000), (ALL, 1_000)):
        folder = tmp_path / "trials" / "000" / part / "fitted"
        folder.mkdir(parents=True)
        (folder / "blob-model").write_bytes(b"x" * size)
    card = Card("", "", "", 1, "", "", None, Leaderboard("rmse", ()))
    return Publisher(Workspace(tmp_path), Schema(()), card, None)


def trial(*parts: str) -> Trial:
    done = {part: PartResult(5, 1.0) for part in parts}
    return Trial(TrialSpec(0, "linear", {}), ("fold-0", "fold-1"), done, units=5)


def test_all_folds_cost_more_than_the_first(publisher: Publisher) -> None:
    member = trial("fold-0", "fold-1")
    quick = publisher.expected([member], whole=False)
    assert publisher.expected([member], whole=True) > 2 * quick


def test_a_refit_answers_alone(publisher: Publisher) -> None:
    assert trial("fold-0", "fold-1", ALL).deployed(whole=True) == (ALL,)
    cut_short = trial("fold-0", "fold-1")
    cut_short.parts[ALL] = PartResult(2, 1.0)
    assert cut_short.deployed(whole=True) == ("fold-0", "fold-1")
    assert cut_short.deployed(whole=False) == ("fold-0",)


def test_in_time_the_fold_with_the_newest_rows_answers() -> None:
    member = trial("fold-0", "fold-1")
    member.fullest = ("fold-1",)
    assert member.deployed(whole=False) == member.deployed(whole=True) == ("fold-1",)


def test_nothing_is_free(publisher: Publisher) -> None:
    assert publisher.expected([], whole=False) > 0
