"""Learn the order of trials from the library, and say what it is worth on tables it never saw.

    python benchmarks/portfolio/learn.py [--budgets 10,60,300] [--length 14] [--write]

The order grows greedily by the error of the replayed ensembles (`replay.py`), in the mean over all
sets and budgets; the error is the logarithm of its share of the best single candidate's, and none
counts for more than a fifth, or sets that one candidate fails on would decide alone. When nothing
gains any more, what the present order has besides follows. What is published leaves the set that
is scored out of the learning: it is learned on nine tenths of the sets, and scored on the rest.
With --write the package's portfolio becomes what was learned on all of them, with where it comes
from; without, only the results file is written (benchmarks/results/portfolio.json).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from candidates import CANDIDATES
from library import home
from machine import RESULTS, describe
from numpy.typing import NDArray
from replay import Known, Order

from modelwright.plan import learned as package
from modelwright.plan.learned import WORDY, learned_trials

FIRST = "linear"
"""It is quick: there is a model soon, whatever follows."""
PARTS = 10
TINY = 1e-9
# What is expected of a candidate before it is known, and of one whose gain is too small to see.
USUAL, LEAST = 1.0, 0.3
# No set counts for more, better or worse.
MOST = 0.2


class Game:
    """Errors of orders on many sets, each found once.

    Parameters
    ----------
    sets : sequence of Known
        The library.
    budgets : sequence of float
        Seconds.
    """

    def __init__(self, sets: Sequence[Known], budgets: Sequence[float]) -> None:
        self.sets = sets
        self.budgets = budgets
        self._found: dict[tuple[str, tuple[str, ...]], float] = {}

    def error(self, known: Known, order: Order, budget: float) -> float:
        """Give the error of an order on a set beside the best candidate's; bounded logarithm."""
        names = tuple(sorted(known.within(order, budget)))
        if not names:
            return MOST
        key = (known.name, names)
        if key not in self._found:
            told = np.log(max(known.ensemble(names), TINY) / max(known.least, TINY))
            self._found[key] = float(np.clip(told, -MOST, MOST))
        return self._found[key]

    def errors(self, sets: Sequence[Known], order: Order) -> NDArray[np.float64]:
        """Give the errors on some sets: shape (n_sets, n_budgets)."""
        return np.array([[self.error(k, order, budget) for budget in self.budgets] for k in sets])

    def learn(self, sets: Sequence[Known], length: int) -> list[tuple[str, float]]:
        """Grow an order greedily by its mean error on some sets; the present one ends it."""
        order = [(FIRST, USUAL)]
        rest = [name for name in candidates() if name != FIRST]
        now = float(self.errors(sets, order).mean())
        while len(order) < length and rest:
            means = [self.errors(sets, [*order, (name, USUAL)]).mean() for name in rest]
            best = int(np.argmin(means))
            if means[best] >= now:
                break
            order.append((rest.pop(best), round(max(100 * (now - means[best]), LEAST), 2)))
            now = float(self.errors(sets, order).mean())
        there = {name for name, _ in order}
        rest = [trial.name for trial in learned_trials() if trial.name not in there]
        return [*order, *((name, LEAST) for name in rest)][:length]


def candidates() -> list[str]:
    """Name the candidates, and the pairs of which each table asks for one."""
    names = [c.name for c in CANDIDATES]
    return [*names, *(f"{name}-{WORDY}" for name in names if f"{name}-rich" in names)]


def main() -> int:
    """Learn an order, say what it would have come to on other sets, and keep it."""
    options = _options()
    sets = [Known(folder) for folder in sorted(home().iterdir()) if _whole(folder)]
    budgets = [float(seconds) for seconds in options.budgets.split(",")]
    game = Game(sets, budgets)
    order = game.learn(sets, options.length)
    orders = {"present": [(trial.name, trial.gain) for trial in learned_trials()], "learned": order}
    errors = {name: game.errors(sets, one) for name, one in orders.items()}
    errors["learned on others"] = _on_others(game, options.length)
    found: dict[str, Any] = {
        "command": f"python benchmarks/portfolio/learn.py --budgets {options.budgets} "
        f"--length {options.length}",
        "machine": describe(),
        "sets": {known.name: known.rows for known in sets},
        "budgets": budgets,
        "orders": orders,
        "error beside the best single candidate's, %": {
            name: _by_budget(100 * each.mean(axis=0), budgets) for name, each in errors.items()
        },
        "better and worse than present by over half a percent": {
            name: _counts(each - errors["present"], budgets) for name, each in errors.items()
        },
    }
    (RESULTS / "portfolio.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(json.dumps(found, indent=1))
    if options.write:
        _write(order, {name: found[name] for name in found if name != "orders"})
    return 0


def _on_others(game: Game, length: int) -> NDArray[np.float64]:
    """Score each set with an order that was learned without it."""
    errors = np.zeros((len(game.sets), len(game.budgets)))
    for part in range(min(PARTS, len(game.sets))):
        own = list(range(part, len(game.sets), PARTS))
        fresh = game.learn([k for i, k in enumerate(game.sets) if i not in own], length)
        errors[own] = game.errors([game.sets[i] for i in own], fresh)
    return errors


def _by_budget(values: NDArray[np.float64], budgets: Sequence[float]) -> dict[str, float]:
    return {f"{b:g} s": round(float(v), 3) for b, v in zip(budgets, values, strict=True)}


def _counts(change: NDArray[np.float64], budgets: Sequence[float]) -> dict[str, str]:
    pairs = zip(budgets, change.T, strict=True)
    return {f"{b:g} s": f"{(c < -0.005).sum()} : {(c > 0.005).sum()}" for b, c in pairs}


def _write(order: Order, provenance: dict[str, Any]) -> None:
    """Put an order into the package."""
    wordy = {f"{c.name}-{WORDY}": c for c in CANDIDATES}
    plain = {c.name: c for c in CANDIDATES}
    trials = []
    for name, gain in order:
        one = plain.get(name) or wordy[name]
        recipe = one.recipe if name in plain else WORDY
        config = dict(one.config)
        trials.append(
            {"name": name, "learner": one.learner, "recipe": recipe, "gain": gain, "config": config}
        )
    path = Path(package.__file__).with_name("portfolio.json")
    text = json.dumps({"provenance": provenance, "trials": trials}, indent=1)
    path.write_text(text + "\n", "utf-8")


def _whole(folder: Path) -> bool:
    return all((folder / f"{c.name}.npz").exists() for c in CANDIDATES)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budgets", default="10,60,300", help="seconds, comma-separated")
    parser.add_argument("--length", type=int, default=14, help="candidates in an order, at most")
    parser.add_argument("--write", action="store_true", help="make it the package's portfolio")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
