"""The same plan drawn several times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain

from modelwright.core.errors import OptionError
from modelwright.core.protocols import Splitter
from modelwright.core.seed import Seed
from modelwright.core.splits import Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.splitters.common import at_least, instead

__all__ = ["Repeated"]

_FIXED = ("time-ordered", "purged k-fold", "given")


@dataclass(frozen=True)
class Repeated:
    """Draw a plan several times, so that less hangs on one draw.

    Of k-folds every row is scored exactly `times` times, each time by models that have not seen
    it; its out-of-fold prediction is the mean. The first draw is the plan without repeats. The
    cost of every trial grows as `times` does.

    Parameters
    ----------
    splitter : Splitter
        What is drawn; `GroupKFold` needs ``shuffle=True`` for draws that differ.
    times : int
        How many draws, at least 1.

    Raises
    ------
    OptionError
        When `times` is below 1.

    Examples
    --------
    >>> import numpy as np, polars as pl
    >>> from modelwright.core.schema import Schema
    >>> from modelwright.evaluate import KFold
    >>> table = Table(pl.DataFrame({"a": range(10)}), Schema(()))
    >>> splits = Repeated(KFold(5), 3).split(table, Target(np.zeros(10)), seed=0)
    >>> len(splits), splits.times, splits.kind
    (15, 3, 'k-fold')
    """

    splitter: Splitter
    times: int = 3

    def __post_init__(self) -> None:
        at_least(1, self.times, "the number of repeats")

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the folds: fewer draws where the rows allow no other ones, and that is said.

        Raises
        ------
        OptionError
            When the plan is not drawn at random.
        UserError
            Whatever the splitter raises.
        """
        first = self.splitter.split(table, y, seed=seed)
        if first.kind in _FIXED and self.times > 1:
            raise OptionError(
                "a plan that is drawn at random, to repeat it",
                f"a {first.kind} plan, which is the same each time",
                "leave the repeats out",
            )
        seeds = (Seed(seed).derive("repeat", i) for i in range(1, self.times))
        plans = _different(first, (self.splitter.split(table, y, seed=s) for s in seeds))
        count = len(plans)
        if self.times == 1:
            return first
        few = instead(self.times, count, "other draws give the same folds")
        drawn = f"drawn {count} times over" if count > 1 else "drawn once"
        return replace(
            first,
            folds=tuple(chain.from_iterable(plan.folds for plan in plans)),
            times=count,
            reason=f"{first.reason.removesuffix('.')}; {drawn}{few}.",
        )


def _different(first: Splits, others: Iterable[Splits]) -> list[Splits]:
    """Leave out draws that score the same rows together as an earlier one."""
    plans, seen = [first], {_folds(first)}
    for plan in others:
        if _folds(plan) not in seen and len(plan) == len(first):
            seen.add(_folds(plan))
            plans.append(plan)
    return plans


def _folds(plan: Splits) -> frozenset[bytes]:
    return frozenset(fold.valid.tobytes() for fold in plan.folds)
