"""Scores of trials, the ensemble they make, and the leaderboard."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelwright.core.result import Baseline, Leaderboard, Standing
from modelwright.core.settings import Bounds
from modelwright.ensemble.greedy import Selection, select_members
from modelwright.evaluate import Metric, Temperature, find_metric
from modelwright.evaluate.calibration import Calibration, choose_calibration
from modelwright.evaluate.decisions import USUAL, Decision
from modelwright.evaluate.intervals import group_codes
from modelwright.plan.bar import Bar
from modelwright.plan.judge import Judge, judging_folds
from modelwright.plan.nested import CELLS, FEWEST_ROWS, PARTS, nested_predictions
from modelwright.plan.prices import Pricing
from modelwright.plan.selection import choose_in_rounds
from modelwright.plan.trial import ALL, Trial
from modelwright.plan.workspace import Workspace

__all__ = ["Board", "Choice"]

# Greedy selection asks for the loss hundreds of times; so many rows tell it enough.
SELECTION_ROWS = 20_000
# Only so many of the best trials are offered to the ensemble.
OFFERED = 12
# Only so many lines of the leaderboard get an interval.
WITH_INTERVAL = 8


@dataclass(frozen=True)
class Choice:
    """The ensemble at some moment.

    Parameters
    ----------
    trials : tuple of Trial
        Its members, the heaviest first.
    weights : tuple of float
        Their shares.
    calibration : Calibration
        What makes its probabilities mean what they say.
    score : float
        Its out-of-fold score in the task's metric.
    oof : ndarray of float32, shape (n_scored, n_outputs)
        Its out-of-fold predictions, calibrated.
    decision : Decision
        How it answers.
    raw : float, optional
        The score on rows that had a say in choosing, once `score` and `oof` are without that.
    raw_oof : ndarray of float32, shape (n_scored, n_outputs), optional
        The out-of-fold predictions that it was chosen by, likewise.
    """

    trials: tuple[Trial, ...]
    weights: tuple[float, ...]
    calibration: Calibration
    score: float
    oof: NDArray[np.float32]
    decision: Decision = USUAL
    raw: float | None = None
    raw_oof: NDArray[np.float32] | None = None

    @property
    def chosen_by(self) -> NDArray[np.float32]:
        """The out-of-fold predictions that it was chosen by."""
        return self.oof if self.raw_oof is None else self.raw_oof

    def equals(self, other: Choice | None) -> bool:
        """Whether it is the same ensemble."""
        mine = [trial.spec.number for trial in self.trials], self.weights
        return other is not None and mine == (
            [trial.spec.number for trial in other.trials],
            other.weights,
        )


class Board:
    """Everything that is known of how well trials do, from out-of-fold predictions only.

    Parameters
    ----------
    work : Workspace
        The run's folder.
    metric : Metric, optional
        What decides; None: what the name in the task says.
    bar : Bar, optional
        What has to be beaten.
    pricing : Pricing, optional
        What ensembles cost, and which are within the bounds; None: there are no bounds.
    """

    def __init__(
        self,
        work: Workspace,
        metric: Metric | None = None,
        bar: Bar | None = None,
        pricing: Pricing | None = None,
    ) -> None:
        self._work = work
        self.pricing = pricing or Pricing(work, Bounds())
        self._bar = bar
        rows = work.rows
        self.metric = metric or find_metric(rows.task.metric, rows.task.kind)
        # Growth is judged by a smooth loss: ranking metrics jump on few rows.
        usual = find_metric("log_loss" if rows.task.is_classification else "rmse", rows.task.kind)
        smooth = self.metric.smooth and not rows.task.is_classification
        self._growth = self.metric if smooth else usual
        self._scored = work.splits.scored
        self._y = rows.y.rows(self._scored)
        self._weight = None if rows.weight is None else rows.weight[self._scored]
        groups = group_codes(rows.table)
        groups = None if groups is None else groups[self._scored]
        fold = judging_folds(work.splits, groups)
        self._judge = Judge(self.metric, self._y, self._weight, fold, groups)

    def score(self, trial: Trial) -> None:
        """Fill in a complete trial's out-of-fold predictions, their score, and its units."""
        if trial.wanted == (ALL,):
            bagged = self._work.parts.evidence(trial.spec.number, ALL).predictions[self._scored]
            trial.oof, trial.units = _filled(bagged), trial.parts[ALL].units
        else:
            trial.oof, trial.units = self._from_folds(trial)
        trial.score = self._judge.score(trial.oof)

    def _from_folds(self, trial: Trial) -> tuple[NDArray[np.float32], int]:
        folds = self._work.splits.folds
        evidence = [self._work.parts.evidence(trial.spec.number, part) for part in trial.wanted]
        stages = [e.stages for e in evidence if e.stages is not None]
        predictions = [e.predictions for e in evidence]
        units = int(np.median([trial.parts[part].units for part in trial.wanted]))
        if len(stages) == len(evidence):
            losses = [
                self._stage_losses(s.predictions, fold.valid)
                for s, fold in zip(stages, folds, strict=True)
            ]
            sizes = [self._work.rows.mass(fold.valid) for fold in folds]
            choice = choose_in_rounds(stages, losses, sizes, self._work.splits.rounds)
            predictions = [s.predictions[i] for s, i in zip(stages, choice.positions, strict=True)]
            units = choice.overall
        total = np.zeros((len(self._scored), self._y.outputs), dtype=np.float32)
        times = np.zeros((len(self._scored), 1), dtype=np.float32)
        for fold, values in zip(folds, predictions, strict=True):
            at = np.searchsorted(self._scored, fold.valid)
            total[at] += values
            times[at] += 1
        return total / times, units  # the mean over repeats

    def _stage_losses(
        self, predictions: NDArray[np.float32], valid: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        rows = self._work.rows
        y = rows.y.rows(valid)
        weight = None if rows.weight is None else rows.weight[valid]
        return np.array([self._growth.loss(y, p, weight) for p in predictions])

    def choose(self, trials: Sequence[Trial], *, bounded: bool = True) -> Choice | None:
        """Make the best ensemble of the trials that are scored; None while there is none.

        Parameters
        ----------
        trials : sequence of Trial
            All that there are.
        bounded : bool
            Whether it has to be within the bounds.
        """
        ranked = (self._candidates(trials) if bounded else self._ranked(trials))[:OFFERED]
        if not ranked:
            return None
        selection = self._select(ranked, bounded)
        members = [(ranked[i], float(selection.weights[i])) for i in selection.members]
        blended = np.zeros((len(self._y), self._y.outputs), dtype=np.float32)
        for trial, weight in members:
            blended += np.float32(weight) * _known(trial)
        calibration: Calibration = Temperature(1.0)
        if self._y.classes:
            fold = self._judge.fold
            calibration = choose_calibration(blended, self._y, self._weight, fold)
            blended = calibration.apply(blended)
        verdict = self._judge.verdict(blended)
        return Choice(
            tuple(trial for trial, _ in members),
            tuple(weight for _, weight in members),
            calibration,
            verdict.score,
            blended,
            verdict.decision,
        )

    def nested(self, choice: Choice, trials: Sequence[Trial]) -> Choice:
        """Give an ensemble the score and the predictions in which no row chose for itself."""
        candidates = self._candidates(trials)[: 2 * OFFERED]
        if len(candidates) == 1 and choice.calibration == Temperature():
            return choice  # nothing was chosen by the answers
        if choice.raw is not None:  # it has them
            return choice
        oofs = [_known(trial) for trial in candidates]
        allowed = self._allowed(candidates) if self.pricing.bounds else None
        p = nested_predictions(self._judge, oofs, offered=OFFERED, allowed=allowed)
        score = float("nan") if p is None else self._judge.score(p)
        if p is None or not np.isfinite(score):
            return choice
        return replace(choice, score=score, oof=p, raw=choice.score, raw_oof=choice.oof)

    @property
    def nesting(self) -> float:
        """How many times as long as choosing an ensemble it takes to score it nested."""
        looked = min(len(self._y), SELECTION_ROWS)
        most = max(CELLS // self._y.outputs, FEWEST_ROWS)
        return PARTS * min(1.0, most / max(looked, 1)) + 1.0

    def _select(self, ranked: Sequence[Trial], bounded: bool) -> Selection:
        rows: NDArray[np.int64] | slice = slice(None)
        if len(self._y) > SELECTION_ROWS:
            drawn = np.random.default_rng(0).choice(len(self._y), SELECTION_ROWS, replace=False)
            rows = np.sort(drawn)
        return select_members(
            [_known(trial)[rows] for trial in ranked],
            self._judge.loss_on(rows),
            allowed=self._allowed(ranked) if bounded else None,
        )

    def _allowed(self, trials: Sequence[Trial]) -> Callable[[Sequence[int]], bool]:
        """Say of positions among trials whether the bounds allow those trials together."""
        return lambda chosen: self.pricing.allows([trials[i] for i in chosen])

    def _ranked(self, trials: Sequence[Trial]) -> list[Trial]:
        scored = [t for t in trials if t.oof is not None and np.isfinite(t.score)]
        return sorted(scored, key=lambda t: (_signed(self.metric, t.score), t.spec.number))

    def _candidates(self, trials: Sequence[Trial]) -> list[Trial]:
        """Rank the trials that the bounds allow to be offered."""
        return [trial for trial in self._ranked(trials) if self.pricing.known(trial)]

    def flattered(self, choice: Choice, trials: Sequence[Trial]) -> bool:
        """Whether an ensemble's score is of the rows by which it was chosen, of several trials."""
        return choice.raw is None and len(self._candidates(trials)) > 1

    def leads(self, trial: Trial, trials: Sequence[Trial]) -> bool:
        """Whether a scored trial is the best of its learner so far."""
        alike = (one for one in self._ranked(trials) if one.spec.learner == trial.spec.learner)
        return next(alike, None) is trial

    def better(self, new: Choice, old: Choice | None) -> bool:
        """Whether an ensemble scores at least as well as the one before it."""
        if old is None:
            return True
        return _signed(self.metric, new.score) <= _signed(self.metric, old.score)

    def leaderboard(
        self, trials: Sequence[Trial], choice: Choice | None, *, seconds: float = 0.0
    ) -> Leaderboard:
        """List the scored trials and the ensemble, best first.

        The best few say how far their scores could be off, if there is time (`seconds`) for it.
        """
        shares: dict[int, float] = {}
        lines: list[tuple[Standing, NDArray[np.float32]]] = []
        if choice is not None:
            pairs = zip(choice.trials, choice.weights, strict=True)
            shares = {trial.spec.number: weight for trial, weight in pairs}
            fitted = sum(trial.seconds for trial in choice.trials)
            line = Standing("ensemble", choice.score, 1.0, fitted, raw=choice.raw)
            lines.append((line, choice.oof))
        for trial in self._ranked(trials):
            share = shares.get(trial.spec.number, 0.0)
            line = Standing(trial.spec.name, trial.score, share, trial.seconds)
            lines.append((line, _known(trial)))
        # trials and ensemble by what they came to on the same footing
        lines.sort(key=lambda pair: _signed(self.metric, pair[0].as_it_came))
        deadline = time.monotonic() + seconds
        standings = [
            self._widened(*line, deadline) if i < WITH_INTERVAL else line[0]
            for i, line in enumerate(lines)
        ]
        baseline = self._baseline(choice, standings, deadline)
        return Leaderboard(self.metric.name, tuple(standings), baseline)

    def _baseline(
        self, choice: Choice | None, standings: Sequence[Standing], deadline: float
    ) -> Baseline | None:
        """Compare the ensemble with what it has to beat, on the same rows."""
        bar = self._bar
        if bar is None or choice is None:
            return None
        if bar.predictions is None:
            model = next(line for line in standings if line.name == "ensemble")
            gains = [
                None if score is None else _signed(self.metric, bar.score - score)
                for score in (model.score, model.low, model.high)
            ]
            ends = sorted(gain for gain in gains[1:] if gain is not None)
            return Baseline(bar.name, bar.score, gains[0] or 0.0, *ends)
        left = deadline - time.monotonic()
        gain, low, high = self._judge.gain(choice.oof, bar.predictions, seconds=left)
        sure = bool(np.isfinite([low, high]).all())
        return Baseline(bar.name, bar.score, gain, *((low, high) if sure else ()))

    def _widened(self, line: Standing, oof: NDArray[np.float32], deadline: float) -> Standing:
        left = deadline - time.monotonic()
        if left <= 0:
            return line
        low, high = self._judge.interval(oof, known=line.score, seconds=left)
        return replace(line, low=low, high=high) if np.isfinite([low, high]).all() else line


def _signed(metric: Metric, score: float) -> float:
    return -score if metric.greater_is_better else score


def _known(trial: Trial) -> NDArray[np.float32]:
    assert trial.oof is not None  # only scored trials are ranked
    return trial.oof


def _filled(predictions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give rows that no tree left out of its bag the mean prediction."""
    absent = np.isnan(predictions[:, 0])
    if not absent.any():
        return predictions
    filled = predictions.copy()
    filled[absent] = np.nanmean(predictions, axis=0) if not absent.all() else 0.0
    return filled
