"""The schedule: what is fitted, in which order, and what the clock has to say."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.cli.fitting import Effort
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.settings import Settings
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target, Task, TaskKind
from modelwright.engine import Job, Outcome, Status
from modelwright.features import default_recipe
from modelwright.models import LEARNERS
from modelwright.plan.clock import Clock
from modelwright.plan.cost import CostModel
from modelwright.plan.executed import read_executed, write_executed
from modelwright.plan.forecast import STOPPING
from modelwright.plan.portfolio import bagging_learners, make_portfolio
from modelwright.plan.schedule import Limits, Schedule
from modelwright.plan.trial import ALL, PartResult, Trial, TrialSpec
from modelwright.plan.workspace import Rows, Workspace
from modelwright.store.files import write_json

ROWS = 60


def rows(height: int = ROWS) -> Rows:
    frame = pl.DataFrame({"x": np.arange(height, dtype=float)})
    table = Table(frame, Schema((Column("x", Kind.NUMBER),)))
    y = Target(np.arange(height, dtype=float))
    return Rows(table, Task(TaskKind.REGRESSION, "y", "rmse"), y, None, seed=0)


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    rows().write(tmp_path)
    index = np.arange(ROWS)
    folds = tuple(Fold(index[index % 3 != i], index[index % 3 == i]) for i in range(3))
    workspace.write_splits(Splits(folds, ROWS, "k-fold", "three folds"))
    return workspace


def test_what_trials_promise_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = []
    for found in (None, object()):
        monkeypatch.setattr("importlib.util.find_spec", lambda name, found=found: found)
        lists.append([spec.learner for spec in make_portfolio(rows(1_000), ())])
    without, with_it = lists
    assert "catboost" not in without
    assert with_it.index("catboost") == 6
    for said in (Settings.__doc__, Effort.__doc__, fit_page()):
        assert "CatBoost" in str(said)
        assert "on every machine" not in str(said)


def fit_page() -> str:
    return (Path(__file__).parents[2] / "docs" / "guide" / "fit.md").read_text(encoding="utf-8")


def schedule(work: Workspace, clock: Clock, specs: Sequence[TrialSpec] | None = None) -> Schedule:
    chosen = specs or make_portfolio(rows(), ())
    return Schedule(
        work,
        chosen,
        bagging_learners(work.splits, default_recipe()),
        clock,
        Limits(2, workers=2, trials=2),
    )


def drain(plan: Schedule, seconds: float = 0.01) -> list[str]:
    """Let every job succeed at once, and give their keys in order."""
    keys = []
    while (job := plan.next_job(())) is not None:
        keys.append(job.key)
        value = {"seconds": seconds, "units": 5, "columns": 1, "warnings": []}
        plan.record(Outcome(job, Status.DONE, value, seconds=seconds))
        if job.key.startswith("matrix/"):
            (plan._work.folder / job.key.replace("matrix", "matrices")).mkdir(parents=True)
    return keys


def test_features_come_before_fits_and_every_part_once(work: Workspace) -> None:
    keys = drain(schedule(work, Clock(math.inf)))
    assert keys[:2] == ["matrix/fold-0", "trial-0/fold-0"]
    assert len(keys) == len(set(keys)) == 3 + 3 + 3
    for fold in range(3):
        assert keys.index(f"matrix/fold-{fold}") < keys.index(f"trial-1/fold-{fold}")


def test_a_learner_that_bags_is_fitted_once_on_all_rows(work: Workspace) -> None:
    plan = schedule(work, Clock(math.inf), [TrialSpec(0, "extra-trees", {})])
    assert drain(plan) == [f"matrix/{ALL}", f"trial-0/{ALL}"]


def timed(work: Workspace, specs: Sequence[TrialSpec]) -> Schedule:
    return Schedule(work, specs, frozenset(), Clock(1e6), Limits(2, workers=2))


def test_a_suggested_trial_that_was_cut_off_goes_on_under_its_number(work: Workspace) -> None:
    portfolio = [TrialSpec(0, "lightgbm", {}), TrialSpec(1, "linear", {})]
    plan = timed(work, portfolio)
    while not plan.trials or not plan.trials[0].complete:
        finish(work, plan, plan.next_job(()))
    plan.trials[0].units = 900
    plan.follow(plan.trials[0])
    assert plan.waiting[0] == TrialSpec(2, "lightgbm", {"leaves": 124})
    while "fold-0" not in (plan.trials[-1].parts if plan.trials[-1].spec.number == 2 else {}):
        finish(work, plan, plan.next_job(()))  # and then the process ends

    resumed = timed(work, portfolio)
    assert "lightgbm-2 was begun, and is left" in resumed.notes[0]
    first = next(trial for trial in resumed.trials if trial.spec.number == 0)
    first.units = 900
    resumed.follow(first)
    assert resumed.notes == []
    assert resumed.trials[-1].spec.number == 2
    assert "fold-0" in resumed.trials[-1].parts
    assert not any(spec.learner == "lightgbm" for spec in resumed.waiting)


def test_while_features_are_made_no_trial_is_begun_that_waits_for_them(work: Workspace) -> None:
    index = np.arange(ROWS)
    work.write_splits(Splits((Fold(index[20:], index[:20]),), ROWS, "hold-out", "one part"))
    plan = timed(work, [TrialSpec(i, "lightgbm", {"leaves": 9 + i}) for i in range(9)])
    job = plan.next_job(())
    assert job is not None
    assert job.key == "matrix/fold-0"
    assert [plan.next_job(()) for _ in range(5)] == [None] * 5
    assert len(plan.trials) == 1


def finish(work: Workspace, plan: Schedule, job: Job | None) -> None:
    """Do a job as a worker would, so that it is on disk."""
    assert job is not None
    if job.key.startswith("matrix/"):
        (work.folder / job.key.replace("matrix", "matrices")).mkdir(parents=True)
    else:
        folder = work.parts.folder / f"{job.arguments['number']:03d}" / job.arguments["part"]
        folder.mkdir(parents=True)
        write_json(folder / "part.json", {"units": 900, "seconds": 0.1})
    value = {"seconds": 0.1, "units": 900, "columns": 1, "warnings": []}
    plan.record(Outcome(job, Status.DONE, value, seconds=0.1))


def test_each_recipe_has_its_own_features_made_once(work: Workspace) -> None:
    specs = [TrialSpec(i, "linear", {}, recipe=name) for i, name in enumerate(("lean", "rich"))]
    keys = drain(schedule(work, Clock(math.inf), specs))
    assert len(keys) == len(set(keys)) == 12
    assert keys.index("matrix/fold-1") < keys.index("trial-0/fold-1")
    assert keys.index("matrix/fold-1-rich") < keys.index("trial-1/fold-1")


def test_out_of_bag_rows_are_not_trusted_where_features_hold_answers(work: Workspace) -> None:
    plan = schedule(work, Clock(math.inf), [TrialSpec(0, "extra-trees", {}, recipe="rich")])
    assert [key for key in drain(plan) if key.startswith("trial")] == [
        f"trial-0/fold-{i}" for i in range(3)
    ]


def test_lost_features_end_only_the_trials_that_need_them(work: Workspace) -> None:
    specs = [TrialSpec(i, "linear", {}, recipe=name) for i, name in enumerate(("rich", "lean"))]
    plan = schedule(work, Clock(math.inf), specs)
    while (job := plan.next_job(())) is not None:
        if job.key.startswith("matrix/") and job.key.endswith("-rich"):
            plan.record(Outcome(job, Status.FAILED, error="no memory"))
            continue
        value = {"seconds": 0.1, "units": 1, "columns": 1, "warnings": []}
        plan.record(Outcome(job, Status.DONE, value))
        if job.key.startswith("matrix/"):
            (work.folder / job.key.replace("matrix", "matrices")).mkdir(parents=True)
    lean = next(trial for trial in plan.trials if trial.spec.recipe == "lean")
    rich = next(trial for trial in plan.trials if trial.spec.recipe == "rich")
    assert lean.complete
    assert "no memory" in rich.failed


def test_out_of_bag_rows_are_not_trusted_in_groups_or_time() -> None:
    fold = Fold(np.array([0, 1]), np.array([2]))
    for kind in ("group k-fold", "time-ordered", "hold-out"):
        assert bagging_learners(Splits((fold,), 3, kind, ""), default_recipe()) == frozenset()


def test_nothing_new_is_started_when_time_is_short(work: Workspace) -> None:
    plan = schedule(work, Clock(budget=1.0, started=time.monotonic() - 0.9))
    first = plan.next_job(())
    assert first is None or first.key.startswith("matrix/")
    assert not any(key.startswith("trial-") for key in drain(plan))


def test_fits_are_told_when_to_stop_and_killed_soon_after(work: Workspace) -> None:
    plan = schedule(work, Clock(budget=20.0))
    job: Job | None = None
    while (job := plan.next_job(())) is not None and not job.key.startswith("trial-"):
        plan.record(Outcome(job, Status.DONE, {"seconds": 0.1, "columns": 1}))
        (work.folder / job.key.replace("matrix", "matrices")).mkdir(parents=True)
    assert job is not None
    assert job.seconds is not None
    assert 0 < job.arguments["seconds"] < job.seconds < 20


def test_without_a_clock_no_job_has_a_deadline(work: Workspace) -> None:
    plan = schedule(work, Clock(math.inf))
    job = plan.next_job(())
    assert job is not None
    assert job.seconds is None


def test_a_failed_fit_ends_its_trial_but_not_the_run(work: Workspace) -> None:
    plan = schedule(work, Clock(math.inf))
    keys = []
    while (job := plan.next_job(())) is not None:
        keys.append(job.key)
        if job.key == "trial-0/fold-0":
            plan.record(Outcome(job, Status.FAILED, error="nothing to learn from"))
            continue
        plan.record(
            Outcome(job, Status.DONE, {"seconds": 0.1, "units": 1, "columns": 1, "warnings": []})
        )
        if job.key.startswith("matrix/"):
            (work.folder / job.key.replace("matrix", "matrices")).mkdir(parents=True)
    assert "nothing to learn from" in plan.trials[0].failed
    assert "trial-0/fold-1" not in keys
    assert plan.trials[1].complete
    assert "given up" in plan.notes[0]


def test_a_replay_repeats_a_fit_on_all_rows_that_the_clock_cut_short(work: Workspace) -> None:
    plan = schedule(work, Clock(math.inf))
    drain(plan)
    member = plan.trials[0]
    member.oof, member.units = np.zeros((ROWS, 1), np.float32), 20
    member.parts[ALL] = PartResult(units=19, seconds=0.1)
    write_executed(work.folder, [member], whole=False)
    replay = Limits(2, 2, replay=read_executed(work.folder))
    again = Schedule(work, [member.spec], frozenset(), Clock(math.inf), replay)
    drain(again)
    again.trials[0].units = 20
    (work.folder / "matrices" / ALL).mkdir()
    job = again.refit_job(again.trials)
    assert job is not None
    assert job.arguments["units"] == 19


def test_a_fit_on_all_rows_is_told_to_stop_before_it_is_killed(work: Workspace) -> None:
    plan = schedule(work, Clock(budget=30.0))
    drain(plan)
    member = plan.trials[0]
    (work.folder / "matrices" / ALL).mkdir()
    job = plan.refit_job([member])
    assert job is not None
    assert job.seconds is not None
    assert job.arguments["seconds"] < 0.95 * job.seconds


def test_a_lost_refit_is_not_tried_again(work: Workspace) -> None:
    plan = schedule(work, Clock(math.inf))
    drain(plan)
    member = plan.trials[0]
    lost = plan.refit_job([member])
    assert lost is not None
    plan.record(Outcome(lost, Status.CRASHED, error="the worker died"))
    assert plan.refit_job([member]) is None


def test_a_fit_on_all_rows_of_a_plan_in_time_costs_more_than_its_folds(tmp_path: Path) -> None:
    work = Workspace(tmp_path)
    rows().write(tmp_path)
    index = np.arange(ROWS)
    folds = (Fold(index[:15], index[15:30]), Fold(index[:30], index[30:]))
    work.write_splits(Splits(folds, ROWS, "time-ordered", "two folds"))
    chances = []
    for budget in (2.0, 4.0):  # 1 s for 15 and 30 rows each: 2.7 s for all 60, not 1.2
        plan = schedule(work, Clock(budget), [TrialSpec(0, "linear", {})])
        drain(plan, seconds=1.0)
        plan.reserve = 0.5
        member = plan.trials[0]
        assert member.fullest == ("fold-1",)
        chances.append(plan.refit_job([member]) is not None)
    assert chances == [False, True]


def test_boosting_is_tried_even_where_it_will_be_stopped_early(
    work: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cost(_: CostModel, spec: TrialSpec, shape: object) -> float:
        return 1e6 if spec.learner == "lightgbm" else 0.01

    monkeypatch.setattr(CostModel, "seconds", cost)
    learners = ("linear", "lightgbm", "lightgbm")
    specs = [TrialSpec(i, name, {}) for i, name in enumerate(learners)]
    plan = Schedule(work, specs, frozenset(), Clock(20.0), Limits(2, workers=2))
    fits = [key for key in drain(plan) if key.startswith("trial")]
    assert fits == [f"trial-{i}/fold-{fold}" for i in (0, 1) for fold in range(3)]


@pytest.mark.parametrize("limits", [{}, {"trials": 4}, {"seconds": math.inf}])
def test_boosting_that_was_cut_short_is_tried_with_larger_steps(
    work: Workspace, limits: dict[str, float]
) -> None:
    other = TrialSpec(5, "linear", {})
    clock = Clock(limits.get("seconds", 60.0))
    most = int(limits["trials"]) if "trials" in limits else None
    plan = Schedule(work, [other], frozenset(), clock, Limits(2, workers=2, trials=most))
    cut = Trial(TrialSpec(1, "lightgbm", {}), ("fold-0",), {"fold-0": PartResult(200, 1.0)})
    cut.units = 200
    for _ in range(2):  # once, however often it is asked for
        plan.follow(cut)
    larger = TrialSpec(6, "lightgbm", {"learning_rate": 0.15})
    assert plan.waiting == ([other] if limits else [larger, other])


def test_larger_steps_never_take_over_what_an_interrupted_run_left(work: Workspace) -> None:
    work.parts.write_spec(TrialSpec(6, "xgboost", {"learning_rate": 0.15}))  # begun, not complete
    plan = Schedule(
        work, [TrialSpec(5, "linear", {})], frozenset(), Clock(60.0), Limits(2, workers=2)
    )
    cut = Trial(TrialSpec(1, "lightgbm", {}), ("fold-0",), {"fold-0": PartResult(200, 1.0)})
    cut.units = 200
    plan.follow(cut)
    assert [spec.number for spec in plan.waiting] == [7, 5]


def test_the_first_model_leaves_most_of_the_time_to_others(work: Workspace) -> None:
    seconds = {}
    for learner in ("linear", "lightgbm"):
        (work.folder / "matrices" / "fold-0").mkdir(parents=True, exist_ok=True)
        plan = schedule(work, Clock(budget=40.0), [TrialSpec(0, learner, {})])
        job = plan.next_job(())
        assert job is not None
        seconds[learner] = job.arguments["seconds"]
    assert seconds["linear"] < 0.4 * seconds["lightgbm"]


def test_finished_parts_are_taken_over(work: Workspace) -> None:
    drain(schedule(work, Clock(math.inf)))
    for number in (0, 1):
        for fold in range(3):
            folder = work.folder / "trials" / f"{number:03d}" / f"fold-{fold}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "part.json").write_text('{"kind": "linear", "units": 4, "seconds": 1.0}')
    resumed = schedule(work, Clock(budget=1.0, before=2.0))
    assert [trial.complete for trial in resumed.trials] == [True, True]
    assert resumed.next_job(()) is None


def test_trials_stay_what_they_were_when_another_library_is_installed(work: Workspace) -> None:
    names = ("linear", "catboost", "lightgbm", "tree")
    specs = [TrialSpec(i, name, {}) for i, name in enumerate(names)]
    drain(Schedule(work, specs[:3], frozenset(), Clock(math.inf), Limits(2, 2)))
    done = {0: 3, 1: 3, 2: 1}  # finished folds; the third trial was interrupted
    for number, folds in done.items():
        for fold in range(folds):
            folder = work.folder / "trials" / f"{number:03d}" / f"fold-{fold}"
            folder.mkdir(parents=True)
            (folder / "part.json").write_text('{"kind": "linear", "units": 4, "seconds": 1.0}')

    def resumed(*learners: str, most: int | None = None) -> Schedule:
        found = [TrialSpec(i, name, {}) for i, name in enumerate(learners)]
        return Schedule(work, found, frozenset(), Clock(math.inf), Limits(2, 2, trials=most))

    gone = resumed("linear", "lightgbm", "tree")  # without CatBoost
    known = [(trial.spec.name, trial.complete) for trial in gone.trials]
    assert known == [("linear-0", True), ("catboost-1", True), ("lightgbm-2", False)]
    assert [spec.name for spec in gone.waiting] == ["tree-3"]
    assert not gone.notes
    came = resumed("xgboost", "linear", "catboost", "tree")  # and one that is left unfinished
    assert [trial.spec.name for trial in came.trials] == ["linear-0", "catboost-1"]
    assert [spec.name for spec in came.waiting] == ["xgboost-4", "tree-3"]
    assert "lightgbm-2 was begun, and is left" in came.notes[0]
    assert not resumed(*names, most=3).waiting


def test_the_portfolio_is_the_same_everywhere_and_grows_with_rows() -> None:
    assert make_portfolio(rows(), ()) == make_portfolio(rows(), ())
    sizes = [len(make_portfolio(rows(n), ())) for n in (50, 400, 2_000, 9_000)]
    assert sizes == sorted(set(sizes))
    assert {spec.learner for spec in make_portfolio(rows(), ("linear",))} == {"linear"}


def test_each_learner_that_is_named_comes_before_a_second_trial_of_one() -> None:
    named = ("lightgbm", "additive", "tree")
    specs = make_portfolio(rows(), named)
    assert {spec.learner for spec in specs[:3]} == set(named)
    assert [spec.number for spec in specs] == list(range(len(specs)))


def test_many_rows_are_first_learned_from_in_a_sample() -> None:
    few, many = (make_portfolio(rows(n), ()) for n in (200_000, 200_001))
    assert [spec.learner for spec in many[:3]] == ["linear", "lightgbm", "lightgbm"]
    assert all(spec.rows is not None for spec in many[:3])
    whole = [(spec.learner, spec.config) for spec in few[1:5]]
    assert [(spec.learner, spec.config) for spec in many[3:7]] == whole


def test_a_sample_leaves_time_for_a_fit_on_all_rows(work: Workspace) -> None:
    (work.folder / "matrices" / "fold-0").mkdir(parents=True)
    seconds = []
    for most in (None, ROWS // 3):
        plan = schedule(work, Clock(budget=100.0), [TrialSpec(0, "lightgbm", {}, rows=most)])
        job = plan.next_job(())
        assert job is not None
        seconds.append(job.arguments["seconds"])
    assert seconds[0] == pytest.approx(2 * seconds[1], rel=0.05)


def test_settings_that_change_nothing_fitted_share_a_fingerprint() -> None:
    from modelwright.core.settings import Question

    question = Question("y")
    assert Settings(workers=1).fingerprint(question) == Settings(workers=2).fingerprint(question)
    assert Settings(seed=1).fingerprint(question) != Settings(seed=2).fingerprint(question)


def test_learners_that_grow_are_the_ones_that_stop_when_told_to() -> None:
    growing = {n for n, kind in LEARNERS.items() if hasattr(sys.modules[kind.__module__], "Growth")}
    assert growing == STOPPING


def wordy(height: int, *, order: bool = False) -> Rows:
    """Rows with a category of many levels, and perhaps an order."""
    frame = pl.DataFrame(
        {"job": [f"job {i % 40}" for i in range(height)], "day": np.arange(height) * 1.0}
    )
    role = Role.ORDER if order else Role.FEATURE
    schema = Schema((Column("job", Kind.CATEGORY), Column("day", Kind.NUMBER, role)))
    y = Target(np.arange(height, dtype=float))
    return Rows(Table(frame, schema), Task(TaskKind.REGRESSION, "y", "rmse"), y, None, seed=0)


def first_of(rows: Rows, learner: str) -> TrialSpec:
    return next(spec for spec in make_portfolio(rows, ()) if spec.learner == learner)


def test_answers_are_looked_at_where_they_may_tell_something() -> None:
    assert {spec.recipe for spec in make_portfolio(rows(3_000), ())} == {"lean"}  # one number
    assert first_of(wordy(3_000), "lightgbm").recipe == "rich"
    assert first_of(wordy(3_000, order=True), "lightgbm").recipe == "lean"
    assert first_of(wordy(3_000, order=True), "xgboost").recipe == "rich"
    assert first_of(wordy(3_000), "linear").recipe == "lean"
    assert {spec.recipe for spec in make_portfolio(wordy(200_001), ())} == {"lean"}
