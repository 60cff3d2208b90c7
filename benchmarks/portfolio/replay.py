"""What an order of candidates would come to on a set of the library, in any budget.

The planner's own rules are replayed with the seconds that the fits took: candidates are taken as
long as the ensemble's fits on all rows stay possible; then the ensemble is chosen by its
out-of-fold predictions, and scored on the rows set aside.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from candidates import CANDIDATES
from numpy.typing import NDArray

from modelwright.core.task import Target, TaskKind
from modelwright.ensemble import select_members
from modelwright.evaluate import find_metric, fit_temperature
from modelwright.plan.learned import WORDY
from modelwright.plan.portfolio import most_trials
from modelwright.plan.schedule import LOOKAHEAD
from modelwright.plan.trial import LEAN, RICH

# Reading, starting workers, choosing and writing the model.
OVERHEAD = 3.0
WORKERS = 2
# What a fit costs beside its seconds, as the planner counts it.
CALL = 0.2
# The best out-of-fold candidates that the ensemble is chosen from; those that are fitted again.
OFFERED, REFITTED = 12, 6
ROWS = 6_000

Order = Sequence[tuple[str, float]]
"""Names of candidates, each with the gain that is expected of it."""


@dataclass(frozen=True)
class Fits:
    """What a candidate came to on one set.

    Parameters
    ----------
    oof, aside : ndarray of float32, shape (n_rows, n_outputs)
        Predictions for the rows learned from, and for those set aside.
    features, fits, refit : float
        Seconds, on one core: of making features, of all folds, of the fit on all rows.
    parts : int
        How many fits there are.
    recipe : str
        Which features they are.
    loss : float
        Of the out-of-fold predictions.
    """

    oof: NDArray[np.float32]
    aside: NDArray[np.float32]
    features: float
    fits: float
    refit: float
    parts: int
    recipe: str
    loss: float


class Known:
    """One set of the library.

    Parameters
    ----------
    folder : path
        Its folder.
    """

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self._folder = folder
        facts = json.loads((folder / "set.json").read_text("utf-8"))
        self.rows, self.most = int(facts["rows"]), most_trials(int(facts["rows"]))
        self.metric = find_metric(facts["metric"], TaskKind(facts["kind"]))
        self._stands_for: dict[str, str] = facts["recipes"]
        answers = np.load(folder / "answers.npz")
        self._y = Target(answers["scored"], facts["classes"])
        self._aside = Target(answers["aside"], facts["classes"])
        drawn = np.random.default_rng(0).permutation(len(self._y))[:ROWS]
        self._some = np.sort(drawn)

    @cached_property
    def fits(self) -> dict[str, Fits]:
        """What each candidate came to; those that failed are left out.

        A name that ends in the wordy recipe is that candidate of a pair which the table asks for.
        """
        found = {c.name: fits for c in CANDIDATES if (fits := self._read(c.name, c.recipe))}
        wordy = self._stands_for.get(WORDY, LEAN)
        for name in [name for name in found if f"{name}-{RICH}" in found]:
            found[f"{name}-{WORDY}"] = found[f"{name}-{RICH}" if wordy == RICH else name]
        return found

    def _read(self, name: str, recipe: str) -> Fits | None:
        path = self._folder / f"{name}.npz"
        kept = np.load(path) if path.exists() else {}
        if "oof" not in kept:
            return None
        loss = self.metric.loss(self._y, kept["oof"], None)
        if not np.isfinite(loss):
            return None
        times = json.loads(str(kept["times"]))
        whole = times["fits"].get("all", 0.0)
        single = len(times["fits"]) == 1
        return Fits(
            oof=kept["oof"],
            aside=kept["aside_all"] if "aside_all" in kept else kept["aside_folds"],
            features=sum(times["features"].values()),
            fits=whole if single else sum(times["fits"].values()) - whole,
            refit=0.0 if single else whole,
            parts=max(len(times["fits"]) - ("all" in times["fits"]), 1),
            recipe=self._stands_for.get(recipe, recipe),
            loss=loss,
        )

    @cached_property
    def least(self) -> float:
        """The error of the best single candidate on the rows set aside."""
        return min(self.error(fits.aside) for fits in self.fits.values())

    def error(self, p: NDArray[np.float32]) -> float:
        """Give the error on the rows set aside: less is better, and 0 is best."""
        score = self.metric.score(self._aside, p, None)
        return 1 - score if self.metric.greater_is_better else score

    def within(self, order: Order, budget: float) -> list[str]:
        """Name the candidates of an order that the planner would fit in a budget."""
        left, made, done = budget - OVERHEAD, set[str](), list[str]()
        waiting = [(name, gain) for name, gain in order if name in self.fits]
        while len(done) < self.most:
            there = [one for one in waiting if self._needs(one[0], made, done) < left][:LOOKAHEAD]
            if not there:
                break
            first = there[0] if not done else max(there, key=lambda one: self._worth(*one, made))
            waiting.remove(first)
            fits = self.fits[first[0]]
            left -= (self._features(fits, made) + fits.fits) / WORKERS
            made.add(fits.recipe)
            done.append(first[0])
        return done

    @staticmethod
    def _features(fits: Fits, made: set[str]) -> float:
        return 0.0 if fits.recipe in made else fits.features

    def _needs(self, name: str, made: set[str], done: Sequence[str]) -> float:
        """Seconds until it is scored, with the fits on all rows of the slowest members."""
        fits = self.fits[name]
        again = sorted((self.fits[one].refit for one in [*done, name]), reverse=True)[:REFITTED]
        return (self._features(fits, made) + fits.fits + sum(again)) / WORKERS

    def _worth(self, name: str, gain: float, made: set[str]) -> float:
        fits = self.fits[name]
        return gain / (CALL + (fits.fits + self._features(fits, made)) / fits.parts)

    def ensemble(self, names: Sequence[str]) -> float:
        """Give the error of the ensemble that is chosen among some candidates."""
        ranked = sorted(names, key=lambda name: self.fits[name].loss)[:OFFERED]
        y = self._y.rows(self._some)
        oofs = [self.fits[name].oof[self._some] for name in ranked]
        chosen = select_members(oofs, lambda p: self.metric.loss(y, p, None))
        pairs = [(ranked[i], np.float32(chosen.weights[i])) for i in chosen.members]
        p = sum(weight * self.fits[name].aside for name, weight in pairs)
        if self._y.classes:
            oof = sum(weight * self.fits[name].oof for name, weight in pairs)
            p = fit_temperature(oof, self._y, None).apply(p)
        return self.error(np.asarray(p, np.float32))
