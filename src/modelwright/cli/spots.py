"""Where a model is weak on the rows of ``modelwright evaluate``: slices, and groups of people."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from modelwright.cli.printing import say
from modelwright.cli.tables import as_table
from modelwright.core.numerals import number

if TYPE_CHECKING:
    from modelwright.core.table import Table
    from modelwright.core.weaknesses import Slice
    from modelwright.evaluate import Answered
    from modelwright.evaluate.fairness import Fairness, GroupShare

__all__ = ["Spots", "say_weak_spots", "weak_spots"]

_GROUPS = 12
# Measures in the units of the answers; the others are shares and their differences.
_OF_NUMBERS = ("bias", "error")


@dataclass(frozen=True)
class Spots:
    """Where a model is weak on some rows.

    Parameters
    ----------
    slices : tuple of Slice
        Kinds of rows that it does worse on.
    fair : Fairness, optional
        How groups compare; None when nobody asked.
    classes : bool
        Whether answers are classes.
    """

    slices: tuple[Slice, ...]
    fair: Fairness | None
    classes: bool

    def to_json(self) -> dict[str, Any]:
        """Give them as plain JSON."""
        fair = {} if self.fair is None else {"fairness": self.fair.to_json()}
        return {"slices": [asdict(one) for one in self.slices], **fair}


def weak_spots(rows: Answered, column: str | None) -> Spots:
    """Look for weak spots, and compare the groups of a column if one is named."""
    from modelwright.evaluate.fairness import fairness, groups_of
    from modelwright.evaluate.slices import find_slices, row_losses

    fair = None
    if column is not None:
        fair = fairness(rows, groups_of(rows, column, _typed(rows, column)), column)
    slices: tuple[Slice, ...] = ()
    if rows.table is not None:
        slices = find_slices(
            rows.table, row_losses(rows.y, rows.p), weight=rows.weight, groups=rows.groups
        )
    return Spots(slices, fair, rows.task.is_classification)


def _typed(rows: Answered, column: str) -> Table | None:
    """Read a column that the model does not know as a fit would."""
    from modelwright.acquire import cast, infer_schema

    if rows.raw is None or column not in rows.raw.columns:
        return None
    if rows.table is not None and column in rows.table.schema:
        return None
    alone = rows.raw[[column]]
    return cast(alone, infer_schema(alone))


def say_weak_spots(spots: Spots) -> None:
    """Print them, when there are some."""
    if spots.slices:
        what = "of the true class" if spots.classes else "in absolute error"
        say(f"\nrows that it does worse on (missed {what}, there and elsewhere):")
        for one in spots.slices:
            there, elsewhere = (_amount(v, spots.classes) for v in (one.loss, one.rest))
            say(f"  {one.where}: {there}, elsewhere {elsewhere} ({one.rows:,} rows)")
    if spots.fair is not None:
        _say_groups(spots.fair)


def _amount(value: float, classes: bool) -> str:
    return f"{100 * value:.0f} %" if classes else number(value, 4)


def _say_groups(found: Fairness) -> None:
    measures = list(dict.fromkeys(share.measure for share in found.shares))
    groups = list(dict.fromkeys(share.group for share in found.shares))
    by = {(share.group, share.measure): share for share in found.shares}
    positive = f" (chosen: {found.positive})" if found.positive else ""
    table = [[found.column, "rows", *measures]]
    for group in groups[:_GROUPS]:
        line = [by[group, measure] for measure in measures]
        table.append([group, f"{line[0].rows:,}", *map(_cell, line)])
    say(f"\ngroups of {found.column!r}{positive}, 95 % intervals; * differs beyond chance:")
    say(as_table(table, names=2))
    if len(groups) > _GROUPS:
        more = len(groups) - _GROUPS
        say(f"and {more} smaller group{'s' * (more > 1)}: --json lists all")
    say("")
    for note in found.notes:
        say(note)


def _cell(share: GroupShare) -> str:
    if not math.isfinite(share.value):
        return "none"
    mark = "*" if share.differs else ""
    if share.measure in _OF_NUMBERS:
        value, low, high = (number(v, 3) for v in (share.value, share.low, share.high))
    else:
        value, low, high = _fixed(share.value, 3), _fixed(share.low, 2), _fixed(share.high, 2)
    between = f" ({low} to {high})" if math.isfinite(share.low + share.high) else ""
    return f"{value}{between}{mark}"


def _fixed(value: float, decimals: int) -> str:
    """Write a number with so many decimals; what rounds to zero has no sign."""
    return f"{round(value, decimals) + 0.0:.{decimals}f}"
