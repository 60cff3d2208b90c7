"""What a model file knows of the rows of its fit: to compare single rows with, and to see drift."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.evidence import Evidence
from modelwright.core.table import Table
from modelwright.explain import background_table
from modelwright.stats.drift import compare_profiles, drift_words

__all__ = ["background_of", "drift_of"]

# Rows that an explanation compares with.
BACKGROUND = 64
# Fewer new rows say little of a drift, and so many of more rows say enough.
TELLING = 100
SAMPLED = 10_000


def background_of(evidence: Evidence | None, table: Table) -> Table:
    """Find rows to compare with: what is known of the columns, else the given rows.

    Raises
    ------
    DataError
        When nothing is known, and there is one row only.
    """
    if evidence is not None:
        return background_table(evidence.profiles, table.schema, BACKGROUND)
    if table.height < 2:
        got = "one that had no time to describe them, and one row"
        cure = "give more rows, or fit again with more --time"
        raise DataError("a model that knows its columns, or rows to compare with", got, cure)
    return table.rows(np.random.default_rng(0).choice(table.height, BACKGROUND))


def drift_of(evidence: Evidence | None, fitted: int, columns: Collection[str], table: Table) -> str:
    """Say how new rows differ from those of the fit; empty when they do not, or are too few.

    Parameters
    ----------
    evidence : Evidence, optional
        What is known of the columns.
    fitted : int
        How many rows the fit had.
    columns : collection of str
        Those that count.
    table : Table
        New rows.
    """
    if evidence is None or table.height < TELLING:
        return ""
    known = [p for p in evidence.profiles if p.name in columns and p.role != "order"]
    some = np.linspace(0, table.height - 1, min(SAMPLED, table.height)).astype(np.int64)
    return drift_words(compare_profiles(known, fitted, table.rows(some)))
