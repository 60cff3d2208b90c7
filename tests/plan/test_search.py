"""The anytime loop: whose outcome is whose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from modelwright.core.progress import SilentProgress
from modelwright.engine import Job, Outcome, Status
from modelwright.evaluate import Temperature
from modelwright.plan.board import Choice
from modelwright.plan.clock import Clock
from modelwright.plan.findings.judging import UNSCORED
from modelwright.plan.prices import Cost
from modelwright.plan.publish import Publisher
from modelwright.plan.schedule import Schedule
from modelwright.plan.search import Search, Watch, _costs, _unpriced
from modelwright.plan.trial import Trial, TrialSpec


@dataclass
class LateEngine:
    """Tells of a job that ended as it was cancelled only when the next one is waited for."""

    late: list[Outcome]
    waiting: list[Job] = field(default_factory=list)

    @property
    def pending(self) -> tuple[str, ...]:
        return tuple(job.key for job in self.waiting)

    def submit(self, job: Job) -> None:
        self.waiting.append(job)

    def wait(self, timeout: float | None = None) -> list[Outcome]:
        told, self.late = self.late, []
        if told:
            return told
        done, self.waiting = self.waiting, []
        return [Outcome(job, Status.DONE, {"score": 0.5}) for job in done]

    def cancel_all(self) -> None:
        self.waiting = []


def test_a_fit_on_all_rows_that_ends_as_the_time_does_is_not_lost() -> None:
    fit = Job("trial-0/all", "modelwright.plan.work:fit_part")
    late, taken = Outcome(fit, Status.DONE, {}), list[Outcome]()
    engine = LateEngine([])
    engine.cancel_all = lambda: engine.late.append(late)  # type: ignore[method-assign]
    search = object.__new__(Search)
    search._engine, search._clock = cast(Any, engine), Clock(0.0)
    search._asides = cast(Any, SimpleNamespace(kept=0.0))
    search._schedule = cast(Any, SimpleNamespace(reserve=0.0))
    search.choice = cast(Any, SimpleNamespace(trials=()))
    search._keep_back = lambda: None  # type: ignore[method-assign]
    search._take = taken.extend  # type: ignore[method-assign]
    search._refit()
    assert taken == [late]


@dataclass
class QuickEngine(LateEngine):
    """Has done every job as soon as nobody looks: nothing is pending, and nothing taken yet."""

    free_cores: int = 2

    @property
    def pending(self) -> tuple[str, ...]:
        return ()


@pytest.mark.parametrize("loop", ["_explore", "_refit"])
def test_jobs_that_ended_unseen_do_not_end_the_search(loop: str) -> None:
    waiting = [Job(f"trial-{number}/all", "modelwright.plan.work:fit_part") for number in range(5)]
    flying, taken = list[Job](), list[str]()
    engine = QuickEngine([])

    def following(*_: object) -> Job | None:
        if not waiting:
            return None
        flying.append(waiting.pop(0))
        return flying[-1]

    def take(outcomes: list[Outcome]) -> None:
        taken.extend(outcome.job.key for outcome in outcomes)
        del flying[: len(outcomes)]

    class Two:
        """A schedule with places for two."""

        reserve = 0.0
        refit_job = staticmethod(following)

        @property
        def room(self) -> int:
            return 2 - len(flying)

    search = object.__new__(Search)
    search._engine, search._clock = cast(Any, engine), Clock(60.0)
    search._asides = cast(Any, SimpleNamespace(kept=0.0, jobs=lambda choice: ()))
    search._schedule = cast(Any, Two())
    search.choice = chosen(1)
    search._next = following  # type: ignore[method-assign]
    search._keep_back = search._tell = search._improve = lambda: None  # type: ignore[method-assign]
    search._take = take  # type: ignore[method-assign]
    getattr(search, loop)()
    assert taken == [f"trial-{number}/all" for number in range(5)]


@dataclass
class OneJudge:
    def job(self, folder: object, seconds: float | None) -> Job:
        return Job("judgement", "modelwright.plan.findings.judging:judge")


@dataclass
class Told:
    """A publisher that remembers what it was told of fresh rows."""

    found: list[Mapping[str, Any] | None] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    judge: OneJudge = field(default_factory=OneJudge)
    folder: str = ""
    work: None = None

    def expected(self, members: object, *, whole: bool) -> float:
        return 0.0

    def judged(self, found: Mapping[str, Any] | None, failed: str = "") -> None:
        self.found.append(found)
        self.failed.append(failed)


def judging(engine: LateEngine, publisher: Told) -> Search:
    return Search(
        cast(Schedule, None),
        cast(Any, engine),
        cast(Any, None),
        cast(Publisher, publisher),
        Clock(math.inf),
        Watch(SilentProgress(), lambda trial: None, lambda seconds: None),
        cast(Any, None),
    )


def test_what_a_late_fit_gives_is_not_taken_for_the_judgement() -> None:
    refit = Job("trial-0/all", "modelwright.plan.work:fit_part")
    late = Outcome(refit, Status.DONE, {"units": 5, "seconds": 1.0, "warnings": []})
    engine, publisher = LateEngine([late]), Told()
    judging(engine, publisher)._judge()
    assert (publisher.found, publisher.failed) == ([{"score": 0.5}], [""])


def test_a_judgement_that_fails_is_not_blamed_on_the_time() -> None:
    job = Job("judgement", "modelwright.plan.findings.judging:judge")
    engine, publisher = LateEngine([Outcome(job, Status.CRASHED, error="it died")]), Told()
    judging(engine, publisher)._judge()
    assert (publisher.found, publisher.failed) == ([None], ["crashed: it died"])


def test_a_trial_whose_cost_is_not_known_is_named() -> None:
    job = Job("price/3", "modelwright.plan.prices:price", {"number": 3})
    (told,) = _unpriced(Outcome(job, Status.FAILED, error="OSError: no"))
    assert told == (
        "trial 3 is left out: what it costs could not be measured (failed: OSError: no)"
    )
    assert not _unpriced(Outcome(job, Status.CANCELLED, error="cancelled"))
    assert not _unpriced(Outcome(job, Status.DONE, {"own": [0.1, 5.0]}))


@pytest.mark.parametrize(
    ("evidence", "interrupted", "told"),
    [(None, False, True), (object(), False, False), (object(), True, True)],
)
def test_a_model_that_was_not_scored_on_the_test_rows_says_so(
    evidence: object, interrupted: bool, told: bool
) -> None:
    said: list[str] = []
    publisher = SimpleNamespace(
        judge=OneJudge(),
        work=None,
        expected=lambda members, *, whole: 0.0,
        publish=lambda choice, board, notes, *, whole, evidence: said.extend(notes),
    )
    board = SimpleNamespace(
        pricing=SimpleNamespace(bounds=None),
        leaderboard=lambda trials, choice, seconds: None,
        flattered=lambda choice, trials: False,
    )
    search = Search(
        cast(Schedule, SimpleNamespace(notes=["a note"], trials=[])),
        cast(Any, None),
        cast(Any, board),
        cast(Publisher, publisher),
        Clock(math.inf),
        Watch(SilentProgress(), lambda trial: None, lambda seconds: None),
        cast(Any, None),
    )
    search.choice, search.interrupted = cast(Any, SimpleNamespace(trials=())), interrupted
    search._publish(whole=False, evidence=cast(Any, evidence))
    assert said == ["a note", *([UNSCORED] if told else [])]


def chosen(*numbers: int, weights: tuple[float, ...] = (1.0,)) -> Choice:
    trials = tuple(Trial(TrialSpec(number, "linear", {}), ()) for number in numbers)
    return Choice(trials, weights, Temperature(), 0.5, np.zeros((2, 1), np.float32))


def test_an_ensemble_that_bounds_ask_for_is_scored_without_the_luck_of_choosing_too() -> None:
    held, published = [False, True], list[Choice | None]()
    search = object.__new__(Search)
    search.choice, search._findings = chosen(1), {}
    search._gather = lambda choice, findings: cast(Any, None)
    search._measured = lambda: cast(Any, "1 MB")  # type: ignore[method-assign]
    search._schedule = cast(Any, SimpleNamespace(trials=[]))
    search._publisher = cast(Any, SimpleNamespace(noted=lambda line: None))
    search._clock, search._choosing = Clock(math.inf), 0.0
    search._spare = lambda whole: math.inf  # type: ignore[method-assign]
    search._board = cast(
        Any,
        SimpleNamespace(
            nesting=2.0,
            nested=lambda choice, trials: replace(choice, raw=choice.score, score=0.4),
            choose=lambda trials, bounded: None,
            pricing=SimpleNamespace(bounds=True, corrected=lambda trials, found: held.pop(0)),
        ),
    )
    search._conclude = lambda: setattr(search, "choice", chosen(2))  # type: ignore[method-assign]
    search._publish = lambda whole, evidence: published.append(search.choice)  # type: ignore[method-assign]
    search._hold()
    assert [(one.trials[0].spec.number, one.raw) for one in published if one] == [(2, 0.5)]


def test_what_bounds_cost_is_told_in_scores_of_one_kind() -> None:
    free, held = replace(chosen(2), score=0.9), replace(chosen(1), score=0.7, raw=0.8)
    board = SimpleNamespace(choose=lambda trials, bounded: free, pricing=SimpleNamespace(bounds=""))
    told = _costs(cast(Any, board), [], held, Cost(1e-3, 1e6))
    assert "the ensemble scores 0.8, and 0.9 without it" in told


def test_an_ensemble_is_written_when_it_is_another_one() -> None:
    assert chosen(1).equals(chosen(1))
    assert not chosen(1).equals(None)
    assert not chosen(1).equals(chosen(2))
    assert not chosen(1, 2, weights=(0.5, 0.5)).equals(chosen(1, 2, weights=(0.6, 0.4)))
    search, adopted = object.__new__(Search), list[Choice]()
    search._board = SimpleNamespace(better=lambda new, old: True)
    search._publisher = SimpleNamespace(expected=lambda members, whole: math.inf)
    search._clock, search._unwritten = Clock(math.inf), False
    search._adopt, search._show = adopted.append, lambda: None  # type: ignore[method-assign]
    for old, new in ((chosen(1), chosen(1)), (chosen(1), chosen(2))):
        search.choice, search._fresh = old, True
        search._choose = lambda new=new: new  # type: ignore[method-assign,misc]
        search._improve()
    assert [one.trials[0].spec.number for one in adopted] == [2]


def test_a_job_that_is_made_is_done() -> None:
    call = "modelwright.plan.work:fit_part"
    price, look = Job("price", call, {}), Job("look", call, {})
    made: dict[str, list[Job]] = {"price": [price], "look": [look]}

    def next_of(name: str) -> Job | None:
        return made[name].pop() if made[name] else None

    search, recounted = object.__new__(Search), list[bool]()
    search._keep_back = lambda: recounted.append(True)  # type: ignore[method-assign]
    search.choice = SimpleNamespace(trials=())
    search._board = SimpleNamespace(pricing=SimpleNamespace(next_job=lambda _: next_of("price")))
    search._asides = SimpleNamespace(look=lambda: next_of("look"))
    search._schedule = SimpleNamespace(trials=[], next_job=lambda _: None)
    assert [search._next() for _ in range(3)] == [price, look, None]
    assert len(recounted) == 1  # what is under way needs nothing kept back
