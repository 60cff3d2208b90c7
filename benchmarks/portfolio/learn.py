"""Ask the library what an order of candidates would come to, and learn the best order from it.

    python benchmarks/portfolio/learn.py [--budgets 10,60,300] [--length 12]

For a budget the fits of the library are replayed with the seconds that they took: candidates in
their order, on two workers, as long as the ensemble's fits on all rows stay possible; then the
ensemble is chosen by its out-of-fold predictions and scored on the rows set aside. The order grows
greedily by the mean normalised error (0: the best that any set of candidates reached on the set,
1: the first candidate). What is published leaves the set that is scored out of the learning: it is
learned on nine tenths of the sets, and scored on the rest.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from candidates import CANDIDATES
from library import home
from numpy.typing import NDArray

from modelwright.core.task import Target, TaskKind
from modelwright.ensemble import select_members
from modelwright.evaluate import find_metric, fit_temperature

# Reading, starting workers, choosing and writing the model.
OVERHEAD = 3.0
WORKERS = 2
PARTS = 10
ROWS = 6_000


@dataclass(frozen=True)
class Fits:
    """What a candidate came to on one set.

    Parameters
    ----------
    oof, aside : ndarray of float32, shape (n_rows, n_outputs)
        Predictions for the rows learned from, and for those set aside.
    features, fits, refit : float
        Seconds, on one core: of making features, of all folds, of the fit on all rows.
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
        self.rows = int(facts["rows"])
        self.metric = find_metric(facts["metric"], TaskKind(facts["kind"]))
        answers = np.load(folder / "answers.npz")
        self._y = Target(answers["scored"], facts["classes"])
        self._aside = Target(answers["aside"], facts["classes"])
        drawn = np.random.default_rng(0).permutation(len(self._y))[:ROWS]
        self._some = np.sort(drawn)

    @cached_property
    def fits(self) -> dict[str, Fits]:
        """What each candidate came to; those that failed are left out."""
        found = {}
        for candidate in CANDIDATES:
            path = self._folder / f"{candidate.name}.npz"
            kept = np.load(path) if path.exists() else {}
            if "oof" not in kept:
                continue
            times = json.loads(str(kept["times"]))
            refit = times["fits"].get("all", 0.0)
            oof = kept["oof"]
            loss = self.metric.loss(self._y, oof, None)
            if np.isfinite(loss):
                aside = kept["aside_all"] if "aside_all" in kept else kept["aside_folds"]
                fits = sum(times["fits"].values()) - (refit if len(times["fits"]) > 1 else 0.0)
                seconds = sum(times["features"].values())
                found[candidate.name] = Fits(
                    oof, aside, seconds, fits, refit, candidate.recipe, loss
                )
        return found

    def error(self, p: NDArray[np.float32]) -> float:
        """Give the error on the rows set aside: less is better, and 0 is best."""
        score = self.metric.score(self._aside, p, None)
        return 1 - score if self.metric.greater_is_better else score

    def within(self, order: Sequence[str], budget: float) -> list[str]:
        """Name the candidates of an order that there is time for."""
        left, made, done = budget - OVERHEAD, set[str](), list[str]()
        for name in order:
            fits = self.fits.get(name)
            if fits is None:
                continue
            new = 0.0 if fits.recipe in made else fits.features
            refits = sorted((self.fits[n].refit for n in [*done, name]), reverse=True)[:6]
            if (new + fits.fits + sum(refits)) / WORKERS < left:
                left -= (new + fits.fits) / WORKERS
                made.add(fits.recipe)
                done.append(name)
        return done

    def ensemble(self, names: Sequence[str]) -> float:
        """Give the error of the ensemble that is chosen among some candidates."""
        ranked = sorted(names, key=lambda name: self.fits[name].loss)[:12]
        y = self._y.rows(self._some)
        oofs = [self.fits[name].oof[self._some] for name in ranked]
        chosen = select_members(oofs, lambda p: self.metric.loss(y, p, None))
        pairs = [(ranked[i], np.float32(chosen.weights[i])) for i in chosen.members]
        p = sum(weight * self.fits[name].aside for name, weight in pairs)
        if self._y.classes:
            oof = sum(weight * self.fits[name].oof for name, weight in pairs)
            p = fit_temperature(oof, self._y, None).apply(p)
        return self.error(np.asarray(p, np.float32))


class Game:
    """Errors of orders on many sets, each found once.

    Parameters
    ----------
    sets : sequence of Known
        The library.
    budget : float
        Seconds.
    """

    def __init__(self, sets: Sequence[Known], budget: float) -> None:
        self.sets = sets
        self.budget = budget
        self._found: dict[tuple[str, tuple[str, ...]], float] = {}

    def error(self, known: Known, order: Sequence[str]) -> float:
        """Give the error of an order on a set, as a share of the first candidate's; logarithm."""
        names = tuple(sorted(known.within(order, self.budget)))
        if not names:
            return 0.5
        key = (known.name, names)
        if key not in self._found:
            first = known.error(known.fits["linear"].aside)
            self._found[key] = float(np.log(max(known.ensemble(names), 1e-9) / max(first, 1e-9)))
        return self._found[key]

    def learn(self, sets: Sequence[Known], length: int) -> list[str]:
        """Grow an order greedily by its mean error on some sets."""
        order = ["linear"]
        names = [c.name for c in CANDIDATES if c.name != "linear"]
        while len(order) < length:
            rest = [name for name in names if name not in order]
            means = [np.mean([self.error(k, [*order, name]) for k in sets]) for name in rest]
            order.append(rest[int(np.argmin(means))])
        return order


def main() -> int:
    """Learn an order for each budget, and say what it would have come to on other sets."""
    options = _options()
    sets = [Known(folder) for folder in sorted(home().iterdir()) if _whole(folder)]
    print(f"{len(sets)} sets: {', '.join(known.name for known in sets)}")
    now = options.present.split(",") if options.present else [c.name for c in CANDIDATES]
    for budget in map(float, options.budgets.split(",")):
        game = Game(sets, budget)
        order = game.learn(sets, options.length)
        print(f"{budget:g} s: {' '.join(order)}")
        own = np.array([game.error(known, now) for known in sets])
        learned = np.array([game.error(known, order) for known in sets])
        others = np.zeros(len(sets))
        for part in range(min(PARTS, len(sets))):
            left = [known for i, known in enumerate(sets) if i % PARTS != part]
            fresh = game.learn(left, options.length)
            for i in range(part, len(sets), PARTS):
                others[i] = game.error(sets[i], fresh)
        for what, errors in (("as listed", own), ("learned", learned), ("on others", others)):
            change = 100 * (errors - own)
            print(f"   {what:12} {100 * errors.mean():8.2f} {change.mean():+8.2f} %")
    return 0


def _whole(folder: Path) -> bool:
    return all((folder / f"{c.name}.npz").exists() for c in CANDIDATES if _quick(c))


def _quick(candidate: Any) -> bool:
    return candidate.learner not in ("realmlp", "tabm")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budgets", default="10,60,300", help="seconds, comma-separated")
    parser.add_argument("--length", type=int, default=12, help="candidates in an order")
    parser.add_argument("--present", default="", help="the order to compare with")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
