"""The schedule and the portfolio, as far as nets are concerned."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from modelwright.core.errors import MissingExtraError
from modelwright.core.splits import Fold, Splits
from modelwright.models.registry import NETS
from modelwright.plan.clock import Clock
from modelwright.plan.cost import CostModel, Shape
from modelwright.plan.portfolio import make_portfolio
from modelwright.plan.schedule import NET_RUNTIME
from modelwright.plan.trial import ALL, TrialSpec
from modelwright.plan.workspace import Workspace
from plan.test_schedule import ROWS, drain, rows, schedule


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    rows().write(tmp_path)
    index = np.arange(ROWS)
    folds = tuple(Fold(index[index % 3 != i], index[index % 3 == i]) for i in range(3))
    workspace.write_splits(Splits(folds, ROWS, "k-fold", "three folds"))
    return workspace


def test_nets_go_to_workers_of_their_own(work: Workspace) -> None:
    (work.folder / "matrices" / "fold-0").mkdir(parents=True)
    for learner, runtime in (("realmlp", NET_RUNTIME), ("tabm", NET_RUNTIME), ("lightgbm", "")):
        job = schedule(work, Clock(math.inf), [TrialSpec(0, learner, {})]).next_job(())
        assert job is not None
        assert job.runtime == runtime


def test_nets_are_not_fitted_again_but_answer_as_the_mean_of_their_folds(work: Workspace) -> None:
    plan = schedule(
        work, Clock(math.inf), [TrialSpec(0, "realmlp", {}), TrialSpec(1, "linear", {})]
    )
    drain(plan)
    net, line = plan.trials
    assert net.deployed(whole=False) == ("fold-0", "fold-1", "fold-2")
    assert line.deployed(whole=False) == ("fold-0",)
    assert plan.refit_job([net]) is None
    job = plan.refit_job([net, line])
    assert job is not None
    assert job.key == f"matrix/{ALL}"


def test_what_an_epoch_costs_is_learned_from_a_shorter_fit() -> None:
    costs, shape = CostModel(), Shape(5_000, 20, 2)
    spec = TrialSpec(0, "realmlp", {"epochs": 100})
    before = costs.seconds(spec, shape)
    assert before > 5
    costs.observe(spec, shape, before / 2, units=50)
    assert costs.seconds(spec, shape) == pytest.approx(before, rel=0.2)
    for _ in range(2):  # a machine that is four times as slow
        costs.observe(spec, shape, before, units=25)
    assert costs.seconds(spec, shape) == pytest.approx(4 * before, rel=0.3)


def test_nets_take_part_where_pytorch_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.plan.portfolio._installed", lambda library: True)
    with_nets = make_portfolio(rows(2_000), ())
    monkeypatch.setattr("modelwright.plan.portfolio._installed", lambda library: False)
    without = make_portfolio(rows(2_000), ())
    assert "realmlp" in {spec.learner for spec in with_nets}
    assert not NETS & {spec.learner for spec in without}
    # what comes first is the same: trees, and what is quick
    assert [spec.learner for spec in with_nets][:5] == [spec.learner for spec in without][:5]
    with pytest.raises(MissingExtraError, match="deep"):
        make_portfolio(rows(), ("linear", "realmlp"))
