"""The column to predict: how its answers are spread, and what goes with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwright.core.framing import infer_task_kind
from modelwright.core.schema import Kind, Role
from modelwright.core.table import Table
from modelwright.core.task import TaskKind
from modelwright.explore.associations import Association, cramers_v
from modelwright.explore.coding import Coded
from modelwright.explore.columns import ColumnProfile
from modelwright.explore.relations import with_target

__all__ = ["TargetProfile", "profile_target"]

_GONE = 0.02  # with fewer missing values nothing is said of what they go with
_TELLING = 0.3


@dataclass(frozen=True)
class TargetProfile:
    """The column to predict.

    Parameters
    ----------
    name : str
        The column.
    classes : bool
        Whether it holds classes; else numbers.
    balance : tuple of (str, int)
        The classes and their rows, the largest first; empty for numbers.
    associations : tuple of Association
        What each other column has to do with it, the strongest first.
    telling_gaps : tuple of (str, float)
        Columns whose missing values say something of the answer, and how much.
    rows : int
        How many rows of the sample have an answer.
    """

    name: str
    classes: bool
    balance: tuple[tuple[str, int], ...]
    associations: tuple[Association, ...]
    telling_gaps: tuple[tuple[str, float], ...]
    rows: int

    @property
    def rarest(self) -> tuple[str, int]:
        """The smallest class."""
        return self.balance[-1] if self.balance else ("", 0)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "column": self.name,
            "kind": "classes" if self.classes else "numbers",
            "balance": [{"class": name, "rows": count} for name, count in self.balance],
            "associations": [one.to_json() for one in self.associations],
            "telling_gaps": [{"column": c, "strength": s} for c, s in self.telling_gaps],
            "sampled_rows": self.rows,
        }


def profile_target(
    target: ColumnProfile, sample: Table, coded: Mapping[str, Coded]
) -> TargetProfile:
    """Compare all columns with the answer.

    Parameters
    ----------
    target : ColumnProfile
        The column to predict.
    sample : Table
        A sample of rows.
    coded : mapping of str to Coded
        Its columns, ready to be compared.
    """
    values = sample.frame[target.name]
    answer = coded.get(target.name)
    distinct = values.drop_nulls().n_unique()
    kind = infer_task_kind(values, Kind(target.kind)) if distinct > 1 else TaskKind.MULTICLASS
    classes = kind is not TaskKind.REGRESSION and target.kind != Kind.DATETIME
    known = len(values) - values.null_count()
    if answer is None:
        return TargetProfile(target.name, classes, target.top if classes else (), (), (), known)
    if classes and answer.ranks is not None:  # classes that are written as numbers have no order
        answer = Coded(answer.name, answer.codes, answer.levels)
    ignored = {c.name for c in sample.schema if c.role is Role.IGNORED and c.kind is Kind.ID}
    names = [name for name in coded if name != target.name and name not in ignored]
    found = with_target(dict(coded), answer, names)
    gaps = _gaps(sample, answer, target.name)
    return TargetProfile(target.name, classes, target.top if classes else (), found, gaps, known)


def _gaps(sample: Table, answer: Coded, target: str) -> tuple[tuple[str, float], ...]:
    """Find columns whose gaps say something of the answer."""
    found = []
    for name in sample.schema.names():
        values = sample.frame[name]
        share = values.null_count() / max(len(values), 1)
        if name == target or not _GONE <= share <= 1 - _GONE:
            continue
        gone = values.is_null().to_numpy().astype(np.int64)
        known = answer.codes >= 0
        strength = cramers_v(gone[known], answer.codes[known])
        if strength >= _TELLING:
            found.append((name, strength))
    return tuple(sorted(found, key=lambda pair: -pair[1]))
