"""A table at a glance: everything that one pass over its rows says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from modelwright.core.errors import ColumnError, did_you_mean
from modelwright.core.findings import Finding
from modelwright.core.schema import Role
from modelwright.core.table import Table
from modelwright.explore.answers import TargetProfile
from modelwright.explore.boxes import Boxes
from modelwright.explore.columns import ColumnProfile
from modelwright.explore.patterns import Missingness
from modelwright.explore.relations import Relations
from modelwright.stats.drift import ColumnDrift, compare_tables

__all__ = ["Comparison", "Measured", "compare", "numbers_of"]

_ROLES = (Role.FEATURE, Role.ORDER)


@dataclass(frozen=True)
class Comparison:
    """How the rows of a second file differ.

    Parameters
    ----------
    rows : int
        How many rows it has.
    columns : tuple of ColumnDrift
        What a model reads, the largest difference first.
    sample : Table
        A uniform sample of its rows.
    auc : float
        How well a quick model tells its rows from the others, on rows that it has not seen: 0.5
        says that it cannot; NaN when nobody asked.
    target : ColumnDrift, optional
        The column to predict, where it is in both files.
    """

    rows: int
    columns: tuple[ColumnDrift, ...]
    sample: Table
    auc: float = float("nan")
    target: ColumnDrift | None = None

    @property
    def drifted(self) -> tuple[ColumnDrift, ...]:
        """The columns that differ beyond doubt, and by much."""
        return tuple(one for one in self.columns if one.drifted)

    @property
    def few(self) -> bool:
        """Whether there are too few rows to tell anything."""
        compared = [*self.columns, *([] if self.target is None else [self.target])]
        return bool(compared) and all(one.few for one in compared)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        target = None if self.target is None else self.target.to_json()
        columns = [one.to_json() for one in self.columns]
        return {"rows": self.rows, "columns": columns, "target": target, "auc": self.auc}


@dataclass(frozen=True)
class Measured:
    """What a table holds, and what would hurt a model in it.

    Notebooks show the page; `print` shows a summary.

    Parameters
    ----------
    source : str
        What was looked at.
    rows : int
        How many rows.
    columns : tuple of ColumnProfile
        In order.
    missing : Missingness
        What is missing together.
    repeated : int
        Rows that equal an earlier one.
    repeated_exact : bool
        Whether that is counted.
    relations : Relations
        Which columns go together.
    target : TargetProfile, optional
        The column to predict.
    boxes : tuple of Boxes
        Numbers by group, where groups say most of them.
    comparison : Comparison, optional
        How the rows of a second file differ.
    findings : tuple of Finding
        What would hurt a model, the most important first.
    notes : tuple of str
        What was noticed while reading.
    sample : Table
        A uniform sample of rows: all that is drawn by groups or pairs comes from it.
    option : str
        What to write behind ``modelwright fit`` so that rows are split as their structure asks.
    """

    source: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    missing: Missingness
    repeated: int
    repeated_exact: bool
    relations: Relations
    target: TargetProfile | None
    boxes: tuple[Boxes, ...]
    comparison: Comparison | None
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    sample: Table
    option: str = ""

    def __getitem__(self, name: str) -> ColumnProfile:
        """Give one column."""
        for column in self.columns:
            if column.name == name:
                return column
        names = [column.name for column in self.columns]
        raise ColumnError("a column of the table", repr(name), did_you_mean(name, names))

    @property
    def sampled(self) -> bool:
        """Whether the sample is less than all rows."""
        return self.sample.height < self.rows

    @property
    def missing_share(self) -> float:
        """The share of cells without a value."""
        return self.missing.cells / max(self.rows * len(self.columns), 1)

    def to_json(self) -> dict[str, Any]:
        """Give everything but rows as plain JSON."""
        return {
            "source": self.source,
            "rows": self.rows,
            "columns": [column.to_json() for column in self.columns],
            "findings": [finding.to_json() for finding in self.findings],
            "missing": self.missing.to_json(),
            "duplicates": {"rows": self.repeated, "exact": self.repeated_exact},
            "associations": self.relations.to_json(),
            "target": None if self.target is None else self.target.to_json(),
            "boxes": [boxes.to_json() for boxes in self.boxes],
            "test": None if self.comparison is None else self.comparison.to_json(),
            "sample_rows": self.sample.height,
            "option": self.option,
            "notes": list(self.notes),
        }

    def describe(self) -> pl.DataFrame:
        """Give one row for each column: kind, missing, distinct values, quantiles.

        Returns
        -------
        polars.DataFrame
            Quantiles of dates are seconds since 1970.
        """
        return pl.DataFrame(
            [_described(column) for column in self.columns], infer_schema_length=None
        )


def _described(column: ColumnProfile) -> dict[str, Any]:
    numbers = column.numbers
    found: dict[str, Any] = {
        "column": column.name,
        "kind": column.kind,
        "role": column.role,
        "missing": column.missing,
        "missing_share": column.missing_share,
        "distinct": column.distinct,
        "top": column.top[0][0] if column.top else None,
        "top_rows": column.top[0][1] if column.top else None,
    }
    names = ("mean", "deviation", "min", "q25", "median", "q75", "max", "outliers")
    if numbers is None:
        return found | dict.fromkeys(names)
    q = numbers.quantiles
    beyond = numbers.outliers.below + numbers.outliers.above
    values = (numbers.mean, numbers.deviation, q[0], q[4], q[5], q[6], q[10], beyond)
    return found | dict(zip(names, values, strict=True))


def compare(sample: Table, other: Table, rows: int, auc: float = float("nan")) -> Comparison:
    """Compare the rows of a second file with a sample of the first.

    Parameters
    ----------
    sample : Table
        Of the first file.
    other : Table
        A sample of the second, typed as the first.
    rows : int
        How many rows the second file has.
    auc : float
        How well a model tells them apart, where one was asked.
    """
    both = [column for column in sample.schema if column.name in other.schema]
    names = [column.name for column in both if column.role in _ROLES]
    answer = [column.name for column in both if column.role == Role.TARGET]
    target = next(iter(compare_tables(sample, other, answer)), None)
    return Comparison(rows, compare_tables(sample, other, names), other, auc, target)


def numbers_of(profile: Measured, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Give the numbers of a column in the sample, without gaps.

    Raises
    ------
    ColumnError
        When it holds no numbers.
    """
    column = profile[name]
    if column.numbers is None:
        raise ColumnError("a column of numbers or dates", f"{name!r}, a {column.kind}")
    values = profile.sample.frame[name].drop_nulls()
    plain = (
        values.to_physical().to_numpy() / 1e6 if values.dtype.is_temporal() else values.to_numpy()
    )
    return np.asarray(plain, np.float64)
