"""The anytime loop: jobs out, results in, and an ever better model on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelwright.core.errors import OptionError
from modelwright.core.evidence import Evidence
from modelwright.core.progress import Progress
from modelwright.core.result import Contrast
from modelwright.engine import Engine, Job, Outcome, Status
from modelwright.plan.board import Board, Choice
from modelwright.plan.clock import Clock
from modelwright.plan.findings.asides import CONTRAST, EXAMINATION, Asides
from modelwright.plan.findings.judging import UNSCORED
from modelwright.plan.findings.weaknesses import WEAKNESSES
from modelwright.plan.last_jobs import failure, last_outcome
from modelwright.plan.prices import Cost
from modelwright.plan.publish import Publisher
from modelwright.plan.schedule import Schedule
from modelwright.plan.trial import Trial
from modelwright.plan.untried import untried
from modelwright.plan.whole_file.larger import Larger

__all__ = ["Search", "Watch"]

# At most this share of the time so far goes into writing models that the next one replaces.
PUBLISHING_SHARE = 0.05
# What is kept back for measuring the final model, where there are bounds.
MEASURING = 1.0
MEASURING_SHARE = 0.1
MEASUREMENT = "measurement"
# What is kept back for profiles of columns, weak spots and intervals of scores.
GATHERING = 0.25 + WEAKNESSES
GATHERING_A_COLUMN = 0.0015
# What is kept back for closing workers and leaving the process.
SHUTDOWN = 0.35
# At most this share of the budget is kept back for scoring the ensemble without the luck of
# choosing: fits come first.
NESTING_SHARE = 0.05
# Stands in the card of a model that was not scored so.
FLATTERED = (
    "The score is of the rows that the ensemble was chosen by, which flatters it a little: "
    "with more time (--time) it is scored without that."
)


@dataclass(frozen=True)
class Watch:
    """Who is told what happens.

    Parameters
    ----------
    progress : Progress
        The terminal.
    trial : callable
        Called with every trial that is complete or given up.
    tick : callable
        Called with the seconds spent, a few times a second at most.
    """

    progress: Progress
    trial: Callable[[Trial], None]
    tick: Callable[[float], None]


class Search:
    """Runs a schedule on an engine until time or trials run out.

    Parameters
    ----------
    schedule : Schedule
        What to do next.
    engine : Engine
        Where it is done.
    board : Board
        How well it went.
    publisher : Publisher
        Where the best model is written.
    clock : Clock
        The time left.
    watch : Watch
        Who is told.
    gather : callable
        Collects the evidence for an ensemble, given what a worker found out about it.

    Attributes
    ----------
    larger : Larger, optional
        Fits a member on the rows of the file, where the run holds a sample of it.
    """

    def __init__(
        self,
        schedule: Schedule,
        engine: Engine,
        board: Board,
        publisher: Publisher,
        clock: Clock,
        watch: Watch,
        gather: Callable[[Choice, Mapping[str, Any]], Evidence],
    ) -> None:
        self._schedule = schedule
        self._engine = engine
        self._board = board
        self._publisher = publisher
        self._clock = clock
        self._watch = watch
        self._gather = gather
        self.larger: Larger | None = None
        self._asides = Asides(publisher.work, clock, schedule)
        self._findings: Mapping[str, Any] = {}
        self._fresh = False
        self._unwritten = False
        self._choosing = 0.0
        self._offered: list[int] = []
        self._chosen: Choice | None = None
        self._told: set[int] = set()
        self._where = ""
        self.choice: Choice | None = None
        self.interrupted = False
        self.whole = True
        if clock.timed:  # fits that start now must end before what the first ensemble will ask for
            ending = SHUTDOWN + GATHERING + self._asides.kept + self._judging
            schedule.reserve = max(
                schedule.reserve, min(schedule.reserve + ending, 0.1 * clock.left)
            )

    def run(self) -> None:
        """Search, fit the chosen members on all rows, and write the final model.

        Ctrl-C ends it early: what is finished is made into a model all the same.
        """
        try:
            self._take([])  # what an interrupted process had finished
            self._explore()
            self._conclude()
            self._refit()
            self._enlarge()
        except KeyboardInterrupt:
            self.interrupted = True
            self._watch.progress.advance(1.0, "interrupted: writing the best model so far")
            self._engine.cancel_all()
            self._conclude()
        self._finish()

    def _explore(self) -> None:
        going = True
        while going and self._work_left():
            self._fill(self._next)
            self._tell()
            going = self._waited()
            self._fill(self._next)  # that workers have something to do while an ensemble is chosen
            self._improve()
        self._engine.cancel_all()
        self._take(self._engine.wait(0.0))

    def _next(self) -> Job | None:
        first = self._board.pricing.next_job(self._schedule.trials)
        if first is None and self.choice is not None:
            first = self._asides.look()
            if first is not None:  # under way, it needs nothing kept back
                self._keep_back()
        return first or self._schedule.next_job(self._members)

    def _refit(self) -> None:
        """Fit the members on all rows, while a worker finds out what they lean on."""
        members = self._members
        self._keep_back()
        self._schedule.reserve -= self._asides.kept
        if self.choice is not None and self._work_left():
            for job in self._asides.jobs(self.choice):
                self._engine.submit(job)
        self._where = " on all rows"
        while members and self._work_left():
            self._fill(lambda: self._schedule.refit_job(members))
            self._tell()
            if not self._waited():
                break
        self._engine.cancel_all()
        self._take(self._engine.wait(0.0))

    def _enlarge(self) -> None:
        """Fit a member on the rows of the file, where they are a sample of it."""
        if self.larger is None or self.choice is None:
            return
        self._schedule.reserve -= self.larger.kept
        job = self.larger.job(self.choice, self._schedule.reserve)
        if job is not None:
            self._watch.progress.advance(1.0, "boosting on the whole file", self._clock.left)
            outcome = last_outcome(self._engine, job, self._clock, self._schedule.reserve)
            self.choice = self.larger.weighed(self.choice, outcome.value, failure(outcome))
            self._publisher.learned = self.larger.learned
        self._schedule.notes += self.larger.notes

    def _finish(self) -> None:
        """Write the final model: members fitted on all rows, and all folds of the others."""
        if not self.interrupted:
            self._schedule.notes += [*untried(self._schedule, self._clock), *self._asides.notes]
        if self.choice is None:
            return
        if not self.interrupted:
            self._watch.progress.advance(1.0, "writing the model", self._clock.left)
        left = self._clock.left - SHUTDOWN - self._judging
        told = self._schedule.told_whole
        affordable = self._publisher.expected(self._members, whole=True) < left
        self.whole = affordable if told is None else told
        self.whole = self.whole and not self._board.pricing.bounds
        left -= self._publisher.expected(self._members, whole=self.whole)
        if left > 0 or self._publisher.provisional:
            self._publish_nested(left, whole=self.whole)
            if not self.interrupted:
                self._hold()
                self._judge()

    def _publish_nested(self, left: float, *, whole: bool) -> None:
        """Write the final model, scored without the luck of choosing where time is left for it."""
        assert self.choice is not None  # callers have checked
        if self._nesting < left:
            self.choice = self._board.nested(self.choice, self._schedule.trials)
        self._publish(whole=whole, evidence=self._gather(self.choice, self._findings))

    def _hold(self) -> None:
        """Measure the final model, and take a smaller ensemble while it breaks the bounds."""
        pricing = self._board.pricing
        while pricing.bounds and self.choice is not None:
            choice, found = self.choice, self._measured()
            if found is None:
                self._publisher.noted(f"not measured against the bound of {pricing.bounds}")
                return
            if pricing.corrected(choice.trials, found):
                self._publisher.noted(_costs(self._board, self._schedule.trials, choice, found))
                return
            self._offered = []
            self._conclude()
            self._publish_nested(self._spare(whole=False), whole=False)

    def _measured(self) -> Cost | None:
        """Have a worker measure the model that is on disk."""
        seconds = self._clock.left - SHUTDOWN if self._clock.timed else None
        if seconds is not None and seconds <= 0:
            return None
        arguments = {"folder": str(self._publisher.folder)}
        call = "modelwright.plan.prices:measure"
        job = Job(MEASUREMENT, call, arguments, seconds=seconds, retries=0)
        found = last_outcome(self._engine, job, self._clock, SHUTDOWN).value
        return Cost(**found) if found else None

    def _judge(self) -> None:
        """Have the final model scored on fresh rows, if there are some."""
        judge = self._publisher.judge
        if judge is None:
            return
        writing = 1.2 * self._publisher.expected(self._members, whole=self.whole)
        seconds = self._clock.left - SHUTDOWN - writing if self._clock.timed else None
        found, failed = None, ""
        if seconds is None or seconds > 0:
            self._watch.progress.advance(1.0, "scoring the test rows", self._clock.left)
            job = judge.job(self._publisher.folder, seconds)
            outcome = last_outcome(self._engine, job, self._clock, SHUTDOWN + writing)
            found, failed = outcome.value, failure(outcome)
        self._publisher.judged(found, failed)

    def _spare(self, whole: bool) -> float:
        """Seconds that are left when the writing of the final model is paid for."""
        writing = self._publisher.expected(self._members, whole=whole)
        return self._clock.left - SHUTDOWN - 1.2 * writing - self._judging

    @property
    def _nesting(self) -> float:
        """Seconds that scoring the ensemble without the luck of choosing will take."""
        return self._choosing * self._board.nesting

    @property
    def _judging(self) -> float:
        """Seconds that are kept back for scoring fresh rows, measuring, and writing both."""
        judge, measured = self._publisher.judge, bool(self._board.pricing.bounds)
        if not self._clock.timed or (judge is None and not measured):
            return 0.0
        writing = self._publisher.expected(self._members, whole=False)
        scoring = 0.0 if judge is None else judge.reserve(self._clock.budget)
        measuring = min(MEASURING, MEASURING_SHARE * self._clock.budget) if measured else 0.0
        return scoring + measuring + 1.2 * writing * (1 + measured)

    @property
    def _members(self) -> tuple[Trial, ...]:
        return () if self.choice is None else self.choice.trials

    def _work_left(self) -> bool:
        return self._clock.left > self._schedule.reserve

    def _fill(self, next_job: Callable[[], Job | None]) -> None:
        while self._engine.free_cores > 0 and self._schedule.room > 0:
            job = next_job()
            if job is None:
                return
            self._engine.submit(job)

    def _waited(self) -> bool:
        """Take what is done; false where nothing was under way, and nothing is done."""
        pending = bool(self._engine.pending)  # what has just ended is not, and is not taken yet
        patience = max(min(0.5, self._clock.left - self._schedule.reserve), 0.01)
        self._take(outcomes := self._engine.wait(patience))
        return pending or bool(outcomes)

    def _take(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.job.key == EXAMINATION:
                self._findings = outcome.value or {}
            elif outcome.job.key == CONTRAST:
                self._publisher.contrast = outcome.value and Contrast.from_json(outcome.value)
            elif self._board.pricing.takes(outcome):
                self._fresh = True
                self._schedule.notes += _unpriced(outcome)
                self._refuse(self._board.pricing.hopeless(self._schedule.trials))
            elif self._asides.takes(outcome):
                self._keep_back()
            else:
                self._schedule.record(outcome)
        for trial in self._schedule.trials:
            if trial.complete and trial.oof is None and not trial.failed:
                self._board.score(trial)
                if self._board.leads(trial, self._schedule.trials):
                    self._schedule.follow(trial)
                self._fresh = True
            if not trial.open and trial.spec.number not in self._told:
                self._told.add(trial.spec.number)
                self._watch.trial(trial)
        self._watch.tick(self._clock.spent)

    def _tell(self) -> None:
        """Say on the terminal how far the work is."""
        scored = sum(trial.oof is not None for trial in self._schedule.trials)
        models = f"{scored} model{'s' if scored > 1 else ''}, " if scored else ""
        state = f"{models}{self._schedule.doing}{self._where}"
        share = self._clock.share if self._clock.timed else self._schedule.share
        self._watch.progress.advance(share, state, self._clock.left)

    def _show(self) -> None:
        board = self._board.leaderboard(self._schedule.trials, self.choice)
        self._watch.progress.standings(board)

    def _improve(self) -> None:
        """Choose the ensemble again when there is a new trial, and write it when it is due."""
        if self._fresh:
            self._fresh = False
            choice, old = self._choose(), self.choice
            if choice is not None and not choice.equals(old) and self._board.better(choice, old):
                self._adopt(choice)
            self._show()
        cost = self._publisher.expected(self._members, whole=False)
        if self._unwritten and cost <= self._clock.here * PUBLISHING_SHARE:
            self._fill(self._next)  # that workers have something to do meanwhile
            self._publish(whole=False)

    def _conclude(self) -> Choice | None:
        """Choose from all that is scored, whatever came first."""
        choice = self._choose()
        if choice is None:
            self._refuse(self._board.pricing.excess(self._schedule.trials))
        else:
            self._adopt(choice)
        return choice

    def _refuse(self, error: OptionError | None) -> None:
        """End when no model can be within the bounds; the first one must not stay either."""
        if error is not None:
            self._engine.cancel_all()
            self._publisher.withdraw()
            raise error

    def _choose(self) -> Choice | None:
        """Choose from all that is scored; what is known of the same trials is not sought twice."""
        trials, known = self._schedule.trials, self._board.pricing.known
        scored = [t.spec.number for t in trials if t.oof is not None and known(t)]
        if scored != self._offered:
            # of this thread alone: workers keep all cores busy now, and not when it is done again
            began = time.thread_time()
            self._offered, self._chosen = scored, self._board.choose(self._schedule.trials)
            self._choosing = time.thread_time() - began
        return self._chosen

    def _adopt(self, choice: Choice) -> None:
        self.choice = choice
        self._unwritten = True
        self._keep_back()

    def _keep_back(self) -> None:
        """Reserve the seconds that the end will take, as far as it is known."""
        if self.choice is None or self._where:  # the fits on all rows may use what was kept
            return
        ending = self._choosing + self._publisher.expected(self._members, whole=False)
        gathering = GATHERING + GATHERING_A_COLUMN * self._schedule.width
        nests = self._nesting <= NESTING_SHARE * self._clock.budget
        kept = self._asides.kept + self._judging + nests * self._nesting
        reserve = SHUTDOWN + gathering + 1.2 * ending + kept
        if self.larger is not None:
            reserve += self.larger.keep(self.choice, self._clock.left - reserve)
        self._schedule.reserve = reserve

    def _publish(self, *, whole: bool, evidence: Evidence | None = None) -> None:
        assert self.choice is not None  # callers have checked
        seconds = 0.0 if evidence is None or self.interrupted else self._spare(whole)
        board = self._board.leaderboard(self._schedule.trials, self.choice, seconds=seconds)
        notes, last = list(self._schedule.notes), evidence is not None and not self.interrupted
        if self._publisher.judge is not None and not last:  # the last one will be scored on them
            notes.append(UNSCORED)
        if self._board.flattered(self.choice, self._schedule.trials):
            notes.append(FLATTERED)
        self._publisher.publish(self.choice, board, notes, whole=whole, evidence=evidence)
        self._unwritten = False


def _unpriced(outcome: Outcome) -> list[str]:
    """Say that a trial whose cost is not known cannot be held to the bounds."""
    if outcome.value or outcome.status is Status.CANCELLED:
        return []
    number, why = outcome.job.arguments["number"], f"{outcome.status.value}: {outcome.error}"
    return [f"trial {number} is left out: what it costs could not be measured ({why})"]


def _costs(board: Board, trials: Sequence[Trial], choice: Choice, found: Cost) -> str:
    """Say what the model costs, and what holding it to the bounds has cost."""
    said = f"the model takes {found}; the bound is {board.pricing.bounds}"
    free = board.choose(trials, bounded=False)
    if free is None or (free.trials, free.weights) == (choice.trials, choice.weights):
        return f"{said}, which leaves nothing out"
    own = choice.score if choice.raw is None else choice.raw
    return (
        f"{said}, with which the ensemble scores {own:.5g}, and {free.score:.5g} without it, "
        "both on the rows that it is chosen by"
    )
