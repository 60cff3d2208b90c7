"""What the rows of a table are to each other, with a recommendation and its evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass

from modelwright.core.findings import Finding, Severity
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.structure.copies import find_copies, find_file_order
from modelwright.evaluate.structure.entities import Entities, find_entities
from modelwright.evaluate.structure.orders import Order, find_orders, likely_orders
from modelwright.evaluate.structure.view import MOST_ROWS, look

__all__ = ["Recommendation", "Structure", "detect_structure", "quoted"]

_FEWEST_ROWS = 40
# Answers that differ so much more between things than along time make things the larger risk.
_STRONGER = 2.0
_OUTWEIGHS = 3.0
_TOLD = 2
# Standard deviations of chance beyond which an effect is not denied.
_PERHAPS = 2.0


@dataclass(frozen=True)
class Recommendation:
    """How rows should be split.

    Parameters
    ----------
    kind : str
        ``"random"``, ``"time"`` or ``"group"``.
    columns : tuple of str
        The column of time, or what names the groups; empty for ``"random"``.
    direct : bool
        Whether it is one column that can be given as it is.
    certain : bool
        Whether hardly anything else is possible, so that it may be followed without being asked.
    """

    kind: str
    columns: tuple[str, ...] = ()
    direct: bool = False
    certain: bool = False

    @property
    def option(self) -> str:
        """What to write on the command line; empty where no single column says it.

        Examples
        --------
        >>> Recommendation("time", ("sold on",), direct=True).option
        '--order "sold on"'
        """
        flag = {"time": "--order", "group": "--group"}.get(self.kind, "")
        return f"{flag} {quoted(self.columns[0])}" if flag and self.direct else ""


def quoted(name: str) -> str:
    """Write the name of a column as one word of a command line."""
    if re.fullmatch(r"[\w.:/+-]+", name):
        return name
    escaped = re.sub(r'(["\\$`])', r"\\\1", name)
    return f'"{escaped}"'


@dataclass(frozen=True)
class Structure:
    """What the rows of a table are to each other.

    Parameters
    ----------
    recommended : Recommendation
        How rows should be split.
    findings : tuple of Finding
        What was seen, the recommended first.
    """

    recommended: Recommendation
    findings: tuple[Finding, ...]


def detect_structure(table: Table, y: Target, *, seed: int = 0, most: int = MOST_ROWS) -> Structure:
    """Find time order, repeated things and copies among rows, and say how to split them.

    The quick model (nearest neighbours) is measured on at most 3,000 rows, all else on `most`, so
    that 50,000 rows of 50 columns take a few seconds.

    Parameters
    ----------
    table : Table
        Typed rows, all columns.
    y : Target
        Their answers.
    seed : int
        The only source of randomness.
    most : int
        Of more rows a sample is looked at.

    Returns
    -------
    Structure
        Of fewer than 40 rows nothing is said.

    Examples
    --------
    >>> import numpy as np
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> rng = np.random.default_rng(0)
    >>> who = np.repeat(np.arange(60), 5)
    >>> frame = pl.DataFrame({
    ...     "patient": [f"P{i}" for i in who],
    ...     "height": rng.normal(170, 10, 60)[who],
    ...     "dose": rng.normal(size=300),
    ... })
    >>> kinds = (Kind.CATEGORY, Kind.NUMBER, Kind.NUMBER)
    >>> schema = Schema(tuple(Column(n, k) for n, k in zip(frame.columns, kinds, strict=True)))
    >>> y = Target(rng.normal(size=60)[who] + 0.3 * rng.normal(size=300))
    >>> found = detect_structure(Table(frame, schema), y)
    >>> found.recommended.kind, found.recommended.columns
    ('group', ('patient',))
    """
    if table.height < _FEWEST_ROWS:
        return Structure(Recommendation("random"), ())
    view = look(table, y, seed, most)
    entities = find_entities(view, likely_orders(view))
    things = tuple((one.what, one.codes) for one in entities if one.is_thing and one.direct)
    orders = find_orders(view, things)
    order = next((one for one in orders if one.recommended), None)
    thing = next((one for one in entities if one.recommended), None)
    recommended = _chosen(order, thing)
    told = [_of_order(one, recommended) for one in orders[:2] if one.points >= 2.0]
    told += [_of_thing(one, recommended) for one in _worth_telling(entities)]
    sorted_by = order is not None and order.follows
    explained = sorted_by or thing is not None
    found = (*told, *find_copies(view), *find_file_order(view, explained))
    rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
    ordered = sorted(
        found, key=lambda one: (one.columns != recommended.columns, rank[one.severity])
    )
    return Structure(recommended, tuple(ordered))


def _chosen(order: Order | None, thing: Entities | None) -> Recommendation:
    """Choose the structure with which a random split would promise most that it cannot keep."""
    if order is not None and (thing is None or not _outweighs(thing, order)):
        return Recommendation("time", (order.column,), direct=True, certain=order.certain)
    if thing is not None:
        return Recommendation("group", thing.columns, thing.direct, thing.certain)
    return Recommendation("random")


def _outweighs(thing: Entities, order: Order) -> bool:
    """Tell whether things are the larger risk: later rows of known things are the usual case."""
    if not order.changes:  # the file alone speaks for the order
        return True
    by_time = 0.0 if order.gap is None or not order.gap.sure else order.gap.worse
    by_thing = 0.0 if thing.gap is None or not thing.gap.sure else thing.gap.worse
    return thing.effect >= _OUTWEIGHS and by_thing > max(_STRONGER * by_time, 0.1)


def _worth_telling(entities: tuple[Entities, ...]) -> list[Entities]:
    """Keep what is recommended or named by a column; of names of one thing the first."""
    kept: list[Entities] = []
    for one in entities:
        again = any(
            set(one.columns) & set(other.columns)
            or abs(one.sizes.groups - other.sizes.groups) <= 0.05 * other.sizes.groups
            for other in kept
        )
        if not again and (one.recommended or (one.is_thing and one.direct)):
            kept.append(one)
    return kept[:_TOLD]


def _of_order(order: Order, recommended: Recommendation) -> Finding:
    chosen = recommended.kind == "time" and recommended.columns == (order.column,)
    named = f"{order.column!r} is {'; '.join(order.reasons)}"
    option = f"--order {quoted(order.column)}"
    if chosen:
        cure = (
            f"judge models on later rows than they were fitted on: {option}; if new rows come "
            "from the same time as these, leave it out (--order none)"
        )
        return Finding("time-order", Severity.WARNING, (order.column,), named, cure)
    cure = f"if new rows come later than these, give {option}"
    return Finding("time-column", Severity.INFO, (order.column,), named, cure)


def _of_thing(thing: Entities, recommended: Recommendation) -> Finding:
    chosen = recommended.kind == "group" and recommended.columns == thing.columns
    named = "; ".join(thing.reasons)
    option = (
        f"--group {quoted(thing.columns[0])}"
        if thing.direct
        else f"a column with one name for each of {thing.what}, named with --group"
    )
    if chosen or thing.recommended:
        cure = (
            f"keep its rows on one side of each split if new rows are about new ones: {option}; "
            "if they are about the same ones, leave it out (--group none)"
        )
        severity = Severity.WARNING
    else:
        cure = f"{_effect_of(thing)}; if new rows are about new ones: {option}"
        severity = Severity.INFO
    return Finding("repeated-entities", severity, thing.columns, named, cure)


def _effect_of(thing: Entities) -> str:
    """Say how far answers depend on a thing of which too little is known to recommend it."""
    if thing.alike is None or thing.alike.z < _PERHAPS:
        return "beyond what the other columns tell, answers hardly depend on it"
    return (
        f"answers may depend on it: about {thing.alike.share:.0%} of what a quick model leaves "
        "unexplained lies between them, too little to be sure"
    )
