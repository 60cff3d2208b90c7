"""The rows of a file that a sample of it left: typed as the sample was, and told apart from it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire.meaning.casting import cast_column
from modelwright.core.errors import ColumnError
from modelwright.core.framing import encode_target
from modelwright.core.schema import Role
from modelwright.core.splits import Fold
from modelwright.core.table import Table
from modelwright.core.task import Target, Task
from modelwright.stats.strays import names_again

__all__ = ["FileRows", "Held", "Rest", "Sampled", "Tally", "keys_of"]

# Answers beyond this are not learned from, as in a fit (`plan.pose`).
_LARGEST = 1e36
_SHOWN = 3
_ANSWER = "\0answer"


def keys_of(table: Table, y: Target) -> NDArray[np.uint64]:
    """Hash what stands in the columns that a model may see, and the answer, of each row.

    The hashes hold in one process, for rows that were typed alike.
    """
    columns = [table.frame[name] for name in sorted(table.features())]
    return pl.DataFrame([*columns, pl.Series(_ANSWER, y.values)]).hash_rows(seed=0).to_numpy()


class Sampled:
    """Finds the rows of a sample again among those of its file, each as often as it was drawn.

    Of rows that are equal, the first ones of the file are taken for those of the sample: nothing
    tells them apart.

    Parameters
    ----------
    keys : ndarray of uint64
        Of the rows of the sample.

    Examples
    --------
    >>> sample = Sampled(np.array([7, 7, 5], np.uint64))
    >>> sample.find(np.array([5, 7, 5, 7], np.uint64)), sample.left
    (array([ True,  True, False,  True]), 0)
    >>> sample.find(np.array([7], np.uint64))
    array([False])
    """

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self._keys, self._counts = np.unique(keys, return_counts=True)

    @property
    def left(self) -> int:
        """How many rows of the sample were not found yet."""
        return int(self._counts.sum())

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Say which rows are those of the sample; each row of the file is asked about once."""
        found = np.zeros(len(keys), np.bool_)
        if not len(self._keys):
            return found
        place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        alike = np.flatnonzero(self._keys[place] == keys)
        alike = alike[np.argsort(place[alike], kind="stable")]
        own = place[alike]
        # which of the equal rows of this batch each one is, from 0 on
        first = np.searchsorted(own, own, side="left")
        drawn = np.arange(len(own)) - first < self._counts[own]
        found[alike[drawn]] = True
        np.subtract.at(self._counts, own[drawn], 1)
        return found


@dataclass(frozen=True)
class Held:
    """What a fold of a plan holds back: whole groups, and all that is not of its past.

    Parameters
    ----------
    group : str
        The column of groups; empty where the plan follows none.
    groups : tuple
        Those that are held back.
    order : str
        The column of time; empty where the plan follows none.
    first, last : object
        From when to when rows are learned from.
    """

    group: str = ""
    groups: tuple[Any, ...] = ()
    order: str = ""
    first: Any = None
    last: Any = None

    @classmethod
    def by(cls, sample: Table, fold: Fold, kind: str) -> Held:
        """Say what a fold holds back in a plan of some kind (`core.splits.KINDS`)."""
        group = sample.schema.names(Role.GROUP)[0] if "group" in kind else ""
        order = sample.schema.names(Role.ORDER)[0] if "time" in kind else ""
        frame, found = sample.frame, cls()
        if group:
            found = cls(group, tuple(frame[group][fold.valid].unique(maintain_order=True)))
        if order:
            times = frame[order][fold.train]
            found = cls(group, found.groups, order, times.min(), times.max())
        return found

    def past(self, frame: pl.DataFrame) -> NDArray[np.bool_]:
        """Say which rows are not later, nor without a time."""
        if not self.order:
            return np.ones(frame.height, np.bool_)
        within = frame[self.order].is_between(self.first, self.last)
        return within.fill_null(value=False).to_numpy()

    def free(self, frame: pl.DataFrame) -> NDArray[np.bool_]:
        """Say which rows are of other groups."""
        if not self.group:
            return np.ones(frame.height, np.bool_)
        held = frame[self.group].is_in(list(self.groups), nulls_equal=True)
        return ~held.to_numpy()


