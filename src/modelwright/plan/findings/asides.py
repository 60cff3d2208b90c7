"""What workers find out about the ensemble while its members are fitted on all rows.

What it leans on, what a random split would have promised, and how hard rows are; and, as soon as
there is a model that was validated, which columns give the answer away. None of it changes the
model's predictions; each has its share of the time, and may go without.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modelwright.engine import Job, Outcome, Status
from modelwright.plan.board import Choice
from modelwright.plan.clock import Clock
from modelwright.plan.findings.giveaways import keep_others, tell_giveaways
from modelwright.plan.findings.uncertainty import keep_chosen
from modelwright.plan.last_jobs import failure
from modelwright.plan.schedule import Schedule
from modelwright.plan.workspace import Workspace

__all__ = ["CONTRAST", "EXAMINATION", "Asides"]

# For finding out what the ensemble leans on: so many seconds, at most this share of the budget.
EXAMINATION = "examination"
EXAMINATION_SECONDS = 1.5
EXAMINATION_SHARE = 0.05
# For what a random split would have promised: it takes twice as much if there is time.
CONTRAST = "contrast"
CONTRAST_SECONDS = 2.0
CONTRAST_SHARE = 0.025
CONTRAST_LEAST = 0.25
# For learning how hard rows are.
DIFFICULTY = "difficulty"
DIFFICULTY_SECONDS = 1.0
DIFFICULTY_SHARE = 0.02
# For looking for columns that give the answer away: the seconds that it takes for any table and for
# a cell, and the share of the time that it may take.
GIVEAWAYS = "giveaways"
GIVEAWAYS_SECONDS, GIVEAWAYS_A_CELL = 0.4, 1e-6
GIVEAWAYS_SHARE = 0.1


class Asides:
    """The jobs beside the last fits, and the seconds that are kept back for them.

    Parameters
    ----------
    work : Workspace
        The run's folder.
    clock : Clock
        The time left.
    schedule : Schedule
        Knows the plan, and what is kept back for the end.
    """

    def __init__(self, work: Workspace, clock: Clock, schedule: Schedule) -> None:
        self._work = work
        self._clock = clock
        self._schedule = schedule
        self._asked = False
        self._given_away: Sequence[Mapping[str, Any]] | None = None
        self._failed = ""

    @property
    def kept(self) -> float:
        """Seconds that are kept back for all of them that are not under way yet."""
        if not self._clock.timed:
            return 0.0
        examining = min(EXAMINATION_SECONDS, EXAMINATION_SHARE * self._clock.budget)
        learning = min(DIFFICULTY_SECONDS, DIFFICULTY_SHARE * self._clock.budget)
        looking = 0.0 if self._asked or self._looking > self._most else self._looking
        return examining + looking + self._contrasting + learning * self._schedule.scales

    @property
    def _looking(self) -> float:
        """Predict the seconds of looking for columns that give the answer away."""
        rows = self._work.rows
        return GIVEAWAYS_SECONDS + GIVEAWAYS_A_CELL * len(rows.y) * len(rows.table.schema)

    @property
    def _most(self) -> float:
        return GIVEAWAYS_SHARE * self._clock.budget if self._clock.timed else math.inf

    def look(self) -> Job | None:
        """Have columns looked for that give the answer away, once; None where time is short."""
        if self._asked or self._looking > self._most:
            return None
        self._asked = True
        keep_others(self._work.rows, self._work.folder)
        call = "modelwright.plan.findings.giveaways:look_for_giveaways"
        arguments = {"folder": str(self._work.folder)}
        return Job(GIVEAWAYS, call, arguments, seconds=self._left, retries=0)

    def takes(self, outcome: Outcome) -> bool:
        """Take in the outcome of a job that leaves files or notes; false for any other."""
        if outcome.job.key == GIVEAWAYS:
            self._given_away, self._failed = outcome.value, failure(outcome)
            self._asked = outcome.status is not Status.CANCELLED  # then it is worth a second try
        return outcome.job.key in (GIVEAWAYS, DIFFICULTY)

    @property
    def notes(self) -> list[str]:
        """What the user should know of columns that give the answer away."""
        return tell_giveaways(self._given_away, self._work.rows.table.schema, self._failed)

    def jobs(self, choice: Choice) -> Iterator[Job]:
        """Give the jobs that make sense for an ensemble."""
        looking = self.look()
        if looking is not None:
            yield looking
        yield self._examination(choice)
        if self._schedule.structured and (self._contrasting or not self._clock.timed):
            yield self._contrast()
        if self._schedule.scales:
            keep_chosen(self._work, choice.chosen_by)
            yield self._difficulty()

    @property
    def _contrasting(self) -> float:
        if not self._clock.timed or not self._schedule.structured:
            return 0.0
        seconds = min(CONTRAST_SECONDS, CONTRAST_SHARE * self._clock.budget)
        return seconds if seconds >= CONTRAST_LEAST else 0.0

    @property
    def _left(self) -> float | None:
        return self._clock.left - self._schedule.reserve if self._clock.timed else None

    def _examination(self, choice: Choice) -> Job:
        """Ask what an ensemble leans on; fits on all rows may give it more time than kept back."""
        left = self._left
        pairs = zip(choice.trials, choice.weights, strict=True)
        arguments = {
            "folder": str(self._work.folder),
            "members": [(trial.spec.number, weight, trial.units) for trial, weight in pairs],
            "calibration": choice.calibration.to_json(),
            "decision": choice.decision.to_json(),
            "seconds": None if left is None else min(0.8 * left, 2 * EXAMINATION_SECONDS),
        }
        call = "modelwright.plan.findings.examine:examine"
        return Job(EXAMINATION, call, arguments, seconds=left, retries=0)

    def _contrast(self) -> Job:
        """Ask what a random split would have promised."""
        left = self._left
        soft = None if left is None else 2 * self._contrasting
        hard = None if left is None or soft is None else min(soft + 0.5, left)
        arguments = {"folder": str(self._work.folder), "seconds": soft}
        call = "modelwright.plan.findings.contrast:contrast"
        return Job(CONTRAST, call, arguments, seconds=hard, retries=0)

    def _difficulty(self) -> Job:
        """Have it learned how hard rows are."""
        left = self._left
        soft = None if left is None else min(0.8 * left, 4 * DIFFICULTY_SECONDS)
        arguments = {"folder": str(self._work.folder), "seconds": soft}
        call = "modelwright.plan.findings.uncertainty:learn_difficulty"
        return Job(DIFFICULTY, call, arguments, seconds=left, retries=0)
