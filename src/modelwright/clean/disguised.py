"""Missing cells, and values that stand for "missing" without saying so."""

from __future__ import annotations

import numpy as np
import polars as pl

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.numbers import Numbers
from modelwright.clean.told import Told

__all__ = ["MARKERS", "disguised"]

MEASURES = 4
MARKERS = frozenset(
    ["?", "??", "-", "--", "---", ".", "..", "...", "na", "n/a", "n.a.", "n.a", "#n/a", "nan",
     "nat", "null", "none", "nil", "(null)", "<na>", "#div/0!", "#value!", "#ref!", "#name?",
     "#num!", "undefined", "missing", "not available", "not applicable", "unknown", "unk", "tbd",
     "tba", "not known", "not stated", "not specified", "unspecified", "x", "xx", "xxx", "*", "_",
     "__", "0000-00-00", "00/00/0000"]
)  # fmt: skip
"""Words that mean "missing" in many files, in small letters."""
SENTINELS = (-1.0, -9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0)
"""Numbers that mean "missing" in many files, when they lie outside of the others."""
_USUAL = 0.3


def disguised(coded: Coded, column: int, numbers: Numbers | None) -> Told:
    """Judge values that may stand for "missing".

    A missing cell is not suspect by itself: that a value ought to be there is seen from other rows.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.
    numbers : Numbers or None
        What `numbers_of` gives.

    Returns
    -------
    Told
    """
    values, counts = coded.values[column], coded.counts[column]
    word = values.str.strip_chars().str.to_lowercase()
    marked = word.is_in(pl.Series(list(MARKERS)).implode()).to_numpy() | (word == "").to_numpy()
    sentinel = np.zeros(len(values), np.bool_)
    if numbers is not None:
        inner = numbers.amount[np.isfinite(numbers.amount) & ~np.isin(numbers.amount, SENTINELS)]
        if len(inner) >= 3:
            low, high = float(inner.min()), float(inner.max())
            width = max(high - low, 1e-9)
            far = (numbers.amount < min(low, 0.0)) | (numbers.amount > high + 0.5 * width)
            sentinel = np.isin(numbers.amount, SENTINELS) & far
    whole = max(coded.height, 1)
    share = float(counts[marked].sum()) / whole
    chance = np.where(marked, 0.7 if share < _USUAL else 0.3, 0.0)
    chance = np.where(sentinel, 0.7, chance).astype(np.float32)
    gone = coded.codes[:, column] == MISSING
    measures = np.column_stack(
        [
            gone,
            np.full(coded.height, float(gone.mean()) if whole else 0.0),
            coded.spread(column, marked.astype(np.float32)),
            coded.spread(column, sentinel.astype(np.float32)),
        ]
    ).astype(np.float32)
    reason = f"stands for a missing value in {coded.columns[column]!r}"
    return Told(reason, coded.spread(column, chance), measures)
