"""What members would cost once deployed: bytes in the file, seconds a row.

Asked for only where the user sets bounds. A worker measures each scored trial as it would be
deployed, cut back to the units that were chosen: one row at a time, libraries loaded, the median of
some. An ensemble costs what its members cost, each recipe once, and what every model costs. When
the final model is on disk it is measured itself, and the estimates are corrected by that.
"""

from __future__ import annotations

import statistics
import time
import warnings
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.protocols import State
from modelwright.core.result import Card, Leaderboard
from modelwright.core.settings import Bounds
from modelwright.core.sizes import written_size
from modelwright.engine import Job, Outcome
from modelwright.evaluate import Temperature
from modelwright.model import Member, Model, Part, load
from modelwright.plan.trial import Trial
from modelwright.plan.workspace import Workspace
from modelwright.store import pack_state

__all__ = ["Cost", "Price", "Pricing", "measure", "price"]

# The first part of the keys of its jobs.
KEY = "price/"
# Rows that are predicted one by one.
ROWS = 25
# What is chosen may cost this share of the bounds: estimates are off by a little.
MARGIN = 0.95
# Of the file: card, schema and manifest, and what each held-out row that is kept costs.
HEAD_BYTES = 20_000
KEPT_ROWS = 20_000
ROW_BYTES = 16


@dataclass(frozen=True)
class Cost:
    """What a model costs.

    Parameters
    ----------
    seconds : float
        To predict one row on its own.
    bytes : float
        Of the file.

    Examples
    --------
    >>> print(Cost(0.0012, 1_500_000))
    1.5 MB, one row in 1.2 ms
    """

    seconds: float
    bytes: float

    def __str__(self) -> str:
        return f"{written_size(self.bytes)}, one row in {1e3 * self.seconds:.2g} ms"

    def within(self, bounds: Bounds, share: float = 1.0) -> bool:
        """Whether it is within a share of the bounds."""
        return self.seconds <= share * bounds.seconds and self.bytes <= share * bounds.bytes


@dataclass(frozen=True)
class Price:
    """What a trial costs as a member.

    Parameters
    ----------
    own : Cost
        Of one fitted part.
    recipe : Cost
        Of the features that it needs.
    base : Cost
        Of any model: reading a row, calibrating, answering.
    """

    own: Cost
    recipe: Cost
    base: Cost


def price(folder: str, number: int, part: str, units: int) -> dict[str, list[float]]:
    """Measure what a fitted part would cost.

    Parameters
    ----------
    folder : str
        The run's folder.
    number : int
        The trial.
    part : str
        Which of its parts.
    units : int
        The part is cut back to so many.

    Returns
    -------
    dict of str to list of float
        Seconds and bytes of the part (``own``), of its ``recipe``, and of any model (``base``).
    """
    work = Workspace(Path(folder))
    spec, table = work.parts.spec(number), work.rows.table
    fitted, recipe = work.parts.fitted(number, part), work.matrices.recipe(spec.matrix(part))
    fitted = fitted.at(min(units, fitted.units))
    rows = [table.rows(one) for one in _singles(table.height)]
    matrices = [recipe.transform(row) for row in rows]
    model = Model(
        work.rows.task,
        table.schema,
        (Member(spec.name, 1.0, (Part(recipe, fitted),)),),
        Temperature(1.0),
        Card("", "", "", 0, "", "", None, Leaderboard("", ())),
    )
    own = _typical(fitted.predict, matrices)
    made = _typical(recipe.transform, rows)
    whole = _typical(model.predict, [row.frame for row in rows])
    return {
        "own": [own, _packed(fitted.export())],
        "recipe": [made, sum(_packed(state) for _, state in recipe.export())],
        "base": [max(whole - own - made, 0.0), 0.0],
    }


def measure(folder: str) -> dict[str, float]:
    """Measure the model of a run: ``seconds`` a row, and ``bytes``."""
    path = Path(folder) / "model.mw"
    model, table = load(path), Workspace(Path(folder)).rows.table
    if model.cleaning is not None and not set(model.columns) <= set(model.cleaning.columns):
        model = replace(model, cleaning=None)  # rows have their new names already
    rows = [table.rows(one).frame for one in _singles(table.height)]
    seconds = _typical(model.predict, rows)
    return {"seconds": seconds, "bytes": float(path.stat().st_size)}


def _singles(height: int) -> list[NDArray[np.int64]]:
    return [np.array([i]) for i in np.linspace(0, height - 1, ROWS).astype(np.int64)]


