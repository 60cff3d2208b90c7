"""What to do next: an order of jobs, by expected gain per second and by the time that is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count, islice

from modelwright.engine import Job, Outcome, Status
from modelwright.models.registry import NETS
from modelwright.plan.clock import Clock
from modelwright.plan.executed import Executed
from modelwright.plan.forecast import STOPPING, Forecast
from modelwright.plan.refined import refined
from modelwright.plan.trial import (
    ALL,
    PartResult,
    Trial,
    TrialSpec,
    fold_part,
    matrix_name,
)
from modelwright.plan.workspace import Workspace

__all__ = ["Limits", "Schedule"]

# How many of the next entries of the portfolio that there is time for compete for being started.
LOOKAHEAD = 4
# Kept back for the end of the run until it is known how long writing a model takes.
FIRST_RESERVE = 0.8
# What workers that fit nets have imported; they hold no booster, and no booster meets PyTorch.
NET_RUNTIME = "modelwright.plan.warm_nets"
# The shares of the time left that one trial may take: on all rows, and on a sample of them.
FIT_SHARE = 0.8
SAMPLE_SHARE = 0.4
# The first trial is there to have something soon: with many classes and words its path is long.
FIRST_SHARE = 0.25
# A fit on all rows that is stopped needs the rest of the time to be kept.
REFIT_TIME = 0.9
# With fewer seconds a fit is not worth starting, unless it is expected to end within them.
LEAST = 0.3


@dataclass(frozen=True)
class Limits:
    """What the run may use.

    Parameters
    ----------
    cores : int
        Cores shared by all workers.
    workers : int
        Worker processes: so many fits run at once at most.
    trials : int, optional
        Fit exactly so many trials; None: as many as time allows.
    replay : Executed, optional
        Repeat what this run executed: as many units, and no other refits.
    """

    cores: int
    workers: int
    trials: int | None = None
    replay: Executed | None = None


class Schedule:
    """Turns a portfolio of trials into jobs, one at a time.

    Parameters
    ----------
    work : Workspace
        The run's folder; parts that are on disk already are not fitted again.
    portfolio : sequence of TrialSpec
        Trials in the order of their expected gain.
    bagging : collection of str
        Learners whose one fit on all rows gives honest out-of-bag predictions here.
    clock : Clock
        The time left.
    limits : Limits
        Cores and number of trials.
    """

    def __init__(
        self,
        work: Workspace,
        portfolio: Sequence[TrialSpec],
        bagging: frozenset[str],
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._work = work
        self.waiting = list(portfolio)
        self._clock = clock
        self._workers = limits.workers
        self._replay = limits.replay
        self._adds = clock.timed and limits.trials is None and limits.replay is None
        self._forecast = Forecast(work, limits.cores, limits.workers, bagging)
        self._in_flight: dict[str, tuple[Trial | None, str]] = {}
        self._given_up: set[str] = set()
        self._begun_before: list[Trial] = []
        self.trials: list[Trial] = []
        self.reserve = FIRST_RESERVE
        self.notes: list[str] = []
        self._restore()
        if limits.trials is not None:
            self.waiting = self.waiting[: max(limits.trials - len(self.trials), 0)]

    @property
    def refits(self) -> bool:
        """Whether members are worth fitting again on all rows: not after one large hold-out."""
        return len(self._work.splits) > 1

    @property
    def structured(self) -> bool:
        """Whether the plan follows groups, time or given folds rather than chance."""
        return not self._work.splits.exchangeable

    @property
    def told_whole(self) -> bool | None:
        """Whether a replayed run wrote all folds; None when this is no replay."""
        return None if self._replay is None else self._replay.whole

    @property
    def scales(self) -> bool:
        """Whether to learn how hard rows are: of numbers, and not if a replayed run did not."""
        told = self._replay is None or self._replay.difficulty
        return told and not self._work.rows.task.is_classification

    @property
    def width(self) -> int:
        """How many columns the table has."""
        return self._work.rows.table.frame.width

    @property
    def doing(self) -> str:
        """What is under way, in words for a progress bar."""
        busy = {trial.spec.name: None for trial, _ in self._in_flight.values() if trial}
        return "fitting " + ", ".join(busy) if busy else "making features"

    @property
    def share(self) -> float:
        """The share of the portfolio that is done, where no clock says how far the work is."""
        parts = [len(t.wanted) if not t.open else len(t.parts) for t in self.trials]
        done = sum(n / len(t.wanted) for n, t in zip(parts, self.trials, strict=True))
        total = len(self.trials) + len(self.waiting)
        return min(done / total, 1.0) if total else 1.0

    @property
    def room(self) -> int:
        """How many more jobs may be submitted, as far as workers go."""
        return self._workers - len(self._in_flight)

    def next_job(self, members: Sequence[Trial]) -> Job | None:
        """Give the next job that is worth its time, or None.

        Parameters
        ----------
        members : sequence of Trial
            The present ensemble, whose refit must stay possible.
        """
        left = self._left(members)
        for trial in self.trials:
            job = self._job_of(trial, trial.wanted, left) if trial.open else None
            if job is not None:
                return job
        while (spec := self._pick(left)) is not None:
            self.waiting.remove(spec)
            trial = self._open(spec)
            if trial.open:
                return self._job_of(trial, trial.wanted, left)
        return None

    def _restore(self) -> None:
        """Open the trials that an interrupted process had started, each as it was.

        What is installed may be another since, and the portfolio with it: a trial that is not in it
        counts if it is complete, and no other one gets its number.
        """
        started = self._work.parts.specs()
        for spec in started:
            alike = [one for one in self.waiting if _alike(one, spec)]
            if alike:
                self.waiting.remove(min(alike, key=lambda one: one.number != spec.number))
            trial = self._begun(spec)
            if alike or trial.complete:
                self.trials.append(trial)
            else:
                self._begun_before.append(trial)
                self.notes.append(_left_behind(spec))
        taken = {spec.number for spec in started}
        free = count(max((spec.number for spec in [*started, *self.waiting]), default=0) + 1)
        self.waiting = [
            replace(one, number=next(free)) if one.number in taken else one for one in self.waiting
        ]
        self._free = next(
            free
        )  # of none on the disk either, whose parts would be taken for its own

    def _open(self, spec: TrialSpec) -> Trial:
        """Start a trial."""
        self._work.parts.write_spec(spec)
        self.trials.append(self._begun(spec))
        return self.trials[-1]

    def _begun(self, spec: TrialSpec) -> Trial:
        """Give a trial with whatever parts an earlier process has finished."""
        bags = self._forecast.bags(spec)
        fullest = () if bags else tuple(fold_part(i) for i in self._work.splits.fullest)
        trial = Trial(spec, self._wanted(spec), fullest=fullest)
        for part in (*trial.wanted, ALL):
            done = self._work.parts.result(spec.number, part)
            if done is not None:
                trial.parts[part] = done
                self._forecast.fitted(spec, part, done)
        return trial

    def _wanted(self, spec: TrialSpec) -> tuple[str, ...]:
        """List the parts that its score needs."""
        folds = range(len(self._work.splits))
        return (ALL,) if self._forecast.bags(spec) else tuple(fold_part(i) for i in folds)

    def refit_job(self, members: Sequence[Trial]) -> Job | None:
        """Give the next job towards fitting the members on all rows, or None."""
        left = self._clock.left - self.reserve
        for trial in members:
            told = self._replay is None or trial.spec.number in self._replay.refitted
            if not (told and trial.spec.refits):
                continue
            affordable = left > self._forecast.refitting(trial) + self._forecast.preparing(
                trial.spec.matrix(ALL)
            )
            if not trial.refitted and affordable and not trial.failed:
                job = self._job_of(trial, (ALL,), left)
                if job is not None:
                    return job
        return None

    def follow(self, trial: Trial) -> None:
        """Have what a scored trial suggests, the best of its learner so far, tried next."""
        if not self._adds:
            return
        known = [*(one.spec for one in self.trials), *self.waiting]
        spec = refined(trial, self._free)
        if spec is None or any(_alike(one, spec) for one in known):
            return
        begun = next((one for one in self._begun_before if _alike(one.spec, spec)), None)
        if begun is None:
            self.waiting.insert(0, spec)
            self._free += 1
        else:  # by an interrupted process: it goes on
            self.trials.append(begun)
            self._begun_before.remove(begun)
            self.notes.remove(_left_behind(begun.spec))

    def record(self, outcome: Outcome) -> None:
        """Take in what a job came to."""
        trial, part = self._in_flight.pop(outcome.job.key)
        done = outcome.value if outcome.status is Status.DONE else None
        if trial is None:
            self._prepared(part, done, outcome)
            return
        if done is None:
            self._lost(trial, part, outcome)
            return
        result = PartResult(int(done["units"]), float(done["seconds"]))
        trial.parts[part] = result
        self._forecast.fitted(trial.spec, part, result)
        self.notes += [line for line in done["warnings"] if line not in self.notes]

    def _prepared(self, name: str, done: object, outcome: Outcome) -> None:
        if isinstance(done, dict):
            self._forecast.prepared(name, float(done["seconds"]), int(done["columns"]))
        elif outcome.status is not Status.CANCELLED:
            self._given_up.add(outcome.job.key)
            for trial in self.trials:
                lost = {p for p in trial.wanted if trial.spec.matrix(p) == name}
                if lost - trial.parts.keys():
                    trial.failed = trial.failed or f"no features for {name}: {outcome.error}"
            if name == ALL:
                self._forecast.bagging = frozenset()
            else:
                recipe = outcome.job.arguments["recipe"]
                self.waiting = [spec for spec in self.waiting if spec.recipe != recipe]
            self.notes.append(f"features of {name} could not be made: {outcome.error}")

    def _lost(self, trial: Trial, part: str, outcome: Outcome) -> None:
        self._given_up.add(outcome.job.key)
        if part in trial.wanted and not trial.failed:
            trial.failed = f"{outcome.status.value}: {outcome.error}"
            if outcome.status not in (Status.CANCELLED, Status.TIMED_OUT):
                self.notes.append(f"{trial.spec.name} was given up: {outcome.error}")

    def _left(self, members: Sequence[Trial]) -> float:
        """Seconds that may go into new fits while the members' refit stays possible."""
        due = [t for t in members if ALL not in t.parts and t.spec.refits] if self.refits else []
        return self._clock.left - self.reserve - self._forecast.refits(due)

    def _pick(self, left: float) -> TrialSpec | None:
        if not self._clock.timed:
            return self.waiting[0] if self.waiting else None
        if not self.trials:
            return self.waiting[0] if self.waiting else None  # the quickest to be validated
        hurried = self._hurried(left)
        if hurried is not None:
            return hurried
        affordable = (
            spec for spec in self.waiting if self._startable(spec) and self.needs(spec) < left
        )
        return max(islice(affordable, LOOKAHEAD), key=self._forecast.worth, default=None)

    def _startable(self, spec: TrialSpec) -> bool:
        """Whether it need not wait for features that are being made."""
        return any(
            self._work.matrices.has(name) or not self._busy(f"matrix/{name}")
            for name in map(spec.matrix, self._wanted(spec))
        )

    def needs(self, spec: TrialSpec) -> float:
        """Predict the seconds until it is scored and fitted on all rows."""
        return self._forecast.needs(spec)

    def _hurried(self, left: float) -> TrialSpec | None:
        """Give boosted trees that will be stopped early, where there would be none at all."""
        if any(trial.spec.learner in STOPPING and not trial.failed for trial in self.trials):
            return None
        first = next((spec for spec in self.waiting if spec.learner in STOPPING), None)
        if first is None or self.needs(first) < left:
            return None
        least = self._forecast.waves(first) * LEAST + self._forecast.making(first)
        return first if least < left / 2 else None

    def _job_of(self, trial: Trial, parts: Sequence[str], left: float) -> Job | None:
        for part in parts:
            if part in trial.parts or self._busy(self._fit_key(trial, part)):
                continue
            if not self._work.matrices.has(trial.spec.matrix(part)):
                if not self._busy(f"matrix/{trial.spec.matrix(part)}"):
                    return self._prepare_job(part, trial.spec.recipe)
                continue
            soft = self._soft_seconds(trial, part, left)
            if soft is not None and soft < min(LEAST, self._forecast.expected(trial.spec)):
                return None
            return self._fit_job(trial, part, soft)
        return None

    def _soft_seconds(self, trial: Trial, part: str, left: float) -> float | None:
        if not self._clock.timed:
            return None
        if part == ALL and part not in trial.wanted:
            return REFIT_TIME * left
        missing = sum(p not in trial.parts for p in trial.wanted)
        share = missing / len(trial.wanted)
        # A sample is there to have something soon: it leaves time for a fit on all rows.
        most = SAMPLE_SHARE if self._forecast.thinned(trial.spec) else FIT_SHARE
        if trial is self.trials[0] and trial.spec.learner not in STOPPING:
            most = FIRST_SHARE
        return most * left / max(self._forecast.waves(trial.spec) * share, 1.0)

    def _busy(self, key: str) -> bool:
        """Whether a job is under way, or was lost before: it is not tried a second time."""
        return key in self._in_flight or key in self._given_up

    @staticmethod
    def _fit_key(trial: Trial, part: str) -> str:
        return f"trial-{trial.spec.number}/{part}"

    def _prepare_job(self, part: str, recipe: str) -> Job:
        name = matrix_name(part, recipe)
        key = f"matrix/{name}"
        self._in_flight[key] = (None, name)
        arguments = {"folder": str(self._work.folder), "part": part, "recipe": recipe}
        return Job(key, "modelwright.plan.work:prepare_part", arguments, seconds=self._hard(None))

    def _fit_job(self, trial: Trial, part: str, soft: float | None) -> Job:
        key = self._fit_key(trial, part)
        self._in_flight[key] = (trial, part)
        told = None if self._replay is None else self._replay.units.get(key)
        refit = part not in trial.wanted
        arguments = {
            "folder": str(self._work.folder),
            "number": trial.spec.number,
            "part": part,
            "units": trial.units if refit and told is None else told,
            "seconds": soft,
        }
        return Job(
            key,
            "modelwright.plan.work:fit_part",
            arguments,
            cores=trial.spec.threads,
            seconds=self._hard(soft),
            runtime=NET_RUNTIME if trial.spec.learner in NETS else "",
        )

    def _hard(self, soft: float | None) -> float | None:
        """Say when a job is killed: a while after it should have ended by itself."""
        if not self._clock.timed:
            return None
        most = max(self._clock.left - self.reserve, LEAST)
        return most if soft is None else min(most, 1.3 * soft + 1.0)


def _alike(one: TrialSpec, other: TrialSpec) -> bool:
    """Whether two trials are the same but for their numbers."""
    return replace(one, number=other.number) == other


def _left_behind(spec: TrialSpec) -> str:
    return f"{spec.name} was begun, and is left: it is none of the candidates any more"
