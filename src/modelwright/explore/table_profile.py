"""A profile with its faces: a summary in the terminal, a page, a frame for notebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from modelwright.core.findings import Finding
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.explore import hurting
from modelwright.explore.answers import TargetProfile, profile_target
from modelwright.explore.boxes import Boxes, boxes_of
from modelwright.explore.coding import Coded, code_table
from modelwright.explore.columns import ColumnProfile
from modelwright.explore.measured import Comparison, Measured
from modelwright.explore.one_pass import Scan
from modelwright.explore.page import notebook, render
from modelwright.explore.relations import Relations, relate
from modelwright.explore.terminal import summary
from modelwright.store.files import atomic_write

__all__ = ["TableProfile", "profile"]

_BOXED = 6


@dataclass(frozen=True)
class TableProfile(Measured):
    """What a table holds, and what would hurt a model in it.

    Notebooks show the page, `print` shows a summary. The parameters are those of `Measured`.
    """

    def __str__(self) -> str:
        return summary(self)

    def page(self) -> str:
        """Give the page as HTML: one document of at most 3 MB that asks no server for anything."""
        return render(self)

    def write(self, path: str | Path) -> Path:
        """Write the page to a file.

        Parameters
        ----------
        path : path
            Usually ends in ``.html``.

        Raises
        ------
        OutputError
            When the disk is full or the folder cannot be written to.
        """
        atomic_write(Path(path), self.page().encode())
        return Path(path)

    def _repr_html_(self) -> str:
        return notebook(self)


def profile(
    scan: Scan,
    *,
    source: str = "",
    target: str | None = None,
    comparison: Comparison | None = None,
    known: Sequence[Finding] = (),
    notes: Sequence[str] = (),
    option: str = "",
) -> TableProfile:
    """Put together what one pass gave.

    Parameters
    ----------
    scan : Scan
        What passed.
    source : str
        What was looked at.
    target : str, optional
        The column to predict.
    comparison : Comparison, optional
        A second file.
    known : sequence of Finding
        What other checks found: it comes first, and is not said twice.
    notes : sequence of str
        What was noticed while reading.
    option : str
        How rows should be split, as an option of the command line.
    """
    coded = code_table(scan.sample)
    answers = _answers(scan, target, coded)
    first = [_other(one.left, one.right, target) for one in answers.associations] if answers else []
    relations = relate(coded, [*([target] if target else []), *first])
    found = [
        *hurting.of_rows(scan),
        *(hurting.of_target(answers, _named(scan, answers.name)) if answers else ()),
        *hurting.of_columns(scan, relations, target),
    ]
    if comparison is not None:
        found += hurting.of_drift(comparison)
    return TableProfile(
        source,
        scan.rows,
        scan.columns,
        scan.missing,
        scan.repeated,
        scan.repeated_exact,
        relations,
        answers,
        _boxes(scan.sample, coded, relations, answers),
        comparison,
        hurting.in_order(hurting.said_once(known, found)),
        tuple(notes),
        scan.sample,
        option,
    )


def _named(scan: Scan, name: str) -> ColumnProfile:
    return next(column for column in scan.columns if column.name == name)


def _answers(scan: Scan, target: str | None, coded: Mapping[str, Coded]) -> TargetProfile | None:
    return None if target is None else profile_target(_named(scan, target), scan.sample, coded)


def _other(left: str, right: str, name: str | None) -> str:
    return left if right == name else right


def _boxes(
    sample: Table, coded: Mapping[str, Coded], relations: Relations, target: TargetProfile | None
) -> tuple[Boxes, ...]:
    """Choose which numbers to show by which groups: those that say most of each other."""
    pairs = relations.pairs if target is None else target.associations
    found: list[Boxes] = []
    for one in pairs:
        pair = _numbers_and_groups(sample, coded, one.left, one.right, target)
        idle = one.strength <= 0 and target is None
        if pair is None or idle or len(found) == _BOXED:
            continue
        numbers, groups = pair
        values = coded[numbers].values
        assert values is not None
        labels = sample.frame[groups].cast(pl.String).to_list()
        boxes = boxes_of(values, labels)
        spread = any(box.high > box.low for box in boxes)  # else there is nothing to see
        if len(boxes) > 1 and spread:
            found.append(Boxes(numbers, groups, boxes, one.strength))
    return tuple(found)


def _numbers_and_groups(
    sample: Table,
    coded: Mapping[str, Coded],
    left: str,
    right: str,
    target: TargetProfile | None,
) -> tuple[str, str] | None:
    """Say which of two columns holds numbers and which groups; None when it is not one of each."""

    def groups(name: str) -> bool:
        if target is not None and name == target.name:
            return target.classes
        return coded[name].values is None

    def numbers(name: str) -> bool:
        return sample.schema[name].kind is Kind.NUMBER and not groups(name)

    if left not in coded or right not in coded:
        return None
    if numbers(left) and groups(right):
        return left, right
    return (right, left) if numbers(right) and groups(left) else None