@dataclass
class Tally:
    """What became of the rows of a file, and of cells that could not be read."""

    rows: int = 0
    unanswered: int = 0
    unweighted: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    lost: dict[str, tuple[int, str]] = field(default_factory=dict)

    def notes(self, target: str) -> list[str]:
        """Say what was left out."""
        told = []
        if self.unanswered:
            told.append(f"{_rows(self.unanswered)} without a value of {target!r} left out")
        if self.unweighted:
            told.append(f"{_rows(self.unweighted)} without a weight above zero left out")
        if self.unknown:
            named = ", ".join(repr(name) for name, _ in self.unknown.most_common(_SHOWN))
            more = ", ..." if len(self.unknown) > _SHOWN else ""
            told.append(
                f"{_rows(self.unknown.total())} of classes that the sample does not hold left out "
                f"({named}{more}): no model knows them"
            )
        for name, (count, example) in self.lost.items():
            values = "1 value" if count == 1 else f"{count:,} values"
            told.append(f"{values} of {name!r} became missing, such as {example!r}")
        return told


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


@dataclass(frozen=True)
class Rest:
    """Rows that are not of the sample, and may be learned from.

    Parameters
    ----------
    table : Table
        Typed.
    y : Target
        Their answers.
    weight : ndarray of float64, optional
        On the scale of the sample's.
    past : ndarray of bool
        Those that may be learned from before anything was judged; the others are later.
    """

    table: Table
    y: Target
    weight: NDArray[np.float64] | None
    past: NDArray[np.bool_]


class FileRows:
    """Goes through a file once, batch by batch; what it gives does not depend on their size.

    Parameters
    ----------
    sample : Table
        Every column of the rows that were drawn.
    y : Target
        Their answers.
    task : Task
        The question.
    held : Held
        What is held back.
    seed : int
        Of the draw.
    share : float
        How large a part of the rows is drawn, besides the sample.
    """

    def __init__(
        self, sample: Table, y: Target, task: Task, held: Held, *, seed: int, share: float
    ) -> None:
        needed = (column.name for column in sample.schema if column.role is not Role.IGNORED)
        self._schema, self._task, self._held = sample.schema.select(needed), task, held
        self._rng = np.random.default_rng(seed)
        self._share = share
        self._tests = np.empty(0, np.uint64)
        weights = sample.schema.names(Role.WEIGHT)
        self._weight = weights[0] if weights else ""
        self._unit = float(sample.frame[self._weight].to_numpy().mean()) if weights else 1.0
        self.sample = Sampled(keys_of(sample, y))
        self.tally = Tally()

    def spare(self, tests: Table, y: Target) -> None:
        """Keep away from rows that equal one of these: the model is to be judged on them."""
        self._tests = np.unique(keys_of(tests, y))

    def take(self, part: pl.DataFrame) -> Rest:
        """Take the rows of the next batch."""
        drawn = self._rng.random(part.height) < self._share
        self.tally.rows += part.height
        known, table, y = self._answered(part)
        drawn = drawn[known]
        keys = keys_of(table, y)
        kept = ~self.sample.find(keys) & ~np.isin(keys, self._tests) & drawn
        kept &= self._held.free(table.frame)
        weight = None
        if self._weight:
            weight = table.frame[self._weight].fill_null(0.0).to_numpy() / self._unit
            counts = (weight > 0) & np.isfinite(weight)
            self.tally.unweighted += int((kept & ~counts).sum())
            kept &= counts
        index = np.flatnonzero(kept)
        table = table.rows(index)
        past = self._held.past(table.frame)
        return Rest(table, y.rows(index), None if weight is None else weight[index], past)

    def _answered(self, part: pl.DataFrame) -> tuple[NDArray[np.int64], Table, Target]:
        """Type the rows; give the positions of those with an answer, and these rows."""
        table, target = self._typed(part), self._task.target
        answers = table.frame[target]
        strays = np.zeros(part.height, np.bool_)
        strays[names_again(part)] = True
        known = answers.is_not_null().to_numpy() & ~strays
        if self._task.is_classification:
            meant = answers.is_in(list(self._task.classes)).fill_null(value=False).to_numpy()
            self.tally.unknown.update(answers.filter(pl.Series(known & ~meant)).to_list())
            self.tally.unanswered += int((~known & ~strays).sum())
            known &= meant
        else:
            known &= (answers.abs() <= _LARGEST).fill_null(value=False).to_numpy()
            self.tally.unanswered += int((~known & ~strays).sum())
        index = np.flatnonzero(known)
        table = table.rows(index)
        return index, table, encode_target(self._task, table.frame[target])

    def _typed(self, part: pl.DataFrame) -> Table:
        columns, there = [], set(part.columns)
        for name in self._schema.names():
            if name not in there:
                raise ColumnError(f"column {name!r} in the file, as in its sample", "none")
        for column in self._schema:
            typed, lost = cast_column(part[column.name], column)
            if len(lost):
                count, example = self.tally.lost.get(column.name, (0, str(lost[0])))
                self.tally.lost[column.name] = count + len(lost), example
            columns.append(typed)
        return Table(pl.DataFrame(columns), self._schema)
