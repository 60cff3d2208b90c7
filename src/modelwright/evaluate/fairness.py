"""Whether a model treats groups of people alike: decisions, errors and probabilities by group.

Demographic parity: groups are chosen equally often. Equal opportunity: those who deserve it are
chosen equally often (Hardt, Price and Srebro 2016). Calibration: a probability means the same in
each group. Where groups differ in how often the answer is yes, no model has all three (Kleinberg,
Mullainathan and Raghavan 2016): which one counts is a decision of people, not of a program.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import ColumnError, DataError, did_you_mean
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.evaluate.answered import Answered
from modelwright.evaluate.conditions import conditions_of
from modelwright.stats.shares import wilson_ends
from modelwright.stats.tails import above_t, holm

__all__ = ["Fairness", "GroupShare", "fairness", "groups_of"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Of fewer rows a share says little.
FEW = 30
MOST_GROUPS = 50
MISSING = "(missing)"
_MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")
_FEW_VALUES = 10
# The rule of four fifths: a group chosen less often than that share of the most chosen one.
FOUR_FIFTHS = 0.8
_NORMAL = 1.959964


@dataclass(frozen=True)
class GroupShare:
    """One measure of one group, beside that of all others.

    Parameters
    ----------
    group : str
        The value of the column.
    measure : str
        ``"chosen"`` (the share that gets the positive answer), ``"true positive"`` and ``"false
        positive"`` (of those who are positive, and who are not, the share that gets it),
        ``"accuracy"``, ``"calibration"`` (mean probability minus share of positives), ``"bias"``
        (mean prediction minus answer) or ``"error"`` (mean absolute error).
    rows : int
        How many rows it rests on.
    value, low, high : float
        The measure and its 95 % interval; NaN where there are no rows.
    others : float
        The same of all other groups together.
    gap_low, gap_high : float
        The 95 % interval of the difference to the others.
    p_value : float
        Of a difference so large by chance, corrected for all tests of this kind.
    """

    group: str
    measure: str
    rows: int
    value: float
    low: float
    high: float
    others: float
    gap_low: float
    gap_high: float
    p_value: float

    @property
    def differs(self) -> bool:
        """Whether it differs from the others beyond chance, at a level of 5 %."""
        return self.p_value < 0.05


@dataclass(frozen=True)
class Fairness:
    """A model's answers by the groups of one column.

    Parameters
    ----------
    column : str
        What tells the groups apart.
    positive : str
        The positive answer; empty where there is none.
    shares : tuple of GroupShare
        Each measure of each group, the largest groups first.
    ratio : float
        How often the group that is chosen least is chosen, as a share of the most chosen one,
        among groups of at least 30 rows; NaN where nobody is chosen, or there is no such answer.
    notes : tuple of str
        What is to be known: small groups, gaps beyond chance.
    """

    column: str
    positive: str
    shares: tuple[GroupShare, ...]
    ratio: float
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return asdict(self)


def fairness(rows: Answered, groups: Sequence[str | None], column: str) -> Fairness:
    """Compare what a model does to groups.

    Parameters
    ----------
    rows : Answered
        Rows whose answers are known.
    groups : sequence of str or None, shape (n_rows,)
        The group of each row; None is a group of its own.
    column : str
        What they are called.

    Returns
    -------
    Fairness
        Of two classes: chosen, true positive, false positive, accuracy and calibration; of more
        classes accuracy, and calibration of the most probable class; of numbers bias and error.

    Raises
    ------
    DataError
        When there is only one group, or there are more than 50.

    Examples
    --------
    >>> from modelwright.core.task import Target, Task, TaskKind
    >>> y = np.tile([0, 1], 200)
    >>> p = np.where(np.arange(400) < 200, 0.9, 0.1)
    >>> rows = Answered(
    ...     Task(TaskKind.BINARY, "hired", "roc_auc", ("no", "yes")), Target(y, 2),
    ...     np.column_stack([1 - p, p]).astype(np.float32), None, None, seen=False)
    >>> found = fairness(rows, ["men"] * 200 + ["women"] * 200, "sex")
    >>> [(s.group, s.value) for s in found.shares if s.measure == "chosen"], found.ratio
    ([('men', 1.0), ('women', 0.0)], 0.0)
    """
    names = np.array([MISSING if g is None else str(g) for g in groups], dtype=object)
    if len(names) != len(rows.y):
        got = f"{len(names):,} for {len(rows.y):,} rows"
        raise DataError(f"a value of {column!r} for each row", got)
    found, counts = np.unique(names, return_counts=True)
    if not 2 <= len(found) <= MOST_GROUPS:
        raise DataError(
            f"2 to {MOST_GROUPS} groups in column {column!r}", f"{len(found):,}",
            "name a column of few values that differ" if len(found) < 2 else
            "cut its values into fewer groups first",
        )  # fmt: skip
    order = [str(found[i]) for i in np.argsort(-counts, kind="stable")]
    weight = np.ones(len(names)) if rows.weight is None else rows.weight
    shares: list[GroupShare] = []
    for measure, values, counted in _measures(rows):
        gaps = [_gap(values, weight, counted, names == group) for group in order]
        adjusted = holm([gap.p_value for gap in gaps])
        for group, gap, p in zip(order, gaps, adjusted, strict=True):
            shares.append(gap.told(group, measure, float(p)))
    positive = rows.task.positive or ""
    ratio = _ratio(shares)
    return Fairness(column, positive, tuple(shares), ratio, _notes(shares, ratio, column))


def groups_of(rows: Answered, column: str, typed: Table | None = None) -> list[str | None]:
    """Read the groups of a column, whether the model knows it or not.

    Parameters
    ----------
    rows : Answered
        What `Model.answered` gave.
    column : str
        Its name. Spellings that the fit read as one label are one group, called as most of its
        rows are; numbers and dates of more than ten values are cut into five ranges of as many
        rows.
    typed : Table, optional
        The column as a fit would read it; None: as the model does, where it knows it.

    Returns
    -------
    list of str or None
        One for each row; None where the value is missing.

    Raises
    ------
    ColumnError
        When the data has no such column.
    """
    frame = pl.DataFrame() if rows.raw is None else rows.raw
    if column not in frame.columns:
        cure = did_you_mean(column, frame.columns)
        raise ColumnError("a column of the data for --fairness", repr(column), cure)
    table = rows.table if typed is None else typed
    found = frame[column].cast(pl.String).str.strip_chars()
    if table is None or column not in table.schema:
        found = pl.select(pl.when(~found.is_in(list(_MISSING))).then(found)).to_series()
        table = _plainly(found, column)
    return _named(found, table, column)


def _plainly(found: pl.Series, column: str) -> Table:
    """Read a column as numbers where all of it are some, else as labels."""
    numbers = found.cast(pl.Float64, strict=False)
    if numbers.null_count() > found.null_count():
        return Table(pl.DataFrame({column: found}), Schema((Column(column, Kind.CATEGORY),)))
    return Table(pl.DataFrame({column: numbers}), Schema((Column(column, Kind.NUMBER),)))


def _named(found: pl.Series, table: Table, column: str) -> list[str | None]:
    """Call each value of a typed column as it is written most, or by the range it lies in."""
    values, kind = table.frame[column], table.schema[column].kind
    ranged = kind in (Kind.NUMBER, Kind.DATETIME)
    if ranged and values.drop_nulls().n_unique() > _FEW_VALUES:
        groups: list[str | None] = [None] * len(values)
        for condition in conditions_of(table, [column], 1):
            if condition.words != f"{column} is missing":
                for row in np.flatnonzero(condition.rows).tolist():
                    groups[row] = condition.words.removeprefix(f"{column} ")
        return groups
    key = values.cast(pl.String) if not ranged else values.rank("dense").cast(pl.String)
    both = pl.DataFrame({"key": key, "written": found}).drop_nulls()
    counted = both.group_by("key", "written").len("rows")
    order = ["rows", "written"]
    usual = counted.sort(order, descending=[True, False]).unique("key", keep="first")
    names = dict(usual.select("key", "written").rows())
    return [None if value is None else names.get(value, value) for value in key]


def _measures(rows: Answered) -> list[tuple[str, Floats, Mask]]:
    """List each measure as values whose mean it is, and the rows that count."""
    everyone = np.ones(len(rows.y), dtype=bool)
    p = rows.p.astype(np.float64)
    if not rows.y.classes:
        missed = p[:, 0] - rows.y.values
        return [("bias", missed, everyone), ("error", np.abs(missed), everyone)]
    answers, y = rows.answers, rows.y.values
    right = ("accuracy", (answers == y).astype(np.float64), everyone)
    if rows.y.classes > 2:
        likely = p.argmax(axis=1)
        return [right, ("calibration", p.max(axis=1) - (likely == y), everyone)]
    chosen = (answers == 1).astype(np.float64)
    return [
        ("chosen", chosen, everyone),
        ("true positive", chosen, y == 1),
        ("false positive", chosen, y == 0),
        right,
        ("calibration", p[:, 1] - (y == 1), everyone),
    ]


@dataclass(frozen=True)
class _Gap:
    rows: int
    value: float
    low: float
    high: float
    others: float
    gap_low: float
    gap_high: float
    p_value: float

    def told(self, group: str, measure: str, p: float) -> GroupShare:
        return GroupShare(
            group, measure, self.rows, self.value, self.low, self.high, self.others,
            self.gap_low, self.gap_high, p if math.isfinite(self.value) else math.nan,
        )  # fmt: skip


def _gap(values: Floats, weight: Floats, counted: Mask, mine: Mask) -> _Gap:
    """Compare the mean of some rows with that of the others."""
    one, other = (_mean(values[side], weight[side]) for side in (counted & mine, counted & ~mine))
    rows = int((counted & mine).sum())
    shares = bool(np.isin(values[counted], (0.0, 1.0)).all())
    low, high = _ends(one, shares)
    error = math.sqrt(one.variance + other.variance)
    if not (math.isfinite(one.value) and math.isfinite(other.value)):
        return _Gap(rows, one.value, low, high, other.value, math.nan, math.nan, 1.0)
    if shares:  # Newcombe (1998), method 10: holds for shares of 0 and 1 as well
        l2, u2 = _ends(other, shares)
        difference = one.value - other.value
        down = math.hypot(one.value - low, u2 - other.value)
        up = math.hypot(high - one.value, other.value - l2)
        p = _pooled(one, other)
        return _Gap(rows, one.value, low, high, other.value, difference - down, difference + up, p)
    difference = one.value - other.value
    t = abs(difference) / error if error > 0 else 0.0
    p = 2 * above_t(t, max(min(one.units, other.units) - 1, 1))
    reach = _NORMAL * error
    return _Gap(rows, one.value, low, high, other.value, difference - reach, difference + reach, p)


@dataclass(frozen=True)
class _Mean:
    """A weighted mean, its variance, and as many equal rows as would say as much (Kish 1965)."""

    value: float
    variance: float
    units: float


def _mean(values: Floats, weight: Floats) -> _Mean:
    total = float(weight.sum())
    if not total > 0:
        return _Mean(math.nan, math.nan, 0.0)
    value = float(weight @ values) / total
    units = total**2 / float(weight @ weight)
    spread = float(weight @ (values - value) ** 2) / total
    variance = spread / (units - 1) if units > 1 else math.inf
    return _Mean(value, variance, units)


def _ends(mean: _Mean, shares: bool) -> tuple[float, float]:
    if shares:
        return wilson_ends(mean.value, mean.units)
    reach = _NORMAL * math.sqrt(mean.variance)
    return (mean.value - reach, mean.value + reach) if math.isfinite(reach) else (
        math.nan, math.nan)  # fmt: skip


def _pooled(one: _Mean, other: _Mean) -> float:
    """Test whether two shares are one."""
    units = one.units + other.units
    share = (one.value * one.units + other.value * other.units) / units
    error = math.sqrt(share * (1 - share) * (1 / one.units + 1 / other.units))
    return 1.0 if error == 0 else 2 * above_t(abs(one.value - other.value) / error, math.inf)


def _ratio(shares: Sequence[GroupShare]) -> float:
    chosen = [s.value for s in shares if s.measure == "chosen" and s.rows >= FEW]
    return min(chosen) / max(chosen) if len(chosen) > 1 and max(chosen) > 0 else math.nan


_WORDS = {
    "chosen": "is chosen in {0} of rows, the others in {1}",
    "true positive": "of those who are positive {0} are found, of the others {1}",
    "false positive": "of those who are not positive {0} are chosen, of the others {1}",
    "accuracy": "the answer is right in {0} of rows, for the others in {1}",
}


def _notes(shares: Sequence[GroupShare], ratio: float, column: str) -> tuple[str, ...]:
    notes = []
    first = shares[0].measure
    small = [s for s in shares if s.measure == first and s.rows < FEW]
    if small:
        names = ", ".join(f"{s.group} ({s.rows})" for s in small[:6])
        more = f" and {len(small) - 6} more" if len(small) > 6 else ""
        notes.append(
            f"Groups of fewer than {FEW} rows say little, whatever their numbers: {names}{more}."
        )
    if ratio < FOUR_FIFTHS:
        notes.append(
            f"The group of {column!r} that is chosen least is chosen {ratio:.2f} times as often "
            "as the one that is chosen most: below four fifths, which is often taken as a warning."
        )
    groups = {share.group for share in shares}
    for share in shares:
        if len(groups) == 2 and share.group != shares[0].group:
            continue  # it would say the same of both
        if share.differs and share.measure in _WORDS and share.rows >= FEW:
            told = [f"{100 * v:.0f} %" for v in (share.value, share.others)]
            notes.append(f"{column} {share.group}: {_WORDS[share.measure].format(*told)}.")
    return tuple(notes)
