"""What trials will cost: seconds of fits, of features, and of fitting members on all rows."""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection
from dataclasses import replace

from modelwright.core.schema import Role
from modelwright.evaluate.choose import folds_for
from modelwright.models.registry import NETS
from modelwright.plan.cost import CostModel, Shape
from modelwright.plan.trial import ALL, LEAN, RICH, PartResult, Trial, TrialSpec, fold_part
from modelwright.plan.workspace import Rows, Workspace

__all__ = ["STOPPING", "Forecast", "folds_within"]

# Learners that stop when told to, and are then worth something (`models.growth`).
STOPPING = frozenset(
    {"additive", "catboost", "gradient-boosting", "histogram-boosting", "lightgbm", "xgboost"}
)
# Learners that end with fewer trees when the time is up.
FORESTS = frozenset({"extra-trees", "random-forest"})
# So many times the features of the lean recipe are expected to take, until they are measured.
RICHER = 4.0
# So many times what the folds took for their rows a fit on all rows takes: no rows are looked at on
# the way. One that takes longer is stopped, and the folds answer.
REFIT_MARGIN = 0.8
# Where the time is enough for fewer boosted models than these, more of them are worth more than
# more folds of each; so many folds then, of at least so many rows.
CANDIDATES = 15
FEW_FOLDS, FEW_FOLDS_ROWS = 3, 2_000


class Forecast:
    """Predicts the seconds of what a schedule may do, and learns from all that is done.

    Parameters
    ----------
    work : Workspace
        The run's folder.
    cores, workers : int
        Of the run.
    bagging : frozenset of str
        Learners whose one fit on all rows gives honest out-of-bag predictions here.

    Attributes
    ----------
    bagging : frozenset of str
        The same; empty once there can be no features of all rows.
    """

    def __init__(self, work: Workspace, cores: int, workers: int, bagging: frozenset[str]) -> None:
        self._work = work
        self._cores, self._workers = cores, workers
        self.bagging = bagging
        self._costs = CostModel()
        self._prepare_seconds: dict[str, float] = {}
        self._columns: dict[str, int] = {}

    def fitted(self, spec: TrialSpec, part: str, found: PartResult) -> None:
        """Learn what a fit took."""
        self._costs.observe(spec, self._shape(spec, part), found.seconds, found.units)

    def prepared(self, name: str, seconds: float, columns: int) -> None:
        """Learn what features took, and how many there are."""
        self._prepare_seconds[name] = seconds
        self._columns[RICH if name.endswith(RICH) else LEAN] = columns

    def refits(self, due: Collection[Trial]) -> float:
        """Predict the seconds of fitting these trials on all rows."""
        seconds = sum(self.refitting(t) * t.spec.threads for t in due) / self._cores
        return seconds + sum(self.preparing(name) for name in {t.spec.matrix(ALL) for t in due})

    def refitting(self, trial: Trial) -> float:
        """Predict the seconds of a fit on all rows: the folds of a plan in time hold fewer.

        Folds grew until nothing was gained for long; a fit on all rows ends where that began.
        """
        most = trial.spec.rows or self._work.splits.rows
        rows = sum(min(len(self._work.fold(part).train), most) for part in trial.parts)
        each = trial.seconds / max(rows, 1)
        grown = statistics.median(part.units for part in trial.parts.values())
        share = 1.0 if trial.oof is None else min(trial.units / grown, 1.0)
        return REFIT_MARGIN * each * share * min(self._work.splits.rows, most)

    def preparing(self, name: str) -> float:
        """Predict the seconds of some features; 0 once they are there."""
        if name in self._prepare_seconds or self._work.matrices.has(name):
            return 0.0
        known = self._prepare_seconds
        alike = [known[n] for n in known if n.endswith(RICH) == name.endswith(RICH)]
        return 1.3 * max(alike, default=RICHER * max(known.values(), default=0.0))

    def needs(self, spec: TrialSpec) -> float:
        """Predict the seconds until it is scored and fitted on all rows."""
        return self.waves(spec) * self._cost(spec) + self.making(spec)

    def worth(self, spec: TrialSpec) -> float:
        """Give the expected gain per second of one part, its share of new features included."""
        making = self.making(spec) / len(self._work.splits)
        return spec.gain / (0.2 + self._cost(spec) + making)

    def making(self, spec: TrialSpec) -> float:
        """Predict the seconds of the features that nobody has asked for yet."""
        names = (spec.matrix(fold_part(i)) for i in range(len(self._work.splits)))
        return sum(self.preparing(name) for name in names) / self._workers

    def expected(self, spec: TrialSpec) -> float:
        """Predict the seconds of one part, when nobody tells it to stop."""
        shape = replace(self._shape(spec, ALL), rows=self._work.splits.fitted)
        return self._costs.seconds(spec, shape)

    def _cost(self, spec: TrialSpec) -> float:
        """Predict the seconds of one part; an optimistic share for what stops when told to."""
        predicted = self.expected(spec)
        if spec.learner in NETS:  # half the epochs still make a net; a third of them hardly one
            return predicted * 0.5
        if spec.learner in FORESTS:  # half the trees are nearly as good
            return predicted * 0.5
        return predicted * 0.3 if spec.learner in STOPPING else predicted

    def waves(self, spec: TrialSpec) -> float:
        """Count how many fits come one after the other, a share of the refit included."""
        if self.bags(spec):
            return 1.0
        slots = min(self._workers, max(self._cores // spec.threads, 1))
        again = 0.0
        if len(self._work.splits) > 1 and spec.refits:
            again = REFIT_MARGIN * self._work.splits.rows / self._work.splits.fitted
        return math.ceil(len(self._work.splits) / slots) + again

    def bags(self, spec: TrialSpec) -> bool:
        """Whether one fit on all rows is honest: all are drawn, and no feature holds answers."""
        lean = spec.recipe == LEAN
        return lean and spec.learner in self.bagging and not self.thinned(spec)

    def thinned(self, spec: TrialSpec) -> bool:
        """Whether it sees a sample only: rows not drawn would have no out-of-bag prediction."""
        return spec.rows is not None and spec.rows < self._work.splits.rows

    def _shape(self, spec: TrialSpec, part: str) -> Shape:
        """Say how large a fit is: as wide as the table, until its features are there."""
        rows, table = len(self._work.fold(part).train), self._work.rows.table
        columns = self._columns.get(spec.recipe, len(table.features()))
        return Shape(rows, columns, self._work.rows.y.outputs)


def folds_within(rows: Rows, seconds: float, cores: int) -> int | None:
    """Say into how many folds rows go when the time is short; None: as many as usual.

    What it says depends on the table and the budget alone, and never on the clock.

    Parameters
    ----------
    rows : Rows
        What is learned from.
    seconds : float
        The budget; infinite for none.
    cores : int
        That fits are shared by.
    """
    table = rows.table
    structured = table.schema.names(Role.GROUP) or table.schema.names(Role.ORDER)
    usual = folds_for(table.height)
    if structured or usual <= FEW_FOLDS or table.height <= FEW_FOLDS_ROWS:
        return None
    shape = Shape(table.height, len(table.features()), rows.y.outputs)
    each = CostModel().seconds(TrialSpec(0, "lightgbm", {}), shape)
    return FEW_FOLDS if CANDIDATES * each * (usual + 1) > seconds * cores else None
