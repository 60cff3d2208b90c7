"""One run from its record to its end: opened or resumed, searched, finished."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.clean.repairs import log_of
from modelwright.core.errors import OutputError
from modelwright.core.evidence import Evidence
from modelwright.core.progress import Progress
from modelwright.core.result import Card, Leaderboard
from modelwright.core.settings import Frame, Question, Settings, cleaning_asked
from modelwright.core.splits import Splits
from modelwright.core.version import __version__
from modelwright.engine import Engine, core_count, lock_file, worker_count
from modelwright.features import default_recipe
from modelwright.model import Model
from modelwright.plan.bar import bar_of, splits_of
from modelwright.plan.board import Board, Choice
from modelwright.plan.clock import Clock
from modelwright.plan.executed import Executed, read_executed, write_executed
from modelwright.plan.facts import facts_of
from modelwright.plan.findings.evidence import gather_evidence
from modelwright.plan.findings.judging import FreshJudge
from modelwright.plan.findings.uncertainty import FOLDER as DIFFICULTY
from modelwright.plan.findings.weaknesses import WEAKNESSES
from modelwright.plan.forecast import folds_within
from modelwright.plan.instant import instant_model
from modelwright.plan.portfolio import bagging_learners, make_portfolio
from modelwright.plan.pose import Posed
from modelwright.plan.prices import Pricing
from modelwright.plan.publish import Publisher, warnings_of
from modelwright.plan.schedule import Limits, Schedule
from modelwright.plan.search import Search, Watch
from modelwright.plan.splitting import plan_notes
from modelwright.plan.structure import NOTHING, heed
from modelwright.plan.tables.cleaning import CLEANED, told_clean
from modelwright.plan.trial import Trial, TrialSpec
from modelwright.plan.whole_file.larger import Larger
from modelwright.plan.workspace import Workspace
from modelwright.store import (
    RunRecord,
    RunStatus,
    RunStore,
    TrialRecord,
    data_folder,
    write_frame,
    write_json,
)
from modelwright.store.looks import earlier_looks

__all__ = ["Session", "open_session"]

UNSCORED = "The test rows were not scored: there is no validated model to score on them."


class Session:
    """A run that is open: this process holds its lock.

    Parameters
    ----------
    posed : Posed
        The question put to the table.
    settings : Settings
        How the answer is to be found.
    store : RunStore
        Where runs are recorded.
    record : RunRecord
        This run's record.
    clock : Clock
        Its time.
    """

    def __init__(
        self, posed: Posed, settings: Settings, store: RunStore, record: RunRecord, clock: Clock
    ) -> None:
        self._posed = posed
        self._settings = settings
        self._store = store
        self._clock = clock
        self._recorded = 0.0
        self._finished = record.status is RunStatus.FINISHED
        self._executed = self._replayed()
        self._portfolio = self._trials()
        self._asked = {**record.request, "budget": clock.budget if clock.timed else None}
        self.run_id = record.id
        self.work = Workspace(store.folder_of(record.id))
        self.work.hold(posed.rows)
        self.interrupted = False
        self.because = self.untried = ""
        self._splits: Splits
        out = None if settings.out is None else Path(settings.out)
        self._publisher = Publisher(self.work, posed.schema, self._card(record), out)
        self._publisher.interval_by = settings.validation.interval_by
        self._publisher.cleaning = posed.cleaning
        if posed.fresh is not None:
            self._publisher.judge = FreshJudge(posed.fresh, self._looks)

    def _card(self, record: RunRecord) -> Card:
        metric = self._posed.rows.task.metric
        return Card(
            version=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            run=record.id,
            rows=len(self._posed.rows.y),
            data=record.data_hash,
            plan="",
            score=None,
            leaderboard=Leaderboard(metric, ()),
            notes=self._posed.notes,
            encoding=self._posed.encoding,
        )

    @property
    def model(self) -> Model:
        """The best model so far."""
        assert self._publisher.model is not None  # the first model is always there
        return self._publisher.model

    def first_model(self) -> None:
        """Put a linear model on disk; a resumed run puts the model there that it has."""
        if self._finished:
            self._publisher.again()
            return
        self.work.sweep()
        rows = self._posed.rows
        self._splits = self._plan()
        card = self._publisher.card
        notes = (*card.notes, *plan_notes(self._splits, rows))
        self._publisher.card = replace(card, notes=notes, untried=self.untried)
        self._publisher.plan = f"{self._splits.reason} {self.because}".strip()
        if self.work.has_model:
            self._publisher.again()
        else:
            card = self._publisher.card
            self._publisher.first(instant_model(rows, self._posed.schema, card))

    def _plan(self) -> Splits:
        """Plan the folds; a resumed run goes on with its plan, and a replay takes the original."""
        if self.work.ready:
            return self.work.splits
        if self._settings.replay is not None:
            original = self._store.run(self._settings.replay)
            earlier = Workspace(self._store.folder_of(original.id))
            if earlier.ready and original.data_hash == self._publisher.card.data:
                return earlier.splits
        asked = self._settings.validation
        if self._clock.timed and asked.folds is None and asked.splits is None:
            few = folds_within(self._posed.rows, self._clock.budget, core_count())
            asked = replace(asked, folds=few)
        return splits_of(self._posed, asked)

    def _looks(self) -> int:
        """Count the earlier runs that scored the same test rows."""
        assert self._posed.fresh is not None  # who asks has scored them
        folder = data_folder(self._settings.store)
        target, digest = self._posed.rows.task.target, self._posed.fresh.digest
        return earlier_looks(folder, target, digest, self.run_id)

    def search(self, engine: Engine, live: Progress) -> None:
        """Search until time or trials run out, and record the end of the run."""
        if self._finished:
            return
        if not self.work.ready:
            self._posed.rows.write(self.work.folder)
            self.work.write_splits(self._splits)
        if self._posed.fresh is not None:
            self._posed.fresh.write(self.work.folder)
        self.learn(facts_of(self._posed, self._settings, self._splits))
        write_json(self.work.folder / "types.json", self._posed.schema.to_json())
        if self._posed.cleaning is not None:
            write_frame(log_of(self._posed.changes), self.work.folder / CLEANED)
        schedule = Schedule(
            self.work,
            self._portfolio,
            bagging_learners(self.work.splits, default_recipe()),
            self._clock,
            Limits(
                core_count(),
                worker_count(self._settings.workers),
                self._settings.trials,
                self._executed,
            ),
        )
        schedule.notes += self._history(schedule)
        watch = Watch(live, self._record_trial, self._record_time)
        bar = bar_of(self._posed, self.work.splits)
        pricing = Pricing(self.work, self._settings.bounds)
        board = Board(self.work, self._posed.metric, bar, pricing)
        larger = Larger(self.work, self._posed, self._settings, self._clock, self._executed)
        search = Search(schedule, engine, board, self._publisher, self._clock, watch, self._gather)
        search.larger = larger
        search.run()
        self.learn({"leaderboard": self.model.leaderboard.to_json(), **self._checked()})
        self._keep_executed(schedule, larger, whole=search.whole)
        self._record_time(self._clock.spent, least=0.0)
        self.interrupted = search.interrupted
        if search.choice is None:
            reason = "nothing could be validated: the model is the first one; give it more time"
            unseen = () if self._publisher.judge is None else (UNSCORED,)
            self._publisher.unvalidated((reason, *unseen, *schedule.notes))
        if search.interrupted:
            self._store.mark(self.run_id, RunStatus.INTERRUPTED)
            return
        model = str(Path(self._settings.out or self.work.folder / "model.mw").resolve())
        if search.choice is None:
            self._store.mark(self.run_id, RunStatus.TOO_SHORT, model)
            return
        notes = (*self._posed.notes, *schedule.notes, *warnings_of(self.model.leaderboard))
        self._store.finish(self.run_id, self.model.card.score, model, notes)
        self.work.tidy()

    def _keep_executed(self, schedule: Schedule, larger: Larger, *, whole: bool) -> None:
        """Keep what was done, for a replay."""
        learned = (self.work.folder / DIFFICULTY).is_dir()
        write_executed(
            self.work.folder,
            schedule.trials,
            whole=whole,
            difficulty=learned,
            file=larger.done,
        )
        if larger.done is not None:
            self.learn({"file": larger.done})

    def _checked(self) -> dict[str, Any]:
        """Give the score on fresh rows and the contrast with a random split, where they are."""
        card = self.model.card
        found = {"test": card.test, "contrast": card.contrast}
        return {name: each.to_json() for name, each in found.items() if each is not None}

    def _gather(self, choice: Choice, findings: Mapping[str, Any]) -> Evidence:
        seconds = WEAKNESSES if self._clock.timed else math.inf
        return gather_evidence(self.work, choice, self._asked, findings, seconds=seconds)

    def learn(self, facts: Mapping[str, Any]) -> None:
        """Record what the run was done with; the record of a finished run stays as it is."""
        if not self._finished:
            self._store.learn(self.run_id, facts)

    def _history(self, schedule: Schedule) -> list[str]:
        """Say what the user should know of a resumed or replayed run."""
        if self._settings.replay is not None:
            original = self._store.run(self._settings.replay)
            same = original.data_hash == self._publisher.card.data
            return [] if same else [f"run {original.id}, replayed here, was on other data"]
        if not self._settings.resume:
            return []
        kept = sum(len(trial.parts) for trial in schedule.trials)
        return [f"resumed run {self.run_id}: {kept} finished fits are kept"] if kept else []

    def _replayed(self) -> Executed | None:
        if self._settings.replay is None:
            return None
        run = self._store.run(self._settings.replay)
        return read_executed(self._store.folder_of(run.id))

    def _trials(self) -> list[TrialSpec]:
        if self._executed is not None:
            return list(self._executed.specs)
        return make_portfolio(self._posed.rows, self._settings.models)

    def _record_trial(self, trial: Trial) -> None:
        known = trial.oof is not None and np.isfinite(trial.score)
        self._store.add_trial(
            TrialRecord(
                run=self.run_id,
                number=trial.spec.number,
                name=trial.spec.name,
                learner=trial.spec.learner,
                config=dict(trial.spec.config),
                status="failed" if trial.failed else "done",
                score=trial.score if known else None,
                seconds=trial.seconds,
                error=trial.failed,
            )
        )

    def _record_time(self, spent: float, least: float = 1.0) -> None:
        """Record the time spent, about once a second: a resumed run goes on with the rest."""
        new = spent - self._clock.before
        if new - self._recorded >= least:
            self._store.spend(self.run_id, new - self._recorded)
            self._recorded = new


@contextmanager
def open_session(
    posed: Posed, question: Question, settings: Settings, budget: float, started: float
) -> Iterator[Session]:
    """Start a run, or go on with an unfinished one, and hold its lock until the block ends.

    Parameters
    ----------
    posed : Posed
        The question put to the table.
    question, settings : Question and Settings
        What the user asked for; they and the data identify a run that can be resumed.
    budget : float
        Seconds in all; infinite for none.
    started : float
        The moment of `time.monotonic` from which this process's time counts.

    Yields
    ------
    Session
    """
    with ExitStack() as stack:
        store = stack.enter_context(RunStore(data_folder(settings.store)))
        record = _record(store, posed, question, settings, budget)
        stack.enter_context(lock_file(store.folder_of(record.id) / "lock"))
        record = _held(store, record.id)
        before = record.spent if settings.resume else 0.0
        try:
            heeded = heed(posed, question, budget, _heeded(store, record, settings))
            clock = Clock(budget, started, before)
            session = Session(heeded.posed, settings, store, record, clock)
            session.because, session.untried = heeded.because, heeded.untried
            session.learn({"structure": heeded.facts})
            yield session
        except (Exception, KeyboardInterrupt) as error:
            # what comes after the end of a run takes nothing from it
            if store.run(record.id).status is not RunStatus.FINISHED:
                _broken(store, record.id, error)
            raise


def _held(store: RunStore, run_id: str) -> RunRecord:
    """Read the record of a run whose lock is held; until then another process could end it."""
    record = store.run(run_id)
    if record.status not in (RunStatus.FINISHED, RunStatus.RUNNING):
        store.mark(run_id, RunStatus.RUNNING)
    return record


def _broken(store: RunStore, run_id: str, error: BaseException) -> None:
    """Record a run that went wrong; where it has a model, what it has fitted is kept."""
    work = Workspace(store.folder_of(run_id))
    if isinstance(error, KeyboardInterrupt | OutputError):  # a full disk, say: it may go on
        store.mark(run_id, RunStatus.INTERRUPTED)
    elif work.has_model:
        store.mark(run_id, RunStatus.INTERRUPTED, why=repr(error))
        error.add_note("what was fitted is kept: --resume goes on with it")
    else:
        store.fail(run_id, repr(error))
        work.tidy()


def _heeded(store: RunStore, record: RunRecord, settings: Settings) -> Mapping[str, Any] | None:
    """Give what was made of the structure of the rows, where it is not to be looked for."""
    if settings.validation.splits is not None:  # somebody has decided already
        return NOTHING
    if settings.replay is None:
        facts: Mapping[str, Any] | None = record.facts.get("structure")
        return facts
    replayed: Mapping[str, Any] = store.run(settings.replay).facts.get("structure", NOTHING)
    return replayed


def _record(
    store: RunStore, posed: Posed, question: Question, settings: Settings, budget: float
) -> RunRecord:
    data = posed.rows.table.fingerprint()
    if question.metric is not None:  # its plainest form, with the costs of a file written out
        question = replace(question, metric=posed.metric.name)
    config = settings.fingerprint(question, "" if posed.fresh is None else posed.fresh.digest)
    if settings.resume:
        earlier = store.newest(data, config)
        if earlier is not None:
            return earlier
    request: dict[str, Any] = {
        "question": question.to_json(),
        "trials": settings.trials,
        "seed": settings.seed,
    }
    if cleaning_asked(settings) is not False:
        request["clean"] = told_clean(settings)
    if settings.models:  # the report tells how to make the model again
        request["models"] = list(settings.models)
    checked = settings.validation.to_json()
    request |= {"validation": checked} if checked else {}
    if settings.frame is not None:
        named = settings.frame.file if isinstance(settings.frame, Frame) else str(settings.frame)
        request["frame"] = named or "task.toml"
    return store.start(
        RunRecord(
            data_hash=data,
            config_hash=config,
            request=json.loads(json.dumps(request)),
            budget=budget,
            target=posed.rows.task.target,
            metric=posed.rows.task.metric,
            version=__version__,
        )
    )
