"""A boosted member fitted again on the rows of the file, where the run holds a sample of it only.

It is fitted on what one fold of the plan does not hold back, and judged on rows of that fold: how
much it counts beside the other members is chosen on one half of them, and whether the model is
better for it is read off the other half, which had a say in nothing. Groups stay whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.acquire import Reading
from modelwright.core.numerals import number
from modelwright.core.schema import Kind, Role
from modelwright.core.settings import Settings
from modelwright.engine import Job, core_count
from modelwright.evaluate import Metric
from modelwright.plan.board import Choice
from modelwright.plan.clock import Clock
from modelwright.plan.executed import Executed
from modelwright.plan.pose import MEMORY_PER_BYTE, Posed, memory_room
from modelwright.plan.trial import FILE, Trial
from modelwright.plan.whole_file.fit import (
    SLOWER,
    WORTH,
    Asked,
    clear_source,
    keep_source,
    learned_from_file,
)
from modelwright.plan.whole_file.halves import halves
from modelwright.plan.workspace import Workspace
from modelwright.stats.learned_rows import LearnedRows

__all__ = ["LARGER", "Larger"]

LARGER = "larger"
# Of the time that is left when the search begins, so much is kept back for it.
SHARE = 0.35
# What is left of the budget beside the reserve.
_SLACK = 0.05
# It is told to end so many seconds before it is killed, and in such a part of its time.
_MARGIN, _SOFT = 0.5, 0.88
# What a cell of the file takes to be read and made into features, in seconds.
_A_CELL = 4e-7
# The member may count as much as before, or one of these.
_COUNTS = (0.25, 0.5, 0.75, 1.0)
_BOOSTED = "lightgbm"
_TIMES = (Kind.NUMBER, Kind.DATETIME)
_UNFOLLOWED = ("purged k-fold", "given")


class Larger:
    """Whether there is such a fit, when, and what became of it.

    Parameters
    ----------
    work : Workspace
        The run's folder.
    posed : Posed
        Knows of which file its rows are a sample.
    settings : Settings
        How the file is read.
    clock : Clock
        The time left.
    replay : Executed, optional
        Do what this run did.
    """

    def __init__(
        self,
        work: Workspace,
        posed: Posed,
        settings: Settings,
        clock: Clock,
        replay: Executed | None = None,
    ) -> None:
        self._work, self._posed, self._settings = work, posed, settings
        self._clock = clock
        self._replay = None if replay is None else replay.file
        self._trial: Trial | None = None
        self._part = ""
        drawn = posed.drawn
        self._there = drawn is not None and drawn.rows >= WORTH * len(posed.rows.y)
        self._there &= replay is None or replay.file is not None
        self.notes: list[str] = []
        self.kept = 0.0
        self.learned: LearnedRows | None = None
        self.done: dict[str, Any] | None = None
        refused = self._refused() if self._there else ""
        if refused:
            self._tell_none(refused)
            self._there = False
        self._most = SHARE * clock.left if self._there and clock.timed else 0.0

    def _refused(self) -> str:
        """Say why the rest of the file cannot be learned from; empty when it can."""
        drawn, schema = self._posed.drawn, self._posed.schema
        assert drawn is not None  # the caller knows
        if not drawn.path:
            return "what comes through a pipe cannot be read twice"
        if self._posed.cleaning is not None:
            return "cells are mended in rows that fit into memory only"
        if self._settings.bounds:
            return "the model has bounds to keep"
        if schema.names(Role.FEATURE, Kind.IMAGE):
            return "its cells name images"
        times, given = schema.names(Role.ORDER), self._settings.validation.splits is not None
        if (
            given
            or self._work.splits.kind in _UNFOLLOWED
            or any(schema[t].kind not in _TIMES for t in times)
        ):
            return "the plan of splits says nothing of rows that it has not seen"
        return ""

    def keep(self, choice: Choice, free: float) -> float:
        """Say how many seconds are kept back for it beside an ensemble; they are `kept` then.

        None before there is a boosted member, and none where what is `free` then is not enough.
        """
        trial, most = self._boosted(choice), min(self._most, free)
        worth = trial is not None and self._needed(trial) < most
        self.kept = most if worth else 0.0
        return self.kept

    def _boosted(self, choice: Choice) -> Trial | None:
        """Give the boosted member that counts most, or the one that a replayed run took."""
        told = self._replay or {}
        for trial in choice.trials if self._there else ():
            number = trial.spec.number
            if trial.spec.learner == _BOOSTED and told.get("number", number) == number:
                return trial
        return None

    def _needed(self, trial: Trial) -> float:
        """Predict the seconds of going through the file, and of learning from enough rows."""
        assert self._posed.drawn is not None  # it is there
        cells = self._posed.drawn.rows * len(self._posed.schema)
        self._part = (trial.fullest or trial.wanted)[-1]
        rows = WORTH * len(self._work.fold(self._part).train)
        learning = SLOWER * rows * self._pace(trial) * trial.units / core_count()
        return _A_CELL * cells + learning

    def job(self, choice: Choice, reserve: float) -> Job | None:
        """Give the job that fits a boosted member on the rows of the file.

        Parameters
        ----------
        choice : Choice
            The ensemble.
        reserve : float
            The seconds at the end that it may not take.
        """
        if not self._there:
            return None
        seconds = None
        if self._clock.timed:  # it may well take all of it, and the end takes longer at times
            seconds = self._clock.left - reserve - _SLACK * self._clock.budget
        told, trial = self._replay or {}, self._boosted(choice)
        if trial is None:
            self._tell_none("no model of the ensemble is one of LightGBM")
            return None
        if seconds is not None and seconds < 2 * _MARGIN:
            self._tell_none("there was no time for it")
            return None
        self._trial = trial
        self._part = (trial.fullest or trial.wanted)[-1]
        asked = Asked(
            trial.spec.number,
            self._part,
            trial.units,
            self._pace(trial),
            MEMORY_PER_BYTE * memory_room(),
            None if seconds is None else _SOFT * seconds - _MARGIN,
            told.get("share"),
            told.get("units"),
        )
        assert self._posed.drawn is not None  # it is there
        exact = Reading.like(self._posed.schema).verbatim & self._posed.drawn.texts
        reading = Reading(self._settings.header, exact, encoding=self._settings.encoding)
        keep_source(self._work, self._posed.drawn, reading)
        arguments = {"folder": str(self._work.folder), "asked": asdict(asked)}
        call = "modelwright.plan.whole_file.fit:fit_file"
        return Job(LARGER, call, arguments, cores=2**10, seconds=seconds, retries=0)

    def _pace(self, trial: Trial) -> float:
        """Say how many core seconds a row and round took on the sample."""
        done = trial.parts[self._part]
        rows = len(self._work.fold(self._part).train)
        seen = min(rows, trial.spec.rows or rows)
        return done.seconds * trial.spec.threads / max(done.units * seen, 1)

    def weighed(self, choice: Choice, found: Mapping[str, Any] | None, failed: str = "") -> Choice:
        """Give the ensemble with the fit on the file in it, if that is better; and say so.

        Parameters
        ----------
        choice : Choice
            The ensemble that `job` was asked for.
        found : mapping, optional
            What the worker told; None: it did not end.
        failed : str
            What went wrong; empty where the time ended first.
        """
        trial, metric = self._trial, self._posed.metric
        assert trial is not None  # there was a job
        clear_source(self._work)
        if found is None or "why" in found:
            why = failed or "time ended first" if found is None else str(found["why"])
            self._tell_none(why)
            self._tell_reading(found or {})
            return choice
        said = self._work.parts.evidence(trial.spec.number, FILE).predictions
        rows = _Blend(self._work, choice, trial, self._part, said, metric)
        count = rows.best()
        before, after = rows.score(None), rows.score(count)
        better = count is not None and rows.better(before, after)
        self.done = {"number": trial.spec.number, "share": found["share"], "units": found["units"]}
        self.done |= {"rows": found["rows"], "of": found["of"], "counts": count if better else 0.0}
        self._tell(trial, found, metric, (before, after, rows.judged), self.done["counts"])
        self._tell_reading(found)
        if not better or count is None:
            return choice
        trial.larger = int(found["units"])
        self.learned = learned_from_file(self._work)
        return rows.weights(count)

    def _tell(
        self,
        trial: Trial,
        found: Mapping[str, Any],
        metric: Metric,
        scores: tuple[float, float, int],
        count: float,
    ) -> None:
        before, after, judged = scores
        told = f"Boosting saw {found['rows']:,} of the {found['of']:,} rows of the file"
        where = f"on {judged:,} held-out rows that had no say in it"
        if count:
            self.notes.append(
                f"{told}: {trial.spec.name} was fitted again on them and counts for "
                f"{count:.0%} of the model. {where[0].upper()}{where[1:]} {metric.name} is "
                f"{number(after, 4)} with that fit, {number(before, 4)} without. All other scores "
                "are those of models of the sample."
            )
        else:
            self.notes.append(
                f"{told}, and was not better for it {where} ({metric.name} {number(after, 4)}, "
                f"{number(before, 4)} without): the model is that of the sample."
            )

    def _tell_none(self, why: str) -> None:
        self.notes.append(f"The rows that the sample left were not learned from: {why}.")

    def _tell_reading(self, found: Mapping[str, Any]) -> None:
        """Say what was noticed in the rest of the file, and not in the sample."""
        known = set(self._posed.notes)
        new = [note for note in found.get("notes", ()) if note not in known]
        self.notes += [f"In the whole file: {note}" for note in new]


class _Blend:
    """The rows that judge: what the ensemble says of them with and without the larger fit."""

    def __init__(
        self,
        work: Workspace,
        choice: Choice,
        trial: Trial,
        part: str,
        said: NDArray[np.float32],
        metric: Metric,
    ) -> None:
        rows, valid = work.rows, work.fold(part).valid
        self._y = rows.y.rows(valid)
        self._weight = None if rows.weight is None else rows.weight[valid]
        total = float(len(rows.y) if rows.weight is None else rows.weight.sum())
        self._metric = metric.decided_by(choice.decision).for_part_of(total)
        self._choice, self._trial, self._said = choice, trial, said
        place = np.searchsorted(work.splits.scored, valid)
        pairs = [(t, w) for t, w in zip(choice.trials, choice.weights, strict=True)]
        self._own = sum(w for t, w in pairs if t is trial)
        self._others = np.zeros_like(said)
        self._before = np.zeros_like(said)
        for one, weight in pairs:
            assert one.oof is not None  # members are scored
            share = np.float32(weight) * one.oof[place]
            self._before += share
            if one is not trial:
                self._others += share
        self._chosen_on, self._judged_on = halves(valid, work.groups)

    @property
    def judged(self) -> int:
        """How many rows the scores are of."""
        return len(self._judged_on)

    def best(self) -> float | None:
        """Say how much the larger fit had better count; None: nothing is better without it."""
        alone = len(self._choice.trials) == 1
        counts: list[float | None] = [None, *((1.0,) if alone else (self._own, *_COUNTS))]
        losses = [self._loss(count, self._chosen_on) for count in counts]
        return counts[int(np.nanargmin(losses))] if np.isfinite(losses).any() else None

    def score(self, count: float | None) -> float:
        """Score on the rows that had no say."""
        index = self._judged_on
        weight = None if self._weight is None else self._weight[index]
        return self._metric.score(self._y.rows(index), self._blended(count)[index], weight)

    def better(self, before: float, after: float) -> bool:
        """Whether one score is better than another."""
        return after > before if self._metric.greater_is_better else after < before

    def weights(self, count: float) -> Choice:
        """Give the ensemble in which the larger fit counts so much."""
        rest = (1.0 - count) / (1.0 - self._own) if self._own < 1.0 else 0.0
        pairs = zip(self._choice.trials, self._choice.weights, strict=True)
        shares = [(t, count if t is self._trial else w * rest) for t, w in pairs]
        kept = sorted((p for p in shares if p[1] > 0), key=lambda p: -p[1])
        return replace(
            self._choice, trials=tuple(t for t, _ in kept), weights=tuple(w for _, w in kept)
        )

    def _loss(self, count: float | None, index: NDArray[np.int64]) -> float:
        weight = None if self._weight is None else self._weight[index]
        return self._metric.loss(self._y.rows(index), self._blended(count)[index], weight)

    def _blended(self, count: float | None) -> NDArray[np.float32]:
        """Give the predictions with the larger fit; without it, for None."""
        p = self._before
        if count is not None:
            rest = (1.0 - count) / (1.0 - self._own) if self._own < 1.0 else 0.0
            p = np.float32(count) * self._said + np.float32(rest) * self._others
        return self._choice.calibration.apply(p) if self._y.classes else p
