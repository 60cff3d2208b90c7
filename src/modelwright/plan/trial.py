"""A trial: one learner with one set of hyper-parameters, fitted on the parts of the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.models.registry import NETS

__all__ = [
    "ALL",
    "FILE",
    "LEAN",
    "REFIT_SHARE",
    "RICH",
    "PartResult",
    "Trial",
    "TrialSpec",
    "fold_part",
    "matrix_name",
]

# The part that is fitted on every row: a refit, or the one fit of a learner that bags.
ALL = "all"
# The part that is fitted on the rows of the file from which the rows of the run were drawn.
FILE = "file"
# The recipes among which trials choose: keys of `features.RECIPES`.
LEAN = "lean"
RICH = "rich"
# A refit must hold at least this share of the rounds that the folds asked for.
REFIT_SHARE = 0.9
# So many nets of folds answer together: one net fitted on all rows is worse than their mean, by
# more than the rows that each of them lacks (docs: log).
KEPT_FOLDS = 5


def fold_part(fold: int) -> str:
    """Name the part that is fitted for one fold."""
    return f"fold-{fold}"


def matrix_name(part: str, recipe: str) -> str:
    """Name the features that a recipe makes for a part."""
    return part if recipe == LEAN else f"{part}-{recipe}"


@dataclass(frozen=True)
class TrialSpec:
    """What a trial is, before anything is fitted.

    Parameters
    ----------
    number : int
        Its place in the run's order; its seeds are derived from it.
    learner : str
        The learner's name in the registry.
    config : mapping
        The learner's hyper-parameters.
    rows : int, optional
        Fit on at most so many rows, drawn at random; None: on all.
    gain : float
        What is expected of it, relative to the others: the planner weighs it against cost.
    recipe : str
        Which features it sees: a key of `features.RECIPES`.
    """

    number: int
    learner: str
    config: Mapping[str, Any]
    rows: int | None = None
    gain: float = 1.0
    recipe: str = LEAN

    @property
    def name(self) -> str:
        """What a leaderboard calls it."""
        return f"{self.learner}-{self.number}"

    @property
    def refits(self) -> bool:
        """Whether one model of all rows is to answer in the end; else the mean of the folds'."""
        return self.learner not in NETS

    @property
    def threads(self) -> int:
        """How many threads one fit uses."""
        return int(self.config.get("threads", 1))

    def to_json(self) -> dict[str, Any]:
        """Give the spec as plain JSON."""
        return {
            "number": self.number,
            "learner": self.learner,
            "config": dict(self.config),
            "rows": self.rows,
            "gain": self.gain,
            "recipe": self.recipe,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TrialSpec:
        """Read a spec from what `to_json` gave."""
        return cls(
            int(data["number"]),
            str(data["learner"]),
            dict(data["config"]),
            None if data["rows"] is None else int(data["rows"]),
            float(data["gain"]),
            str(data.get("recipe", LEAN)),
        )

    def matrix(self, part: str) -> str:
        """Name the features that it sees of a part."""
        return matrix_name(part, self.recipe)


@dataclass(frozen=True)
class PartResult:
    """What is known of one fitted part; its arrays are on disk.

    Parameters
    ----------
    units : int
        Rounds, trees or path steps that were fitted.
    seconds : float
        What the fit took.
    """

    units: int
    seconds: float


@dataclass
class Trial:
    """A trial on its way.

    Parameters
    ----------
    spec : TrialSpec
        What it is.
    wanted : tuple of str
        The parts that its out-of-fold predictions need.
    parts : dict of str to PartResult
        The parts that are done.
    failed : str
        Why it was given up; empty when it was not.
    oof : ndarray of float32, shape (n_scored, n_outputs), optional
        Its out-of-fold predictions, once every wanted part is done.
    score : float
        Their score in the task's metric.
    units : int
        The units for a fit on all rows.
    fullest : tuple of str
        The parts of `wanted` that were fitted on the most rows, which answer while no fit on all
        rows does; empty when all were fitted on as many. In time only the last fold has seen
        what is new.
    larger : int
        The units of the fit on the rows of the file, where that one answers; else 0.
    """

    spec: TrialSpec
    wanted: tuple[str, ...]
    parts: dict[str, PartResult] = field(default_factory=dict)
    failed: str = ""
    oof: NDArray[np.float32] | None = None
    score: float = float("nan")
    units: int = 1
    fullest: tuple[str, ...] = ()
    larger: int = 0

    @property
    def complete(self) -> bool:
        """Whether every part that its score needs is done."""
        return all(part in self.parts for part in self.wanted)

    @property
    def open(self) -> bool:
        """Whether there is something left to fit before it can be scored."""
        return not self.complete and not self.failed

    @property
    def refitted(self) -> bool:
        """Whether it holds a full fit on all rows, not one that the deadline cut short."""
        done = self.parts.get(ALL)
        return done is not None and done.units >= REFIT_SHARE * self.units

    def deployed(self, whole: bool) -> tuple[str, ...]:
        """Name the parts that answer in a model file.

        The one that was fitted on all rows; until there is one, those of all the fullest folds
        (`whole`), or that of the first of them, which is quicker to write. Of nets always those of
        some folds.
        """
        if self.larger:
            return (FILE,)
        if self.refitted:
            return (ALL,)
        folds = self.fullest or self.wanted
        if not self.spec.refits:
            return folds[:KEPT_FOLDS]
        return folds if whole else folds[:1]

    @property
    def seconds(self) -> float:
        """Time spent fitting it, over all parts."""
        return sum(part.seconds for part in self.parts.values())