def _typical(call: Callable[[Any], object], rows: Sequence[object]) -> float:
    """Give the median seconds of a call, after two that load what there is to load."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        took = []
        for row in (rows[0], rows[-1]):
            call(row)
        for row in rows:
            began = time.perf_counter()
            call(row)
            took.append(time.perf_counter() - began)
    return statistics.median(took)


def _packed(state: State) -> float:
    """Give the bytes of a state in a model file."""
    return float(sum(len(zlib.compress(data, 1)) for data in pack_state(state).values()))


class Pricing:
    """What trials would cost, and which of them the bounds allow.

    Parameters
    ----------
    work : Workspace
        The run's folder.
    bounds : Bounds
        What the user allows.
    """

    def __init__(self, work: Workspace, bounds: Bounds) -> None:
        self._work = work
        self.bounds = bounds
        self._prices: dict[int, Price] = {}
        self._asked: set[int] = set()
        self._beyond = Cost(1.0, 0.0)  # what final models cost more: a factor, and bytes

    def next_job(self, trials: Sequence[Trial]) -> Job | None:
        """Ask a worker for the price of a scored trial that has none yet."""
        if not self.bounds:
            return None
        for trial in trials:
            number = trial.spec.number
            if trial.oof is None or number in self._asked:
                continue
            self._asked.add(number)
            arguments = {
                "folder": str(self._work.folder),
                "number": number,
                "part": trial.wanted[0],
                "units": trial.units,
            }
            return Job(f"{KEY}{number}", "modelwright.plan.prices:price", arguments, retries=0)
        return None

    def takes(self, outcome: Outcome) -> bool:
        """Take in what a job came to, if it was one of these."""
        if not outcome.job.key.startswith(KEY):
            return False
        found: Mapping[str, Any] | None = outcome.value
        if found:
            parts = (Cost(*found[name]) for name in ("own", "recipe", "base"))
            self._prices[int(outcome.job.key.removeprefix(KEY))] = Price(*parts)
        return True

    def known(self, trial: Trial) -> bool:
        """Whether a trial may be offered: it has a price, and alone it is within the bounds."""
        if not self.bounds:
            return True
        return trial.spec.number in self._prices and self.allows([trial])

    def allows(self, trials: Collection[Trial]) -> bool:
        """Whether an ensemble of these trials is within the bounds."""
        return not self.bounds or self.cost(trials).within(self.bounds, MARGIN)

    def cost(self, trials: Collection[Trial]) -> Cost:
        """Estimate what an ensemble of these trials would cost; all of them have a price."""
        prices = [self._prices[trial.spec.number] for trial in trials]
        recipes = {trial.spec.recipe: self._prices[trial.spec.number].recipe for trial in trials}
        seconds = statistics.median([one.base.seconds for one in self._prices.values()])
        size = HEAD_BYTES + ROW_BYTES * min(len(self._work.splits.scored), KEPT_ROWS)
        for trial, one in zip(trials, prices, strict=True):
            parts = len(trial.deployed(whole=False))
            seconds += parts * one.own.seconds
            size += int(parts * one.own.bytes * self._growth(trial))
        seconds += sum(one.seconds for one in recipes.values())
        size += int(sum(one.bytes for one in recipes.values()))
        return Cost(seconds * self._beyond.seconds, size + self._beyond.bytes)

    def _growth(self, trial: Trial) -> float:
        """Say how much larger a fit on all rows may be than the one that was measured."""
        return self._work.splits.rows / max(len(self._work.fold(trial.wanted[0]).train), 1)

    def corrected(self, trials: Collection[Trial], found: Cost) -> bool:
        """Learn what a final model really costs; say whether that is within the bounds."""
        expected = self.cost(trials)
        # never less than before: what was too dear once stays out, so that correcting ends
        self._beyond = Cost(
            self._beyond.seconds * max(found.seconds / max(expected.seconds, 1e-9), 1.0),
            self._beyond.bytes + max(found.bytes - expected.bytes, 0.0),
        )
        return found.within(self.bounds)

    def hopeless(self, trials: Sequence[Trial]) -> OptionError | None:
        """Give the error for bounds that features alone break, whatever model comes."""
        bare = [Cost(one.base.seconds + one.recipe.seconds, HEAD_BYTES + one.recipe.bytes)
                for one in self._prices.values()]  # fmt: skip
        if any(cost.within(self.bounds) for cost in bare):
            return None
        return self.excess(trials)

    def excess(self, trials: Sequence[Trial]) -> OptionError | None:
        """Give the error for bounds that none of the trials is within, with what they cost."""
        priced = [trial for trial in trials if trial.spec.number in self._prices]
        if not self.bounds or not priced or any(self.allows([trial]) for trial in priced):
            return None
        least = min(priced, key=lambda trial: self._share(self.cost([trial])))
        cost = self.cost([least])
        return OptionError(
            f"a model of at most {self.bounds}",
            f"{cost}, with {least.spec.name} alone, the cheapest of {len(priced)}",
            "allow more, or name small learners with --models, such as linear,tree",
        )

    def _share(self, cost: Cost) -> float:
        return max(cost.seconds / self.bounds.seconds, cost.bytes / self.bounds.bytes)
